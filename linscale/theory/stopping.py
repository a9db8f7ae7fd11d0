"""Early stopping: the best time or iteration, its risk, and how carefully it must be met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from linscale.filters import Converged, Filter, GradientDescent, GradientFlow
from linscale.models.problem import Model
from linscale.results.risk import RiskPoint
from linscale.results.words import short
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import FloatArray
from linscale.theory import trust
from linscale.theory.assembly import assemble, nothing_to_learn, total
from linscale.theory.law import Law, check_order, law_of
from linscale.theory.limits import end_of
from linscale.theory.lowest import lowest_between
from linscale.theory.outliers import NONE, Outliers
from linscale.theory.terms import Edges, Equivalent, Terms

GRID_PER_DECADE = 8
TIE = 1e-9  # a finite time must beat convergence by more than this, relative, to be named
LONGEST = 1e12  # times the upper edge: as far as a contour can resolve
AT_ONCE = 400  # iterations looked at together
# Where order 1 is usable it is from 0.3 to 1.7 times order 0: times at which order 0 is larger than
# this many times its minimum are not the best.
FARTHEST = (1.0 + trust.LARGEST_CORRECTION) / (1.0 - trust.LARGEST_CORRECTION)


@one_thread()
def early_stopped(
    model: Model, n_train: int, *, order: int = 1, complex_data: bool = False
) -> RiskPoint:
    r"""Smallest risk over gradient flow, min over t of R(t), as a continuous optimum.

    At order 1 only times are considered at which the 1/N term is below 0.7 of the learning error;
    where there are none, the best time of order 0 is taken. Where that time is not among them,
    ``error`` reaches as far as the minimum of order 0.

    The options are those of an expansion; :func:`linscale.montecarlo.early_stopped` draws, and has
    ``trials``, ``rng`` and ``engine`` instead. :func:`linscale.early_stopped`, which chooses
    between the two, has options of both.

    Parameters
    ----------
    model, n_train, order, complex_data : Model, int, {0, 1}, bool
        As for :func:`linscale.theory.risk`.

    Returns
    -------
    RiskPoint
        ``.value`` and ``.at``, the best time (inf when no finite time beats convergence;
        0 when there is nothing to learn), in units of one over an eigenvalue of YY'/N.

    Raises
    ------
    InvalidArgument, Unsupported, NotConverged
        As for :func:`linscale.theory.risk`.

    Examples
    --------
    With many examples, early stopping pays about d/N of the floor, converging n/N:

    >>> import linscale as ls
    >>> model, N = ls.SubspaceModel(n=100, d=10, sigma=0.1), 1000
    >>> for point in (ls.theory.early_stopped(model, N), ls.theory.converged(model, N)):
    ...     print(f"t = {point.at:.0f}: {N * (point.value / point.floor - 1):.1f}/N of the floor")
    t = 8: 11.6/N of the floor
    t = inf: 111.2/N of the floor
    """
    law = law_of(model, complex_data)
    check_order(order)
    return best_over_flow(law, law.examples(validate.n_train(n_train)), order)


@one_thread()
def best_iteration(
    model: Model, n_train: int, step: float, *, order: int = 1, complex_data: bool = False
) -> RiskPoint:
    """Smallest risk over the iterations of gradient descent; ``at`` is a whole number (or inf).

    Late iterations hardly differ: of those that are level with the lowest, to 1e-8 of the learning
    error, which is what a contour promises, it is the first.

    Parameters
    ----------
    model, n_train, order, complex_data : Model, int, {0, 1}, bool
        As for :func:`linscale.theory.risk`.
    step : float
        Step size, as for :class:`linscale.GradientDescent`.

    Returns
    -------
    RiskPoint
        With ``at`` the number of iterations: 0 when there is nothing to learn, inf when none beats
        convergence.

    Raises
    ------
    InvalidArgument, Unsupported, NotConverged
        As for :func:`linscale.theory.risk`.
    StepTooLarge
        Where descent diverges on the limiting sample spectrum.

    Examples
    --------
    The smaller the step, the nearer step times ``at`` is to the best time of gradient flow, 8:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> ls.theory.best_iteration(model, 1000, step=0.5).at
    13.0
    >>> print(f"{0.05 * ls.theory.best_iteration(model, 1000, step=0.05).at:.0f}")
    8
    """
    law = law_of(model, complex_data)
    N = law.examples(validate.n_train(n_train))
    check_order(order)
    first, whole = GradientDescent(step, 0), law.spectrum(N)
    law, spectrum, outliers = law.stable_part(N, whole, first)
    if not law.can_learn:
        return nothing_to_learn(law, order, at=0.0)
    last = max(2.0, np.ceil(time_range(law, N, spectrum)[1] / first.step))
    equivalent = law.equivalent(N, spectrum, GradientDescent(step, last))
    path = Path(law, N, spectrum, equivalent, lambda k: GradientDescent(step, k), order, outliers)
    grid = np.append(0.0, np.unique(np.round(np.geomspace(1.0, last, AT_ONCE))))
    while True:
        terms = path.terms(grid)
        i = path.lowest(terms)
        low, high = grid[max(i - 1, 0)], grid[min(i + 1, grid.size - 1)]
        if high - low <= 2.0:
            break
        grid = np.unique(np.round(np.linspace(low, high, AT_ONCE)))
    best = path.point(path.first_level_with(float(grid[i])))
    return _or_converged(path, best)


class StoppingWindow(NamedTuple):
    """Times ``first`` to ``last`` keep the risk within a ratio of that of the ``best`` time.

    Attributes
    ----------
    first, last : float
        In units of one over an eigenvalue of YY'/N; 0 and inf where there is no bound.
    best : RiskPoint
        As :func:`linscale.theory.early_stopped` gives it.

    Examples
    --------
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> first, last, best = ls.theory.stopping_window(model, 50)
    >>> first < best.at < last
    True
    """

    first: float
    last: float
    best: RiskPoint

    def __repr__(self) -> str:
        return f"StoppingWindow({short(self.first)} to {short(self.last)}, best={self.best!r})"


@one_thread()
def stopping_window(
    model: Model,
    n_train: int,
    tolerance: float = 0.01,
    *,
    order: int = 1,
    complex_data: bool = False,
) -> StoppingWindow:
    """How carefully a user must stop: where R(t) <= (1 + tolerance) times the best risk.

    Parameters
    ----------
    model, n_train, order, complex_data : Model, int, {0, 1}, bool
        As for :func:`linscale.theory.risk`.
    tolerance : float
        Above 0; a share of the best risk.

    Returns
    -------
    StoppingWindow
        ``first`` is 0 where not training at all is within the tolerance, ``last`` inf where
        training to convergence is. Both are inf where the best risk is 0.

    Raises
    ------
    InvalidArgument, Unsupported, NotConverged
        As for :func:`linscale.theory.risk`.

    Examples
    --------
    A factor of two in time costs 1 %, and at either end of the window it is just that:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> first, last, best = ls.theory.stopping_window(model, 50, tolerance=0.01)
    >>> print(f"{first:.0f} to {last:.0f}")
    10 to 21
    >>> ends = ls.theory.risk(model, 50, ls.GradientFlow([first, last]))
    >>> [f"{ratio:.4f}" for ratio in ends.value / best.value]
    ['1.0100', '1.0100']
    """
    law = law_of(model, complex_data)
    N = law.examples(validate.n_train(n_train))
    check_order(order)
    tol = validate.real("tolerance", tolerance)
    path, start, finish = flow_path(law, N, order)
    best = best_along(path, start, finish) if law.can_learn else nothing_to_learn(law, order, 0.0)
    limit = (1.0 + tol) * best.value
    first, last = 0.0, np.inf
    if best.value == 0.0:  # no noise at all: only the end is as good as the end
        return StoppingWindow(np.inf, np.inf, best)
    end = end_of(law, N, order).value
    if not law.can_learn:
        return StoppingWindow(first, last, best)

    def above(log_t: float) -> float:
        terms = path.terms(np.array([np.exp(log_t)]))
        return float(law.floor + path.learning(terms)[0] - limit)

    at = float(np.clip(best.at, start, finish))
    if law.zero_risk > limit and best.at > 0.0 and above(np.log(start)) > 0.0:
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
class Path:
    """Learning error along a path of filters on one contour, summed up to ``order``."""

    law: Law
    n_train: float
    spectrum: Edges
    equivalent: Equivalent
    filter: Callable[[FloatArray], Filter]
    order: int
    outliers: Outliers = NONE

    @property
    def corrected(self) -> bool:
        """Whether the 1/N term is added: there are points where it means nothing."""
        return self.law.summed(self.order) == 1

    def terms(self, at: FloatArray) -> Terms:
        return self.equivalent.terms(self.filter(at))

    def leading(self, at: FloatArray) -> FloatArray:
        """The learning error of order 0 alone: much less work, where the law knows how."""
        alone = getattr(self.equivalent, "leading", None)
        if alone is not None:
            return np.asarray(alone(self.filter(at)))
        terms = self.terms(at)
        return np.asarray(terms.bias[0] + terms.variance[0])

    def learning(self, terms: Terms) -> FloatArray:
        both = terms.bias + terms.variance
        return np.asarray(both[: self.law.summed(self.order) + 1].sum(axis=0))

    def lowest(self, terms: Terms) -> int:
        """Index of the smallest value among the usable ones, or by order 0 if none is."""
        values = self.learning(terms)
        if self.corrected:
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

    def point(self, at: float, terms: Terms | None = None) -> RiskPoint:
        """The risk and its error; ``terms`` where they are known there."""
        filter = self.filter(np.array([at]))
        terms = self.equivalent.terms(filter) if terms is None else terms
        return assemble(self.law, self.n_train, filter, terms, self.order, self.outliers).point(0)


def flow_path(law: Law, n_train: float, order: int) -> tuple[Path, float, float]:
    """Gradient flow on one contour that is safe over the whole time range, and that range."""
    spectrum = law.spectrum(n_train)
    start, end = time_range(law, n_train, spectrum)
    equivalent = law.equivalent(n_train, spectrum, GradientFlow(end))
    return Path(law, n_train, spectrum, equivalent, GradientFlow, order), start, end


def time_range(law: Law, n_train: float, spectrum: Edges) -> tuple[float, float]:
    """From a time at which nothing is learned to one at which everything is."""
    l_min = float(law.moments.eigenvalues.min())
    slowest = max(spectrum.lower_edge, 1e-5 * l_min)  # at N = n the spectrum reaches down to 0
    first = law.moments.best_step(max(1.0, n_train)) or 1.0 / spectrum.high
    end = min(40.0 / slowest, LONGEST / spectrum.high)
    return max(1e-3 * min(1.0 / spectrum.high, first), 1e-30 * end), end


def best_over_flow(law: Law, N: float, order: int) -> RiskPoint:
    """The smallest risk over gradient flow."""
    if not law.can_learn:
        return nothing_to_learn(law, order, at=0.0)
    return best_along(*flow_path(law, N, order))


def lowest_over_flow(law: Law, N: float, order: int) -> float:
    """Its value alone, without the work of an estimate of its error."""
    if not law.can_learn:
        return law.floor
    path, start, end = flow_path(law, N, order)
    lowest, converged = _lowest(path, start, end), _Converged.of(path)
    value = law.floor + float(path.learning(lowest.terms)[0])
    if converged is None or not converged.value <= value * (1.0 + TIE):
        return value
    return converged.value if not converged.doubtful else best_along(path, start, end).value


def best_along(path: Path, start: float, end: float) -> RiskPoint:
    """The smallest risk on a path of times that is there."""
    lowest = _lowest(path, start, end)
    best = path.point(lowest.at, lowest.terms)
    if lowest.elsewhere is not None:
        # The minimum may lie where order 1 says nothing: order 0 tells how far down that could be.
        error = max(best.error, abs(best.value - path.law.floor - lowest.elsewhere))
        remark = trust.remark(best.value, best.bias, best.variance, error)
        best = replace(best, error=error, status=remark)
    return _or_converged(path, best)


class _Lowest(NamedTuple):
    """The best time, and the terms there; ``elsewhere`` is the smallest learning error of order 0
    where that is at a time at which order 1 says nothing."""

    at: float
    terms: Terms
    elsewhere: float | None


def _lowest(path: Path, start: float, end: float) -> _Lowest:
    times = np.geomspace(start, end, int(np.ceil(GRID_PER_DECADE * np.log10(end / start))) + 1)
    leading = path.leading(times)
    first = int(np.argmin(leading))
    everywhere = np.full(times.size, True)
    near = leading <= FARTHEST * abs(leading[first]) if path.corrected else everywhere
    terms = path.terms(times[near])
    said = not path.corrected or bool(trust.usable(terms)[near[:first].sum()])
    if not said:
        near, terms = everywhere, path.terms(times)
    k = path.lowest(terms)
    i = int(np.flatnonzero(near)[k])
    at = lowest_between(
        lambda t: path.learning(path.terms(t)),
        float(times[max(i - 1, 0)]), float(times[min(i + 1, times.size - 1)]),
    )  # fmt: skip
    found = path.terms(np.array([at]))
    worse = path.learning(found)[0] > path.learning(terms)[k]
    if worse or (path.corrected and not trust.usable(found)[0]):
        at, found = float(times[i]), terms.at(k)
    return _Lowest(at, found, None if said else float(leading[first]))


class _Converged(NamedTuple):
    """The converged risk: its value, whether order 1 says nothing there, and the point."""

    value: float
    doubtful: bool
    point: Callable[[], RiskPoint]

    @classmethod
    def of(cls, path: Path) -> _Converged | None:
        law, N, order = path.law, path.n_train, path.order
        if law.dimension == N:
            return None
        # On the side N > n the exact value is not what leading order tends to at late times.
        exact = law.exactly_converged(N) if law.reached(order) > 0 else None
        if exact is not None:
            return cls(exact.value, False, lambda: exact)
        order = order if law.reached(order) > 0 else 0
        terms = law.converged(N, path.spectrum)
        doubtful = law.reached(order) > 0 and path.corrected and not trust.usable(terms)[0]
        value = float(total(law, terms, order)[0])
        return cls(value, doubtful, lambda: assemble(law, N, Converged(), terms, order).point(0))


def _or_converged(path: Path, best: RiskPoint) -> RiskPoint:
    """The converged risk where no finite time beats it."""
    converged = _Converged.of(path)
    if converged is None or not converged.value <= best.value * (1.0 + TIE):
        return best
    return best if converged.doubtful and _sure_of(best) else converged.point()


def _sure_of(best: RiskPoint) -> bool:
    return trust.remark(best.value, best.bias, best.variance, best.error) == "ok"
