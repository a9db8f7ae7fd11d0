r"""The exact risk of least squares, gradient descent run to its end, where N > n + 1.

R = floor (1 + n/(N - n - 1)) from the inverse Wishart mean E (Y Y')^-1 = S^-1/(N - n - 1), and
n/(N - n) for complex circular data. The mean is infinite for |N - n| <= 1 (complex: N = n).
"""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation

TITLE = "Least squares with more examples than measurements"

N, n = sp.symbols("N n", positive=True)
floor = sp.Symbol("f", nonnegative=True)
gamma = sp.Symbol("gamma", positive=True)  # n/N
x, m, q, s = sp.symbols("x m q s", positive=True)


def upright(expr: sp.Expr) -> sp.Expr:
    """A fraction with the minus sign of its numerator moved below."""
    above, below = sp.fraction(sp.factor(expr))
    return -above / sp.expand(-below) if above.could_extract_minus_sign() else above / below


def derive(d: Derivation) -> None:
    d.assume(
        r"$N \ge n$, $S$ invertible, Gaussian data: $\hat S = Y Y'/N$ then has full rank with "
        r"probability 1, so that $\rho = 0$ on its spectrum (`filters`), $h(\hat S) = "
        r"\hat S^{-1}$, and the risk is $f + f \frac1N E\, \mathrm{tr}\, S \hat S^{-1}$ "
        "(`reduction`), with $f$ the floor."
    )
    corner = whiten(d)
    d.say(
        r"**Schur complement.** Let $g$ be the first row of $G$. The corner of $(G G')^{-1}$ is 1 "
        r"over $g (I - P) g'$, with $P$ the projector on the other $n - 1$ rows."
    )
    g, h = sp.Matrix([sp.symbols("g_1:4")]), sp.Matrix([sp.symbols("h_1:4")])
    part = d.step(g.dot(g) - g.dot(h) ** 2 / h.dot(h), "For two rows $g$ and $h$:", r"g (I - P) g'")
    here = dict(zip(sp.symbols("G_1:7"), (*g, *h), strict=True))
    d.verify(corner.subs(here) - 1 / part, "the corner of the inverse is 1 over it")

    results = {}
    for law, excess in (("real", -1), ("complex", 0)):
        inverse = inverse_mean(d, law)
        degrees = d.step(
            N - n + 1,
            r"The other rows are independent of $g$ and span $n - 1$ dimensions of $N$; left are",
            "m",
        )
        d.verify(degrees.subs(n, 1) - N, "all $N$ of them with a single row")
        mean = d.result(
            f"{law}_inverse",
            upright(inverse.subs(m, degrees)),
            "so that each of the $n$ diagonal entries has the mean",
            r"E\, [(G G')^{-1}]_{11}",
        )
        d.verify(1 / mean - (N - n + excess), "its pole is the first $N$ with an infinite mean")
        results[law] = d.result(
            f"{law}_risk",
            floor * (1 + n * mean),
            "Their sum is the trace:",
            "R",
        )
    few_examples(d)
    large(d, results)


def whiten(d: Derivation) -> sp.Expr:
    """tr S (YY')^-1 is free of S, and its mean is n times that of a corner of (GG')^-1."""
    d.say(
        "$Y = S^{1/2} G$ with $G$ of independent standard normal entries. Two measurements and "
        "three examples carry the algebra; any root $Z Z' = S$ will do."
    )
    Z = sp.Matrix(2, 2, sp.symbols("z_1:5"))
    G = sp.Matrix(2, 3, sp.symbols("G_1:7"))
    gram = G * G.T
    plain = d.step(gram.trace() / gram.det(), "", r"\mathrm{tr}\, (G G')^{-1}")
    seen = Z * gram * Z.T
    d.verify(
        (Z * Z.T * seen.adjugate()).trace() / seen.det() - plain,
        "$\\mathrm{tr}\\, S (Y Y')^{-1} = \\mathrm{tr}\\, (G G')^{-1}$: $S$ drops out",
    )
    corner = gram.adjugate()[0] / gram.det()
    swap = {G[i]: G[(i + 3) % 6] for i in range(6)}
    d.verify(
        plain - corner - corner.subs(swap, simultaneous=True),
        "a trace of $n$ corners, which exchanging rows of $G$ turns into each other",
    )
    d.say(
        r"The law of $G$ is the same after any rotation of its columns, so $E (G G')^{-1} "
        r"= c I$, $E (Y Y')^{-1} = c S^{-1}$, and $c$ is the mean of one corner."
    )
    a, b, e = sp.symbols("a b e")
    M = sp.Matrix([[a, b], [b, e]])
    rotations = sp.diag(1, -1), sp.Matrix([[0, 1], [-1, 0]])
    fixed = sp.solve([entry for O in rotations for entry in O * M * O.T - M], [a, b, e])
    d.verify(
        M.subs(fixed) - fixed.get(a, a) * sp.eye(2),
        "what a reflection and a quarter turn leave alone is a multiple of $I$",
    )
    return corner


