r"""Plug-in PCA: the part of the signal subspace inside the top sample eigenvectors, and its risk.

In kappa the share of atom s is the integral of Q_s dz = -(1 - df2/N)/((1 - df1/N)(kappa + l_s))
dkappa, which has a closed form. Across a gap 1 - c = l_1 delta/((l_1 - l_2)(l_1 - l_2 + delta)),
with kappa = -l_2 + delta the larger root of df1 = N; R = 1 + (a^2 - 2 a) c + sigma^2 a^2.
"""

from __future__ import annotations

import sympy as sp

from derivations import finite_size
from derivations.companion import L, N, argument, atoms, kappa, kappa0, l, n, v, z
from derivations.derivation import Derivation, identically_zero

TITLE = "Plug-in PCA: overlap and risk"

R = sp.symbols("r_1 r_2")  # the roots of 1 - df1/N, ascending
delta, a, overlap = sp.symbols("delta a c")
sigma, dim, sub = sp.symbols("sigma n d", positive=True)


def derive(d: Derivation) -> None:
    d.assume(
        r"$z = -\kappa D$ with $D = 1 - \mathrm{df}_1/N$, $dz/d\kappa = -(1 - \mathrm{df}_2/N)$ "
        r"and $Q_s = 1/(l_s v - z)$, $v = -z/\kappa$ (`companion`); $l_1 > l_2$."
    )
    primitives = the_primitive(d)
    across_a_gap(d, primitives)
    few_examples(d)
    next_order(d)
    risk(d)


def the_primitive(d: Derivation) -> list[sp.Expr]:
    d.say(
        r"The share of the atom $s$ in the sample eigenvectors above $q$ is $-\frac{1}{2\pi i}$ "
        r"times the contour integral of $Q_s$ around the eigenvalues above $q$, that is "
        r"$-\frac1\pi \mathrm{Im} \int Q_s\, dz$ over the upper half of the contour, from right of "
        r"the spectrum to $q$."
    )
    at, turn = sp.symbols("lambda theta", real=True)
    around = at + sp.exp(sp.I * turn)
    one = sp.integrate(sp.simplify(sp.diff(around, turn) / (at - around)), (turn, 0, sp.pi))
    d.verify(-sp.im(one) / sp.pi - 1, "one eigenvalue counts as one")
    D = sp.Symbol("D")
    resolvent = sp.cancel(1 / (l * v - z).subs(v, -z / kappa).subs(z, -kappa * D))
    slope = sp.Symbol("D'")
    integrand = d.step(
        sp.factor(-resolvent * (D + kappa * slope)),
        r"As $dz = -(D + \kappa D')\, d\kappa$, the derivative of $-\kappa D$:",
        r"Q_s\, \frac{dz}{d\kappa}",
    )
    free = 1 - atoms(l / (l + kappa)) / N
    df2 = atoms((l / (l + kappa)) ** 2)
    d.verify(
        integrand.subs({slope: sp.diff(free, kappa), D: free})
        + (1 - df2 / N) / (free * (kappa + l)),
        r"it is $-(1 - \mathrm{df}_2/N)/((1 - \mathrm{df}_1/N)(\kappa + l_s))$",
    )
    d.say(
        r"$D = \prod_i (\kappa - r_i)/\prod_j (\kappa + l_j)$ for any number of atoms, with as "
        "many roots $r_i$; partial fractions integrate term by term to the antiderivative $F_s$."
    )

    def primitive(s: int, poles: tuple[sp.Symbol, ...], roots: tuple[sp.Symbol, ...]) -> sp.Expr:
        log_slope = sum(1 / (kappa - r) for r in roots) - sum(1 / (kappa + x) for x in poles)
        whole = sp.cancel(integrand.subs(slope, D * log_slope)).subs(l, poles[s])
        total = sp.Integer(0)
        for pole in (*(-x for x in poles), *roots):
            regular = sp.cancel(whole * (kappa - pole) ** 2)  # no pole is of higher order
            double, simple = (
                sp.factor(sp.diff(regular, kappa, k).subs(kappa, pole)) for k in (0, 1)
            )
            total += simple * sp.log(kappa - pole) - double / (kappa - pole)
        return total

    primitives = []
    for s in range(2):
        primitives.append(d.result(f"primitive_{s + 1}", primitive(s, L, R), "", f"F_{s + 1}"))

    d.say("Collected, for any number of atoms:")
    d.say(
        r"$$F_s = \frac{l_s}{\kappa + l_s} - \sum_i \frac{r_i \log(\kappa - r_i) + l_s \log(\kappa "
        r"+ l_s)}{r_i + l_s} + \sum_{j \neq s} \frac{l_s \log(\kappa + l_s) - l_j \log(\kappa + "
        r"l_j)}{l_s - l_j}$$"
    )

    def collected(s: int, poles: tuple[sp.Symbol, ...], roots: tuple[sp.Symbol, ...]) -> sp.Expr:
        at, rest = poles[s], [x for x in poles if x != poles[s]]
        part = at * sp.log(kappa + at)
        return (
            at / (kappa + at)
            - sum((r * sp.log(kappa - r) + part) / (r + at) for r in roots)
            + sum((part - x * sp.log(kappa + x)) / (at - x) for x in rest)
        )

    three, roots = (*L, sp.Symbol("l_3")), (*R, sp.Symbol("r_3"))
    for poles, places in ((L, R), (three, roots)):
        D_there = sp.prod([kappa - r for r in places]) / sp.prod([kappa + x for x in poles])
        for s in range(2):
            there = {slope: sp.diff(D_there, kappa), D: D_there, l: poles[s]}
            missed = sp.diff(collected(s, poles, places), kappa) - integrand.subs(there)
            d.verify(
                missed,
                f"with {len(poles)} atoms $F_{s + 1}' = Q_{s + 1}\\, dz/d\\kappa$",
                identically_zero,
            )
    for s, F in enumerate(primitives):
        d.verify(sp.diff(F - collected(s, L, R), kappa), f"$F_{s + 1}$ is that", identically_zero)
    return primitives


