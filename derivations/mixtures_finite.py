r"""Scale mixtures: the 1/N term, from E log det of a matrix whose samples have a variance profile.

    Phi1 = (1/2) Tr[swap log(1 - K)]   given the tau_i,
    Phi2 = (1/2) E D^2 Phi0[delta_tau - law]   as N draws of tau are not their law

L is the s-derivative of their sum for one flavour, H minus the s u-derivative for two.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import mpmath as mp
import sympy as sp

from derivations.derivation import Derivation, identically_zero
from derivations.mixtures_exact import EXAMPLE, linear_moment, number, quadratic_moment
from derivations.mixtures_numbers import (
    DIGITS,
    FACTORS,
    ROUNDED,
    Words,
    closed_form,
    differences_one,
    kernels,
    left_out,
    negligible,
    terms_one,
)
from derivations.mixtures_symbols import (
    A1,
    A_S,
    B1,
    CURVE,
    DELTA,
    DET,
    FIRST,
    GAMMA,
    MINUS,
    ONE,
    PLUS,
    SECOND,
    TURN,
    X_S,
    A,
    B,
    C_s,
    D_s,
    G,
    K,
    M,
    N,
    Q,
    V,
    a,
    a_0,
    a_s,
    al,
    b,
    be,
    g,
    k,
    m,
    n,
    pi,
    q,
    s,
    sigma2,
    tau,
    trace,
    u,
    z,
    z1,
    z2,
)

TITLE = "Scale mixtures: the 1/N term"


def derive(d: Derivation) -> None:
    d.assume(
        r"As in `mixtures`, real Gaussian data given the contrasts: $y = A x + \sigma\, z$ has "
        r"two independent parts, of variance $\tau k_j$ and $\sigma^2$ in the eigenspace $j$. The "
        r"$\tau_i$ are independent draws of their law. Two atoms are written out."
    )
    law(d)
    linear(d)
    quadratic(d)


def law(d: Derivation) -> None:
    d.say(
        r"**Two terms.** $\mathrm{E} \log\det$ at given $\tau_i$ is $\Phi_0 + \Phi_1$ as in "
        r"`finite_size`, $\Phi_0$ of order $N$ being a function of the *empirical* law of the "
        r"$\tau_i$. Of two atoms it has the frequencies $\pi_1 + \delta$ and $\pi_2 - \delta$, "
        r"$N \pi_1 + N \delta$ being binomial:"
    )
    t = sp.Symbol("t")
    count = (pi[0] * sp.exp(t) + 1 - pi[0]) ** N * sp.exp(-t * N * pi[0])
    variance = d.step(pi[0] * pi[1] / N, "", r"\mathrm{E}\,\delta^2")
    d.verify(
        (sp.diff(count, t, 2).subs(t, 0) / N**2 - variance).subs(pi[1], 1 - pi[0]),
        "the second derivative of the generating function",
        sp.simplify,
    )
    d.result(
        "law",
        variance * CURVE / 2,
        r"so that the mean over the draws adds to $\Phi_0$, with dots for $d/d\pi_1 = - "
        r"d/d\pi_2$ of $\Phi_0$ along the solutions,",
        r"\Phi_2",
    )
    d.say(
        r"For any law it is $\frac{1}{2N} \mathrm{E}\, D^2 \Phi_0[\delta_\tau - "
        r"\mathrm{law}]$. "
        r"Complex data have $\Phi_2$ too, but no $\Phi_1$."
    )


# ---------------------------------------------------------------- one flavour


def linear(d: Derivation) -> None:
    d.say(
        r"**The linear term.** Given $u = A x$ the vector $A S_x x$ has the mean $\Gamma u$, which "
        r"in the eigenspace $j$ is $g_j/(n_j k_j)$ on average, and with $U$ for all $u$, "
        r"$L = \frac1N \mathrm{E}\,\mathrm{tr}[Y' Q\, \Gamma U]$ is $\partial_s \mathrm{E} "
        r"\log\det$ of $\frac1N (Y + s \Gamma U) Y' - z$ at $s = 0$. Samples are $y + s \Gamma u$ "
        r"on the left and $y$ on the right: only covariances of the two enter. Across,"
    )
    across = d.step(k + s * g / n, "the signal's part is", "k_j(s)")
    twice = d.step(k + 2 * s * g / n, "left with left, to first order in $s$:", r"\ell_j(s)")
    gamma, left, right = sp.symbols("gamma l r")
    means = sp.expand((left + s * gamma * left) * right)
    d.verify(
        means.subs({left * right: k}).subs(gamma, g / (n * k)) - across,
        r"$\mathrm{E}\,(u + s \gamma u) u$",
    )
    left_left = sp.expand(k * (1 + s * g / (n * k)) ** 2)
    d.verify(
        left_left.coeff(s, 0) + s * left_left.coeff(s, 1) - twice,
        r"$\mathrm{E}\,(u + s \gamma u)^2$",
    )
    phi = d.lemma(
        r"The equations of `mixtures` make stationary, in $A$, $B$, $a$ and $b$ (sums over $j$ "
        r"are understood), with $q_i = \tau_i A + \sigma^2 B$,",
        "Hachem",
        -n * sp.log(Q)
        + N * sum(p * sp.log(1 + t * A1 + sigma2 * B1) for p, t in zip(pi, tau, strict=True))
        - N * (al * A1 + sigma2 * be * B1),
        r"\Phi_0",
    )
    resolvent = d.result("resolvent", 1 / (across * al + sigma2 * be - z), "where", "Q_j")
    own = d.result("x", sp.Matrix([across, sigma2]) * n * Q / N, "and", r"(A, \sigma^2 B)_j")
    given = phi.subs(Q, resolvent)
    inverse = [1 / (1 + t * A1 + sigma2 * B1) for t in tau]
    mean = [sum(p * t**m * i for p, t, i in zip(pi, tau, inverse, strict=True)) for m in (1, 0)]
    stationary = [
        sp.diff(given, al) - N * (own[0].subs(Q, resolvent) - A1),
        sp.diff(given, be) - N * (own[1].subs(Q, resolvent) - sigma2 * B1),
        sp.diff(given, A1) - N * (mean[0] - al),
        sp.diff(given, B1) - N * sigma2 * (mean[1] - be),
    ]
    d.verify(
        sp.Matrix(stationary),
        r"its derivatives say $A = \frac1N \sum n_j k_j(s) Q_j$, $B = \frac1N \sum n_j Q_j$, "
        r"$a = \mathrm{E}\,\tau/(1 + q)$ and $b = \mathrm{E}\,1/(1 + q)$",
    )
    d.lemma(
        r"$\Phi_1$ is that of `finite_size`, with a $2 \times 2$ matrix where $a$ was, as the "
        r"profile has rank two: $C = \mathrm{E}\, t t' /(1 + q)^2$, $t = (\tau, 1)$, on the "
        r"samples, and $\Delta = \frac1N \sum n_j\, (\ell_j, \sigma^2)' (k_j, \sigma^2) Q_j^2$ on "
        r"the directions, left with left and right with right.",
        "BaiSilverstein",
    )
    d.result("one", sp.log((ONE - K).det()) / 2, r"So with $K = \Delta C$,", r"\Phi_1")
    profile = d.result(
        "profile",
        sp.Matrix([[twice * k, twice * sigma2], [sigma2 * k, sigma2**2]]) * n * Q**2 / N,
        "",
        r"\Delta_j",
    )
    d.verify(
        constant_contrast(profile),
        r"for $\tau = 1$ it is $1 - a$ with $a = \frac{v^2}{N} \sum n_j (k_j + \sigma^2)^2 Q_j^2$ "
        r"(`finite_size`)",
    )
    explicit_linear(d, resolvent, profile)


def constant_contrast(profile: sp.Matrix) -> sp.Expr:
    v = sp.Symbol("v")
    ladder = profile.subs(s, 0) * sp.ones(2, 2) * v**2
    return (ONE - ladder).det() - (1 - v**2 * n * (k + sigma2) ** 2 * Q**2 / N)


def explicit_linear(d: Derivation, resolvent: sp.Expr, profile: sp.Matrix) -> None:
    """The s-derivative in closed form, held against differences of Phi1 and Phi2."""
    d.say(
        r"**Its derivative.** With $v_j = (k_j, \sigma^2)$, $x = (A, \sigma^2 B)$, $\alpha = "
        r"a$, a subscript $s$ for $\partial_s$ at $s = 0$, $D = \frac1N \sum n_j v_j v_j' Q_j^2$ "
        r"and $R = (1 - DC)^{-1}$, one linear system gives the response of the solution:"
    )
    (a1, a2), (x1, x2) = A_S, X_S
    source = d.result(
        "source",
        sp.Matrix([g * Q - al * g * k * Q**2, -sigma2 * al * g * Q**2]) / N,
        r"$a_s = -R' C h$ and $x_s = h - D a_s$ with, summed over $j$,",
        "h",
    )
    moved = resolvent.subs({al: al + s * a1, be: be + s * a2})
    v_s = sp.Matrix([(k + s * g / n) * moved, sigma2 * moved]) * n / N
    D0 = sp.Matrix([k, sigma2]) * sp.Matrix([[k, sigma2]]) * n * Q**2 / N
    change = sp.diff(v_s, s).subs(s, 0) - source.subs(Q, moved.subs(s, 0))
    d.verify(
        change + D0.subs(Q, moved.subs(s, 0)) * sp.Matrix([a1, a2]),
        r"$x = \frac1N \sum n_j (k_j(s), \sigma^2) Q_j$ moves by $h - D a_s$",
    )
    Lam = d.result(
        "Lambda",
        sp.expand(
            2
            * (
                sp.Matrix([[k * k, k * sigma2], [k * sigma2, sigma2**2]])
                * (-(Q**3) * (n * (k * a1 + sigma2 * a2) + g * al))
                + sp.Matrix([[k * g, g * sigma2], [0, 0]]) * Q**2
            )
            / N
        ),
        r"$\Delta$ moves by $\Lambda$ (of which only the symmetric part will count),",
        r"\Lambda_j",
    )
    full = sp.diff(profile.subs(Q, moved), s).subs(s, 0)
    d.verify(Lam.subs(Q, moved.subs(s, 0)) - full, r"it is $\partial_s \Delta_j$")
    chain = d.result(
        "C_s",
        -2 * (tau[0] * x1 + x2) / (1 + q) ** 3,
        r"$C_s = \mathrm{E}\, t t'$ times, at $x_s = (x_1, x_2)$,",
        r"\partial_s (1 + q_\tau)^{-2}",
    )
    ray = (1 + q + s * (tau[0] * x1 + x2)) ** -2
    d.verify(sp.diff(ray, s).subs(s, 0) - chain, r"the derivative along $t \cdot x_s$")
    C, D, R, X, Y = (M[name] for name in ("C", "D", "R", "X", "Y"))
    d.result(
        "linear_twist",
        -sp.Trace(R * (D_s * C + D * C_s)) / 2,
        r"As $\partial \log\det(1 - \Delta C) = -\mathrm{tr}[R\, \partial(\Delta C)]$,",
        r"L_{\mathrm{given}}",
    )
    d.result(
        "law_one",
        -sp.Trace(R * D * M["W"]) / 2,
        r"The law's term is the response to a move by $t/(1 + q) - a_0$, $a_0 = (a, b)$. With $W = "
        r"C - a_0 a_0'$ the covariance of it,",
        r"\Phi_2",
    )
    d.result(
        "linear_law",
        -sp.Trace(R * D * (C_s - 2 * a_s * a_0.T)) / 2
        - sp.Trace(C_s * X) / 2
        - sp.Trace(D_s * Y) / 2,
        r"and its derivative, with $Y = R' W R$ and $X = D Y D$,",
        r"L_{\mathrm{drawn}}",
    )
    words = Words(d.results)
    with mp.workdps(60):
        here = EXAMPLE.at(-30)
        *formulas, drawn = closed_form(words, here)
        value = terms_one(words, here, mp.mpf(0))[1]
        d.verify(
            drawn - value,
            r"$\Phi_2$ is the derivative along the frequencies",
            negligible(left_out(value)),
        )
        for found, known, name in zip(
            formulas, differences_one(words, here), ("given", "drawn"), strict=True
        ):
            d.verify(
                found - known,
                rf"$L_{{\mathrm{{{name}}}}}$ is the $s$-derivative along the solutions, of "
                + (r"$\Phi_1$" if name == "given" else r"$\Phi_2$")
                + " (two atoms, two eigenspaces, by differences in sixty digits)",
                negligible(left_out(known)),
            )
    with mp.workdps(DIGITS):
        # A wrong moment is off by order 1, and the next one, of order 10^4, is over 10^30.
        z0 = mp.mpf(10) ** 30
        found = closed_form(words, EXAMPLE.at(z0))[:2]
        for i, name in ((0, "given"), (1, "drawn")):
            expected = -sum(
                z0 ** (-m - 1) * number(linear_moment(EXAMPLE, m)[i + 1])
                for m in range(FACTORS + 1)
            )
            d.verify(
                (found[i] - expected) * z0 ** (FACTORS + 1),
                rf"exact moments by pairings, to {FACTORS} factors $\hat S$: "
                rf"$L_{{\mathrm{{{name}}}}}$",
                negligible(mp.mpf(10) ** -20),
            )


# ---------------------------------------------------------------- two flavours


def quadratic(d: Derivation) -> None:
    d.say(
        r"**The quadratic term.** $H = \frac{1}{N^2} \mathrm{E}\,\mathrm{tr}[X Y' Q(z_1) S Q(z_2) "
        r"Y X']$, with a third flavour, $x$ itself, between the two. Seen for numbers, "
        r"$c = YX'/N$ and $\lambda = \hat S$:"
    )
    lam, S, c = sp.symbols("lambda S c")
    tripled = d.step(
        sp.Matrix([[lam - z1, s * S, 0], [0, lam - z2, c], [-u * c, 0, 1]]).det(), "", r"\det"
    )
    d.verify(
        -sp.diff(sp.log(tripled), s, u).subs({s: 0, u: 0}) - c**2 * S / ((lam - z1) * (lam - z2)),
        r"$-\partial_s \partial_u$ of its logarithm at 0 is $c\, Q_1 S Q_2\, c$",
    )
    d.say(
        r"It is a sum over samples, of rank two each: $(y, 0, -u x)$ times $(y, 0, 0)$ and "
        r"$(0, y, 0)$ times $(0, y, x)$. So the sample side has two flavours, and to first order "
        r"in $u$ the third can be taken out of the directions. With $2 \times 2$ matrices "
        r"$a = \mathrm{E}\,\tau (1 + q_\tau)^{-1}$ and $b = \mathrm{E}\, (1 + q_\tau)^{-1}$, whose "
        r"off-diagonal entries are of order $s$ and $u$:"
    )
    block = d.result(
        "block",
        sp.Matrix([[-z1, s * (k + sigma2)], [0, -z2]]) + k * a + sigma2 * b
        + u * g / n * a * TURN * a,
        r"$E$ leading from 2 to 1, the last term is $u (g_j/n_j)\, a E a$:",
        r"G_j^{-1}",
    )  # fmt: skip
    # The third flavour written out in one eigenspace: x is seen as y's partner, S_x A' of size
    # root, root^2 = g/n.
    root = sp.Symbol("root", positive=True)
    column, row = root * a[:, 1], -u * root * a[0, :]
    d.verify(
        block - (block.subs(u, 0) - column * row).subs(root, sp.sqrt(g / n)),
        r"$a E a$ is the column $a e_2$ that leads into the third flavour, times the row $e_1' a$ "
        r"that leads back",
    )
    phi = d.lemma(
        r"The same function as above is stationary, now of matrices ($\delta_\tau = \det(1 + "
        r"q_\tau)$, $q_\tau = \tau A + \sigma^2 B$, and $D_j = \det G_j^{-1}$); the last term is "
        r"$x$ beside itself, $\mathrm{tr} S_x = T$:",
        "Hachem",
        n * sp.log(DET)
        + N * sum(p * sp.log(x) for p, x in zip(pi, DELTA, strict=True))
        - N * (a * A).trace() - N * sigma2 * (b * B).trace() - u * trace * a[0, 1],
        r"\Phi_0",
    )  # fmt: skip
    d.say(r"Its derivatives in $a$ and $b$ give $A$ and $B$:")
    signal = d.result(
        "A",
        n * k * G + u * g * (TURN * a * G + G * a * TURN),
        r"less $u T E$, and summed over $j$,",
        "N A",
    )
    noise = d.result("B", n * G, "", "N B")
    inverse = block.inv()
    given = phi.subs(DET, block.det())
    at = dict(zip(G, inverse, strict=True))
    for unknown, mean, other, weight in (
        (a, signal - u * trace * TURN, A, 1),
        (b, noise, B, sigma2),
    ):
        slope = sp.Matrix(2, 2, lambda i, j, x=unknown: sp.diff(given, x[j, i]))
        d.verify(
            slope - weight * (mean.subs(at) - N * other),
            f"they are stationary in ${'a' if unknown is a else 'b'}$",
            identically_zero,
        )
    q1 = ONE + tau[0] * A + sigma2 * B
    moved = sp.Matrix(2, 2, lambda i, j: sp.diff(sp.log(q1.det()), A[j, i]))
    inside = given.subs(DELTA[0], q1.det())
    d.verify(
        sp.Matrix(2, 2, lambda i, j: sp.diff(inside, A[j, i]))
        - N * (pi[0] * tau[0] * q1.inv() - a),
        r"and in $A$: $a = \mathrm{E}\,\tau (1 + q_\tau)^{-1}$ (one atom's part)",
        identically_zero,
    )
    d.verify(moved - tau[0] * q1.inv(), r"$\partial \log\det(1 + q)$", identically_zero)
    slope = d.result(
        "slope",
        N * (sp.log(DELTA[0]) - sp.log(DELTA[1])),
        r"By stationarity only the frequencies themselves count in",
        r"\dot\Phi",
    )
    d.verify(sp.diff(phi, pi[0]) - sp.diff(phi, pi[1]) - slope, "as it is read off")
    ends(d, signal)
    twisted(d)
    checks(d)


def ends(d: Derivation, signal: sp.Matrix) -> None:
    d.say(
        r"**The twisted ladder.** Between two samples runs $G$; where it ends on the signal's part "
        r"of a sample of flavour 2 (right) or 1 (left), $x$ is there too:"
    )
    turned = u * g / (n * k)
    at_right = d.result(
        "right", G + turned * TURN * a * G, r"from the signal's part to the noise's,", r"G_j^{sn}"
    )
    at_left = d.result(
        "left", G + turned * G * a * TURN, r"from the noise's part to the signal's,", r"G_j^{ns}"
    )
    both = d.result(
        "both",
        G + turned * (TURN * a * G + G * a * TURN) - turned / k * TURN,
        r"and from signal to signal,",
        r"G_j^{ss}",
    )
    # The inverse of the tripled block at first order in u: slot 3 by the row and the column above,
    # of size g/(n k) beside the signal (x is S_x A' u/k in the mean).
    back, into = -u * a[0, :], a[:, 1]  # 3 -> 1 and 2 -> 3, each with S_x A'
    row = sp.Matrix([[0, 0], list(-(back * G))]) * g / (n * k)  # of the right end
    column = sp.Matrix.hstack(-(G * into) * -u, sp.zeros(2, 1)) * g / (n * k)
    d.verify(at_right - G - row, r"the right end: $e_2$ times the row of $x$ in the whole inverse")
    d.verify(at_left - G - column, r"the left end: its column of $x$ times $-u e_1'$")
    d.verify(both - (at_right + at_left - G) + TURN * u * g / (n * k**2), "both, and $x$ with $x$")
    d.verify(
        n * k * both + u * TURN * g / k - signal,
        r"$n_j k_j G_j^{ss}$ is the part of $N A$, which has $T$ for $\sum g_j/k_j$",
    )


def twisted(d: Derivation) -> None:
    d.say(
        r"$K$ has an index for two flavours, $f$ and $h$, and one for the signal's or the noise's "
        r"part. On the directions, with $v = (k_j, \sigma^2)$, $\Gamma$ one of the four $G$,"
    )
    d.result("ladder", n / N * sp.prod(V) * sp.prod(GAMMA), "summed over $j$,", r"\Delta")
    d.result(
        "chain",
        sum(pi[i] * tau[i] ** m * FIRST[i] * SECOND[i] for i in range(2)),
        r"and on the samples, with $\beta_i$ and $\gamma_i$ the entries $f f'$ and $h h'$ of "
        r"$(1 + q_i)^{-1}$ and $m$ the number of signals' parts,",
        "C",
    )
    d.result(
        "Phi1",
        (sp.log(PLUS) - sp.log(MINUS)) / 2,
        r"With $D_\pm$ the determinants of $1 - \Delta C$ on tensors symmetric and antisymmetric "
        r"in flavour (`finite_size`),",
        r"\Phi_1",
    )
    in_blocks(d)


def in_blocks(d: Derivation) -> None:
    """Its mixed derivative, every block being a matrix over the two parts."""
    d.say(
        r"Ordered by powers of $s$ and $u$ it is what `finite_size` has, with matrices over the "
        r"two parts for numbers, so that their order counts: $K_1, K_{12}, K_2$ at order 1, $X_i$ "
        r"at $s$, $Y_i$ at $u$, and $A_i$, $B$, $Z$ at $s u$. With $R = (1 - K)^{-1}$ each, under "
        r"the trace,"
    )
    R1, R2, R12, first, second, X1, X2, Y1, Y2, shared, Z = sp.symbols(
        "R_1 R_2 R_12 A_1 A_2 X_1 X_2 Y_1 Y_2 B Z", commutative=False
    )
    half = sp.Rational(1, 2)
    blocks = d.step(
        half * R1 * first + half * R2 * second + R12 * Z + R1 * X1 * R12 * Y1 + R12 * X2 * R2 * Y2,
        "",
        r"-\partial_s \partial_u \Phi_1",
    )
    root = sp.sqrt(2)
    R = sp.diag(R1, R12, R2)
    by_s = sp.Matrix([[0, root * X1, 0], [0, 0, root * X2], [0, 0, 0]])
    by_u = sp.Matrix([[0, 0, 0], [root * Y1, 0, 0], [0, root * Y2, 0]])
    plus = (R * sp.diag(first, shared + Z, second) + R * by_s * R * by_u).trace()
    d.verify(
        sp.expand((plus - R12 * (shared - Z)) / 2 - blocks),
        r"half of $\mathrm{tr}[R K_{su} + R K_s R K_u]$ on symmetric tensors, less that on "
        r"antisymmetric ones",
        sp.expand,
    )


def checks(d: Derivation) -> None:
    words = Words(d.results)
    d.say(
        r"**The kernels** are $-\partial_s \partial_u$ of $\Phi_1$ and of $\Phi_2$ along the "
        r"solutions. As flavour 1 leads to 2 once for every way back, both depend on $s u$ alone, "
        r"and the derivative is a difference quotient in many digits. The package has it written "
        r"out term by term, and tests hold the two together at complex $z_1$, $z_2$. No more than "
        r"a Gaussian integral stands behind $\Phi_1$; so that all is held against exact moments, "
        r"sums over Gaussian pairings with the $\tau_i$ averaged, which know of no resolvent:"
    )
    with mp.workdps(DIGITS):
        z0 = mp.mpf(10) ** 30
        p = EXAMPLE.at(z0, 1.5 * z0)
        found = kernels(words, p, mp.mpf(10) ** -20, mp.mpf(10) ** -60)
        for i, name in ((0, "given"), (1, "drawn")):
            expected = sum(
                p.z1 ** (-x - 1) * p.z2 ** (-y - 1) * number(quadratic_moment(EXAMPLE, x, y)[i + 1])
                for x in range(FACTORS + 1)
                for y in range(FACTORS + 1 - x)
            )
            d.verify(
                (found[i] - expected) * z0 ** (FACTORS + 2),
                rf"all moments of $H_{{\mathrm{{{name}}}}}$ to {FACTORS} factors $\hat S$ agree",
                negligible(mp.mpf(10) ** -20),
            )
    with mp.workdps(80):
        step = mp.mpf(10) ** -12
        constant = replace(EXAMPLE, tau=(Fraction(1), Fraction(1))).at(-20, -30)
        _, drawn = kernels(words, constant, step, step)
        rounded = ROUNDED * mp.eps / step**3  # a difference over that of s u, and of the law
        d.verify(drawn, r"for $\tau = 1$ the second vanishes", negligible(rounded))
