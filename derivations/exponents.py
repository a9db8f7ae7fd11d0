r"""Exponents of a learning curve: local, of the PSNR, fitted over a window; and saturation.

d log R/d log N = N (b' + v')/R, in which the floor has no part; the PSNR has the exponent of R
over ln R; floor + C/N comes within a share tau of the floor at N = C/(tau floor).
"""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation

TITLE = "Exponents of the learning curve and saturation"

u, floor, R, C, N, tau, alpha = sp.symbols("u f R C N tau alpha", positive=True)
bias, variance, bias_slope, variance_slope = sp.symbols("b v b' v'")
left = sp.Symbol(r"b_\infty", nonnegative=True)
X = sp.symbols("x_1:4", real=True)
Y = sp.symbols("y_1:4", real=True)
errors = sp.symbols("e_1:4", positive=True)


def exponent(expr: sp.Expr, variable: sp.Symbol = N) -> sp.Expr:
    """d log expr / d log variable"""
    return sp.simplify(variable * sp.diff(sp.log(expr), variable))


def derive(d: Derivation) -> None:
    local(d)
    psnr(d)
    large_n(d)
    steepest(d)
    window(d)


def local(d: Derivation) -> None:
    d.assume(
        "$R(N) = \\min_t R(t, N)$ at an inner minimum $t^\\star$; $R = f + b + v$ with the floor "
        "$f$, bias $b$ and variance $v$, smooth in $u = \\log N$."
    )
    at, up, mixed, twice = sp.symbols("t R_u R_tu R_uu", real=True)
    bowl = sp.Symbol("R_tt", positive=True)
    near = R + up * u + twice * u**2 / 2 + mixed * at * u + bowl * at**2 / 2
    followed = near.subs(at, sp.solve(sp.diff(near, at), at)[0])
    d.verify(
        sp.diff(followed, u).subs(u, 0) - sp.diff(near, u).subs({u: 0, at: 0}),
        r"near $t^\star$, to second order in $t - t^\star$ and $u$: following the best time and "
        "holding it fixed give the same $dR/du$ (envelope theorem)",
    )
    parts = sp.Function("b")(u), sp.Function("v")(u)
    slopes = sp.diff(parts[0], u), sp.diff(parts[1], u)
    raw = sp.diff(sp.log(floor + sum(parts)), u)
    raw = raw.subs(dict(zip(slopes, (bias_slope, variance_slope), strict=True)))
    raw = raw.subs(dict(zip(parts, (bias, variance), strict=True)))
    d.say("With a prime for the derivative in $u$ at fixed $t$:")
    whole = d.result(
        "exponent",
        raw,
        "",
        r"\frac{d \log R}{d \log N}",
    )
    pure = {bias_slope: -alpha * bias, variance_slope: -alpha * variance}
    d.verify(
        whole.subs(pure) + alpha * (1 - floor / (floor + bias + variance)),
        r"where bias and variance both fall as $N^{-\alpha}$: $-\alpha$ times their share of $R$",
    )
    for name, slope in (("bias", bias_slope), ("variance", variance_slope)):
        other = {bias_slope, variance_slope} - {slope}
        d.result(
            f"from_{name}",
            whole.subs(dict.fromkeys(other, 0)),
            f"The part of the {name}:",
            r"\text{part}",
        )
    d.verify(
        whole - d.results["from_bias"] - d.results["from_variance"], "together they are the whole"
    )


def psnr(d: Derivation) -> None:
    d.say(r"**PSNR** is $-10 \log_{10} R$ for signals whose peak is 1.")
    risk = sp.Function("R")(u)
    decibels = -10 * sp.log(risk, 10)
    raw = sp.simplify(sp.diff(sp.log(decibels), u))
    known = raw.subs(sp.diff(risk, u), alpha * risk).subs(risk, R)
    scaled = d.result(
        "psnr_exponent",
        sp.simplify(known),
        r"Where $R$ has the local exponent $\alpha$:",
        r"\frac{d \log \mathrm{PSNR}}{d \log N}",
    )
    d.verify(scaled - alpha / sp.log(R), r"it is $\alpha/\ln R$", sp.simplify)
    law = C * N**-alpha
    d.verify(exponent(law) + alpha, r"a power law $R = C N^{-\alpha}$ has it everywhere")
    of_law = scaled.subs(R, law).subs(alpha, -alpha).subs(C * N**alpha, law)
    d.verify(
        of_law - exponent(-10 * sp.log(law, 10)),
        "there the exponent of the PSNR follows from either side",
        sp.simplify,
    )