def across_a_gap(d: Derivation, primitives: list[sp.Expr]) -> None:
    d.say(
        r"**Separate bulks.** $D$ goes from $1$ to $+\infty$ left of $-l_1$ and from $-\infty$ up "
        r"between poles, so $-l_1 < r_1 < -l_2 < r_2$. Right of the spectrum $\kappa < -l_1$; in "
        r"the gap $z = -\kappa D > 0$ and so $r_1 < \kappa < -l_2$. $\kappa$ comes from below the "
        r"real line: on the way $\mathrm{Im} \log$ of $\kappa + l_1$ and of $\kappa - r_1$ goes "
        r"from $-\pi$ to 0, and the other logarithms keep theirs. The share is minus the "
        "coefficients of those two:"
    )
    crossed = sp.log(kappa + L[0]), sp.log(kappa - R[0])
    shares = [-sum(F.coeff(log) for log in crossed) for F in primitives]
    free = (kappa - R[0]) * (kappa - R[1]) / ((kappa + L[0]) * (kappa + L[1]))
    # df1/N = 1 - D has the residue n_j l_j/N at -l_j.
    counts = [-sp.cancel(free * (kappa + x)).subs(kappa, -x) / x for x in L]
    d.verify(
        sum(c * share for c, share in zip(counts, shares, strict=True)) - counts[0],
        r"$\sum_s n_s\, \mathrm{share}_s = n_1$: as many sample eigenvalues as the atom has",
    )
    lost = d.result(
        "gap_lost",
        sp.factor((1 - shares[0]).subs(R[1], delta - L[1])),
        r"With $r_2 = -l_2 + \delta$ for the atom 1:",
        "1 - c",
    )
    g = L[0] - L[1]
    d.verify(lost - (L[0] / g - L[0] / (g + delta)), r"$l_1/g - l_1/(g + \delta)$, $g = l_1 - l_2$")
    equation = d.result(
        "delta_equation",
        sp.collect(sp.expand(delta * (delta + g) * N - n[0] * L[0] * delta
                             - n[1] * L[1] * (delta + g)), delta),
        r"$D = 0$ at $\kappa = -l_2 + \delta$, without denominators:",
        r"N \delta^2 + [N g - n_1 l_1 - n_2 l_2] \delta - n_2 l_2 g",
    )  # fmt: skip
    d.verify(
        equation
        + sp.cancel(argument(kappa) / kappa).subs(kappa, delta - L[1]) * N * delta * (delta + g),
        r"from $z = -\kappa D$",
    )
    d.say(r"It is negative at $\delta = 0$, so $\delta$ is its one positive root.")
    u = sp.Symbol("u")  # 1/N
    first = sp.Symbol("x")
    balance = sp.expand((equation * u).subs({N: 1 / u, delta: first * u}))
    small = sp.solve(balance.coeff(u, 1), first)
    d.verify(
        sp.limit(lost.subs(delta, small[0] * u) / u, u, 0) - n[1] * L[0] * L[1] / g**2,
        r"at large $N$ perturbation theory: $1 - c = \frac1N n_2 l_1 l_2/(l_1 - l_2)^2$",
    )
    theta, y = sp.symbols("theta y", positive=True)
    spike = {L[0]: 1 + theta, L[1]: 1, n[0]: 0, n[1]: y * N}
    found = [x for x in sp.solve(equation.subs(spike), delta) if x.subs({theta: 1, y: 2}) > 0]
    d.verify(
        1 - lost.subs(delta, found[0]).subs(spike) - (1 - y / theta**2) / (1 + y / theta),
        r"$n_1/N \to 0$: the overlap of a spike $1 + \theta$, $(1 - y/\theta^2)/(1 + y/\theta)$ "
        "with $y = n_2/N$",
    )


