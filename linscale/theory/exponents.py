"""How steep the learning curve is: its local exponent, and power laws as users fit them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InvalidArgument
from linscale.filters import GradientFlow
from linscale.models.problem import Model
from linscale.results.risk import RiskPoint
from linscale.results.words import span, with_error
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import FloatArray
from linscale.theory.assembly import parts
from linscale.theory.law import Law, check_order, law_of
from linscale.theory.stopping import best_over_flow

STEEPEST = 3.0


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

    Examples
    --------
    >>> import linscale as ls
    >>> slope = ls.theory.local_exponent(ls.SubspaceModel(n=100, d=10, sigma=0.1), 100)
    >>> print(f"{slope.value:.2f} = {slope.from_bias:.2f} {slope.from_variance:+.2f}")
    -0.15 = -0.04 -0.11
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

    def __repr__(self) -> str:
        return f"LocalExponent({with_error(self.value, self.error)}, status={self.status!r})"


@one_thread()
def local_exponent(
    model: Model, n_train: int, *, order: int = 1, complex_data: bool = False
) -> LocalExponent:
    r"""Local exponent d log R / d log N of the early-stopped risk R.

    By the envelope theorem the best time may be held fixed: a central difference in log N of
    R(t*), with N continued to real values.

    Derivation: `exponents`.

    Parameters
    ----------
    model, n_train, order, complex_data : Model, int, {0, 1}, bool
        As for :func:`linscale.theory.risk`.

    Returns
    -------
    LocalExponent
        A number, negative where more examples help, with what it is made of.

    Raises
    ------
    InvalidArgument, Unsupported, NotConverged
        As for :func:`linscale.theory.risk`; also the first where the risk is 0.

    Examples
    --------
    The curve is steep where the subspace has just been found (d = 10), and then no more:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> [f"{float(ls.theory.local_exponent(model, N)):.1g}" for N in (30, 100, 1000)]
    ['-0.9', '-0.1', '-0.01']

    At the end there is only the floor, and what can be learned falls as 1/N:

    >>> late = ls.theory.local_exponent(model, 100_000)
    >>> print(f"{late.value / (1 - late.floor_share):.2f}")
    -1.00
    """
    law, N = law_of(model, complex_data), validate.n_train(n_train)
    check_order(order)
    return exponent_at(law, N, order, best_over_flow(law, law.examples(N), order))


def exponent_at(law: Law, n_train: int, order: int, best: RiskPoint) -> LocalExponent:
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
    coefficient, exponent : float
        In the units of the metric, and a plain number.
    largest_deviation : float
        Largest relative distance of the curve from the fit: a power law describes the window no
        better than that.
    error, coefficient_error : float
        Of the exponent and of the coefficient, should the errors of the curve's points conspire.
    status : str
        "ok", or what to know about some of the points.
    n_train, metric : (K,) arrays
        The points of the curve, K at most as many as were asked for.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> fit = ls.theory.power_law(ls.SubspaceModel(n=100, d=10, sigma=0.1), 20, 100, points=4)
    >>> off = fit.metric / (fit.coefficient * fit.n_train**fit.exponent) - 1
    >>> bool(np.isclose(np.abs(off).max(), fit.largest_deviation))
    True
    """

    coefficient: float
    exponent: float
    largest_deviation: float
    error: float
    coefficient_error: float
    status: str
    n_train: NDArray[np.int64]
    metric: FloatArray

    def __repr__(self) -> str:
        return (
            f"PowerLaw(({with_error(self.coefficient, self.coefficient_error)}) "
            f"N^({with_error(self.exponent, self.error)}), n_train={span(self.n_train)}, "
            f"largest_deviation={self.largest_deviation:.2g}, status={self.status!r})"
        )


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

    Source: Klug and Heckel, ICLR 2023, for the form.

    Parameters
    ----------
    model, order, complex_data : Model, {0, 1}, bool
        As for :func:`linscale.theory.risk`.
    smallest, largest : int
        The window of n_train, from 1 to 10^15.
    metric : "risk" or "psnr"
        PSNR is -10 log10(risk), and must be positive over the window.
    points : int
        2 to 10,000; those that round to the same N count once.

    Returns
    -------
    PowerLaw
        Coefficient, exponent, their errors, and how far from a power law the curve is.

    Raises
    ------
    InvalidArgument, Unsupported, NotConverged
        As for :func:`linscale.theory.risk`; also the first where the risk reaches 0, or a PSNR is
        not positive.

    Examples
    --------
    The exponent is that of the window, and so is how well a power law describes it:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> for smallest, largest in ((50, 250), (200, 1000)):
    ...     fit = ls.theory.power_law(model, smallest, largest, points=5)
    ...     print(f"N^{fit.exponent:.2f}, within {fit.largest_deviation:.0%}")
    N^-0.15, within 3%
    N^-0.03, within 1%
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
