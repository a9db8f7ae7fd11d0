r"""Scale mixtures: the 1/N term, of real data and of a finite sample of tau.

Everything wanted is a derivative of E log det of a doubled or tripled matrix with sources in its
corners, whose leading order Phi0 is stationary in the blocks that it depends on. At the next order

    Phi1 = (1/2) Tr[log(1 - K) swap]  +  (1/2) E_tau (d/d eps)^2 Phi0[F + eps (delta_tau - F)]

where K carries two lines of any pair of flavours (the diagram of `finite_size`, now with A B for
its single ratio a), and the second part is what the empirical law of N draws of tau differs from
its law F by: a second variation, for which first variations are enough.

Three flavours: y at z1 (1), y at z2 (2), and the target (3): x itself, for H = E tr[X Y' Q S Q Y
X']/N^2, or B y, where flavour 3 drops out, for E tr[B'B Q S Q]. From 1 to 2 leads S (s), and from 2
back to 1 the target (t). Names below are those of moves between flavours: As, Bs from 1 to 2 and
At, Bt from 2 to 1 through eigenspaces (A) and samples (B), beside a line of the flavour that the
number says.

Derivations: `mixtures` and `mixtures_finite`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from linscale.theory.mixture.blocks import ONES, UNIT, Block, Series, outer, product_trace
from linscale.theory.mixture.kernels import Ladder, Rungs


@dataclass(frozen=True, eq=False)
class Target:
    """What the corner 2 -> 1 holds: ``factor`` times the series ``t`` of weights in eigenspaces.

    For x itself (``through``) the weights are |S_x A' v_j|^2 / N, the factor is u1 u2, and lines of
    flavour 3 have the series ``x``; for B y the weights are w_j / N, and there is no flavour 3.
    """

    ladder: Ladder
    through: bool

    def t(self, a: int, b: int) -> Series:
        series = self.ladder.moments.targets(a, b)
        return series.times(ONES).times(ONES) if self.through else series

    def x(self, a: int, b: int) -> Series:
        return self.t(a, b) if self.through else Series([0.0] * 5, 1.0)

    @property
    def factor(self) -> Any:
        m = self.ladder.moments
        return m.U1.first * m.U2.first if self.through else 1.0

    @property
    def trace(self) -> float:
        """tr S_x / N."""
        m = self.ladder.moments
        return m.problem.zero_risk / m.count if self.through else 0.0


class Pair:
    """The 1/N term of z1 z2 E tr[B'B Q(z1) S Q(z2)], or of H(z1, z2), for a target."""

    def __init__(self, ladder: Ladder, target: Target) -> None:
        self.target = target
        m = ladder.moments
        n, s, t, x = m.spaces, m.samples, target.t, target.x
        one, two, both = ladder.first, ladder.second, ladder.pair
        self.one, self.two, self.both = one, two, both
        c, forms, r = ladder.source, ladder.forms, ladder.rw.first
        u1, u2 = m.U1.first, m.U2.first
        self.U1, self.U2, self.rw = m.U1, m.U2, ladder.rw
        self.g1, self.g2 = x(1, 0).scalar, x(0, 1).scalar
        self.m = x(1, 1).times(c).scalar
        chi = target.trace - u1 * self.g1 - u2 * self.g2
        p = both.D @ (chi * UNIT + target.factor * t(1, 1).vector)
        self.nu = -(both.B @ p)

        def N(a: int, b: int) -> Series:  # N_j T1^a T2^b, for the corner 2 -> 1
            direct: Series = t(a + 1, b + 1) * target.factor
            return direct + n(a + 1, b + 1).times(-self.nu)

        def MN(a: int, b: int) -> Series:  # M_j N_j T1^(a-1) T2^(b-1), with the corner 1 -> 2
            return N(a, b).times(c)

        self.As = -n(2, 1).times(c).matrix, -n(1, 2).times(c).matrix
        self.Bs = s(2, 1).times(forms).matrix, s(1, 2).times(forms).matrix
        self.At = N(1, 0).matrix, N(0, 1).matrix
        self.Bt = -s(2, 1).times(p).matrix, -s(1, 2).times(p).matrix
        self.st = -s(2, 2).times(forms).times(p).matrix
        self.ts = -MN(1, 1).matrix

        # Lines that leave and enter flavour 3, beside a line of flavour 1 or 2.
        self.leave = -u2 * x(1, 1).vector, -u2 * x(0, 2).vector
        self.enter = -u1 * x(2, 0).vector, -u1 * x(1, 1).vector
        self.leave_s = u2 * x(1, 2).times(c).vector
        self.enter_s = u1 * x(2, 1).times(c).vector
        self.out = u2 * x(2, 1).times(c).vector - r * x(2, 0).vector
        self.back = u1 * x(1, 2).times(c).vector - r * x(0, 2).vector

        # The diagonal's response to a whole turn 1 -> 2 -> 3 -> 1.
        k1, k2 = u2 * self.m - r * self.g1, u1 * self.m - r * self.g2
        turn1 = s(2, 1).times(forms).times(p), s(3, 1).times(forms).times(p)
        turn2 = s(1, 2).times(forms).times(p), s(1, 3).times(forms).times(p)
        e1 = r * u1 * x(2, 0).vector - MN(1, 0).vector
        e2 = r * u2 * x(0, 2).vector - MN(0, 1).vector
        y1 = one.D @ (one.A @ (k1 * one.B.first + turn1[0].vector) + e1)
        y2 = two.D @ (two.A @ (k2 * two.B.first + turn2[0].vector) + e2)
        self.v1 = -(one.B @ y1 + k1 * one.B.first + turn1[0].vector)
        self.v2 = -(two.B @ y2 + k2 * two.B.first + turn2[0].vector)
        self.B1 = -(s(3, 0).times(y1 + k1 * UNIT).matrix + turn1[1].matrix)
        self.B2 = -(s(0, 3).times(y2 + k2 * UNIT).matrix + turn2[1].matrix)
        self.A1 = (r * u1 * x(3, 0)).matrix - n(3, 0).times(self.v1).matrix - MN(2, 0).matrix
        self.A2 = (r * u2 * x(0, 3)).matrix - n(0, 3).times(self.v2).matrix - MN(0, 2).matrix

    def twist(self) -> Any:
        """The ladder closed with a twist: real data alone have it."""
        one, two, both = self.one, self.two, self.both
        (As1, As2), (Bs1, Bs2), (Bt1, Bt2) = self.As, self.Bs, self.Bt
        S1 = As1 @ both.B + one.A @ Bs1
        S2 = As2 @ two.B + both.A @ Bs2
        T1 = self._through(self.At[0], both.K.first, self.g1, 0)
        T2 = self._through(self.At[1], two.K.first, self.g2, 1)
        P1 = T1 @ one.B + both.A @ Bt1
        P2 = T2 @ both.B + two.A @ Bt2
        whole1 = (
            self.A1 + outer(self.g1 * S1.first + self.out, UNIT) + outer(S1.first, self.enter[0])
        )
        whole2 = self.A2 + outer(two.K.first, self.back)
        R1 = whole1 @ one.B + one.A @ self.B1 + As1 @ Bt1
        R2 = whole2 @ two.B + two.A @ self.B2 + T2 @ Bs2
        column = self.g2 * S2.first - self.m * both.K.first + self.leave_s
        across = (
            self.ts
            + outer(column, UNIT)
            + outer(S2.first, self.enter[1])
            + outer(both.K.first, self.enter_s)
        )
        Z = across @ both.B + both.A @ self.st + As2 @ Bt2 + T1 @ Bs1
        single = (
            self.g1 * Bs1.first.first - self.m * both.B.first.first + self.g2 * Bs2.first.first
            + self.enter[0] @ Bs1.first + self.enter_s @ both.B.first
            + self.enter[1] @ Bs2.first + self.back @ two.B.first
        )  # fmt: skip
        return -(
            product_trace(one.D @ S1, both.D @ P1)
            + product_trace(both.D @ S2, two.D @ P2)
            + product_trace(one.D, R1)
            + product_trace(two.D, R2)
            + product_trace(both.D, Z)
            + single
        )

    def _through(self, direct: Block, ladder: Block, g: Any, beside: int) -> Block:
        """2 -> 1 through eigenspaces, directly or by way of flavour 3."""
        column = g * ladder + self.leave[beside]
        return direct + outer(column, UNIT) + outer(ladder, self.enter[beside])

    def sampled(self) -> Any:
        """What N draws of tau differ from their law by: complex data have it too."""
        one, two, both = self.one, self.two, self.both
        (As1, As2), (Bs1, Bs2), (At1, At2), (Bt1, Bt2) = self.As, self.Bs, self.At, self.Bt
        U1, U2, rw, nu, st = self.U1, self.U2, self.rw, self.nu, self.st
        S1 = (As1 @ both.B + one.A @ Bs1).T
        S2 = both.B @ As2 + Bs2 @ two.A
        # First variations dU1, dU2 and dr, linear in f d - U and the like: covariances of the
        # latter (w) and of the former (c).
        w11, w12 = one.B - outer(U1, U1), both.B - outer(U1, U2)
        w1r, w2r = Bs1 - outer(U1, rw), Bs2 - outer(U2, rw)
        d1, d2, dr = one.D.T, two.D.T, both.D.T
        u1w1, u1w2 = d1 @ w11, d1 @ w12
        u2w1, u2w2 = d2 @ w12.T, d2 @ (two.B - outer(U2, U2))
        u1wr, u2wr = d1 @ w1r, d2 @ w2r
        rw1 = dr @ (w1r.T + S1 @ u1w1 + S2 @ u2w1)
        c11, c12, c22 = u1w1 @ one.D, u1w2 @ two.D, u2w2 @ two.D
        c1r = (u1wr + c11 @ S1.T + c12 @ S2.T) @ both.D
        c2r = (u2wr + c12.T @ S1.T + c22 @ S2.T) @ both.D
        cs1 = both.A @ c1r.T + As1 @ c11 + As2 @ c12.T  # of dsigma with dU1, dU2
        cs2 = both.A @ c2r.T + As1 @ c12 + As2 @ c22
        # Variations of the lines out of flavour 3: l . dU2, and a sum of three.
        l = -(self.g2 * UNIT + self.leave[1])
        o1, o2 = -self.out, self.m * UNIT - self.leave_s
        o3 = -(self.leave[0] + self.g1 * UNIT)

        f1, f2 = d1 @ (Bt1 - outer(U1, nu)), d2 @ (Bt2 - outer(U2, nu))
        fr = dr @ (st - outer(rw, nu) + S1 @ f1 + S2 @ f2)
        linear = (
            -product_trace(one.A @ d1, self.B1 - outer(U1, self.v1))
            - product_trace(two.A @ d2, self.B2 - outer(U2, self.v2))
            - (both.A @ fr + As1 @ f1 + As2 @ f2).trace
            + o1 @ u1w1.first + o2 @ u2w1.first + o3 @ rw1.first
            + l @ u2wr.first
        )  # fmt: skip
        samples = (
            product_trace(one.A @ self.B1 @ one.A, c11)
            + product_trace(two.A @ self.B2 @ two.A, c22)
            + product_trace(one.A @ Bt1, cs1)
            + product_trace(one.A @ st @ two.A, c12.T)
            + product_trace(Bt2 @ two.A, cs2.T)
            - one.K.first @ (c11 @ o1 + c12 @ o2 + c1r @ o3)
            - (one.A @ Bs1.first) @ (c12 @ l)
            - both.B.first @ (cs2 @ l)
            - (two.A @ Bs2.first) @ (c22 @ l)
        )
        spaces = (
            product_trace(self.A1, c11)
            + product_trace(self.A2 + outer(self.back, UNIT), c22)
            + product_trace(At1 + outer(self.enter[0], UNIT), c1r.T)
            + product_trace(self.ts + outer(self.enter_s, UNIT), c12.T)
            + product_trace(At2 + outer(self.enter[1], UNIT), c2r)
        )
        return linear - samples - spaces


def linear_term(one: Rungs, target: Target) -> Any:
    """The 1/N term of E tr[W(z) Cov(y, x)] at one point, W(z) = X Y' Q(z)/N; flavours 1 and 3."""
    m = target.ladder.moments
    n, s, t = m.spaces, m.samples, target.t
    U, u, g = m.U1, m.U1.first, t(1, 0).scalar
    through = t(2, 0).vector
    x = one.D @ (u * through - g * one.K.first)
    v = g * one.B.first - one.B @ x
    A1 = u * t(3, 0).matrix - n(3, 0).times(v).matrix
    B1 = -s(3, 0).times(x - g * UNIT).matrix
    R = A1 @ one.B + one.A @ B1 - outer(through, one.B.first)
    twist = product_trace(one.D, R)
    u1w1 = one.D.T @ (one.B - outer(U, U))
    c11 = u1w1 @ one.D
    linear = through @ u1w1.first - product_trace(one.A @ one.D.T, B1 - outer(U, v))
    samples = product_trace(one.A @ B1 @ one.A, c11) - one.K.first @ (c11 @ through)
    return twist - (linear - samples - product_trace(A1, c11))
