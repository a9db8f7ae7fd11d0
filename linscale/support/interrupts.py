"""Starting worker processes while Ctrl-C has to wait, and ending them without a word."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Start workers that Ctrl-C does not reach: the terminal sends it to them too.

    They inherit a mask that blocks it. This process, which gets it once they have started, ends
    them. Its other threads (a progress bar's) do not share the mask, and what they are sent counts
    as sent to this one: it is put off here as well.
    """
    with _put_off():
        if os.name != "posix":
            yield
            return
        from joblib.externals.loky.backend import resource_tracker as lokys

        for tracker in (resource_tracker, lokys):
            tracker.ensure_running()  # starting it later would lift the mask
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _put_off() -> Iterator[None]:
    """Interrupts of this process come at the end; only its main thread ever gets them."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    came = []
    signal.signal(signal.SIGINT, lambda *_: came.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def managers_are_quiet() -> Iterator[None]:
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
