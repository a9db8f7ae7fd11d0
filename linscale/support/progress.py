"""What long work tells while it runs: stages by name, and each unit of a stage that is finished."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Step = Callable[[], object]


class Progress(Protocol):
    """Whoever shows it: ``begin`` is called once for each stage, the object itself for each unit.

    Examples
    --------
    >>> from linscale.support.progress import stage
    >>> class Lines:
    ...     def begin(self, name, units):
    ...         print(f"{name}: {units} to do")
    ...     def __call__(self):
    ...         print("one is done")
    >>> step = stage(Lines(), "resamples", 2)
    resamples: 2 to do
    >>> _ = step()
    one is done
    """

    def begin(self, name: str, units: int) -> object: ...

    def __call__(self) -> object: ...


def stage(progress: Any, name: str, units: int, *, counted: bool = False) -> Step:
    """Begin a stage; gives what to call for each of its units.

    ``progress`` is a :class:`Progress`, None, or a plain function, which is called for the units of
    the one stage that is ``counted``.
    """
    begin = getattr(progress, "begin", None)
    if begin is not None:
        begin(name, units)
    if progress is None or (begin is None and not counted):
        return _nothing
    step: Step = progress
    return step


def _nothing() -> None:
    """Of a stage that nobody looks at."""
