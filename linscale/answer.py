"""One question, the best method: theory, or simulation where theory says it is not good enough.

``method="auto"`` asks theory first. Where theory's own estimate of its error exceeds ``accuracy``
(a share of the value), it asks simulation for as many training sets as that accuracy needs, up to
``trials``, and keeps whichever is surer. The result says which it was (``method``), how sure
(``error``) and what to know (``status``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from linscale import theory, validate
from linscale.errors import InvalidArgument, LinscaleError
from linscale.filters import Converged, Filter, GradientFlow
from linscale.problem import Model
from linscale.risk import RiskCurve, RiskPath, RiskPoint
from linscale.seeds import seed_sequence

METHODS = ("auto", "theory", "montecarlo")
ESTIMATORS = ("early_stopped", "converged", "pca")
ACCURACY = 0.003
TRIALS = 10_000  # most training sets that "auto" draws, and what "montecarlo" draws at most
PILOT = 100  # draws that say how many more are needed

Simulation = Callable[[int], Any]  # a number of trials -> RiskPath or RiskPoint


def risk(
    model: Model,
    n_train: int,
    filter: Filter,
    method: str = "auto",
    *,
    order: int = 1,
    accuracy: float = ACCURACY,
    trials: int = TRIALS,
    rng: Any = 0,
    workers: int = 1,
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

    Returns
    -------
    RiskPath
        Arrays of shape (T,).
    """

    def simulate(count: int) -> RiskPath:
        from linscale import montecarlo

        return montecarlo.risk(model, n_train, filter, trials=count, rng=rng, workers=workers)

    if _check(method, accuracy, trials) == "montecarlo":
        answer: RiskPath = _enough(simulate, accuracy, trials)
        return answer
    path = theory.risk(model, n_train, filter, order)
    poor = path.error > accuracy * np.abs(path.value)
    if method == "theory" or not np.any(poor):
        return path
    try:
        simulated: RiskPath = _enough(simulate, accuracy, trials, poor)
    except LinscaleError as error:
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
    method: str = "auto",
    *,
    order: int = 1,
    accuracy: float = ACCURACY,
    trials: int = TRIALS,
    rng: Any = 0,
    workers: int = 1,
) -> RiskPoint:
    """Smallest risk over gradient flow and where; arguments as in :func:`risk`."""

    def simulate(count: int) -> RiskPoint:
        from linscale import montecarlo

        return montecarlo.early_stopped(model, n_train, trials=count, rng=rng, workers=workers)

    return _point(
        method, accuracy, trials, lambda: theory.early_stopped(model, n_train, order), simulate
    )


def curve(
    model: Model,
    n_train: Sequence[int],
    estimator: str | Filter = "early_stopped",
    method: str = "auto",
    *,
    order: int = 1,
    accuracy: float = ACCURACY,
    trials: int = TRIALS,
    rng: Any = 0,
    workers: int = 1,
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
    if not isinstance(estimator, Filter) and estimator not in ESTIMATORS:
        raise InvalidArgument(
            "estimator", repr(estimator), ", ".join(map(repr, ESTIMATORS)) + " or a filter"
        )
    root = seed_sequence(rng)
    points = []
    for N in sizes:
        stream = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, N))
        points.append(
            _estimate(model, N, estimator, method, order, accuracy, trials, stream, workers)
        )
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

    at = early_stopped(model, n_train, rng=rng, workers=workers).at
    filter = Converged() if np.isinf(at) else GradientFlow(at)
    return montecarlo.risk(
        model, n_train, filter, trials=trials, rng=rng, workers=workers, residual="drawn"
    ).point(0)


def _estimate(
    model: Model,
    N: int,
    estimator: str | Filter,
    method: str,
    order: int,
    accuracy: float,
    trials: int,
    rng: Any,
    workers: int,
) -> RiskPoint:
    options: dict[str, Any] = {"accuracy": accuracy, "trials": trials, "rng": rng}
    options |= {"order": order, "workers": workers}
    if isinstance(estimator, Filter):
        return risk(model, N, estimator, method, **options).best
    if estimator == "early_stopped":
        return early_stopped(model, N, method, **options)

    def simulate(count: int) -> RiskPoint:
        from linscale import montecarlo

        ask = montecarlo.converged if estimator == "converged" else montecarlo.pca
        return ask(model, N, trials=count, rng=rng, workers=workers)

    ask = theory.converged if estimator == "converged" else theory.pca
    return _point(method, accuracy, trials, lambda: ask(model, N, order), simulate)


def _point(
    method: str,
    accuracy: float,
    trials: int,
    predict: Callable[[], RiskPoint],
    simulate: Simulation,
) -> RiskPoint:
    """One value by the method that was asked for."""
    if _check(method, accuracy, trials) == "montecarlo":
        simulated: RiskPoint = _enough(simulate, accuracy, trials)
        return simulated
    point = predict()
    if method == "theory" or point.error <= accuracy * abs(point.value):
        return point
    try:
        simulated = _enough(simulate, accuracy, trials)
    except LinscaleError as error:
        return replace(point, status=_refused(point.status, error))
    if not _prefer(point, simulated):
        return point
    return replace(simulated, status=_simulated(simulated.status))


def _enough(simulate: Simulation, accuracy: float, trials: int, where: Any = slice(None)) -> Any:
    """As many draws as bring the standard error to a third of the accuracy, up to ``trials``."""
    pilot = simulate(min(PILOT, trials))
    value, sem = np.atleast_1d(pilot.value)[where], np.atleast_1d(pilot.sem)[where]
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.nanmax(np.append(3.0 * sem / (accuracy * np.abs(value)), 0.0))
    needed = min(float(trials), np.ceil(PILOT * excess**2))
    return pilot if needed <= PILOT else simulate(int(needed))


def _check(method: str, accuracy: float, trials: int) -> str:
    if method not in METHODS:
        raise InvalidArgument("method", repr(method), "one of " + ", ".join(map(repr, METHODS)))
    validate.real("accuracy", accuracy)
    validate.integer("trials", trials, at_least=2)
    return method


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


def _refused(status: str, error: LinscaleError) -> str:
    said = f"less sure than was asked, and simulation is refused: {error}"
    return said if status == "ok" else f"{status}; {said}"
