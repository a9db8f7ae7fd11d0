r"""The companion equation of the sample spectrum, z = -1/m + (1/N) sum_j n_j l_j / (1 + l_j m).

In kappa = 1/m it is z = -kappa (1 - df1/N) with dz/dkappa = -(1 - df2/N). The resolvent is
Q_j = 1/(l_j v - z) with v = -z m, and for two arguments a12 = 1 - m1 m2 (z1 - z2)/(m1 - m2).
"""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation

TITLE = "The companion equation and the effective penalty"

N = sp.Symbol("N", positive=True)
L = sp.symbols("l_1 l_2", positive=True)
n = sp.symbols("n_1 n_2", positive=True)
l = sp.Symbol("l", positive=True)
z, m, v, q = sp.symbols("z m v q")
kappa, kappa1, kappa2, kappa0 = sp.symbols("kappa kappa_1 kappa_2 kappa_0")
m1, m2 = sp.symbols("m_1 m_2")


def atoms(term: sp.Expr) -> sp.Expr:
    """sum_j n_j term(l_j)"""
    return sum(count * term.subs(l, at) for count, at in zip(n, L, strict=True))


def argument(at: sp.Expr) -> sp.Expr:
    """z(kappa), for the derivations that start from this one."""
    return -at * (1 - atoms(l / (l + at)) / N)


def derive(d: Derivation) -> None:
    d.assume(
        r"$\hat S = \frac1N \sum_i y_i y_i'$ with independent $y_i$ of covariance $S$, which has "
        r"the eigenvalues $l_j$ with multiplicities $n_j$; $n = \sum_j n_j$ and $N$ grow in "
        r"proportion. $Q(z) = (\hat S - z)^{-1}$."
    )
    d.say("Two atoms carry the sums over $j$: every term is a sum over $j$, whatever their number.")
    shrink = leave_one_out(d)
    companion = equation(d, shrink)
    penalty(d, companion)
    two_arguments(d, companion)
    at_zero(d)


def leave_one_out(d: Derivation) -> sp.Expr:
    d.say(
        r"**Leaving one sample out.** $Q_{-i}$ is the resolvent without $y_i$, and "
        r"$q = \frac1N y_i' Q_{-i} y_i$. As $(Q_{-i}^{-1} + \frac1N y_i y_i') Q_{-i} y_i = "
        r"(1 + q) y_i$, the vector $Q y_i$ is $x\, Q_{-i} y_i$ with $x (1 + q) = 1$:"
    )
    x = sp.Symbol("x")
    shrink = d.step(sp.solve(x * (1 + q) - 1, x)[0], "", "x")
    inside = d.step(q * shrink, "", r"\tfrac1N y_i' Q y_i")

    y = sp.Matrix(sp.symbols("y_1 y_2"))
    a, b, c = sp.symbols("a b c")
    without = sp.Matrix([[a, b], [b, c]])  # Sh - z without y_i
    with_it = without + y * y.T / N
    apart = without.adjugate() / without.det()
    form = (y.T * apart * y)[0] / N
    whole = (y.T * with_it.adjugate() * y)[0] / with_it.det() / N
    d.verify(
        whole - inside.subs(q, form), "Sherman and Morrison's formula, entry by entry in 2 x 2"
    )
    d.verify(inside - (1 - shrink), r"that is $\frac1N y_i' Q y_i = 1 - 1/(1 + q)$")

    d.say(
        r"**Companion.** $\frac1N \sum_i y_i' Q y_i = \mathrm{tr}\, \hat S Q = n + "
        r"z\, \mathrm{tr}\, Q$, and $q$ is the same for every $i$ (below). $m = \frac1N "
        r"\mathrm{tr} (Y'Y/N - z)^{-1}$ differs from $\frac1N \mathrm{tr}\, Q$ by the zero "
        r"eigenvalues, $n - N$ more of them in $\hat S$, each $-1/z$."
    )
    size, trace = sp.symbols("n t")
    mean = d.step(
        sp.solve(size / N + z * trace - inside, trace)[0], "", r"\tfrac1N \mathrm{tr}\, Q"
    )
    companion = d.step(sp.factor(mean + (size - N) / N / z), "", "m")
    d.verify(-z * companion - shrink, r"so $v = -z m$ is $1/(1 + q)$")
    norm = (y.T * y)[0]
    outer = y * y.T - z * sp.eye(2)
    d.verify(
        outer.adjugate().trace() / outer.det() - 1 / (norm - z) + 1 / z,
        "the count of zero eigenvalues, for one sample in two dimensions",
    )
    return shrink


