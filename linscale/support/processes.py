"""Work for several processes at once, results in order, and nothing left running when it ends."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from linscale.support.interrupts import without_interrupts

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_processes(
    task: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Generator[Result, None, None]:
    """The task's results by loky's processes, in order; ``closing`` it ends the processes."""
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    found: Any = ()
    try:
        with without_interrupts():  # a worker left half started would speak for itself
            found = Parallel(workers, return_as="generator")(delayed(task)(item) for item in items)
        yield from found
    except BaseException:
        with warnings.catch_warnings(), _managers_are_quiet():
            warnings.simplefilter("ignore")  # it says that work was cancelled, as is meant
            if found:
                found.close()
            get_reusable_executor().shutdown(wait=True, kill_workers=True)
        raise


@contextmanager
def _managers_are_quiet() -> Iterator[None]:
    """loky's thread that feeds the workers may find its tasks gone while it is being closed."""
    before = threading.excepthook

    def hook(failed: threading.ExceptHookArgs) -> None:
        if type(failed.thread).__name__ != "_ExecutorManagerThread":
            before(failed)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before