def few_examples(d: Derivation) -> None:
    d.say(
        r"**$N \leq d$.** All sample eigenvectors of nonzero eigenvalue are kept. What they leave "
        r"of the atom is minus the residue of $Q_1$ at $z = 0$, where $\kappa = \kappa_0 > 0$ is "
        r"the larger root of $D = 0$, hence $\kappa_0 = \delta - l_2$ of the same equation:"
    )
    outside = d.step(
        sp.limit(sp.cancel(-z / (L[0] * v - z).subs(v, -z / kappa0)), z, 0), "", "1 - c_N"
    )
    within = [1 - outside.subs(L[0], x) for x in L]
    d.verify(
        sum(c * w for c, w in zip(n, within, strict=True)) - N - N * argument(kappa0) / kappa0,
        r"$\sum_s n_s\, \mathrm{share}_s = \mathrm{df}_1(\kappa_0) = N$ of them",
    )
    d.say(
        r"The other $d - N$ directions are uniform in the null space, of dimension $n - N$, and "
        r"find the share $(d - N)/(n - N)$ of what lies there:"
    )
    lost = d.result("few_lost", outside * (1 - (sub - N) / (dim - N)), "", "1 - c")
    d.verify(lost.subs(N, sub) - outside, "nothing is added at $N = d$")
    d.verify(lost.subs(sub, dim), "with $d = n$ all is found")
    clean = sp.solve(sub * L[0] / (L[0] + kappa0) - N, kappa0)[0]
    d.verify(
        lost.subs(kappa0, clean) - (1 - N / sub) * (dim - sub) / (dim - N),
        r"without noise the range holds $c_N = N/d$",
    )


