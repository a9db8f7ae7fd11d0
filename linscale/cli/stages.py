"""Progress of long work on standard error: a bar with rate and rest, or lines where nobody watches.

A terminal gets one bar for each stage. Elsewhere (a file, a cluster's log) it is a line when a
stage begins that takes long enough, and one every ten seconds.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

EVERY = 10.0  # seconds between lines
SHAPE = "{desc} {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt}, {rate_fmt}, {remaining} left"


class Stages:
    """A :class:`linscale.support.progress.Progress` that is seen; closed, it leaves nothing behind.

    Examples
    --------
    >>> import io
    >>> from linscale.cli.stages import Stages
    >>> log = io.StringIO()
    >>> with Stages(log, every=0.0) as stages:
    ...     stages.begin("resamples", 2)
    ...     stages()
    >>> log.getvalue().split(",")[0]
    'resamples: 1 of 2'
    """

    def __init__(self, file: Any = None, every: float = EVERY) -> None:
        self._file = sys.stderr if file is None else file
        self._terminal = self._file.isatty()
        self._every = every
        self._bar: Any = None
        self._name, self._units, self._done = "", 0, 0
        self._begun = self._said = time.monotonic()

    def begin(self, name: str, units: int) -> None:
        """A stage of so many units."""
        self.close()
        self._name, self._units, self._done = name, units, 0
        self._begun = time.monotonic()
        if self._terminal:
            self._bar = tqdm(
                total=units, desc=name, file=self._file, bar_format=SHAPE, leave=False, delay=0.3
            )

    def __call__(self) -> None:
        """A unit of it is done."""
        self._done += 1
        if self._bar is not None:
            self._bar.update()
            return
        now = time.monotonic()
        if now - self._said >= self._every and not self._terminal:
            self._said = now
            pace = (now - self._begun) / self._done
            left = pace * (self._units - self._done)
            print(
                f"{self._name}: {self._done:,} of {self._units:,}, {pace:.2g} s each, about "
                f"{left:.0f} s left",
                file=self._file, flush=True,
            )  # fmt: skip

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
