r"""Gradient flow without a contour: exp(-x) as a sum over poles.

A contour serves every filter and a whole path at once, for M^2 pairs of nodes. Of exp(-t l) alone a
rational function with a few poles is as good as a contour of its own for each t,

    exp(-x) = sum_k c_k / (x - x_k),    (1 - exp(-x)) / x = -sum_k (c_k / x_k) / (x - x_k),  x >= 0,

to 1e-13 with 7 pairs of conjugate poles; the error falls by 9.3 with each pole. With z_k = x_k / t
an integral around the spectrum becomes, for F that is analytic outside it,

    (1 / 2 pi i) closed integral of exp(-t z) F(z) = -(1/t) sum_k c_k F(z_k),

and a double one a sum over pairs: those that hold the rest are i <= j, z_j as it is and conjugate.

Source: Trefethen, Weideman and Schmelzer, BIT 46 (2006) 653, whose Figure 4.1 is `_near_best`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.linalg import hankel

from linscale.support.validate import ComplexArray, FloatArray

POLES = 14  # of exp(-x), conjugate ones included


@dataclass(frozen=True, eq=False)
class Poles:
    """Poles z (T, K) in the upper half plane, for T times, and weights of a function F there.

    Attributes
    ----------
    residual, gain : (T, K) arrays
        Weights of rho = exp(-t z) and of g = (1 - rho)/z.
    """

    z: ComplexArray
    residual: ComplexArray
    gain: ComplexArray

    @classmethod
    def of(cls, times: FloatArray) -> Poles:
        """For times above 0."""
        x, c = near_best(POLES)
        z = x / times[:, None]
        residual = -2.0 * c / times[:, None]
        return cls(z, residual, -residual / z)

    def integrate(self, weights: ComplexArray, values: ComplexArray) -> FloatArray:
        """(1 / 2 pi i) times the closed integral of f F, f(conj z) = conj f(z); F is (T, K)."""
        return np.asarray((weights * values).real.sum(axis=1))

    def integrate_twice(self, weights: ComplexArray, values: ComplexArray) -> FloatArray:
        """(1 / 2 pi i)^2 of the double integral of f(z1) f(z2) K(z1, z2); K at :func:`pairs`.

        K is symmetric, and Hermitian where z2 stands for a conjugate: (T, P).
        """
        first, second, mirrored = pairs(self.z.shape[1])
        left, right = weights[:, first], weights[:, second]
        right = np.where(mirrored, right.conj(), right)
        often = np.where(first == second, 0.5, 1.0)
        return np.asarray((often * left * right * values).real.sum(axis=1))


@cache
def pairs(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places i <= j of z1 and z2 among K poles, and whether z2 is the conjugate; (P,) each."""
    first, second = np.triu_indices(count)
    twice = np.tile(first, 2), np.tile(second, 2)
    return *twice, np.repeat([False, True], first.size)


@cache
def near_best(count: int) -> tuple[ComplexArray, ComplexArray]:
    """Poles x_k in the upper half plane, and c_k of each."""
    poles, residues = _near_best(count)
    upper = np.flatnonzero(poles.imag > 0.0)
    upper = upper[np.argsort(poles[upper].imag)]
    # Of exp(x) on x <= 0; the conjugates of the poles mirrored at 0 lie above again.
    return -poles[upper].conj(), -residues[upper].conj()


def _near_best(
    count: int, coefficients: int = 75, points: int = 1024, scale: float = 9.0
) -> tuple[ComplexArray, ComplexArray]:
    """Poles and residues of nearly the best rational function to exp(x) on x <= 0.

    By the singular vectors of a Hankel matrix of Chebyshev coefficients (Caratheodory and Fejer),
    x mapped to the interval from -1 to 1.
    """
    w = np.exp(2j * np.pi * np.arange(points) / points)
    t = w.real
    F = np.exp(scale * (t - 1.0) / (t + 1.0 + 1e-16))
    c = np.fft.fft(F).real / points
    analytic = np.polyval(c[coefficients::-1], w)
    left, sizes, right = np.linalg.svd(hankel(c[1 : coefficients + 1]))
    u, v = left[::-1, count], right[count]
    padding = np.zeros(points - coefficients)
    blaschke = np.fft.fft(np.append(u, padding)) / np.fft.fft(np.append(v, padding))
    extended = analytic - sizes[count] * w**coefficients * blaschke
    q = np.roots(v)
    q = q[np.abs(q) > 1.0]
    numerator = (np.fft.fft(extended * np.polyval(np.poly(q), w)) / points).real[count::-1]
    others = [np.delete(q, k) for k in range(q.size)]
    residues = np.array(
        [np.polyval(numerator, a) / np.prod(a - b) for a, b in zip(q, others, strict=True)]
    )
    poles = scale * (q - 1.0) ** 2 / (q + 1.0) ** 2
    return poles, 4.0 * residues * poles / (q**2 - 1.0)
