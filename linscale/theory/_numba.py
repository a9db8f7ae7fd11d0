"""The compiled loops of :mod:`linscale.theory.newton`, where the mathematics is."""

from __future__ import annotations

import numpy as np

from linscale.support.compiled import compile_kernel
from linscale.support.validate import ComplexArray, FloatArray

ANY_ORDER = {"reassoc", "contract", "arcp"}  # of the terms of a sum: several are added at once
TRIES = 12  # Newton steps from the point before
CLOSE = 1e-7  # relative; one step more is then exact to rounding


@compile_kernel(fastmath=ANY_ORDER)
def sums(
    values: FloatArray, weights: FloatArray, a: complex, b: complex
) -> tuple[complex, complex, complex, complex, complex]:
    """With q = 1/(a v + b): sums of w q and w v q; of w q^2, w v q^2 and w v^2 q^2."""
    ar, ai, br, bi = a.real, a.imag, b.real, b.imag
    s0r = s0i = s1r = s1i = p0r = p0i = p1r = p1i = p2r = p2i = 0.0
    for j in range(values.size):
        v, w = values[j], weights[j]
        x, y = ar * v + br, ai * v + bi
        size = 1.0 / (x * x + y * y)
        qr, qi = x * size, -y * size
        s0r += w * qr
        s0i += w * qi
        s1r += w * v * qr
        s1i += w * v * qi
        tr, ti = w * (qr * qr - qi * qi), w * 2.0 * qr * qi
        p0r += tr
        p0i += ti
        p1r += v * tr
        p1i += v * ti
        p2r += v * v * tr
        p2i += v * v * ti
    return (
        complex(s0r, s0i), complex(s1r, s1i),
        complex(p0r, p0i), complex(p1r, p1i), complex(p2r, p2i),
    )  # fmt: skip


@compile_kernel()
def step(
    power: FloatArray, share: FloatArray, tau: FloatArray, weights: FloatArray, s2: float,
    z: complex, alpha: complex, beta: complex,
) -> tuple[complex, complex]:  # fmt: skip
    """One Newton step."""
    v, u, e0, e1, e2 = sums(tau, weights, alpha, s2 * beta - z)
    many, one, k0, k1, k2 = sums(power, share, u, 1.0 + s2 * v)
    f, g = alpha - one, beta - many
    aa, ab = 1.0 - k2 * e2 - s2 * k1 * e1, -s2 * (k2 * e1 + s2 * k1 * e0)
    ba, bb = -(k1 * e2 + s2 * k0 * e1), 1.0 - s2 * (k1 * e1 + s2 * k0 * e0)
    scale = 1.0 / (aa * bb - ab * ba)
    return alpha - scale * (bb * f - ab * g), beta - scale * (aa * g - ba * f)


@compile_kernel()
def descend(
    power: FloatArray, share: FloatArray, tau: FloatArray, weights: FloatArray, s2: float,
    z: ComplexArray, away: complex, stages: int, per_stage: int, last: int,
) -> tuple[ComplexArray, ComplexArray]:  # fmt: skip
    """alpha and beta at every z: from the point before, and in stages where that does not end at
    values of the signs that the solution alone has."""
    alphas, betas = np.empty_like(z), np.empty_like(z)
    upper = away.imag != 0.0
    alpha, beta = complex(0.0), complex(0.0)
    for i in range(z.size):
        found = False
        for _ in range(TRIES if i > 0 else 0):
            a, b = step(power, share, tau, weights, s2, z[i], alpha, beta)
            found = abs(a - alpha) + abs(b - beta) < CLOSE * (abs(a) + abs(b))
            alpha, beta = a, b
            if found:
                alpha, beta = step(power, share, tau, weights, s2, z[i], alpha, beta)
                break
        if found and upper:
            found = alpha.imag < 0.0 and beta.imag < 0.0
            found = found and (alpha / z[i]).imag < 0.0 and (beta / z[i]).imag < 0.0
        elif found:
            found = alpha.real >= 0.0 and beta.real > 0.0
        if not found:
            alpha, beta = complex((share * power).sum()), complex(share.sum())
            for k in range(stages):
                x = z[i] + away * 0.5**k
                for _ in range(per_stage):
                    alpha, beta = step(power, share, tau, weights, s2, x, alpha, beta)
            for _ in range(last):
                alpha, beta = step(power, share, tau, weights, s2, z[i], alpha, beta)
        alphas[i], betas[i] = alpha, beta
    return alphas, betas
