r"""Leading-order bias and variance along a filter's path.

With Q_j(z) = -(kappa/z) / (l_j + kappa), E tr[S Q(z)] = sum_j n_j l_j Q_j and

    E tr[B'B Q(z1) S Q(z2)] = sum_j w_j l_j Q_j(z1) Q_j(z2) / (1 - a12)
    a12 = (1/N) sum_j n_j l_j^2 / ((l_j + kappa1) (l_j + kappa2))

    bias     = (1/2 pi i)^2 double integral of rho(z1) rho(z2) times the second line
    variance = -(floor/N) (1/2 pi i) integral of h(z) sum_j n_j l_j Q_j
             = floor (1/2 pi i) integral of h(z) (kappa df1/N - kappa(0)) / z

h is entire with h(0) = 0, so the pole at 0 (the null space of Sh when N < n) adds nothing; taking
it out by hand leaves no cancellation at large t.

Every sum over j is a matrix product, so the cost is M^2 (J + T) for M nodes.

Sources: Ledoit and Peche, PTRF 151 (2011) 233, for one resolvent with S; Knowles and Yin, PTRF
169 (2017) 257, for the equivalent of Q; Dobriban and Wager, Ann. Statist. 46 (2018) 247, for the
ridge risk that the double integral contains. The quadratic form follows by the same expansion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linscale.filters import Filter
from linscale.problem import SpectralProblem
from linscale.theory.contours import NODES, Contour, lens
from linscale.theory.stieltjes import (
    ComplexArray,
    SampleSpectrum,
    degrees_of_freedom,
    effective_penalty,
    effective_penalty_at_zero,
)
from linscale.validate import FloatArray


@dataclass(frozen=True, eq=False)
class Equivalent:
    """The deterministic equivalent on one contour: built once, evaluated for any filter inside it.

    Attributes
    ----------
    contour : Contour
        M nodes.
    same, mirrored : (M, M) arrays
        The bias kernel at (z1, z2) and (z1, conj z2).
    variance : (M,) array
        floor (kappa df1/N - kappa(0)) / z.
    """

    contour: Contour
    same: ComplexArray
    mirrored: ComplexArray
    variance: ComplexArray

    def bias(self, filter: Filter) -> FloatArray:
        """Bias along the path, shape (T,)."""
        rho = filter.residual(self.contour.z)
        return self.contour.integrate_twice(rho, self.same, self.mirrored)

    def variance_term(self, filter: Filter) -> FloatArray:
        """Variance along the path, shape (T,)."""
        return self.contour.integrate(filter.variance_filter(self.contour.z) * self.variance)


def equivalent(
    problem: SpectralProblem,
    n_train: float,
    spectrum: SampleSpectrum,
    filter: Filter,
    nodes: int = NODES,
) -> Equivalent:
    """The leading-order equivalent on a contour that is safe for the filter's whole path."""
    # Beyond half the spectrum's upper end nothing is gained by going farther out.
    room = 0.5 * spectrum.high
    bounds = filter.confine(spectrum.low, spectrum.high)
    left, right = max(bounds.left, spectrum.low - room), min(bounds.right, spectrum.high + room)
    contour = lens(spectrum.low, spectrum.high, left, right, bounds.scale, nodes)
    z = contour.z
    kappa = effective_penalty(problem, n_train, z)
    return Equivalent(
        contour=contour,
        same=_kernel(problem, n_train, z, kappa, z, kappa),
        mirrored=_kernel(problem, n_train, z, kappa, z.conj(), kappa.conj()),
        variance=problem.floor * _variance_kernel(problem, n_train, z, kappa),
    )


def _variance_kernel(
    problem: SpectralProblem, n_train: float, z: ComplexArray, kappa: ComplexArray
) -> ComplexArray:
    """(kappa df1/N - kappa0) / z, in a form that stays accurate where kappa is near kappa0 > 0.

    df1(kappa0) = N gives z = -kappa (kappa - kappa0) s with s = (1/N) sum_j n_j l_j /
    ((l_j + kappa) (l_j + kappa0)), and kappa df1/N = kappa + z.
    """
    kappa0 = effective_penalty_at_zero(problem, n_train)
    if kappa0 == 0.0:
        return np.asarray(kappa * degrees_of_freedom(problem, kappa) / n_train / z)
    l, n = problem.eigenvalues, problem.multiplicities
    s = (1.0 / (l + kappa[:, None])) @ (n * l / (l + kappa0)) / n_train
    return np.asarray(1.0 - 1.0 / (kappa * s))


def _kernel(
    problem: SpectralProblem,
    n_train: float,
    z1: ComplexArray,
    kappa1: ComplexArray,
    z2: ComplexArray,
    kappa2: ComplexArray,
) -> ComplexArray:
    """sum_j w_j l_j Q_j(z1) Q_j(z2) / (1 - a12), shape (M, M)."""
    l, n, w = problem.eigenvalues, problem.multiplicities, problem.target_weights
    first = 1.0 / (l + kappa1[:, None])
    second = 1.0 / (l + kappa2[:, None])
    a12 = (first * (n * l**2 / n_train)) @ second.T
    target = w > 0  # atoms that carry no target add nothing to the numerator
    numerator = (first[:, target] * (w * l)[target]) @ second[:, target].T
    return np.asarray(np.outer(kappa1 / z1, kappa2 / z2) * numerator / (1.0 - a12))


def ridge_limit(problem: SpectralProblem, n_train: float, kappa: float) -> tuple[float, float]:
    r"""Leading-order bias and variance of ridge at the penalty mu with effective penalty kappa.

        bias = sum_j w_j l_j kappa^2/(l_j + kappa)^2 / (1 - df2/N),   variance = floor df2/(N - df2)

    Also the limit mu -> 0, and an independent check of every contour (rho = mu/(l + mu)).
    """
    l, w = problem.eigenvalues, problem.target_weights
    df2 = float(degrees_of_freedom(problem, kappa, power=2))
    shrunk = float((w * l) @ (kappa / (l + kappa)) ** 2)
    return shrunk / (1.0 - df2 / n_train), problem.floor * df2 / (n_train - df2)
