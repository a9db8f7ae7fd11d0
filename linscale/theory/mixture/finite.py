r"""Scale mixtures: the 1/N term, of real data and of a finite sample of tau.

Everything wanted is a derivative of E log det of a doubled or tripled matrix with sources s and u
in its corners (`response`), whose leading order Phi0 is stationary in the blocks that it depends
on. At the next order

    Phi1 = (1/2) Tr[log(1 - K) swap]       given the tau_i
    Phi2 = (1/2) E_tau (d/d eps)^2 Phi0[F + eps (delta_tau - F)]

where K = D C carries two lines of any pair of flavours (the diagram of `finite_size`, now with D C
for its single ratio a), and Phi2 is what the empirical law of N draws of tau differs from its law F
by: a second variation, for which first variations are enough.

Derivations: `mixtures` and `mixtures_finite`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from linscale.theory.mixture.blocks import UNIT, Block, outer, product_trace
from linscale.theory.mixture.kernels import Ladder, Rungs
from linscale.theory.mixture.response import Response, Target, Two

__all__ = ["Drawn", "Pair", "Target", "linear_term"]


@dataclass(frozen=True, eq=False)
class Pair:
    """The 1/N term of z1 z2 E tr[B'B Q(z1) S Q(z2)], or of H(z1, z2), for a target."""

    ladder: Ladder
    target: Target

    @cached_property
    def response(self) -> Response:
        return Response.of(self.ladder, self.target)

    @cached_property
    def drawn(self) -> Drawn:
        return Drawn.of(self.ladder, self.response)

    def twist(self) -> Any:
        """The ladder closed with a twist: real data alone have it.

        -d_s d_u Phi1 = tr[R1 X1 R12 Y1 + R12 X2 R2 Y2 + R1 A1/2 + R2 A2/2 + R12 Z] (13.28), with X
        and Y of K at s and at u, A at s u of one line and Z of both, and flavour 3 at its ends.
        """
        one, both, two = self.ladder.first, self.ladder.pair, self.ladder.second
        D, C, e = self.response.D, self.response.C, self.response.ends
        g1, g2 = e.g
        X1 = D.s[0] @ both.C + one.D @ C.s[0]
        X2 = D.s[1] @ two.C + both.D @ C.s[1]
        # From 2 back to 1 through eigenspaces, directly or by way of flavour 3.
        D1, D2 = (
            D.u[i]
            + outer(e.left_u[i] - e.g[i] * K.first, UNIT)
            + outer(K.first, e.right_u[i])
            for i, K in enumerate((both.K, two.K))
        )  # fmt: skip
        Y1 = D1 @ one.C + both.D @ C.u[0]
        Y2 = D2 @ both.C + two.D @ C.u[1]
        turn1 = (
            D.su[0] + outer(e.left_su - g1 * X1.first, UNIT) + outer(X1.first, e.right_u[0])
        )  # fmt: skip
        turn2 = D.su[1] + outer(two.K.first, e.right_su)
        half_A1 = turn1 @ one.C + one.D @ C.su[0] + D.s[0] @ C.u[0]
        half_A2 = turn2 @ two.C + two.D @ C.su[1] + D2 @ C.s[1]
        across = (
            D.across
            + outer(e.m * both.K.first - g2 * X2.first + e.left_across, UNIT)
            + outer(X2.first, e.right_u[1])
            + outer(both.K.first, e.right_across)
        )
        Z = across @ both.C + both.D @ C.across + D.s[1] @ C.u[1] + D1 @ C.s[0]
        no_rung = (
            e.m * both.C.first.first - g1 * C.s[0].first.first - g2 * C.s[1].first.first
            + e.right_u[0] @ C.s[0].first + e.right_across @ both.C.first
            + e.right_u[1] @ C.s[1].first + e.right_su @ two.C.first
        )  # fmt: skip
        return (
            product_trace(one.R @ X1, both.R @ Y1)
            + product_trace(both.R @ X2, two.R @ Y2)
            + product_trace(one.R, half_A1)
            + product_trace(two.R, half_A2)
            + product_trace(both.R, Z)
            + no_rung
        )

    def sampled(self) -> Any:
        """-d_s d_u Phi2, what N draws of tau differ from their law by: complex data have it too."""
        drawn = self.drawn
        return drawn.of_solution() + drawn.of_samples() + drawn.of_spaces()


@dataclass(frozen=True, eq=False)
class Drawn:
    """How one draw of tau moves the solution, and with what covariances.

        W = E f f' beta beta - a a',
        da_1 = R1' dW_1,      da_2 = R2' dW_2,      da_s = R12'(dW_s + S1 da_1 + S2 da_2),

    dW being the draw's own f beta - a, and -dx_s = D12 da_s + D_s1 da_1 + D_s2 da_2.

    Derivation: `mixtures_finite`.

    Attributes
    ----------
    S : S1, S2
    V : covariance of da_1, da_2 and da_s with dW_1
    V2s : of da_2 with dW_s
    Y11, Y12, Y22, Y1s, Y2s : Y = R'W R, of da_1, da_2 and da_s among themselves
    X : of -dx_s with da_1 and with da_2
    """

    ladder: Ladder
    response: Response
    S: Two
    V: tuple[Block, Block, Block]
    V2s: Block
    Y11: Block
    Y12: Block
    Y22: Block
    Y1s: Block
    Y2s: Block
    X: Two

    @classmethod
    def of(cls, ladder: Ladder, response: Response) -> Drawn:
        one, both, two = ladder.first, ladder.pair, ladder.second
        a1, a2, a_s = ladder.moments.U1, ladder.moments.U2, ladder.rw
        D, C = response.D, response.C
        S1 = (D.s[0] @ both.C + one.D @ C.s[0]).T
        S2 = both.C @ D.s[1] + C.s[1] @ two.D
        W11, W12, W22 = one.C - outer(a1, a1), both.C - outer(a1, a2), two.C - outer(a2, a2)
        W1s, W2s = C.s[0] - outer(a1, a_s), C.s[1] - outer(a2, a_s)
        R1, R2 = one.R.T, two.R.T
        V11, V12, V1s = R1 @ W11, R1 @ W12, R1 @ W1s
        V21, V22, V2s = R2 @ W12.T, R2 @ W22, R2 @ W2s
        Vs1 = both.R.T @ (W1s.T + S1 @ V11 + S2 @ V21)
        Y11, Y12, Y22 = V11 @ one.R, V12 @ two.R, V22 @ two.R
        Y1s = (V1s + Y11 @ S1.T + Y12 @ S2.T) @ both.R
        Y2s = (V2s + Y12.T @ S1.T + Y22 @ S2.T) @ both.R
        X1 = both.D @ Y1s.T + D.s[0] @ Y11 + D.s[1] @ Y12.T
        X2 = both.D @ Y2s.T + D.s[0] @ Y12 + D.s[1] @ Y22
        return cls(
            ladder, response, (S1, S2), (V11, V21, Vs1), V2s, Y11, Y12, Y22, Y1s, Y2s, (X1, X2)
        )

    def of_solution(self) -> Any:
        """By the entries at s u that each draw has of its own."""
        ladder, D, C = self.ladder, self.response.D, self.response.C
        one, both, two = ladder.first, ladder.pair, ladder.second
        a1, a2, a_s, a_u = ladder.moments.U1, ladder.moments.U2, ladder.rw, self.response.off.a_u
        (S1, S2), a_su = self.S, self.response.a_su
        u1 = one.R.T @ (C.u[0] - outer(a1, a_u))
        u2 = two.R.T @ (C.u[1] - outer(a2, a_u))
        us = both.R.T @ (C.across - outer(a_s, a_u) + S1 @ u1 + S2 @ u2)
        by1, by2, by_s, last = self._ends()
        V11, V21, Vs1 = self.V
        return (
            product_trace(one.D @ one.R.T, C.su[0] - outer(a1, a_su[0]))
            + product_trace(two.D @ two.R.T, C.su[1] - outer(a2, a_su[1]))
            + (both.D @ us + D.s[0] @ u1 + D.s[1] @ u2).trace
            + by1 @ V11.first + by2 @ V21.first + by_s @ Vs1.first
            + last @ self.V2s.first
        )  # fmt: skip

    def of_samples(self) -> Any:
        """By what two moves change at a sample."""
        one, both, two = self.ladder.first, self.ladder.pair, self.ladder.second
        C, Y11, Y12, Y22, (X1, X2) = self.response.C, self.Y11, self.Y12, self.Y22, self.X
        by1, by2, by_s, last = self._ends()
        return (
            product_trace(one.D @ C.su[0] @ one.D, Y11)
            + product_trace(two.D @ C.su[1] @ two.D, Y22)
            + product_trace(one.D @ C.u[0], X1)
            + product_trace(one.D @ C.across @ two.D, Y12.T)
            + product_trace(C.u[1] @ two.D, X2.T)
            + one.K.first @ (Y11 @ by1 + Y12 @ by2 + self.Y1s @ by_s)
            + (one.D @ C.s[0].first) @ (Y12 @ last)
            + both.C.first @ (X2 @ last)
            + (two.D @ C.s[1].first) @ (Y22 @ last)
        )

    def of_spaces(self) -> Any:
        """By what two moves change in the eigenspaces."""
        D, ends = self.response.D, self.response.ends
        return (
            product_trace(D.su[0], self.Y11)
            + product_trace(D.su[1] + outer(ends.right_su, UNIT), self.Y22)
            + product_trace(D.u[0] + outer(ends.right_u[0], UNIT), self.Y1s.T)
            + product_trace(D.across + outer(ends.right_across, UNIT), self.Y12.T)
            + product_trace(D.u[1] + outer(ends.right_u[1], UNIT), self.Y2s)
        )

    def _ends(self) -> tuple[Block, Block, Block, Block]:
        """Lines into flavour 3, as da_1, da_2 and da_s move them; the last takes da_2 beside s."""
        e = self.response.ends
        return (
            e.left_su,
            e.m * UNIT + e.left_across,
            e.left_u[0] - e.g[0] * UNIT,
            e.left_u[1] - e.g[1] * UNIT,
        )


def linear_term(one: Rungs, target: Target) -> Any:
    """The 1/N term of L = E tr[W(z) Cov(y, x)] at one point, W(z) = X Y' Q(z)/N; flavours 1 and 3.

        x_s = R (1/N) sum_j g_j (T_j e - a T_j^2 f),      a_s = -C x_s,      e = (1, 0)',
        L_given = -tr[R (D_s C + D C_s)],                 with V = R'W and Y = R'W R,
        L_drawn = -tr[D R'(C_s - a a_s')] - tr[D C_s D Y] - tr[D_s Y]

    (13.10 to 13.15), C_s and D_s being half of what they are there, and D_s less its end in the
    target, `end` e' with (1/N) sum_j a g_j T_j^2 f for the vector.

    Derivation: `mixtures_finite`.
    """
    m = target.ladder.moments
    n, s, t = m.spaces, m.samples, target.t
    a, u, g = m.U1, m.U1.first, t(1, 0).scalar
    end = t(2, 0).vector
    rest = one.R @ (u * end - g * one.K.first)  # g e - x_s
    a_s = one.C @ rest - g * one.C.first
    C_s = s(3, 0).times(rest - g * UNIT).matrix
    D_s = -(u * t(3, 0).matrix + n(3, 0).times(a_s).matrix)
    V = one.R.T @ (one.C - outer(a, a))
    Y = V @ one.R
    given = product_trace(one.R, D_s @ one.C + one.D @ C_s + outer(end, one.C.first))
    drawn = (
        product_trace(one.D @ one.R.T, C_s - outer(a, a_s)) + end @ V.first
        + (product_trace(one.D @ C_s @ one.D, Y) + one.K.first @ (Y @ end))
        + product_trace(D_s, Y)
    )  # fmt: skip
    return -given - drawn
