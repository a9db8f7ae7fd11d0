"""Compiled kernels on banded matrices. Loops only; each is tested against dense linear algebra.

A symmetric band matrix A of half-width w is held by columns of its lower triangle:
``lower[i, o] = A[i + o, i]`` for o = 0 .. w, zeros past the end.
"""

from __future__ import annotations

import numpy as np

from linscale.support.compiled import compile_kernel
from linscale.support.validate import FloatArray


@compile_kernel()
def gram(factor: FloatArray, rows: int, count: float) -> FloatArray:
    """Lower band of F F' / count over its first ``rows`` rows; ``factor[j, o] = F[j + o, j]``."""
    columns, width = factor.shape
    out = np.zeros((rows, width))
    for j in range(columns):
        for o in range(width):
            i = j + o
            if i >= rows:
                break
            left = factor[j, o] / count
            for p in range(o, width):
                if j + p >= rows:
                    break
                out[i, p - o] += left * factor[j, p]
    return out


@compile_kernel()
def dual_gram(factor: FloatArray) -> FloatArray:
    """Lower band of F' F, for the same storage of F."""
    columns, width = factor.shape
    out = np.zeros((columns, width))
    for j in range(columns):
        for p in range(min(width, columns - j)):
            total = 0.0
            for o in range(p, width):
                total += factor[j, o] * factor[j + p, o - p]
            out[j, p] = total
    return out


@compile_kernel()
def tridiagonalise(lower: FloatArray, rows: FloatArray) -> FloatArray:
    """Reduce a band matrix to tridiagonal form by Givens rotations, chasing bulges (Schwarz 1968).

    ``rows`` (m, D), the first D rows of the identity on entry, transposed, becomes those of the
    orthogonal factor. Returns the (m, 2) diagonal and subdiagonal.
    """
    m, w = lower.shape[0], lower.shape[1] - 1
    a = np.zeros((m, w + 2))  # one more diagonal, for the bulge
    a[:, : w + 1] = lower
    for k in range(m - 2):
        for p in range(min(w, m - 1 - k), 1, -1):
            column, i = k, k + p - 1  # annihilate A[i + 1, column] by rotating rows i and i + 1
            while i + 1 < m:
                x, y = a[column, i - column], a[column, i + 1 - column]
                if y == 0.0:
                    break
                r = np.hypot(x, y)
                c, s = x / r, y / r
                a[column, i - column], a[column, i + 1 - column] = r, 0.0
                for q in range(column + 1, i):
                    u, v = a[q, i - q], a[q, i + 1 - q]
                    a[q, i - q], a[q, i + 1 - q] = c * u + s * v, c * v - s * u
                d, e, f = a[i, 0], a[i, 1], a[i + 1, 0]
                a[i, 0] = c * c * d + 2.0 * c * s * e + s * s * f
                a[i + 1, 0] = s * s * d - 2.0 * c * s * e + c * c * f
                a[i, 1] = (c * c - s * s) * e + c * s * (f - d)
                last = min(m - 1, i + 1 + w)
                for q in range(i + 2, last + 1):
                    u, v = a[i, q - i], a[i + 1, q - i - 1]
                    a[i, q - i], a[i + 1, q - i - 1] = c * u + s * v, c * v - s * u
                for b in range(rows.shape[1]):
                    u, v = rows[i, b], rows[i + 1, b]
                    rows[i, b], rows[i + 1, b] = c * u + s * v, c * v - s * u
                column, i = i, i + w  # the bulge at A[i + 1 + w, i]
    return a[:, :2].copy()


