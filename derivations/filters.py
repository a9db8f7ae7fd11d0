r"""Residual filters: what each learning rule has not yet learned along an eigenvalue l of Sh.

W = X Y' g(Sh)/N with 1 - l g(l) = rho(l): (1 - eta l)^k for gradient descent, exp(-t l) for
gradient flow, mu/(l + mu) for ridge, two-term recursions for heavy ball and Nesterov.
"""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation

TITLE = "The residual filters of the learning rules"

eta, l, t, mu, beta = sp.symbols("eta l t mu beta", positive=True)
k = sp.Symbol("k", integer=True, nonnegative=True)
now, before = sp.symbols(r"\rho_k \rho_{k-1}")
w, last = sp.symbols("w w_{k-1}")
c = sp.Symbol("c", nonzero=True)
any_l = sp.Symbol("l", nonnegative=True)
r, y = sp.symbols("r y")


def residual(update: sp.Expr) -> sp.Expr:
    """1 - l w/c after an update of w, in terms of the residuals before it."""
    return 1 - l * update.subs({w: c * (1 - now) / l, last: c * (1 - before) / l}) / c


def derive(d: Derivation) -> None:
    d.assume(
        r"$W$ is learned on $L(W) = \frac{1}{2N} \sum_i \|W y_i - x_i\|^2$ from $W_0 = 0$; "
        r"$\hat S = Y Y'/N$."
    )
    slope = reduction(d)

    d.say("**Gradient descent.** $W_{k+1} = W_k - \\eta \\nabla L(W_k)$ along the eigenvector.")
    f = sp.Function("w")
    update = d.step(w - eta * slope, "One step:", "w_{k+1}")
    d.verify(
        sp.Matrix([update.subs(eta, 0) - w, sp.diff(update, eta) + slope]),
        "from where it was it goes down the slope, by $\\eta$ times it",
    )
    path = sp.rsolve(f(k + 1) - update.subs(w, f(k)), f(k), {f(0): 0})
    descent = d.result(
        "gradient_descent",
        sp.powsimp(sp.expand(1 - l * path / c)),
        "Solving the recursion from $w_0 = 0$, and $\\rho_k = 1 - l w_k/c$:",
        r"\rho_k",
    )
    d.verify(descent.subs(k, 0) - 1, "$\\rho_0 = 1$")
    d.verify(
        descent.subs(k, k + 1) - residual(update).subs(now, descent),
        "the closed form obeys the recursion for every $k$",
        sp.simplify,
    )

    d.say(
        "**Gradient flow.** $dW/dt = -\\nabla L(W)$, the limit of small steps; [Ali] lay it beside "
        "ridge at the penalty $1/t$."
    )
    ode = sp.Eq(f(t).diff(t), -slope.subs(w, f(t)))
    flow = d.result(
        "gradient_flow",
        sp.simplify(1 - l * sp.dsolve(ode, f(t), ics={f(0): 0}).rhs / c),
        "The solution with $w(0) = 0$:",
        r"\rho_t",
    )
    d.verify(flow.subs(t, 0) - 1, "$\\rho = 1$ at the start")
    d.verify(sp.diff(flow, t) + l * flow, "$d\\rho/dt = -l \\rho$")
    d.verify(
        sp.limit(descent.subs(k, t / eta), eta, 0) - flow,
        "$(1 - \\eta l)^{t/\\eta} \\to e^{-t l}$ as $\\eta \\to 0$",
        sp.simplify,
    )

    d.say(
        r"**Ridge.** The minimiser of $L(W) + \frac{\mu}{2} \|W\|^2$: the penalty adds $\mu w$ to "
        "the slope."
    )
    normal = d.step(slope + mu * w, "Slope, to vanish:", r"\partial_w [L + \mu w^2/2]")
    ridge = d.result("ridge", sp.factor(1 - l * sp.solve(normal, w)[0] / c), "", r"\rho_\mu")
    d.verify(sp.limit(ridge, mu, sp.oo) - 1, "nothing is learned as $\\mu \\to \\infty$")

    heavy_ball(d, slope, descent)
    nesterov(d, slope)
    d.say(
        "**Converged.** Each path ends at the same filter: where $l = 0$ there is nothing to see "
        "and $\\rho$ stays 1, elsewhere it goes to 0."
    )
    d.result(
        "converged",
        sp.Piecewise((flow.subs(l, 0), sp.Eq(any_l, 0)), (sp.limit(flow, t, sp.oo), True)),
        "",
        r"\rho_\infty",
    )
    d.verify(sp.limit(ridge, mu, 0), "ridge ends there too, for $l > 0$")

    d.say("**Gain and variance filter.** $W$ holds $g = (1 - \\rho)/l$; the noise sees $l g^2$.")
    small = {"gradient_flow": t, "gradient_descent": eta * k, "ridge": 1 / mu}
    for name, filter_ in (("gradient_flow", flow), ("gradient_descent", descent), ("ridge", ridge)):
        label = name.replace("_", " ").capitalize()
        h = d.result(f"{name}_h", (1 - filter_) ** 2 / l, label + ":", "h(l)")
        g = sp.limit((1 - filter_) / l, l, 0)
        d.verify(g - small[name], f"$g(0) = {sp.latex(small[name])}$", sp.simplify)
        d.verify(sp.limit(h / l, l, 0) - g**2, "$h/l \\to g(0)^2$, so $h(0) = 0$", sp.simplify)


