r"""Scale mixtures: two resolvents at leading order, and the learning error made of them.

With E over tau, f = (k_j, s2) on the eigenspaces and f = (tau, 1) on the law of tau,

    D = (1/N) sum_j n_j T_j(z1) T_j(z2) f f',      C = E d(z1) d(z2) f f',      K = D C
    R = (1 - K)^{-1},      c = (1 + r, 1 + w)' = R' (1, 1)'
    z1 z2 times the equivalent of Q(z1) S Q(z2) in the eigenspace j:   T_j(z1) T_j(z2) f'c

and s(tau) = f'(D c) is the form y'Q S Q y/N of a sample of contrast tau. r is a12/(1 - a12) of
`two_resolvents`, w its partner for the noise. An estimator W = X Y' g(Sh)/N, g = (1 - rho)/z, has
tr S_x - 2 I[g L] + II[g g H] for its risk; without what cancels there, and with delta = u - v,

    bias            = II rho rho sum_j w_j T_j T_j f'c / (z1 z2)
    bias + variance = II gamma gamma sum_j w_j T_j T_j f'c / (z1 z2)
                      + 2 s2 II g(z1) gamma(z2) (r - w) sum_j w_j T_j(z2) / (-z2)
                      + II g g [floor r - s2 (r - w) sum_j w_j],        gamma = rho + s2 delta z g

which keeps its digits however large N is. At tau = 1, delta = 0 and r = w.

Derivations: `mixtures`, with the letters of `mixtures_finite`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from linscale.theory.mixture.blocks import ONES, Block
from linscale.theory.mixture.moments import Moments


@dataclass(frozen=True, eq=False)
class Ladder:
    """D, C, K, R at z1 and z2, at z1 twice and at z2 twice, and what follows from them."""

    moments: Moments

    @cached_property
    def pair(self) -> Rungs:
        return Rungs.of(self.moments, 1, 1)

    @cached_property
    def first(self) -> Rungs:
        return Rungs.of(self.moments, 2, 0)

    @cached_property
    def second(self) -> Rungs:
        return Rungs.of(self.moments, 0, 2)

    @cached_property
    def rw(self) -> Block:
        """r and w, not as c - 1: they fall as 1/N."""
        pair = self.pair
        product: Block = pair.R.T @ (pair.K.T @ ONES)
        return product

    @cached_property
    def source(self) -> Block:
        """c."""
        return ONES + self.rw

    @cached_property
    def forms(self) -> Block:
        """D c."""
        product: Block = self.pair.D @ self.source
        return product

    def targets(self) -> Any:
        """sum_j w_j T_j T_j f'c."""
        return self.moments.count * self.moments.targets(1, 1).times(self.source).scalar


@dataclass(frozen=True, eq=False)
class Rungs:
    """D, C, K = D C and R = (1 - K)^{-1} of T(z1)^a T(z2)^b and d(z1)^a d(z2)^b."""

    D: Block
    C: Block
    K: Block
    R: Block

    @classmethod
    def of(cls, moments: Moments, a: int, b: int) -> Rungs:
        D, C = moments.spaces(a, b).matrix, moments.samples(a, b).matrix
        K: Block = D @ C
        return cls(D, C, K, K.solved())
