r"""Bias and variance along a filter's path, order by order in 1/N.

    bias     = (1/2 pi i)^2 double integral of rho(z1) rho(z2) E tr[B'B Q(z1) S Q(z2)]
    variance = -(floor/N) (1/2 pi i) integral of h(z) E tr[S Q(z)]

with the deterministic equivalents of :mod:`linscale.theory.gaussian.kernels`. h is entire with
h(0) = 0, so the pole of Q at 0 (the null space of Sh when N < n) adds nothing to the variance;
taking it out by hand leaves no cancellation at large t.

Every sum over eigenvalues is a matrix product, so the cost is M^2 (J + T) for M nodes.

Derivations: `reduction` and `contours`.

Sources: Ledoit and Peche, PTRF 151 (2011) 233, for one resolvent with S; Knowles and Yin, PTRF
169 (2017) 257, for the equivalent of Q; Dobriban and Wager, Ann. Statist. 46 (2018) 247, for the
ridge risk that the double integral contains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linscale.filters import Filter
from linscale.models.problem import SpectralProblem
from linscale.support.blas import threads_for
from linscale.support.validate import ComplexArray
from linscale.theory.contours import NODES, Contour, around
from linscale.theory.gaussian.kernels import (
    bias_kernels_on_nodes,
    variance_correction,
    variance_kernel,
)
from linscale.theory.gaussian.stieltjes import effective_penalty, effective_penalty_at_zero
from linscale.theory.terms import Edges, Terms, along_path, quadrature


@dataclass(frozen=True, eq=False)
class GaussianEquivalent:
    """The deterministic equivalents on one contour: built once, evaluated for any filter inside.

    Attributes
    ----------
    contour : Contour
        M nodes.
    spectrum : Edges
        What it goes around.
    same, mirrored : list of (M, M) arrays
        The bias kernel at (z1, z2) and (z1, conj z2), one for each order.
    variance : list of (M,) arrays
        The variance kernel, one for each order.
    """

    contour: Contour
    spectrum: Edges
    same: list[ComplexArray]
    mirrored: list[ComplexArray]
    variance: list[ComplexArray]

    def terms(self, filter: Filter) -> Terms:
        """Bias and variance by order."""
        return along_path(filter, self._terms)

    def _terms(self, filter: Filter) -> Terms:
        rho = filter.residual(self.contour.z)
        h = filter.variance_filter(self.contour.z)
        pairs = zip(self.same, self.mirrored, strict=True)
        return Terms.of(
            bias=np.array([self.contour.integrate_twice(rho, s, m) for s, m in pairs]),
            variance=np.array([self.contour.integrate(h * v) for v in self.variance]),
            quadrature=quadrature(self.contour, self.spectrum, filter, rho),
        )


def equivalent(
    problem: SpectralProblem,
    n_train: float,
    spectrum: Edges,
    filter: Filter,
    order: int,
    nodes: int = NODES,
) -> GaussianEquivalent:
    """The equivalents up to ``order`` on a contour that is safe for the filter's whole path."""
    contour = around(spectrum.low, spectrum.high, filter, nodes)
    z = contour.z
    kappa = effective_penalty(problem, n_train, z)
    kappa0 = effective_penalty_at_zero(problem, n_train)
    with threads_for(problem.eigenvalues.size):
        same, mirrored = bias_kernels_on_nodes(problem, n_train, z, kappa, order)
    kernels = [variance_kernel, variance_correction][: order + 1]
    return GaussianEquivalent(
        contour=contour,
        spectrum=spectrum,
        same=same,
        mirrored=mirrored,
        variance=[problem.floor * k(problem, n_train, z, kappa, kappa0) for k in kernels],
    )