def equation(d: Derivation, shrink: sp.Expr) -> sp.Expr:
    Q = sp.Symbol("Q_j")
    each = sp.symbols("Q_1 Q_2")
    form = d.lemma(
        r"Quadratic forms concentrate: with relative error of order $N^{-1/2}$, and of order "
        r"$1/N$ in the mean, $q$ is the same for all $i$, and one sample more or less does not "
        "matter in the trace:",
        "Silverstein",
        sum(count * at * r for count, at, r in zip(n, L, each, strict=True)) / N,
        r"q = \tfrac1N \mathrm{tr}\, S Q",
    )
    d.say(
        r"$Q \hat S - z Q = I$, and $Q y_i y_i' = x\, Q_{-i} y_i y_i'$ has the mean "
        r"$x\, E[Q_{-i}]\, S$. At the eigenvalue $l_j$ therefore $Q_j (x\, l_j - z) = 1$:"
    )
    resolvent = d.step(
        1 / sp.expand(1 / sp.solve(Q * (l * sp.cancel(shrink.subs(q, 1 / v - 1)) - z) - 1, Q)[0]),
        "With $x = v$:",
        "Q_j",
    )
    closed = form.subs({r: resolvent.subs(l, at) for r, at in zip(each, L, strict=True)})
    d.say(r"$1/v = 1 + q$ with $v = -z m$ is linear in $1/z$, and gives the companion equation:")
    inverse = sp.Symbol("w")  # 1/z
    balance = sp.expand((1 / v - 1 - closed).subs(v, -m * z))
    solved = sp.solve(sp.cancel(balance.subs(z, 1 / inverse)), inverse)[0]
    companion = d.result("companion", sp.expand(sp.apart(sp.cancel(1 / solved), m)), "", "z")
    d.verify(
        companion + 1 / m - atoms(l / (1 + l * m)) / N,
        r"it is $-\frac1m + \frac1N \sum_j n_j l_j/(1 + l_j m)$",
    )
    power, c1, c2 = sp.symbols("u c_1 c_2")
    series = -power - c1 * power**2 - c2 * power**3
    left = sp.series(sp.cancel(companion.subs(m, series)), power, 0, 2).removeO() - 1 / power
    moments = {
        c1: atoms(l) / N,
        c2: (atoms(l**2) + atoms(l) ** 2 / N) / N,
    }
    d.verify(
        left.subs(moments),
        r"at large $z$ it has the moments $\frac1N E\, \mathrm{tr}\, \hat S = \frac1N \mathrm{tr}"
        r"\, S$ and $\frac1N E\, \mathrm{tr}\, \hat S^2 = \frac1N [\mathrm{tr}\, S^2 + "
        r"(\mathrm{tr}\, S)^2/N]$ (`moments`, to leading order)",
    )
    at_m = sp.factor(resolvent.subs(v, -z * m))
    trace = d.result(
        "trace",
        atoms(l * at_m),
        r"And the mean that the variance needs:",
        r"E\, \mathrm{tr}\, S Q = \sum_j n_j l_j Q_j",
    )
    d.verify(
        (1 + trace / N + 1 / (z * m)).subs(z, companion),
        r"with it $v = 1/(1 + \frac1N \mathrm{tr}\, S Q)$",
    )
    vq = d.step(sp.factor((v * resolvent).subs(v, -z * m)), "", "v Q_j")
    d.verify(vq - m / (1 + l * m), "which is $m/(1 + l_j m)$")
    alone = d.result(
        "alone", atoms((l * sp.cancel(vq)) ** 2) / N, "", r"a_{11} = v^2 \tfrac1N \sum n l^2 Q^2"
    )
    d.verify(
        sp.diff(companion, m) - (1 - alone) / m**2, "so $dm/dz = m^2/(1 - a_{11})$", sp.simplify
    )
    return companion


