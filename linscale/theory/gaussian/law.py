"""The law of Gaussian data, real or complex circular."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linscale.filters import Filter
from linscale.models.problem import SpectralProblem
from linscale.results.risk import RiskPoint
from linscale.support.validate import FloatArray
from linscale.theory import trust
from linscale.theory.contours import NODES
from linscale.theory.convergence import inverse_wishart
from linscale.theory.gaussian.equivalents import GaussianEquivalent, equivalent
from linscale.theory.gaussian.kernels import ridge_terms
from linscale.theory.gaussian.stieltjes import (
    SampleSpectrum,
    effective_penalty_at_zero,
    ridge_penalties,
    sample_spectrum,
    spectral_argument,
)
from linscale.theory.law import Law, registered
from linscale.theory.terms import Edges, Terms


@dataclass(frozen=True, eq=False)
class GaussianLaw(Law):
    """Real Gaussian data: :mod:`linscale.theory.gaussian.kernels`, in the effective penalty."""

    problem: SpectralProblem

    @property
    def moments(self) -> SpectralProblem:
        return self.problem

    def spectrum(self, n_train: float) -> SampleSpectrum:
        return sample_spectrum(self.moments, n_train)

    def equivalent(
        self, n_train: float, spectrum: Edges, filter: Filter, nodes: int = NODES
    ) -> GaussianEquivalent:
        return equivalent(self.problem, n_train, spectrum, filter, nodes)

    def ridge(self, n_train: float, penalties: FloatArray) -> Terms:
        return self._at(n_train, ridge_penalties(self.problem, n_train, penalties))

    def converged(self, n_train: float, spectrum: Edges) -> Terms:
        return self._at(n_train, np.array([effective_penalty_at_zero(self.problem, n_train)]))

    def _at(self, n_train: float, kappa: FloatArray) -> Terms:
        bias, variance = ridge_terms(self.problem, n_train, kappa, order=1)
        return Terms.of(np.array(bias), np.array(variance))

    def exactly_converged(self, n_train: float) -> RiskPoint | None:
        return inverse_wishart(self.problem, n_train, pole=1)

    def ridge_path(self, n_train: float) -> trust.RidgePath:
        """In kappa, where no root has to be found."""
        problem = self.problem
        l, n = problem.eigenvalues, problem.multiplicities
        low = effective_penalty_at_zero(problem, n_train)
        unit = float(l.max()) * (1.0 + problem.dimension / n_train)
        gap = unit * trust.PENALTIES
        kappa = low + gap
        if low > 0.0:  # mu without cancellation
            mu = kappa * gap * ((1.0 / (l + kappa[:, None])) @ (n * l / (l + low))) / n_train
        else:
            mu = spectral_argument(problem, n_train, kappa) * -1.0
        bias, variance = ridge_terms(problem, n_train, kappa, order=1)
        return trust.RidgePath(mu, np.array(bias), np.array(variance))

    def complex_circular(self) -> Law:
        if type(self) is not GaussianLaw:  # what is judged by other moments has another law
            return super().complex_circular()
        return ComplexLaw(self.problem)


@dataclass(frozen=True, eq=False)
class ComplexLaw(GaussianLaw):
    """Complex circular Gaussian data: the 1/N term is zero, so order 0 is good to 1/N^2.

    That of real data stands for the size of what is left out.
    """

    def exactly_converged(self, n_train: float) -> RiskPoint | None:
        return inverse_wishart(self.problem, n_train, pole=0)

    def summed(self, order: int) -> int:
        return 0

    def reached(self, order: int) -> int:
        return 1

    def name(self, order: int) -> str:
        return "theory, complex circular data"


registered.register(SpectralProblem)(GaussianLaw)
