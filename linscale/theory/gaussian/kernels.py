r"""Bias and variance kernels at leading order and at the next, in the effective penalty kappa.

With g_j = 1/(l_j + kappa), Q_j = -(kappa/z) g_j, and everything is a rational function of moments

    S[k, a, b] = (1/N) sum_j n_j l_j^k g_j(1)^a g_j(2)^b,      P[k, a, b] with w_j for n_j,
    a12 = S[2,1,1],   a1 = S[2,2,0],   c1 = S[3,3,0],   D = 1/(1 - a12),   r = D P[1,1,1],

and with the prefactor kappa1 kappa2 / (z1 z2) taken out,

    E tr[B'B Q(z1) S Q(z2)]  =  N r  +  A1 + A2 + X1 Y1 + X2 Y2 + Z          (the sum: order 1/N)

    M[a, b] = P[a+b-1, a, b] + r S[a+b, a, b]
    e1 = D (a12 r - M[2,1])/(1 - a1)          e2: exchange the arguments
    A1 = [D (M[3,1] - a12 M[2,1]) - e1 (c1 - a1)]/(1 - a1)
    A2 = [D (M[1,3] - r S[3,1,2]) - e2 (c2 - a2)]/(1 - a2)
    X1 Y1 = D^2 (a12^2 - S[3,2,1]) (r a1 - M[2,1])/(1 - a1)
    X2 Y2 = D^2 (a12 a2 - S[3,1,2]) (r a12 - M[1,2])/(1 - a2)
    Z = D^2 [M[2,2] - a12 M[1,2] - r (S[3,2,1] - a12^2)]

    E tr[S Q(z)] = -(kappa/z) [ sum_j n_j l_j g_j + f ],    f = (c - a^2)/(1 - a)^2   (order 1/N)

The 1/N terms are those of real Gaussian data: one diagram, the ladder closed with a twist. Complex
circular data has none. Both sides are symmetric in z1 and z2.

Derivations: `two_resolvents` and `finite_size`.

Sources: Bai and Silverstein, Ann. Probab. 32 (2004) 553, for the mean of one resolvent at order 1;
the quadratic form is the second derivative of the same expansion of E log det over a doubled space.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from linscale.filters.poles import Pairs, Poles, Sum
from linscale.models.problem import SpectralProblem
from linscale.support.validate import ComplexArray, FloatArray
from linscale.theory.gaussian.stieltjes import degrees_of_freedom, effective_penalty

ROWS = 24  # rows of a kernel at a time: the working arrays stay in cache


class PairMoments:
    """Moments at all pairs (kappa1[i], kappa2[j]), as matrix products: arrays (M1, M2)."""

    def __init__(self, problem: SpectralProblem, n_train: float, kappa1: Any, kappa2: Any) -> None:
        self._problem, self._count = problem, float(n_train)
        self._first = _Powers(1.0 / (problem.eigenvalues + np.asarray(kappa1)[..., None]))
        self._second = _Powers(1.0 / (problem.eigenvalues + np.asarray(kappa2)[..., None]))
        keep = problem.target_weights > 0  # other atoms add nothing to P
        self._target = slice(None) if np.all(keep) else keep

    def s(self, k: int, a: int, b: int) -> Any:
        """S[k, a, b]."""
        weight = self._problem.multiplicities * self._problem.eigenvalues**k / self._count
        return self._summed(self._first[a] * weight, self._second[b])

    def p(self, k: int, a: int, b: int) -> Any:
        """P[k, a, b]."""
        keep, p = self._target, self._problem
        weight = (p.target_weights * p.eigenvalues**k)[keep] / self._count
        return self._summed(self._first[a][..., keep] * weight, self._second[b][..., keep])

    def _summed(self, left: Any, right: Any) -> Any:
        """Over the atoms."""
        return left @ right.T

    def alone(self, argument: int, power: int) -> Any:
        """S[power, power, 0] at either argument, as a column (1) or a row (2)."""
        values = self._alone(self._first if argument == 1 else self._second, power)
        return values[:, None] if argument == 1 else values[None, :]

    def _alone(self, g: _Powers, power: int) -> Any:
        p = self._problem
        return g[power] @ (p.eigenvalues**power * p.multiplicities) / self._count


class _Powers(dict[int, Any]):
    """Powers of an array, each worked out once."""

    def __init__(self, values: Any) -> None:
        super().__init__({1: values})

    def __missing__(self, power: int) -> Any:
        self[power] = self[power - 1] * self[1]
        return self[power]


class PoleMoments(PairMoments):
    """The same at a filter's pairs of poles: arrays (T, P), from kappa at the poles, (T, K)."""

    def __init__(self, problem: SpectralProblem, n_train: float, kappa: Any, at: Pairs) -> None:
        super().__init__(problem, n_train, kappa, np.concatenate((kappa, kappa.conj()), axis=1))
        self._at = at

    def _summed(self, left: Any, right: Any) -> Any:
        return (left @ right.swapaxes(1, 2))[:, self._at.first, self._at.second]

    def alone(self, argument: int, power: int) -> Any:
        if argument == 1:
            return self._alone(self._first, power)[:, self._at.first]
        return self._alone(self._second, power)[:, self._at.second]


