"""The path kernels in plain NumPy: the readable twins that the compiled ones are tested against."""

from __future__ import annotations

import numpy as np

from linscale.validate import FloatArray


def subspace_path(
    rho: FloatArray, gain: FloatArray, rows: FloatArray, residual: FloatArray, s2: float
) -> FloatArray:
    r"""||(W_t - B) S^{1/2}||_F^2 for the subspace model, shape (T,).

    With b = 1/(1+s2), v_i the first d coordinates of eigenvector i (``rows``), the null space seen
    from the signal subspace N0 = I - sum_i v_i v_i', and f_i = b rho_i v_i - gain_i residual_i,

        ||b N0 + sum_i f_i v_i'||_F^2 + s2 (b^2 tr N0 + sum_i |f_i|^2)

    An empty ``residual`` (r, 0) means that it is averaged: f_i = b rho_i v_i.
    """
    b = 1.0 / (1.0 + s2)
    null = np.eye(rows.shape[1]) - rows.T @ rows
    out = np.empty(rho.shape[0])
    for t in range(rho.shape[0]):
        f = b * rho[t][:, None] * rows
        if residual.shape[1] > 0:
            f -= gain[t][:, None] * residual
        left = b * null + f.T @ rows
        out[t] = np.sum(left**2) + s2 * (b**2 * np.trace(null) + np.sum(f**2))
    return out


def quadratic_path(gain: FloatArray, linear: FloatArray, quadratic: FloatArray) -> FloatArray:
    """g_t' H g_t - 2 a' g_t along a path: gain (T, r), linear a (r,), quadratic H (r, r)."""
    return np.asarray(np.sum((gain @ quadratic) * gain, axis=1) - 2.0 * gain @ linear)
