"""Compiled loops: the mathematics is in a readable twin of each.

numba is slow to load, and importing the package does not: modules with compiled loops are imported
where their numbers are asked for. Compilation is cached where the installation allows it. What is
compiled releases the GIL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

Kernel = Callable[..., Any]


def compile_kernel(**options: Any) -> Callable[[Kernel], Kernel]:
    """A decorator, with options as for ``numba.njit``."""

    def compiled(kernel: Kernel) -> Kernel:
        try:
            made: Kernel = njit(nogil=True, cache=True, **options)(kernel)
        except RuntimeError:  # no folder to cache in: compile in memory
            made = njit(nogil=True, **options)(kernel)
        return made

    return compiled
