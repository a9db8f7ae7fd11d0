r"""Scale mixtures: a matrix with sources in its corners, solved to the orders s, u and s u.

Three flavours: y at z1 (1), y at z2 (2), and the target (3): x itself, for H = E tr[X Y' Q S Q Y
X']/N^2, or B y, where flavour 3 drops out, for E tr[B'B Q S Q]. From 1 to 2 leads s S, and from 2
back to 1 u times the target. G_j is the block of an eigenspace, beta = (1 + q)^{-1} that of a
sample, with T_j and d on the diagonal, and

    a stands for (a, b) = E f beta,     x for (A, s2 B) = (1/N) sum_j n_j f G_j

with a subscript for the order; f, r, w and the rungs D, C, K, R as in `kernels`, c = (1+r, 1+w)'.
Everything stands in variables that stay finite at z = 0.

Derivations: `mixtures` and `mixtures_finite`; the orders are those of `finite_size`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from linscale.theory.mixture.blocks import UNIT, Block, Series
from linscale.theory.mixture.kernels import Ladder

Two = tuple[Block, Block]  # of flavour 1 and of flavour 2, or beside a line of it


@dataclass(frozen=True, eq=False)
class Target:
    """What the corner 2 -> 1 holds: ``factor`` times the series ``t`` of weights in eigenspaces.

    For x itself (``through``) the weights are g_j/N, g_j = |S_x A' v_j|^2, the factor is u1 u2, and
    lines of flavour 3 have the series ``x``; for B y the weights are w_j/N, and there is no
    flavour 3.
    """

    ladder: Ladder
    through: bool

    def t(self, a: int, b: int) -> Series:
        m = self.ladder.moments
        return m.gains(a, b) if self.through else m.targets(a, b)

    def x(self, a: int, b: int) -> Series:
        return self.t(a, b) if self.through else NOTHING

    @property
    def factor(self) -> Any:
        m = self.ladder.moments
        return m.U1.first * m.U2.first if self.through else 1.0

    @property
    def trace(self) -> float:
        """tr S_x / N."""
        m = self.ladder.moments
        return m.problem.zero_risk / m.count if self.through else 0.0


NOTHING = Series([0.0] * 5, 1.0)


@dataclass(frozen=True, eq=False)
class Ends:
    """Lines that end in flavour 3: G a E on the left, E a G on the right, summed with g_j/N.

    Attributes
    ----------
    g, m : (1/N) sum_j g_j T_j, at z1 and at z2, and (1/N) sum_j g_j T_j T_j f'c
    left_u, right_u : the entry 21 at u, a22 G_22 and a11 G_11, beside a line of flavour 1 or 2
    left_across, right_across : the same beside the line that leads from 1 to 2 at s
    left_su, right_su : at s u, G_11 a12 + G_12 a22 beside 1, and G_12 a11 + G_22 a12 beside 2
    """

    g: tuple[Any, Any]
    m: Any
    left_u: Two
    right_u: Two
    left_across: Block
    right_across: Block
    left_su: Block
    right_su: Block

    @classmethod
    def of(cls, ladder: Ladder, target: Target) -> Ends:
        x, c, r = target.x, ladder.source, ladder.rw.first
        u1, u2 = ladder.moments.U1.first, ladder.moments.U2.first
        forth, back = x(2, 1).times(c).vector, x(1, 2).times(c).vector
        return cls(
            g=(x(1, 0).scalar, x(0, 1).scalar),
            m=x(1, 1).times(c).scalar,
            left_u=(u2 * x(1, 1).vector, u2 * x(0, 2).vector),
            right_u=(u1 * x(2, 0).vector, u1 * x(1, 1).vector),
            left_across=-u2 * back,
            right_across=-u1 * forth,
            left_su=r * x(2, 0).vector - u2 * forth,
            right_su=r * x(0, 2).vector - u1 * back,
        )


@dataclass(frozen=True, eq=False)
class OffDiagonal:
    """The entries 12 at s and 21 at u.

        a_s = (r, w)',       x_s = -D c,
        a_u = -C x_u,        x_u = -R [(tr S_x/N - u1 g1 - u2 g2) (1, 0)' + factor sum_j t_j TT f],

    with the rungs of z1 and z2. In the eigenspaces and at a sample that is

        G_12 = -TT f'c,      G_21 = -TT (f'a_u + factor t_j/n_j),      beta_i = -dd f'x_i.

    Derivation: `mixtures_finite`.
    """

    ladder: Ladder
    target: Target
    x_s: Block
    a_u: Block
    x_u: Block

    @classmethod
    def of(cls, ladder: Ladder, target: Target, ends: Ends) -> OffDiagonal:
        m, both, (g1, g2) = ladder.moments, ladder.pair, ends.g
        alone = target.trace - m.U1.first * g1 - m.U2.first * g2
        x_u = -(both.R @ (alone * UNIT + target.factor * target.t(1, 1).vector))
        return cls(ladder, target, -ladder.forms, -(both.C @ x_u), x_u)

    def G12(self, a: int, b: int) -> Series:
        """G_12 T1^a T2^b."""
        return self.ladder.moments.spaces(a + 1, b + 1).times(-self.ladder.source)

    def G21(self, a: int, b: int) -> Series:
        """G_21 T1^a T2^b."""
        direct: Series = self.target.t(a + 1, b + 1) * -self.target.factor
        return direct + self.ladder.moments.spaces(a + 1, b + 1).times(-self.a_u)

    def GG(self, a: int, b: int) -> Series:
        """G_12 G_21 T1^a T2^b."""
        return self.G21(a + 1, b + 1).times(-self.ladder.source)

    def beta_s(self, a: int, b: int) -> Series:
        """beta_12 d1^a d2^b."""
        return self.ladder.moments.samples(a + 1, b + 1).times(-self.x_s)

    def beta_u(self, a: int, b: int) -> Series:
        """beta_21 d1^a d2^b."""
        return self.ladder.moments.samples(a + 1, b + 1).times(-self.x_u)

    def beta_su(self, a: int, b: int) -> Series:
        """beta_12 beta_21 d1^a d2^b."""
        return self.beta_s(a + 1, b + 1).times(-self.x_u)


@dataclass(frozen=True, eq=False)
class Side:
    """D or C to the orders s and u of one line, and s u of one line or across both.

        D = (1/N) sum_j n_j f f' G G,     C = E f f' beta beta

    Derivation: `mixtures_finite`.

    Attributes
    ----------
    s, u : the entry 12, 21 of one line beside T or d of flavour 1, and of 2
    su : the entry 11 beside 1, and 22 beside 2
    across : the entries 12 and 21
    """

    s: Two
    u: Two
    su: Two
    across: Block


@dataclass(frozen=True, eq=False)
class Response:
    """What the sources change, to order s u: a whole turn 1 -> 2 -> 3 -> 1 is on the diagonal.

    There, with x3 = a22 m - r g1 for flavour 1 and a11 m - r g2 for flavour 2, of its own rungs,

        G_su = G_12 G_21 / T_other - T^2 (f'a_su + a_ii r g_j/n_j),
        beta_su = beta_12 beta_21 / d_other - d^2 f'x_su,
        a_su = E f beta_su,      x_su = (1/N) sum_j n_j f G_su - x3 (1, 0)'.

    Derivation: `mixtures_finite`.
    """

    ends: Ends
    off: OffDiagonal
    a_su: Two
    D: Side
    C: Side

    @classmethod
    def of(cls, ladder: Ladder, target: Target) -> Response:
        ends = Ends.of(ladder, target)
        off = OffDiagonal.of(ladder, target, ends)
        (a1, D1, C1), (a2, D2, C2) = (_turned(off, ends, i) for i in (0, 1))
        D = Side(
            s=(off.G12(1, 0).matrix, off.G12(0, 1).matrix),
            u=(off.G21(1, 0).matrix, off.G21(0, 1).matrix),
            su=(D1, D2),
            across=off.GG(0, 0).matrix,
        )
        C = Side(
            s=(off.beta_s(1, 0).matrix, off.beta_s(0, 1).matrix),
            u=(off.beta_u(1, 0).matrix, off.beta_u(0, 1).matrix),
            su=(C1, C2),
            across=off.beta_su(0, 0).matrix,
        )
        return cls(ends, off, (a1, a2), D, C)


def _turned(off: OffDiagonal, ends: Ends, i: int) -> tuple[Block, Block, Block]:
    """a_su, and the sides at s u, of flavour 1 (i = 0) or 2."""
    ladder, target, m = off.ladder, off.target, off.ladder.moments
    own, r = (ladder.first, ladder.second)[i], ladder.rw.first
    u, other = (m.U1.first, m.U2.first)[:: 1 - 2 * i]

    def by(a: int, b: int) -> tuple[int, int]:  # powers at the own z and at the other
        return (b, a) if i else (a, b)

    x3 = other * ends.m - r * ends.g[i]
    twice = off.beta_su(*by(0, -1)).vector
    # x_su = -y - x3 (1, 0)', and R is (1 - D C)^{-1}.
    left = r * u * target.x(*by(2, 0)).vector - off.GG(*by(0, -1)).vector
    y = own.R @ (own.D @ (x3 * own.C.first + twice) + left)
    a_su = own.C @ y + x3 * own.C.first + twice
    D_su = off.GG(*by(1, -1)).matrix - (
        (r * u * target.x(*by(3, 0))).matrix + m.spaces(*by(3, 0)).times(a_su).matrix
    )
    C_su = m.samples(*by(3, 0)).times(y + x3 * UNIT).matrix + off.beta_su(*by(1, -1)).matrix
    return a_su, D_su, C_su
