"""Compiled path kernels: loops only; the mathematics is in their twins in ``paths``.

They release the GIL, so draws run in threads. Compilation is cached where the installation
allows it.
"""

from __future__ import annotations

import numpy as np

from linscale.support.compiled import compile_kernel
from linscale.support.validate import FloatArray


@compile_kernel()
def subspace_path(
    rho: FloatArray, gain: FloatArray, rows: FloatArray, residual: FloatArray, s2: float
) -> FloatArray:
    """See :func:`linscale.montecarlo.paths.subspace_path`."""
    points, count = rho.shape
    d = rows.shape[1]
    drawn = residual.shape[1] > 0
    b = 1.0 / (1.0 + s2)
    null = np.eye(d) - rows.T @ rows
    outside = np.trace(null)
    f = np.empty((count, d))
    out = np.empty(points)
    for t in range(points):
        size = 0.0
        for i in range(count):
            for a in range(d):
                value = b * rho[t, i] * rows[i, a]
                if drawn:
                    value -= gain[t, i] * residual[i, a]
                f[i, a] = value
                size += value * value
        left = f.T @ rows
        total = 0.0
        for a in range(d):
            for c in range(d):
                value = left[a, c] + b * null[a, c]
                total += value * value
        out[t] = total + s2 * (b * b * outside + size)
    return out


@compile_kernel()
def quadratic_path(gain: FloatArray, linear: FloatArray, quadratic: FloatArray) -> FloatArray:
    """See :func:`linscale.montecarlo.paths.quadratic_path`."""
    points, count = gain.shape
    product = gain @ quadratic
    out = np.empty(points)
    for t in range(points):
        total = 0.0
        for i in range(count):
            total += gain[t, i] * (product[t, i] - 2.0 * linear[i])
        out[t] = total
    return out