def large_n(d: Derivation) -> None:
    d.say(
        r"**Large $N$**, $R(t, N) = f + b_\infty + C/N$ (`large_n`), where $b_\infty$ and $C$ "
        r"depend on $t$ alone. At the best time, held fixed:"
    )
    curve = floor + left + C / N
    steep = d.result(
        "large_n_exponent", -C / (N * (floor + left) + C), "", r"\frac{d \log R}{d \log N}"
    )
    d.verify(steep - exponent(curve), "the derivative of that form")
    d.verify(steep + (C / N) / curve, "it is minus the share of $C/N$ in $R$")
    d.verify(sp.limit(steep.subs(left, 0), N, 0) + 1, "$f + C/N$ has the exponent $-1$ at first")
    d.verify(sp.limit(N * steep, N, sp.oo) + C / (floor + left), "and in the end $-C/(f N)$")
    d.say(
        r"**Saturation.** With $C$ for $N (R - f)$, the risk is within a share $\tau$ of the floor "
        r"where $f + C/N = (1 + \tau) f$:"
    )
    enough = d.result(
        "saturation", sp.solve(curve.subs(left, 0) - (1 + tau) * floor, N)[0], "", "N"
    )
    d.verify(curve.subs(left, 0).subs(N, enough) - (1 + tau) * floor, "the risk there")
    off = sp.Symbol("e", positive=True)
    moved = d.result(
        "n_error",
        N * off / (alpha * R),
        r"An error $e$ of $R$ moves $N$ by $e/|dR/dN|$, with $|dR/dN| = \alpha R/N$ where the "
        r"exponent is $-\alpha$:",
        r"\Delta N",
    )
    slope = sp.diff(C * N**-alpha, N)
    d.verify(moved.subs(R, C * N**-alpha) + off / slope, "for $R = C N^{-\\alpha}$", sp.simplify)


def steepest(d: Derivation) -> None:
    d.say(
        r"**Where the curve is steepest.** A curve that starts at $R_0$ without examples and ends "
        r"at the floor, $f + C/(N + N_0)$ with $C = (R_0 - f) N_0$, is flat at both ends."
    )
    start, zero, root = sp.symbols("R_0 N_0 q", positive=True)  # q^2 = R_0/f
    curve = floor + (start - floor) * zero / (N + zero)
    steep = d.step(sp.factor(exponent(curve)), "Its exponent:", r"\frac{d \log R}{d \log N}")
    d.verify(steep - N * sp.diff(curve, N) / curve, "from its derivative", sp.simplify)
    squared = {start: floor * root**2}
    slope = sp.numer(sp.together(sp.diff(steep.subs(squared), N)))
    at = [x for x in sp.solve(slope, N) if x.subs({zero: 1, root: 2, floor: 1}) > 0]
    here = d.step(at[0], r"With $R_0/f = q^2$ it is least at", r"N^\star")
    d.verify(here - root * zero, r"$N_0 \sqrt{R_0/f}$")
    low = d.step(sp.factor(steep.subs(squared).subs(N, here)), "where it is", r"-\alpha")
    d.verify(
        low + sp.tanh(sp.log(root**2) / 4).rewrite(sp.exp),
        r"$-(q - 1)/(q + 1) = -\tanh(\frac14 \ln (R_0/f))$: above $-1$, and near it only for a "
        "floor far below the start",
        lambda e: sp.simplify(sp.expand_log(e, force=True)),
    )


def window(d: Derivation) -> None:
    d.say(
        r"**Fit over a window.** Least squares through $y = \log(\text{metric})$ against $x = "
        r"\log N$; three points carry the sums."
    )
    slope, rise = sp.symbols("k r")
    squares = sum((rise + slope * x - y) ** 2 for x, y in zip(X, Y, strict=True))
    normal = [sp.diff(squares, slope), sp.diff(squares, rise)]
    fit = sp.solve(normal, [slope, rise], dict=True)[0]
    k = d.result("fit_exponent", sp.factor(fit[slope]), "", "k")
    r = d.result("fit_rise", sp.factor(fit[rise]), "The logarithm of the coefficient:", "r")
    d.verify(sp.Matrix(normal).subs({slope: k, rise: r}), "they solve the normal equations")
    mean = sum(X) / 3
    spread = sum((x - mean) ** 2 for x in X)
    pull = [(x - mean) / spread for x in X]
    d.verify(
        k - sum(p * y for p, y in zip(pull, Y, strict=True)),
        r"$k = \sum_i p_i y_i$ with $p_i = (x_i - \bar x)/\sum_j (x_j - \bar x)^2$",
    )
    d.verify(
        r - sum((sp.Rational(1, 3) - mean * p) * y for p, y in zip(pull, Y, strict=True)),
        r"$r = \sum_i (\frac13 - \bar x p_i) y_i$",
    )
    d.result(
        "fit_error",
        sum(sp.Abs(p) * e for p, e in zip(pull, errors, strict=True)),
        r"Relative errors $e_i$ of the metric are errors of $y_i$. Should they conspire:",
        r"\Delta k",
    )
    h, a = sp.symbols("h a", positive=True)
    c = sp.symbols("c_0:5", real=True)

    def curve(x: sp.Expr) -> sp.Expr:
        return sum(c[i] * x**i / sp.factorial(i) for i in range(5))

    places = [-h, a * h, h]
    there = dict(zip(X, places, strict=True)) | dict(zip(Y, map(curve, places), strict=True))
    d.verify(
        sp.limit(sp.cancel(k.subs(there)), h, 0) - c[1],
        "as the window of a smooth curve shrinks, the fit tends to the local exponent, wherever in "
        "it the third point is",
    )
    even = {x: y.subs(a, 0) if isinstance(y, sp.Expr) else y for x, y in there.items()}
    d.verify(k.subs(even) - c[1] - c[3] * h**2 / 6, "evenly spread: up to $h^2 y'''/6$")
    worst = sp.expand(sp.cancel((r + k * X[1] - Y[1]).subs(even)))
    d.verify(
        worst - c[2] * h**2 / 3 - c[4] * h**4 / 36,
        r"and the curve leaves the fit by $h^2 y''/3$ in the middle",
    )