class EqualMoments(PairMoments):
    """The same at kappa1 = kappa2: arrays (M,)."""

    def __init__(self, problem: SpectralProblem, n_train: float, kappa: Any) -> None:
        super().__init__(problem, n_train, kappa, kappa)

    def s(self, k: int, a: int, b: int) -> Any:
        p = self._problem
        return self._first[a + b] @ (p.multiplicities * p.eigenvalues**k) / self._count

    def p(self, k: int, a: int, b: int) -> Any:
        p = self._problem
        return self._first[a + b] @ (p.target_weights * p.eigenvalues**k) / self._count

    def alone(self, argument: int, power: int) -> Any:
        return self._alone(self._first, power)


def bias_kernels(m: PairMoments, count: float, order: int) -> tuple[Any, Any]:
    """N r and, at order 1, the sum of the module's docstring (None at order 0)."""
    a12 = m.s(2, 1, 1)
    D = 1.0 / (1.0 - a12)
    r = D * m.p(1, 1, 1)
    if order == 0:
        return count * r, None
    s21, s12 = m.s(3, 2, 1), m.s(3, 1, 2)
    m21, m12 = m.p(2, 2, 1) + r * s21, m.p(2, 1, 2) + r * s12
    m31, m13 = m.p(3, 3, 1) + r * m.s(4, 3, 1), m.p(3, 1, 3) + r * m.s(4, 1, 3)
    m22 = m.p(3, 2, 2) + r * m.s(4, 2, 2)
    a1, a2, c1, c2 = m.alone(1, 2), m.alone(2, 2), m.alone(1, 3), m.alone(2, 3)
    free1, free2 = 1.0 / (1.0 - a1), 1.0 / (1.0 - a2)
    e1, e2 = D * (a12 * r - m21) * free1, D * (a12 * r - m12) * free2
    twist = s21 - a12 * a12
    first = D * (m31 - a12 * m21) - e1 * (c1 - a1) - D * D * twist * (r * a1 - m21)
    second = D * (m13 - r * s12) - e2 * (c2 - a2) + D * D * (a12 * a2 - s12) * (r * a12 - m12)
    both = D * D * (m22 - a12 * m12 - r * twist)
    return count * r, first * free1 + second * free2 + both


def bias_kernels_on_nodes(
    problem: SpectralProblem, n_train: float, z: ComplexArray, kappa: ComplexArray, order: int
) -> tuple[list[ComplexArray], list[ComplexArray]]:
    """Kernels with their prefactor at all (z_i, z_j) and at all (z_i, conj z_j), (M, M) each.

    Row blocks right of the diagonal are computed, and the rest filled in by symmetry.
    """
    size = z.size
    prefactor = kappa / z
    same = [np.empty((size, size), dtype=complex) for _ in range(order + 1)]
    mirrored = [np.empty((size, size), dtype=complex) for _ in range(order + 1)]
    for start in range(0, size, ROWS):
        rows, columns = slice(start, start + ROWS), slice(start, size)
        right = np.concatenate((kappa[columns], kappa[columns].conj()))
        scale = np.concatenate((prefactor[columns], prefactor[columns].conj()))
        scale = prefactor[rows, None] * scale
        moments = PairMoments(problem, n_train, kappa[rows], right)
        for k, values in enumerate(bias_kernels(moments, n_train, order)[: order + 1]):
            block = scale * values
            here, there = block[:, : size - start], block[:, size - start :]
            same[k][rows, columns], same[k][columns, rows] = here, here.T
            mirrored[k][rows, columns], mirrored[k][columns, rows] = there, there.conj().T
    return same, mirrored


def bias_at_poles(problem: SpectralProblem, n_train: float, poles: Poles) -> Sum:
    """The bias of order 1, (T,): the double integral of its kernel with rho twice."""
    found = []
    for part in poles.blocks(problem.eigenvalues.size):
        kappa = effective_penalty(problem, n_train, part.z.ravel()).reshape(part.z.shape)
        moments = PoleMoments(problem, n_train, kappa, part.pairs)
        prefactor = part.at_pairs(kappa / part.z)
        _, following = bias_kernels(moments, n_train, order=1)
        found.append(part.integrate_twice(part.residual, prefactor * following))
    return Sum(*np.concatenate(found, axis=1))


