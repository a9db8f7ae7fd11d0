"""The path kernels in plain array code: the readable twins that compiled ones are tested against.

Written against the array API standard, for one training set or a stack of them: leading axes,
shown as ``...``, are carried along. Where no compiled kernel is at hand they do the work.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any  # of the library ``xp``


def subspace_path(
    rho: Array, gain: Array, rows: Array, residual: Array, s2: float, xp: Any = np
) -> Array:
    r"""||(W_t - B) S^{1/2}||_F^2 for the subspace model, shape (..., T).

    With b = 1/(1+s2), v_i the first d coordinates of eigenvector i (``rows``, (..., r, d)), the
    null space seen from the signal subspace N0 = I - sum_i v_i v_i', and the filter's rho and gain,
    (..., T, r),  f_i = b rho_i v_i - gain_i residual_i,

        ||b N0 + sum_i f_i v_i'||_F^2 + s2 (b^2 tr N0 + sum_i |f_i|^2)

    An empty ``residual`` (..., r, 0) means that it is averaged: f_i = b rho_i v_i.
    """
    b = 1.0 / (1.0 + s2)
    d = rows.shape[-1]
    null = xp.eye(d, device=rows.device) - xp.matrix_transpose(rows) @ rows
    outside = d - xp.sum(rows**2, axis=(-2, -1))
    out = []
    for t in range(rho.shape[-2]):  # all at once would hold T times the stack
        f = b * rho[..., t, :, None] * rows
        if residual.shape[-1] > 0:
            f = f - gain[..., t, :, None] * residual
        left = b * null + xp.matrix_transpose(f) @ rows
        size = b * b * outside + xp.sum(f**2, axis=(-2, -1))
        out.append(xp.sum(left**2, axis=(-2, -1)) + s2 * size)
    return xp.stack(out, axis=-1)


def quadratic_path(gain: Array, linear: Array, quadratic: Array, xp: Any = np) -> Array:
    """g_t' H g_t - 2 a' g_t, shape (..., T): gain (..., T, r), a (..., r), H (..., r, r)."""
    return xp.sum(gain * (gain @ quadratic - 2.0 * linear[..., None, :]), axis=-1)
