r"""Two population eigenvalues: the cubic in m, the edges of the spectrum, and when its bulks part.

N (z m + 1)(1 + l_1 m)(1 + l_2 m) = m sum_j n_j l_j (1 + l_k m), k the other atom. The edges are
the real roots of its discriminant; equal atoms give Marchenko and Pastur's law. The bulks are
separate if and only if [(n_1 l_1^2)^(1/3) + (n_2 l_2^2)^(1/3)]^3 < N (l_1 - l_2)^2.
"""

from __future__ import annotations

import sympy as sp

from derivations.companion import L, N, argument, atoms, kappa, l, m, n, z
from derivations.derivation import Derivation

TITLE = "Two atoms: edges, density and the transition"

sigma, dim, sub = sp.symbols("sigma n d", positive=True)
x = sp.Symbol("x", positive=True)
c = sp.symbols("c_0:4")  # of m^0 to m^3
subspace = {L[0]: 1 + sigma**2, L[1]: sigma**2, n[0]: sub, n[1]: dim - sub}


def derive(d: Derivation) -> None:
    d.assume(
        r"$z = -\kappa (1 - \mathrm{df}_1(\kappa)/N)$ with $\kappa = 1/m$ (`companion`); two "
        "distinct eigenvalues $l_1, l_2$ with multiplicities $n_1, n_2$."
    )
    cubic = the_cubic(d)
    edges(d, cubic)
    one_atom(d, cubic)
    separation(d)


def the_cubic(d: Derivation) -> sp.Expr:
    both = (kappa + L[0]) * (kappa + L[1])
    in_kappa = d.result(
        "penalty_cubic",
        sp.collect(sp.expand(sp.cancel(N * both * (z - argument(kappa)))), kappa, sp.factor),
        "Denominators cleared, in $\\kappa$:",
        r"N (z - z(\kappa)) (\kappa + l_1)(\kappa + l_2)",
    )
    d.verify(in_kappa.subs(z, argument(kappa)), r"it vanishes at $z = z(\kappa)$")
    cubic = d.result(
        "cubic",
        sp.collect(sp.expand(m**3 * in_kappa.subs(kappa, 1 / m)), m, sp.factor),
        "Times $m^3$, in $m = 1/\\kappa$:",
        "p(m)",
    )
    d.verify(
        cubic
        - N * (z * m + 1) * (1 + L[0] * m) * (1 + L[1] * m)
        + m * (n[0] * L[0] * (1 + L[1] * m) + n[1] * L[1] * (1 + L[0] * m)),
        "it is the companion equation without its denominators",
    )
    here = d.result(
        "subspace_cubic",
        sp.collect(sp.expand(cubic.subs(subspace)), m, sp.factor),
        r"**Subspace model**, $l = (1 + \sigma^2, \sigma^2)$ and multiplicities $(d, n - d)$:",
        "p(m)",
    )
    d.verify(
        here.subs({sub: dim, sigma: 0}) - N * (1 + m) * (z * m + 1) + dim * m,
        "without noise and with $d = n$ the atom at 1 is left",
    )
    return cubic


