r"""The best stopping time of the subspace model at large N, and what stopping costs.

exp(-2 (1 + s2) t) = (n - d)/N s2^2/(1 + s2) exp(-s2 t) [1 - (1 + s2) exp(-s2 t)], s2 = sigma^2.
The risk above the floor is floor n/N at convergence, and about floor (d + s2 (n - d))/N while
1 << t << 1/s2.
"""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation

TITLE = "The best stopping time at large N"

s2, t = sp.symbols("s t", positive=True)  # s = sigma^2
N, dim, sub = sp.symbols("N n d", positive=True)
beta = sp.Symbol("beta")
x, y = sp.symbols("x y", positive=True)  # exp(-(1 + s2) t) and exp(-s2 t)
floor = s2 / (1 + s2)


def derive(d: Derivation) -> None:
    coefficient = specialise(d)
    plateau = early(d, coefficient)
    best = stationary(d, coefficient, plateau)
    cost(d, plateau, best)


def specialise(d: Derivation) -> sp.Expr:
    d.assume(
        r"$R = f + \sum_i w_i l_i \rho_i^2 + C/N + O(1/N^2)$ for Gaussian data and fixed $n$, with "
        r"the coefficient $C$ of `large_n`, divided differences $\rho[\cdot]$, $\beta = 1$ for "
        r"real and 0 for complex data."
    )
    f, w, l1, l2, n1, n2 = sp.symbols("f w_1 l_1 l_2 n_1 n_2")
    r1, r2, slope, bend = sp.symbols("rho_1 rho_2 rho'_1 rho''_1")
    simple = (r1 - r2) / (l1 - l2)
    single = {(1, 1): slope, (1, 2): simple}
    double = {(1, 1): bend / 2, (1, 2): (slope - simple) / (l1 - l2)}
    atoms = ((1, l1, n1), (2, l2, n2))
    braces = (
        sum(n * l1 * l**2 * single[1, k] ** 2 for k, l, n in atoms)
        + 2 * r1 * l1**2 * sum(n * l * double[1, k] for k, l, n in atoms)
        + beta * l1**3 * (slope**2 + r1 * bend)
    )
    general = d.step(
        f * (n1 * (1 - r1) ** 2 + n2 * (1 - r2) ** 2) + w * braces,
        "Two atoms, of which the second has no weight:",
        "C",
    )
    flow = {slope: -t * r1, r1: sp.exp(-t * l1), r2: sp.exp(-t * l2)}
    d.verify(
        sp.limit(double[1, 2].subs(flow), l2, l1) - t**2 * sp.exp(-t * l1) / 2,
        r"$\rho[1,1,2] \to \rho''_1/2$ where the atoms meet",
        sp.simplify,
    )
    d.say(
        r"**Subspace model, gradient flow** (`wiener`, `filters`), $s = \sigma^2$: $l = (1 + s, "
        r"s)$, $n = (d, n - d)$, $w_1 = 1/(1 + s)^2$, $f = s/(1 + s)$, $\rho = e^{-t l}$. With $x "
        r"= e^{-(1 + s) t}$ and $y = e^{-s t}$:"
    )
    here = {
        f: floor,
        w: 1 / (1 + s2) ** 2,
        l1: 1 + s2,
        l2: s2,
        n1: sub,
        n2: dim - sub,
        r1: x,
        r2: y,
        slope: -t * x,
        bend: t**2 * x,
    }
    put_in = sp.expand(sp.cancel(general.subs(here)))
    coefficient = sum(
        x**k * sp.collect(sp.expand(sp.cancel(put_in.coeff(x, k))), (t, y), sp.factor)
        for k in range(3)
    )
    coefficient = d.result("coefficient", coefficient, "", "C(t)")
    d.verify(coefficient - general.subs(here), "the substitution, collected in $x$, $y$ and $t$")
    d.verify(coefficient.subs({x: 1, y: 1, t: 0}), "nothing is learned at $t = 0$")
    return coefficient


def early(d: Derivation, coefficient: sp.Expr) -> sp.Expr:
    d.say(
        r"**After the signal is learned** $x$ is small, $x^2 \sim 1/N$ at the best time, and the "
        r"terms of $C/N$ with $x$ are of order $N^{-3/2}$, up to powers of $t$. Without them:"
    )
    plateau = d.result(
        "plateau",
        floor * (sub + (dim - sub) * ((1 - y) ** 2 + s2 * y**2)),
        "",
        "C_0(y)",
    )
    d.verify(sp.expand(coefficient).subs(x, 0) - plateau, "$C$ at $x = 0$")
    return plateau


