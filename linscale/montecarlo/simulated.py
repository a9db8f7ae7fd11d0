"""Risks by simulation: the same questions as the theory, answered with a standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from linscale.errors import InvalidArgument
from linscale.filters import Converged, Filter, GradientFlow, Ridge
from linscale.models.problem import Model, SpectralProblem
from linscale.montecarlo import summary
from linscale.montecarlo.chebyshev import TOLERANCE
from linscale.montecarlo.draws import train
from linscale.montecarlo.engine import simulate
from linscale.montecarlo.laws import gaussian_law
from linscale.montecarlo.sampler import Sampler, sampler_of
from linscale.montecarlo.workers import Progress
from linscale.results.risk import RiskPath, RiskPoint
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import FloatArray


def risk(
    model: Model,
    n_train: int,
    filter: Filter,
    *,
    trials: int = 1000,
    rng: Any = 0,
    engine: str = "auto",
    residual: str = "averaged",
    workers: int = 1,
    progress: Progress = None,
    tolerance: float = TOLERANCE,
) -> RiskPath:
    r"""Risk along the filter's path, mean over ``trials`` training sets with its standard error.

    ``trials``, ``rng``, ``engine``, ``residual``, ``workers``, ``progress`` and ``tolerance`` are
    options of what draws. An expansion, :func:`linscale.theory.risk`, has ``order`` in their place;
    :func:`linscale.risk`, which chooses between the two, has options of both, and its ``trials``
    are the most that it draws.

    Parameters
    ----------
    model : SubspaceModel, InverseProblem or SpectralProblem
        Or any for which a sampler is registered (:class:`linscale.montecarlo.Sampler`).
    n_train : int
        N, the number of training pairs, from 1 to 10^15.
    filter : Filter
        T parameter values.
    trials : int
        Number of training sets; a single one has a standard error of nan.
    rng : None, int, SeedSequence or Generator
        The numbers depend on it alone, not on ``workers``.
    engine : "auto", "band", "wishart", "dense" or "cupy"
        "dense" draws actual data (x_i, y_i). "band" (subspace models) and "wishart" (any model)
        draw from the same law without data, at a cost that does not grow with N. "auto" takes the
        cheapest; ``method`` of the result says which, and how. A model whose contrast is not
        constant takes "dense". "cupy" draws the same numbers as "wishart" ("dense" where contrast
        varies) and decomposes them on a GPU, many at once; it is never taken unless asked for.
    residual : "averaged" or "drawn"
        Given the measurements Y, the targets are X = B Y + E. "averaged" takes the expectation
        over E in closed form: the same mean with a smaller standard error. "drawn" draws E: only
        then is ``std`` the spread of real training runs (the paper's error bars). Where contrast
        varies E depends on it, and is drawn, whatever is asked.
    workers : int
        Cores to use: threads, or processes where draws are short and many. With "cupy", threads
        that each keep a stack of draws going.
    progress : callable or None
        Called once for each finished draw.
    tolerance : float
        Bound on what the band engine leaves out of a filter's polynomial, relative to the
        filter's largest value; ``method`` of the result says what was reached.

    Returns
    -------
    RiskPath
        Arrays of shape (T,), risks divided by the problem's ``scale``, with ``sem`` and ``std``.
        With ``residual="drawn"`` bias and variance cannot be told apart: ``bias`` holds the
        learning error and ``variance`` is nan.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.
    StepTooLarge
        Gradient descent that diverges on most draws.
    Unsupported
        A model for which no sampler is registered, an engine that does not fit it, or "cupy"
        without CuPy or a GPU (:class:`linscale.errors.MissingDevice`).

    Examples
    --------
    Theory lies within the sampling error of 100 training sets:

    >>> import linscale as ls
    >>> model, flow = ls.SubspaceModel(n=100, d=10, sigma=0.1), ls.GradientFlow([1, 10, 100])
    >>> simulated = ls.montecarlo.risk(model, 50, flow, trials=100)
    >>> theory = ls.theory.risk(model, 50, flow)
    >>> bool((abs(simulated.value - theory.value) < 4 * simulated.sem).all())
    True
    >>> simulated.method
    'montecarlo, engine wishart, residual averaged, 100 draws'

    With the residual drawn the spread is that of training runs, which is larger where noise was
    learned:

    >>> runs = ls.montecarlo.risk(model, 50, flow, trials=100, residual="drawn")
    >>> bool(runs.std[-1] > 1.5 * simulated.std[-1])
    True
    """
    samples = simulate(
        model,
        n_train,
        [filter],
        trials,
        rng,
        engine,
        residual,
        workers,
        progress,
        tolerance=tolerance,
    )
    if type(filter) is not Converged:
        return summary.path(samples, 0, filter)
    return RiskPath.single(summary.converged(samples, 0))


def converged(
    model: Model,
    n_train: int,
    *,
    trials: int = 1000,
    rng: Any = 0,
    engine: str = "auto",
    residual: str = "averaged",
    workers: int = 1,
    progress: Progress = None,
) -> RiskPoint:
    """Risk of gradient descent run to convergence; arguments as in :func:`risk`.

    The mean is infinite for \\|N - n\\| <= 1 (``value`` inf) and the variance over training sets is
    infinite for \\|N - n\\| <= 3 (``sem`` nan); ``status`` says so.

    The options are those of what draws; :func:`linscale.theory.converged` has ``order`` in their
    place.

    Returns
    -------
    RiskPoint
        With ``at`` inf.

    Raises
    ------
    InvalidArgument, Unsupported
        As in :func:`risk`.

    Examples
    --------
    With twice as many examples as measurements, and one, twice the floor, but for the sampling
    error:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=20, d=2, sigma=0.1)
    >>> point = ls.montecarlo.converged(model, 41, trials=200)
    >>> bool(abs(point.value - 2 * point.floor) < 4 * point.sem)
    True
    >>> ls.montecarlo.converged(model, 20, trials=10).status
    'the mean is infinite for |n_train - n| <= 1 (n = 20)'
    """
    samples = simulate(
        model, n_train, [Converged()], trials, rng, engine, residual, workers, progress
    )
    return summary.converged(samples, 0)


@one_thread()
def risk_of_training_set(model: Model, x: ArrayLike, y: ArrayLike, filter: Filter) -> RiskPath:
    """Exact risk, under the model, of the estimator trained on one set of the user's own arrays.

    Parameters
    ----------
    model : InverseProblem or SpectralProblem
        The law of (x, y) that the estimator is measured by.
    x, y : (p, N) and (n, N) arrays
        Signals and measurements as columns.
    filter : Filter
        T parameter values.

    Returns
    -------
    RiskPath
        Arrays of shape (T,), risks divided by the problem's ``scale``: learning error in ``bias``;
        no standard error, since nothing is averaged.

    Raises
    ------
    InvalidArgument
        Arrays of another shape, or of numbers that are not finite.
    Unsupported
        A model whose sampler has no law of pairs.

    Examples
    --------
    Two pixels, and signals that are the first alone; three examples without noise in them teach a
    learner most of that:

    >>> import numpy as np
    >>> import linscale as ls
    >>> model = ls.InverseProblem(None, signal_cov=np.diag([1.0, 0.0]), sigma=0.5)
    >>> x = np.array([[1.0, -2.0, 0.5], [0.0, 0.0, 0.0]])
    >>> path = ls.montecarlo.risk_of_training_set(model, x, x, ls.GradientFlow([0.0, 1.0]))
    >>> path.value.round(2)
    array([0.5, 0.1])

    By hand: the first weight is 1 - exp(-t l) with l = (1 + 4 + 0.25)/3, the others stay 0.

    >>> w = 1 - np.exp(-1.75 * np.array([0.0, 1.0]))
    >>> (((1 - w) ** 2 + 0.25 * w**2) / 2).round(2)
    array([0.5, 0.1])
    """
    law = gaussian_law(model)
    x, y = _columns("x", x, law.p), _columns("y", y, law.n)
    if x.shape[1] != y.shape[1]:
        raise InvalidArgument("y", f"{y.shape[1]} columns", f"{x.shape[1]} columns, as many as x")
    error, unknown = train(law, x, y).path(filter)
    return RiskPath(
        at=filter.at, value=law.floor + error, bias=error, variance=unknown,
        error=np.zeros_like(error), sem=unknown, std=unknown, floor=law.floor,
        statuses=("ok",) * error.size, parameter=filter.parameter, method="training set given",
    )  # fmt: skip


def pca(
    model: Model,
    n_train: int,
    *,
    trials: int = 1000,
    rng: Any = 0,
    engine: str = "auto",
    workers: int = 1,
    progress: Progress = None,
) -> RiskPoint:
    """Risk of the plug-in PCA estimator; arguments as in :func:`risk`. Subspace models only.

    The options are those of what draws; :func:`linscale.theory.pca` has ``order`` in their place.
    PCA learns no targets, so there is no ``residual``.

    Returns
    -------
    RiskPoint
        All that is lost is ``bias``. ``at`` is nan.

    Raises
    ------
    InvalidArgument
        As in :func:`risk`.
    Unsupported
        For anything but a SubspaceModel: nothing else says how many directions to keep.

    Examples
    --------
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=50, d=5, sigma=0.1)
    >>> point = ls.montecarlo.pca(model, 100, trials=100)
    >>> bool(abs(point.value - ls.theory.pca(model, 100).value) < 4 * point.sem)
    True
    """
    samples = simulate(
        model, n_train, [], trials, rng, engine, "averaged", workers, progress, with_pca=True
    )
    return summary.pca(samples)


def early_stopped(
    model: Model,
    n_train: int,
    *,
    trials: int = 1000,
    rng: Any = 0,
    engine: str = "auto",
    times: ArrayLike | None = None,
    residual: str = "averaged",
    workers: int = 1,
    progress: Progress = None,
    tolerance: float = TOLERANCE,
) -> RiskPoint:
    r"""Smallest risk over gradient flow; arguments as in :func:`risk`.

    ``times`` is the grid of stopping times (default: 200, from where nothing is learned to where
    everything is); the minimum is refined between grid points by a parabola in log t.

    The options are those of what draws. :func:`linscale.theory.early_stopped` has ``order`` in
    their place, and needs no ``times``; :func:`linscale.early_stopped` has options of both, and its
    ``trials`` are the most that it draws.

    Returns
    -------
    RiskPoint
        ``.value``: minimum of the *mean* path, one stopping time for all training sets, which is
        what theory predicts. ``.oracle``: mean over draws of each draw's *own* minimum, which is
        what the paper plots; it is lower by about 0.1 %. ``.at`` is the time, in units of one over
        an eigenvalue of YY'/N.

    Raises
    ------
    InvalidArgument, Unsupported
        As in :func:`risk`.

    Examples
    --------
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> best = ls.montecarlo.early_stopped(model, 50, trials=100)
    >>> bool(abs(best.value - ls.theory.early_stopped(model, 50).value) < 4 * best.sem)
    True
    >>> best.oracle < best.value
    True
    """
    sampler = sampler_of(model)
    flow = _flow(sampler, n_train, times)
    samples = simulate(
        sampler,
        n_train,
        [flow],
        trials,
        rng,
        engine,
        residual,
        workers,
        progress,
        tolerance=tolerance,
    )
    return summary.lowest(samples, 0, flow)


def best_ridge(
    model: Model,
    n_train: int,
    *,
    trials: int = 1000,
    rng: Any = 0,
    engine: str = "auto",
    penalties: ArrayLike | None = None,
    residual: str = "averaged",
    workers: int = 1,
    progress: Progress = None,
    tolerance: float = TOLERANCE,
) -> RiskPoint:
    r"""Smallest risk over the ridge penalty; arguments as in :func:`risk`.

    ``penalties`` is the grid of penalties (default: 200, from where everything is learned to where
    nothing is); the minimum is refined between grid points by a parabola in log mu.

    The options are those of what draws; :func:`linscale.theory.best_ridge` has ``order`` in their
    place, and needs no ``penalties``.

    Returns
    -------
    RiskPoint
        ``.value``: minimum of the *mean* path, one penalty for all training sets, which is what
        theory predicts; ``.at`` is the penalty, in units of an eigenvalue of YY'/N. ``.oracle``:
        mean over draws of each draw's *own* minimum.

    Raises
    ------
    InvalidArgument, Unsupported
        As in :func:`risk`.

    Examples
    --------
    For a white signal, d = n, the best penalty is known: n sigma^2 (1 + sigma^2) / N.

    >>> import linscale as ls
    >>> white = ls.SubspaceModel(n=20, d=20, sigma=0.5)
    >>> best = ls.montecarlo.best_ridge(white, 40, trials=200)
    >>> print(f"{best.at:.2f} {20 * 0.25 * 1.25 / 40:.2f}")
    0.16 0.16
    """
    sampler = sampler_of(model)
    N = sampler.examples(validate.n_train(n_train))
    if penalties is None:
        times = default_times(sampler.moments, N)
        grid = np.geomspace(0.01 / times[-1], 100.0 / times[0], times.size)
    else:
        grid = np.unique(validate.vector("penalties", penalties, positive=True))
    ridge = Ridge(grid)
    samples = simulate(
        sampler, n_train, [ridge], trials, rng, engine, residual, workers, progress,
        tolerance=tolerance,
    )  # fmt: skip
    return summary.lowest(samples, 0, ridge)


@dataclass(frozen=True, eq=False)
class Estimates:
    """Every estimator's risk, as :func:`estimates` finds it.

    Attributes
    ----------
    path : RiskPath
        Of gradient flow, along the stopping times.
    early_stopped, converged : RiskPoint
        As from the functions of these names.
    pca : RiskPoint or None
        None where nothing says how many directions to keep.

    Examples
    --------
    >>> import linscale as ls
    >>> found = ls.montecarlo.estimates(ls.SubspaceModel(n=20, d=2, sigma=0.1), 15, trials=20)
    >>> found.early_stopped.value < found.converged.value
    True
    >>> bare = ls.SubspaceModel(n=20, d=2, sigma=0.1).spectral()
    >>> ls.montecarlo.estimates(bare, 15, trials=20).pca is None
    True
    """

    path: RiskPath
    early_stopped: RiskPoint
    converged: RiskPoint
    pca: RiskPoint | None


def estimates(
    model: Model,
    n_train: int,
    *,
    trials: int = 1000,
    rng: Any = 0,
    engine: str = "auto",
    times: ArrayLike | None = None,
    residual: str = "averaged",
    workers: int = 1,
    progress: Progress = None,
    tolerance: float = TOLERANCE,
) -> Estimates:
    """Early-stopped, converged and PCA risks in one call; arguments as in :func:`early_stopped`.

    They come from the same training sets, at the cost of one of them, except where the band engine
    works on leading blocks (``method`` says so): there each has its exact law but its own draws.

    Returns
    -------
    Estimates
        ``.path``, ``.early_stopped``, ``.converged`` and ``.pca``.

    Raises
    ------
    InvalidArgument, Unsupported
        As in :func:`risk`.

    Examples
    --------
    Early stopping loses least:

    >>> import linscale as ls
    >>> found = ls.montecarlo.estimates(ls.SubspaceModel(n=50, d=5, sigma=0.1), 100, trials=100)
    >>> for name in ("early_stopped", "pca", "converged"):
    ...     print(f"{name}: {getattr(found, name).value:.3f}")
    early_stopped: 0.011
    pca: 0.015
    converged: 0.020
    """
    sampler = sampler_of(model)
    flow = _flow(sampler, n_train, times)
    filters = [flow, Converged()]
    samples = simulate(
        sampler,
        n_train,
        filters,
        trials,
        rng,
        engine,
        residual,
        workers,
        progress,
        sampler.has_pca,
        tolerance,
    )
    return Estimates(
        path=summary.path(samples, 0, flow),
        early_stopped=summary.lowest(samples, 0, flow),
        converged=summary.converged(samples, 1),
        pca=summary.pca(samples) if sampler.has_pca else None,
    )


def default_times(problem: SpectralProblem, n_train: int, count: int = 200) -> FloatArray:
    """Stopping times from where nothing has been learned to where every eigenvalue has.

    The largest sample eigenvalue is about l_max + tr S / N, which is all there is at N = 1; under
    much noise little is learned, and it is learned by the best first step.
    """
    l, n, w = problem.eigenvalues, problem.multiplicities, problem.target_weights
    first = problem.best_step(n_train) or np.inf
    start = 0.03 * min(1.0 / (l.max() + n @ l / n_train), first)
    slowest = float(l.min())
    if w[np.argmin(l)] > 0:
        # Targets on the smallest eigenvalues: wait for their smallest sample eigenvalue too.
        few, many = sorted((problem.dimension, n_train))
        slowest *= max((1.0 - np.sqrt(few / many)) ** 2, 0.01 / problem.dimension**2)
    return np.geomspace(start, 30.0 / slowest, count)


def _flow(sampler: Sampler, n_train: int, times: ArrayLike | None) -> GradientFlow:
    N = sampler.examples(validate.n_train(n_train))
    return GradientFlow(
        default_times(sampler.moments, N)
        if times is None
        else np.unique(validate.vector("times", times))
    )


def _columns(name: str, values: ArrayLike, rows: int) -> FloatArray:
    array = np.asarray(values, dtype=float)
    if array.ndim != 2 or array.shape[0] != rows or array.shape[1] == 0:
        raise InvalidArgument(name, f"shape {array.shape}", f"of shape ({rows}, N)")
    if not np.all(np.isfinite(array)):
        raise InvalidArgument(name, "NaN or infinite entries", "finite")
    return array
