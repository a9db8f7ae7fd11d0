r"""Scale mixtures x = sqrt(tau) g: the risk to leading order, by leaving two samples out.

R scale = tr S_x - 2 I[g L] + II[g g H],
L = a sum_j g_j Q_j,   H = sum_j g_j [a1 a2 M_j - r (a1 Q_j(z1) + a2 Q_j(z2))] + r tr S_x
"""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation, identically_zero

TITLE = "Scale mixtures"

N, sigma2 = sp.symbols("N sigma^2", positive=True)
tau = sp.symbols("tau_1 tau_2", positive=True)  # two atoms of the law of tau,
pi = sp.symbols("pi_1 pi_2", positive=True)  # with their probabilities
k = sp.symbols("k_1 k_2", positive=True)  # two eigenvalues of K = A S_x A',
n = sp.symbols("n_1 n_2", positive=True)  # with their multiplicities
g = sp.symbols("g_1 g_2", positive=True)  # |S_x A' v|^2, total over an eigenspace
trace, floor = sp.symbols("T floor", positive=True)  # tr S_x
z1, z2, s = sp.symbols("z_1 z_2 s")
A, B, r, w = sp.symbols("A B r w")
P, R = sp.symbols("Q_1(z_1) Q_2(z_1)"), sp.symbols("Q_1(z_2) Q_2(z_2)")
q1, q2 = sp.symbols("q_1(z_1) q_2(z_1)"), sp.symbols("q_1(z_2) q_2(z_2)")
ATOMS, SPACES = range(2), range(2)


def variance(i: int, j: int) -> sp.Expr:
    """Of y in the eigenspace j given the i-th atom of tau."""
    return tau[i] * k[j] + sigma2


def mean(values: list[sp.Expr]) -> sp.Expr:
    """Over the law of tau."""
    return sum(p * v for p, v in zip(pi, values, strict=True))


def derive(d: Derivation) -> None:
    d.assume(
        r"$x_i = \sqrt{\tau_i}\, g_i$ with $g_i \sim N(0, S_x)$ and $\mathrm{E}\,\tau = 1$, "
        r"$y_i = A x_i + z_i$, $K = A S_x A'$ with eigenvalues $k_j$, eigenvectors $v$ and "
        r"multiplicities $n_j$, $g_j = \sum |S_x A' v|^2$ over the eigenspace. Given $\tau_i$ all "
        r"samples share the eigenvectors, and $y_i$ has variance $V_{ij} = \tau_i k_j + \sigma^2$ "
        r"on the eigenspace $j$: a variance profile. $n_j$ and $N$ grow in proportion. Two atoms "
        r"of $\tau$ and two eigenspaces are written out; sums run over all there are."
    )
    one_resolvent(d)
    d.say(
        r"**The linear term.** $W = \frac1N \sum_i x_i y_i' g(\hat S)$, and "
        r"$\mathrm{E}[x_i y_i' \mid \tau_i] = \tau_i S_x A'$. Leaving the sample out of the "
        r"resolvent beside it gives $\mathrm{E}\,\mathrm{tr}[W\, A S_x] = I[g L]$ with"
    )
    a = mean([tau[i] / (1 + q1[i]) for i in ATOMS])
    d.result("linear", a * sum(g[j] * P[j] for j in SPACES), "", "L(z_1)")
    system = two_resolvents(d)
    left_out(d, system)


