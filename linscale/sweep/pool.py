"""Who computes the cells: this process, worker processes, or a cluster's.

Whoever it is computes a cell by the same function, from the cell alone, with BLAS on one thread.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

from threadpoolctl import threadpool_limits

from linscale.support.blas import one_thread
from linscale.sweep import estimators, parallel
from linscale.sweep.cells import Cell
from linscale.sweep.outcome import Outcome, compute

Outcomes = Generator[Outcome, None, None]


def in_this_process(cells: Sequence[Cell]) -> Outcomes:
    """One after another."""
    with one_thread():
        for cell in cells:
            yield compute(cell)


def in_processes(cells: Sequence[Cell], workers: int) -> Outcomes:
    """By workers, as they are finished; closing the generator ends them."""
    own = estimators.own_classes(cell.estimator for cell in cells)
    with closing(parallel.results(pinned, [(cell, own) for cell in cells], workers)) as found:
        for _, outcome in found:
            yield outcome


_pinned_here = False


def pinned(cell: Cell, own: Sequence[Any] = ()) -> Outcome:
    """Compute a cell in a worker, whose BLAS keeps to one thread from now on.

    For good: limits that are lifted after each cell would be lifted under another thread's feet.
    ``own`` are the user's filters and estimators among what is asked.
    """
    global _pinned_here
    if not _pinned_here:
        from linscale import montecarlo  # noqa: F401  (loads what is to be pinned)

        threadpool_limits(limits=1)
        _pinned_here = True
    estimators.tell(own)
    return compute(cell)