def edges(d: Derivation, cubic: sp.Expr) -> None:
    d.lemma(
        r"**Edges.** A real $x \neq 0$ lies outside the support if and only if it is $z(\kappa)$ "
        r"at a real $\kappa$, no pole, at which $dz/d\kappa < 0$.",
        source="SilversteinChoi",
    )
    d.say(r"An edge is where $dz/d\kappa = -(1 - \mathrm{df}_2/N)$ vanishes:")
    quartic = d.result(
        "edge_quartic",
        N * (kappa + L[0]) ** 2 * (kappa + L[1]) ** 2
        - n[0] * L[0] ** 2 * (kappa + L[1]) ** 2
        - n[1] * L[1] ** 2 * (kappa + L[0]) ** 2,
        "",
        r"(N - \mathrm{df}_2) (\kappa + l_1)^2 (\kappa + l_2)^2",
    )
    d.verify(
        quartic + N * sp.diff(argument(kappa), kappa) * ((kappa + L[0]) * (kappa + L[1])) ** 2,
        r"from the derivative of $z(\kappa)$",
    )
    d.say("There $p$ has a double root in $m$, so its discriminant vanishes. For any cubic:")
    discriminant = d.result(
        "discriminant",
        sp.discriminant(sum(ci * m**i for i, ci in enumerate(c)), m),
        "",
        r"\mathrm{disc}(c_3 m^3 + c_2 m^2 + c_1 m + c_0)",
    )
    roots = sp.symbols("r_1:4")
    product = sp.Poly(sp.prod([m - r for r in roots]), m).all_coeffs()[::-1]
    gaps = (roots[0] - roots[1]) * (roots[0] - roots[2]) * (roots[1] - roots[2])
    d.verify(
        discriminant.subs(dict(zip(c, product, strict=True))) - gaps**2,
        "for a cubic with roots $r_i$ it is the product of $(r_i - r_j)^2$",
        sp.expand,
    )
    coefficients = sp.Poly(cubic, m).all_coeffs()[::-1]
    at_z = sp.Poly(discriminant.subs(dict(zip(c, coefficients, strict=True))), z)
    resultant = sp.Poly(sp.resultant(quartic, sp.numer(sp.together(z - argument(kappa))), kappa), z)
    d.verify(
        at_z.degree() - 4,
        "the discriminant is of degree 4 in $z$, as many as the quartic has roots",
    )
    ratio = sp.cancel(resultant.LC() / at_z.LC())
    d.verify(
        sp.expand(resultant.as_expr() - ratio * at_z.as_expr()),
        r"and its roots are the $z(\kappa)$ of those: resultant and discriminant agree up to a "
        "factor without $z$",
        sp.expand,
    )


def one_atom(d: Derivation, cubic: sp.Expr) -> None:
    d.say(r"**Equal atoms.** $l_1 = l_2 = l$ and $n = n_1 + n_2$: $1 + l m$ divides $p$ and leaves")
    equal = sp.cancel(cubic.subs({L[0]: l, L[1]: l, n[1]: dim - n[0]}) / (1 + l * m))
    quadratic = d.step(sp.collect(sp.expand(equal), m), "", "p(m)/(1 + l m)")
    d.verify(
        sp.cancel(quadratic.subs(z, -(1 / m) + dim * l / (1 + l * m) / N)),
        r"it vanishes at $z = -\frac1m + \frac{n}{N} \frac{l}{1 + l m}$",
    )
    inside = sp.discriminant(quadratic, m)
    low, high = sorted(
        (sp.expand(r) for r in sp.solve(inside, z)),
        key=lambda r: r.subs({N: 4, dim: 1, l: 1}),
    )
    low = d.result("mp_low", low, "The roots of its discriminant:", "z_-")
    high = d.result("mp_high", high, "", "z_+")
    ratio = sp.sqrt(dim / N)
    d.verify(
        sp.Matrix([low - l * (1 - ratio) ** 2, high - l * (1 + ratio) ** 2]),
        r"they are $l (1 \mp \sqrt{n/N})^2$",
        sp.expand,
    )
    a, b = sp.symbols("z_- z_+")
    density = d.result(
        "mp_density",
        sp.sqrt((b - x) * (x - a)) * N / (2 * sp.pi * dim * l * x),
        r"Between them the roots are complex, and $\frac{N}{n} \frac1\pi \mathrm{Im}\, m$ is the "
        "density:",
        "f(x)",
    )
    lead = sp.Poly(quadratic, m).LC().subs(z, x)
    imaginary = -inside.subs(z, x) / (2 * lead) ** 2  # of (Im m)^2
    d.verify(
        (density**2).subs({a: low, b: high}) - (N / dim / sp.pi) ** 2 * imaginary,
        "its square, from the roots of the quadratic",
        lambda e: sp.simplify(sp.expand(e)),
    )
    w, y = sp.Symbol("w"), sp.Symbol("y", positive=True)  # w = exp(i theta), y = sqrt(n/N)
    cosine, sine = (w + 1 / w) / 2, (w - 1 / w) / (2 * sp.I)
    on_circle = l * (1 + y**2 + 2 * y * cosine)
    slope = 2 * l * y * sine  # -dx/dtheta
    d.verify(
        ((b - x) * (x - a)).subs({a: l * (1 - y) ** 2, b: l * (1 + y) ** 2}).subs(x, on_circle)
        - slope**2,
        r"with $x = l (1 + y^2 + 2 y \cos\theta)$, $y^2 = n/N$, its root is $2 l y \sin\theta$",
    )
    # Over the whole circle, dtheta = dw/(i w), which counts the bulk twice.
    smooth = (density / sp.sqrt((b - x) * (x - a))).subs({dim: N * y**2}).subs(x, on_circle)
    form = sp.factor(smooth * slope**2 / (2 * sp.I * w))
    for poles, mass in (((0, -y), 1), ((0, -1 / y), 1 / y**2)):
        total = 2 * sp.pi * sp.I * sum(sp.residue(form, w, at) for at in poles)
        d.verify(
            total - mass,
            "its integral, by residues, is 1 for $n < N$"
            if mass == 1
            else "and $N/n$ for $n > N$, where the other eigenvalues are 0",
        )


