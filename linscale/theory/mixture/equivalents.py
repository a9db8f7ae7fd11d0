r"""Scale mixtures: bias and variance along a filter's path, order by order in 1/N.

    bias                    = II rho rho E tr[B'B Q S Q]
    floor + bias + variance = tr S_x - 2 I[g L] + II[g g H],       L = E tr[X Y' Q A S_x] / N,
                                                         H = E tr[X Y' Q S Q Y X'] / N^2

at leading order in the form of :mod:`linscale.theory.mixture.kernels`, which keeps its digits, and
at the next order as it stands: on a coarser contour, or for a filter that is a sum over poles
(`filters.poles`) as a sum over pairs of them, of which there are far fewer. Ridge is its own
resolvent at -mu, so that all of it is read off there; its limit mu -> 0 is the converged risk.

Derivations: `mixtures` and `contours`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from linscale.errors import InvalidArgument
from linscale.filters import Filter
from linscale.filters.poles import Poles, Sum
from linscale.models.problem import MixtureProblem
from linscale.support.validate import ComplexArray, FloatArray
from linscale.theory.contours import NODES, Contour, around
from linscale.theory.mixture.finite import Pair, Target, linear_term
from linscale.theory.mixture.kernels import Ladder
from linscale.theory.mixture.moments import Columns, EqualMoments, PairMoments, PoleMoments
from linscale.theory.mixture.stieltjes import Resolvent, resolvent
from linscale.theory.terms import Edges, Terms, along_path, quadrature, well_summed

ROWS = 16  # of a kernel at a time: the working arrays stay in cache
COARSE = 10  # nodes per panel for the 1/N term: good to 1e-7 of it
LARGEST = 3000  # nodes: beyond it the kernels take gigabytes
NEXT_TO_ZERO = 1e-13  # penalty that stands for 0, times the lowest eigenvalue but 0


def converged_terms(problem: MixtureProblem, n_train: float, lower_edge: float) -> Terms:
    """Both orders of the converged risk as the ridge limit mu -> 0, on either side of N = n."""
    return ridge_terms(problem, n_train, np.array([NEXT_TO_ZERO * lower_edge]))


def ridge_terms(problem: MixtureProblem, n_train: float, penalties: FloatArray) -> Terms:
    """Both orders at each penalty, without a contour: rho = mu Q(-mu) and g = Q(-mu)."""
    return _ridge_terms(problem, n_train, resolvent(problem, n_train, -penalties))


def ridge_terms_at(
    problem: MixtureProblem, counts: Sequence[float], penalties: Sequence[FloatArray]
) -> list[Terms]:
    """The same at several N, each with its penalties, in one go."""
    known = [resolvent(problem, N, -mu) for N, mu in zip(counts, penalties, strict=True)]
    z, alpha, beta = (np.concatenate([getattr(at, a) for at in known]) for a in POINTS)
    N = np.repeat(np.array(counts), [mu.size for mu in penalties])
    terms = _ridge_terms(problem, N, Resolvent(known[0].profile, z, alpha, beta))
    ends = np.cumsum([mu.size for mu in penalties])
    return [terms.part(slice(end - mu.size, end)) for end, mu in zip(ends, penalties, strict=True)]


POINTS = ("z", "alpha", "beta")


def _ridge_terms(problem: MixtureProblem, n_train: float | FloatArray, at: Resolvent) -> Terms:
    ladder = Ladder(EqualMoments(problem, n_train, at))
    s2, w = problem.sigma**2, problem.target_weights
    r, rest = ladder.rw.first, ladder.rw.entries[0] - ladder.rw.entries[1]
    kept = 1.0 - s2 * at.delta
    targets = ladder.targets()
    variance = (
        (kept**2 - 1.0) * targets
        + 2.0 * s2 * rest * kept * (at.T @ w)
        + problem.floor * r
        - s2 * rest * w.sum()
    )
    bias1 = _following(Pair(ladder, Target(ladder, through=False)))
    whole = Target(ladder, through=True)
    risk1 = _following(Pair(ladder, whole)) - 2.0 * linear_term(ladder.first, whole)
    return Terms.of(np.array([targets, bias1]), np.array([variance, risk1 - bias1]))


def _following(pair: Pair) -> Any:
    return pair.twist() + pair.sampled()


@dataclass(frozen=True, eq=False)
class _Kernel:
    """A function of z1 and z2 at the nodes: (z1, z2) and (z1, conj z2), (M, M) each."""

    same: ComplexArray
    mirrored: ComplexArray

    def integrate(self, contour: Contour, left: Any, right: Any) -> FloatArray:
        return contour.integrate_product(left, right, self.same, self.mirrored)


@dataclass(frozen=True, eq=False)
class MixtureEquivalent:
    """Both orders on contours around one spectrum, for any filter inside.

    Attributes
    ----------
    contour : Contour
        For the leading order.
    targets, rest, noise : kernels of the leading order
        sum w_j T_j T_j f'c / (z1 z2), r - w, and floor r - s2 (r - w) sum w_j.
    coarse : Contour
        For the next order, unless the filter is a sum over poles and that is good enough.
    """

    problem: MixtureProblem
    n_train: float
    spectrum: Edges
    contour: Contour
    at: Resolvent
    targets: _Kernel
    rest: _Kernel
    noise: _Kernel
    coarse: Contour

    def terms(self, filter: Filter) -> Terms:
        """Bias and variance by order."""
        return along_path(filter, self._terms)

    def leading(self, filter: Filter) -> FloatArray:
        """Bias and variance of order 0 together, (T,)."""
        bias, variance = self._leading(filter, filter.residual(self.contour.z))
        return bias + variance

    def _terms(self, filter: Filter) -> Terms:
        rho = filter.residual(self.contour.z)
        bias, variance = self._leading(filter, rho)
        bias1, risk1 = self._next_order(filter, bias + variance)
        return Terms.of(
            np.array([bias, bias1]),
            np.array([variance, risk1 - bias1]),
            quadrature(self.contour, self.spectrum, filter, rho),
        )

    def _next_order(self, filter: Filter, learning: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Bias and risk of order 1, by poles where they are good enough."""
        poles, known = filter.poles(), np.full(learning.size, False)
        found = np.empty((2, learning.size))
        if poles is not None:
            bias, risk = following_at_poles(self.problem, self.n_train, poles)
            found[:] = bias.value, risk.value
            gap = self.n_train / self.problem.dimension - 1.0
            known = well_summed(bias.size + risk.size, learning, gap)
        if not np.all(known):
            rest = filter.along(filter.at[~known])
            found[:, ~known] = self._following.terms(rest)
        return found[0], found[1]

    @cached_property
    def _following(self) -> Following:
        return Following.of(self.problem, self.n_train, self.coarse)

    def _leading(self, filter: Filter, rho: ComplexArray) -> tuple[FloatArray, FloatArray]:
        z, s2 = self.contour.z, self.problem.sigma**2
        gain = filter.gain(z)
        moved = s2 * self.at.delta * filter.learned(z)  # s2 delta z g
        passed = (rho + moved) * (self.at.T @ self.problem.target_weights / -z)
        bias = self.targets.integrate(self.contour, rho, rho)
        variance = (
            self.targets.integrate(self.contour, 2.0 * rho + moved, moved)
            + 2.0 * s2 * self.rest.integrate(self.contour, gain, passed)
            + self.noise.integrate(self.contour, gain, gain)
        )
        return bias, variance


