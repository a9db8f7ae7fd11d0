r"""The exact reduction of the risk to the spectrum of S, for Gaussian data and every N.

E[R | Y] = floor + tr[B rho S rho B'] + tr(Cov e) (1/N) tr[S h], with rho and h = (1 - rho)^2/l
taken at Sh = Y Y'/N; its mean sees only l_j, n_j, w_j = ||B P_j||^2 and the floor.
"""

from __future__ import annotations

from itertools import product

import sympy as sp

from derivations.derivation import Derivation

TITLE = "From Gaussian data to the spectral problem"

N = sp.Symbol("N", positive=True)
B = sp.Matrix(2, 2, sp.symbols("b_11 b_12 b_21 b_22", real=True))
S = sp.Matrix(2, 2, sp.symbols("S_11 S_12 S_12 S_22", real=True))
Sx = sp.Matrix(2, 2, sp.symbols("K_11 K_12 K_12 K_22", real=True))
rest = sp.Matrix(2, 2, sp.symbols("c_11 c_12 c_12 c_22", real=True))  # Cov(e)
rho = sp.symbols("rho_1 rho_2", real=True)
lam = sp.symbols("lambda_1 lambda_2", positive=True)  # eigenvalues of Sh
L = sp.symbols("l_1 l_2", positive=True)
w = sp.symbols("w_1 w_2", nonnegative=True)
E = sp.Matrix(2, 2, sp.symbols("e_11 e_12 e_21 e_22", real=True))


def averaged(expr: sp.Expr) -> sp.Expr:
    """Mean over E, whose columns are independent of mean 0 and covariance ``rest``."""
    total = expr.subs(dict.fromkeys(E, 0))
    for a, b, k in product(range(2), repeat=3):
        total += sp.diff(expr, E[a, k], E[b, k]).subs(dict.fromkeys(E, 0)) * rest[a, b] / 2
    return total


def derive(d: Derivation) -> None:
    d.assume(
        r"$x$ and $y$ are jointly Gaussian of mean zero, $S = \mathrm{Cov}(y)$ is invertible and "
        r"$B = \mathrm{Cov}(x, y) S^{-1}$. The columns of $X$ and $Y$ are $N$ independent pairs; "
        r"$\hat S = Y Y'/N$ and $W = \frac1N X Y' g(\hat S)$, with $\rho = 1 - l g$ (`filters`)."
    )
    d.say(
        "Two signal and two measured dimensions and two examples carry the algebra, with every "
        r"entry a symbol. [Klug] have $A = I$ and $x$ in a subspace. For $y = A x + z$ with white "
        r"noise, $S = A S_x A' + \sigma^2 I$ and "
        r"$\mathrm{Cov}(x, y) = S_x A'$ (`wiener`); nothing below asks where $S$ and $B$ are from."
    )
    independence(d)
    error = decomposition(d)
    given_measurements(d, error)
    symmetry(d)


def independence(d: Derivation) -> None:
    d.say(r"**Signal from measurement.** $x = B y + e$ defines $e$.")
    C = sp.Matrix(2, 2, sp.symbols("C_11 C_12 C_21 C_22", real=True))
    both = d.step(C - B * S, r"With $C = \mathrm{Cov}(x, y)$:", r"\mathrm{Cov}(e, y)")
    best = dict(zip(B, C * S.adjugate() / S.det(), strict=True))
    d.verify(both.subs(best), "$e$ and $y$ are uncorrelated at $B = C S^{-1}$")
    d.lemma(
        "Jointly Gaussian vectors that are uncorrelated are independent. So $X = B Y + E$ with $E$ "
        "independent of $Y$.",
        "Muirhead",
    )
    left = Sx - B * C.T - C * B.T + B * S * B.T
    floor = d.result(
        "floor",
        sp.expand(left.trace().subs(dict(zip(C, B * S, strict=True)))),
        "The trace of its covariance, with $C = B S$, is the floor:",
        r"\mathrm{tr}\, \mathrm{Cov}(e)",
    )
    d.verify(floor - (Sx - B * S * B.T).trace(), r"it is $\mathrm{tr}(S_x - B S B')$")