def rate(expr: sp.Expr) -> sp.Expr:
    """The derivative in t, where x and y are exponentials of it."""
    return sp.diff(expr, t) - (1 + s2) * x * sp.diff(expr, x) - s2 * y * sp.diff(expr, y)


def stationary(d: Derivation, coefficient: sp.Expr, plateau: sp.Expr) -> sp.Expr:
    limit = d.step(
        x**2 / (1 + s2), "**Stationarity.** The signal not yet learned:", r"R_\infty - f"
    )
    d.verify(limit.subs(x, 1) - (1 - floor), "at $t = 0$ the risk is 1")
    square = d.result(
        "stationarity",
        (dim - sub) / N * s2**2 / (1 + s2) * y * (1 - (1 + s2) * y),
        r"$dR/dt = 0$ with $dx/dt = -(1 + s) x$ and $dy/dt = -s y$, solved for $x^2$:",
        "x^2 = e^{-2 (1 + s) t}",
    )
    balance = sp.cancel((rate(limit) + rate(plateau) / N) / x**2)
    d.verify(
        balance - 2 * square / x**2 + 2,
        "$dR/dt$ is $-2 x^2$ and twice this",
    )
    d.verify(
        rate(sp.log(square / x**2)) - (2 + s2) - s2 * (1 + s2) * y / (1 - (1 + s2) * y),
        "the ratio of its sides has the logarithmic derivative $2 + s + s (1 + s) y/(1 - (1 + s) "
        r"y) > 0$: there is one root, at $t > \log(1 + s)/s$",
    )
    left = sp.expand(sp.cancel(rate(coefficient) - rate(plateau)))
    d.verify(left.subs(x, 0), "every term of $dC/dt$ that is left out has a factor $x$")
    d.verify(
        sp.Matrix([sp.diff(left.coeff(x, 1), beta), sp.degree(left, x) - 2]),
        r"the largest, of first order in $x$, is the same for complex data",
    )
    d.verify(
        sp.limit((square * N / s2**3).subs(y, sp.exp(-s2 * t)), s2, 0) - (dim - sub) * (t - 1),
        r"for small $s t$ the right side is $\frac{n - d}{N} s^3 (t - 1)$",
        sp.expand,
    )
    return square


def cost(d: Derivation, plateau: sp.Expr, square: sp.Expr) -> None:
    d.say("**What stopping costs**, as the coefficient of $1/N$ in the risk.")
    end = d.result("converged", plateau.subs(y, 0), "At $t = \\infty$:", "C(\\infty)")
    d.verify(end - floor * dim, "the floor times $n/N$: every direction is paid for")
    early = d.step(plateau.subs(y, 1), r"At $1 \ll t \ll 1/s$, where $y = 1$:", "C_0(1)")
    d.verify(
        early - floor * (sub + s2 * (dim - sub)),
        "$d + s (n - d)$ directions: early stopping pays for the subspace, and for the rest only "
        r"the part $s = \sigma^2$ of it",
    )
    least = d.step(
        sp.solve(sp.diff(plateau, y), y)[0], r"It is least at $t = \log(1 + s)/s$, where", "y"
    )
    d.verify(least - 1 / (1 + s2), "$y = 1/(1 + s)$, left of the best time")
    cheapest = d.result(
        "cheapest",
        floor * (sub + (dim - sub) * floor),
        "",
        r"\min_y C_0",
    )
    d.verify(cheapest - plateau.subs(y, least), "the value there")
    best = d.result(
        "best_excess",
        floor * (sub + (dim - sub) * ((1 - y) * (1 + s2 - y) + s2 * y**2) / (1 + s2)),
        r"At the best time the signal's own part, $x^2/(1 + s)$, is of order $1/N$ as well:",
        "N (R^\\star - f)",
    )
    d.verify(best - square * N / (1 + s2) - plateau, r"$N x^2/(1 + s) + C_0$ put together")
    d.verify(best.subs(y, 0) - end, "for $s t \\gg 1$ nothing is won: that is $f n$")
    ratio = sp.series((best / end).subs(y, sp.exp(-s2 * t)), s2, 0, 2).removeO()
    d.verify(
        ratio - sub / dim - s2 * (1 - sub / dim),
        r"for $s t \ll 1$ it is $d/n + s (1 - d/n) + O(s^2)$ of what converging costs",
    )