@dataclass(frozen=True, eq=False)
class Following:
    """The next order on a contour: kernels of E tr[B'B Q S Q] and of H, and that of L."""

    contour: Contour
    bias: _Kernel
    whole: _Kernel
    linear: ComplexArray

    @classmethod
    def of(cls, problem: MixtureProblem, n_train: float, contour: Contour) -> Following:
        at = resolvent(problem, n_train, contour.z)
        bias, whole = _on_nodes(problem, n_train, at, _next, 2)
        return cls(contour, bias, whole, _linear(problem, n_train, at))

    def terms(self, filter: Filter) -> tuple[FloatArray, FloatArray]:
        """Bias and risk of order 1, (T,) each."""
        rho, gain = filter.residual(self.contour.z), filter.gain(self.contour.z)
        bias = self.bias.integrate(self.contour, rho, rho)
        risk = self.whole.integrate(self.contour, gain, gain)
        return bias, risk + 2.0 * self.contour.integrate(gain * self.linear)


def following_at_poles(problem: MixtureProblem, n_train: float, poles: Poles) -> tuple[Sum, Sum]:
    """The same of a filter that is a sum over poles."""
    found = []
    for part in poles.blocks(problem.power.size):
        at = resolvent(problem, n_train, part.z.ravel())
        ladder = Ladder(PoleMoments(problem, n_train, at, part))
        bias, whole = _next(ladder, part.at_pairs(part.z))
        linear = _linear(problem, n_train, at).reshape(part.z.shape)
        once, twice = part.integrate(part.gain, linear), part.integrate_twice(part.gain, whole)
        risk = [2.0 * one + two for one, two in zip(once, twice, strict=True)]
        found.append([part.integrate_twice(part.residual, bias), risk])
    (bias, size), risk = np.concatenate(found, axis=2)
    return Sum(bias, size), Sum(*risk)