def decomposition(d: Derivation) -> sp.Expr:
    b, y, turned, e, f = sp.symbols("B Y Y' E g", commutative=False)
    Sh = sp.Symbol(r"\hat{S}", commutative=False)
    learned = sp.expand((b * y + e) * turned * f / N).subs(y * turned, N * Sh)
    error = d.step(
        -b * (1 - Sh * f) + e * turned * f / N,
        "What is missed, and what the residual $E$ adds:",
        "W - B",
    )
    d.verify(
        learned - b - error, r"it is $\frac1N (B Y + E) Y' g - B$ with $Y Y' = N \hat S$", sp.expand
    )
    return error


def given_measurements(d: Derivation, error: sp.Expr) -> None:
    d.say(
        r"**Given $Y$.** The learning error is $\mathrm{tr}[(W - B) S (W - B)']$ (`wiener`). "
        r"Average over $E$ with $E[e_{ai} e_{bk}] = \delta_{ik}\, \mathrm{Cov}(e)_{ab}$. On two "
        r"eigenvalues every filter is a polynomial of degree one, so $g(l) = g_0 + g_1 l$ is no "
        r"loss."
    )
    Y = sp.Matrix(2, 2, sp.symbols("y_11 y_12 y_21 y_22", real=True))
    g0, g1 = sp.symbols("g_0 g_1", real=True)

    def parts(Y: sp.Matrix) -> dict[str, sp.Matrix]:
        Sh = Y * Y.T / 2
        return {"B": B, r"\hat{S}": Sh, "g": g0 * sp.eye(2) + g1 * Sh, "E": E, "Y'": Y.T}

    here = parts(Y)
    missed = sp.zeros(2, 2)
    for term in sp.expand(error).subs(N, 2).args:
        factor, matrices = term.args_cnc()
        missed += sp.prod(factor) * sp.prod([here[m.name] for m in matrices], start=sp.eye(2))
    Sh, g = here[r"\hat{S}"], here["g"]
    left = sp.eye(2) - Sh * g
    d.verify(
        averaged((missed * S * missed.T).trace())
        - (B * left * S * left * B.T).trace()
        - rest.trace() * (S * g * Sh * g).trace() / 2,
        r"the mean is $\mathrm{tr}[B \rho S \rho B'] + \mathrm{tr}\, \mathrm{Cov}(e)\, \frac1N "
        r"\mathrm{tr}[S h]$ with $h = l g^2$, for any $Y$",
        sp.expand,
    )
    d.say(
        r"**In the eigenbasis of $\hat S$**, eigenvalues $\lambda_i$, the rows of $Y$ are "
        r"orthogonal and of square $N \lambda_i$; turning its columns does not change the law of "
        r"$E$. With $\rho_i = \rho(\lambda_i)$, $g = (1 - \rho)/\lambda$, and $S$ and $B$ in this "
        r"basis:"
    )
    Y = sp.diag(*(sp.sqrt(N * x) for x in lam))
    gain = sp.diag(*((1 - r) / x for r, x in zip(rho, lam, strict=True)))
    missed = -B * sp.diag(*rho) + E * Y.T * gain / N
    mean = sp.expand(averaged((missed * S * missed.T).trace()))
    bias = d.result(
        "bias",
        sp.collect(mean.subs(dict.fromkeys(rest, 0)), rho),
        r"The part without $\mathrm{Cov}(e)$:",
        r"\mathrm{tr}[B \rho S \rho B']",
    )
    noise = sp.cancel(mean.subs(dict.fromkeys(B, 0)) / rest.trace() * N)
    noise = rest.trace() / N * sp.collect(sp.expand(noise), list(S), sp.factor)
    variance = d.result("variance", noise, "and the other:", r"\text{variance}")
    d.verify(mean - bias - variance, "there is nothing else")
    h = d.step(
        (1 - rho[0]) ** 2 / lam[0],
        r"so that the variance is $\mathrm{tr}\, \mathrm{Cov}(e)\, \frac1N \sum_i S_{ii} "
        r"h(\lambda_i)$ with",
        r"h(\lambda_1)",
    )
    other = h.subs({rho[0]: rho[1], lam[0]: lam[1]}, simultaneous=True)
    d.verify(variance - rest.trace() / N * (S[0] * h + S[3] * other), "put in")


