r"""The risk to order 1/N at fixed n, for any filter: N (R - R_inf) goes to

floor sum_i n_i (1 - rho_i)^2 + sum_i w_i { sum_k n_k l_i l_k^2 rho[i,k]^2 + 2 rho_i l_i^2
sum_k n_k l_k rho[i,i,k] + beta l_i^3 (rho'_i^2 + rho_i rho''_i) }, beta = 1 (real), 0 (complex).
"""

from __future__ import annotations

import sympy as sp

from derivations import moments, ridge
from derivations.derivation import Derivation

TITLE = "Many examples: the risk to order 1/N"

N, floor = moments.N, ridge.floor
L, n, w = ridge.L, ridge.n, ridge.w
beta = sp.Symbol("beta", nonnegative=True)
t = sp.Symbol("t", positive=True)
z, z1, z2 = sp.symbols("z z_1 z_2")
# rho, rho' and rho'' at either eigenvalue, and rho[1, 2], rho[1, 1, 2], rho[2, 2, 1]
value, slope, bend = (
    tuple(sp.Symbol(rf"{name}_{{{j}}}") for j in (1, 2))
    for name in (r"\rho", r"\dot{\rho}", r"\ddot{\rho}")
)
pair, pair_1, pair_2 = (sp.Symbol(rf"\rho_{{[{at}]}}") for at in ("12", "112", "221"))


def around(expr: sp.Expr, at: sp.Symbol) -> sp.Expr:
    """(1/2 pi i) times the contour integral of rho(z) expr: residues at poles of order <= 3."""
    total = sp.Integer(0)
    for term in sp.Add.make_args(sp.expand(expr)):
        for j, pole in enumerate(L):
            top = sp.cancel(term * (at - pole) ** 3)
            both = bend[j] * top + 2 * slope[j] * sp.diff(top, at) + value[j] * sp.diff(top, at, 2)
            total += both.subs(at, pole) / 2
    return total


def of(rho: sp.Expr, at: sp.Symbol) -> dict[sp.Symbol, sp.Expr]:
    """The values of a filter and of its derivatives."""
    names = (value, slope, bend)
    return {
        symbols[j]: sp.diff(rho, at, k).subs(at, L[j])
        for k, symbols in enumerate(names)
        for j in range(2)
    }


def derive(d: Derivation) -> None:
    d.assume(
        r"Gaussian data; $n$ and the spectrum are fixed and $N \to \infty$. $\rho$ is analytic "
        r"around the eigenvalues of $S$. $E[R | Y] = f + \mathrm{tr}[B \rho S \rho B'] + f \frac1N "
        r"\mathrm{tr}\, S h$ (`reduction`), with $f$ the floor."
    )
    d.say(
        r"Two eigenvalues carry the algebra: every term is a sum over pairs of directions, in "
        r"which a third eigenvalue would only be another $l_k$."
    )
    d.say(
        r"$\beta = 1$ for real data and 0 for complex circular data, where $E\, y_i y_k = 0$ and "
        r"the second factor of each $y y^*$ is conjugate."
    )
    same, other = second_moments(d)
    divided = differences(d)
    bias = coefficient(d, same, other, divided)
    flow(d, bias, divided)
    checks(d, bias, divided)


def second_moments(d: Derivation) -> tuple[sp.Expr, sp.Expr]:
    d.say(r"**Fluctuation.** $\hat S = S + \Delta$, in the eigenbasis of $S$.")
    g = {(i, j): sp.Symbol(f"G_{i}{j}") for i in range(1, 5) for j in range(i + 1, 5)}
    wick = d.lemma(
        r"The mean of four Gaussian factors is the sum over their pairings; complex data do not "
        r"pair the first with the third, nor the second with the fourth:",
        "Isserlis",
        g[1, 2] * g[3, 4] + beta * g[1, 3] * g[2, 4] + g[1, 4] * g[2, 3],
        r"E\, y_1 y_2 y_3 y_4",
    )
    covariance = d.step(
        (wick - g[1, 2] * g[3, 4]) / N,
        r"Different samples are independent, and $N$ of $N^2$ pairs of them are the same:",
        r"E\, \Delta_{12} \Delta_{34}",
    )
    one = dict.fromkeys(g.values(), 0)
    other = d.step(
        covariance.subs(one | {g[1, 4]: L[0], g[2, 3]: L[1]}),
        "For two different directions:",
        r"E\, \Delta_{ik} \Delta_{ki}",
    )
    same = d.step(
        sp.factor(covariance.subs(dict.fromkeys(g.values(), L[0]))),
        "and for one:",
        r"E\, \Delta_{ii}^2",
    )
    rest = sum(n[k] * other.subs(L[1], L[k]) for k in range(2)) + same - other.subs(L[1], L[0])
    for law, twist in ((False, 1), (True, 0)):
        exact = moments.moment((0,), law).subs(moments.l, L[0]) - L[0] ** 2
        d.verify(
            rest.subs(beta, twist)
            - exact.subs(moments.T[1], sum(k * l for k, l in zip(n, L, strict=True))),
            r"their sum over $k$ is $E\, \hat S^2 - S^2$ of `moments`"
            + (", for complex data too" if law else ""),
        )
    return same, other


