"""Where more data stops helping: the number of examples for a target, exponents, power laws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InvalidArgument
from linscale.filters import GradientFlow
from linscale.models.problem import Model
from linscale.results.risk import RiskPoint
from linscale.results.uncertain import UncertainInt
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import FloatArray
from linscale.theory import trust
from linscale.theory.assembly import parts
from linscale.theory.law import Law, check_order, law_of
from linscale.theory.stopping import best_over_flow

LARGEST_PSNR = 1000.0  # dB
ROUNDING = 8 * np.finfo(float).eps  # of a target, relative
STEEPEST = 3.0


@one_thread()
def saturation(
    model: Model, tolerance: float = 0.01, order: int = 1, *, complex_data: bool = False
) -> UncertainInt:
    r"""Smallest n_train whose early-stopped risk is at most (1 + tolerance) floor.

    Beyond it, less than ``tolerance`` (relative) is left to gain from more examples.

    Derivation: `exponents`.

    Returns
    -------
    UncertainInt
        An int; its ``error`` is that of the risk there over the slope of the curve.

    Raises
    ------
    InvalidArgument
        tolerance <= 0, a floor of 0, or an answer above 10^15.
    """
    law, tol = law_of(model, complex_data), validate.real("tolerance", tolerance)
    check_order(order)
    if law.floor == 0.0:
        raise InvalidArgument("floor", 0.0, "above 0 for the risk to come within a ratio of it")
    return _smallest(law, (1.0 + tol) * law.floor, order, "tolerance", tolerance)


@one_thread()
def required_n_train(
    model: Model,
    *,
    risk: float | None = None,
    psnr: float | None = None,
    order: int = 1,
    complex_data: bool = False,
) -> UncertainInt:
    r"""Smallest n_train whose early-stopped risk is at most ``risk``, or whose PSNR is reached.

    The inverse of the learning curve. PSNR is -10 log10(risk) in dB, for signals whose peak is 1
    and risks per pixel. The answer is an int with an ``error``, as in :func:`saturation`.

    Raises
    ------
    InvalidArgument
        A target that the best linear estimator does not reach with any number of examples, or
        one that needs more than 10^15.
    """
    law = law_of(model, complex_data)
    check_order(order)
    if (risk is None) == (psnr is None):
        raise InvalidArgument("risk, psnr", (risk, psnr), "given one of the two")
    name: str
    value: float | None
    if risk is not None:
        name, value, target = "risk", risk, validate.real("risk", risk)
    else:
        name, value = "psnr", psnr
        decibels = validate.finite("psnr", psnr)
        if abs(decibels) > LARGEST_PSNR:
            raise InvalidArgument(name, value, f"within {LARGEST_PSNR:.0f} dB of 0")
        target = 10.0 ** (-decibels / 10.0)
    if target <= law.floor:
        best = law.floor if name == "risk" else -10.0 * np.log10(law.floor)
        side = "above" if name == "risk" else "below"
        raise InvalidArgument(
            name, value, f"{side} {best:.6g}, which is the most that any number of examples gives"
        )
    return _smallest(law, target, order, name, value)


def _smallest(law: Law, target: float, order: int, name: str, value: Any) -> UncertainInt:
    """By doubling, then by interpolation of log excess in log N: it falls as 1/N at large N.

    A risk that is above the target by no more than a contour promises has reached it, so that the
    risk of N leads back to N, on any processor.
    """
    aim = (target - law.floor) * (1.0 + trust.CONTOUR) + ROUNDING * target

    def excess(n_train: int) -> float:
        return best_over_flow(law, law.examples(n_train), order).value - law.floor

    def too_many() -> InvalidArgument:
        return InvalidArgument(name, value, "looser: it needs over 10^15 examples")

    high, low = 1, 0
    guess = law.guess()
    if guess is not None:
        high = int(_smallest(guess, target, order, name, value))
    ends = {high: excess(high)}
    while ends[high] > aim:
        low, high = high, 2 * high
        if high > validate.LARGEST_N_TRAIN:
            raise too_many()
        ends[high] = excess(high)
    while low == 0 and high > 1:  # only where the start was not 1
        middle = high // 2
        ends[middle] = excess(middle)
        low, high = (0, middle) if ends[middle] <= aim else (middle, high)
    weight = {low: 1.0, high: 1.0}
    while high - low > 1:
        middle = _between(low, high, *(w * _log(ends[N], aim) for N, w in weight.items()))
        ends[middle] = excess(middle)
        if ends[middle] <= aim:
            weight = {low: 0.5 * weight[low], middle: 1.0}
            high = middle
        else:
            weight = {middle: 1.0, high: 0.5 * weight[high]}
            low = middle
    return _with_error(law, high, order)


def _log(excess: float, aim: float) -> float:
    return float(np.log(max(excess, 1e-300) / aim))


def _between(low: int, high: int, above: float, below: float) -> int:
    """Where a straight line through both ends crosses 0, strictly inside."""
    share = above / (above - below) if above > below else 0.5
    guess = low * (high / low) ** share
    return min(max(int(np.round(guess)), low + 1), high - 1)


def _with_error(law: Law, n_train: int, order: int) -> UncertainInt:
    """N is off by the error of the risk there over the slope of the curve."""
    best = best_over_flow(law, law.examples(n_train), order)
    if best.value == 0.0:
        return UncertainInt(n_train)
    slope = abs(float(_exponent(law, n_train, order, best))) * best.value
    error = n_train * best.error / slope if slope > 0.0 else np.inf
    if best.status == "ok" and error > trust.NOTEWORTHY * n_train:
        status = f"the expansion tells n_train to about {error:.1g} only"
        return UncertainInt(n_train, error, status)
    return UncertainInt(n_train, error, best.status)


@dataclass(frozen=True)
class LocalExponent:
    """d log R / d log N of the early-stopped risk, and what it is made of.

    Attributes
    ----------
    value : float
        The exponent; ``float()`` gives it too.
    from_bias, from_variance : float
        Its two parts, N (d bias/dN)/R and N (d variance/dN)/R; the floor has none.
    floor_share, bias_share, variance_share : float
        Shares of the risk; they sum to 1.
    error : float
        Of the exponent: what the expansion leaves out of the risk falls at most as N^-3.
    status : str
        "ok", or what to know before trusting the value.
    """

    value: float
    from_bias: float
    from_variance: float
    floor_share: float
    bias_share: float
    variance_share: float
    error: float = 0.0
    status: str = "ok"

    def __float__(self) -> float:
        return self.value


@one_thread()
def local_exponent(
    model: Model, n_train: int, order: int = 1, *, complex_data: bool = False
) -> LocalExponent:
    r"""Local exponent d log R / d log N of the early-stopped risk R.

    By the envelope theorem the best time may be held fixed: a central difference in log N of
    R(t*), with N continued to real values.

    Derivation: `exponents`.
    """
    law, N = law_of(model, complex_data), validate.n_train(n_train)
    check_order(order)
    return _exponent(law, N, order, best_over_flow(law, law.examples(N), order))


def _exponent(law: Law, n_train: int, order: int, best: RiskPoint) -> LocalExponent:
    """At N, where ``best`` is the smallest risk."""
    if best.value == 0.0:
        raise InvalidArgument("n_train", n_train, "smaller: without noise the risk is 0 there")
    h = 1e-3
    up, down = (_parts_at(law, law.examples(n_train * np.exp(s)), best.at, order) for s in (h, -h))
    slopes = (up - down) / (2.0 * h) / best.value
    return LocalExponent(
        value=float(slopes.sum()),
        from_bias=float(slopes[0]),
        from_variance=float(slopes[1]),
        floor_share=law.floor / best.value,
        bias_share=best.bias / best.value,
        variance_share=best.variance / best.value,
        error=(STEEPEST + abs(float(slopes.sum()))) * best.error / best.value,
        status=best.status,
    )


def _parts_at(law: Law, N: float, t: float, order: int) -> FloatArray:
    """Bias and variance of gradient flow at time t."""
    if t == 0.0:
        return np.array([law.zero_risk - law.floor, 0.0])
    spectrum = law.spectrum(N)
    if np.isinf(t):
        terms = law.converged(N, spectrum)
    else:
        flow = GradientFlow(t)
        terms = law.equivalent(N, spectrum, flow).terms(flow)
    return np.array([part[0] for part in parts(law, terms, order)])


@dataclass(frozen=True, eq=False)
class PowerLaw:
    """metric = coefficient N^exponent, fitted over a window of N.

    Attributes
    ----------
    largest_deviation : float
        Largest relative distance of the curve from the fit: a power law describes the window no
        better than that.
    error, coefficient_error : float
        Of the exponent and of the coefficient, should the errors of the curve's points conspire.
    status : str
        "ok", or what to know about some of the points.
    """

    coefficient: float
    exponent: float
    largest_deviation: float
    error: float
    coefficient_error: float
    status: str
    n_train: NDArray[np.int64]
    metric: FloatArray


@one_thread()
def power_law(
    model: Model,
    smallest: int,
    largest: int,
    *,
    metric: str = "risk",
    points: int = 20,
    order: int = 1,
    complex_data: bool = False,
) -> PowerLaw:
    r"""The power law that a user would fit to the learning curve between two n_train.

    A straight line by least squares through log metric against log N, at ``points`` values of N
    spread evenly in log N. The paper fits the *PSNR*, metric = beta N^alpha: its exponent is that
    of R times 1/ln R, so it is small even where the risk falls steeply.

    Derivation: `exponents`.

    Parameters
    ----------
    metric : "risk" or "psnr"
        PSNR is -10 log10(risk), and must be positive over the window.

    Source: Klug and Heckel, ICLR 2023, for the form.
    """
    law = law_of(model, complex_data)
    low, high = validate.n_train(smallest), validate.n_train(largest)
    check_order(order)
    if not isinstance(metric, str) or metric not in ("risk", "psnr"):
        raise InvalidArgument("metric", repr(metric), "'risk' or 'psnr'")
    if high <= low:
        raise InvalidArgument("largest", largest, f"above smallest = {smallest}")
    count = validate.integer("points", points, at_least=2, at_most=10_000)
    sizes = np.unique(np.round(np.geomspace(low, high, count)).astype(np.int64))
    best = [best_over_flow(law, law.examples(int(N)), order) for N in sizes]
    values = np.array([point.value for point in best])
    if values.min() == 0.0:
        raise InvalidArgument("largest", largest, "smaller: without noise the risk is 0 there")
    off_by = np.array([point.error for point in best]) / values
    if metric == "psnr":
        off_by = off_by / np.abs(np.log(values))  # d log PSNR = d log R / ln R
        values = -10.0 * np.log10(values)
        if values.min() <= 0.0:
            raise InvalidArgument("metric", "psnr", "'risk' here: the PSNR is not positive")
    slope, intercept = np.polyfit(np.log(sizes), np.log(values), 1)
    x = np.log(sizes)
    spread = x - x.mean()
    pull = spread / (spread @ spread)  # exponent = pull @ log metric
    raised = 1.0 / x.size - x.mean() * pull  # log coefficient = raised @ log metric
    doubtful = sum(point.status != "ok" for point in best)
    off = np.log(values) - (intercept + slope * np.log(sizes))
    return PowerLaw(
        coefficient=float(np.exp(intercept)),
        exponent=float(slope),
        largest_deviation=float(np.max(np.abs(np.expm1(off)))),
        error=float(np.abs(pull) @ off_by),
        coefficient_error=float(np.exp(intercept) * (np.abs(raised) @ off_by)),
        status=f"{doubtful} of {len(best)} points are doubtful" if doubtful else "ok",
        n_train=sizes,
        metric=values,
    )
