r"""The risk of ridge regression to order 1/N, both parts from one function: E log det(Sh + M).

bias = kappa^2 sum_j w_j l_j/(l_j + kappa)^2/(1 - a) + O(1/N), variance = floor {a/(1 - a) +
(F + kappa F')/[N (1 - a)]} with F = (c - a^2)/(1 - a)^2; at kappa(0) it is the converged risk.
"""

from __future__ import annotations

import sympy as sp

from derivations import companion
from derivations.companion import L, N, kappa, l, n
from derivations.derivation import Derivation

TITLE = "Ridge regression, and the converged risk for few examples"

floor = sp.Symbol("f", nonnegative=True)
mu, v, M = sp.symbols("mu v M", positive=True)
Ms = sp.symbols("M_1 M_2", positive=True)
s, u, p, rho = sp.symbols("s u p rho")
w = sp.symbols("w_1 w_2", nonnegative=True)
x, y = sp.symbols("x y")
# (1/N) sum_j n_j (l_j/(l_j + kappa))^k, and sum_j w_j l_j^(k-1)/(l_j + kappa)^k
a, c, e = powers = sp.symbols("a c e", positive=True)
W = sp.symbols("W_2 W_3 W_4", nonnegative=True)
first = sp.Symbol("S_1")


def moments(term: sp.Expr) -> sp.Expr:
    """(1/N) sum_j n_j of a function of l_j and p_j = w_j/n_j, at M = mu = kappa v.

    In x = l/(l + kappa) and y = p/(l + kappa) it is a polynomial, and x^k gives a, c, e, and
    y x^(k - 1) gives W_k/N.
    """
    at = {l: kappa * x / (1 - x), p: kappa * y / (1 - x), mu: kappa * v}
    total = sp.Integer(0)
    for (i, j), factor in sp.Poly(sp.cancel(term.subs({s: 0, u: 0}).subs(at)), x, y).terms():
        name = W[i - 1] / N if j == 1 else {1: first, 2: a, 3: c, 4: e}[i]
        total += factor * name
    return total


def over(expr: sp.Expr, power: int) -> sp.Expr:
    """The same, with the denominator (1 - a)^power."""
    top = sp.expand(sp.cancel(expr * (1 - a) ** power))
    return sp.collect(top, W, sp.factor) / (1 - a) ** power


def derive(d: Derivation) -> None:
    d.assume(
        r"$\rho(l) = \mu/(l + \mu)$, $\mu > 0$ (`filters`). Gaussian data of real entries; $N$ and "
        r"$n$ grow in proportion. $\mu = \kappa (1 - \mathrm{df}_1/N)$ (`companion`); $f$ is the "
        r"floor, and $p_j = w_j/n_j$."
    )
    d.say(
        r"No contour is needed. $\rho(\hat S) = \mu Q$ with $Q = (\hat S + \mu)^{-1}$, so that the "
        r"bias is $\mu^2 E\, \mathrm{tr}[B'B\, Q S Q]$ (`reduction`)."
    )
    h = d.step(sp.apart((1 - mu / (l + mu)) ** 2 / l, l), "And the noise is filtered by", "h(l)")
    d.verify(
        h - sp.diff(mu / (l + mu), mu),
        r"$h = d(\mu Q)/d\mu$: the variance is $\frac fN \frac{d}{d\mu} \mu T$, "
        r"$T = E\, \mathrm{tr}\, S Q$",
    )
    z = sp.Symbol("z")
    lam = sp.symbols("lambda_1 lambda_2", positive=True)
    pole = mu / (z + mu) / ((lam[0] - z) * (lam[1] - z))
    d.verify(
        sum(sp.residue(pole, z, at) for at in (*lam, -mu)),
        r"as a contour integral, it is minus the residue at the pole $-\mu$ outside",
    )
    bias, variance = both_parts(d, *generating(d))
    limits(d, bias, variance)
    best(d, bias, variance)


