"""The law of scale mixtures: signals whose contrast varies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from linscale.errors import Unsupported
from linscale.filters import Filter
from linscale.models.contrast import Contrast
from linscale.models.problem import MixtureProblem, SpectralProblem
from linscale.results.risk import RiskPoint
from linscale.support.validate import FloatArray
from linscale.theory import trust
from linscale.theory.contours import NODES
from linscale.theory.convergence import no_mean
from linscale.theory.law import Law, registered
from linscale.theory.mixture.edges import mixture_spectrum
from linscale.theory.mixture.equivalents import (
    MixtureEquivalent,
    converged_terms,
    mixture_equivalent,
    ridge_terms,
)
from linscale.theory.outliers import NONE, Outliers
from linscale.theory.terms import Edges, Terms

OFTEN = 0.5  # share of training sets: beyond it descent diverges on most


@dataclass(frozen=True, eq=False)
class MixtureLaw(Law):
    """Scale mixtures x = sqrt(tau) g: :mod:`linscale.theory.mixture.kernels`.

    "variance" is all that is added to the bias. It is 1/N at its leading order already where
    N >> n, and its two orders are then no powers of one ratio: what is left falls as the bias does.
    """

    problem: MixtureProblem
    doubt: ClassVar[trust.Doubt] = trust.Doubt(variance_falls_as_bias=True)

    @property
    def moments(self) -> SpectralProblem:
        return self.problem.moments

    def spectrum(self, n_train: float) -> Edges:
        return mixture_spectrum(self.problem, n_train)

    def equivalent(
        self, n_train: float, spectrum: Edges, filter: Filter, nodes: int = NODES
    ) -> MixtureEquivalent:
        return mixture_equivalent(self.problem, n_train, spectrum, filter, nodes)

    def ridge(self, n_train: float, penalties: FloatArray) -> Terms:
        return ridge_terms(self.problem, n_train, penalties)

    def converged(self, n_train: float, spectrum: Edges) -> Terms:
        return converged_terms(self.problem, n_train, spectrum.lower_edge)

    def exactly_converged(self, n_train: float) -> RiskPoint | None:
        return no_mean(self.moments, n_train, pole=1)

    def tails(self, n_train: float) -> tuple[SpectralProblem, float]:
        """The largest eigenvalue of N samples scatters as that of N / E tau^2 Gaussian ones."""
        return self.moments, n_train / (1.0 + self.problem.contrast.spread)

    def stable_part(
        self, n_train: float, spectrum: Edges, filter: Filter
    ) -> tuple[Law, Edges, Outliers]:
        """Without the atoms of contrast on which the filter diverges, if most sets have none."""
        if spectrum.high < filter.stable_below:
            return self, spectrum, NONE
        law, edges = self, spectrum
        tau, weights = self.problem.contrast.atoms, self.problem.contrast.weights
        for rest in range(tau.size - 1, 0, -1):
            share = -float(np.expm1(n_train * np.log1p(-weights[rest:].sum())))
            if share > OFTEN or tau[rest - 1] == 0.0:
                break
            kept = replace(self.problem, contrast=Contrast(tau[:rest], weights[:rest]))
            law = replace(self, problem=kept)
            edges = law.spectrum(n_train)
            if edges.high < filter.stable_below:
                energy = float(tau[rest:] @ weights[rest:])
                return law, edges, Outliers(share, spectrum.high, energy)
        return Law.stable_part(law, n_train, edges, filter)

    def complex_circular(self) -> Law:
        raise Unsupported("complex_data=True: the contrast must be constant, Gaussian signals")

    def name(self, order: int) -> str:
        return f"theory of scale mixtures, order {order}"


registered.register(MixtureProblem)(MixtureLaw)