def differences(d: Derivation) -> dict[sp.Symbol, sp.Expr]:
    d.say(
        r"**Expansion.** $\rho(\hat S) = \frac{1}{2\pi i} \oint \rho(z) (z - S - \Delta)^{-1} dz$ "
        r"and $(z - S - \Delta)^{-1} = G + G \Delta G + G \Delta G \Delta G + \dots$ with $G = "
        r"(z - S)^{-1}$. So $\Delta_{ik}$ has the factor $\rho[i, k] = \frac{1}{2\pi i} \oint "
        r"\rho/((z - l_i)(z - l_k))$, and $\Delta_{ik} \Delta_{ki}$ has $\rho[i, k, i]$: divided "
        r"differences, by residues."
    )
    q = [1 / (z - l) for l in L]
    first = d.result("pair", sp.factor(around(q[0] * q[1], z)), "", r"\rho[1, 2]")
    second = d.result(
        "pair_1",
        sp.factor(around(q[0] ** 2 * q[1], z)),
        "",
        r"\rho[1, 1, 2]",
    )
    swap = dict(zip((*L, *value, *slope), (*L[::-1], *value[::-1], *slope[::-1]), strict=True))
    d.verify(
        sp.Matrix([around(q[0] ** 2, z) - slope[0], around(q[0] ** 3, z) - bend[0] / 2]),
        r"$\rho[i, i] = \dot\rho_i$ and $\rho[i, i, i] = \frac12 \ddot\rho_i$, with the "
        r"derivatives $\dot\rho = d\rho/dl$ and $\ddot\rho$",
    )
    a, b, c = sp.symbols("a b c")
    delta = sp.Matrix([[a, b], [b, c]])
    small = sp.Symbol("epsilon")
    for power in (2, 3, 4):
        whole = ((sp.diag(*L) + small * delta) ** power).applyfunc(sp.expand)
        at = of(z**power, z)
        d.verify(
            sp.Matrix(
                [
                    whole[1].coeff(small, 1) - first.subs(at) * b,
                    whole[0].coeff(small, 1) - slope[0].subs(at) * a,
                    whole[0].coeff(small, 2) - bend[0].subs(at) / 2 * a**2 - second.subs(at) * b**2,
                ]
            ),
            rf"entry by entry for $\rho = l^{power}$, with matrices that do not commute",
        )
    return {pair: first, pair_1: second, pair_2: second.subs(swap, simultaneous=True)}


def coefficient(
    d: Derivation, same: sp.Expr, other: sp.Expr, divided: dict[sp.Symbol, sp.Expr]
) -> sp.Expr:
    d.say(
        r"**Mean.** To order $1/N$, $E[\rho S \rho]_{ii} = l_i \rho_i^2 + \sum_k l_k \rho[i,k]^2 "
        r"E\, \Delta_{ik} \Delta_{ki} + 2 l_i \rho_i \sum_k \rho[i,k,i] E\, \Delta_{ik} "
        r"\Delta_{ki}$, over directions $k$. Third and fourth moments of $\Delta$ are $O(N^{-2})$."
    )
    extra = d.step(
        sp.factor(same - other.subs(L[1], L[0])),
        "What the direction $k = i$ has over another one with its eigenvalue:",
        r"E\, \Delta_{11}^2 - \tfrac{l_1^2}{N}",
    )

    def apart(i: int, k: int) -> sp.Expr:
        return other.subs({L[0]: L[i], L[1]: L[k]}, simultaneous=True)

    one = {(0, 0): slope[0], (1, 1): slope[1], (0, 1): pair, (1, 0): pair}
    two = {(0, 0): bend[0] / 2, (1, 1): bend[1] / 2, (0, 1): pair_1, (1, 0): pair_2}
    total = kernel = sp.Integer(0)
    q1, q2 = ([1 / (at - l) for l in L] for at in (z1, z2))
    for i in range(2):
        own = N * extra.subs(L[0], L[i])
        mean = own * (L[i] * one[i, i] ** 2 + 2 * L[i] * value[i] * two[i, i])
        under = own * (L[i] * (q1[i] * q2[i]) ** 2 + 2 * L[i] * q1[i] * q2[i] ** 3)
        for k in range(2):
            size = N * apart(i, k) * n[k]
            mean += size * (L[k] * one[i, k] ** 2 + 2 * L[i] * value[i] * two[i, k])
            under += size * L[k] * q1[i] * q1[k] * q2[i] * q2[k]
            under += size * 2 * L[i] * q1[i] * q2[i] ** 2 * q2[k]
        total, kernel = total + w[i] * mean, kernel + w[i] * under
    kernel = d.result(
        "kernel",
        kernel,
        r"As a double contour integral, $q = 1/(z - l)$ at either argument, of $\rho(z_1) "
        r"\rho(z_2)$ times",
        "K(z_1, z_2)",
    )
    bias = d.result(
        "bias",
        sp.collect(sp.expand(total), w, lambda e: sp.collect(e, n, sp.factor)),
        r"In divided differences, with the weights:",
        r"N (\text{bias} - \sum_i w_i l_i \rho_i^2)",
    )
    d.verify(
        around(around(kernel, z1), z2) - bias.subs(divided),
        "the residues of the kernel are these divided differences",
    )
    d.say(r"**Limit and variance.** Both are taken at $\hat S = S$:")
    d.result(
        "limit", sum(w[i] * L[i] * value[i] ** 2 for i in range(2)), "", r"R_\infty - \text{floor}"
    )
    h = [(1 - value[i]) ** 2 / L[i] for i in range(2)]
    variance = d.result(
        "variance", floor * sum(n[i] * L[i] * h[i] for i in range(2)), "", r"N\, \text{variance}"
    )
    end = dict.fromkeys((*value, *slope, *bend), 0)
    d.verify(
        (bias.subs(divided) + variance).subs(end) - floor * sum(n),
        r"at the end of every path, $\rho = 0$, the two are $n f$: as the exact "
        r"$f n/(N - n - 1)$ of `converged`",
    )
    return bias