def generating(d: Derivation) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    d.say(
        r"**One function for both.** Let $M$ be diagonal with $S$, $M_j$ on the eigenspace $j$. "
        r"With $M = \mu + s S + u B'B$, $\partial_s \log\det(\hat S + M) = \mathrm{tr}\, S Q$ and "
        r"$-\partial_s \partial_u \log\det(\hat S + M) = \mathrm{tr}[B'B\, Q S Q]$ at $s = u = 0$."
    )
    D = [m + at * v for m, at in zip(Ms, L, strict=True)]
    leading = d.lemma(
        r"$\hat S + M$ is $M^{1/2} (1 + \hat S_M) M^{1/2}$, and $\hat S_M$ the sample covariance "
        r"of data with eigenvalues $l_j/M_j$. $E \log\det(\hat S + M)$ is the value of $\Phi_0$ at "
        r"the $v$ where it is stationary, plus $\Phi_1$, up to $O(1/N)$:",
        "BaiSilverstein",
        sum(k * sp.log(at) for k, at in zip(n, D, strict=True)) + N * (v - 1 - sp.log(v)),
        r"\Phi_0",
    )
    pair = d.step(
        v**2 * sum(k * (at / q) ** 2 for k, at, q in zip(n, L, D, strict=True)) / N, "", "a"
    )
    twist = d.lemma("with", "BaiSilverstein", sp.log(1 - a) / 2, r"\Phi_1")
    # Far: v = 1 - t/N. The second moments of Sh - S are those of `large_n`.
    t = sum(k * at / (at + m) for k, at, m in zip(n, L, Ms, strict=True))
    small = sp.Symbol("epsilon", positive=True)
    at_v = leading.subs({N: 1 / small, v: 1 - small * sp.Symbol("t")}, simultaneous=True)
    order = (sp.diff(at_v, small) * small**2).series(small, 0, 3).removeO().coeff(small, 2)
    order = order.subs(sp.Symbol("t"), t) + (twist.subs(a, small * a).diff(small).subs(small, 0))
    d.verify(
        order.subs(a, (N * pair).subs(v, 1))
        + (t**2 + sum(k * (at / (at + m)) ** 2 for k, at, m in zip(n, L, Ms, strict=True))) / 2,
        r"for $N \to \infty$ it is $\log\det(S + M) - \frac12 E\, \mathrm{tr} [(S + M)^{-1} "
        r"(\hat S - S)]^2$, with the moments of $\hat S - S$ of `large_n`",
    )
    d.verify(
        leading.subs(v, 1) - sum(k * sp.log(at + m) for k, at, m in zip(n, L, Ms, strict=True)),
        r"starting with $\log\det(S + M)$",
        sp.expand,
    )
    # M = 0: log det of a Wishart matrix, of which each dimension adds digamma((N - n)/2).
    ratio = sp.Symbol("gamma", positive=True)
    one = {n[0]: N * ratio, n[1]: 0, Ms[0]: 0}
    v0 = sp.solve(sp.diff(leading.subs(one), v), v)[0]
    F = sp.expand_log(leading.subs(one).subs(v, v0) / N)
    G = twist.subs(a, pair.subs(one).subs(v, v0))
    q = sp.Symbol("q", positive=True)  # psi(q) = log q - 1/(2 q) + ...
    stirling = sp.series(sp.digamma(q), q, sp.oo, 2).removeO()
    step = stirling.subs(q, N * (1 - ratio) / 2) + sp.log(2 / N) + sp.log(L[0])
    added = sp.diff(F, ratio) + (sp.diff(F, ratio, 2) / 2 + sp.diff(G, ratio)) / N
    d.verify(
        added - step,
        r"at $M = 0$, $S = l$, one more dimension adds $\psi(\frac{N - n}{2}) + \log "
        r"\frac{2 l}{N}$ to $E \log\det \hat S$ (Muirhead, Section 3.2), to both orders",
        lambda expr: sp.simplify(sp.expand_log(sp.expand(expr), force=True)),
    )
    return leading, twist, pair


def direction(total: sp.Expr, d: Derivation) -> sp.Expr:
    """What one direction with eigenvalue l adds to a sum over all of them."""
    each = [
        sp.diff(total, n[j]).subs({L[j]: l, Ms[j]: mu + s * l + u * p}, simultaneous=True)
        for j in range(2)
    ]
    d.verify(each[0] - each[1], "the sum over $j$ has one form for every $j$", sp.simplify)
    return each[0]


