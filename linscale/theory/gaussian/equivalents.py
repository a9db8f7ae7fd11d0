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

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from linscale.filters import Descent, Filter
from linscale.models.problem import SpectralProblem
from linscale.support.blas import threads_for
from linscale.support.validate import FloatArray
from linscale.theory.contours import NODES, Contour, around
from linscale.theory.gaussian.kernels import (
    bias_kernels_on_nodes,
    variance_correction,
    variance_kernel,
)
from linscale.theory.gaussian.stieltjes import (
    ComplexArray,
    SampleSpectrum,
    effective_penalty,
    effective_penalty_at_zero,
)

AROUND = 60  # iterations at which a swinging filter is looked at besides those asked for


@dataclass(frozen=True, eq=False)
class Terms:
    """Bias and variance along a path: one row for each order, shape (order + 1, T).

    Attributes
    ----------
    quadrature : (T,) array
        The relative error that the contour itself makes.
    ratios : (2, T) array
        |1/N term| / |leading term| of bias and of variance; its largest value along the latter half
        of the path up to there where the filter swings, and with it the sign of the 1/N term.
    """

    bias: FloatArray
    variance: FloatArray
    quadrature: FloatArray
    ratios: FloatArray

    @classmethod
    def of(cls, bias: FloatArray, variance: FloatArray, quadrature: FloatArray) -> Terms:
        """With the ratios of each point alone."""
        learning = np.abs(bias).sum(axis=0) + np.abs(variance).sum(axis=0)
        tiny = 1e-8 * learning + 1e-300  # a part that has died out to rounding has no ratio
        ratios = [np.abs(p[-1]) / np.maximum(np.abs(p[0]), tiny) for p in (bias, variance)]
        return cls(bias, variance, quadrature, np.array(ratios))


@dataclass(frozen=True, eq=False)
class Equivalent:
    """The deterministic equivalents on one contour: built once, evaluated for any filter inside.

    Attributes
    ----------
    contour : Contour
        M nodes.
    spectrum : SampleSpectrum
        What it goes around.
    same, mirrored : list of (M, M) arrays
        The bias kernel at (z1, z2) and (z1, conj z2), one for each order.
    variance : list of (M,) arrays
        The variance kernel, one for each order.
    """

    contour: Contour
    spectrum: SampleSpectrum
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


def along_path(filter: Filter, terms_of: Callable[[Filter], Terms]) -> Terms:
    """The terms at the filter's points; a swinging filter is looked at around them too."""
    if not (isinstance(filter, Descent) and filter.oscillates):
        return terms_of(filter)
    own = filter.iterations
    grid = np.unique(np.round(np.geomspace(1.0, max(own.max(), 1.0), AROUND)))
    path: FloatArray = np.concatenate((own, grid))
    terms = terms_of(filter.along(path))
    near = (path >= 0.5 * own[:, None]) & (path <= own[:, None])
    ratios = np.where(near, terms.ratios[:, None, :], 0.0).max(axis=2)
    kept = slice(0, own.size)
    return Terms(terms.bias[:, kept], terms.variance[:, kept], terms.quadrature[kept], ratios)


def quadrature(
    contour: Contour, spectrum: SampleSpectrum, filter: Filter, rho: ComplexArray
) -> FloatArray:
    """What Cauchy's formula for rho misses at the points of the spectrum and inside."""
    low, edge, high = spectrum.low, spectrum.lower_edge, spectrum.high
    points = np.array([low, edge, np.sqrt(max(edge, 1e-6 * high) * high), high])
    found = np.stack([contour.integrate(rho / (contour.z - x)) for x in points], axis=1)
    exact = filter.residual(points)
    size = np.maximum(np.abs(rho).max(axis=1, keepdims=True), np.abs(exact))
    return np.asarray((np.abs(found - exact) / (size + 1e-300)).max(axis=1))


def equivalent(
    problem: SpectralProblem,
    n_train: float,
    spectrum: SampleSpectrum,
    filter: Filter,
    order: int,
    nodes: int = NODES,
) -> Equivalent:
    """The equivalents up to ``order`` on a contour that is safe for the filter's whole path."""
    contour = around(spectrum.low, spectrum.high, filter, nodes)
    z = contour.z
    kappa = effective_penalty(problem, n_train, z)
    kappa0 = effective_penalty_at_zero(problem, n_train)
    with threads_for(problem.eigenvalues.size):
        same, mirrored = bias_kernels_on_nodes(problem, n_train, z, kappa, order)
    kernels = [variance_kernel, variance_correction][: order + 1]
    return Equivalent(
        contour=contour,
        spectrum=spectrum,
        same=same,
        mirrored=mirrored,
        variance=[problem.floor * k(problem, n_train, z, kappa, kappa0) for k in kernels],
    )