def flow(d: Derivation, bias: sp.Expr, divided: dict[sp.Symbol, sp.Expr]) -> None:
    at = of(sp.exp(-t * z), z)
    whole = (bias + d.results["variance"]).subs(divided).subs(at)
    for law, twist in (("real", 1), ("complex", 0)):
        found = d.result(
            f"flow_{law}",
            sp.collect(whole.subs(beta, twist), (*w, floor)),
            f"**Gradient flow**, {law} data:",
            r"N (R - R_\infty)",
        )
        d.verify(found.subs(t, 0), "nothing learned, nothing lost to noise")


def checks(d: Derivation, bias: sp.Expr, divided: dict[sp.Symbol, sp.Expr]) -> None:
    d.say(r"**Exact risks.** One and two steps of gradient descent, by the moments of `moments`:")
    eta = sp.Symbol("eta", positive=True)
    traces = {T: sum(k * l**q for k, l in zip(n, L, strict=True)) for q, T in enumerate(moments.T)}
    for steps in (1, 2):
        rho = sp.expand((1 - eta * moments.Sh) ** steps)
        noise = sp.expand((1 - rho) ** 2 * moments.Sh**-1)
        at = of((1 - eta * z) ** steps, z)
        at |= {name: sp.cancel(expr.subs(at)) for name, expr in divided.items()}
        found = (bias + d.results["variance"]).subs(at)
        for twist, law in ((1, "real"), (0, "complex")):
            mean = moments.expectation(sp.expand(rho * moments.S * rho), law == "complex")
            spread = moments.trace(moments.expectation(moments.S * noise, law == "complex"))
            exact = sum(w[i] * mean.subs(moments.l, L[i]) for i in range(2)) + floor * spread / N
            exact = sp.expand(exact).coeff(N, -1).subs(traces)
            d.verify(exact - found.subs(beta, twist), f"{steps} of them, {law} data", sp.expand)
    d.say(
        r"**Ridge.** $N \to \infty$ in the two orders of `ridge`, where $\kappa = \mu + \frac\mu N "
        r"\mathrm{df}_1(\mu) + \dots$ and $a$, $c$, $e$ are $O(1/N)$:"
    )
    orders = Derivation()
    ridge.derive(orders)
    kappa, small = ridge.kappa, sp.Symbol("epsilon", positive=True)
    at = of(ridge.mu / (z + ridge.mu), z)
    at |= {name: sp.factor(expr.subs(at)) for name, expr in divided.items()}
    share = {
        s: small * sum(k * (l / (l + kappa)) ** p for k, l in zip(n, L, strict=True))
        for p, s in enumerate(ridge.powers, 2)
    }
    share |= {
        s: sum(k * l ** (p - 1) / (l + kappa) ** p for k, l in zip(w, L, strict=True))
        for p, s in enumerate(ridge.W, 2)
    }
    df1 = sum(k * l / (l + ridge.mu) for k, l in zip(n, L, strict=True))
    leading = orders.results["bias"].subs(share)
    moved = sp.diff(leading, small) + sp.diff(leading, kappa) * ridge.mu * df1
    first = moved.subs(small, 0).subs(kappa, ridge.mu)
    gap = first - bias.subs(beta, 0).subs(at)
    d.verify(gap.subs(dict.fromkeys(n, 0)), "the leading order is a sum over pairs")
    d.verify(
        sp.Matrix(2, 2, [sp.diff(gap, weight, many) for weight in w for many in n]),
        r"each with the complex coefficient",
    )
    following = (N * orders.results["bias_next"]).subs(share).subs(small, 0).subs(kappa, ridge.mu)
    d.verify(
        following - sp.diff(bias, beta).subs(at),
        r"and its next order has what real data add",
    )