def reduction(d: Derivation) -> sp.Expr:
    """The slope along one eigenvector of Sh, from the loss of one row of W."""
    d.say("The rows of $W$ decouple. One row $(a_1, a_2)$, two measurements, two examples:")
    a1, a2, x1, x2 = row = sp.symbols("a_1 a_2 x_1 x_2", real=True)
    Y = sp.Matrix(2, 2, sp.symbols("y_11 y_12 y_21 y_22", real=True))
    a, x = sp.Matrix([row[:2]]), sp.Matrix([row[2:]])
    fit = a * Y - x
    loss = d.step((fit[0] ** 2 + fit[1] ** 2) / 4, "", "L")
    slopes = sp.Matrix([[sp.diff(loss, a1), sp.diff(loss, a2)]])
    d.verify(
        slopes - (a * Y * Y.T / 2 - x * Y.T / 2),
        r"its gradient is $W \hat S - X Y'/N$",
    )
    d.say(
        r"In the basis of eigenvectors of $\hat S$ the rows of $Y$ are orthogonal. With $w$ the "
        r"coefficient of $W$ on an eigenvector $v$, $\hat S v = l v$, and $c$ that of $X Y'/N$:"
    )
    slope = d.step(l * w - c, "", r"\nabla L \cdot v")
    turn = sp.Symbol("q", real=True)
    orthogonal = {Y[2]: -turn * Y[1], Y[3]: turn * Y[0]}
    here = {l: (Y[0] ** 2 + Y[1] ** 2) / 2, c: (x1 * Y[0] + x2 * Y[1]) / 2, w: a1}
    d.verify(
        slopes[0].subs(orthogonal) - slope.subs(here, simultaneous=True),
        "the gradient's part along $v$ is this one, whatever the other coefficients are",
    )
    d.say(
        "$w = c/l$ is where it rests, so $\\rho = 1 - l w/c$ is the part that has not been learned."
    )
    d.verify(slope.subs(w, c / l), "the slope vanishes at $\\rho = 0$")
    return slope