def one_resolvent(d: Derivation) -> None:
    d.say(
        r"**One sample left out.** With $Q^{(i)}$ the resolvent without sample $i$ (seen for "
        r"numbers, $h$ its inverse there),"
    )
    h, y = sp.symbols("h y", positive=True)
    left = d.step(y / h / (1 + y**2 / (N * h)), "", r"Q y_i")
    d.verify(left - y / (h + y**2 / N), r"$Q y_i = Q^{(i)} y_i / (1 + y_i' Q^{(i)} y_i / N)$")
    d.lemma(
        r"$y_i' Q^{(i)} y_i / N$ concentrates at $q_i = \frac1N \sum_j n_j V_{ij} Q_j$, where "
        r"$Q_j$ is the equivalent of $Q$ on the eigenspace $j$.",
        "Hachem",
    )
    q = [sum(n[j] * variance(i, j) * P[j] for j in SPACES) / N for i in ATOMS]
    d.say(
        r"$I = \hat S Q - z Q$ reads on the eigenspace $j$, once every $y_i' Q$ is replaced so,"
        r" $1 = \{\mathrm{E}_\tau V_{ij} / (1 + q_i) - z\}\, Q_j$. As $V_{ij}$ is of rank two in "
        r"$\tau$, so is $q$: two unknowns, however many atoms there are."
    )
    two = d.step(
        sp.Matrix([sum(n[j] * k[j] * P[j] for j in SPACES), sum(n[j] * P[j] for j in SPACES)]) / N,
        "",
        r"(A, B)",
    )
    flat = d.result("q", tau[0] * A + sigma2 * B, "", r"q_\tau")
    d.verify(
        flat.subs({A: two[0], B: two[1]}) - q[0],
        r"$q_\tau = \tau A + \sigma^2 B$ is $\frac1N \sum_j n_j V_{ij} Q_j$",
    )
    moments = d.result(
        "ab",
        sp.Matrix([mean([tau[i] ** m / (1 + q1[i]) for i in ATOMS]) for m in (1, 0)]),
        r"With $a = \mathrm{E}\,\tau/(1 + q_\tau)$ and $b = \mathrm{E}\,1/(1 + q_\tau)$,",
        r"(a, b)",
    )
    found = d.result("Q", 1 / (k[0] * moments[0] + sigma2 * moments[1] - z1), "", r"Q_1(z_1)")
    d.verify(
        1 / found - (mean([variance(i, 0) / (1 + q1[i]) for i in ATOMS]) - z1),
        "it solves the equation on its eigenspace",
    )


def two_resolvents(d: Derivation) -> dict[str, sp.Expr]:
    """Equivalents of Q(z1) S Q(z2), with the 2 x 2 system that they obey."""
    d.say(
        r"**Two resolvents.** As in `two_resolvents` the doubled matrix "
        r"$\begin{pmatrix} -z_1 & s S \\ 0 & -z_2 \end{pmatrix} + I_2 \otimes \hat S$ has "
        r"$-s\, Q(z_1) S Q(z_2)$ in its corner, here with $q_\tau$ a $2 \times 2$ matrix whose "
        r"corner is $-s\, s_\tau$, $s_\tau = \frac1N \sum_j n_j V_{\tau j} M_j$ and $M_j$ the "
        r"equivalent of $Q(z_1) S Q(z_2)$. To first order in $s$,"
    )
    st = sp.symbols("s_1 s_2")
    corner = [(sp.eye(2) + sp.Matrix([[q1[i], -s * st[i]], [0, q2[i]]])).inv() for i in ATOMS]
    S = [k[j] + sigma2 for j in SPACES]
    block = [
        sp.Matrix([[-z1, s * S[j]], [0, -z2]])
        + sum((pi[i] * variance(i, j) * corner[i] for i in ATOMS), sp.zeros(2, 2))
        for j in SPACES
    ]
    c = [1 / ((1 + q1[i]) * (1 + q2[i])) for i in ATOMS]
    pair = d.step(
        P[0] * R[0] * (S[0] + mean([c[i] * variance(i, 0) * st[i] for i in ATOMS])), "", "M_1"
    )
    diagonal = {P[0]: 1 / block[0][0, 0], R[0]: 1 / block[0][1, 1]}
    d.verify(
        block[0].inv()[0, 1] / -s - pair.subs(diagonal),
        "it is the corner of the doubled resolvent",
        identically_zero,
    )
    d.say(
        r"Again $V$ of rank two leaves two unknowns, $r = \mathrm{E}\, c_\tau \tau s_\tau$ and "
        r"$w = \mathrm{E}\, c_\tau s_\tau$ with "
        r"$c_\tau = 1/[(1 + q_\tau(z_1))(1 + q_\tau(z_2))]$:"
    )
    M = [P[j] * R[j] * (k[j] * (1 + r) + sigma2 * (1 + w)) for j in SPACES]
    M[0] = d.result("M", M[0], "", "M_1")
    unknown = {
        r: mean([c[i] * tau[i] * st[i] for i in ATOMS]),
        w: mean([c[i] * st[i] for i in ATOMS]),
    }
    d.verify(M[0].subs(unknown) - pair, "the same with $r$ and $w$ written out")
    alpha = sum(n[j] * k[j] * M[j] for j in SPACES) / N
    beta = sum(n[j] * M[j] for j in SPACES) / N
    cm = [mean([c[i] * tau[i] ** m for i in ATOMS]) for m in range(3)]
    system = d.result(
        "system",
        sp.Matrix(
            [
                cm[2] * alpha + sigma2 * cm[1] * beta - r,
                cm[1] * alpha + sigma2 * cm[0] * beta - w,
            ]
        ),
        r"As $s_\tau = \tau \frac1N \sum_j n_j k_j M_j + \sigma^2 \frac1N \sum_j n_j M_j$, they "
        r"solve a linear system:",
        r"(0, 0)",
    )
    corner_s = [sum(n[j] * variance(i, j) * M[j] for j in SPACES) / N for i in ATOMS]
    d.verify(
        system
        - sp.Matrix([unknown[r] - r, unknown[w] - w]).subs(dict(zip(st, corner_s, strict=True))),
        "it says what $r$ and $w$ are",
        identically_zero,
    )
    return {"M1": M[0], "M2": M[1], "system": system}


