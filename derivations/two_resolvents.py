r"""Deterministic equivalents of one and of two resolvents, from one function of a doubled matrix.

E tr[S Q(z)]            = sum_j n_j l_j Q_j
E tr[B'B Q(z1) S Q(z2)] = sum_j w_j l_j Q_j(z1) Q_j(z2) / (1 - a12)
"""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation, identically_zero

TITLE = "Equivalents of one and two resolvents"

N = sp.Symbol("N", positive=True)
L = sp.symbols("l_1 l_2", positive=True)
n = sp.symbols("n_1 n_2", positive=True)
w = sp.symbols("w_1 w_2", positive=True)  # totals over an eigenspace; B'B has w_j/n_j on it
s, u = sp.symbols("s u")
z1, z2, v1, v2, y = sp.symbols("z_1 z_2 v_1 v_2 y")
kappa1, kappa2 = sp.symbols("kappa_1 kappa_2")


def doubled(j: int, V: sp.Matrix) -> sp.Matrix:
    """The 2 x 2 block H0 + l_j V of the doubled matrix on the eigenspace j."""
    return sp.Matrix([[-z1, s * L[j]], [u * w[j] / n[j], -z2]]) + L[j] * V


def argument(kappa: sp.Expr) -> sp.Expr:
    """z(kappa), the companion equation."""
    return -kappa * (1 - sum(k * l / (l + kappa) for k, l in zip(n, L, strict=True)) / N)


def in_kappa(expr: sp.Expr) -> sp.Expr:
    """The same, in the two effective penalties alone: v = -z/kappa."""
    za, zb = argument(kappa1), argument(kappa2)
    return expr.subs({v1: -za / kappa1, v2: -zb / kappa2}).subs({z1: za, z2: zb})


def derive(d: Derivation) -> None:
    d.assume(
        r"Gaussian data, $\hat S = \frac1N \sum_i y_i y_i'$ as in `companion`; $n_j$ and $N$ grow "
        r"in proportion. $B'B$ enters through its diagonal blocks alone (`reduction`): "
        r"$w_j/n_j$ times the identity on the eigenspace $j$."
    )
    d.say(
        r"**A doubled matrix.** Let $H = \begin{pmatrix} -z_1 & s S \\ u B'B & -z_2 \end{pmatrix} "
        r"+ I_2 \otimes \hat S$. As $\partial \log\det H = \mathrm{tr}\, H^{-1} \partial H$, "
        r"$-\partial_s \partial_u \log\det H$ at $s = u = 0$ is "
        r"$\mathrm{tr}[B'B\, Q(z_1)\, S\, Q(z_2)]$. Seen for numbers, where every block commutes:"
    )
    lam, S, M = sp.symbols("lambda S M")
    H = d.step(sp.Matrix([[lam - z1, s * S], [u * M, lam - z2]]).det(), "", r"\det H")
    seen = -sp.diff(sp.log(H), s, u).subs({s: 0, u: 0})
    d.verify(seen - M * S / ((lam - z1) * (lam - z2)), "the mixed derivative is $M Q_1 S Q_2$")

    V = sp.Matrix([[v1, 0], [y, v2]])
    G = [doubled(j, V).subs(s, 0).inv() for j in range(2)]
    d.say(
        r"**Leading order.** Leaving out one sample works on the doubled matrix as on the single "
        r"one (`companion`), with $2 \times 2$ matrices for numbers. For one resolvent this is the "
        r"theorem cited; of the doubled one we use what it says formally, to first order in $s$ "
        r"and $u$, and hold the result against an exact identity below and exact moments in "
        r"`finite_size`."
    )
    loop = sum((n[j] * L[j] * G[j] for j in range(2)), sp.zeros(2, 2)) / N
    d.lemma(
        r"$\mathrm{E}\, H^{-1}$ is, to leading order, $G_j = (H_0 + l_j V)^{-1}$ on the eigenspace "
        r"$j$, where the $2 \times 2$ matrix $V$ solves "
        r"$V^{-1} = 1 + \frac1N \sum_j n_j l_j G_j$.",
        "Knowles",
    )
    d.say(
        r"At $s = 0$ it is lower triangular, $V = \begin{pmatrix} v_1 & 0 \\ y & v_2 \end{pmatrix}$"
        r", and its lower left entry decides $y$, proportional to $u$:"
    )
    balance = d.step(sp.together((V.inv() - loop)[1, 0] * v1 * v2), "", r"0")
    found = d.step(
        sp.factor(sp.solve(sp.numer(balance), y)[0] / u), "It is linear in $y$:", "y/u = r_{21}"
    )
    q = [(G[j][0, 0] * G[j][1, 1]) for j in range(2)]
    a12 = d.step(
        v1 * v2 * sum(n[j] * L[j] ** 2 * q[j] for j in range(2)) / N,
        r"With $Q_j(z) = 1/(l_j v - z)$,",
        r"a_{12}",
    )
    b = v1 * v2 * sum(L[j] * w[j] * q[j] for j in range(2)) / N
    d.verify(
        found - b / (1 - a12),
        r"$r_{21} = \frac{v_1 v_2}{N} \sum_j l_j w_j Q_j(z_1) Q_j(z_2) / (1 - a_{12})$",
        identically_zero,
    )
    one = d.result(
        "one",
        sum(n[j] * L[j] * G[j][0, 0] for j in range(2)),
        r"The diagonal of $G$ gives the equivalent of one resolvent,",
        r"\mathrm{E}\,\mathrm{tr}[S Q(z_1)]",
    )
    slope = [sp.diff(G[j][1, 0].subs(y, u * found), u) for j in range(2)]
    two = d.result(
        "two",
        sum(w[j] * L[j] * q[j] for j in range(2)) / (1 - a12),
        r"and minus the $u$-derivative of $\sum_j n_j l_j [G_j]_{21}$ that of two, "
        r"$\sum_j w_j l_j Q_j(z_1) Q_j(z_2) / (1 - a_{12})$:",
        r"\mathrm{E}\,\mathrm{tr}[B'B\, Q(z_1) S Q(z_2)]",
    )
    d.verify(
        two + sum(n[j] * L[j] * slope[j] for j in range(2)),
        "it is that derivative",
        identically_zero,
    )
    d.say(
        r"**A check that nothing above was used in.** For $B'B = I$, that is $w_j = n_j$, the "
        r"resolvent identity $Q(z_1) Q(z_2) = [Q(z_1) - Q(z_2)]/(z_1 - z_2)$ makes two resolvents "
        r"of one. The equivalents obey it, once $v$ solves the companion equation:"
    )
    other = one.subs({v1: v2, z1: z2}, simultaneous=True)
    identity = two.subs(dict(zip(w, n, strict=True))) * (z1 - z2) - (one - other)
    d.verify(
        in_kappa(identity),
        r"$\mathrm{E}\,\mathrm{tr}[Q_1 S Q_2]\,(z_1 - z_2) = "
        r"\mathrm{E}\,\mathrm{tr}[S Q_1] - \mathrm{E}\,\mathrm{tr}[S Q_2]$",
        identically_zero,
    )
    d.result(
        "two_in_kappa",
        in_kappa(sum(w[j] * L[j] * q[j] for j in range(2))) / (1 - in_kappa(a12)),
        r"In the effective penalties, where $Q_j = -\kappa / (z (l_j + \kappa))$:",
        r"\mathrm{E}\,\mathrm{tr}[B'B\, Q(z_1) S Q(z_2)]",
    )
