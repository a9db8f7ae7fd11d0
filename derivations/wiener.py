"""The best linear estimator B = Cov(x, y) S^-1 and the risk that it leaves, the floor."""

from __future__ import annotations

import sympy as sp

from derivations.derivation import Derivation

TITLE = "The Wiener estimator and the floor"


def derive(d: Derivation) -> None:
    d.assume(
        "$x$ has mean zero and covariance $S_x$; $y = A x + z$ with $z$ independent of $x$, "
        "of mean zero and covariance $\\sigma^2 I$. Nothing else is asked of their laws."
    )
    d.say(
        "Two signal and two measured dimensions carry the algebra: every entry of every matrix "
        "is a symbol."
    )
    s = sp.Symbol("sigma", positive=True)
    Sx = sp.Matrix(2, 2, sp.symbols("s11 s12 s12 s22", real=True))
    A = sp.Matrix(2, 2, sp.symbols("a11 a12 a21 a22", real=True))
    W = sp.Matrix(2, 2, sp.symbols("w11 w12 w21 w22", real=True))
    I = sp.eye(2)
    S = d.step(A * Sx * A.T + s**2 * I, "Covariance of the measurement:", r"S = \mathrm{Cov}(y)")
    C = d.step(Sx * A.T, "and of signal with measurement:", r"\mathrm{Cov}(x, y)")

    risk = d.step(
        ((W * A - I) * Sx * (W * A - I).T + s**2 * W * W.T).trace(),
        "The error is $(W A - I) x + W z$, of independent parts:",
        "R(W)",
    )
    gradient = sp.Matrix(2, 2, [sp.diff(risk, w) for w in W])
    d.verify(
        gradient - 2 * (W * S - C),
        "the gradient of $E\\|W y - x\\|^2$ in $W$ is $2 (W S - \\mathrm{Cov}(x, y))$",
    )
    B = C * S.adjugate() / S.det()
    d.verify(B * S - C, "it vanishes at $B = \\mathrm{Cov}(x, y) S^{-1}$, the Wiener estimator")
    floor = (Sx - C * S.adjugate() * C.T / S.det()).trace()
    excess = ((W - B) * S * (W - B).T).trace()
    d.verify(
        risk - floor - excess,
        "completing the square: $R(W) = \\mathrm{tr}(S_x - B S B') + "
        "\\mathrm{tr}[(W - B) S (W - B)']$, so what is learned is measured by $S$",
    )

    d.say(
        "**Subspace model.** $A = I$ and $S_x = U U'$ with $U'U = I_d$: $S_x$ is a projector, "
        "and in its eigenbasis everything is diagonal."
    )
    on, off = {A[0]: 1, A[1]: 0, A[2]: 0, A[3]: 1}, {Sx[0]: 1, Sx[1]: 0, Sx[3]: 0}
    S_here, B_here = (M.subs(on).subs(off).applyfunc(sp.cancel) for M in (S, B))
    d.result(
        "subspace_eigenvalues",
        sp.Matrix([[S_here[0], S_here[3]]]),
        "Eigenvalues of $S$ on the subspace and off it:",
        "(l_1, l_2)",
    )
    d.result(
        "subspace_weights",
        sp.Matrix([[B_here[0] ** 2, B_here[3] ** 2]]),
        "and $\\|B P_j\\|_F^2 / d$, the weight of each in the risk:",
        "(w_1, w_2)",
    )
    d.result(
        "subspace_floor",
        sp.cancel(floor.subs(on).subs(off)),
        "Each of the $d$ directions leaves the same, and the scale is $d$:",
        r"\text{floor}",
    )

    d.say(
        "**General case, one direction.** Where $A S_x A'$ has eigenvalue $k$ with eigenvector "
        "$v$, and $\\gamma = \\|S_x A' v\\|^2$:"
    )
    k, gamma = sp.symbols("k gamma", positive=True)
    eigenvalue = d.result("eigenvalue", k + s**2, "", "l")
    d.result("weight", gamma / eigenvalue**2, "", r"\|B v\|^2")
    d.result(
        "explained",
        gamma / eigenvalue,
        "What this direction takes off the signal's power $\\mathrm{tr} S_x$, to leave the floor:",
        r"\|B v\|^2\, l",
    )
