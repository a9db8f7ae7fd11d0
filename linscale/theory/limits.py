"""Closed forms, each with its range of validity: what needs no contour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from linscale.errors import InvalidArgument
from linscale.filters import Converged, GradientFlow
from linscale.models import SubspaceModel
from linscale.models.problem import Model, problem_of
from linscale.results.risk import RiskPoint
from linscale.results.uncertain import UncertainFloat
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.theory.assembly import assemble
from linscale.theory.convergence import METHOD
from linscale.theory.large_sample import large_n
from linscale.theory.law import Law, check_order, law_of


def floor(model: Model) -> float:
    """Risk of the best linear estimator, tr(S_x - B S B') / scale: exact, the limit N -> inf.

    Derivation: `wiener`.

    Parameters
    ----------
    model : Model
        As for :func:`linscale.theory.risk`.

    Returns
    -------
    float
        At least 0; like all risks divided by the problem's ``scale``.

    Raises
    ------
    InvalidArgument
        Something that is not a model.
    Unsupported
        A model of which theory has no law.

    Examples
    --------
    sigma^2 / (1 + sigma^2) for the subspace model, whatever n and d are:

    >>> import linscale as ls
    >>> print(f"{ls.theory.floor(ls.SubspaceModel(n=100, d=10, sigma=0.5)):.3f}")
    0.200
    """
    return law_of(model).floor


@one_thread()
def converged(
    model: Model, n_train: int, *, order: int = 1, complex_data: bool = False
) -> RiskPoint:
    r"""Risk of gradient descent run to convergence (least squares, of least norm when N < n).

        N > n + 1:      floor (1 + n / (N - n - 1))        exact (inverse Wishart mean)
        |N - n| <= 1:   infinite mean                      exact
        N < n - 1:      ridge at penalty 0+                to the given order, poor near N = n

    Complex circular data has N - n for N - n - 1, and an infinite mean for N = n alone. Where the
    contrast is not constant, the ridge limit holds on both sides, and only the infinite mean is
    exact. A floor of 0 leaves no noise to fit: the mean is then finite everywhere.

    The options are those of an expansion; :func:`linscale.montecarlo.converged` draws, and has
    ``trials``, ``rng`` and ``engine`` instead.

    Derivations: `converged` and `ridge`.

    Source: the inverse Wishart mean is classical (Muirhead 1982, Section 3.2); for N < n see
    Hastie, Montanari, Rosset and Tibshirani, Ann. Statist. 50 (2022) 949.

    Parameters
    ----------
    model, n_train, order, complex_data : Model, int, {0, 1}, bool
        As for :func:`linscale.theory.risk`.

    Returns
    -------
    RiskPoint
        With ``at`` inf, and ``error`` 0 where it is exact.

    Raises
    ------
    InvalidArgument, Unsupported, NotConverged
        As for :func:`linscale.theory.risk`.

    Examples
    --------
    With twice as many examples as measurements (and one), twice the floor:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> point = ls.theory.converged(model, n_train=201)
    >>> print(f"{point.value / point.floor:.3f}")
    2.000

    The peak at N = n, between fewer examples and more:

    >>> [f"{ls.theory.converged(model, N).value:.3f}" for N in (50, 100, 200)]
    ['0.023', 'inf', '0.020']
    """
    law, count = law_of(model, complex_data), validate.n_train(n_train)
    check_order(order)
    return end_of(law, law.examples(count), order)


def end_of(law: Law, n_train: float, order: int) -> RiskPoint:
    """The same for a law, and n_train as the law counts them."""
    exact = law.exactly_converged(n_train)
    if exact is not None:
        return exact
    terms = law.converged(n_train, law.spectrum(n_train))
    return assemble(law, n_train, Converged(), terms, order).point(0)


def one_step(model: Model, n_train: int, step: float, *, complex_data: bool = False) -> RiskPoint:
    r"""Risk after one step of gradient descent: exact for every N and every step.

        floor + sum_j w_j [l - 2 eta l^2 + eta^2 (l^3 (1 + 1/N) + l tr(S^2)/N)]
              + floor eta^2 tr(S^2)/N

    from the Wishart moments E Sh = S and E Sh S Sh = S^3 (1 + 1/N) + S tr(S^2)/N; complex
    circular data has 1 in place of 1 + 1/N.

    Derivation: `one_step`.

    Parameters
    ----------
    model, n_train, complex_data : Model, int, bool
        As for :func:`linscale.theory.risk`, for Gaussian data alone.
    step : float
        eta, above 0 and at most 1e60, in units of one over an eigenvalue of YY'/N.

    Returns
    -------
    RiskPoint
        With ``at`` 1, the iteration, and ``error`` 0.

    Raises
    ------
    InvalidArgument
        An argument outside its range.
    Unsupported
        Data that are not Gaussian.

    Examples
    --------
    A step of 1/(1 + sigma^2) learns the signal at once and leaves a risk of floor + C/N, here
    0.5 + 3/N:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=4, d=2, sigma=1)
    >>> print(f"{ls.theory.one_step(model, n_train=30, step=0.5).value:.3f}")
    0.600
    """
    problem = problem_of(model)
    N = validate.n_train(n_train)
    validate.flag("complex_data", complex_data)
    eta = checked_step(step)
    l, w = problem.eigenvalues, problem.target_weights
    square = float(problem.multiplicities @ l**2) / N
    twice = 1.0 if complex_data else 1.0 + 1.0 / N
    bias = float(w @ (l - 2 * eta * l**2 + eta**2 * (l**3 * twice + l * square)))
    variance = problem.floor * eta**2 * square
    return RiskPoint(
        value=problem.floor + bias + variance,
        floor=problem.floor,
        bias=bias,
        variance=variance,
        at=1.0,
        error=0.0,
        method=METHOD,
    )


LARGEST_STEP = 1e60  # its fourth power is still a number


def checked_step(value: float) -> float:
    """A step size whose powers do not overflow."""
    step = validate.real("step", value)
    if step > LARGEST_STEP:
        raise InvalidArgument("step", value, f"at most {LARGEST_STEP:.0e}")
    return step


def best_one_step(model: Model, n_train: int, *, complex_data: bool = False) -> RiskPoint:
    """Smallest risk after one step, exact for every N; ``at`` is the step that reaches it.

    See :meth:`linscale.SpectralProblem.best_step` for its formula.

    Parameters
    ----------
    model, n_train, complex_data : Model, int, bool
        As for :func:`linscale.theory.risk`, for Gaussian data alone.

    Returns
    -------
    RiskPoint
        With ``at`` the step size, in units of one over an eigenvalue of YY'/N; 0 where there is
        nothing to learn.

    Raises
    ------
    InvalidArgument, Unsupported
        As for :func:`one_step`.

    Examples
    --------
    A step smaller than the 0.5 that would learn the signal at once gives less than its 0.6:

    >>> import linscale as ls
    >>> best = ls.theory.best_one_step(ls.SubspaceModel(n=4, d=2, sigma=1), n_train=30)
    >>> print(f"risk {best.value:.3f} by a step of {best.at:.3f}")
    risk 0.583 by a step of 0.417
    """
    problem = problem_of(model)
    validate.flag("complex_data", complex_data)
    step = problem.best_step(validate.n_train(n_train), complex_data)
    if step == 0.0:  # nothing to learn
        return RiskPoint(
            problem.zero_risk, problem.floor, 0.0, 0.0, at=0.0, error=0.0, method=METHOD
        )
    return replace(one_step(problem, n_train, step, complex_data=complex_data), at=step)


def vanishing_noise(model: SubspaceModel, n_train: int) -> float:
    """lim sigma -> 0 of the best risk, 1 - N/d for N < d and 0 from there on: exact for every N.

    Without noise the N examples span N directions of the subspace, and nothing is known of the
    others.

    Derivation: `ridge`.

    Parameters
    ----------
    model : SubspaceModel
        Its sigma does not matter.
    n_train : int
        N, from 1 to 10^15.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    InvalidArgument
        Any other model, or N outside its range.

    Examples
    --------
    The subspace is known once there are as many examples as it has dimensions:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=1e-4)
    >>> [f"{ls.theory.vanishing_noise(model, N):.1f}" for N in (1, 5, 10, 15)]
    ['0.9', '0.5', '0.0', '0.0']
    >>> early = ls.theory.early_stopped(model, 5)
    >>> abs(early.value - 0.5) < early.error
    True
    """
    _check_subspace(model)
    return max(0.0, 1.0 - validate.n_train(n_train) / model.d)


@one_thread()
def large_n_stopping_time(model: SubspaceModel, n_train: int) -> UncertainFloat:
    r"""Best stopping time of gradient flow at large N, the root t of

        exp(-2 (1 + s2) t) = (n - d)/N * s2^2/(1 + s2) * exp(-s2 t) [1 - (1 + s2) exp(-s2 t)]

    What is gained on the signal, exp(-2 (1 + s2) t), balances what the n - d noise directions
    cost at order 1/N. While s2 t is small its right side is about (n - d) s2^3 (t - 1)/N, a
    multiple of s2^3, not of the s2 that converging would cost; so t grows like
    log(N)/(2 (1 + s2)). Terms of order exp(-(1 + s2) t)/N are left out: the relative error of t
    falls like N^(-1/2); ``error`` is how far they would move t. inf for d = n.

    Derivation: `stopping`.

    Parameters
    ----------
    model : SubspaceModel
    n_train : int
        N, from 1 to 10^15.

    Returns
    -------
    UncertainFloat
        A float, t in units of one over an eigenvalue of YY'/N, with ``error`` and ``status``.

    Raises
    ------
    InvalidArgument
        Any other model, or N outside its range.

    Examples
    --------
    At large N it is the best time of :func:`linscale.theory.early_stopped`:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> print(f"{ls.theory.large_n_stopping_time(model, 10**8):.1f}")
    12.6
    >>> print(f"{ls.theory.early_stopped(model, 10**8).at:.1f}")
    12.6
    """
    _check_subspace(model)
    N, s2 = validate.n_train(n_train), model.sigma**2
    if model.d == model.n:
        return UncertainFloat(np.inf)
    l = 1.0 + s2
    start = np.log(l) / s2  # left of it more time gains on both sides
    log_share = np.log((model.n - model.d) / N * s2**2 / l)

    def log_ratio(log_u: float) -> float:
        """Log of the right side over the left, at t = start + u: it grows from -inf."""
        u = np.exp(log_u)
        return float(log_share + (2.0 * l - s2) * (start + u) + np.log(-np.expm1(-s2 * u)))

    high = 0.0
    while log_ratio(high) < 0.0:
        high += 1.0
    t = float(start + np.exp(brentq(log_ratio, -650.0, high, xtol=1e-14, rtol=1e-14)))
    error = abs(_newton_step(model, N, t))
    status = "ok" if error < 0.1 * t else "n_train is not large enough; see early_stopped"
    return UncertainFloat(t, error, status)


def _newton_step(model: SubspaceModel, N: int, t: float) -> float:
    """From t towards the minimum of the risk with all terms of order 1/N."""
    h = 1e-3
    low, middle, high = large_n(model, N, GradientFlow(t * np.array([1 - h, 1.0, 1 + h]))).value
    curvature = (high - 2.0 * middle + low) / h**2
    return float(-t * 0.5 * (high - low) / h / curvature) if curvature > 0.0 else np.inf


def _check_subspace(model: Model) -> None:
    if not isinstance(model, SubspaceModel):
        raise InvalidArgument("model", type(model).__name__, "a SubspaceModel")
