r"""A third law, as an author would write one: learned at one noise level, judged at another.

W is learned on Gaussian data with noise of variance sigma^2 and meets noise of sigma^2 + change:

    R' = R + change E||W||_F^2 / scale
    E||W||_F^2 / scale = E tr[G (1 - rho(Sh))^2] + floor (1/N) E tr h(Sh),    G = B'B / scale

The last two are contour integrals of one resolvent, known to order 1/N for any D: with
Q_j = -(kappa/z) g_j, g_j = 1/(l_j + kappa), a = (1/N) sum_j n_j l_j^2 g_j^2,

    E tr[D Q]  =  sum_j D_j Q_j
                  - (kappa/z) [(1/N) sum_j l_j^2 g_j^3 (D_j + l_j x n_j) - x a]/(1 - a)
    x          =  (1/N) sum_j l_j D_j g_j^2 / (1 - a)         (D_j: total over the eigenspace j)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from linscale.filters import Filter, Ridge
from linscale.models.problem import SpectralProblem
from linscale.support.validate import ComplexArray, FloatArray
from linscale.theory.contours import NODES
from linscale.theory.gaussian.equivalents import GaussianEquivalent
from linscale.theory.gaussian.law import GaussianLaw
from linscale.theory.gaussian.stieltjes import effective_penalty
from linscale.theory.law import Law, registered
from linscale.theory.terms import Edges, Terms
from linscale.theory.trust import RidgePath

NEXT_TO_ZERO = 1e-6  # penalty that stands for 0, times the lowest eigenvalue but 0


@dataclass(frozen=True, eq=False)
class OtherNoise:
    """The problem, and what the noise it is judged by has in variance beyond that learned from."""

    moments: SpectralProblem
    change: float

    def spectral(self) -> SpectralProblem:
        return self.moments

    def problem(self) -> OtherNoise:
        return self


@dataclass(frozen=True, eq=False)
class OtherNoiseEquivalent:
    """That of Gaussian data, and the size of W besides."""

    problem: OtherNoise
    n_train: float
    gaussian: GaussianEquivalent

    def terms(self, filter: Filter) -> Terms:
        p, N, contour = self.problem.moments, self.n_train, self.gaussian.contour
        z = contour.z
        kappa = effective_penalty(p, N, z)
        learned = filter.learned(z) ** 2
        bias = self._integral(learned, p.target_weights, kappa)
        variance = p.floor / N * self._integral(learned / z, p.multiplicities, kappa)
        known = self.gaussian.terms(filter)
        change = self.problem.change
        return replace(
            known, bias=known.bias + change * bias, variance=known.variance + change * variance
        )

    def _integral(self, f: ComplexArray, D: FloatArray, kappa: ComplexArray) -> FloatArray:
        """E tr[D f(Sh)] by order; Q is (Sh - z)^{-1}, so the integral has a minus sign."""
        p, N, contour = self.problem.moments, self.n_train, self.gaussian.contour
        l, n, g = p.eigenvalues, p.multiplicities, 1.0 / (p.eigenvalues + kappa[:, None])
        a = (l * g) ** 2 @ n / N
        x = g**2 @ (l * D) / N / (1.0 - a)
        twist = (g**3 @ (l**2 * D) + x * (g**3 @ (l**3 * n))) / N - x * a
        kernels = (g @ D, twist / (1.0 - a))
        return np.array([contour.integrate(f * (kappa / contour.z) * k) for k in kernels])


@dataclass(frozen=True, eq=False)
class OtherNoiseLaw(Law):
    """Edges, and the ridge path of its errors, are of Gaussian data; what is judged is not."""

    problem: OtherNoise

    @property
    def moments(self) -> SpectralProblem:
        return self.problem.moments

    @cached_property
    def gaussian(self) -> GaussianLaw:
        return GaussianLaw(self.moments)

    def spectrum(self, n_train: float) -> Edges:
        return self.gaussian.spectrum(n_train)

    def equivalent(
        self, n_train: float, spectrum: Edges, filter: Filter, nodes: int = NODES
    ) -> OtherNoiseEquivalent:
        known = self.gaussian.equivalent(n_train, spectrum, filter, nodes)
        return OtherNoiseEquivalent(self.problem, n_train, known)

    def ridge(self, n_train: float, penalties: FloatArray) -> Terms:
        filter = Ridge(penalties)
        return self.equivalent(n_train, self.spectrum(n_train), filter).terms(filter)

    def converged(self, n_train: float, spectrum: Edges) -> Terms:
        return self.ridge(n_train, np.array([NEXT_TO_ZERO * spectrum.lower_edge]))

    def ridge_path(self, n_train: float) -> RidgePath:
        return self.gaussian.ridge_path(n_train)


registered.register(OtherNoise)(OtherNoiseLaw)
