"""A linear inverse problem with a signal of known covariance."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from linscale.errors import InvalidArgument
from linscale.models.contrast import Contrast
from linscale.models.problem import MixtureProblem, Problem, SpectralProblem
from linscale.models.reduction import joined, noise_level, with_noise
from linscale.operators import as_operator, dense
from linscale.support import validate
from linscale.support.blas import eigh, threads_for
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False)
class InverseProblem:
    r"""A linear inverse problem y = A x + z with a signal of known covariance.

        x = sqrt(tau) g,  g ~ N(0, S_x) in R^p,   A of shape (n, p),   z ~ N(0, sigma^2 I_n).

    tau is 1 for Gaussian signals; otherwise ``contrast`` is its law, of mean 1 and independent of
    g (:class:`linscale.Contrast`), and S_x is still the covariance of x.

    Risks are per pixel: divided by p. Two eigendecompositions of size p stand behind it, each done
    once.

    Parameters
    ----------
    forward : (n, p) array, operator or None
        A; None is denoising, A = I. Operators are those of :mod:`linscale.forward` and whatever
        :func:`linscale.forward.as_operator` takes; they are filled into a matrix.
    signal_cov : (p, p) array
        S_x, symmetric positive semidefinite, in units of x squared.
    sigma : float
        Standard deviation of the noise, in units of y, between 1e-30 and 1e30.
    contrast : Contrast, optional
        Law of tau; None is constant contrast, Gaussian signals.

    Attributes
    ----------
    signal_root : (p, r) array
        F with S_x = F F'; r = p, or the columns given to :meth:`from_factor`.

    Raises
    ------
    InvalidArgument
        Naming the argument: shapes that do not match, a covariance that is not symmetric or has
        negative eigenvalues, a sigma or contrast that is none.
    Unsupported
        ``forward`` is no operator, or has no adjoint.

    Examples
    --------
    Sharper images from coarse ones, learned from 100 examples:

    >>> import linscale as ls
    >>> A = ls.forward.super_resolution((8, 8), 2)
    >>> cov = ls.covariances.stationary((8, 8))
    >>> model = ls.InverseProblem(A, cov, sigma=0.1)
    >>> model.n, model.p
    (16, 64)
    >>> found = ls.theory.early_stopped(model, 100)
    >>> f"{found.value:.2f} per pixel, of which {found.floor:.2f} is the floor"
    '0.54 per pixel, of which 0.46 is the floor'
    """

    forward: FloatArray | None
    signal_cov: FloatArray
    sigma: float
    signal_root: FloatArray
    contrast: Contrast
    _values: FloatArray | None = field(init=False, repr=False)  # of S_x, where they are known

    def __init__(
        self,
        forward: Any,
        signal_cov: ArrayLike,
        sigma: float,
        contrast: Contrast | None = None,
    ) -> None:
        cov, k, v = _covariance("signal_cov", signal_cov)
        k = np.maximum(k, 0.0)
        self._set(forward, cov, v * np.sqrt(k), sigma, contrast, k)

    @classmethod
    def from_eigen(
        cls,
        forward: Any,
        values: ArrayLike,
        vectors: ArrayLike,
        sigma: float,
        contrast: Contrast | None = None,
    ) -> InverseProblem:
        """S_x = V diag(k) V', where its decomposition is known: the same, with one less to do.

        Parameters
        ----------
        forward, sigma, contrast
            As for :class:`InverseProblem`.
        values : (p,) array
            k, not negative, in ascending order.
        vectors : (p, p) array
            V, orthonormal columns.

        Returns
        -------
        InverseProblem

        Raises
        ------
        InvalidArgument, Unsupported
            As :class:`InverseProblem`; values or vectors that are none.

        Examples
        --------
        >>> import numpy as np
        >>> import linscale as ls
        >>> cov = ls.covariances.stationary((4, 4))
        >>> model = ls.InverseProblem(None, cov, sigma=0.5)
        >>> same = ls.InverseProblem.from_eigen(None, *np.linalg.eigh(cov), sigma=0.5)
        >>> bool(np.isclose(model.spectral().floor, same.spectral().floor))
        True
        """
        k, v = validate.vector("values", values), validate.matrix("vectors", vectors)
        if v.shape != (k.size, k.size):
            raise InvalidArgument("vectors", f"shape {v.shape}", f"({k.size}, {k.size})")
        if np.any(np.diff(k) < 0.0):
            raise InvalidArgument("values", k, "in ascending order")
        out = cls.__new__(cls)
        with threads_for(k.size):
            off = float(np.abs(v.T @ v - np.eye(k.size)).max())
            cov = (v * k) @ v.T
        if off > 16 * k.size * np.finfo(float).eps:
            raise InvalidArgument("vectors", f"columns off by {off:.3g}", "orthonormal")
        out._set(forward, 0.5 * (cov + cov.T), v * np.sqrt(k), sigma, contrast, k)
        return out

    @classmethod
    def from_factor(
        cls, forward: Any, factor: ArrayLike, sigma: float, contrast: Contrast | None = None
    ) -> InverseProblem:
        """Signals x = F c with c ~ N(0, I_r): S_x = F F', of rank r at most.

        The work is that of an r x r problem: for few columns much less than with S_x itself.

        Parameters
        ----------
        forward, sigma, contrast
            As for :class:`InverseProblem`.
        factor : (p, r) array
            F, in units of x: the subspace model has orthonormal columns; M centred images over
            sqrt(M) give their sample covariance.

        Returns
        -------
        InverseProblem

        Raises
        ------
        InvalidArgument, Unsupported
            As :class:`InverseProblem`; a factor that is no matrix of finite numbers.

        Examples
        --------
        >>> import numpy as np
        >>> import linscale as ls
        >>> basis, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((20, 3)))
        >>> problem = ls.InverseProblem.from_factor(None, basis, sigma=0.5).spectral()
        >>> problem.eigenvalues.round(6), problem.multiplicities
        (array([0.25, 1.25]), array([17.,  3.]))

        The same as the subspace model, whose risks are per dimension of the subspace and not per
        pixel:

        >>> same = ls.SubspaceModel(20, 3, sigma=0.5).spectral()
        >>> round(problem.floor * 20 / 3, 6), round(same.floor, 6)
        (0.2, 0.2)
        """
        root = validate.matrix("factor", factor)
        out = cls.__new__(cls)
        with threads_for(root.shape[0]):
            cov = root @ root.T
        out._set(forward, cov, root, sigma, contrast)
        return out

    def _set(
        self,
        forward: Any,
        cov: FloatArray,
        root: FloatArray,
        sigma: float,
        contrast: Contrast | None,
        values: FloatArray | None = None,
    ) -> None:
        law = Contrast.constant() if contrast is None else contrast
        if not isinstance(law, Contrast):
            raise InvalidArgument("contrast", repr(law)[:60], "a Contrast, or None")
        object.__setattr__(self, "contrast", law)
        object.__setattr__(self, "signal_cov", validate.frozen(cov))
        object.__setattr__(self, "signal_root", validate.frozen(root))
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "sigma", noise_level(sigma))
        object.__setattr__(
            self, "forward", None if forward is None else _forward(forward, cov.shape[0])
        )

    @property
    def n(self) -> int:
        """Number of measurements."""
        return self.p if self.forward is None else int(self.forward.shape[0])

    @property
    def p(self) -> int:
        """Number of pixels."""
        return int(self.signal_cov.shape[0])

    def __repr__(self) -> str:
        task = "denoising" if self.forward is None else f"n={self.n}"
        law = "" if self.contrast.is_constant else f", {self.contrast!r}"
        return f"InverseProblem({task}, p={self.p}, sigma={self.sigma:.6g}{law})"

    def measurement_cov(self) -> FloatArray:
        """S = A S_x A' + sigma^2 I, the covariance of y.

        Returns
        -------
        (n, n) array
            In units of y squared.

        Examples
        --------
        >>> import numpy as np
        >>> import linscale as ls
        >>> A = np.array([[1.0, 1.0]])
        >>> ls.InverseProblem(A, np.diag([1.0, 2.0]), sigma=0.5).measurement_cov()
        array([[3.25]])
        """
        a = self.forward
        clean = self.signal_cov if a is None else a @ self.signal_cov @ a.T
        return 0.5 * (clean + clean.T) + self.sigma**2 * np.eye(self.n)

    def cross_cov(self) -> FloatArray:
        """Cov(x, y) = S_x A'.

        Returns
        -------
        (p, n) array
            In units of x times y.

        Examples
        --------
        With it, the best linear estimator B = Cov(x, y) S^{-1} and its risk per pixel, the floor:

        >>> import numpy as np
        >>> import linscale as ls
        >>> model = ls.InverseProblem(np.array([[1.0, 1.0]]), np.diag([1.0, 2.0]), sigma=0.5)
        >>> B = model.cross_cov() @ np.linalg.inv(model.measurement_cov())
        >>> B.round(4)
        array([[0.3077],
               [0.6154]])
        >>> remains = np.trace(model.signal_cov - B @ model.cross_cov().T) / model.p
        >>> bool(np.isclose(remains, model.spectral().floor))
        True
        """
        return self.signal_cov if self.forward is None else self.signal_cov @ self.forward.T

    def problem(self) -> Problem:
        """What the risk depends on, by the law of the contrast.

        Returns
        -------
        SpectralProblem or MixtureProblem
            The first where the contrast is constant.

        Raises
        ------
        InvalidArgument
            As :meth:`spectral`.

        Examples
        --------
        >>> import numpy as np
        >>> import linscale as ls
        >>> for contrast in (None, ls.Contrast.lognormal(1.0)):
        ...     print(type(ls.InverseProblem(None, np.eye(4), 0.5, contrast).problem()).__name__)
        SpectralProblem
        MixtureProblem
        """
        return self.spectral() if self.contrast.is_constant else self.mixture()

    def mixture(self) -> MixtureProblem:
        """What the risk depends on where the contrast is not constant.

        Returns
        -------
        MixtureProblem
            Second moments, sigma and contrast; made once and kept.

        Raises
        ------
        InvalidArgument
            As :meth:`spectral`.

        Examples
        --------
        >>> import numpy as np
        >>> import linscale as ls
        >>> law = ls.Contrast.lognormal(1.0)
        >>> mixture = ls.InverseProblem(None, np.eye(4), 0.5, contrast=law).mixture()
        >>> mixture.contrast is law, mixture.power  # of the signal, in each eigenspace
        (True, array([1.]))
        """
        return self._mixture

    @cached_property
    def _mixture(self) -> MixtureProblem:
        return MixtureProblem(self.spectral(), self.sigma, self.contrast)

    def spectral(self) -> SpectralProblem:
        r"""The spectral problem, from the r x r matrix T'T, T = A F, with eigenpairs (k_j, v_j).

            l_j = k_j + s2,   w_j = k_j |F v_j|^2/(l_j^2 p),   floor = sum_j |F v_j|^2 s2/(l_j p)

        and, where n > r, s2 = sigma^2 as an eigenvalue n - r times more, without weight. Second
        moments alone: the contrast does not enter. It is decomposed once and kept.

        Derivations: `wiener` and `reduction`.

        Returns
        -------
        SpectralProblem
            Of scale p: risks per pixel.

        Raises
        ------
        InvalidArgument
            The smallest eigenvalue of Cov(y) is below 1e-11 of the largest: rounding would swallow
            the noise.

        Examples
        --------
        >>> import numpy as np
        >>> import linscale as ls
        >>> problem = ls.InverseProblem(None, np.diag([1.0, 1.0, 4.0]), sigma=0.5).spectral()
        >>> problem.eigenvalues.round(6), problem.multiplicities
        (array([1.25, 4.25]), array([2., 1.]))
        >>> round(problem.floor, 4), round(problem.zero_risk, 4)  # best estimator, and W = 0
        (0.2118, 2.0)
        """
        return self._spectral

    @cached_property
    def _spectral(self) -> SpectralProblem:
        s2 = self.sigma**2
        k, power = self._signal_spectrum()
        floor = float(np.sum(power * s2 / (k + s2))) / self.p
        # No more than n directions are measured; T'T is of rank n at most.
        kept = slice(max(0, k.size - self.n), None)
        more = max(0, self.n - k.size)
        k, power = (np.concatenate((np.zeros(more), part[kept])) for part in (k, power))
        l, w = with_noise(k, power, self.sigma, self.p)
        # Eigenvalues of a matrix are known to eps times the largest.
        l, counts, w = joined(l, w, 8 * l.size * np.finfo(float).eps * l[-1])
        return SpectralProblem(l, counts, w, floor=floor, scale=self.p)

    def _signal_spectrum(self) -> tuple[FloatArray, FloatArray]:
        """k_j in ascending order and |F v_j|^2: of A = I both are the eigenvalues of S_x."""
        if self.forward is None and self._values is not None:
            return self._values, self._values
        root = self.signal_root
        with threads_for(self.p):
            t = root if self.forward is None else self.forward @ root
            k, v = np.linalg.eigh(t.T @ t)
            power = np.sum((root @ v) ** 2, axis=0)
        return np.maximum(k, 0.0), power


def _covariance(name: str, values: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The matrix, checked, with its eigenvalues and eigenvectors."""
    cov = validate.matrix(name, values, "a square matrix")
    if cov.shape[0] != cov.shape[1]:
        raise InvalidArgument(name, f"shape {cov.shape}", "a square matrix")
    size = float(np.abs(cov).max())
    asymmetry = float(np.abs(cov - cov.T).max())
    # Rounding in a product of p terms: p eps times the largest entry, with room to spare.
    rounding = 16 * cov.shape[0] * np.finfo(float).eps * size
    if asymmetry > rounding:
        raise InvalidArgument(
            name, f"a matrix with |C - C'| up to {asymmetry:.3g}", "symmetric; use (C + C') / 2"
        )
    cov = 0.5 * (cov + cov.T)
    k, v = eigh(cov)
    if k[0] < -rounding * np.sqrt(cov.shape[0]):
        raise InvalidArgument(name, f"a matrix with eigenvalue {k[0]:.3g}", "positive semidefinite")
    return cov, k, v


def _forward(values: Any, p: int) -> FloatArray:
    given = isinstance(values, np.ndarray | list | tuple)
    a: Any = validate.matrix("forward", values) if given else as_operator(values)
    if a.shape[1] != p:
        raise InvalidArgument(
            "forward", f"shape {a.shape}", f"of shape (n, {p}), to match signal_cov"
        )
    return validate.frozen(a if given else validate.matrix("forward", dense(a)))
