"""Running a sweep: what is missing is computed, and kept as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from linscale.errors import InvalidArgument
from linscale.support import validate
from linscale.sweep.cells import Cell
from linscale.sweep.cluster import on_cluster
from linscale.sweep.pool import Outcomes, in_processes, in_this_process, pinned
from linscale.sweep.store import Store

Progress = bool | Callable[[], object]


@dataclass(frozen=True)
class Report:
    """What a run found and did.

    Attributes
    ----------
    cells, found, computed : int
        Cells asked for; those that were finished before; those that were computed now.
    failed : int
        Cells computed now that have no result (``Outcome.failed`` says why).
    seconds : float
    notes : tuple of str
        What to know about the store.

    Examples
    --------
    >>> from linscale.sweep import Report
    >>> print(Report(cells=1200, found=1000, computed=200, failed=3, seconds=61.5))
    1,200 cells: 1,000 were finished before, 200 computed in 61.5 s, 3 of them without a result
    """

    cells: int
    found: int
    computed: int
    failed: int
    seconds: float
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = (
            f"{self.cells:,} cells: {self.found:,} were finished before, {self.computed:,} "
            f"computed in {self.seconds:.1f} s"
        )
        return text + (f", {self.failed:,} of them without a result" if self.failed else "")


def run(
    grid: Iterable[Cell],
    store: str | Path | Store,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress = True,
    retry_failed: bool = False,
) -> Report:
    """Compute every cell that the store does not hold yet.

    Killed at any moment, by Ctrl-C, kill -9 or a power failure, it goes on from there when it is
    called again. The numbers of a cell depend on its parameters and seed alone: not on workers,
    cluster, order, interruptions or what else is in the sweep.

    Parameters
    ----------
    grid : Grid or iterable of Cell
    store : path or Store
        Made if it is missing. A Store must be open for writing, and is left open.
    workers : int
        Processes, each with BLAS on one thread; 1 computes in this one.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers compute instead; linscale must be installed
        there.
    progress : bool or callable
        True: a bar with rate and time left, where there is a terminal. A callable is called once
        for each cell finished now.
    retry_failed : bool
        Compute again what had no result: with another version, say.

    Returns
    -------
    Report
        How many cells there were, and what was done.

    Raises
    ------
    InvalidArgument
        A grid that holds something other than cells, or an argument outside its range.
    InputError
        See :class:`Store`; a scheduler that does not answer.
    LinscaleError
        Worker processes that were killed, or a cluster that is gone: finished cells are kept.

    Examples
    --------
    A sweep that was run before has only to compute what is new:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from linscale.sweep import Grid, Store, run
    >>> model = {"n": 100, "d": 10, "sigma": 0.1, "method": "theory"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "sweep.sqlite")
    ...     first = run(Grid(**model, n_train=[30, 300]), path, progress=False)
    ...     second = run(Grid(**model, n_train=[30, 100, 300]), path, progress=False)
    ...     with Store(path) as store:
    ...         risks = {outcome.cell.n_train: outcome.point.value for outcome in store}
    >>> first.computed, second.found, second.computed
    (2, 2, 1)
    >>> for n_train, risk in sorted(risks.items()):
    ...     print(f"N = {n_train}: {risk:.3f}")
    N = 30: 0.018
    N = 100: 0.011
    N = 300: 0.010
    """
    workers = validate.integer("workers", workers, at_least=1)
    cells = list(dict.fromkeys(grid))
    wrong = [cell for cell in cells if not isinstance(cell, Cell)]
    if wrong:
        raise InvalidArgument("grid", repr(wrong[0])[:60], "a Grid or Cells")
    start = time.perf_counter()
    opened = nullcontext(store) if isinstance(store, Store) else Store(store, write=True)
    with opened as kept:
        missing = kept.missing(cells, retry_failed=retry_failed)
        found, failed = len(cells) - len(missing), 0
        with (
            _stepper(progress, len(cells), found) as step,
            closing(_outcomes(missing, workers, scheduler)) as outcomes,
        ):
            for outcome in outcomes:
                kept.add(outcome)
                failed += outcome.failed is not None
                step()
        seconds = time.perf_counter() - start
        return Report(len(cells), found, len(missing), failed, seconds, kept.notes)


def _outcomes(cells: list[Cell], workers: int, scheduler: str | None) -> Outcomes:
    if not cells:
        return in_this_process([])
    if scheduler is not None:
        return on_cluster(pinned, cells, scheduler)
    workers = min(workers, len(cells))
    return in_this_process(cells) if workers == 1 else in_processes(cells, workers)


@contextmanager
def _stepper(progress: Progress, total: int, done: int) -> Iterator[Callable[[], object]]:
    if callable(progress):
        yield progress
        return
    if not validate.flag("progress", progress):
        yield lambda: None
        return
    from tqdm import tqdm

    shape = "{n:,} of {total:,} {percentage:3.0f}% |{bar}| {rate_fmt}, {remaining} left"
    with tqdm(
        total=total, initial=done, unit=" cells", bar_format=shape, disable=None, leave=False
    ) as bar:
        yield bar.update