def left_out(d: Derivation, parts: dict[str, sp.Expr]) -> None:
    d.say(
        r"**Two samples left out.** $\mathrm{tr}[W S W']$ holds "
        r"$\frac{1}{N^2} \sum_{il} x_i' x_l\, y_i' Q(z_1) S Q(z_2) y_l$. The terms $i = l$ give "
        r"$\mathrm{E}\, \tau\, \mathrm{tr} S_x\, c_\tau s_\tau = r\, \mathrm{tr} S_x$, since "
        r"$|x_i|^2$ concentrates at $\tau_i\, \mathrm{tr} S_x$. For $i \ne l$ both are taken "
        r"out of each resolvent, $P$ being what is left, and $\beta = 1/(1 + q)$:"
    )
    # Bilinear forms y_i' X y_l / N are small; b1, b2 and m stand for those of P(z1), P(z2) and
    # P(z1) S P(z2), and eps counts how many such factors a term has.
    b1, b2, m, eps = sp.symbols("b_1 b_2 m epsilon")
    f1, f2, h1, h2 = sp.symbols(r"beta_i(z_1) beta_i(z_2) beta_l(z_1) beta_l(z_2)")
    si, sl = sp.symbols("s_i s_l")
    form = d.step(
        f1 * h2 * (m - f2 * si * b2 - h1 * sl * b1),
        r"the form $y_i' Q(z_1) S Q(z_2) y_l / N$ in those of $P$, up to products of three small "
        r"ones,",
        r"y_i' Q(z_1) S Q(z_2) y_l / N",
    )
    # y_i' Q = beta_i (y_i' P - h b y_l' P), Q y_l = beta_l (P y_l - f b P y_i), with the forms of
    # P S P on y_i, y_l: s_i, m, s_l.
    row = sp.Matrix([[f1, -f1 * h1 * eps * b1]])
    column = sp.Matrix([-h2 * f2 * eps * b2, h2])
    inner = sp.Matrix([[si, eps * m], [eps * m, sl]])
    full = sp.expand((row * inner * column)[0])
    d.verify(full.coeff(eps, 1) - form, "it is the part with one small factor")
    d.say(
        r"With $\mathrm{E}[x_i y_i'] = \tau_i S_x A'$ for both samples, a form $y_i' X y_l$ beside "
        r"$x_i' x_l$ has mean $\tau_i \tau_l \sum_j g_j X_j$; "
        r"$\mathrm{E}\, \tau \beta = a$, and $\mathrm{E}\, \tau \beta(z_1) \beta(z_2) s_\tau = r$:"
    )
    a1, a2 = sp.symbols("a(z_1) a(z_2)")
    M = sp.symbols("M_1 M_2")
    H = d.result(
        "quadratic",
        sum(g[j] * (a1 * a2 * M[j] - r * (a1 * P[j] + a2 * R[j])) for j in SPACES) + r * trace,
        "",
        "H(z_1, z_2)",
    )
    # Term by term from the form, under the means just named.
    means = {m: M, b1: P, b2: R}
    weights = {m: a1 * a2, b1: a1 * r, b2: r * a2}
    signs = {
        x: sp.sign(sp.diff(form, x).subs({f1: 1, f2: 1, h1: 1, h2: 1, si: 1, sl: 1})) for x in means
    }
    built = sum(signs[x] * weights[x] * sum(g[j] * means[x][j] for j in SPACES) for x in means)
    d.verify(built + r * trace - H, "the three means of the form, and the diagonal")
    gaussian(d, H, (a1, a2), M, parts)


