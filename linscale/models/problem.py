"""The spectral problem: all that the risk of a learned linear estimator depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from linscale.errors import InvalidArgument, Unsupported
from linscale.models.contrast import Contrast
from linscale.results.words import counted, span
from linscale.support import validate
from linscale.support.validate import FloatArray

LARGEST_CONDITION = 1e11
LARGEST_SIZE = 1e60  # its fourth power is still a number


@dataclass(frozen=True, eq=False)
class SpectralProblem:
    r"""A linear inverse problem with Gaussian data, reduced to its spectrum.

    Let S = Cov(y) with distinct eigenvalues l_j of multiplicity n_j and eigenprojectors P_j, and
    B = Cov(x, y) S^{-1} the best linear estimator. The expected risk of an estimator learned by
    filtering the sample covariance depends on the problem only through

        l_j,   n_j,   w_j = ||B P_j||_F^2 / scale,   floor = tr(S_x - B S B') / scale.

    Derivations: `wiener` and `reduction`.

    Parameters
    ----------
    eigenvalues : (J,) array
        l_j > 0, in units of y squared.
    multiplicities : (J,) array of integers
        n_j >= 0; an atom of multiplicity 0 is allowed and dropped (its weight must be 0), and
        atoms with the same eigenvalue become one.
    target_weights : (J,) array
        w_j >= 0: the *total* over each eigenspace, already divided by ``scale``.
    floor : float
        Risk of the best linear estimator, already divided by ``scale``.
    scale : float
        What risks were divided by (d for the subspace model, p per pixel); kept for units.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.

    Examples
    --------
    Two directions with a signal of variance 3 and noise of variance 1, six with noise alone:

    >>> import linscale as ls
    >>> problem = ls.SpectralProblem([4.0, 1.0], [2, 6], [2 * 3.0**2 / 4.0**2, 0.0], floor=1.5)
    >>> problem.dimension, problem.zero_risk
    (8, 6.0)
    """

    eigenvalues: FloatArray
    multiplicities: FloatArray
    target_weights: FloatArray
    floor: float
    scale: float = 1.0

    def __init__(
        self,
        eigenvalues: ArrayLike,
        multiplicities: ArrayLike,
        target_weights: ArrayLike,
        floor: float,
        scale: float = 1.0,
    ) -> None:
        l = validate.vector("eigenvalues", eigenvalues, positive=True)
        n = validate.vector("multiplicities", multiplicities)
        w = validate.vector("target_weights", target_weights)
        for name, array in (("multiplicities", n), ("target_weights", w)):
            if array.shape != l.shape:
                raise InvalidArgument(
                    name, f"{array.size} values", f"as many as eigenvalues ({l.size})"
                )
        if np.any(n != np.round(n)):
            raise InvalidArgument("multiplicities", n, "integers")
        if not np.any(n > 0):
            raise InvalidArgument("multiplicities", n, "positive for at least one eigenvalue")
        if np.any(w[n == 0] > 0):
            raise InvalidArgument(
                "target_weights", w, "zero where the multiplicity is zero (an empty eigenspace)"
            )
        keep = n > 0
        largest, smallest = float(l[keep].max()), float(l[keep].min())
        if largest > LARGEST_SIZE or smallest < 1.0 / LARGEST_SIZE:
            raise InvalidArgument(
                "eigenvalues",
                f"from {smallest:.3g} to {largest:.3g}",
                f"between {1 / LARGEST_SIZE:.0e} and {LARGEST_SIZE:.0e}: choose another unit for y",
            )
        if l[keep].max() > LARGEST_CONDITION * l[keep].min():
            raise InvalidArgument(
                "eigenvalues",
                f"from {l[keep].min():.3g} to {l[keep].max():.3g}",
                f"within a factor of {LARGEST_CONDITION:.0e}: rounding would swallow the smallest",
            )
        _, first, place = np.unique(l[keep], return_index=True, return_inverse=True)
        order = np.sort(first)  # atoms keep the order in which they were given
        rank = np.searchsorted(order, first)[place]
        for name, total in (("multiplicities", n), ("target_weights", w)):
            merged = np.bincount(rank, weights=total[keep])
            object.__setattr__(self, name, validate.frozen(merged))
        object.__setattr__(self, "eigenvalues", validate.frozen(l[keep][order]))
        object.__setattr__(self, "floor", validate.real("floor", floor, positive=False))
        if max(self.floor, float(w.max(initial=0.0) * largest)) > LARGEST_SIZE:
            raise InvalidArgument(
                "floor, target_weights", f"{self.floor:.3g}, up to {w.max():.3g}",
                f"such that risks stay below {LARGEST_SIZE:.0e}: choose another unit for x",
            )  # fmt: skip
        object.__setattr__(self, "scale", validate.real("scale", scale))

    @classmethod
    def from_eigenvalues(
        cls,
        signal: ArrayLike,
        sigma: float,
        *,
        multiplicities: ArrayLike | None = None,
        scale: float | None = None,
    ) -> SpectralProblem:
        r"""Denoising y = x + z, of a signal whose covariance has eigenvalues k_j; s2 = sigma^2.

            l_j = k_j + s2,   w_j = n_j k_j^2/(l_j^2 scale),   floor = sum_j n_j k_j s2/(l_j scale)

        Derivations: `wiener` and `reduction`.

        Parameters
        ----------
        signal : (J,) array
            k_j >= 0, in units of y squared. 0 is a direction without signal; what a decomposition
            leaves below 0 by rounding counts as 0.
        sigma : float
            Standard deviation of the noise, in units of y.
        multiplicities : (J,) array of integers, optional
            n_j >= 0, how often each occurs; once where it is not given.
        scale : float, optional
            What risks are divided by; the dimension p = sum_j n_j where it is not given, so that
            they are per pixel.

        Returns
        -------
        SpectralProblem

        Raises
        ------
        InvalidArgument
            Naming the argument, its value and the allowed range.

        Examples
        --------
        A power law of variances, and the subspace model, whose risks are per dimension of it:

        >>> import numpy as np
        >>> import linscale as ls
        >>> problem = ls.SpectralProblem.from_eigenvalues(1.0 / np.arange(1, 65) ** 2, sigma=0.1)
        >>> print(f"{problem.floor:.4f} of {problem.zero_risk:.4f}")
        0.0021 of 0.0255
        >>> subspace = ls.SpectralProblem.from_eigenvalues(
        ...     [1.0, 0.0], 0.1, multiplicities=[10, 90], scale=10
        ... )
        >>> print(f"{subspace.floor:.6f} {ls.SubspaceModel(100, 10, 0.1).spectral().floor:.6f}")
        0.009901 0.009901
        """
        from linscale.models.reduction import noise_level, with_noise

        k = validate.real_vector("signal", signal)
        ones = np.ones(k.size) if multiplicities is None else multiplicities
        n = validate.whole_numbers("multiplicities", ones)
        if n.shape != k.shape:
            raise InvalidArgument(
                "multiplicities", f"{n.size} values", f"as many as signal ({k.size})"
            )
        p = float(n.sum())
        if p == 0.0:
            raise InvalidArgument("multiplicities", n, "positive for at least one eigenvalue")
        # As for a matrix of that size: its eigenvalues are known to eps times the largest.
        most = float(np.abs(k).max())
        if k.min() < -16.0 * k.size**1.5 * np.finfo(float).eps * most:
            raise InvalidArgument(
                "signal", f"{k.min():.6g} (its smallest entry)", "not negative: variances"
            )
        if most > LARGEST_SIZE:
            raise InvalidArgument(
                "signal", f"up to {most:.3g}", f"at most {LARGEST_SIZE:.0e}: choose another unit"
            )
        level = noise_level(sigma)
        size = p if scale is None else validate.real("scale", scale)
        k, n = np.maximum(k, 0.0)[n > 0], n[n > 0]
        order = np.argsort(k)
        l, w = np.empty_like(k), np.empty_like(k)
        l[order], w[order] = with_noise(k[order], (n * k)[order], level, 1)
        floor = float(np.sum(n * k * (level**2 / l)))
        return cls(l, n, w / size, floor=floor / size, scale=size)

    @classmethod
    def from_covariance(
        cls,
        signal_cov: ArrayLike,
        sigma: float,
        *,
        forward: Any = None,
        scale: float | None = None,
    ) -> SpectralProblem:
        r"""A linear inverse problem y = A x + z, of a signal of known covariance S_x.

        The spectral problem of :class:`linscale.InverseProblem`.

        Parameters
        ----------
        signal_cov : (p, p) array
            S_x, symmetric positive semidefinite.
        sigma : float
            Standard deviation of the noise, in units of y.
        forward : (n, p) array, operator or None
            A; None is denoising, A = I. Anything that :class:`linscale.InverseProblem` takes.
        scale : float, optional
            What risks are divided by; p where it is not given, so that they are per pixel.

        Returns
        -------
        SpectralProblem

        Raises
        ------
        InvalidArgument
            Naming the argument, its value and the allowed range.
        Unsupported
            An operator without an adjoint, or an object that is none.

        Examples
        --------
        One pixel of two that go together:

        >>> import linscale as ls
        >>> problem = ls.SpectralProblem.from_covariance(
        ...     [[1.0, 0.5], [0.5, 1.0]], sigma=1.0, forward=[[1.0, 0.0]]
        ... )
        >>> print(f"{problem.eigenvalues[0]:.3f} {problem.floor:.4f} {problem.zero_risk:.3f}")
        2.000 0.6875 1.000
        """
        from linscale.models.inverse import InverseProblem

        found = InverseProblem(forward, signal_cov, sigma).spectral()
        if scale is None:
            return found
        size = validate.real("scale", scale)
        ratio = found.scale / size
        return cls(
            found.eigenvalues, found.multiplicities, ratio * found.target_weights,
            floor=ratio * found.floor, scale=size,
        )  # fmt: skip

    @property
    def dimension(self) -> int:
        """n, the number of measurements: the sum of the multiplicities."""
        return int(self.multiplicities.sum())

    @property
    def zero_risk(self) -> float:
        """Risk of the estimator W = 0, tr S_x / scale = floor + sum_j w_j l_j."""
        return float(self.floor + self.target_weights @ self.eigenvalues)

    def best_step(self, n_train: float, complex_data: bool = False) -> float:
        r"""The step that minimises the exact risk after one step of gradient descent.

            eta = sum_j w_j l_j^2 / [sum_j w_j (l_j^3 (1 + 1/N) + l_j tr S^2/N) + floor tr S^2/N]

        with 1 for 1 + 1/N where the data are complex circular. Early stopping ends at about this
        time where the noise is so large that little can be learned; it is 0 where there is nothing
        to learn.

        Derivation: `one_step`.

        Parameters
        ----------
        n_train : float
            N, the number of training examples.
        complex_data : bool
            Whether the data are complex circular.

        Returns
        -------
        float
            eta, in units of 1/l.

        Examples
        --------
        At many examples and one eigenvalue l, a step of 1/l learns all there is:

        >>> import linscale as ls
        >>> problem = ls.SpectralProblem([2.0], [1], [0.25], floor=0.5)
        >>> print(f"{problem.best_step(10):.4f} {problem.best_step(10**6):.4f}")
        0.3846 0.5000
        """
        l, w, N = self.eigenvalues, self.target_weights, n_train
        square = float(self.multiplicities @ l**2) / N
        twice = 1.0 if complex_data else 1.0 + 1.0 / N
        below = w @ (l**3 * twice + l * square) + self.floor * square
        return float(w @ l**2 / (below + 1e-300))

    def spectral(self) -> SpectralProblem:
        """Itself, so that a problem may be given wherever a model may.

        Examples
        --------
        >>> import linscale as ls
        >>> problem = ls.SpectralProblem([2.0], [1], [0.25], floor=0.5)
        >>> problem.spectral() is problem
        True
        """
        return self

    def problem(self) -> SpectralProblem:
        """Itself: its risk depends on nothing else.

        Examples
        --------
        >>> import linscale as ls
        >>> problem = ls.SpectralProblem([2.0], [1], [0.25], floor=0.5)
        >>> problem.problem() is problem
        True
        """
        return self

    def __repr__(self) -> str:
        return (
            f"SpectralProblem(dimension={self.dimension}, "
            f"{counted(self.eigenvalues.size, 'eigenvalue')}={span(self.eigenvalues)}, "
            f"floor={self.floor:.4g}, scale={self.scale:.6g})"
        )


@dataclass(frozen=True, eq=False)
class MixtureProblem:
    r"""The same for scale mixtures x = sqrt(tau) g: what their risk depends on.

    Given its tau, a sample has variance tau k_j + sigma^2 in the eigenspace j of S, k_j = l_j -
    sigma^2; the mean over tau is the problem of second moments. Weights, floor and dimension are
    those of that problem, as the best *linear* estimator is.

    Parameters
    ----------
    moments : SpectralProblem
        Second moments.
    sigma : float
        Standard deviation of the noise; at most the root of the smallest eigenvalue.
    contrast : Contrast
        The law of tau.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range: a sigma or a floor that such second
        moments cannot have.

    Examples
    --------
    >>> import linscale as ls
    >>> law = ls.Contrast.lognormal(0.5)
    >>> problem = ls.InverseProblem(None, [[3.0, 0.0], [0.0, 1.0]], 1.0, contrast=law).problem()
    >>> type(problem).__name__, problem.power.round(6).tolist()
    ('MixtureProblem', [1.0, 3.0])
    """

    moments: SpectralProblem
    sigma: float
    contrast: Contrast

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", validate.real("sigma", self.sigma))
        least = float(np.sqrt(self.moments.eigenvalues.min()))
        if self.sigma > least * (1.0 + 1e-9):
            raise InvalidArgument("sigma", self.sigma, f"at most {least:.6g}, as S holds it")
        if not isinstance(self.contrast, Contrast):
            raise InvalidArgument("contrast", repr(self.contrast)[:60], "a Contrast")
        # tr S_x is at least what is seen of it, sum_j |S_x A' v_j|^2 / k_j; rounding sees the rest.
        l, w, k = self.moments.eigenvalues, self.moments.target_weights, self.power
        seen = k > 1e-6 * l
        least = float(np.sum((w * l / np.where(seen, k, 1.0))[seen])) * self.sigma**2
        if self.floor < least * (1.0 - 1e-6):
            raise InvalidArgument(
                "floor", self.floor, f"at least {least:.6g}, for a signal of such weights and noise"
            )

    @property
    def power(self) -> FloatArray:
        """k_j = l_j - sigma^2, eigenvalues of A S_x A'."""
        return np.maximum(self.moments.eigenvalues - self.sigma**2, 0.0)

    @property
    def multiplicities(self) -> FloatArray:
        """n_j."""
        return self.moments.multiplicities

    @property
    def target_weights(self) -> FloatArray:
        """w_j."""
        return self.moments.target_weights

    @property
    def floor(self) -> float:
        """Risk of the best linear estimator."""
        return self.moments.floor

    @property
    def zero_risk(self) -> float:
        """Risk of the estimator W = 0."""
        return self.moments.zero_risk

    @property
    def dimension(self) -> int:
        """n, the number of measurements."""
        return self.moments.dimension

    def spectral(self) -> SpectralProblem:
        """Second moments alone: Gaussian data of the same covariance."""
        return self.moments

    def problem(self) -> Problem:
        """Itself, or its second moments where the contrast is constant: those are Gaussian data."""
        return self.moments if self.contrast.is_constant else self

    def __repr__(self) -> str:
        return f"MixtureProblem({self.moments!r}, sigma={self.sigma:.6g}, {self.contrast!r})"


Problem = SpectralProblem | MixtureProblem


class Model(Protocol):
    """Anything that reduces to a problem.

    ``spectral()`` gives its second moments. A model whose data are not Gaussian has ``problem()``
    besides, for the problem that its risk depends on, of whatever class its law answers for.

    Examples
    --------
    A signal of one spike, in noise; all that is known of a model is asked of its ``spectral()``:

    >>> from dataclasses import dataclass
    >>> import linscale as ls
    >>> @dataclass(frozen=True)
    ... class Spike:
    ...     n: int
    ...     power: float
    ...     def spectral(self):  # y = x + z with noise of variance 1; risks per unit of power
    ...         l = self.power + 1.0
    ...         weight = self.power / l**2
    ...         return ls.SpectralProblem([l, 1.0], [1, self.n - 1], [weight, 0.0], floor=1.0 / l)
    >>> print(f"{ls.theory.early_stopped(Spike(n=50, power=9.0), 30).value:.2f}")
    0.14
    """

    def spectral(self) -> SpectralProblem: ...


def moments_of(model: Model) -> SpectralProblem:
    """The model's second moments, whatever its contrast, or a clear word if it is not a model."""
    if isinstance(model, type) or not callable(getattr(model, "spectral", None)):
        raise InvalidArgument(
            "model", repr(model)[:60], "a SubspaceModel, InverseProblem or SpectralProblem, or one "
            "whose spectral() gives a SpectralProblem"
        )  # fmt: skip
    found: Any = model.spectral()
    if not isinstance(found, SpectralProblem):
        given = f"a {type(model).__name__} whose spectral() gives a {type(found).__name__}"
        raise InvalidArgument("model", given, "one whose spectral() gives a SpectralProblem")
    return found


def reduced(model: Model) -> Model:
    """The problem that the model's risk depends on; the same object each time from one model."""
    moments = moments_of(model)
    problem = getattr(model, "problem", None)
    found: Model = problem() if callable(problem) else moments
    return found


def problem_of(model: Model) -> SpectralProblem:
    """The spectral problem of a model with Gaussian data.

    Raises
    ------
    Unsupported
        Where the signal's contrast is not constant.
    """
    problem = reduced(model)
    if isinstance(problem, SpectralProblem):
        return problem
    if isinstance(problem, MixtureProblem):
        raise Unsupported(
            "contrast: this holds for Gaussian signals alone. risk, early_stopped, converged, "
            "best_iteration, best_ridge, stopping_window, saturation, required_n_train, "
            "local_exponent, power_law and floor take it; model.spectral() is the Gaussian problem "
            "of the same second moments"
        )
    raise Unsupported(
        f"this holds for Gaussian data alone, and a {type(problem).__name__} stands for others"
    )
