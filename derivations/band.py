r"""Exact draws without data: YY' has the law of S^(1/2) G G' S^(1/2), G a banded matrix.

G[j, j] ~ chi(N - j), G[j+1 .. j+d-1, j] ~ N(0, 1), G[j+d, j] ~ chi(n - d - j), all independent,
up to a rotation of the noise space; nothing grows with N.
"""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation
from derivations.moments import N, Sh, T, expectation, l, trace
from derivations.moments import S as Cov

TITLE = "The band form of the sample covariance"

n, d, x, m = sp.symbols("n d x m", positive=True)
SIZE, SIGNAL = 5, 2  # the matrices on which moments are compared
l1, l2 = sp.symbols("l_1 l_2", positive=True)


def derive(r: Derivation) -> None:
    r.assume(
        r"$Y = S^{1/2} Z$ with $Z$ an $n \times N$ matrix of independent standard normals, and "
        r"$S$ equal to $l_2$ on all but the first $d$ coordinates: rotations of the other $n - d$ "
        r"change nothing."
    )
    r.say(
        r"**Rotations.** A Gaussian vector in $R^m$ may be rotated onto its first axis: its law is "
        r"invariant, its norm is $\chi_m$, and what is orthogonal to it stays Gaussian and "
        r"independent. Column by column [Bloemendal]: rotate the $N - j$ samples that are left so "
        r"that row $j$ of $Z$ has one entry beyond those done, $\chi_{N-j}$; then rotate the "
        r"$n - d - j$ noise coordinates below row $j + d$ so that column $j$ has one entry there, "
        r"$\chi_{n-d-j}$. Neither touches what was done before, and $S$ commutes with the second."
    )
    density = r.lemma(
        r"The square of a $\chi_m$ variable has the density below.",
        "Muirhead",
        x ** (m / 2 - 1) * sp.exp(-x / 2) / (2 ** (m / 2) * sp.gamma(m / 2)),
        "p(x)",
    )
    r.verify(sp.integrate(density, (x, 0, sp.oo)) - 1, "it integrates to 1", sp.simplify)
    first, second = (sp.simplify(sp.integrate(x**k * density, (x, 0, sp.oo))) for k in (1, 2))
    mean = r.step(sp.factor(first), "Its first two moments:", r"E\, \chi_m^2")
    square = r.step(sp.factor(second), "", r"E\, \chi_m^4")
    diagonal = r.result("diagonal", N - sp.Symbol("j"), "Degrees of freedom on the diagonal,", "m")
    last = r.result("last", n - d - sp.Symbol("j"), "and at the end of the band:", "m")
    compare(r, mean, square, diagonal, last)


def compare(
    r: Derivation, mean: sp.Expr, square: sp.Expr, diagonal: sp.Expr, last: sp.Expr
) -> None:
    """Means of products of traces under the band law against Gaussian pairings."""
    r.say(
        f"**Against the pairings**, for $n = {SIZE}$, $d = {SIGNAL}$ and any $N$: every entry of "
        "$G$ is a symbol, and its even moments are those of its law."
    )
    G = sp.zeros(SIZE, SIZE)
    moments: dict[sp.Symbol, tuple[sp.Expr, sp.Expr]] = {}
    j = sp.Symbol("j")
    for column in range(SIZE):
        for row in range(column, min(column + SIGNAL + 1, SIZE)):
            entry = sp.Symbol(f"g_{row}{column}")
            law = {column: diagonal, column + SIGNAL: last}.get(row)
            of = {j: column, n: SIZE, d: SIGNAL}
            moments[entry] = (
                (sp.Integer(1), sp.Integer(3))
                if law is None
                else (mean.subs(m, law.subs(of)), square.subs(m, law.subs(of)))
            )
            G[row, column] = entry
    values = [l1] * SIGNAL + [l2] * (SIZE - SIGNAL)
    F = sp.diag(*[sp.sqrt(value) for value in values]) * G
    sample = (F * F.T) / N
    for text, product, word in (
        (r"\mathrm{tr}\, \hat S", sample.trace(), Sh),
        (r"\mathrm{tr}\, \hat S^2", (sample * sample).trace(), Sh**2),
        (
            r"\mathrm{tr}\, \hat S S \hat S",
            (sample * sp.diag(*values) * sample).trace(),
            Sh * Cov * Sh,
        ),
    ):
        traces = {T[q]: SIGNAL * l1**q + (SIZE - SIGNAL) * l2**q for q in range(9)}
        exact = trace(expectation(word)).subs(traces)
        r.verify(averaged(product, moments) - exact, f"$E\\, {text}$ is that of `moments`")
    signal = (sample * sample)[0, 0]
    exact = expectation(Sh**2).subs(traces).subs(l, l1)
    r.verify(averaged(signal, moments) - exact, r"and $E\, [\hat S^2]_{11}$, of one coordinate")


def averaged(expr: sp.Expr, moments: dict[sp.Symbol, tuple[sp.Expr, sp.Expr]]) -> sp.Expr:
    """The mean of a polynomial in independent entries; odd powers of a normal one are 0.

    Of the chi entries odd powers do not occur: a sign of a row or column may be flipped.
    """
    total = sp.Integer(0)
    entries = list(moments)
    for powers, factor in sp.Poly(sp.expand(expr), *entries).terms():
        term = factor
        for entry, power in zip(entries, powers, strict=True):
            if power % 2:
                term = sp.Integer(0)
            elif power:
                term *= moments[entry][power // 2 - 1]
        total += term
    return sp.expand(total)
