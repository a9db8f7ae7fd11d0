"""Where more data stops helping: the number of examples for a target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linscale.errors import InvalidArgument
from linscale.models.problem import Model
from linscale.results.uncertain import UncertainInt
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.theory import trust
from linscale.theory.exponents import exponent_at
from linscale.theory.law import Law, check_order, law_of
from linscale.theory.stopping import best_over_flow, lowest_over_flow

LARGEST_PSNR = 1000.0  # dB
ROUNDING = 8 * np.finfo(float).eps  # of a target, relative
PATIENCE = 20  # evaluations
FLATTEST = -0.05  # slope that a search goes by
FARTHEST = np.log(1000.0)  # of a guess from what has been seen, in log N


@one_thread()
def saturation(
    model: Model, tolerance: float = 0.01, *, order: int = 1, complex_data: bool = False
) -> UncertainInt:
    r"""Smallest n_train whose early-stopped risk is at most (1 + tolerance) floor.

    Beyond it, less than ``tolerance`` (relative) is left to gain from more examples.

    Derivation: `exponents`.

    Parameters
    ----------
    model, order, complex_data : Model, {0, 1}, bool
        As for :func:`linscale.theory.risk`.
    tolerance : float
        Above 0; a share of the floor.

    Returns
    -------
    UncertainInt
        An int; its ``error`` is that of the risk there over the slope of the curve.

    Raises
    ------
    InvalidArgument
        tolerance <= 0, a floor of 0, or an answer above 10^15.
    Unsupported, NotConverged
        As for :func:`linscale.theory.risk`.

    Examples
    --------
    One example fewer, and the risk is more than 1 % above the floor:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> N = int(ls.theory.saturation(model, tolerance=0.01))
    >>> N
    1155
    >>> limit = 1.01 * ls.theory.floor(model)
    >>> [ls.theory.early_stopped(model, count).value <= limit for count in (N - 1, N)]
    [False, True]
    """
    law, tol = law_of(model, complex_data), validate.real("tolerance", tolerance)
    check_order(order)
    return saturation_of(law, tol, order)


def saturation_of(
    law: Law, tolerance: float = 0.01, order: int = 1, start: float = 0.0
) -> UncertainInt:
    """The same for a law; the search begins at ``start``."""
    return _with_error(law, saturation_n_train(law, tolerance, order, start), order)


def saturation_n_train(
    law: Law, tolerance: float = 0.01, order: int = 1, start: float = 0.0
) -> int:
    """The number alone, without the work of an estimate of its error."""
    if law.floor == 0.0:
        raise InvalidArgument("floor", 0.0, "above 0 for the risk to come within a ratio of it")
    target = (1.0 + tolerance) * law.floor
    return smallest_n_train(law, target, order, "tolerance", tolerance, start)


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

    Parameters
    ----------
    model, order, complex_data : Model, {0, 1}, bool
        As for :func:`linscale.theory.risk`.
    risk : float
        The target, above the floor; or else
    psnr : float
        the same in dB, within 1000 of 0. One of the two is given.

    Returns
    -------
    UncertainInt

    Raises
    ------
    InvalidArgument
        A target that the best linear estimator does not reach with any number of examples, or
        one that needs more than 10^15; both targets, or none.
    Unsupported, NotConverged
        As for :func:`linscale.theory.risk`.

    Examples
    --------
    From the number of examples to the risk and back:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> target = ls.theory.early_stopped(model, 30).value
    >>> int(ls.theory.required_n_train(model, risk=target))
    30
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
    return _with_error(law, smallest_n_train(law, target, order, name, value), order)


def smallest_n_train(
    law: Law, target: float, order: int, name: str, value: Any, start: float = 0.0
) -> int:
    """By secants of log excess in log N, which falls as 1/N at large N.

    A risk that is above the target by no more than a contour promises has reached it, so that the
    risk of N leads back to N, on any processor. The search begins at ``start``, or at n if nothing
    better is known; ``name`` and ``value`` are what an answer above 10^15 is blamed on.
    """
    aim = (target - law.floor) * (1.0 + trust.CONTOUR) + ROUNDING * target

    def above(n_train: int) -> float:
        excess = lowest_over_flow(law, law.examples(n_train), order) - law.floor
        return float(np.log(max(excess, 1e-300) / aim))

    N = int(np.clip(np.round(start or law.dimension), 1, validate.LARGEST_N_TRAIN))
    search = _Search(low=0, high=validate.LARGEST_N_TRAIN + 1)
    while search.open:
        search.saw(N, above(N))
        N = search.next()
    if search.high > validate.LARGEST_N_TRAIN:
        raise InvalidArgument(name, value, "looser: it needs over 10^15 examples")
    return search.high


@dataclass
class _Search:
    """low is too few and high enough, as far as has been seen."""

    low: int
    high: int
    seen: dict[int, float] = field(default_factory=dict)  # log of excess over aim, by N
    stride: int = 1  # doubles wherever a guess falls outside

    @property
    def open(self) -> bool:
        return self.high - self.low > 1

    def saw(self, N: int, above: float) -> None:
        self.seen[N] = above
        if above > 0.0:
            self.low = max(self.low, N)
        else:
            self.high = min(self.high, N)

    def next(self) -> int:
        """Strictly between low and high, if there is anything between."""
        guess = self._crossing()
        if len(self.seen) > PATIENCE and self.low and self.high in self.seen:
            guess = np.sqrt(float(self.low) * self.high)  # curves that a secant does not follow
        N = int(np.ceil(np.clip(guess, 1.0, validate.LARGEST_N_TRAIN)))
        if not self.low < N < self.high:
            N = self.low + self.stride if N <= self.low else self.high - self.stride
            self.stride *= 2
        return min(max(N, self.low + 1), self.high - 1)

    def _crossing(self) -> float:
        """Of the line through the two points nearest to 0, or one of slope -1."""
        x, y = zip(*sorted(self.seen.items(), key=lambda item: abs(item[1]))[:2], strict=True)
        slope = -1.0
        if len(x) > 1:
            slope = min((y[1] - y[0]) / (np.log(x[1]) - np.log(x[0])), FLATTEST)
        return float(x[0] * np.exp(np.clip(-y[0] / slope, -FARTHEST, FARTHEST)))


def _with_error(law: Law, n_train: int, order: int) -> UncertainInt:
    """N is off by the error of the risk there over the slope of the curve."""
    best = best_over_flow(law, law.examples(n_train), order)
    if best.value == 0.0:
        return UncertainInt(n_train)
    slope = abs(float(exponent_at(law, n_train, order, best))) * best.value
    error = n_train * best.error / slope if slope > 0.0 else np.inf
    if best.status == "ok" and error > trust.NOTEWORTHY * n_train:
        status = f"the expansion tells n_train to about {error:.1g} only"
        return UncertainInt(n_train, error, status)
    return UncertainInt(n_train, error, best.status)