def both_parts(d: Derivation, leading: sp.Expr, one: sp.Expr, sum_a: sp.Expr) -> tuple[list, list]:
    d.say(
        r"**Derivatives.** Every one is a sum over directions of a polynomial in $x = l/(l + "
        r"\kappa)$ and $y = p/(l + \kappa)$, if $v = \mu/\kappa$: so nothing depends on the number "
        r"of atoms. With $a, c, e = \frac1N \sum_j n_j x_j^k$ for $k = 2, 3, 4$ and $W_k = \sum_j "
        r"w_j l_j^{k-1}/(l_j + \kappa)^k$:"
    )
    term = direction(leading, d)
    field = leading.subs(dict.fromkeys(n, 0)) / N

    def F(*by: sp.Symbol) -> sp.Expr:
        """Derivative of Phi_0/N."""
        free = sp.diff(field, *by) if set(by) == {v} else 0
        return moments(sp.diff(term, *by)) + free

    d.verify(
        F(v).subs(v, 1 - first),
        r"$\Phi_0$ is stationary at $v = 1 - \frac1N \mathrm{df}_1$, which is $\mu/\kappa$",
    )
    vv = d.step(over(F(v, v), -1), "", r"\tfrac1N \partial_v^2 \Phi_0")
    d.verify(vv - (1 - a) / v**2, "it is $(1 - a)/v^2$")
    by = {q: -F(v, q) / vv for q in (s, u)}
    slope_s = d.step(over(by[s], 1), "so that $v$ moves by", r"\partial_s v")
    slope_u = d.step(over(by[u], 1), "", r"\partial_u v")
    both = F(v, s, u) + F(v, v, s) * slope_u + F(v, v, u) * slope_s
    both += F(v, v, v) * slope_s * slope_u
    bend = d.step(over(-both / vv, 3), "", r"\partial_s \partial_u v")

    d.say(r"**Bias.** $-\mu^2$ times the second derivative of each order:")
    second = F(s, u) + F(s, v) * slope_u
    bias = d.result(
        "bias",
        over((-(mu**2) * N * second).subs(v, mu / kappa), 1),
        "",
        r"\text{bias}_0",
    )
    A = direction(N * sum_a, d)

    def Aof(*by: sp.Symbol) -> sp.Expr:
        """Derivative of a."""
        return moments(sp.diff(A, *by) if by else A)

    d.verify(Aof() - a, r"$a$ is the sum that it was called")
    first_slope, curve = sp.diff(one, a), sp.diff(one, a, 2)

    along = {q: Aof(q) + Aof(v) * dv for q, dv in ((s, slope_s), (u, slope_u))}
    mixed = Aof(s, u) + Aof(s, v) * slope_u + Aof(u, v) * slope_s + Aof(v, v) * slope_s * slope_u
    mixed += Aof(v) * bend
    total = first_slope * mixed + curve * along[s] * along[u]
    bias_next = d.result(
        "bias_next",
        kappa**2 / N * over((-(v**2) * N * total), 4),
        r"and the term of order $1/N$, from $\Phi_1$:",
        r"\text{bias}_1",
    )

    d.say(r"**Variance.** $\frac fN \frac{d}{d\mu} \mu T$, where $\frac{d\mu}{d\kappa} = 1 - a$:")
    slope = d.step(
        1 - moments((l / (l + kappa)) ** 2), r"From `companion`, $1 - \mathrm{df}_2/N$:", "d"
    )
    d.verify(
        sp.diff(-companion.argument(kappa), kappa)
        - slope.subs(a, companion.atoms((l / (l + kappa)) ** 2) / N),
        r"it is $d\mu/d\kappa$",
    )
    T = d.step(
        (mu * N * F(s)).subs(v, mu / kappa), r"With $S_1 = \frac1N \mathrm{df}_1$:", r"\mu T_0"
    )
    T = T.subs(first, 1 - mu / kappa)
    # d/dmu of N (kappa - mu)
    variance = d.result(
        "variance",
        over(floor / N * (sp.diff(T, mu) + sp.diff(T, kappa) / slope), 1),
        r"As $S_1 = 1 - \mu/\kappa$, it is $N (\kappa - \mu)$:",
        r"\text{variance}_0",
    )
    F1 = d.step(
        over((mu * first_slope * along[s]).subs(v, mu / kappa) / kappa, 2),
        r"$\Phi_1$ adds $\kappa F$ to $\mu T$:",
        "F",
    )
    d.verify(F1 - (c - a**2) / (1 - a) ** 2, "$F = (c - a^2)/(1 - a)^2$")

    def changed(k: int) -> sp.Expr:
        """kappa d/dkappa of (1/N) sum_j n_j x_j^k."""
        return moments(kappa * sp.diff((l / (l + kappa)) ** k, kappa))

    da = d.step(sp.factor(changed(2)), "", r"\kappa\, a'")
    dc = d.step(sp.factor(changed(3)), "", r"\kappa\, c'")
    slope_F = sp.diff(F1, a) * da + sp.diff(F1, c) * dc
    variance_next = d.result(
        "variance_next",
        floor / N * over((F1 + slope_F) / slope, 4),
        r"$\frac{f}{N} \frac{d \kappa F}{d\mu}$:",
        r"\text{variance}_1",
    )
    return [bias, bias_next], [variance, variance_next]


