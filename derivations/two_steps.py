r"""The exact risk after two steps of gradient descent, for every N, n, spectrum, noise and step.

bias = sum_j w_j [l - 4 eta l^2 + 2 eta^2 E(Sh^2) l + 4 eta^2 E(Sh S Sh) - 4 eta^3 E(Sh S Sh^2)
+ eta^4 E(Sh^2 S Sh^2)]_j and variance = floor tr S E[4 eta^2 Sh - 4 eta^3 Sh^2 + eta^4 Sh^3]/N.
"""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation
from derivations.moments import N, S, Sh, T, expectation, l, trace
from derivations.one_step import REDUCED, L, eta, floor, n, total, w

TITLE = "Two steps of gradient descent, exactly"

sigma, dim, sub = sp.symbols("sigma n d", positive=True)
subspace = {
    L[0]: 1 + sigma**2,
    L[1]: sigma**2,
    n[0]: sub,
    n[1]: dim - sub,
    w[0]: 1 / (1 + sigma**2) ** 2,
    w[1]: 0,
    floor: sigma**2 / (1 + sigma**2),
}


def derive(d: Derivation) -> None:
    d.assume(REDUCED)
    rho = sp.expand((1 - eta * Sh) ** 2)
    sandwich = d.step(
        sp.expand(rho * S * rho), r"With $\rho = (1 - \eta \hat S)^2$:", r"\rho S \rho"
    )
    noise = d.step(sp.expand((1 - rho) ** 2 * Sh**-1), "", r"h(\hat S)")
    d.say(
        r"$\hat S^i S \hat S^j$ and $\hat S^j S \hat S^i$ are each other's transpose and have the "
        "same mean. Two steps need four factors at most, so the moments of `moments` suffice."
    )
    risks = {}
    for law in ("real", "complex"):
        if law == "complex":
            d.say("**Complex circular data**, with the complex moments:")
        bias = d.result(
            f"{law}_bias",
            tidy(expectation(sandwich, law == "complex")),
            "At an eigenvalue $l$:",
            r"[\rho S \rho]",
        )
        variance = d.result(
            f"{law}_variance",
            tidy(sp.expand(trace(expectation(S * noise, law == "complex")) / N)),
            "and the variance over the floor:",
            r"\tfrac1N \mathrm{tr}\, E\, S h",
        )
        special_cases(d, law, bias, variance)
        risks[law] = total(bias, variance)
    first_order(d, risks)

    d.say("**Two atoms** in full; more of them add their own term to each sum.")
    for law, risk in risks.items():
        d.result(f"{law}_risk", tidy(sp.expand(risk)), f"{law.capitalize()} data:", "R")
    d.say(
        "**Subspace model** (`wiener`): $l = (1 + \\sigma^2, \\sigma^2)$ with multiplicities "
        "$(d, n - d)$, $w = (1/(1 + \\sigma^2)^2, 0)$, floor $\\sigma^2/(1 + \\sigma^2)$."
    )
    for law in risks:
        here = d.results[f"{law}_risk"].subs(subspace)
        here = d.result(
            f"{law}_subspace", tidy(sp.expand(sp.cancel(here))), f"{law.capitalize()} data:", "R"
        )
        d.verify(here.subs(eta, 0) - 1, "without a step the risk is 1")
        clean = here.subs({sigma: 0, sub: 1})
        d.verify(
            clean - d.results[f"{law}_bias"].subs({l: 1} | {T[q]: 1 for q in range(len(T))}),
            "without noise, on a line: one dimension with $l = 1$",
        )


def tidy(expr: sp.Expr) -> sp.Expr:
    return sp.collect(expr, eta, lambda c: sp.collect(sp.expand(c), N))


def special_cases(d: Derivation, law: str, bias: sp.Expr, variance: sp.Expr) -> None:
    """Much data, a small step, and one dimension."""
    d.verify(
        sp.limit(bias, N, sp.oo) - l * (1 - eta * l) ** 4,
        "$N \\to \\infty$ gives the population filter, $l \\rho(l)^2$",
    )
    d.verify(sp.limit(variance, N, sp.oo), "and no variance")
    d.verify(
        sp.Matrix([bias.coeff(eta, 1) + 4 * l**2, variance.coeff(eta, 2) - 4 * T[2] / N]),
        "two small steps are one of twice the length, to the lowest order in $\\eta$",
    )
    # One dimension: Sh = l X/N, X chi-squared with N degrees or Gamma(N).
    x = sp.Symbol("x", positive=True)
    shape, unit = (N / 2, 2) if law == "real" else (N, 1)

    def mean(poly: sp.Expr) -> sp.Expr:
        return sum(
            c * (unit * l / N) ** k * sp.gammasimp(sp.gamma(shape + k) / sp.gamma(shape))
            for (k,), c in sp.Poly(sp.expand(poly), x).terms()
        )

    one = {T[q]: l**q for q in range(len(T))}
    learned = 1 - (1 - eta * x) ** 2
    d.verify(bias.subs(one) - l * mean((1 - learned) ** 2), "the bias in one dimension")
    d.verify(variance.subs(one) - l / N * mean(sp.cancel(learned**2 / x)), "the variance likewise")


def first_order(d: Derivation, risks: dict[str, sp.Expr]) -> None:
    """Compare with the first order in 1/N of an arbitrary filter."""
    x = sp.Symbol("x")
    rho = (1 - eta * x) ** 2

    def value(i: int, order: int = 0) -> sp.Expr:
        return sp.diff(rho, x, order).subs(x, L[i])

    def divided(i: int, k: int, twice: bool) -> sp.Expr:
        """rho[i, k], or rho[i, i, k] where ``twice``."""
        if i == k:
            return value(i, 2) / 2 if twice else value(i, 1)
        simple = (value(i) - value(k)) / (L[i] - L[k])
        return sp.cancel((value(i, 1) - simple) / (L[i] - L[k]) if twice else simple)

    for law, risk in risks.items():
        twist = 1 if law == "real" else 0
        expected = floor * sum(n[i] * (1 - value(i)) ** 2 for i in range(2))
        for i in range(2):
            for k in range(2):
                expected += w[i] * n[k] * L[i] * L[k] ** 2 * divided(i, k, False) ** 2
                expected += 2 * w[i] * n[k] * value(i) * L[i] ** 2 * L[k] * divided(i, k, True)
            bend = value(i, 1) ** 2 + value(i) * value(i, 2)
            expected += twist * w[i] * L[i] ** 3 * bend
        d.verify(
            sp.expand(risk).coeff(N, -1) - expected,
            f"{law} data: the order $1/N$ is that of `large_n` for this filter",
            sp.expand,
        )