def inverse_mean(d: Derivation, law: str) -> sp.Expr:
    """E 1/X of the sum X of m squares."""
    if law == "real":
        density = x ** (m / 2 - 1) * sp.exp(-x / 2) / (2 ** (m / 2) * sp.gamma(m / 2))
        text = r"$g (I - P) g'$ is $\chi^2_m$, with $m$ the rank of $I - P$. Its density:"
        transform, pole = (1 + 2 * s) ** (-m / 2), 2
    else:
        density = x ** (m - 1) * sp.exp(-x) / sp.gamma(m)
        text = (
            r"**Complex circular data:** $g (I - P) g^*$ is a sum of $m$ terms $|z|^2$, "
            r"$E |z|^2 = 1$, and has the law Gamma($m$):"
        )
        transform, pole = (1 + s) ** -m, 1
    density = d.lemma(text, "Muirhead", density, "p(x)")
    d.verify(
        sp.integrate(density * sp.exp(-s * x), (x, 0, sp.oo), conds="none") - transform,
        "its Laplace transform is that of one square to the power $m$",
        lambda e: sp.simplify(sp.gammasimp(e)),
    )
    for low in range(1, pole + 1):
        endless = sp.integrate(density.subs(m, low) / x, (x, 0, sp.oo))
        d.verify(1 / endless, f"the mean of $1/x$ is infinite at $m = {low}$")
    above = sp.integrate(density.subs(m, pole + q) / x, (x, 0, sp.oo), conds="none")
    return d.step(
        sp.gammasimp(above).subs(q, m - pole),
        f"Integrated against $1/x$, which converges for $m > {pole}$:",
        r"E\, 1/x",
    )


def few_examples(d: Derivation) -> None:
    d.say(
        r"**Infinite on the other side too.** For $N < n$, $h$ is the pseudo-inverse and "
        r"$\mathrm{tr}\, S \hat S^+ \ge l_{\min} N\, \mathrm{tr} (Y'Y)^{-1} \ge (l_{\min}/"
        r"l_{\max}) N\, \mathrm{tr} (G'G)^{-1}$, since $Y'Y = G' S G \le l_{\max} G'G$. The mean "
        r"of the last is the one above with $n$ and $N$ exchanged; the opposite inequality holds "
        r"with the two eigenvalues exchanged. So the mean is infinite for $|N - n| \le 1$, for "
        r"complex data for $N = n$, and finite elsewhere, as long as $f > 0$."
    )


def large(d: Derivation, risks: dict[str, sp.Expr]) -> None:
    d.say("**Large $n$ and $N$** at a fixed ratio $\\gamma = n/N < 1$:")
    small = sp.Symbol("epsilon", positive=True)  # 1/N
    terms = {}
    for law, risk in risks.items():
        excess = sp.cancel((risk - floor).subs({n: gamma / small, N: 1 / small}, simultaneous=True))
        terms[law] = [upright(sp.diff(excess, small, k).subs(small, 0)) for k in (0, 1)]
    leading = d.result("leading", terms["real"][0], "The leading order:", "R - f")
    d.verify(leading - terms["complex"][0], "it is the same for complex data")
    d.verify(terms["complex"][1], "which have no next order at all")
    d.result(
        "next_order",
        terms["real"][1],
        "The next order, for real data:",
        r"N \left(R - f - \tfrac{f \gamma}{1 - \gamma}\right)",
    )
    d.verify(
        sp.limit(leading / gamma, gamma, 0) - floor,
        "with many examples converging costs $f n/N$, one parameter of noise for each measurement",
    )
