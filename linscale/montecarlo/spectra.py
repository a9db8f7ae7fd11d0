"""Eigenvalues and eigenvectors of YY'/N, from the smaller of the two Gram matrices.

Never n x n gradient descent: a filter acts on the r = min(n, N) eigenvalues. Written against the
array API standard, for one training set or a stack of them (leading axes ``...``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from linscale.montecarlo.backend import Array, Backend

EPS = float(np.finfo(float).eps)
TINY = float(np.finfo(float).tiny)


class Spectrum(NamedTuple):
    """What a learned estimator W = X Y' g(Sh) / N = C g(l) V' is made of.

    Attributes
    ----------
    eigenvalues : (..., r) array
        l, of Sh = YY'/N, ascending, without the null space.
    vectors : (..., n, r) array
        V, or those of its rows that were asked for.
    coefficients : (..., p, r) array or None
        C = X Y' V / N, where X was given.
    """

    eigenvalues: Array
    vectors: Array
    coefficients: Array | None


def of_few(on: Backend, gram: Array, y: Array, x: Array | None, n_train: int) -> Spectrum:
    """From the r x r Gram matrix Y'Y, r columns standing for N samples: v = Y u / sqrt(N l).

    Repeated or zero measurements have no v, nor have eigenvalues lost to rounding: they are left
    out, or where others of a stack have them, contribute nothing.

    Parameters
    ----------
    gram : (..., r, r) array
    y : (..., n, r) array
        Y, or those of its rows that are wanted of V.
    x : (..., p, r) array or None
    """
    xp = on.xp
    l, u = on.eigh(gram / n_train)
    rounding = l.shape[-1] * EPS * l[..., -1:]
    counts = xp.count_nonzero(l > rounding, axis=-1)
    most = int(xp.max(counts))
    l, u = l[..., l.shape[-1] - most :], u[..., u.shape[-1] - most :]
    safe = xp.maximum(l, rounding + TINY)
    v = y @ u / xp.sqrt(n_train * safe)[..., None, :]
    c = None if x is None else (x @ u) * xp.sqrt(safe / n_train)[..., None, :]
    if l.ndim > 1 and int(xp.min(counts)) < most:
        kept = (l > rounding)[..., None, :]
        v, c = (None if m is None else xp.where(kept, m, 0.0) for m in (v, c))
    return Spectrum(safe, v, c)


def of_many(
    on: Backend, gram: Array, cross: Array | None, rank: int | None = None, rows: int | None = None
) -> Spectrum:
    """From the matrix YY'/N itself, (..., m, m), and from XY'/N, (..., p, m), where X is there.

    Parameters
    ----------
    rank : int, optional
        Without the null space: the largest ``rank`` eigenvalues only.
    rows : int, optional
        Of V, as many are wanted.
    """
    xp = on.xp
    l, v = on.eigh(gram)
    if rank is not None and rank < l.shape[-1]:
        l, v = l[..., -rank:], v[..., -rank:]
    # Lost below rounding: set to the rounding level.
    l = xp.maximum(l, EPS * l[..., -1:])
    c = None if cross is None else cross @ v[..., : cross.shape[-1], :]
    return Spectrum(l, v if rows is None else v[..., :rows, :], c)


def symmetric(band: Array, xp: Any) -> Array:
    """The matrix (..., m, m) with ``band[j, o]`` at (j + o, j) and (j, j + o).

    Rows padded to m + 1 and read again as rows of m are each shifted by one more: so j + o becomes
    the column. What lies beyond the matrix must be 0.
    """
    *stack, m, width = band.shape
    width = min(width, m)
    padding = xp.zeros((*stack, m, m + 1 - width), dtype=band.dtype, device=band.device)
    flat = xp.reshape(xp.concat((band[..., :width], padding), axis=-1), (*stack, m * (m + 1)))
    upper = xp.reshape(flat[..., : m * m], (*stack, m, m))
    diagonal = band[..., :1] * xp.eye(m, dtype=band.dtype, device=band.device)
    return upper + xp.matrix_transpose(upper) - diagonal