def gaussian(
    d: Derivation,
    H: sp.Expr,
    a: tuple[sp.Symbol, sp.Symbol],
    M: tuple[sp.Symbol, sp.Symbol],
    parts: dict[str, sp.Expr],
) -> None:
    d.say(
        r"**Constant contrast.** For $\tau = 1$ it must be `two_resolvents` and `contours`. Then "
        r"$a = b = v$ and $w = r$; with $S_j = k_j + \sigma^2$ and $Q_j = 1/(S_j v - z)$ the "
        r"system is one equation,"
    )
    v1, v2 = sp.symbols("v_1 v_2")
    S = [k[j] + sigma2 for j in SPACES]
    Q1 = [1 / (S[j] * v1 - z1) for j in SPACES]
    Q2 = [1 / (S[j] * v2 - z2) for j in SPACES]
    a12 = v1 * v2 * sum(n[j] * S[j] ** 2 * Q1[j] * Q2[j] for j in SPACES) / N
    one = {tau[0]: 1, tau[1]: 1, pi[0]: 1 - pi[1]}
    same = {q1[i]: 1 / v1 - 1 for i in ATOMS} | {q2[i]: 1 / v2 - 1 for i in ATOMS}
    sums = dict(zip(P, Q1, strict=True)) | dict(zip(R, Q2, strict=True))
    found = d.result("gaussian", a12 / (1 - a12), "", "r")
    single = parts["system"].subs(one).subs(same).subs(sums).subs(w, r)
    d.verify(single.subs(r, found), "$r = a_{12}/(1 - a_{12})$ solves it", identically_zero)
    pairs = [part.subs(sums).subs(w, r) for part in (parts["M1"], parts["M2"])]
    kernel = (
        H.subs(dict(zip(M, pairs, strict=True)))
        .subs(sums)
        .subs({a[0]: v1, a[1]: v2, trace: floor + sum(g[j] / S[j] for j in SPACES)})
    )
    known = d.step(
        floor * r
        + sum(
            g[j] / S[j] * (1 + z1 * Q1[j] + z2 * Q2[j] + (1 + r) * z1 * z2 * Q1[j] * Q2[j])
            for j in SPACES
        ),
        r"The kernel is then, with $\mathrm{tr} S_x = \mathrm{floor} + \sum_j g_j / S_j$ and the "
        r"weights $w_j = g_j / S_j^2$ (scale 1),",
        r"H",
    )
    d.verify(
        kernel - known,
        r"$\rho = 1 - z g$ turns it into floor, bias "
        r"$\rho(z_1) \rho(z_2) \sum_j w_j S_j Q_j(z_1) Q_j(z_2) / (1 - a_{12})$ and variance "
        r"$\mathrm{floor} \cdot r$, as $1/(1 - a_{12}) = 1 + r$",
        identically_zero,
    )