def variance_kernel(
    problem: SpectralProblem,
    n_train: float,
    z: ComplexArray,
    kappa: ComplexArray,
    kappa0: float,
) -> ComplexArray:
    """(kappa df1/N - kappa0) / z, in a form that stays accurate where kappa is near kappa0 > 0.

    df1(kappa0) = N gives z = -kappa (kappa - kappa0) s with s = (1/N) sum_j n_j l_j /
    ((l_j + kappa) (l_j + kappa0)), and kappa df1/N = kappa + z.

    Derivations: `contours` and `companion`.
    """
    if kappa0 == 0.0:
        return np.asarray(kappa * degrees_of_freedom(problem, kappa) / n_train / z)
    return 1.0 + _slope(problem, n_train, kappa, kappa0)


def variance_correction(
    problem: SpectralProblem,
    n_train: float,
    z: ComplexArray,
    kappa: ComplexArray,
    kappa0: float,
) -> ComplexArray:
    """(1/N) (kappa f(kappa) - kappa0 f(kappa0)) / z, the order-1 partner of the above.

    The difference quotient is taken term by term, so nothing cancels near kappa0 > 0.

    Derivation: `finite_size`.
    """
    l, n = problem.eigenvalues, problem.multiplicities / n_train
    g = 1.0 / (l + kappa[:, None])
    a, c = (l * g) ** 2 @ n, (l * g) ** 3 @ n
    f = (c - a * a) / (1.0 - a) ** 2
    if kappa0 == 0.0:
        return np.asarray(kappa * f / z / n_train)
    g0 = 1.0 / (l + kappa0)
    a0, c0 = float((l * g0) ** 2 @ n), float((l * g0) ** 3 @ n)
    slope = _slope(problem, n_train, kappa, kappa0)  # (kappa - kappa0) / z
    da = -slope * ((g * g0 * (g + g0)) @ (n * l**2))  # (a - a0) / z
    dc = -slope * ((g * g0 * (g * g + g * g0 + g0 * g0)) @ (n * l**3))
    free, free0 = 1.0 / (1.0 - a), 1.0 / (1.0 - a0)
    df = (dc - da * (a + a0)) * free**2 + (c0 - a0**2) * da * (2.0 - a - a0) * (free * free0) ** 2
    return np.asarray((slope * f + kappa0 * df) / n_train)


def _slope(
    problem: SpectralProblem, n_train: float, kappa: ComplexArray, kappa0: float
) -> ComplexArray:
    """(kappa - kappa0) / z."""
    l, n = problem.eigenvalues, problem.multiplicities
    s = (1.0 / (l + kappa[:, None])) @ (n * l / (l + kappa0)) / n_train
    return np.asarray(-1.0 / (kappa * s))


def ridge_terms(
    problem: SpectralProblem, n_train: float, kappa: FloatArray, order: int
) -> tuple[list[FloatArray], list[FloatArray]]:
    r"""Bias and variance of ridge by order, at the penalties mu with effective penalty kappa, (T,).

        bias     = kappa^2 times the bias kernels at (kappa, kappa)
        variance = floor { a/(1 - a)  +  (f + kappa df/dkappa) / [N (1 - a)] }

    from rho = mu/(l + mu), whose pole at -mu replaces the contour: the variance is
    (floor/N) d(mu T)/dmu with T = E tr[S Q(-mu)] and d kappa/d mu = 1/(1 - a). At kappa(0), the
    limit mu -> 0, it is the converged risk.

    Derivation: `ridge`.
    """
    m = EqualMoments(problem, n_train, kappa)
    bias = [kappa**2 * k for k in bias_kernels(m, n_train, order)[: order + 1]]
    a = m.s(2, 2, 0)
    variance = [problem.floor * a / (1.0 - a)]
    if order == 1:
        c, e = m.s(3, 3, 0), m.s(4, 4, 0)
        f = (c - a * a) / (1.0 - a) ** 2
        # kappa da/dkappa = -2 (a - c), kappa dc/dkappa = -3 (c - e)
        slope = (4.0 * a * (a - c) - 3.0 * (c - e)) / (1.0 - a) ** 2 - 4.0 * f * (a - c) / (1.0 - a)
        variance.append(problem.floor * (f + slope) / (1.0 - a) / n_train)
    return bias, variance
