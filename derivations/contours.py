r"""Bias and variance as contour integrals around the sample spectrum, and the lens they run on.

bias = (1/2 pi i)^2 of rho(z1) rho(z2) E tr[B'B Q(z1) S Q(z2)] over two closed contours, variance =
(floor/2 pi i) of h(z) (kappa df1/N - kappa0)/z, both from the upper half of a lens.
"""

from __future__ import annotations

import sympy as sp

from derivations import companion
from derivations.derivation import Derivation

TITLE = "Contour integrals"

N, kappa, kappa0 = companion.N, companion.kappa, companion.kappa0
floor = sp.Symbol("f", nonnegative=True)
z, z1, z2, lam_ = sp.symbols("z z_1 z_2 lambda")
lam = sp.symbols("lambda_1 lambda_2", positive=True)  # eigenvalues of Sh
S = sp.Matrix(2, 2, sp.symbols("S_11 S_12 S_12 S_22", real=True))
G = sp.Matrix(2, 2, sp.symbols("G_11 G_12 G_12 G_22", real=True))  # B'B
rho, h = sp.Function("rho"), sp.Function("h")
t = sp.Symbol("t", positive=True)
# The half contour: values of f, weights dz, and K at (z_i, z_j) and at (z_i, conj z_j).
f = sp.symbols("f_1 f_2", complex=True)
dz = sp.symbols("d_1 d_2", complex=True)
same = sp.Matrix(2, 2, sp.symbols("K_11 K_12 K_12 K_22", complex=True))
mirrored = sp.Matrix(2, 2, sp.symbols("M_11 M_12 M_21 M_22", complex=True))
left, right, tau, angle = sp.symbols("z_L z_R tau alpha", real=True)


def around(expr: sp.Expr, at: sp.Symbol, poles: tuple[sp.Expr, ...] = lam) -> sp.Expr:
    """(1/2 pi i) times the contour integral: the residues at simple poles inside."""
    return sum(sp.cancel(sp.cancel(expr * (at - pole)).subs(at, pole)) for pole in poles)


def derive(d: Derivation) -> None:
    d.assume(
        r"$\rho$ and $h = (1 - \rho)^2/z$ are analytic on and inside a contour, counterclockwise, "
        r"around the spectrum of $\hat S$, 0 included where $N < n$; $\rho(0) = 1$ and $h(0) = 0$ "
        r"(`filters`). $f$ is the floor."
    )
    d.say(
        "Two dimensions carry the algebra, with every residue a symbol: a further eigenvalue is a "
        "further simple pole."
    )
    cauchy(d)
    exact(d)
    variance(d)
    half(d)
    lens(d)


def cauchy(d: Derivation) -> None:
    d.say(r"**Cauchy's formula for a matrix.** The resolvent has one simple pole per eigenvalue.")
    Sh = sp.Matrix(2, 2, sp.symbols("s_11 s_12 s_12 s_22", real=True))
    at = sp.Matrix([[lam[0], 0], [0, lam[1]]])
    resolvent = d.step(1 / (lam_ - z), r"At an eigenvalue $\lambda$ of $\hat S$:", "Q(z)")
    found = d.step(
        around(-sp.exp(-t * z) * resolvent.subs(lam_, lam[0]), z, lam[:1]),
        r"and for $\rho(z) = e^{-t z}$:",
        r"-\frac{1}{2\pi i} \oint \rho\, Q\, dz",
    )
    flow = found * sp.diag(1, 0) + found.subs(lam[0], lam[1]) * sp.diag(0, 1)
    d.verify(sp.diff(flow, t) + at * flow, r"it solves $d\rho/dt = -\hat S \rho$")
    d.verify(flow.subs(t, 0) - sp.eye(2), r"with $\rho = I$ at $t = 0$: it is $\rho(\hat S)$")
    square = Sh - z * sp.eye(2)
    inverse = square.adjugate() / square.det()
    far = sp.Symbol("u")  # 1/z
    outside = (-inverse.subs(z, 1 / far) / far).applyfunc(sp.cancel)
    for k in range(3):
        d.verify(
            outside.applyfunc(lambda e, k=k: sp.diff(e, far, k).subs(far, 0)) / sp.factorial(k)
            - Sh**k,
            rf"and in any basis, by the residue at infinity, $z^{k}$ gives $\hat S^{k}$",
        )


