r"""Bias and variance along a filter's path, order by order in 1/N.

    bias     = (1/2 pi i)^2 double integral of rho(z1) rho(z2) E tr[B'B Q(z1) S Q(z2)]
    variance = -(floor/N) (1/2 pi i) integral of h(z) E tr[S Q(z)]

with the deterministic equivalents of :mod:`linscale.theory.gaussian.kernels`. h is entire with
h(0) = 0, so the pole of Q at 0 (the null space of Sh when N < n) adds nothing to the variance;
taking it out by hand leaves no cancellation at large t.

Every sum over eigenvalues is a matrix product, so the cost is M^2 (J + T) for M nodes. Where the
filter is a sum over poles, the bias of order 1 is one over pairs of them (`filters.poles`).

Derivations: `reduction` and `contours`.

Sources: Ledoit and Peche, PTRF 151 (2011) 233, for one resolvent with S; Knowles and Yin, PTRF
169 (2017) 257, for the equivalent of Q; Dobriban and Wager, Ann. Statist. 46 (2018) 247, for the
ridge risk that the double integral contains.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from linscale.filters import Filter
from linscale.models.problem import SpectralProblem
from linscale.support.blas import threads_for
from linscale.support.validate import ComplexArray, FloatArray
from linscale.theory.contours import NODES, Contour, around
from linscale.theory.gaussian.kernels import (
    bias_at_poles,
    bias_kernels_on_nodes,
    variance_correction,
    variance_kernel,
)
from linscale.theory.gaussian.stieltjes import effective_penalty, effective_penalty_at_zero
from linscale.theory.terms import Edges, Terms, along_path, quadrature, well_summed


@dataclass(frozen=True, eq=False)
class GaussianEquivalent:
    """The deterministic equivalents on one contour: built once, evaluated for any filter inside.

    Attributes
    ----------
    problem, n_train
        What they are of.
    contour : Contour
        M nodes.
    spectrum : Edges
        What it goes around.
    kappa : (M,) array
        At the nodes.
    same, mirrored : list of (M, M) arrays
        The bias kernel at (z1, z2) and (z1, conj z2), one for each order; that of order 1 is made
        only where it is needed if the filter is a sum over poles.
    variance : list of (M,) arrays
        The variance kernel, one for each order.
    """

    problem: SpectralProblem
    n_train: float
    contour: Contour
    spectrum: Edges
    kappa: ComplexArray
    same: list[ComplexArray]
    mirrored: list[ComplexArray]
    variance: list[ComplexArray]

    def terms(self, filter: Filter) -> Terms:
        """Bias and variance by order."""
        return along_path(filter, self._terms)

    def leading(self, filter: Filter) -> FloatArray:
        """Bias and variance of order 0 together, (T,)."""
        z = self.contour.z
        bias = self.contour.integrate_twice(filter.residual(z), self.same[0], self.mirrored[0])
        return bias + self.contour.integrate(filter.variance_filter(z) * self.variance[0])

    def _terms(self, filter: Filter) -> Terms:
        contour = self.contour
        rho, h = filter.residual(contour.z), filter.variance_filter(contour.z)
        bias = [contour.integrate_twice(rho, self.same[0], self.mirrored[0])]
        variance = [contour.integrate(h * v) for v in self.variance]
        known, poles = np.full(len(rho), False), filter.poles()
        if poles is not None:
            found = bias_at_poles(self.problem, self.n_train, poles)
            gap = self.n_train / self.problem.dimension - 1.0
            known = well_summed(found.size, bias[0] + variance[0], gap)
        bias.append(found.value if np.any(known) else np.empty(len(rho)))
        if not np.all(known):
            bias[1][~known] = contour.integrate_twice(rho[~known], *self._following)
        return Terms.of(
            bias=np.array(bias),
            variance=np.array(variance),
            quadrature=quadrature(contour, self.spectrum, filter, rho),
        )

    @cached_property
    def _following(self) -> tuple[ComplexArray, ComplexArray]:
        """The bias kernels of order 1."""
        if len(self.same) > 1:
            return self.same[1], self.mirrored[1]
        p, z = self.problem, self.contour.z
        with threads_for(p.eigenvalues.size):
            same, mirrored = bias_kernels_on_nodes(p, self.n_train, z, self.kappa, order=1)
        return same[1], mirrored[1]


def equivalent(
    problem: SpectralProblem,
    n_train: float,
    spectrum: Edges,
    filter: Filter,
    nodes: int = NODES,
) -> GaussianEquivalent:
    """The equivalents on a contour that is safe for the filter's whole path."""
    contour = around(spectrum.low, spectrum.high, filter, nodes)
    z = contour.z
    kappa = effective_penalty(problem, n_train, z)
    kappa0 = effective_penalty_at_zero(problem, n_train)
    order = 1 if filter.poles() is None else 0
    with threads_for(problem.eigenvalues.size):
        same, mirrored = bias_kernels_on_nodes(problem, n_train, z, kappa, order)
    kernels = (variance_kernel, variance_correction)
    return GaussianEquivalent(
        problem=problem,
        n_train=n_train,
        contour=contour,
        spectrum=spectrum,
        kappa=kappa,
        same=same,
        mirrored=mirrored,
        variance=[problem.floor * k(problem, n_train, z, kappa, kappa0) for k in kernels],
    )
