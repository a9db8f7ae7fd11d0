r"""The 1/N term of both equivalents, from the O(1) term of E log det of the doubled matrix.

    E log det H = Phi0 + Phi1 + O(1/N),    Phi1 = (1/2) Tr[T log(1 - K)],
    K = (1/N) sum_j n_j l_j^2 (V G_j) (x) (V G_j),    T the swap of the two factors

One flavour: Phi1 = (1/2) log(1 - a), the mean of Bai and Silverstein (2004).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp

from derivations.derivation import Derivation, identically_zero
from derivations.moments import l as l_open
from derivations.moments import moment
from derivations.two_resolvents import (
    L,
    N,
    argument,
    kappa1,
    kappa2,
    n,
    v1,
    v2,
    w,
)

TITLE = "The 1/N term"

v, z, e = sp.symbols("v z epsilon")
a1, a2, a12 = sp.symbols("a_1 a_2 a_12")
s, u = sp.symbols("s u")
J = (0, 1)


def derive(d: Derivation) -> None:
    d.assume("Real Gaussian data; complex circular data have no such term, as said below.")
    fluctuation = lemma(d)
    one_flavour(d, fluctuation)
    kernel = two_flavours(d, fluctuation)
    check_identities(d, kernel)


def lemma(d: Derivation) -> sp.Expr:
    d.say(
        r"**Where it comes from.** $\mathrm{E} \det H^{-r/2}$ for $r$ copies of a Gaussian field "
        r"is an integral over a symmetric matrix, the overlap of copies and data, whose exponent "
        r"is of order $N$. Its saddle point is $\Phi_0$, and its Gaussian fluctuations add minus "
        r"half the log determinant of $1 - K$ on symmetric tensors of (flavour, copy). With the "
        r"eigenvalues $k_{ab}$ of $K$ on a pair of flavours, counted:"
    )
    r = sp.Symbol("r", positive=True)
    k11, k12, k22 = sp.symbols("k_11 k_12 k_22")
    # Unordered pairs of (flavour, copy): r(r + 1)/2 within a flavour, r^2 between two.
    pairs = d.step(
        r * (r + 1) / 2 * (sp.log(1 - k11) + sp.log(1 - k22)) + r**2 * sp.log(1 - k12),
        "",
        r"\log\det_{\mathrm{Sym}}(1 - K)",
    )
    same = sp.Symbol("k")
    d.verify(
        pairs.subs({k11: same, k12: same, k22: same}) - r * (2 * r + 1) * sp.log(1 - same),
        r"together $2r (2r + 1)/2$ of them, the dimension",
        sp.expand,
    )
    phi = sp.diff(-pairs / 2, r).subs(r, 0) / sp.Rational(-1, 2)  # E log det: -2 d/dr of the log
    d.verify(
        phi - sp.log(1 - k11) / 2 - sp.log(1 - k22) / 2,
        r"the part linear in $r$ is $\frac12 \mathrm{Tr}[T \log(1 - K)]$ where $K$ is diagonal: "
        r"$T$ keeps the pairs of equal flavours",
        sp.expand,
    )
    d.say(
        r"For complex data the overlap is Hermitian, all pairs count $r^2$, and nothing is linear "
        r"in $r$: there is no term of order $1/N$. As $T$ commutes with $K$, "
        r"$\mathrm{Tr}[T f(K)]$ is the trace over symmetric tensors less that over antisymmetric "
        r"ones, so"
    )
    D_plus, D_minus = sp.symbols("D_+ D_-", positive=True)
    return d.lemma(
        r"$\mathrm{E} \log\det H = \Phi_0 + \Phi_1 + O(1/N)$, with $D_\pm$ the determinants of "
        r"$1 - K$ on symmetric and antisymmetric tensors. (For one flavour this is a theorem. For "
        r"two it is the same Gaussian integral and no more than that; what comes of it is held "
        r"against exact identities and exact moments below.)",
        "BaiSilverstein",
        (sp.log(D_plus) - sp.log(D_minus)) / 2,
        r"\Phi_1",
    )


def one_flavour(d: Derivation, fluctuation: sp.Expr) -> None:
    D_plus, D_minus = sorted(fluctuation.free_symbols, key=str)
    a = sp.Symbol("a")
    phi = d.step(
        fluctuation.subs({D_plus: 1 - a, D_minus: 1}),
        r"**One flavour.** No antisymmetric tensors, and $K = a = \frac{v^2}{N} \sum_j n_j l_j^2 "
        r"Q_j^2$:",
        r"\Phi_1",
    )
    d.say(
        r"A check against the exact mean for $S = I$, $z = 0$, $n < N$, where $a = n/N$: "
        r"$\mathrm{E}\log\det\hat S = \sum_{i<n} \psi((N - i)/2) + n \log(2/N)$, whose O(1) part "
        r"is, by Euler and Maclaurin, half the difference of $\log(1 - i/N)$ at the two ends, and "
        r"the sum of $-1/(N - i)$ from $\psi(x) = \log x - 1/(2x) + \dots$"
    )
    ends, density = -sp.log(1 - a) / 2, -1 / (1 - a)
    d.verify(
        sp.diff(ends, a) + density - sp.diff(phi, a),
        r"with $a = n/N$ their derivatives in $a$ agree, and both vanish at $a = 0$: each is "
        r"$\frac12 \log(1 - n/N)$",
    )
    d.say(
        r"$\mathrm{E}\,\mathrm{tr}[S Q]$ is the $\epsilon$-derivative of $\mathrm{E}\log\det("
        r"\hat S - z + \epsilon S)$. The source moves $v$ too, by the equation that it solves:"
    )
    moving = d.step(loop_equation(L), "", "0")
    d.verify(
        moving.subs(e, 0).subs(of_e.subs(e, 0), -z / kappa1).subs(z, argument(kappa1)),
        "without the source it is the companion equation",
        identically_zero,
    )
    a_of = d.step(moment_with_source(L), "", "a(\\epsilon)")
    change = slope_at_zero(phi.subs(a, a_of), moving)
    Q = [1 / (l * v - z) for l in L]
    c2, c3 = (sum(n[j] * L[j] ** p * Q[j] ** p for j in J) / N for p in (2, 3))
    a_here = v**2 * c2
    d.verify(
        change - (v**2 * c3 - a_here**2 / v) / (1 - a_here) ** 2,
        r"the 1/N term is $[\frac{v^2}{N} \sum_j n_j l_j^3 Q_j^3 - a^2/v] / (1 - a)^2$",
        identically_zero,
    )
    g = [1 / (l + kappa1) for l in L]
    f2, f3 = (sum(n[j] * (L[j] * g[j]) ** p for j in J) / N for p in (2, 3))
    prefactor = -kappa1 / argument(kappa1)
    one = d.result(
        "one_correction",
        prefactor * (f3 - f2**2) / (1 - f2) ** 2,
        r"In the effective penalty, where $v Q_j = 1/(l_j + \kappa)$:",
        r"\Delta\,\mathrm{E}\,\mathrm{tr}[S Q]",
    )
    d.verify(in_penalty(change) - one, "it is the same", identically_zero)
    d.say(
        r"With $\epsilon P$ for a source, $P$ the projector on the first eigenspace, the same "
        r"steps give the term that PCA needs (`pca`):"
    )
    projected = d.result(
        "projector_correction",
        prefactor
        * ((f3 - f2) * n[0] * L[0] * g[0] ** 2 / N / (1 - f2) + n[0] * L[0] ** 2 * g[0] ** 3 / N)
        / (1 - f2),
        "",
        r"\Delta\,\mathrm{E}\,\mathrm{tr}[P Q]",
    )
    source = (sp.Integer(1), sp.Integer(0))
    change = slope_at_zero(phi.subs(a, moment_with_source(source)), loop_equation(source))
    d.verify(in_penalty(change) - projected, "it is what they give", identically_zero)


of_e = sp.Function("v")(e)


def with_source(source: Sequence[sp.Expr]) -> list[sp.Expr]:
    """1/(l v - z + epsilon s) on both atoms."""
    return [1 / (l * of_e - z + e * s) for l, s in zip(L, source, strict=True)]


def loop_equation(source: Sequence[sp.Expr]) -> sp.Expr:
    """1 + (1/N) sum_j n_j l_j G_j - 1/v, which v makes vanish."""
    return (
        1 + sum(k * l * g for k, l, g in zip(n, L, with_source(source), strict=True)) / N - 1 / of_e
    )


def moment_with_source(source: Sequence[sp.Expr]) -> sp.Expr:
    """a = (v^2/N) sum_j n_j l_j^2 G_j^2"""
    return (
        of_e**2
        * sum(k * l**2 * g**2 for k, l, g in zip(n, L, with_source(source), strict=True))
        / N
    )


def slope_at_zero(phi: sp.Expr, loop: sp.Expr) -> sp.Expr:
    """d phi/d epsilon at epsilon = 0, v following from the loop equation."""
    dv = sp.solve(sp.diff(loop, e), sp.diff(of_e, e))[0]
    change = sp.diff(phi, e).subs(sp.diff(of_e, e), dv)
    return change.subs(e, 0).subs(of_e.subs(e, 0), v)


def in_penalty(expr: sp.Expr) -> sp.Expr:
    """v and z in the effective penalty alone."""
    return expr.subs(v, -z / kappa1).subs(z, argument(kappa1))


def two_flavours(d: Derivation, fluctuation: sp.Expr) -> sp.Expr:
    """The kernel of order 1, in v and z."""
    D_plus, D_minus = sorted(fluctuation.free_symbols, key=str)
    d.say(
        r"**Two flavours.** At $s = u = 0$ everything is diagonal. To first order in $s$, in $u$ "
        r"and in $s u$, $W_j = V G_j$ is "
        r"$\begin{pmatrix} w_1 + s u\, o_1 & s x \\ u y & w_2 + s u\, o_2 \end{pmatrix}$, and with "
        r"$c_j = n_j l_j^2/N$ the sums $A_i = 2 \sum c w_i o_i$, $X_i = \sum c w_i x$, "
        r"$Y_i = \sum c w_i y$, $Z = \sum c x y$, $B = \sum c (w_1 o_2 + w_2 o_1)$ are all that "
        r"$K = \sum_j c_j W_j \otimes W_j$ has. On symmetric tensors:"
    )
    d.verify(
        on_symmetric_tensors() - sp.Matrix(4, 4, lambda i, k: tensors(i, k)),
        r"in the basis $e_1 e_1$, $(e_1 e_2 + e_2 e_1)/\sqrt2$, $e_2 e_2$ and "
        r"$(e_1 e_2 - e_2 e_1)/\sqrt2$, $W \otimes W$ falls into two blocks, of the entries that "
        r"these sums are made of",
    )
    A1, A2, X1, X2, Y1, Y2, B, Z = sp.symbols("A_1 A_2 X_1 X_2 Y_1 Y_2 B Z")
    root = sp.sqrt(2)
    k = [[a1 + s * u * A1, root * s * X1, 0], [root * u * Y1, a12 + s * u * (B + Z), root * s * X2]]
    k.append([0, root * u * Y2, a2 + s * u * A2])
    symmetric = d.step(
        (1 - k[0][0]) * ((1 - k[1][1]) * (1 - k[2][2]) - k[1][2] * k[2][1])
        - k[0][1] * k[1][0] * (1 - k[2][2]),
        "",
        "D_+",
    )
    antisymmetric = d.step(1 - a12 - s * u * (B - Z), "and on antisymmetric ones:", "D_-")
    phi = fluctuation.subs({D_plus: symmetric, D_minus: antisymmetric})
    mixed = sp.expand(sp.cancel(-sp.diff(phi, s, u).subs({s: 0, u: 0})))
    kernel = d.step(
        sum(sp.factor(mixed.coeff(part)) * part for part in (A1, A2, X1 * Y1, X2 * Y2, Z)),
        "The kernel is minus the mixed derivative; $B$ drops out:",
        r"-\partial_s \partial_u \Phi_1",
    )
    d.verify(kernel - mixed, "nothing else is in it")
    half = (
        A1 / (1 - a1)
        + A2 / (1 - a2)
        + 2 * Z / (1 - a12)
        + 2 * X1 * Y1 / ((1 - a1) * (1 - a12))
        + 2 * X2 * Y2 / ((1 - a2) * (1 - a12))
    )
    d.verify(kernel - half / 2, "term by term: $A_i$ over $2 (1 - a_i)$, and so on")

    found = entries(d)
    g = [[1 / (l + k) for l in L] for k in (kappa1, kappa2)]

    def summed(f: Callable[[int], sp.Expr]) -> sp.Expr:
        return sum(n[j] * L[j] ** 2 * f(j) for j in J) / N

    x, y, o1, o2 = ([found[name][j] for j in J] for name in ("x", "y", "o_1", "o_2"))
    values = {
        a1: summed(lambda j: g[0][j] ** 2),
        a2: summed(lambda j: g[1][j] ** 2),
        a12: summed(lambda j: g[0][j] * g[1][j]),
        A1: 2 * summed(lambda j: g[0][j] * o1[j]),
        A2: 2 * summed(lambda j: g[1][j] * o2[j]),
        X1: summed(lambda j: g[0][j] * x[j]),
        X2: summed(lambda j: g[1][j] * x[j]),
        Y1: summed(lambda j: g[0][j] * y[j]),
        Y2: summed(lambda j: g[1][j] * y[j]),
        Z: summed(lambda j: x[j] * y[j]),
    }
    return kernel.xreplace(values)


W = sp.Matrix(2, 2, sp.symbols("W_11 W_12 W_21 W_22"))


def on_symmetric_tensors() -> sp.Matrix:
    """W (x) W in the basis of three symmetric tensors and the antisymmetric one."""
    half = 1 / sp.sqrt(2)
    basis = sp.Matrix([[1, 0, 0, 0], [0, half, half, 0], [0, 0, 0, 1], [0, half, -half, 0]])
    return basis * sp.kronecker_product(W, W) * basis.T


def tensors(i: int, k: int) -> sp.Expr:
    """Its entries; to first order in s and u they are those of the two determinants below."""
    a, b, c, e = W
    root = sp.sqrt(2)
    rows = [
        [a * a, root * a * b, b * b, 0],
        [root * a * c, a * e + b * c, root * b * e, 0],
        [c * c, root * c * e, e * e, 0],
        [0, 0, 0, a * e - b * c],
    ]
    return sp.sympify(rows[i][k])


def entries(d: Derivation) -> dict[str, list[sp.Expr]]:
    """x, y, o_1, o_2 of W_j = V G_j on both atoms, with V solved to the order s u."""
    xi, eta, b1, b2 = sp.symbols(r"\xi \eta \beta_1 \beta_2")
    l, k, m, g1, g2 = sp.symbols("l n w g_1 g_2")
    V = sp.Matrix([[v1 + s * u * b1, s * xi], [u * eta, v2 + s * u * b2]])
    d.say(
        r"$V$ is that of `two_resolvents`, now to the order $s u$: "
        r"$V = \begin{pmatrix} v_1 + s u \beta_1 & s \xi \\ u \eta & v_2 + s u \beta_2 "
        r"\end{pmatrix}$. With $z = -\kappa v$ (`companion`), $l v - z = v/g$ for $g = 1/(l + "
        r"\kappa)$:"
    )
    block = d.step(
        sp.Matrix(
            [
                [v1 / g1 + s * u * l * b1, s * l * (1 + xi)],
                [u * (m / k + l * eta), v2 / g2 + s * u * l * b2],
            ]
        ),
        "",
        "G_j^{-1}",
    )
    G = block.inv()

    def order(expr: sp.Expr, *by: sp.Symbol) -> sp.Expr:
        return sp.factor(sp.diff(expr, *by).subs({s: 0, u: 0}))

    def atoms(expr: sp.Expr) -> list[sp.Expr]:
        return [
            expr.xreplace(
                {l: L[j], k: n[j], m: w[j], g1: 1 / (L[j] + kappa1), g2: 1 / (L[j] + kappa2)}
            )
            for j in J
        ]

    d.say(
        r"The equation $V^{-1} = 1 + \frac1N \sum_j n_j l_j G_j$ gives the entries off the "
        r"diagonal at the orders $s$ and $u$, and those on it at $s u$. Each is linear:"
    )
    inverse, known = V.inv(), {}
    for unknown, (row, column), by in (
        (xi, (0, 1), (s,)),
        (eta, (1, 0), (u,)),
        (b1, (0, 0), (s, u)),
        (b2, (1, 1), (s, u)),
    ):
        loop = sum(atoms(k * l * order(G[row, column], *by))) / N
        linear = (order(inverse[row, column], *by) - loop).xreplace(known)
        slope = sp.diff(linear, unknown)
        known[unknown] = d.step(
            -linear.xreplace({unknown: sp.Integer(0)}) / slope, "", sp.latex(unknown)
        )
    W = V * G
    wanted = {"x": (W[0, 1], s), "y": (W[1, 0], u), "o_1": (W[0, 0], s, u), "o_2": (W[1, 1], s, u)}
    return {
        name: [part.xreplace(known) for part in atoms(order(*of))] for name, of in wanted.items()
    }


def check_identities(d: Derivation, kernel: sp.Expr) -> None:
    one = d.results["one_correction"]
    free = kernel.subs({v1: 1, v2: 1})
    d.verify(
        v1 * v2 * kernel - free,
        r"$v_1$ and $v_2$ enter through a prefactor alone, "
        r"$1/(v_1 v_2) = \kappa_1 \kappa_2/(z_1 z_2)$",
        identically_zero,
    )
    both = d.result(
        "two_correction",
        free * kappa1 * kappa2 / (argument(kappa1) * argument(kappa2)),
        r"In the effective penalties, written out for two atoms:",
        r"\Delta\,\mathrm{E}\,\mathrm{tr}[B'B\, Q(z_1) S Q(z_2)]",
    )
    swap = both.subs({kappa1: kappa2, kappa2: kappa1}, simultaneous=True)
    d.verify(both - swap, "it is symmetric in $z_1$ and $z_2$, as it must be", identically_zero)
    identity = both.subs(dict(zip(w, n, strict=True))) * (argument(kappa1) - argument(kappa2))
    d.verify(
        identity - one + one.subs(kappa1, kappa2),
        "for $B'B = I$ the resolvent identity makes it a divided difference of the one-resolvent "
        "term",
        identically_zero,
    )
    d.say(
        r"**Against exact moments.** At large $z$ the kernel is $\sum_{a,b} z_1^{-a-1} z_2^{-b-1} "
        r"\mathrm{E}\,\mathrm{tr}[B'B\, \hat S^a S \hat S^b]$, and each mean is a sum over "
        r"Gaussian pairings (`moments`). With each $n_j$ and $N$ multiplied by $t$, its $1/t$ "
        r"term must be the above, and what is left as $t \to \infty$ that of `two_resolvents`. At "
        r"a rational spectrum and $\kappa$ of order $10^{30}$, in exact arithmetic, to four "
        r"factors $\hat S$:"
    )
    d.verify(by_moments(both, -1), "all fifteen moments agree at order $1/N$", sp.sympify)
    leading = sum(w[j] * L[j] * pair(j) for j in J) / (
        1 - sum(n[j] * L[j] ** 2 * pair(j) for j in J) / N
    )
    leading *= kappa1 * kappa2 / (argument(kappa1) * argument(kappa2))
    d.verify(by_moments(leading, 0), "and at leading order", sp.sympify)


def pair(j: int) -> sp.Expr:
    """g_j(1) g_j(2)"""
    return 1 / ((L[j] + kappa1) * (L[j] + kappa2))


def by_moments(kernel: sp.Expr, power: int) -> sp.Expr:
    """Kernel minus the t^power part of the moments, over epsilon^6 and rounded to 0.

    kappa is of order 1/epsilon. In exact arithmetic at epsilon = 10^-30: a wrong coefficient of
    epsilon^2 ... epsilon^6 is at least of order 1 here, and all that is beyond of order 10^-30.
    """
    t, large = sp.Symbol("t"), sp.Integer(10) ** 30
    given = map(sp.Rational, ("2", "3/4", "3", "5", "2/7", "1", "7"))
    numbers = dict(zip((*L, *n, *w, N), given, strict=True))
    here = {kappa1: large, kappa2: sp.Rational(3, 2) * large}
    first, second = (1 / argument(k).xreplace(here).xreplace(numbers) for k in (kappa1, kappa2))
    expected = sp.Integer(0)
    for a in range(5):
        for b in range(5 - a):
            inner = (0,) * (a - 1) + ((1,) if a and b else ()) + (0,) * (b - 1)
            mean = moment(inner) if a or b else sp.Integer(1)
            # With no factor on one side, S stands at the open end.
            mean = mean if a and b else mean * l_open
            expected += first ** (a + 1) * second ** (b + 1) * part_of(mean, numbers, t, power)
    left = kernel.xreplace(here).xreplace(numbers) - expected
    return sp.Integer(0) if abs(left * large**6) < sp.Rational(1, 10**20) else left


def part_of(
    mean: sp.Expr, numbers: dict[sp.Symbol, sp.Rational], t: sp.Symbol, power: int
) -> sp.Expr:
    """The t^power term of sum_j w_j mean(l_j), n_j and N multiplied by t (w_j is a total)."""
    traces = {
        sp.Symbol(f"T_{q}", positive=True): t * sum(k * l**q for k, l in zip(n, L, strict=True))
        for q in range(9)
    }
    scaled = mean.subs(traces).subs(N, t * N)
    total = sum(weight * scaled.subs(l_open, l) for weight, l in zip(w, L, strict=True))
    return sp.expand(total.subs(numbers)).coeff(t, power)
