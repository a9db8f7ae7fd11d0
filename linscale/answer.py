"""One question, the best method: theory, or simulation where theory says it is not good enough.

``method="auto"`` asks theory first. Where theory's own estimate of its error exceeds ``accuracy``
(a share of the value), it asks simulation for as many training sets as that accuracy needs, up to
``trials``, and keeps whichever is surer. The result says which it was (``method``), how sure
(``error``) and what to know (``status``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from linscale import theory
from linscale.errors import InvalidArgument, NotConverged, Unsupported
from linscale.filters import Converged, Filter, GradientFlow
from linscale.models.problem import Model
from linscale.results.risk import RiskCurve, RiskPath, RiskPoint
from linscale.support import validate
from linscale.support.seeds import seed_sequence
from linscale.theory.law import check_order

METHODS = ("auto", "theory", "montecarlo")
ESTIMATORS = ("early_stopped", "converged", "pca")
ACCURACY = 0.003
TRIALS = 10_000  # most training sets that "auto" draws, and what "montecarlo" draws at most
PILOT = 100  # draws that say how many more are needed

CANNOT = (Unsupported, NotConverged, MemoryError)  # why simulation may have no answer either

Simulation = Callable[[int], Any]  # a number of trials -> RiskPath or RiskPoint


@dataclass(frozen=True)
class _Options:
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


def risk(
    model: Model,
    n_train: int,
    filter: Filter,
    *,
    method: str = "auto",
    order: int = 1,
    accuracy: float = ACCURACY,
    trials: int = TRIALS,
    rng: Any = 0,
    workers: int = 1,
    complex_data: bool = False,
) -> RiskPath:
    """Risk along the filter's path; with "auto", point by point by the surer method.

    Parameters
    ----------
    model : SubspaceModel, InverseProblem or SpectralProblem
    n_train : int
        N >= 1.
    filter : Filter
        T parameter values.
    method : "auto", "theory" or "montecarlo"
    order : int
        Of the theory, 0 or 1.
    accuracy : float
        Relative error that is good enough; simulation aims at a third of it.
    trials : int
        Most training sets to draw.
    rng : None, int, SeedSequence or Generator
        Simulated numbers depend on it alone.
    workers : int
        Cores that the simulation uses.
    complex_data : bool
        Complex circular Gaussian data instead of real: theory alone, without the 1/N term, which
        is zero for them.

    Returns
    -------
    RiskPath
        Arrays of shape (T,).
    """
    options = _Options(method, order, accuracy, trials, rng, workers, complex_data)
    return _path(model, n_train, filter, options)


def _path(model: Model, n_train: int, filter: Filter, options: _Options) -> RiskPath:
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


def early_stopped(
    model: Model,
    n_train: int,
    *,
    method: str = "auto",
    order: int = 1,
    accuracy: float = ACCURACY,
    trials: int = TRIALS,
    rng: Any = 0,
    workers: int = 1,
    complex_data: bool = False,
) -> RiskPoint:
    """Smallest risk over gradient flow and where; arguments as in :func:`risk`."""
    options = _Options(method, order, accuracy, trials, rng, workers, complex_data)
    return _estimate(model, n_train, "early_stopped", options)


def curve(
    model: Model,
    n_train: Sequence[int],
    estimator: str | Filter = "early_stopped",
    *,
    method: str = "auto",
    order: int = 1,
    accuracy: float = ACCURACY,
    trials: int = TRIALS,
    rng: Any = 0,
    workers: int = 1,
    complex_data: bool = False,
) -> RiskCurve:
    """Risk against the number of training examples; other arguments as in :func:`risk`.

    Parameters
    ----------
    n_train : sequence of int
        In ascending order, each once.
    estimator : "early_stopped", "converged", "pca" or Filter
        With a filter, the lowest point of its path.

    Returns
    -------
    RiskCurve
        ``methods`` and ``statuses`` say of each value how it was found. Each n_train has its own
        random stream, so a value does not change when others are added.
    """
    sizes = [validate.n_train(N) for N in np.atleast_1d(np.asarray(n_train)).tolist()]
    if not sizes or np.any(np.diff(sizes) <= 0):
        raise InvalidArgument("n_train", list(sizes), "a list of integers in ascending order")
    known = isinstance(estimator, str) and estimator in ESTIMATORS
    if not isinstance(estimator, Filter) and not known:
        raise InvalidArgument(
            "estimator", repr(estimator), ", ".join(map(repr, ESTIMATORS)) + " or a filter"
        )
    options = _Options(method, order, accuracy, trials, rng, workers, complex_data)
    root = seed_sequence(rng)
    points = []
    for N in sizes:
        stream = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, N))
        points.append(_estimate(model, N, estimator, replace(options, rng=stream)))
    return RiskCurve.of(sizes, points)


def spread(
    model: Model,
    n_train: int,
    *,
    trials: int = 1000,
    rng: Any = 0,
    workers: int = 1,
) -> RiskPoint:
    """Mean and spread over training sets of the risk at the best stopping time.

    Training sets are drawn exactly, targets included (``residual="drawn"``), at the time that is
    best on average: ``std`` is the standard deviation over training sets, the paper's error bars.
    """
    from linscale import montecarlo

    _Options(trials=trials, rng=rng, workers=workers)  # judged before anything is drawn
    at = early_stopped(model, n_train, rng=rng, workers=workers).at
    filter = Converged() if np.isinf(at) else GradientFlow(at)
    return montecarlo.risk(
        model, n_train, filter, trials=trials, rng=rng, workers=workers, residual="drawn"
    ).point(0)


def _estimate(model: Model, N: int, estimator: str | Filter, options: _Options) -> RiskPoint:
    """One value by the method that was asked for."""
    if isinstance(estimator, Filter):
        return _path(model, N, estimator, options).best

    def simulate(count: int) -> RiskPoint:
        from linscale import montecarlo

        ask: Callable[..., RiskPoint] = getattr(montecarlo, estimator)
        return ask(model, N, **options.draws(count))

    if options.method == "montecarlo":
        simulated: RiskPoint = _enough(simulate, options)
        return simulated
    point: RiskPoint = getattr(theory, estimator)(model, N, **options.expansion)
    if options.method == "theory" or point.error <= options.accuracy * abs(point.value):
        return point
    try:
        simulated = _enough(simulate, options)
    except CANNOT as error:
        return replace(point, status=_refused(point.status, error))
    if not _prefer(point, simulated):
        return point
    return replace(simulated, status=_simulated(simulated.status))


def _enough(simulate: Simulation, options: _Options, where: Any = slice(None)) -> Any:
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
    return "simulated, as theory is not sure enough here" + (
        "" if status == "ok" else f"; {status}"
    )


def _refused(status: str, error: Exception) -> str:
    why = "not enough memory for this size" if isinstance(error, MemoryError) else error
    said = f"less sure than was asked, and simulation is refused: {why}"
    return said if status == "ok" else f"{status}; {said}"
