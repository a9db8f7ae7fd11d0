"""Early stopping: the best time, its risk, and the number of examples that reaches a target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from linscale import validate
from linscale.errors import InvalidArgument
from linscale.filters import GradientFlow
from linscale.problem import Model, SpectralProblem, problem_of
from linscale.risk import RiskPoint
from linscale.theory.equivalents import Equivalent, equivalent, ridge_limit
from linscale.theory.risk import check_order
from linscale.theory.stieltjes import effective_penalty_at_zero, sample_spectrum
from linscale.validate import FloatArray

GRID_PER_DECADE = 8
TIE = 1e-9  # a finite time must beat convergence by more than this, relative, to be named
LONGEST = 1e12  # times the upper edge: as far as a contour can resolve


def early_stopped(model: Model, n_train: int, order: int = 0) -> RiskPoint:
    r"""Smallest risk over gradient flow, min over t of R(t), as a continuous optimum.

    Returns
    -------
    RiskPoint
        ``.value`` and ``.at``, the best time (inf when no finite time beats convergence;
        0 when there is nothing to learn).
    """
    problem = problem_of(model)
    N = validate.n_train(n_train)
    check_order(order)
    return _best(problem, N)


def saturation(model: Model, tolerance: float = 0.01, order: int = 0) -> int:
    r"""Smallest n_train whose early-stopped risk is at most (1 + tolerance) floor.

    Beyond it, less than ``tolerance`` (relative) is left to gain from more examples. The excess
    falls as 1/N at large N, so the answer is bracketed by doubling and found by bisection.

    Raises
    ------
    InvalidArgument
        tolerance <= 0, a floor of 0, or an answer above 10^15.
    """
    problem = problem_of(model)
    tol = validate.real("tolerance", tolerance)
    check_order(order)
    if problem.floor == 0.0:
        raise InvalidArgument("floor", 0.0, "above 0 for the risk to come within a ratio of it")
    target = (1.0 + tol) * problem.floor

    def enough(N: int) -> bool:
        return _best(problem, N).value <= target

    high = 1
    while not enough(high):
        high *= 2
        if high > validate.LARGEST_N_TRAIN:
            raise InvalidArgument("tolerance", tolerance, "larger: it needs over 10^15 examples")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def local_exponent(model: Model, n_train: int, order: int = 0) -> float:
    r"""Local exponent d log R / d log N of the early-stopped risk R.

    By the envelope theorem the best time may be held fixed: a central difference in log N of
    R(t*), with N continued to real values.
    """
    problem = problem_of(model)
    N = validate.n_train(n_train)
    check_order(order)
    at, h = _best(problem, N).at, 1e-3
    up, down = (_risk_at(problem, N * np.exp(s), at) for s in (h, -h))
    return float((np.log(up) - np.log(down)) / (2 * h))


@dataclass(frozen=True, eq=False)
class _FlowRisk:
    """Risk against log t on one contour that is safe up to ``times[-1]``."""

    problem: SpectralProblem
    parts: Equivalent
    times: FloatArray

    def __call__(self, log_t: float | FloatArray) -> FloatArray:
        flow = GradientFlow(np.exp(log_t))
        return self.problem.floor + self.parts.bias(flow) + self.parts.variance_term(flow)


def _flow_risk(problem: SpectralProblem, N: float) -> _FlowRisk:
    """From a time at which nothing is learned to one at which everything is."""
    spectrum = sample_spectrum(problem, N)
    l_min = float(problem.eigenvalues.min())
    slowest = max(spectrum.lower_edge, 1e-5 * l_min)  # at N = n the spectrum reaches down to 0
    first = problem.best_step(max(1, int(N))) or 1.0 / spectrum.high
    start, end = 1e-3 * min(1.0 / spectrum.high, first), 40.0 / slowest
    end = min(end, LONGEST / spectrum.high)
    count = int(np.ceil(GRID_PER_DECADE * np.log10(end / start))) + 1
    times = np.geomspace(start, end, count)
    return _FlowRisk(problem, equivalent(problem, N, spectrum, GradientFlow(times)), times)


def _best(problem: SpectralProblem, N: float) -> RiskPoint:
    if not np.any(problem.target_weights > 0):
        return _point(problem, 0.0, 0.0, 0.0)
    flow = _flow_risk(problem, N)
    log_t = np.log(flow.times)
    values = flow(log_t)
    i = int(np.argmin(values))
    if problem.dimension != N:
        end = ridge_limit(problem, N, effective_penalty_at_zero(problem, N))
        if problem.floor + sum(end) <= values[i] * (1.0 + TIE):
            return _point(problem, *end, np.inf)
    low, high = log_t[max(i - 1, 0)], log_t[min(i + 1, log_t.size - 1)]
    found = minimize_scalar(
        lambda x: float(flow(x)[0]), bounds=(low, high), method="bounded", options={"xatol": 1e-7}
    )
    best = found.x if found.fun <= values[i] else log_t[i]
    at = GradientFlow(np.exp(best))
    bias, variance = flow.parts.bias(at), flow.parts.variance_term(at)
    return _point(problem, float(bias[0]), float(variance[0]), float(np.exp(best)))


def _risk_at(problem: SpectralProblem, N: float, t: float) -> float:
    if t == 0.0:
        return problem.zero_risk
    if np.isinf(t):
        return problem.floor + sum(ridge_limit(problem, N, effective_penalty_at_zero(problem, N)))
    flow = GradientFlow(t)
    parts = equivalent(problem, N, sample_spectrum(problem, N), flow)
    return float(problem.floor + parts.bias(flow)[0] + parts.variance_term(flow)[0])


def _point(problem: SpectralProblem, bias: float, variance: float, at: float) -> RiskPoint:
    return RiskPoint(
        value=problem.floor + bias + variance,
        floor=problem.floor,
        bias=bias,
        variance=variance,
        at=at,
        method="theory, order 0",
    )
