"""Cells computed by the workers of a Dask cluster, through joblib."""

from __future__ import annotations

import logging
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from threading import Event
from typing import Any

from linscale.errors import InputError, InvalidArgument, LinscaleError
from linscale.support.interrupts import managers_are_quiet
from linscale.sweep import estimators
from linscale.sweep.cells import Cell
from linscale.sweep.outcome import Outcome

LOOK = 1.0  # seconds between looks at the number of cores
CONNECT = 10.0  # seconds for the scheduler to answer


def on_cluster(
    compute: Callable[[Cell, Sequence[Any]], Outcome], cells: Sequence[Cell], scheduler: str
) -> Generator[Outcome, None, None]:
    """Outcomes as they are finished, by the workers there are and those that join later.

    Raises
    ------
    InputError
        A scheduler that does not answer.
    LinscaleError
        A scheduler that is gone, or cells of which several workers died.
    """
    from joblib import Parallel, delayed, parallel_config

    waiting, own = deque(cells), estimators.own_classes(cell.estimator for cell in cells)
    with _without_log(), closing(_client(scheduler)) as client, _explained(scheduler):
        while waiting:
            client.wait_for_workers(1)
            cores = _cores(client)
            steady, looked = Event(), time.monotonic()
            steady.set()

            def next_cells(steady: Event = steady) -> Iterator[Any]:
                while waiting and steady.is_set():
                    yield delayed(compute)(waiting.popleft(), own)

            # joblib keeps as many cells on their way as there were cores when it began. When that
            # has changed it is given no more, and begins again.
            with parallel_config(_backend(client), n_jobs=-1):
                found = Parallel(return_as="generator_unordered")(next_cells())
            with closing_quietly(found):
                for outcome in found:
                    yield outcome
                    if time.monotonic() - looked > LOOK:
                        looked = time.monotonic()
                        if _cores(client) != cores:
                            steady.clear()


@contextmanager
def closing_quietly(found: Any) -> Iterator[None]:
    """Close a joblib generator at the end without its warning that work was cancelled."""
    try:
        yield
    finally:
        with warnings.catch_warnings(), managers_are_quiet():
            warnings.simplefilter("ignore")
            found.close()


def _client(scheduler: str) -> Any:
    if not isinstance(scheduler, str) or "://" not in scheduler:
        raise InvalidArgument("scheduler", repr(scheduler)[:60], "an address: tcp://HOST:PORT")
    try:
        from distributed import Client
    except ImportError:
        raise InputError("a scheduler needs Dask: pip install 'linscale[cluster]'") from None
    try:
        return Client(scheduler, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"no Dask scheduler answers at {scheduler} ({error}): start one with `dask scheduler`, "
            "or see docs/cluster.md"
        ) from None


@contextmanager
def _without_log() -> Iterator[None]:
    """Keep Dask's client from printing tracebacks of what is said in one line here."""
    log = logging.getLogger("distributed.client")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _cores(client: Any) -> int:
    return sum(client.ncores().values())


@contextmanager
def _explained(scheduler: str) -> Iterator[None]:
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    try:
        yield
    except KilledWorker:
        raise LinscaleError(
            "several workers of the cluster died of the same cells, perhaps for want of memory: "
            "finished cells are kept; run the same sweep again, on workers with more of it"
        ) from None
    except (CancelledError, CommClosedError):
        raise LinscaleError(
            f"the Dask scheduler at {scheduler} is gone: finished cells are kept; start it and run "
            "the same sweep again"
        ) from None


def _backend(client: Any) -> Any:
    """joblib's Dask backend, mended where it would wait for ever, or do a cluster's work itself."""
    from joblib._dask import DaskDistributedBackend

    class Backend(DaskDistributedBackend):  # type: ignore[misc]
        def effective_n_jobs(self, n_jobs: int) -> int:
            # Where there is one core joblib would compute in this process.
            found: int = super().effective_n_jobs(n_jobs)
            return max(2, found)

        def submit(self, func: Any, callback: Any = None) -> Any:
            # Of cells that Dask gave up, since their workers died several times, it hears nothing.
            def hear(done: Any) -> None:
                if done.exception() is not None:
                    callback(done.exception())

            future = super().submit(func, callback)
            future.add_done_callback(hear)
            return future

        def retrieve_result_callback(self, out: Any) -> Any:
            if isinstance(out, BaseException):
                raise out
            return super().retrieve_result_callback(out)

    return Backend(client=client)