def mixture_equivalent(
    problem: MixtureProblem,
    n_train: float,
    spectrum: Edges,
    filter: Filter,
    nodes: int = NODES,
) -> MixtureEquivalent:
    """The equivalents on contours that are safe for the filter's whole path."""
    contour = around(spectrum.low, spectrum.high, filter, nodes)
    if contour.z.size > LARGEST:
        raise InvalidArgument(
            "filter", "too many iterations for a contour", "fewer; its end is Converged()"
        )
    at = resolvent(problem, n_train, contour.z)
    targets, rest, noise = _on_nodes(problem, n_train, at, _leading, 3)
    return MixtureEquivalent(
        problem=problem,
        n_train=n_train,
        spectrum=spectrum,
        contour=contour,
        at=at,
        targets=targets,
        rest=rest,
        noise=noise,
        coarse=around(spectrum.low, spectrum.high, filter, min(nodes, COARSE)),
    )


def _linear(problem: MixtureProblem, n_train: float, at: Resolvent) -> Any:
    """The 1/N term of L at every point."""
    ladder = Ladder(EqualMoments(problem, n_train, at))
    return linear_term(ladder.first, Target(ladder, through=True))


def _leading(ladder: Ladder, zz: ComplexArray) -> list[Any]:
    p = ladder.moments.problem
    r, w = ladder.rw.entries
    signal = float(p.target_weights.sum()) * p.sigma**2
    return [ladder.targets() / zz, r - w, p.floor * r - signal * (r - w)]


def _next(ladder: Ladder, zz: ComplexArray) -> list[Any]:
    bias = _following(Pair(ladder, Target(ladder, through=False)))
    return [bias / zz, _following(Pair(ladder, Target(ladder, through=True)))]


def _on_nodes(
    problem: MixtureProblem,
    n_train: float,
    at: Resolvent,
    kernels: Callable[[Ladder, ComplexArray], list[Any]],
    count: int,
) -> list[_Kernel]:
    """Row blocks right of the diagonal, the rest filled in by symmetry."""
    size = at.z.size
    same = np.empty((count, size, size), dtype=complex)
    mirrored = np.empty_like(same)
    columns = Columns(at)
    conjugate = Columns(Resolvent(at.profile, at.z.conj(), at.alpha.conj(), at.beta.conj()))
    for start in range(0, size, ROWS):
        rows, right = slice(start, start + ROWS), slice(start, size)
        for other, whole, turned in ((columns, same, False), (conjugate, mirrored, True)):
            ladder = Ladder(PairMoments(problem, n_train, at, other, rows, start))
            zz = at.z[rows, None] * other.at.z[None, right]
            for k, values in enumerate(kernels(ladder, zz)):
                whole[k][rows, right] = values
                whole[k][right, rows] = values.conj().T if turned else values.T
    return [_Kernel(s, m) for s, m in zip(same, mirrored, strict=True)]
