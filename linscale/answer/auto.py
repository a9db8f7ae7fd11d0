"""Theory, or simulation where theory says it is not good enough.

``method="auto"`` asks theory first. Where theory's own estimate of its error exceeds ``accuracy``
(a share of the value), it asks simulation for as many training sets as that accuracy needs, up to
``trials``, and keeps whichever is surer. The result says which it was (``method``), how sure
(``error``) and what to know (``status``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from linscale import theory
from linscale.answer.estimator import Estimator
from linscale.errors import InvalidArgument, NotConverged, Unsupported
from linscale.filters import Filter
from linscale.models.problem import Model
from linscale.results.risk import RiskPath, RiskPoint
from linscale.results.words import SIMULATED
from linscale.support import validate
from linscale.support.seeds import seed_sequence
from linscale.theory.law import check_order

METHODS = ("auto", "theory", "montecarlo")
ACCURACY = 0.003
TRIALS = 10_000  # most training sets that "auto" draws, and what "montecarlo" draws at most
PILOT = 100  # draws that say how many more are needed

CANNOT = (Unsupported, NotConverged, MemoryError)  # why simulation may have no answer either

Simulation = Callable[[int], Any]  # a number of trials -> RiskPath or RiskPoint


@dataclass(frozen=True)
class Options:
    """What every question here takes besides its own arguments."""

    method: str = "auto"
    order: int = 1
    accuracy: float = ACCURACY
    trials: int = TRIALS
    rng: Any = 0
    workers: int = 1
    complex_data: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.method, str) or self.method not in METHODS:
            known = "one of " + ", ".join(map(repr, METHODS))
            raise InvalidArgument("method", repr(self.method), known)
        validate.real("accuracy", self.accuracy)
        validate.integer("trials", self.trials, at_least=2)
        validate.integer("workers", self.workers, at_least=1)
        validate.flag("complex_data", self.complex_data)
        check_order(self.order)
        seed_sequence(self.rng)

    @property
    def expansion(self) -> dict[str, Any]:
        """What theory is given."""
        return {"order": self.order, "complex_data": self.complex_data}

    def draws(self, count: int) -> dict[str, Any]:
        """What simulation is given."""
        if self.complex_data:
            raise Unsupported("simulation draws real data; complex_data=True is for theory alone")
        return {"trials": count, "rng": self.rng, "workers": self.workers}


def along(model: Model, n_train: int, filter: Filter, options: Options) -> RiskPath:
    """A filter's path by the method that was asked for, point by point where it is "auto"."""

    def simulate(count: int) -> RiskPath:
        from linscale import montecarlo

        return montecarlo.risk(model, n_train, filter, **options.draws(count))

    if options.method == "montecarlo":
        answer: RiskPath = _enough(simulate, options)
        return answer
    path = theory.risk(model, n_train, filter, **options.expansion)
    poor = path.error > options.accuracy * np.abs(path.value)
    if options.method == "theory" or not np.any(poor):
        return path
    try:
        simulated: RiskPath = _enough(simulate, options, poor)
    except CANNOT as error:
        statuses = (
            _refused(s, error) if p else s for s, p in zip(path.statuses, poor, strict=True)
        )
        return replace(path, statuses=tuple(statuses))
    chosen = poor & _prefer(path, simulated)
    columns = {
        name: np.where(chosen, getattr(simulated, name), getattr(path, name))
        for name in ("value", "bias", "variance", "error", "sem", "std")
    }
    return replace(
        path,
        **columns,
        method=f"{path.method}; at {chosen.sum()} of {chosen.size} points {simulated.method}"
        if np.any(chosen)
        else path.method,
        methods=tuple(simulated.method if take else path.method for take in chosen),
        statuses=tuple(
            _simulated(new) if take else old
            for take, old, new in zip(chosen, path.statuses, simulated.statuses, strict=True)
        ),
    )


def point(model: Model, N: int, estimator: Estimator | Filter, options: Options) -> RiskPoint:
    """One value by the method that was asked for; of a filter, the lowest point of its path."""
    if isinstance(estimator, Filter):
        return along(model, N, estimator, options).best

    def simulate(count: int) -> RiskPoint:
        return estimator.simulation(model, N, **options.draws(count))

    if options.method == "montecarlo":
        return cast(RiskPoint, _enough(simulate, options))
    try:
        predicted = estimator.theory(model, N, **options.expansion)
    except Unsupported as refusal:
        if options.method == "theory":
            raise
        try:
            return cast(RiskPoint, _enough(simulate, options))
        except Unsupported:
            raise refusal from None
    if not isinstance(predicted, RiskPoint):
        raise InvalidArgument(
            "estimator", type(estimator).__name__,
            f"one whose theory returns a RiskPoint, not a {type(predicted).__name__}",
        )  # fmt: skip
    if options.method == "theory" or predicted.error <= options.accuracy * abs(predicted.value):
        return predicted
    try:
        simulated: RiskPoint = _enough(simulate, options)
    except CANNOT as error:
        return replace(predicted, status=_refused(predicted.status, error))
    if not _prefer(predicted, simulated):
        return predicted
    return replace(simulated, status=_simulated(simulated.status))


def _enough(simulate: Simulation, options: Options, where: Any = slice(None)) -> Any:
    """As many draws as bring the standard error to a third of the accuracy, up to ``trials``."""
    pilot = simulate(min(PILOT, options.trials))
    value, sem = np.atleast_1d(pilot.value)[where], np.atleast_1d(pilot.sem)[where]
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.nanmax(np.append(3.0 * sem / (options.accuracy * np.abs(value)), 0.0))
    needed = min(float(options.trials), np.ceil(PILOT * excess**2))
    return pilot if needed <= PILOT else simulate(int(needed))


def _prefer(predicted: Any, simulated: Any) -> Any:
    """Where simulation is surer, or contradicts the theory by more than both errors allow."""
    sem = np.where(np.isnan(simulated.error), np.inf, simulated.error)
    with np.errstate(invalid="ignore"):
        apart = np.abs(simulated.value - predicted.value) > predicted.error + 4.0 * sem
    return (sem < predicted.error) | apart


def _simulated(status: str) -> str:
    return SIMULATED + ("" if status == "ok" else f"; {status}")


def _refused(status: str, error: Exception) -> str:
    why = "not enough memory for this size" if isinstance(error, MemoryError) else error
    said = f"less sure than was asked, and simulation is refused: {why}"
    return said if status == "ok" else f"{status}; {said}"