def separation(d: Derivation) -> None:
    d.say(
        r"**Separate bulks.** Between the poles, $-l_1 < \kappa < -l_2$, there is a gap of the "
        r"support if and only if $\mathrm{df}_2 < N$ somewhere. With $u = \kappa + l_1$, $g = l_1 "
        r"- l_2$ and $\alpha^3 = n_1 l_1^2$, $\beta^3 = n_2 l_2^2$:"
    )
    alpha, beta, g, u = sp.symbols("alpha beta g u", positive=True)
    df2 = d.step(alpha**3 / u**2 + beta**3 / (g - u) ** 2, "", r"\mathrm{df}_2")
    named = {u: kappa + L[0], g: L[0] - L[1]}
    cubes = {alpha: sp.cbrt(n[0] * L[0] ** 2), beta: sp.cbrt(n[1] * L[1] ** 2)}
    d.verify(df2.subs(named).subs(cubes) - atoms((l / (l + kappa)) ** 2), "it is $\\mathrm{df}_2$")
    d.verify(
        sp.diff(df2, u, 2) - 6 * (alpha**3 / u**4 + beta**3 / (g - u) ** 4),
        "its second derivative is positive: it is convex and has one minimum",
    )
    at = d.step(
        sp.solve(alpha * (g - u) - beta * u, u)[0],
        r"Its slope vanishes where $\alpha^3/u^3 = \beta^3/(g - u)^3$, that is "
        r"$\alpha (g - u) = \beta u$:",
        "u",
    )
    d.verify(sp.diff(df2, u).subs(u, at), "the slope vanishes there")
    least = d.step(sp.factor(df2.subs(u, at)), "", r"\min \mathrm{df}_2")
    transition = d.result(
        "transition",
        least.subs(cubes).subs(g, L[0] - L[1]),
        "The bulks are separate if and only if $N$ is above",
        r"N^\star",
    )
    small = {L[0]: 4, L[1]: 1, n[0]: 4, n[1]: 27}
    d.verify(
        transition.subs(small) - sp.Rational(7**3, 9),
        r"$l = (4, 1)$, $n = (4, 27)$: $\alpha = 4$, $\beta = 3$, $g = 3$",
        sp.nsimplify,
    )
    d.result(
        "subspace_transition",
        transition.subs(subspace),
        "**Subspace model.** $l_1 - l_2 = 1$:",
        r"N^\star",
    )
