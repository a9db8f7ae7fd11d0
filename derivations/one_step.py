r"""The exact risk after one step of gradient descent, for every N, and its best step.

floor + sum_j w_j [l - 2 eta l^2 + eta^2 (l^3 (1 + 1/N) + l tr(S^2)/N)] + floor eta^2 tr(S^2)/N
"""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation
from derivations.moments import N, S, Sh, T, expectation, l, trace

TITLE = "One step of gradient descent, exactly"

eta = sp.Symbol("eta", positive=True)
floor = sp.Symbol("f", nonnegative=True)
# Two atoms of the spectrum: eigenvalues, multiplicities, weights.
L = sp.symbols("l_1 l_2", positive=True)
n = sp.symbols("n_1 n_2", positive=True)
w = sp.symbols("w_1 w_2", nonnegative=True)


REDUCED = (
    r"$E[R | Y] = f + \sum_j w_j [\rho S \rho]_j + f \frac1N \mathrm{tr}\, S h$ for Gaussian "
    r"data, with $\rho = \rho(\hat S)$, $h = (1 - \rho)^2/\hat S$ and $f$ the floor "
    "(`reduction`); $[\\cdot]_j$ is the mean at the eigenvalue $l_j$ (`moments`), and "
    r"$T_q = \mathrm{tr}\, S^q$."
)


def total(bias: sp.Expr, variance: sp.Expr) -> sp.Expr:
    """The risk with two atoms, from the bias at an eigenvalue l and the variance over floor."""
    traces = {T[q]: sum(m * x**q for m, x in zip(n, L, strict=True)) for q in range(1, len(T))}
    learning = sum(weight * bias.subs(l, x) for weight, x in zip(w, L, strict=True))
    return (floor + learning + floor * variance).subs(traces)


def derive(d: Derivation) -> None:
    d.assume(REDUCED)
    rho = 1 - eta * Sh
    sandwich = d.step(
        sp.expand(rho * S * rho),
        r"One step from $W_0 = 0$: $\rho = 1 - \eta \hat S$, so",
        r"\rho S \rho",
    )
    noise = d.step(sp.expand((1 - rho) ** 2 * Sh**-1), "and the noise is filtered by", r"h(\hat S)")
    risks = {}
    for law in ("real", "complex"):
        if law == "complex":
            d.say("**Complex circular data** lose the $l^3/N$ of the pairing of $y$ with $y$.")
        bias = d.result(
            f"{law}_bias",
            sp.collect(expectation(sandwich, law == "complex"), eta),
            "The moments put in, at an eigenvalue $l$:",
            r"[\rho S \rho]",
        )
        variance = d.result(
            f"{law}_variance",
            trace(expectation(S * noise, law == "complex")) / N,
            "and the variance over the floor:",
            r"\tfrac1N \mathrm{tr}\, E\, S h",
        )
        d.verify(
            sp.limit(bias, N, sp.oo) - l * (1 - eta * l) ** 2,
            "$N \\to \\infty$ gives the population filter, $l (1 - \\eta l)^2$",
        )
        d.verify(sp.limit(variance, N, sp.oo), "and no variance")
        # One dimension: Sh = l X/N, X chi-squared with N degrees or Gamma(N).
        first, second = (N, N * (N + 2)) if law == "real" else (N, N * (N + 1))
        one = {T[2]: l**2}
        d.verify(
            bias.subs(one) - l * (1 - 2 * eta * l * first / N + (eta * l / N) ** 2 * second),
            "in one dimension: from the two moments of a $\\chi^2_N$ (Gamma) number",
        )
        risks[law] = total(bias, variance)

    d.say(
        "**Two atoms** carry the sums from here; a third would add its own term to each sum and "
        "change nothing else."
    )
    for law, risk in risks.items():
        d.result(f"{law}_risk", sp.collect(sp.expand(risk), eta), f"{law.capitalize()} data:", "R")

    risk = d.results["real_risk"]
    slope = sp.Poly(sp.expand(sp.diff(risk, eta)), eta)
    curvature, start = slope.all_coeffs()
    d.say("**Best step.** The risk is a parabola in $\\eta$ that opens upward.")
    best = d.result(
        "best_step",
        sp.factor(-start / 2) / sp.expand(curvature / 2),
        "Its slope vanishes at",
        r"\eta^\star",
    )
    d.verify(
        risk - risk.subs(eta, best) - curvature / 2 * (eta - best) ** 2,
        "completing the square about it",
    )
    zero = floor + sum(weight * x for weight, x in zip(w, L, strict=True))
    gained = sum(weight * x**2 for weight, x in zip(w, L, strict=True))
    low = d.result(
        "best_risk",
        zero - gained * best,
        r"It takes $\eta^\star \sum_j w_j l_j^2$ off the risk of $W = 0$:",
        r"R(\eta^\star)",
    )
    d.verify(low - risk.subs(eta, best), "the risk at the best step")
    d.verify(
        sp.limit(best.subs({w[1]: 0, n[1]: 0}), N, sp.oo) - 1 / L[0],
        "one eigenvalue and much data: the step that learns all of it, $1/l$",
    )
