"""How many threads linear algebra gets: one where a second costs more than it gives.

On matrices of a few hundred rows the threads of BLAS mostly wait for one another, and where the
cores have other work they wait for long. Whatever is public here therefore runs its linear algebra
on one thread, set once per call; large decompositions get all the threads that BLAS had before.

The number belongs to the process, not to a thread of Python. Of several that ask at once the first
decides until it is done, and the others take what there is: they would put back what they found.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from linscale.support.validate import FloatArray

WORTH_THREADS = 1500  # rows from which a second thread pays for itself (benchmarks/threads.py)


_free = threading.Lock()  # held by the thread of Python that decides


class _Mine(threading.local):
    """Of this thread of Python, if it decides."""

    before: int | None = None  # threads that BLAS had before
    lifted: bool = False  # whether it has them again, for large matrices


_mine = _Mine()


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS on one thread within; also a decorator, ``@one_thread()``."""
    if _mine.before is not None:
        with _limited(1, lifted=False) if _mine.lifted else nullcontext():
            yield
    elif not _free.acquire(blocking=False):
        yield
    else:
        try:
            _mine.before = max(
                (lib.num_threads for lib in _controller().lib_controllers), default=1
            )
            with _limited(1, lifted=False):
                yield
        finally:
            _mine.before = None
            _free.release()


@contextmanager
def threads_for(rows: int) -> Iterator[None]:
    """For matrices of so many rows: one thread, or all of them where they are large."""
    if rows < WORTH_THREADS:
        with one_thread():
            yield
    elif _mine.before is None:
        yield
    else:
        with _limited(_mine.before, lifted=True):
            yield


def eigh(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues, ascending, and eigenvectors of a symmetric matrix."""
    with threads_for(matrix.shape[0]):
        l, v = np.linalg.eigh(matrix)
    return l, v


@contextmanager
def _limited(threads: int, lifted: bool) -> Iterator[None]:
    outside, _mine.lifted = _mine.lifted, lifted
    try:
        with _controller().limit(limits=threads, user_api="blas"):
            yield
    finally:
        _mine.lifted = outside


@cache
def _controller() -> ThreadpoolController:
    """Of the libraries that are loaded; finding them takes milliseconds."""
    import scipy.linalg  # noqa: F401  # brings a BLAS of its own

    return ThreadpoolController().select(user_api="blas")
