"""Running many draws: independent streams, many cores, BLAS pinned to one thread inside.

Each draw owns a random stream spawned from the seed, and results are gathered in the order of the
draws, so the numbers depend on the seed alone, not on the number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from linscale.errors import InvalidArgument
from linscale.filters import Filter
from linscale.models.problem import Model, SpectralProblem
from linscale.montecarlo.chebyshev import TOLERANCE
from linscale.montecarlo.decomposed import Draw
from linscale.montecarlo.engines import choose
from linscale.montecarlo.sampler import Sampler, sampler_of
from linscale.montecarlo.stacks import Stacked
from linscale.montecarlo.workers import Progress, Result, Task, in_parallel, one_by_one
from linscale.support import validate
from linscale.support.seeds import seed_sequence
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False)
class Samples:
    """What every draw gave: learning errors of shape (trials, T) for each filter, and more.

    ``problem`` holds second moments; ``examples`` is how many independent ones n_train stands for.
    ``variances`` are nan where the residual was drawn; ``largest`` holds the largest eigenvalue of
    each draw's YY'/N, ``pca`` its PCA risk (nan where it was not asked for).
    """

    problem: SpectralProblem
    n_train: int
    examples: int
    biases: list[FloatArray]
    variances: list[FloatArray]
    largest: FloatArray
    pca: FloatArray
    method: str


def simulate(
    model: Model | Sampler,
    n_train: int,
    filters: Sequence[Filter],
    trials: int,
    rng: Any,
    engine: str,
    residual: str,
    workers: int,
    progress: Progress,
    with_pca: bool = False,
    tolerance: float = TOLERANCE,
) -> Samples:
    """Draw ``trials`` training sets and evaluate every filter's path on each.

    Where the residual depends on the measurement, as under varying contrast, it is drawn.
    """
    N = validate.n_train(n_train)
    for filter in filters:
        if not isinstance(filter, Filter):
            raise InvalidArgument(
                "filter", repr(filter)[:60], "a filter such as GradientFlow(times)"
            )
    tolerance = validate.real("tolerance", tolerance)
    trials = validate.integer("trials", trials, at_least=1)
    workers = validate.integer("workers", workers, at_least=1)
    seed_sequence(rng)  # judged before anything is built
    sampler = sampler_of(model)
    if residual == "averaged" and not sampler.averages:
        residual = "drawn"
    name, draw = choose(sampler, N, residual, filters, engine, tolerance)

    def measure(draw: Draw) -> tuple[Any, ...]:
        # A path that diverges overflows; it is counted afterwards, not hidden.
        with np.errstate(over="ignore", invalid="ignore"):
            paths = [draw.path(filter) for filter in filters]
        largest = draw.largest
        return paths, largest, draw.pca() if with_pca else np.full_like(largest, np.nan)

    if isinstance(draw, Stacked):
        points = max((filter.at.size for filter in filters), default=0)
        streams = seed_sequence(rng).spawn(trials)
        results = draw.run(measure, streams, points, workers, progress)
        gather: Callable[[list[Any]], FloatArray] = np.concatenate
    else:
        results = run(lambda stream: measure(draw(stream)), trials, rng, workers, progress)
        gather = np.array
    largest = gather([r[1] for r in results])
    return Samples(
        problem=sampler.moments,
        n_train=N,
        examples=sampler.examples(N),
        biases=[gather([r[0][k][0] for r in results]) for k in range(len(filters))],
        variances=[gather([r[0][k][1] for r in results]) for k in range(len(filters))],
        largest=largest,
        pca=gather([r[2] for r in results]),
        method=f"montecarlo, engine {name}, residual {residual}, {largest.size} draws",
    )


def run(
    task: Task[Result],
    trials: int,
    rng: Any,
    workers: int = 1,
    progress: Progress = None,
) -> list[Result]:
    """Run ``task`` once on each of ``trials`` streams; results in the order of the streams.

    ``progress`` is called once for each finished draw. An exception, Ctrl-C included, drops the
    draws not yet begun and is passed on.
    """
    trials = validate.integer("trials", trials, at_least=1)
    workers = validate.integer("workers", workers, at_least=1)
    streams = seed_sequence(rng).spawn(trials)
    if workers == 1:
        return one_by_one(task, streams, progress)
    return in_parallel(task, streams, workers, progress)
