r"""The effective penalty kappa(z) = 1 / m(z), with m the companion Stieltjes transform.

Silverstein's equation for the sample covariance Sh = YY'/N of N samples reads, in kappa,

    z = -kappa (1 - df1(kappa) / N),      df1 = sum_j n_j l_j / (l_j + kappa)
    dz/dkappa = -(1 - df2(kappa) / N),    df2 = sum_j n_j l_j^2 / (l_j + kappa)^2

df1 and df2 are the degrees of freedom of ridge regression on the *population* spectrum: fitting
N samples with penalty mu = -z acts like fitting the population with penalty kappa(-mu). On the
real line outside the sample spectrum kappa is real; for Im z > 0 exactly one root has
Im kappa < 0.

Derivation: `companion`.

Sources: Silverstein, J. Multivariate Anal. 55 (1995) 331; Silverstein and Choi, ibid. 54 (1995)
295, for the edges. N may be any real number > 0 here: curves in N are smooth.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from linscale.errors import InvalidArgument, NotConverged
from linscale.models.problem import Model, SpectralProblem, problem_of
from linscale.results.words import short
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import ComplexArray, FloatArray
from linscale.theory.newton import Profile, solution
from linscale.theory.terms import Edges


@dataclass(frozen=True)
class SampleSpectrum(Edges):
    """Edges of the limiting spectrum of YY'/N, and the kappa at which each is reached.

    Attributes
    ----------
    low, high, lower_edge : float
        As in :class:`linscale.theory.terms.Edges`, in units of y squared.
    kappa_lower, kappa_upper : float
        kappa at ``lower_edge`` and at ``high``, in the same units: right of the pole at -l_min and
        left of the one at -l_max.

    Examples
    --------
    >>> import linscale as ls
    >>> white = ls.SpectralProblem([1.0], [50], [1.0], floor=0.5)
    >>> singular = ls.theory.sample_spectrum(white, 25)  # fewer examples than measurements
    >>> print(f"{singular.low:.3f}, and then from {singular.lower_edge:.3f} to {singular.high:.3f}")
    0.000, and then from 0.172 to 5.828
    """

    kappa_lower: float
    kappa_upper: float

    def __repr__(self) -> str:
        values = ", ".join(f"{f.name}={short(getattr(self, f.name))}" for f in fields(self))
        return f"SampleSpectrum({values})"


def degrees_of_freedom(problem: SpectralProblem, kappa: Any, power: int = 1) -> Any:
    """sum_j n_j (l_j / (l_j + kappa))^power, for kappa of any shape, real or complex."""
    l, n = problem.eigenvalues, problem.multiplicities
    return (l / (l + np.asarray(kappa)[..., np.newaxis])) ** power @ n


def spectral_argument(problem: SpectralProblem, n_train: float, kappa: Any) -> Any:
    """z(kappa) = -kappa (1 - df1(kappa) / N)."""
    return -kappa * (1.0 - degrees_of_freedom(problem, kappa) / n_train)


def sample_spectrum(model: Model, n_train: float) -> SampleSpectrum:
    """Edges of the sample spectrum: the two real kappa outside the atoms with df2(kappa) = N.

    df2 is monotone on either side of the poles -l_j, so each root is bracketed by the bounds that
    hold when all the multiplicity sits at the atom nearest or farthest.

    Parameters
    ----------
    model : Model
        Of Gaussian data.
    n_train : float
        N > 0, not necessarily whole.

    Returns
    -------
    SampleSpectrum

    Raises
    ------
    InvalidArgument
        Something that is not a model, or N outside its range.
    Unsupported
        Data that are not Gaussian.

    Examples
    --------
    (1 -+ sqrt(n/N))^2 for white data:

    >>> import linscale as ls
    >>> white = ls.SpectralProblem([1.0], [50], [1.0], floor=0.5)
    >>> spectrum = ls.theory.sample_spectrum(white, 200)
    >>> print(f"{spectrum.low:.3f} to {spectrum.high:.3f}")
    0.250 to 2.250
    """
    problem = problem_of(model)
    validate.real("n_train", n_train)
    l, n, N = problem.eigenvalues, problem.multiplicities, float(n_train)
    l_min, l_max = float(l.min()), float(l.max())
    root = np.sqrt(problem.dimension / N)
    tiny = 1e-14

    # Right of the poles, in the distance to -l_min, so that N >> n loses no digits.
    def df2_right(gap: float) -> float:
        return float(n @ (l / (l - l_min + gap)) ** 2) / N - 1.0

    near = l_min * np.sqrt(float(n[l == l_min].sum()) / N)
    far = l_min * root if root <= 1 else l_max * (root - 1.0) + l_min
    kappa_lower = _root(df2_right, near * (1 - tiny), far * (1 + tiny)) - l_min

    # Left of the poles, in the distance to -l_max.
    def df2_left(gap: float) -> float:
        return float(n @ (l / (l_max - l + gap)) ** 2) / N - 1.0

    near = l_max * np.sqrt(float(n[l == l_max].sum()) / N)
    kappa_upper = -l_max - _root(df2_left, near * (1 - tiny), l_max * root * (1 + tiny))

    lower = max(float(spectral_argument(problem, N, kappa_lower)), 0.0)
    upper = float(spectral_argument(problem, N, kappa_upper))
    return SampleSpectrum(
        low=lower if problem.dimension < N else 0.0,
        high=upper,
        lower_edge=lower,
        kappa_lower=float(kappa_lower),
        kappa_upper=float(kappa_upper),
    )


def effective_penalty_at_zero(problem: SpectralProblem, n_train: float) -> float:
    """kappa(0) for N <= n, the root kappa >= 0 of df1(kappa) = N; 0 for N >= n."""
    l, N = problem.eigenvalues, float(n_train)
    ratio = problem.dimension / N
    if ratio <= 1.0:
        return 0.0
    low, high = l.min() * (ratio - 1.0), l.max() * (ratio - 1.0)
    return _root(
        lambda kappa: float(degrees_of_freedom(problem, kappa)) / N - 1.0,
        float(low) * (1 - 1e-14),
        float(high) * (1 + 1e-14),
    )


def ridge_penalty(problem: SpectralProblem, n_train: float, mu: float) -> float:
    """kappa(-mu) for mu > 0: the root of mu = kappa (1 - df1(kappa)/N) above kappa(0)."""
    return float(ridge_penalties(problem, n_train, np.array([mu]))[0])


def ridge_penalties(problem: SpectralProblem, n_train: float, penalties: FloatArray) -> FloatArray:
    """The same at many mu, by Newton's method on log mu against the log of kappa - kappa(0).

    mu is convex, and 1 - df1/N concave: the slope lies between 1 and 2 everywhere, so that every
    step brings the root nearer.
    """
    l, n, N = problem.eigenvalues, problem.multiplicities, float(n_train)
    low = effective_penalty_at_zero(problem, N)
    more = (N - problem.dimension) / N
    gap = penalties.copy()
    for _ in range(STEPS):
        kappa = low + gap
        inverse = 1.0 / (l + kappa[:, None])
        # In forms that keep the digits of a small mu, on either side of N = n.
        if low > 0.0:
            held = n * l / (l + low) / N
            s = inverse @ held
            value = kappa * gap * s
            slope = (kappa + gap) * s - kappa * gap * (inverse**2 @ held)
        else:
            value = kappa * (more + kappa * (inverse @ n) / N)
            slope = more + kappa * ((inverse**2 * (2.0 * l + kappa[:, None])) @ n) / N
        step = np.log(value / penalties) * value / (slope * gap)
        gap = gap * np.exp(-step)
        if np.all(np.abs(step) < 16.0 * np.finfo(float).eps):
            return np.asarray(low + gap)
    raise NotConverged(
        "the effective penalty of ridge", float(np.abs(step).max()),
        "rescale the problem so that its eigenvalues are near 1",
    )  # fmt: skip


STEPS = 200


@one_thread()
def effective_penalty(model: Model, n_train: float, z: ArrayLike) -> ComplexArray:
    """kappa(z) for complex z with Im z > 0: the root with Im kappa < 0.

    Newton's method from far above, where kappa = -z + tr S / N, down to z: kappa, an analytic
    self-map up to sign, moves by no more than z does (:mod:`linscale.theory.newton`). The result is
    certified: the residual is at rounding level and Im kappa < 0, which one root alone satisfies.

    Parameters
    ----------
    model : Model
        Of Gaussian data.
    n_train : float
        N > 0, not necessarily whole.
    z : (M,) array
        Complex, in units of y squared.

    Returns
    -------
    (M,) array
        kappa, complex, in the units of z; 1/kappa is the companion Stieltjes transform.

    Raises
    ------
    InvalidArgument
        Unless Im z > 0 everywhere.
    Unsupported
        Data that are not Gaussian.
    NotConverged
        If that certificate fails at any point.

    Examples
    --------
    Ridge with the penalty 0.1 on 200 samples of 50 white measurements does what the penalty kappa
    would do to the population, the positive root of kappa (1 - (50/200)/(1 + kappa)) = 0.1:

    >>> import linscale as ls
    >>> white = ls.SpectralProblem([1.0], [50], [1.0], floor=0.5)
    >>> kappa = ls.theory.effective_penalty(white, 200, [-0.1 + 1e-9j])[0]
    >>> print(f"{kappa.real:.3f}")
    0.128
    """
    problem = problem_of(model)
    validate.real("n_train", n_train)
    try:
        z = np.asarray(z, dtype=complex)
    except (TypeError, ValueError):
        z = np.empty(0, dtype=complex)
    if z.ndim != 1 or z.size == 0 or not np.all(np.isfinite(z)) or not np.all(z.imag > 0):
        raise InvalidArgument("z", z, "a list of finite numbers in the upper half plane, Im z > 0")
    l, n, N = problem.eigenvalues, problem.multiplicities, float(n_train)
    weight = n * l / N
    alpha, _ = solution(Profile(l, n / N, 0.0, np.ones(1), np.ones(1)), z)
    kappa = _newton(l, weight, z, alpha - z, iterations=1)

    size = np.abs(z) + np.abs(kappa) * (1.0 + np.abs(1.0 / (l + kappa[:, None])) @ weight)
    residual = np.abs(z + kappa - kappa * (1.0 / (l + kappa[:, None]) @ weight)) / size
    wrong = kappa.imag > 8 * np.finfo(float).eps * np.abs(kappa)
    if not np.all(residual < 1e-13) or np.any(wrong):
        raise NotConverged(
            "the effective penalty kappa(z)",
            float(np.nanmax(residual)),
            "keep the contour farther from the sample spectrum, or rescale the problem so that "
            "its eigenvalues are near 1",
        )
    return kappa


def _newton(
    l: FloatArray, weight: FloatArray, z: ComplexArray, kappa: ComplexArray, iterations: int
) -> ComplexArray:
    """Newton steps on f = z + kappa - sum_j weight_j kappa / (l_j + kappa)."""
    for _ in range(iterations):
        inverse = 1.0 / (l + kappa[:, None])
        f = z + kappa * (1.0 - inverse @ weight)
        slope = 1.0 - inverse**2 @ (weight * l)
        kappa = kappa - f / slope
    return kappa


def _root(f: Any, low: float, high: float) -> float:
    """A bracketed root to full relative precision."""
    if not f(low) * f(high) < 0:  # the bracket is one point, up to rounding (a single atom)
        return low if abs(f(low)) < abs(f(high)) else high
    return float(brentq(f, low, high, xtol=1e-300, rtol=4 * np.finfo(float).eps, maxiter=500))