def next_order(d: Derivation) -> None:
    d.say(
        r"**The $1/N$ term.** With $P$ the signal projector, $g_j = 1/(l_j + \kappa)$ and moments "
        r"$a = \frac1N \sum n l^2 g^2$, $c = \frac1N \sum n l^3 g^3$, $b = \frac1N d\, l_1 g_1^2$, "
        r"$e = \frac1N d\, l_1^2 g_1^3$, `finite_size` gives"
    )
    a1, b1, c1, e1, D = sp.symbols("a b c e D")
    T = d.step(
        -(kappa / z) * ((c1 - a1) * b1 / (1 - a1) + e1) / (1 - a1),
        "",
        r"T = E\, \mathrm{tr}\, P Q - \text{leading order}",
    )
    g = [1 / (x + finite_size.kappa1) for x in finite_size.L]
    count, size = finite_size.n, finite_size.N
    powers = [
        sum(k * (x * y) ** p for k, x, y in zip(count, finite_size.L, g, strict=True)) / size
        for p in (2, 3)
    ]
    ends = [count[0] * finite_size.L[0] ** (p - 1) * g[0] ** p / size for p in (2, 3)]
    values = dict(zip((a1, c1, b1, e1), (*powers, *ends), strict=True))
    at = finite_size.argument(finite_size.kappa1)
    source = (sp.Integer(1), sp.Integer(0))
    phi = sp.log(1 - finite_size.moment_with_source(source)) / 2
    exact = finite_size.slope_at_zero(phi, finite_size.loop_equation(source))
    d.verify(
        T.subs({z: at, kappa: finite_size.kappa1}).subs(values) - finite_size.in_penalty(exact),
        r"it is the derivative of $\Phi_1$ by a source $\epsilon P$",
        identically_zero,
    )
    d.result(
        "gap_correction",
        (T * (1 - a1)).subs(z, -kappa * D),
        r"$d\, c$ changes by $-\frac{1}{2\pi i}$ times the contour integral of $T$ around the "
        r"signal bulk; with $dz = -(1 - a)\, d\kappa$ it is $\frac{1}{2\pi i}$ times that in "
        r"$\kappa$, around $-l_1$ and $r_1$, of",
        r"-T\, \frac{dz}{d\kappa}",
    )
    d.result(
        "few_correction",
        (z * T).subs(kappa, kappa0) * (1 - (sub - N) / (dim - N)) / sub,
        r"$N \leq d$: of what is left out, the residue of $-T$ at 0, the uniform directions find "
        "their share again, so that $c$ changes by",
        r"\Delta c",
    )


def risk(d: Derivation) -> None:
    d.say(
        r"**Risk.** $W = a \hat U \hat U'$ on a fresh $y = U c + \text{noise}$ errs by "
        r"$(W - I) U c$ and $W$ on the noise. In the planes of the principal angles between "
        r"$\hat U$ and $U$ everything is two-dimensional; one of them, at the angle $\theta$:"
    )
    theta = sp.Symbol("theta", real=True)
    U, Uh = sp.Matrix([1, 0]), sp.Matrix([sp.cos(theta), sp.sin(theta)])
    W = a * Uh * Uh.T
    bias = ((W - sp.eye(2)) * U).T * ((W - sp.eye(2)) * U)
    plane = d.step(
        sp.collect(sp.expand(sp.simplify(bias[0] + sigma**2 * (W * W.T).trace())), sp.cos(theta)),
        "",
        r"E \|W y - x\|^2",
    )
    whole = d.result(
        "risk",
        plane.subs(sp.cos(theta), sp.sqrt(overlap)),
        r"The mean over the planes puts $c$, the mean of $\cos^2 \theta$, into it:",
        "R",
    )
    best = 1 / (1 + sigma**2)
    d.verify(
        sp.diff(whole.subs(overlap, 1), a).subs(a, best),
        "at $c = 1$ the best $a$ is $1/(1 + \\sigma^2)$",
    )
    d.verify(
        (whole - sigma**2 * best - (2 * a - a**2) * (1 - overlap)).subs(a, best),
        r"there $R = \text{floor} + (2 a - a^2)(1 - c)$",
    )