def exact(d: Derivation) -> None:
    d.say(
        r"**Bias.** In the eigenbasis of $\hat S$, with $Q = \mathrm{diag}(1/(\lambda_i - z))$ and "
        r"$G = B'B$:"
    )
    Q1, Q2 = (sp.diag(*(1 / (x - at) for x in lam)) for at in (z1, z2))
    kernel = d.step(sp.expand((G * Q1 * S * Q2).trace()), "", r"\mathrm{tr}[B'B Q_1 S Q_2]")
    once = around(rho(z1) * kernel, z1)
    bias = d.result(
        "bias",
        sp.expand(around(rho(z2) * once, z2)),
        "The two minus signs cancel:",
        r"\left(\tfrac{1}{2\pi i}\right)^2 \oint\oint \rho \rho\, \mathrm{tr}[B'B Q_1 S Q_2]",
    )
    left = sp.diag(*(rho(x) for x in lam))
    d.verify(bias - (G * left * S * left).trace(), r"it is $\mathrm{tr}[B'B \rho S \rho]$")
    d.say(r"**Variance.** One resolvent, one minus sign:")
    kernel = d.step(sp.expand((S * Q1).trace()), "", r"\mathrm{tr}\, S Q")
    noise = d.result(
        "variance",
        -floor / N * around(h(z1) * kernel, z1),
        "",
        r"-\tfrac{f}{N} \tfrac{1}{2\pi i} \oint h\, \mathrm{tr}\, S Q\, dz",
    )
    d.verify(
        noise - floor / N * sum(S[i, i] * h(x) for i, x in enumerate(lam)),
        r"it is $f \frac1N \mathrm{tr}[S h(\hat S)]$",
    )
    d.say(
        "Both are linear in the traces, so the mean over $Y$ goes inside, as long as the contour "
        "holds every eigenvalue."
    )


def variance(d: Derivation) -> None:
    d.say(r"**The variance at leading order.** With $v = -z m$ and $m = 1/\kappa$:")
    v = sp.Symbol("v")
    trace = d.lemma(
        r"The deterministic equivalent (`companion`):",
        "LedoitPeche",
        N * (1 / v - 1),
        r"E\, \mathrm{tr}\, S Q",
    )
    kernel = d.step(sp.expand((-trace / N).subs(v, -z / kappa)), "", r"-\tfrac1N E\, \mathrm{tr}SQ")
    constant = d.step(
        kernel.subs(kappa, 0), "Its constant part meets $h$, which has no poles:", r"\text{const}"
    )
    d.verify(sp.diff(constant, z), "it is analytic, and adds nothing")
    d.verify(
        kernel - constant - kappa / z,
        r"left is $\kappa/z = 1/(z m)$: the variance is $\frac{f}{2 \pi i} \oint \frac{h}{z m} dz$",
    )
    df1 = sum(n * l / (l + kappa) for n, l in zip(companion.n, companion.L, strict=True))
    many = d.result(
        "kernel_many",
        kappa * df1 / N / z,
        r"With $z = -\kappa (1 - \mathrm{df}_1/N)$ the two together are",
        r"\tfrac1N \kappa\, \mathrm{df}_1/z",
    )
    at = companion.argument(kappa)
    d.verify((many - kernel).subs(z, at), "the same kernel at that $z$")
    d.say(
        r"**The pole at 0.** For $N < n$, $\kappa(0) = \kappa_0 > 0$ with $\mathrm{df}_1(\kappa_0) "
        r"= N$, and the kernel has a pole at $z = 0$, inside:"
    )
    residue = d.step(sp.limit(z * kernel, z, 0).subs(kappa, kappa0), "", r"\mathrm{Res}_{z=0}")
    flow = (1 - sp.exp(-t * z)) ** 2 / z
    d.verify(
        sp.residue(flow * residue / z, z, 0),
        r"$h \kappa_0/z$ has no pole there, since $h(0) = 0$: it may be taken off",
    )
    few = d.step(kernel - residue / z, "", r"\tfrac1N (\kappa\, \mathrm{df}_1 - N \kappa_0)/z")
    s = companion.atoms(companion.l / ((companion.l + kappa) * (companion.l + kappa0))) / N
    few = d.result(
        "kernel_few",
        sp.expand(sp.cancel(few.subs(z, -kappa * (kappa - kappa0) * sp.Symbol("s")))),
        r"$z = -\kappa (\kappa - \kappa_0) s$, $s = \frac1N \sum_j n_j l_j/((l_j + \kappa)(l_j + "
        r"\kappa_0))$ (`companion`), leaves nothing to cancel:",
        r"\text{kernel}",
    )
    # n_1 such that df1(kappa0) = N
    first = sp.solve(companion.argument(kappa0), companion.n[0])[0]
    d.verify(
        (few.subs(sp.Symbol("s"), s) - (many - kappa0 / z).subs(z, at)).subs(companion.n[0], first),
        r"the same where $\mathrm{df}_1(\kappa_0) = N$",
    )