def limits(d: Derivation, bias: list, variance: list) -> None:
    d.say(
        r"**No penalty**, $\mu \to 0$: the converged risk. For $N > n$, $\kappa \to 0$ and $a$, "
        r"$c$, $e \to n/N$; the bias goes like $\kappa^2$. (Leading order, with a penalty: "
        r"[Dobriban]; without: [Hastie].)"
    )
    ratio = sp.Symbol("gamma", positive=True)
    full = dict.fromkeys(powers, ratio)
    # R - floor = floor n/(N - n - 1) (`converged`), at n = gamma N
    exact = sp.series(floor * ratio / (1 - ratio - x), x, 0, 2).removeO()  # x = 1/N
    d.verify(
        variance[0].subs(full) - exact.coeff(x, 0),
        r"the variance is $f n/(N - n)$",
        sp.simplify,
    )
    d.verify(
        (N * variance[1]).subs(full) - exact.coeff(x, 1),
        r"and to order $1/N$ that of the exact $f n/(N - n - 1)$ of `converged`",
        sp.simplify,
    )
    d.say(
        r"For $N < n$, $\kappa \to \kappa_0$ with $\mathrm{df}_1(\kappa_0) = N$. One eigenvalue $l$"
        r", $n$ times:"
    )
    k0 = d.result(
        "kappa0",
        sp.solve(companion.argument(kappa).subs(n[1], 0) / kappa, kappa)[0],
        "",
        r"\kappa_0",
    )
    clean, clean_next = (sp.factor(one_eigenvalue(part).subs(kappa, k0)) for part in bias)
    d.verify(
        clean - w[0] * L[0] * (1 - N / n[0]),
        r"the bias is $w l (1 - N/n)$: without noise $W$ projects on the span of $N$ random "
        r"directions, and misses the share $1 - N/n$ of every signal, exactly",
    )
    d.verify(clean_next, "so that there is nothing at order $1/N$")


def one_eigenvalue(part: sp.Expr) -> sp.Expr:
    at = L[0] / (L[0] + kappa)
    here = {q: n[0] / N * at**k for k, q in enumerate(powers, 2)}
    return part.subs(here | {q: w[0] * at**k / L[0] for k, q in enumerate(W, 2)})


def best(d: Derivation, bias: list, variance: list) -> None:
    d.say(
        r"**The best penalty where $w_j = p\, n_j$.** Then $B'B$ counts as $p I$ (`reduction`): "
        r"the learning error is the mean over $Y$ of a sum over the eigenvalues $\lambda_i$ of "
        r"$\hat S$, each with the weight $v_i' S v_i$, of"
    )
    each = d.step(p * rho**2 + floor / N * (1 - rho) ** 2 / l, r"At $l = \lambda_i$:", "r(l)")
    lowest = d.step(
        sp.solve(sp.diff(each, rho), rho)[0], "Its minimum over all filters:", r"\rho^\star(l)"
    )
    penalty = d.result(
        "best_penalty",
        sp.cancel(sp.solve(mu / (l + mu) - lowest, mu)[0]),
        "For every $N$ it is ridge, with the penalty",
        r"\mu^\star",
    )
    d.verify(lowest - penalty / (l + penalty), "which is the same for every $l$")
    at = penalty.subs(p, w[0] / n[0])
    gap = sp.numer(sp.factor(-companion.argument(kappa).subs(n[1], 0) - at))
    for order, name in enumerate(("leading order", "term of order $1/N$")):
        slope = sp.diff(one_eigenvalue(bias[order] + variance[order]), kappa)
        d.verify(
            sp.rem(sp.numer(sp.factor(slope)), gap, kappa),
            rf"with one eigenvalue: where $\mu = \mu^\star$ the slope of the {name} vanishes",
        )
    sigma = sp.Symbol("sigma", positive=True)
    d.result(
        "subspace_penalty",
        sp.factor(penalty.subs({floor: sigma**2 / (1 + sigma**2), p: (1 + sigma**2) ** -2 / n[0]})),
        "**Subspace model** with $d = n = n_1$ (`wiener`):",
        r"\mu^\star",
    )
