"""Who computes the cells: this process, worker processes, or a cluster's.

Whoever it is computes a cell by the same function, from the cell alone, with BLAS on one thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from threading import Thread
from typing import Any

from threadpoolctl import threadpool_limits

from linscale.errors import LinscaleError
from linscale.support.blas import one_thread
from linscale.support.interrupts import without_interrupts
from linscale.sweep import estimators
from linscale.sweep.cells import Cell
from linscale.sweep.cluster import closing_quietly
from linscale.sweep.outcome import Outcome, compute

LOOK = 1.0  # seconds between a worker's looks at its parent

Outcomes = Generator[Outcome, None, None]


def in_this_process(cells: Sequence[Cell]) -> Outcomes:
    """One after another."""
    with one_thread():
        for cell in cells:
            yield compute(cell)


def in_processes(cells: Sequence[Cell], workers: int) -> Outcomes:
    """By loky's processes, as they are finished; closing the generator kills the processes."""
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.process_executor import BrokenProcessPool

    own = estimators.own_classes(cell.estimator for cell in cells)
    options: dict[str, Any] = {"initializer": _begin_worker, "initargs": (os.getpid(),)}
    try:
        with ExitStack() as stack:
            with (
                parallel_config("loky", n_jobs=workers, inner_max_num_threads=1, **options),
                without_interrupts(),
            ):
                found = Parallel(return_as="generator_unordered")(
                    delayed(pinned)(cell, own) for cell in cells
                )
                stack.enter_context(closing_quietly(found))  # before an interrupt may come
            for outcome in found:  # noqa: UP028  ("yield from" would close it first)
                yield outcome
    except BrokenProcessPool:
        raise LinscaleError(
            "a worker process was killed, perhaps for want of memory: finished cells are kept; run "
            "the same sweep again, with fewer workers"
        ) from None


_pinned_here = False


def pinned(cell: Cell, own: Sequence[Any] = ()) -> Outcome:
    """Compute a cell in a worker, whose BLAS keeps to one thread from now on.

    ``own`` are the user's filters and estimators among what is asked.

    For good: limits that are lifted after each cell would be lifted under another thread's feet.
    """
    global _pinned_here
    if not _pinned_here:
        from linscale import montecarlo  # noqa: F401  (loads what is to be pinned)

        threadpool_limits(limits=1)
        _pinned_here = True
    estimators.tell(own)
    return compute(cell)


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
        Thread(target=watch, daemon=True).start()
