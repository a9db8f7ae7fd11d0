"""Where training sets are decomposed: an array library on one device.

The random numbers are drawn on the host, and filters are evaluated there, on the eigenvalues. The
linear algebra between is written once (``spectra``, ``decomposed``, ``paths``), against the array
API standard, for one training set or for a stack of them: NumPy runs it for the CPU engines, one
set at a time and with compiled path kernels; any other library runs stacks.

Source: the Python array API standard, data-apis.org/array-api (2024.12).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from linscale.montecarlo import _numba, paths
from linscale.support.validate import FloatArray

Array = Any  # of the backend's library: the standard names no type


@dataclass(frozen=True, eq=False)
class Backend:
    """An array library on one device.

    Attributes
    ----------
    name : str
        For the result's ``method``.
    xp, device
        Namespace of the array API standard, and what its ``asarray`` takes as a device.
    to_host : function
        Of an array: the same as NumPy array.
    eigh : function
        Of symmetric matrices (..., m, m): eigenvalues (..., m), ascending, and eigenvectors in
        columns, (..., m, m).
    subspace_path, quadratic_path : function
        As in :mod:`linscale.montecarlo.paths`.
    free_memory : function
        Bytes that a stack may count on.
    active : function
        A context in which this device is the current one of the thread.
    """

    name: str
    xp: Any
    device: Any
    to_host: Callable[[Array], FloatArray]
    eigh: Callable[[Array], tuple[Array, Array]]
    subspace_path: Callable[..., Array]
    quadratic_path: Callable[..., Array]
    free_memory: Callable[[], int]
    active: Callable[[], AbstractContextManager[Any]] = nullcontext

    def put(self, values: FloatArray) -> Array:
        """A host array on this device."""
        return self.xp.asarray(values, device=self.device)


def portable(
    name: str,
    xp: Any,
    device: Any,
    to_host: Callable[[Array], FloatArray],
    free_memory: Callable[[], int],
) -> Backend:
    """A backend by the standard's functions alone, paths by the readable kernels."""
    return Backend(
        name, xp, device, to_host, xp.linalg.eigh, partial(paths.subspace_path, xp=xp),
        partial(paths.quadratic_path, xp=xp), free_memory,
    )  # fmt: skip


def _subspace_path(
    rho: FloatArray, gain: FloatArray, rows: FloatArray, residual: FloatArray, s2: float
) -> Array:
    return _numba.subspace_path(*map(np.ascontiguousarray, (rho, gain, rows, residual)), s2)


def _quadratic_path(gain: FloatArray, linear: FloatArray, quadratic: FloatArray) -> Array:
    return _numba.quadratic_path(*map(np.ascontiguousarray, (gain, linear, quadratic)))


HOST = Backend(
    "numpy", np, "cpu", np.asarray, np.linalg.eigh, _subspace_path, _quadratic_path, lambda: 2**30
)
"""The CPU engines': one training set at a time, its path by compiled kernels."""
