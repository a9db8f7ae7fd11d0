r"""Gradient flow as a sum over poles, in place of a contour.

A contour serves a whole path of any filter, for M^2 pairs of nodes. Of exp(-t l) alone a rational
function with a few poles is as good as a contour of its own for each t: for x >= 0
`exp(-x) = sum_k c_k / (x - x_k)` and `(1 - exp(-x)) / x = -sum_k (c_k / x_k) / (x - x_k)`, to 1e-12
with 7 pairs of conjugate poles; the error falls by 9.3 with every pole. With z_k = x_k / t an
integral around the spectrum becomes, for F that is analytic outside it and falls off,
`(1 / 2 pi i) closed integral of exp(-t z) F(z) = -(1/t) sum_k c_k F(z_k)`, and a double one a sum
over pairs, of which i <= j, with z_j as it is and conjugate, are enough.

Source: Trefethen, Weideman and Schmelzer, BIT 46 (2006) 653: `near_best` is their Figure 4.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hankel

from linscale.support.validate import ComplexArray, FloatArray

COUNT = 14  # poles of exp(-x), conjugate ones included
IN_CACHE = 2**17  # numbers of an array


@dataclass(frozen=True, eq=False)
class Poles:
    """Poles in the upper half plane, K for each of T parameter values, and what a function counts
    there: integrals of rho F and g F, g = (1 - rho)/z, are sums of weights times F.

    Attributes
    ----------
    z, residual, gain : (T, K) arrays
        The poles, and the weights of rho and of g.
    """

    z: ComplexArray
    residual: ComplexArray
    gain: ComplexArray

    @classmethod
    def of_exponential(cls, times: FloatArray) -> Poles:
        """Of exp(-t z). Weights are 0 at t = 0, where nothing depends on the data."""
        x, c = near_best(COUNT)
        t = np.where(times > 0.0, times, 1.0)[:, None]
        residual = np.where(times[:, None] > 0.0, -2.0 * c / t, 0.0)
        return cls(x / t, residual, -residual * t / x)

    def integrate(self, weights: ComplexArray, values: ComplexArray) -> Sum:
        """(1 / 2 pi i) times the closed integral of f F, F(conj z) = conj F(z); values (T, K)."""
        return _summed(weights * values)

    def integrate_twice(self, weights: ComplexArray, values: ComplexArray) -> Sum:
        """(1 / 2 pi i)^2 of the double integral of f(z1) f(z2) F(z1, z2); values at pairs, (T, P).

        F is symmetric, and Hermitian where z2 is a conjugate.
        """
        return _summed(self.pairs.share * self.at_pairs(weights) * values)

    def at_pairs(self, values: ComplexArray) -> ComplexArray:
        """f(z1) f(z2) of f at the poles, f(conj z) = conj f(z): (T, P) from (T, K)."""
        at = self.pairs
        both = np.concatenate((values, values.conj()), axis=1)
        return np.asarray(values[:, at.first] * both[:, at.second])

    @property
    def pairs(self) -> Pairs:
        return pairs_of(self.z.shape[1])

    def blocks(self, terms: int) -> list[Poles]:
        """Some of the parameter values at a time: sums of so many terms at every pole fit cache."""
        rows = max(1, IN_CACHE // (terms * self.z.shape[1]))
        parts = range(0, len(self.z), rows)
        arrays = (self.z, self.residual, self.gain)
        return [Poles(*(a[start : start + rows] for a in arrays)) for start in parts]


class Sum(NamedTuple):
    """Of terms that cancel: its value, and that of their sizes, (T,) each."""

    value: FloatArray
    size: FloatArray


def _summed(terms: ComplexArray) -> Sum:
    return Sum(terms.real.sum(axis=1), np.abs(terms).sum(axis=1))


class Pairs(NamedTuple):
    """Which pairs of K poles and of 2 K, conjugates behind them: places (P,) of either, and shares.

    A pair stands for its mirror image, too, unless it is its own.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    share: FloatArray


@cache
def pairs_of(count: int) -> Pairs:
    first, second = np.triu_indices(count)
    share = np.where(first == second, 0.5, 1.0)
    return Pairs(np.tile(first, 2), np.append(second, second + count), np.tile(share, 2))


@cache
def near_best(
    count: int, coefficients: int = 75, points: int = 1024, scale: float = 9.0
) -> tuple[ComplexArray, ComplexArray]:
    """x_k in the upper half plane and c_k, of nearly the best rational function to exp(-x), x >= 0.

    By the singular vectors of a Hankel matrix of Chebyshev coefficients (Caratheodory and Fejer),
    -x mapped to the interval from -1 to 1.
    """
    w = np.exp(2j * np.pi * np.arange(points) / points)
    t = w.real
    c = np.fft.fft(np.exp(scale * (t - 1.0) / (t + 1.0 + 1e-16))).real / points
    left, sizes, right = np.linalg.svd(hankel(c[1 : coefficients + 1]))
    padding = np.zeros(points - coefficients)
    u, v = (np.fft.fft(np.append(x, padding)) for x in (left[::-1, count], right[count]))
    extended = np.polyval(c[coefficients::-1], w) - sizes[count] * w**coefficients * u / v
    q = np.roots(right[count])
    q = q[np.abs(q) > 1.0]
    numerator = np.fft.fft(extended * np.polyval(np.poly(q), w)).real[count::-1] / points
    apart = q[:, None] - q + np.eye(count)
    residues = np.polyval(numerator, q) / apart.prod(axis=1)
    poles = scale * (q - 1.0) ** 2 / (q + 1.0) ** 2
    residues = 4.0 * residues * poles / (q**2 - 1.0)
    upper = poles.imag < 0.0  # of exp(x), x <= 0, and here mirrored at 0
    return -poles[upper], -residues[upper]