def heavy_ball(d: Derivation, slope: sp.Expr, descent: sp.Expr) -> None:
    d.say(
        "**Heavy ball.** $W_{k+1} = W_k - \\eta \\nabla L(W_k) + \\beta (W_k - W_{k-1})$ with "
        "$W_{-1} = W_0$, so that the first step has no momentum [Polyak]."
    )
    update = d.step(w - eta * slope + beta * (w - last), "", "w_{k+1}")
    recursion = d.result(
        "heavy_ball_recursion",
        sp.collect(sp.expand(residual(update)), (now, before), sp.factor),
        "",
        r"\rho_{k+1}",
    )
    first = d.step(
        recursion.subs({now: 1, before: 1}), "Both arguments are 1 at the start:", r"\rho_1"
    )
    d.verify(first - descent.subs(k, 1), "the first step is one of gradient descent")

    s, A, B = sp.symbols("s A B")
    quadratic = d.result(
        "heavy_ball_quadratic",
        sp.collect(sp.expand(r**2 - recursion.subs({now: r, before: 1})), r, sp.factor),
        "Powers $r^k$ solve the recursion where this vanishes:",
        r"r^2 - (1 + \beta - \eta l) r + \beta",
    )
    low, high = sp.solve(quadratic, r)
    fit = sp.solve([A + B - 1, A * r + B * s - first], [A, B], dict=True)[0]
    closed = d.step(
        fit[A] * r**k + fit[B] * s**k,
        r"With $r$ and $s$ its two roots, fitted to $\rho_0 = 1$ and $\rho_1$:",
        r"\rho_k",
    )
    d.verify(closed.subs(k, 0) - 1, "$\\rho_0 = 1$")
    d.verify(closed.subs(k, 1) - first, "$\\rho_1 = 1 - \\eta l$", sp.simplify)
    u = 1 - r
    d.verify(
        closed - (r**k - (eta * l - u) * (r**k - s**k) / (r - s)),
        "with $u = 1 - r$ it is $r^k - (\\eta l - u)(r^k - s^k)/(r - s)$",
        sp.simplify,
    )
    at_u = quadratic.subs(r, 1 - r)
    d.verify(
        at_u - (r**2 - (1 - beta + eta * l) * r + eta * l),
        "and $u^2 - (1 - \\beta + \\eta l) u + \\eta l = 0$",
    )
    d.result(
        "heavy_ball", closed.subs({r: high, s: low}), "The roots put in, either order:", r"\rho_k"
    )
    # At beta = 0 one root is 0 and the other 1 - eta l; k >= 1 so that 0^k = 0.
    above = sp.Symbol("k", integer=True, positive=True)
    d.verify(
        closed.subs(k, above).subs({r: 1 - eta * l, s: 0}) - descent.subs(k, above),
        "$\\beta = 0$ has the roots $1 - \\eta l$ and 0, and is gradient descent",
        sp.simplify,
    )
    d.verify(quadratic.subs(beta, 0).subs(r, 1 - eta * l), "the root at $\\beta = 0$")

    d.say(
        "Both roots lie in the unit disc if and only if the quadratic is positive at $r = 1$ and "
        "at $r = -1$ and its constant term is below 1 (Jury's conditions). It is $\\eta l$ at 1; "
        "the constant is $\\beta < 1$; so the root $-1$ decides."
    )
    d.verify(quadratic.subs(r, 1) - eta * l, "positive at $r = 1$ for every $l > 0$")
    d.result(
        "heavy_ball_limit",
        sp.solve(quadratic.subs(r, -1), l)[0],
        "",
        r"l \text{ must be below}",
    )


def nesterov(d: Derivation, slope: sp.Expr) -> None:
    d.say(
        "**Nesterov.** $V_k = W_k + m_k (W_k - W_{k-1})$ and $W_{k+1} = V_k - \\eta \\nabla "
        "L(V_k)$ [Nesterov], with $m_k = k/(k+3)$ as in [Su]."
    )
    m = sp.Symbol("m")
    ahead = d.step(w + m * (w - last), "", "v_k")
    moved = d.step((w - eta * slope).subs(w, ahead), "", "w_{k+1}")
    general = sp.factor(residual(moved))
    recursion = d.result(
        "nesterov_recursion", general.subs(m, k / (k + 3)), "With that schedule:", r"\rho_{k+1}"
    )
    source = sp.expand(1 - recursion.subs({now: 1 - now, before: 1 - before}))
    d.verify(
        source - recursion - eta * l,
        "$1 - \\rho$ obeys the same recursion with a source $\\eta l$",
    )
    polynomials = [sp.Integer(1), sp.Integer(1)]  # rho_{-1} = rho_0 = 1
    for i in range(3):
        polynomials.append(
            d.result(
                f"nesterov_{i + 1}",
                sp.factor(recursion.subs({now: polynomials[-1], before: polynomials[-2], k: i})),
                "",
                rf"\rho_{i + 1}",
            )
        )
    quadratic = d.result(
        "nesterov_quadratic",
        sp.expand(r**2 - general.subs({m: 1, now: r, before: 1, l: (1 - y) / eta})),
        "As $k \\to \\infty$ the schedule goes to 1, and a recursion whose coefficients converge "
        "grows like the roots of its limit (Poincaré): $r^k$ where this vanishes. With "
        "$y = 1 - \\eta l$:",
        "r^2 - 2 y r + y",
    )
    d.verify(quadratic.subs(r, 1) - (1 - y), "$\\eta l$ at $r = 1$, positive")
    d.verify(
        quadratic.subs(r, 0) - y,
        "its constant term is $y < 1$, and $y > -1$ follows from $1 + 3 y > 0$, its value at $-1$: "
        "again the root $-1$ decides",
    )
    d.result(
        "nesterov_limit",
        sp.solve(quadratic.subs(r, -1).subs(y, 1 - eta * l), l)[0],
        "",
        r"l \text{ must be below}",
    )
