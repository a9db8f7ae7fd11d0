"""Many training sets at once on a device.

A stack is as large as memory allows; ``workers`` threads each take a stack at a time, so that one
draws random numbers and evaluates filters while the device works for another. Each draw has its
own stream: neither the size of the stacks nor the number of threads touches the numbers, beyond
the rounding of the device's library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from linscale.errors import Unsupported
from linscale.montecarlo.backend import Array, Backend
from linscale.montecarlo.decomposed import Draw
from linscale.montecarlo.draws import Source
from linscale.montecarlo.workers import Progress
from linscale.support.blas import one_thread

SHARE = 0.5  # of the free memory that stacks may fill: footprints are estimates
LIMIT = 4 * 2**30  # bytes of all stacks: beyond it they only wait for each other, and fill the host
LARGEST = 1024  # draws in a stack: progress is seen, and Ctrl-C heard, between stacks
BYTES = 8  # double precision throughout

Measure = Callable[[Draw], Any]


@dataclass(frozen=True, eq=False)
class Stacked:
    """Draws from a source, decomposed in stacks on a device.

    Parameters
    ----------
    source : Source
        As on the host; it is moved to the device here.
    on : Backend
    """

    source: Source
    on: Backend

    def run(
        self,
        measure: Measure,
        streams: Sequence[np.random.SeedSequence],
        points: int,
        workers: int = 1,
        progress: Progress = None,
    ) -> list[Any]:
        """``measure`` of each stack, in the order of the streams; ``points`` of its longest path.

        Raises
        ------
        Unsupported
            One draw alone does not fit into the memory.
        """
        with self.on.active():
            source = self.source.moved(self.on)
            size = self.size(points, len(streams), workers)

        def one(stack: Sequence[np.random.SeedSequence]) -> list[Any]:
            with self.on.active():
                found = self._measured(measure, source, stack)
            for _ in stack if progress is not None else ():
                progress()  # type: ignore[misc]
            return found

        stacks = [streams[i : i + size] for i in range(0, len(streams), size)]
        with one_thread():
            if workers == 1:
                return [result for stack in stacks for result in one(stack)]
            pool = ThreadPoolExecutor(workers)
            try:
                return [result for found in pool.map(one, stacks) for result in found]
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def size(self, points: int, trials: int, workers: int = 1) -> int:
        """Draws in a stack.

        As many as fit ``workers`` times into half of the free memory (4 GiB at most) by the
        source's :meth:`~linscale.montecarlo.draws.Source.footprint`; never fewer than 1, nor more
        than 1,024 or than keeps every worker busy.
        """
        room = min(SHARE * self.on.free_memory(), LIMIT) / workers
        fitting = int(room // (BYTES * self.source.footprint(points)))
        return max(1, min(fitting, LARGEST, -(-trials // workers)))

    def _measured(
        self, measure: Measure, source: Source, stack: Sequence[np.random.SeedSequence]
    ) -> list[Any]:
        """Smaller stacks where the memory does not suffice after all."""
        try:
            return [measure(source.decompose(stacked(source, stack, self.on)))]
        except MemoryError:
            pass  # outside of the handler, which would keep the arrays alive
        if len(stack) == 1:
            needed = BYTES * self.source.footprint(0) / 2**30
            raise Unsupported(
                f"one draw does not fit into the memory of {self.on.name}: it takes about "
                f"{needed:.3g} GiB; use a smaller n, or another engine"
            )
        half = len(stack) // 2
        parts = stack[:half], stack[half:]
        return [found for part in parts for found in self._measured(measure, source, part)]


def stacked(
    source: Source, streams: Sequence[np.random.SeedSequence], on: Backend
) -> Iterator[tuple[Array, ...]]:
    """The pieces of several draws, each with its own stream, stacked along a new first axis."""
    pieces = [source.numbers(np.random.default_rng(stream)) for stream in streams]
    for same in zip(*pieces, strict=True):
        yield tuple(on.put(np.stack(arrays)) for arrays in zip(*same, strict=True))