def penalty(d: Derivation, companion: sp.Expr) -> None:
    d.say(
        r"**Effective penalty.** $\kappa = 1/m$, with the degrees of freedom $\mathrm{df}_p = "
        r"\sum_j n_j (l_j/(l_j + \kappa))^p$ of ridge regression on the population:"
    )
    df1 = d.step(atoms(l / (l + kappa)), "", r"\mathrm{df}_1")
    df2 = d.step(atoms((l / (l + kappa)) ** 2), "", r"\mathrm{df}_2")
    at = d.result("penalty", -kappa * (1 - df1 / N), "", "z")
    d.verify(at - companion.subs(m, 1 / kappa), "the companion equation at $m = 1/\\kappa$")
    slope = d.result("slope", -(1 - df2 / N), "", r"dz/d\kappa")
    d.verify(slope - sp.diff(at, kappa), "its derivative")
    d.verify(
        sp.limit(at + kappa, kappa, sp.oo) - atoms(l) / N,
        r"far out $\kappa = -z + \mathrm{tr}\, S/N$",
    )
    d.verify(at - argument(kappa), "the form that other derivations start from")


def two_arguments(d: Derivation, companion: sp.Expr) -> None:
    d.say(
        r"**Two arguments.** $a_{12} = v_1 v_2 \frac1N \sum_j n_j l_j^2 Q_j(z_1) Q_j(z_2)$, where "
        r"$v Q_j = m/(1 + l_j m) = 1/(l_j + \kappa)$."
    )
    pair = d.result(
        "pair", atoms(l**2 / ((l + kappa1) * (l + kappa2))) / N, "In $\\kappa$:", "a_{12}"
    )
    change = (companion.subs(m, m1) - companion.subs(m, m2)) / (m1 - m2)
    divided = sp.cancel(change)
    in_m = pair.subs({kappa1: 1 / m1, kappa2: 1 / m2})
    d.verify(
        in_m - (1 - m1 * m2 * divided),
        "$a_{12} = 1 - m_1 m_2 (z_1 - z_2)/(m_1 - m_2)$",
    )
    d.verify(
        divided.subs(m2, m1) - sp.diff(companion.subs(m, m1), m1),
        "on the diagonal the divided difference is $dz/dm$, and $a_{11}$ is that of above",
        sp.simplify,
    )
    d.verify(
        pair - 1 - (argument(kappa1) - argument(kappa2)) / (kappa1 - kappa2),
        r"in $\kappa$: $1 - a_{12} = -(z_1 - z_2)/(\kappa_1 - \kappa_2)$",
    )
    x, y = sp.symbols("x y", real=True)
    above = (argument(kappa).subs(kappa, x - sp.I * y)).expand(complex=True)
    d.verify(
        sp.im(above) - y * (1 - pair.subs({kappa1: x - sp.I * y, kappa2: x + sp.I * y})),
        r"with $\kappa_2 = \bar\kappa_1$: $\mathrm{Im}\, z = -\mathrm{Im}\, \kappa\, "
        r"(1 - \frac1N \sum_j n_j l_j^2/|l_j + \kappa|^2)$",
        sp.simplify,
    )
    d.say(
        r"So for $\mathrm{Im}\, z > 0$ a root with $\mathrm{Im}\, \kappa < 0$ has "
        r"$\frac1N \sum_j n_j l_j^2/|l_j + \kappa|^2 < 1$. Two such roots would have $a_{12} = 1$ "
        r"by the identity, and $|a_{12}| < 1$ by Cauchy and Schwarz: there is one at most."
    )


def at_zero(d: Derivation) -> None:
    d.say(
        r"**At $z = 0$.** For $N < n$ the root stays positive, $\mathrm{df}_1(\kappa_0) = N$. With "
        r"$z(\kappa_0) = 0$ taken off, the distance to it factors out of $z$:"
    )
    z0 = argument(kappa0)  # 0
    s = d.result(
        "slope_at_zero",
        atoms(l / ((l + kappa) * (l + kappa0))) / N,
        "",
        "s",
    )
    d.verify(
        argument(kappa) - z0 * kappa / kappa0 + kappa * (kappa - kappa0) * s,
        r"$z = -\kappa (\kappa - \kappa_0) s$ where $\mathrm{df}_1(\kappa_0) = N$",
    )
    d.verify(
        sp.diff(kappa * (kappa - kappa0) * s, kappa).subs(kappa, kappa0)
        - kappa0 * s.subs(kappa, kappa0),
        r"and $dz/d\kappa = -\kappa_0 s$ there",
    )
