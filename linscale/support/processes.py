"""Work for several processes at once, results in order, and nothing left running when it ends."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

from linscale.support.interrupts import managers_are_quiet, without_interrupts

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
        with warnings.catch_warnings(), managers_are_quiet():
            warnings.simplefilter("ignore")  # it says that work was cancelled, as is meant
            if found:
                found.close()
            get_reusable_executor().shutdown(wait=True, kill_workers=True)
        raise
