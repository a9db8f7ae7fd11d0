"""CuPy as a backend: one NVIDIA GPU, the thread's current device, in double precision."""

from __future__ import annotations

from functools import cache, partial
from importlib import import_module
from importlib.resources import files
from typing import Any

import numpy as np

from linscale.errors import MissingDevice
from linscale.montecarlo import paths
from linscale.montecarlo.backend import Array, Backend

TOGETHER = 256  # largest matrices that the batched solver takes; beyond it they go one by one
TILE = 16  # as in the source of the kernel
INSTALL = (
    "pip install 'linscale[cuda12]' for drivers of CUDA 12, 'linscale[cuda13]' for those of CUDA 13"
)


def backend() -> Backend:
    """The GPU.

    Raises
    ------
    MissingDevice
        CuPy, the device, its driver or a library is missing; the message says which.
    """
    cupy, xp = _library("cupy"), _library("array_api_compat.cupy")
    try:
        if cupy.cuda.runtime.getDeviceCount() == 0:
            raise RuntimeError("no device is visible")
        number = cupy.cuda.runtime.getDevice()
        device = cupy.cuda.Device(number)
        name = cupy.cuda.runtime.getDeviceProperties(number)["name"]
    except RuntimeError as error:  # what CuPy raises for a driver that is missing or too old
        raise MissingDevice(
            f"engine = 'cupy' needs an NVIDIA GPU and its driver: {_first_line(error)}. "
            "'nvidia-smi' should list the GPU; without one, use engine='auto'"
        ) from None
    try:
        cupy.linalg.eigh(cupy.eye(2))  # CuPy loads compiler and solver only when they are used
    except (ImportError, RuntimeError) as error:
        raise MissingDevice(
            f"engine = 'cupy' needs the CUDA toolkit's libraries: {_first_line(error)}: {INSTALL}"
        ) from None

    def free_memory() -> int:
        pool = cupy.get_default_memory_pool()
        free = int(device.mem_info[0]) + int(pool.free_bytes())
        limit = int(pool.get_limit())  # 0: none; set by CUPY_GPU_MEMORY_LIMIT
        return min(free, limit - int(pool.used_bytes())) if limit else free

    return Backend(
        name.decode() if isinstance(name, bytes) else str(name),
        xp,
        device,
        to_host=cupy.asnumpy,
        eigh=partial(_eigh, cupy, import_module("cupyx")),
        subspace_path=partial(_subspace_path, cupy),
        quadratic_path=partial(paths.quadratic_path, xp=xp),
        free_memory=free_memory,
        active=lambda: cupy.cuda.Device(number),
    )


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingDevice(
            f"engine = 'cupy' needs {name.split('.')[0]}, which cannot be imported "
            f"({_first_line(error)}): {INSTALL}"
        ) from None


def _first_line(error: Exception) -> str:
    """CuPy's messages may fill a screen."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _eigh(cupy: Any, cupyx: Any, matrices: Array) -> tuple[Array, Array]:
    """Stacks of small matrices by the batched Jacobi solver, large ones by divide and conquer.

    Alone a small matrix leaves most of the device idle; Jacobi sweeps cost several times the work,
    which large ones do not repay. A solver that does not converge raises LinAlgError.
    """
    with cupyx.errstate(linalg="raise"):
        if matrices.ndim == 2 or matrices.shape[-1] <= TOGETHER:
            l, v = cupy.linalg.eigh(matrices)
            return l, v
        found = [cupy.linalg.eigh(matrix) for matrix in matrices]
        return cupy.stack([l for l, _ in found]), cupy.stack([v for _, v in found])


def kernel_source() -> str:
    """CUDA C++ of the subspace path, which says what it does."""
    return files("linscale.montecarlo").joinpath("subspace_path.cu").read_text()


@cache
def _kernel(cupy: Any) -> Any:
    """Compiled by NVRTC on first use, for the device at hand; CuPy keeps it on disk."""
    return cupy.RawKernel(kernel_source(), "subspace_path")


def _subspace_path(
    cupy: Any, rho: Array, gain: Array, rows: Array, residual: Array, s2: float
) -> Array:
    """See :func:`linscale.montecarlo.paths.subspace_path`; one leading axis, of draws."""
    rho, gain, rows, residual = map(cupy.ascontiguousarray, (rho, gain, rows, residual))
    draws, points, count = rho.shape
    d, drawn = rows.shape[-1], residual.shape[-1] > 0
    out = cupy.empty((draws, points))
    sizes = (np.int64(points), np.int64(count), np.int64(d), np.int64(drawn))
    arguments = (rho, gain, rows, residual, np.float64(s2), *sizes, out)
    _kernel(cupy)((points, draws), (TILE, TILE), arguments)
    return out
