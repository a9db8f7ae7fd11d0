r"""The companion equations, solved at many points: Newton's method from far away.

Of a variance profile V_ij = tau_i k_j + s2 (eigenspaces j of share n_j/N, a law of tau) two
unknowns hold everything, in variables that stay finite at z = 0 where N < n:

    alpha = (1/N) sum_j n_j k_j T_j,    beta = (1/N) sum_j n_j T_j,    T_j = 1/(1 + k_j u + s2 v)
    u = E tau d,    v = E d,    d(tau) = 1/(tau alpha + s2 beta - z)

One Gaussian covariance is k_j = l_j, s2 = 0, tau = 1; its effective penalty is alpha - z.

Newton's method begins far above z (or far left of a real z < 0), where T = 1, and goes down in
factors of two: each stage moves z by a bounded hyperbolic distance in the upper half plane, and the
solution by no more. Who asks certifies what it ends at. :func:`in_stages` is the method as it
reads; :func:`solution` is compiled, and begins at the point before where that is good enough.

Derivations: `companion` and `mixtures`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from linscale.support.validate import ComplexArray, FloatArray

PER_STAGE, LAST = 3, 6  # Newton steps


@dataclass(frozen=True, eq=False)
class Profile:
    """The numbers of the equations: eigenspaces (J,) and atoms (K,) with their shares."""

    power: FloatArray
    share: FloatArray
    noise: float
    tau: FloatArray
    weights: FloatArray

    def moments(self, z: Any, alpha: Any, beta: Any) -> tuple[Any, Any]:
        """T (M, J) and d (M, K)."""
        d = 1.0 / (alpha[:, None] * self.tau + (self.noise * beta - z)[:, None])
        u, v = d @ (self.weights * self.tau), d @ self.weights
        return 1.0 / (u[:, None] * self.power + (1.0 + self.noise * v)[:, None]), d


class Descent(NamedTuple):
    """From z + away to z in so many stages."""

    away: complex
    stages: int

    @classmethod
    def to(cls, p: Profile, z: Any) -> Descent:
        """Down to complex z above the real axis, or right to real z < 0."""
        upper = np.iscomplexobj(z)
        near = float(np.min(z.imag)) if upper else float(-np.max(z))
        most = float(np.max(p.tau))
        size = float((most * p.power + p.noise) @ p.share + most * p.power.max())
        far = 4.0 * (float(np.abs(z).max()) + size + p.noise)
        return cls(1j * far if upper else complex(-far), int(np.ceil(np.log2(far / near))) + 1)


def solution(p: Profile, z: ComplexArray | FloatArray) -> tuple[Any, Any]:
    """alpha and beta at z (M,), of the kind that z is; neighbours near one another."""
    from linscale.theory import _numba

    numbers = (np.array(a, dtype=float) for a in (p.power, p.share, p.tau, p.weights))  # one type
    points, descent = np.array(z, dtype=complex), Descent.to(p, z)
    one, many = _numba.descend(*numbers, float(p.noise), points, *descent, PER_STAGE, LAST)
    return (one, many) if np.iscomplexobj(z) else (one.real, many.real)


def in_stages(p: Profile, z: ComplexArray | FloatArray) -> tuple[Any, Any]:
    """The same, every point all the way."""
    start = np.ones_like(z)
    alpha, beta = start * (p.share @ p.power), start * p.share.sum()
    away, stages = Descent.to(p, z)
    if not np.iscomplexobj(z):
        away = away.real
    for k in range(stages):
        for _ in range(PER_STAGE):
            alpha, beta = _step(p, z + away * 0.5**k, alpha, beta)
    for _ in range(LAST):
        alpha, beta = _step(p, z, alpha, beta)
    return alpha, beta


def _step(p: Profile, z: Any, alpha: Any, beta: Any) -> tuple[Any, Any]:
    """One Newton step."""
    s2, one, many = p.noise, p.share * p.power, p.share
    T, d = p.moments(z, alpha, beta)
    f, g = alpha - T @ one, beta - T @ many
    T, d = T * T, d * d
    k2, k1, k0 = T @ (one * p.power), T @ one, T @ many
    e2, e1, e0 = (d @ (p.weights * p.tau**i) for i in (2, 1, 0))
    # 1 - d(T side)/d(u, v) d(u, v)/d(alpha, beta)
    aa, ab = 1.0 - k2 * e2 - s2 * k1 * e1, -s2 * (k2 * e1 + s2 * k1 * e0)
    ba, bb = -(k1 * e2 + s2 * k0 * e1), 1.0 - s2 * (k1 * e1 + s2 * k0 * e0)
    scale = 1.0 / (aa * bb - ab * ba)
    return alpha - scale * (bb * f - ab * g), beta - scale * (aa * g - ba * f)
