"""What may be asked: risk, early_stopped, curve, spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.answer import auto
from linscale.answer.auto import ACCURACY, TRIALS, Options
from linscale.answer.estimator import EarlyStopped, Estimator, estimator_of
from linscale.errors import InvalidArgument
from linscale.filters import Converged, Filter, GradientFlow
from linscale.models.problem import Model
from linscale.results.risk import RiskCurve, RiskPath, RiskPoint
from linscale.support import validate
from linscale.support.seeds import root_of


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

    The options are those of :func:`linscale.theory.risk` and of :func:`linscale.montecarlo.risk`
    which make sense of both, and ``accuracy`` to choose by. ``trials`` are the most that it draws,
    not as many as it draws.

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
        Arrays of shape (T,); ``methods`` and ``statuses`` say of each point how it was found.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.
    StepTooLarge
        A step at which descent diverges.
    Unsupported
        With "montecarlo": data that cannot be drawn, such as complex ones.

    Examples
    --------
    With few examples theory is not sure to 0.3 %, and simulation is asked:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    >>> flow = ls.GradientFlow([1e-3, 5.0])
    >>> path = ls.risk(model, 12, flow, trials=200)
    >>> [method.split(",")[0] for method in path.methods]
    ['theory', 'montecarlo']
    """
    options = Options(method, order, accuracy, trials, rng, workers, complex_data)
    return auto.along(model, n_train, filter, options)


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
    """Smallest risk over gradient flow and where; arguments as in :func:`risk`.

    The options are those of :func:`linscale.theory.early_stopped` and of
    :func:`linscale.montecarlo.early_stopped` which make sense of both, and ``accuracy`` to choose
    by. ``trials`` are the most that it draws, not as many as it draws.

    Returns
    -------
    RiskPoint
        ``at`` is the best time: inf where none beats convergence, 0 where nothing can be learned.

    Raises
    ------
    InvalidArgument, Unsupported
        As in :func:`risk`.

    Examples
    --------
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    >>> best = ls.early_stopped(model, 200)
    >>> print(f"{best.value:.5f} at t = {best.at:.1f}, by {best.method}")
    0.00263 at t = 12.2, by theory, order 1
    """
    options = Options(method, order, accuracy, trials, rng, workers, complex_data)
    return auto.point(model, n_train, EarlyStopped(), options)


def curve(
    model: Model,
    n_train: Sequence[int] | NDArray[np.integer[Any]],
    estimator: str | Estimator | type[Estimator] | Filter = "early_stopped",
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
    estimator : "early_stopped", "converged", "pca", "best_ridge", another Estimator or Filter
        With a filter, the lowest point of its path.

    Returns
    -------
    RiskCurve
        ``methods`` and ``statuses`` say of each value how it was found. Each n_train has its own
        random stream, so a value does not change when others are added.

    Raises
    ------
    InvalidArgument
        n_train out of order, an estimator that does not exist, and as in :func:`risk`.
    Unsupported
        An estimator that does not go with the model: PCA needs a subspace model.

    Examples
    --------
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    >>> curve = ls.curve(model, [100, 1000, 10_000], "best_ridge")
    >>> (curve.value / curve.floor).round(2)
    array([1.2 , 1.03, 1.01])
    """
    sizes = [validate.n_train(N) for N in np.atleast_1d(np.asarray(n_train)).tolist()]
    if not sizes or np.any(np.diff(sizes) <= 0):
        raise InvalidArgument("n_train", list(sizes), "a list of integers in ascending order")
    chosen = estimator_of(estimator)
    options = Options(method, order, accuracy, trials, rng, workers, complex_data)
    root = root_of(rng)
    points = []
    for N in sizes:
        stream = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, N))
        points.append(auto.point(model, N, chosen, replace(options, rng=stream)))
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
    Its ``trials`` is how many are drawn, as in :mod:`linscale.montecarlo`, since nothing else than
    simulation knows a spread. Other arguments as in :func:`risk`.

    Returns
    -------
    RiskPoint
        With ``std`` and ``sem``; ``at`` is the time.

    Raises
    ------
    InvalidArgument, Unsupported
        As in :func:`risk`.

    Examples
    --------
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=40, d=4, sigma=0.05)
    >>> point = ls.spread(model, 60, trials=200)
    >>> bool(0.0 < point.sem < point.std < point.value)
    True
    """
    from linscale import montecarlo

    Options(trials=trials, rng=rng, workers=workers)  # judged before anything is drawn
    at = early_stopped(model, n_train, rng=rng, workers=workers).at
    filter = Converged() if np.isinf(at) else GradientFlow(at)
    return montecarlo.risk(
        model, n_train, filter, trials=trials, rng=rng, workers=workers, residual="drawn"
    ).point(0)
