r"""Scale mixtures: two resolvents at leading order, and the learning error made of them.

With E over tau, f = (k_j, s2) on the eigenspaces and f = (tau, 1) on the law of tau,

    A = (1/N) sum_j n_j T_j(z1) T_j(z2) f f',      B = E d(z1) d(z2) f f',      K = A B
    c = (1 + r, 1 + w)' = (1 - K')^{-1} (1, 1)'
    z1 z2 times the equivalent of Q(z1) S Q(z2) in the eigenspace j:   T_j(z1) T_j(z2) f'c

and s(tau) = f'(A c) is the form y'Q S Q y/N of a sample of contrast tau. r is a12/(1 - a12) of
`two_resolvents`, w its partner for the noise. An estimator W = X Y' g(Sh)/N, g = (1 - rho)/z, has
tr S_x - 2 I[g L] + II[g g H] for its risk; without what cancels there, and with delta = u - v,

    bias            = II rho rho sum_j w_j T_j T_j f'c / (z1 z2)
    bias + variance = II gamma gamma sum_j w_j T_j T_j f'c / (z1 z2)
                      + 2 s2 II g(z1) gamma(z2) (r - w) sum_j w_j T_j(z2) / (-z2)
                      + II g g [floor r - s2 (r - w) sum_j w_j],        gamma = rho + s2 delta z g

which keeps its digits however large N is. At tau = 1, delta = 0 and r = w.

Derivation: `mixtures`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from linscale.theory.mixture.blocks import ONES, Block
from linscale.theory.mixture.moments import Moments


class Ladder:
    """A, B, K at z1 and z2, at z1 twice and at z2 twice, and what follows from them."""

    def __init__(self, moments: Moments) -> None:
        self.moments = moments

    @cached_property
    def pair(self) -> Rungs:
        return Rungs(self.moments, 1, 1)

    @cached_property
    def first(self) -> Rungs:
        return Rungs(self.moments, 2, 0)

    @cached_property
    def second(self) -> Rungs:
        return Rungs(self.moments, 0, 2)

    @cached_property
    def rw(self) -> Block:
        """r and w, not as c - 1: they fall as 1/N."""
        pair = self.pair
        product: Block = pair.D.T @ (pair.K.T @ ONES)
        return product

    @cached_property
    def source(self) -> Block:
        """c."""
        return ONES + self.rw

    @cached_property
    def forms(self) -> Block:
        """A c."""
        product: Block = self.pair.A @ self.source
        return product

    def targets(self) -> Any:
        """sum_j w_j T_j T_j f'c."""
        return self.moments.count * self.moments.targets(1, 1).times(self.source).scalar


class Rungs:
    """A, B, K = A B and D = (1 - K)^{-1} of T(z1)^a T(z2)^b and d(z1)^a d(z2)^b."""

    def __init__(self, moments: Moments, a: int, b: int) -> None:
        self.A = moments.spaces(a, b).matrix
        self.B = moments.samples(a, b).matrix
        self.K: Block = self.A @ self.B
        self.D = self.K.solved()
