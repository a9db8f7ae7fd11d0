"""A linear inverse problem with a signal of known covariance."""

from __future__ import annotations

from dataclasses import dataclass
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
        S_x, symmetric positive semidefinite.
    sigma : float
        Standard deviation of the noise, in units of y.
    contrast : Contrast, optional
        Law of tau; None is constant contrast, Gaussian signals.

    Attributes
    ----------
    signal_root : (p, r) array
        F with S_x = F F', r at most p.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.

    >>> InverseProblem([[1.0, 1.0]], np.eye(2), sigma=0.5)
    InverseProblem(n=1, p=2, sigma=0.5)
    >>> InverseProblem(None, np.eye(2), sigma=0.5, contrast=Contrast.gamma(2.0))
    InverseProblem(denoising, p=2, sigma=0.5, Contrast(10 atoms, spread=0.5))
    """

    forward: FloatArray | None
    signal_cov: FloatArray
    sigma: float
    signal_root: FloatArray
    contrast: Contrast

    def __init__(
        self,
        forward: Any,
        signal_cov: ArrayLike,
        sigma: float,
        contrast: Contrast | None = None,
    ) -> None:
        cov, k, v = _covariance("signal_cov", signal_cov)
        self._set(forward, cov, v * np.sqrt(np.maximum(k, 0.0)), sigma, contrast)

    @classmethod
    def from_factor(
        cls, forward: Any, factor: ArrayLike, sigma: float, contrast: Contrast | None = None
    ) -> InverseProblem:
        """Signals x = F c with c ~ N(0, I_r): S_x = F F', of rank r at most.

        The work is that of an r x r problem: for few columns much less than with S_x itself.

        Parameters
        ----------
        factor : (p, r) array
            F: the subspace model has orthonormal columns; M centred images over sqrt(M) give their
            sample covariance.
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
    ) -> None:
        law = Contrast.constant() if contrast is None else contrast
        if not isinstance(law, Contrast):
            raise InvalidArgument("contrast", repr(law)[:60], "a Contrast, or None")
        object.__setattr__(self, "contrast", law)
        object.__setattr__(self, "signal_cov", validate.frozen(cov))
        object.__setattr__(self, "signal_root", validate.frozen(root))
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
        """S = A S_x A' + sigma^2 I, shape (n, n)."""
        a = self.forward
        clean = self.signal_cov if a is None else a @ self.signal_cov @ a.T
        return 0.5 * (clean + clean.T) + self.sigma**2 * np.eye(self.n)

    def cross_cov(self) -> FloatArray:
        """Cov(x, y) = S_x A', shape (p, n)."""
        return self.signal_cov if self.forward is None else self.signal_cov @ self.forward.T

    def problem(self) -> Problem:
        """What the risk depends on, by the law of the contrast."""
        return self.spectral() if self.contrast.is_constant else self.mixture()

    def mixture(self) -> MixtureProblem:
        """What the risk depends on where the contrast is not constant."""
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
        """
        return self._spectral

    @cached_property
    def _spectral(self) -> SpectralProblem:
        root, s2 = self.signal_root, self.sigma**2
        with threads_for(self.p):
            t = root if self.forward is None else self.forward @ root
            k, v = np.linalg.eigh(t.T @ t)
            power = np.sum((root @ v) ** 2, axis=0)
        k = np.maximum(k, 0.0)
        floor = float(np.sum(power * s2 / (k + s2))) / self.p
        # No more than n directions are measured; T'T is of rank n at most.
        kept = slice(max(0, k.size - self.n), None)
        more = max(0, self.n - k.size)
        k, power = (np.concatenate((np.zeros(more), part[kept])) for part in (k, power))
        l, w = with_noise(k, power, self.sigma, self.p)
        # Eigenvalues of a matrix are known to eps times the largest.
        l, counts, w = joined(l, w, 8 * l.size * np.finfo(float).eps * l[-1])
        return SpectralProblem(l, counts, w, floor=floor, scale=self.p)


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
