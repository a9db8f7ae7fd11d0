"""Early stopping: the best time or iteration, its risk, and how carefully it must be met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from linscale.filters import Converged, Filter, GradientDescent, GradientFlow
from linscale.models.problem import MixtureProblem, Model, Problem, reduced
from linscale.results.risk import RiskPoint
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import FloatArray
from linscale.theory import trust
from linscale.theory.assembly import assemble
from linscale.theory.expansion import converged_terms, equivalents_of, spectrum_of
from linscale.theory.gaussian.equivalents import Equivalent, Terms
from linscale.theory.limits import converged
from linscale.theory.mixture.equivalents import MixtureEquivalent
from linscale.theory.mixture.outliers import NONE, Outliers, stable_part
from linscale.theory.orders import check_data, check_order, method

GRID_PER_DECADE = 8
TIE = 1e-9  # a finite time must beat convergence by more than this, relative, to be named
LONGEST = 1e12  # times the upper edge: as far as a contour can resolve
AT_ONCE = 400  # iterations looked at together


@one_thread()
def early_stopped(
    model: Model, n_train: int, order: int = 1, *, complex_data: bool = False
) -> RiskPoint:
    r"""Smallest risk over gradient flow, min over t of R(t), as a continuous optimum.

    At order 1 only times are considered at which the 1/N term is below 0.7 of the learning error;
    where there are none, the best time of order 0 is taken. ``error`` then reaches as far as the
    minimum of order 0.

    Returns
    -------
    RiskPoint
        ``.value`` and ``.at``, the best time (inf when no finite time beats convergence;
        0 when there is nothing to learn).
    """
    problem, N = reduced(model), validate.n_train(n_train)
    check_order(order)
    check_data(problem, complex_data)
    return best_over_flow(problem, N, order, complex_data)


@one_thread()
def best_iteration(
    model: Model, n_train: int, step: float, order: int = 1, *, complex_data: bool = False
) -> RiskPoint:
    """Smallest risk over the iterations of gradient descent; ``at`` is a whole number (or inf).

    Late iterations hardly differ: of those that are level with the lowest, to 1e-8 of the learning
    error, which is what a contour promises, it is the first.

    Parameters
    ----------
    step : float
        Step size, as for :class:`linscale.GradientDescent`.
    """
    problem, N = reduced(model), validate.n_train(n_train)
    check_order(order)
    check_data(problem, complex_data)
    first = GradientDescent(step, 0)
    problem, spectrum, outliers = stable_part(problem, N, first)
    if not np.any(problem.target_weights > 0):
        return _nothing_to_learn(problem, order)
    last = max(2.0, np.ceil(_time_range(problem, N)[1] / first.step))
    path = _Path(
        problem,
        N,
        equivalents_of(problem, N, spectrum, GradientDescent(step, last)),
        lambda k: GradientDescent(step, k),
        0 if complex_data else order,
        outliers,
    )
    grid = np.append(0.0, np.unique(np.round(np.geomspace(1.0, last, AT_ONCE))))
    while True:
        terms = path.terms(grid)
        i = path.lowest(terms)
        low, high = grid[max(i - 1, 0)], grid[min(i + 1, grid.size - 1)]
        if high - low <= 2.0:
            break
        grid = np.unique(np.round(np.linspace(low, high, AT_ONCE)))
    best = path.point(path.first_level_with(float(grid[i])), complex_data)
    return _or_converged(problem, N, best, order, complex_data)


class StoppingWindow(NamedTuple):
    """Times ``first`` to ``last`` keep the risk within a ratio of that of the ``best`` time."""

    first: float
    last: float
    best: RiskPoint


@one_thread()
def stopping_window(
    model: Model,
    n_train: int,
    tolerance: float = 0.01,
    order: int = 1,
    *,
    complex_data: bool = False,
) -> StoppingWindow:
    """How carefully a user must stop: where R(t) <= (1 + tolerance) times the best risk.

    Returns
    -------
    StoppingWindow
        ``first`` is 0 where not training at all is within the tolerance, ``last`` inf where
        training to convergence is.
    """
    problem, N = reduced(model), validate.n_train(n_train)
    check_order(order)
    check_data(problem, complex_data)
    tol = validate.real("tolerance", tolerance)
    best = best_over_flow(problem, N, order, complex_data)
    limit = (1.0 + tol) * best.value
    first, last = 0.0, np.inf
    if best.value == 0.0:  # no noise at all: only the end is as good as the end
        return StoppingWindow(np.inf, np.inf, best)
    end = converged(problem, N, order, complex_data=complex_data).value
    if not np.any(problem.target_weights > 0):
        return StoppingWindow(first, last, best)
    path = flow_path(problem, N, 0 if complex_data else order)
    start, finish = _time_range(problem, N)

    def above(log_t: float) -> float:
        terms = path.terms(np.array([np.exp(log_t)]))
        return float(problem.floor + path.learning(terms)[0] - limit)

    at = float(np.clip(best.at, start, finish))
    if problem.zero_risk > limit and best.at > 0.0 and above(np.log(start)) > 0.0:
        reached = above(np.log(at)) <= 0.0  # not, where only convergence comes near enough
        first = (
            float(np.exp(brentq(above, np.log(start), np.log(at), xtol=1e-10)))
            if reached
            else best.at
        )
    if end > limit and np.isfinite(best.at):
        grid = np.log(np.geomspace(at, finish, 60))
        crossed = next((k for k, x in enumerate(grid) if above(x) > 0.0), None)
        if crossed:
            last = float(np.exp(brentq(above, grid[crossed - 1], grid[crossed], xtol=1e-10)))
    return StoppingWindow(first, last, best)


@dataclass(frozen=True, eq=False)
class _Path:
    """Learning error along a path of filters on one contour, summed up to ``kept`` orders."""

    problem: Problem
    n_train: float
    parts: Equivalent | MixtureEquivalent
    filter: Callable[[FloatArray], Filter]
    kept: int
    outliers: Outliers = NONE

    def terms(self, at: FloatArray) -> Terms:
        return self.parts.terms(self.filter(at))

    def learning(self, terms: Terms) -> FloatArray:
        both = terms.bias + terms.variance
        return np.asarray(both[: self.kept + 1].sum(axis=0))

    def lowest(self, terms: Terms) -> int:
        """Index of the smallest value among the usable ones, or by order 0 if none is."""
        values = self.learning(terms)
        if self.kept == 1:
            good = trust.usable(terms)
            if not np.any(good):
                return int(np.argmin(terms.bias[0] + terms.variance[0]))
            values = np.where(good, values, np.inf)
        return int(np.argmin(values))

    def first_level_with(self, iteration: float) -> float:
        """The first iteration, before the lowest one, that is as low up to a contour's accuracy."""

        def learning(k: float) -> float:
            return float(self.learning(self.terms(np.array([k])))[0])

        bound = (1.0 + trust.CONTOUR) * learning(iteration)
        level, step = iteration, 1.0
        while level > 0.0 and learning(max(level - step, 0.0)) <= bound:
            level, step = max(level - step, 0.0), 2.0 * step
        above = max(level - step, -1.0)
        while level - above > 1.0:
            middle = np.floor(0.5 * (level + above))
            level, above = (middle, above) if learning(middle) <= bound else (level, middle)
        return level

    def point(self, at: float, complex_data: bool) -> RiskPoint:
        filter = self.filter(np.array([at]))
        terms, order = self.parts.terms(filter), 1 if complex_data else self.kept
        path = assemble(
            self.problem, self.n_train, filter, terms, order, complex_data, self.outliers
        )
        return path.point(0)