@compile_kernel()
def tridiagonal_eigen(tridiagonal: FloatArray, rows: FloatArray) -> bool:
    """Implicit QL on a tridiagonal matrix (Bowdler, Martin, Reinsch and Wilkinson 1968).

    The diagonal becomes the eigenvalues, unordered; ``rows`` (m, D) is carried along, so that it
    ends as the first D coordinates of the eigenvectors. False if an eigenvalue is not found.
    """
    m, width = rows.shape
    d, e = tridiagonal[:, 0], tridiagonal[:, 1]
    e[m - 1] = 0.0
    eps = 2.220446049250313e-16
    for l in range(m):
        for iteration in range(61):
            k = l
            while k < m - 1:
                if abs(e[k]) <= eps * np.sqrt(abs(d[k])) * np.sqrt(abs(d[k + 1])) + 1e-300:
                    break
                if abs(e[k]) <= 1e-3 * eps * (abs(d[k]) + abs(d[k + 1])):
                    break
                k += 1
            if k == l:
                break
            if iteration == 60:
                return False
            g = (d[l + 1] - d[l]) / (2.0 * e[l])
            r = np.hypot(g, 1.0)
            g = d[k] - d[l] + e[l] / (g + (r if g >= 0.0 else -r))
            s, c, shift = 1.0, 1.0, 0.0
            split = False
            for i in range(k - 1, l - 1, -1):
                f, b = s * e[i], c * e[i]
                r = np.hypot(f, g)
                e[i + 1] = r
                if r == 0.0:
                    d[i + 1] -= shift
                    e[k] = 0.0
                    split = True
                    break
                s, c = f / r, g / r
                g = d[i + 1] - shift
                r = (d[i] - g) * s + 2.0 * c * b
                shift = s * r
                d[i + 1] = g + shift
                g = c * r - b
                for q in range(width):
                    u, v = rows[i, q], rows[i + 1, q]
                    rows[i + 1, q], rows[i, q] = s * u + c * v, c * u - s * v
            if split:
                continue
            d[l] -= shift
            e[l] = g
            e[k] = 0.0
    return True


@compile_kernel()
def chebyshev_moments(lower: FloatArray, block: int, steps: int, end: float) -> FloatArray:
    """E_1' T_j(2 A / end - 1) E_1 for j = 0 .. 2 steps, E_1 the first ``block`` coordinates.

    T_{i+j} = 2 T_i T_j - T_{i-j} makes 2 K moments from K products, and a product reaches only
    as many rows as the band has carried so far. If A has an eigenvalue above ``end`` that E_1
    can see, the first moment exceeds 1 in the end: the caller looks.
    """
    m, w = lower.shape[0], lower.shape[1] - 1
    band = np.zeros((m, 2 * w + 1))  # band[i, w + o] = (2 A / end - 1)[i, i + o]
    for i in range(m):
        for o in range(w + 1):
            value = 2.0 * lower[i, o] / end
            if o == 0:
                band[i, w] = value - 1.0
            elif i + o < m:
                band[i, w + o] = value
                band[i + o, w - o] = value
    out = np.zeros((2 * steps + 1, block, block))
    before, now, after = np.zeros((m, block)), np.zeros((m, block)), np.zeros((m, block))
    for a in range(block):
        now[a, a] = 1.0
        out[0, a, a] = 1.0
    reach = block
    for j in range(steps):
        grown = min(m, reach + w)
        factor = 1.0 if j == 0 else 2.0
        for i in range(grown):
            for a in range(block):
                after[i, a] = -before[i, a]
            for k in range(max(0, i - w), min(reach, i + w + 1)):
                value = factor * band[i, k - i + w]
                for a in range(block):
                    after[i, a] += value * now[k, a]
        out[2 * j + 1] = after[:reach].T @ now[:reach]
        if j > 0:
            out[2 * j] = 2.0 * (now[:reach].T @ now[:reach]) - out[0]
            out[2 * j + 1] = 2.0 * out[2 * j + 1] - out[1]
        before, now, after = now, after, before
        reach = grown
    out[2 * steps] = 2.0 * (now[:reach].T @ now[:reach]) - out[0]
    return out


@compile_kernel()
def trace_of_inverse(cholesky: FloatArray) -> float:
    """tr (L L')^{-1} for a banded lower factor, ``cholesky[i, o] = L[i + o, i]``.

    Only the band of the inverse is formed, from its end (Takahashi, Fagan and Chin 1973).
    """
    m, w = cholesky.shape[0], cholesky.shape[1] - 1
    inverse = np.zeros((m + w, w + 1))  # inverse[i, o] = Z[i + o, i]
    total = 0.0
    for i in range(m - 1, -1, -1):
        reach = min(w, m - 1 - i)
        pivot = cholesky[i, 0]
        for o in range(reach, 0, -1):
            value = 0.0
            for p in range(1, reach + 1):
                low, gap = min(o, p), abs(o - p)
                value += inverse[i + low, gap] * cholesky[i, p]
            inverse[i, o] = -value / pivot
        value = 1.0 / pivot
        for p in range(1, reach + 1):
            value -= inverse[i, p] * cholesky[i, p]
        inverse[i, 0] = value / pivot
        total += inverse[i, 0]
    return total
