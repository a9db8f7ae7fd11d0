"""Many draws on many cores, with the same numbers as on one.

Each draw owns a random stream, and results are gathered in the order of the streams. Draws that
take milliseconds spend them in compiled code and LAPACK, which threads share well. Shorter ones are
mostly Python, which holds the interpreter's lock: many of them are sent to processes, in batches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TypeVar

import numpy as np

from linscale.support.blas import one_thread
from linscale.support.processes import in_processes

Result = TypeVar("Result")
Task = Callable[[np.random.Generator], Result]
Progress = Callable[[], object] | None

PROBE = 6  # draws timed before choosing; the first two compile and warm up
SHORT = 0.02  # seconds a draw, below which threads wait for one another
WORTH_PROCESSES = 4.0  # seconds of work, which starting processes (about two) must repay
BATCH = 0.3  # seconds of work sent to a process at once


def one_by_one(
    task: Task[Result], streams: Sequence[np.random.SeedSequence], progress: Progress = None
) -> list[Result]:
    """Every draw in this thread."""
    with one_thread():
        return [_one(task, stream, progress) for stream in streams]


def in_parallel(
    task: Task[Result],
    streams: Sequence[np.random.SeedSequence],
    workers: int,
    progress: Progress = None,
) -> list[Result]:
    """Every draw, by threads or by processes, whichever its length calls for."""
    results, last = [], 0.0
    for stream in streams[:PROBE]:
        start = time.perf_counter()
        results += one_by_one(task, [stream], progress)
        last = time.perf_counter() - start
    rest = streams[len(results) :]
    if last < SHORT and last * len(rest) > WORTH_PROCESSES:
        batches = _by_processes(task, rest, workers, max(1, int(BATCH / last)), progress)
        return results + [result for batch in batches for result in batch]
    return results + _by_threads(task, rest, workers, progress)


def _by_threads(
    task: Task[Result], streams: Sequence[np.random.SeedSequence], workers: int, progress: Progress
) -> list[Result]:
    with one_thread():
        pool = ThreadPoolExecutor(workers)
        try:
            return list(pool.map(lambda stream: _one(task, stream, progress), streams))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _by_processes(
    task: Task[Result],
    streams: Sequence[np.random.SeedSequence],
    workers: int,
    size: int,
    progress: Progress,
) -> Iterator[list[Result]]:
    batches = [streams[i : i + size] for i in range(0, len(streams), size)]
    with closing(in_processes(partial(one_by_one, task), batches, workers)) as found:
        for batch in found:
            if progress is not None:
                for _ in batch:
                    progress()
            yield batch


def _one(task: Task[Result], stream: np.random.SeedSequence, progress: Progress) -> Result:
    result = task(np.random.default_rng(stream))
    if progress is not None:
        progress()
    return result