def flow_path(problem: Problem, n_train: float, kept: int) -> _Path:
    """Gradient flow on one contour that is safe over the whole time range."""
    flow = GradientFlow(_time_range(problem, n_train)[1])
    spectrum = spectrum_of(problem, n_train)
    parts = equivalents_of(problem, n_train, spectrum, flow)
    return _Path(problem, n_train, parts, GradientFlow, kept)


def _time_range(problem: Problem, N: float) -> tuple[float, float]:
    """From a time at which nothing is learned to one at which everything is."""
    spectrum = spectrum_of(problem, N)
    moments = problem.spectral()
    l_min = float(moments.eigenvalues.min())
    slowest = max(spectrum.lower_edge, 1e-5 * l_min)  # at N = n the spectrum reaches down to 0
    first = moments.best_step(max(1, int(N))) or 1.0 / spectrum.high
    end = min(40.0 / slowest, LONGEST / spectrum.high)
    return max(1e-3 * min(1.0 / spectrum.high, first), 1e-30 * end), end


def best_over_flow(problem: Problem, N: int, order: int, complex_data: bool = False) -> RiskPoint:
    """The smallest risk over gradient flow."""
    if not np.any(problem.target_weights > 0):
        return _nothing_to_learn(problem, order)
    path = flow_path(problem, N, 0 if complex_data else order)
    start, end = _time_range(problem, N)
    times = np.geomspace(start, end, int(np.ceil(GRID_PER_DECADE * np.log10(end / start))) + 1)
    grid = path.terms(times)
    i = path.lowest(grid)
    low, high = np.log(times[max(i - 1, 0)]), np.log(times[min(i + 1, times.size - 1)])
    found = minimize_scalar(
        lambda x: float(path.learning(path.terms(np.array([np.exp(x)])))[0]),
        bounds=(low, high), method="bounded", options={"xatol": 1e-7},
    )  # fmt: skip
    at = np.exp(found.x) if found.fun <= path.learning(grid)[i] else times[i]
    if path.kept == 1 and not trust.usable(path.terms(np.array([at])))[0]:
        at = times[i]
    best = path.point(float(at), complex_data)
    leading = grid.bias[0] + grid.variance[0]
    if path.kept == 1 and not trust.usable(grid)[np.argmin(leading)]:
        # The minimum may lie where order 1 says nothing: order 0 tells how far down that could be.
        missed = abs(best.value - problem.floor - float(leading.min()))
        error = max(best.error, missed)
        remark = trust.remark(best.value, best.bias, best.variance, error)
        best = replace(best, error=error, status=remark)
    return _or_converged(problem, N, best, order, complex_data)


def _or_converged(
    problem: Problem, N: int, best: RiskPoint, order: int, complex_data: bool
) -> RiskPoint:
    """The converged risk where no finite time beats it."""
    if problem.dimension == N:
        return best
    if order == 0 and not complex_data:
        # On the side N > n the exact value is not what leading order tends to at late times.
        terms = converged_terms(problem, N)
        ends = assemble(problem, N, Converged(), terms, 0).point(0)
    else:
        ends = converged(problem, N, order, complex_data=complex_data)
        exact = N > problem.dimension and not isinstance(problem, MixtureProblem)
        if order == 1 and not complex_data and not exact:
            terms = converged_terms(problem, N)
            if (
                not trust.usable(terms)[0]
                and trust.remark(best.value, best.bias, best.variance, best.error) == "ok"
            ):
                return best
    return ends if ends.value <= best.value * (1.0 + TIE) else best


def _nothing_to_learn(problem: Problem, order: int) -> RiskPoint:
    return RiskPoint(
        value=problem.floor, floor=problem.floor, bias=0.0, variance=0.0, at=0.0,
        method=method(order, problem=problem),
    )  # fmt: skip