def half(d: Derivation) -> None:
    d.say(
        r"**Half a contour.** $f(\bar z) = \overline{f(z)}$, and the lower half is the upper one "
        r"mirrored and run backwards: its nodes have $\bar f_i$ and $-\bar d_i$. Two nodes on the "
        r"upper half, with $d_i = dz$ there; $K_{ij} = K(z_i, z_j)$, $M_{ij} = K(z_i, \bar z_j)$ "
        r"with $K(\bar z_i, \bar z_j) = \overline{K(z_i, z_j)}$."
    )
    c = sp.conjugate
    upper = [a * b for a, b in zip(f, dz, strict=True)]
    lower = [-c(a) * c(b) for a, b in zip(f, dz, strict=True)]
    half_sum = d.step(sum(upper), "The upper half:", "u")
    once = d.result("once", sp.im(half_sum) / sp.pi, "", r"\frac{1}{2\pi i} \oint f dz")
    closed = (sum(upper) + sum(lower)) / (2 * sp.pi * sp.I)
    d.verify(once - closed, "all four nodes give the same", parts)

    a = sp.Matrix([upper])
    pairs = d.step(
        sp.expand((a * same * a.T - a * mirrored * a.H)[0]),
        "Upper with upper, and upper with lower:",
        r"\sum_{ij} (f_i d_i K_{ij} f_j d_j - f_i d_i M_{ij} \bar f_j \bar d_j)",
    )
    twice = d.result(
        "twice",
        -sp.re(pairs) / (2 * sp.pi**2),
        "and the other half of the pairs is its conjugate:",
        r"\left(\tfrac{1}{2\pi i}\right)^2 \oint\oint f f K",
    )
    b = sp.Matrix([[*upper, *lower]])
    table = sp.Matrix(sp.BlockMatrix([[same, mirrored], [c(mirrored), c(same)]]))
    d.verify(
        twice - (b * table * b.T)[0] / (2 * sp.pi * sp.I) ** 2, "all sixteen pairs give it", parts
    )


def parts(expr: sp.Expr) -> sp.Expr:
    """Expanded in real and imaginary parts."""
    names = expr.free_symbols
    apart = {
        s: sp.Symbol(f"x_{s.name}", real=True) + sp.I * sp.Symbol(f"y_{s.name}", real=True)
        for s in names
    }
    return sp.expand(sp.expand(expr.xreplace(apart), complex=True))


def lens(d: Derivation) -> None:
    d.say(
        r"**The lens.** Seen from $z$ on a circle through $z_L$ and $z_R$, the chord between them "
        r"has a constant angle: $(z - z_L)/(z_R - z) = s$ with $s = \tau e^{i \alpha}$, $\tau > 0$."
    )
    s = sp.Symbol("s")
    where = sp.Symbol("z")
    curve = d.step(
        sp.together(sp.solve((where - left) - s * (right - where), where)[0]), "Solved:", "z(s)"
    )
    on = d.result("lens", curve.subs(s, tau * sp.exp(sp.I * angle)), "", "z")
    slope = d.result(
        "slope",
        sp.factor(sp.diff(curve, s)).subs(s, tau * sp.exp(sp.I * angle)) * sp.exp(sp.I * angle),
        "",
        r"dz/d\tau",
    )
    d.verify(sp.diff(on, tau) - slope, "its derivative along the arc", sp.simplify)
    d.verify(
        sp.Matrix([on.subs(tau, 0) - left, sp.limit(curve, s, sp.oo) - right]),
        r"it runs from $z_L$ at $\tau = 0$ to $z_R$ at $\tau = \infty$",
    )
    d.verify(
        sp.im(on.subs({left: 0, right: 1, angle: sp.pi / 2, tau: 1})) - sp.Rational(1, 2),
        r"above the axis; for $\alpha = \pi/2$ through the top of the circle",
    )
    half_width = (right - left) / 2
    centre = d.step(
        (left + right) / 2 - sp.I * half_width / sp.tan(angle), "The centre of the circle:", "c"
    )
    radius = d.step(half_width / sp.sin(angle), "and its radius:", "r")
    # |z - c|^2 as a rational function of tau and e = exp(i alpha)
    e = sp.Symbol("e")
    to_e = {sp.exp(sp.I * angle): e}
    sine, tangent = (e - 1 / e) / (2 * sp.I), (e - 1 / e) / (sp.I * (e + 1 / e))
    there = {sp.sin(angle): sine, sp.tan(angle): tangent}
    apart = (on.subs(to_e) - centre.subs(there)) * (
        on.subs(to_e).subs(e, 1 / e) - sp.conjugate(centre).subs(there)
    )
    d.verify(apart - radius.subs(there) ** 2, r"$|z - c| = r$ for every $\tau$")
    d.verify(
        sp.arg(slope.subs({tau: 0, left: 0, right: 1, angle: sp.pi / 5})) - sp.pi / 5,
        r"at $z_L$ it leaves the axis at the angle $\alpha$",
    )
    inverse = sp.Symbol("q", positive=True)  # 1/tau
    end = sp.limit(-sp.factor(slope.subs(to_e).subs(tau, 1 / inverse) / inverse**2), inverse, 0)
    d.verify(
        end + (right - left) / e,
        r"at $z_R$, in $1/\tau$, it leaves with the slope $-(z_R - z_L) e^{-i \alpha}$: up and to "
        r"the left, at the same angle",
    )
    d.say(r"From $\tau = \infty$ down to 0 the upper half is run counterclockwise.")
