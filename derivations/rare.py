r"""The largest sample eigenvalue beyond the edge: P(largest > x) ~ exp(-N J)/(6 sqrt(pi) N J).

J'(x) = [m_1(x) - m_2(x)]/2 with the two real branches of the companion equation that meet at the
edge; for one atom J' = sqrt((x - low)(x - high))/(2 x l).
"""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation

TITLE = "Eigenvalues far from the bulk"

N, n, l, x = sp.symbols("N n l x", positive=True)
m, E, s = sp.symbols("m E s", positive=True)


def derive(d: Derivation) -> None:
    d.assume(
        r"Real Gaussian data. The rate is derived for one atom $l$ of multiplicity $n$; for "
        r"several atoms the same difference of branches is taken over, on the strength of the "
        r"limits below and of simulation, and so is the tail below a bulk; beyond the edge the "
        r"prefactor is right in order only. The package uses all this for an estimate of an error, "
        r"not for a value."
    )
    force = one_atom(d)
    limits(d, force)
    prefactor(d)


def one_atom(d: Derivation) -> sp.Expr:
    others = sp.Symbol(r"\Sigma", positive=True)
    at_x = d.lemma(
        r"The eigenvalues of $\hat S$ have a density in proportion to "
        r"$\prod_i \lambda_i^{(N-n-1)/2} e^{-N \lambda_i/(2 l)} \prod_{i<j} |\lambda_i - "
        r"\lambda_j|$. Minus the slope of its log in one eigenvalue at $x$, with "
        r"$\Sigma = \sum_j 1/(x - \lambda_j)$ over the others, and $N - n - 1 \approx N - n$:",
        "Muirhead",
        N / (2 * l) - (N - n) / (2 * x) - others,
        "N J'",
    )
    d.say(
        r"The others stay in their bulk, where $\sum_j 1/(\lambda_j - x)$ is the trace of the "
        r"resolvent; the companion transform $m$ adds $N - n$ zeros to the $n$ eigenvalues:"
    )
    companion = d.step((-others - (N - n) / x) / N, "", "m(x)")
    force = sp.expand(at_x.subs(others, sp.solve(companion + m, others)[0]) / N)
    force = d.step(force.subs(m, -sp.Symbol("m_1")), "So, with $m = m_1(x)$,", "J'")
    mu = sp.Symbol("mu")
    quadratic = d.step(
        sp.expand(sp.numer(sp.together(x + 1 / mu - n * l / (N * (1 + l * mu)))) / N),
        r"The companion equation $x = -1/m + (n/N)\, l/(1 + l m)$ is a quadratic in $m$:",
        "0",
    )
    a, b, c = sp.Poly(quadratic, mu).all_coeffs()
    first, second = sp.symbols("m_1 m_2")
    d.verify(
        (force - (first - second) / 2).subs(second, -b / a - first),
        r"by the sum of its roots $J' = (m_1 - m_2)/2$",
    )
    gap = d.result(
        "force",
        sp.sqrt(sp.factor(b**2 - 4 * a * c)) / (2 * a),
        "and by its discriminant",
        "J'(x)",
    )
    root = sp.sqrt(n / N)
    low, high = l * (1 - root) ** 2, l * (1 + root) ** 2
    d.verify(
        gap**2 - (x - low) * (x - high) / (2 * x * l) ** 2,
        r"it is $\sqrt{(x - low)(x - high)}/(2 x l)$ with the edges of the bulk",
        sp.simplify,
    )
    return gap


def limits(d: Derivation, force: sp.Expr) -> None:
    d.verify(
        sp.limit(force, x, sp.oo) - 1 / (2 * l),
        r"far out $J' \to 1/(2 l)$, the tail of $\chi^2_N/N$: one direction of variance $l$ alone. "
        r"In general $m_1 \to 0$ and $m_2 \to -1/l_{\max}$, which is the same",
    )
    d.verify(
        force.subs(n, 0) - (1 / l - 1 / x) / 2,
        r"for $n \ll N$ it is that of $\chi^2_N/N$ exactly: $J = [x/l - 1 - \log(x/l)]/2$",
        lambda expr: sp.simplify(expr.subs(x, l + s)),
    )


def prefactor(d: Derivation) -> None:
    d.say(
        r"**Prefactor.** Next to the edge $J'$ grows as a square root, and $N J = \frac23 s^{3/2}$ "
        r"defines the scale $s$ of Tracy and Widom."
    )
    tail = d.lemma(
        r"For real data $P(\text{largest} > s) \sim$",
        "TracyWidom",
        sp.exp(-sp.Rational(2, 3) * s ** sp.Rational(3, 2))
        / (4 * sp.sqrt(sp.pi) * s ** sp.Rational(3, 2)),
        "1 - F_1(s)",
    )
    scale = d.step(
        sp.solve(sp.Rational(2, 3) * s ** sp.Rational(3, 2) - E, s)[0], "With $E = N J$,", "s"
    )
    d.result("tail", sp.powsimp(sp.simplify(tail.subs(s, scale))), "", r"P(\text{largest} > x)")
