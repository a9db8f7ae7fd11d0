"""Any function of any arguments, here or in worker processes, with BLAS on one thread in both.

Ctrl-C does not reach the workers but through their parent, and none outlives it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from linscale.errors import LinscaleError
from linscale.support.blas import one_thread
from linscale.support.interrupts import without_interrupts
from linscale.sweep.cluster import closing_quietly

LOOK = 1.0  # seconds between a worker's looks at its parent

Result = TypeVar("Result")
Numbered = Generator[tuple[int, Result], None, None]


def results(
    function: Callable[..., Result], jobs: Sequence[tuple[Any, ...]], workers: int
) -> Numbered[Result]:
    """``function(*job)`` of every job, with the job's place, as they are finished.

    Functions that have no name to be imported by, such as lambdas, are sent to workers whole.

    Raises
    ------
    LinscaleError
        Where a worker was killed.
    """
    workers = min(workers, len(jobs))
    return _here(function, jobs) if workers <= 1 else _by_processes(function, jobs, workers)


def _here(function: Callable[..., Result], jobs: Sequence[tuple[Any, ...]]) -> Numbered[Result]:
    # The limit comes first: without it large decompositions would have all threads again, and
    # other last digits than in a worker.
    with threadpool_limits(limits=1), one_thread():
        for place, job in enumerate(jobs):
            yield place, function(*job)


def _by_processes(
    function: Callable[..., Result], jobs: Sequence[tuple[Any, ...]], workers: int
) -> Numbered[Result]:
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.process_executor import BrokenProcessPool

    options: dict[str, Any] = {"initializer": _begin_worker, "initargs": (os.getpid(),)}
    numbered = (delayed(_placed)(function, place, job) for place, job in enumerate(jobs))
    try:
        with ExitStack() as stack:
            with (
                parallel_config("loky", n_jobs=workers, inner_max_num_threads=1, **options),
                without_interrupts(),
            ):
                found = Parallel(return_as="generator_unordered")(numbered)
                stack.enter_context(closing_quietly(found))  # before an interrupt may come
            for result in found:  # noqa: UP028  ("yield from" would close it first)
                yield result
    except BrokenProcessPool:
        raise LinscaleError(
            "a worker process was killed, perhaps for want of memory: what is finished is kept in "
            "the store, where there is one; run the same again, with fewer workers"
        ) from None


def _placed(
    function: Callable[..., Result], place: int, job: tuple[Any, ...]
) -> tuple[int, Result]:
    return place, function(*job)


def _begin_worker(parent: int) -> None:
    """End this worker soon after its parent has died: nobody else would.

    A thread looks, since kill -9 lets the parent say nothing. It ends the process at once, as there
    is nobody left to give results to.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    if os.name == "posix":  # elsewhere a process keeps the number of its dead parent
        threading.Thread(target=watch, daemon=True).start()