def symmetry(d: Derivation) -> None:
    d.say(
        r"**What enters.** In the eigenbasis of $S$, let $M = \rho S \rho$. The law of $Y$ is that "
        r"of $D Y$ for every sign matrix $D$, and $E\, M = E\, D M D$."
    )
    Y = sp.Matrix(2, 2, sp.symbols("y_11 y_12 y_21 y_22", real=True))
    g0, g1 = sp.symbols("g_0 g_1", real=True)
    D, O = sp.diag(1, -1), sp.Matrix([[0, 1], [-1, 0]])

    def sandwich(Y: sp.Matrix, S: sp.Matrix) -> sp.Matrix:
        Sh = Y * Y.T / 2
        left = sp.eye(2) - Sh * (g0 * sp.eye(2) + g1 * Sh)
        return left * S * left

    d.verify(
        sandwich(D * Y, sp.diag(*L)) - D * sandwich(Y, sp.diag(*L)) * D,
        "$M$ of $D Y$ is $D M D$, since $D S D = S$",
        sp.expand,
    )
    M = sp.Matrix(2, 2, sp.symbols("m_11 m_12 m_12 m_22", real=True))
    folded = (M + D * M * D) / 2
    seen = d.step(
        sp.collect(sp.expand((B.T * B * folded).trace()), list(M)),
        "The mean over $D$ keeps the diagonal only:",
        r"\mathrm{tr}[B'B\, E M]",
    )
    weights = [
        d.result(f"weight_{j + 1}", (B[:, j].T * B[:, j])[0], "", f"w_{j + 1}") for j in range(2)
    ]
    d.verify(
        seen - weights[0] * M[0] - weights[1] * M[3],
        r"it is $\sum_j w_j\, E M_{jj}$ with $w_j = \|B v_j\|^2$",
    )
    d.say("Within an eigenspace, $l_1 = l_2$, the law of $Y$ is that of $O Y$ for rotations too:")
    d.verify(
        sandwich(O * Y, L[0] * sp.eye(2)) - O * sandwich(Y, L[0] * sp.eye(2)) * O.T,
        "$M$ of $O Y$ is $O M O'$",
        sp.expand,
    )
    round_ = (folded + O * folded * O.T) / 2
    total = sum(weights)
    d.verify(
        (B.T * B * round_).trace() - total * M.trace() / 2,
        r"so that only the sum of the weights, $\|B P_j\|^2$, meets the mean of the diagonal: the "
        r"law of $M$ itself depends on $l_j$, $n_j$ and $N$ alone",
    )
    d.say(
        r"Every pair of directions has such a sign, and every pair in one eigenspace such a turn, "
        r"so nothing depends on the number of dimensions."
    )
    d.say(r"**Many examples.** $\hat S \to S$, and the variance goes like $1/N$:")
    to_S = {S[0]: L[0], S[1]: 0, S[3]: L[1]}
    plain = sp.expand(d.results["bias"].subs(to_S))
    in_weights = {B[0, j] ** 2: w[j] - B[1, j] ** 2 for j in range(2)}
    limit = d.result("limit", sp.expand(plain.subs(in_weights)), "", r"R_\infty - \text{floor}")
    d.verify(
        limit - sum(w[j] * L[j] * rho[j] ** 2 for j in range(2)),
        r"that is $\sum_j w_j l_j \rho(l_j)^2$",
    )
    d.verify(sp.limit(d.results["variance"], N, sp.oo), "and no variance")
