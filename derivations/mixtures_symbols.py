"""The symbols of `mixtures_finite`."""

from __future__ import annotations

import sympy as sp

N, sigma2, trace = sp.symbols("N sigma^2 T", positive=True)  # T = tr S_x
tau = sp.symbols("tau_1 tau_2", positive=True)  # two atoms of the law of tau,
pi = sp.symbols("pi_1 pi_2", positive=True)  # with their probabilities
k, n, g = sp.symbols("k n g", positive=True)  # one eigenspace, as in `mixtures`; sums run over all
z, z1, z2, s, u = sp.symbols("z z_1 z_2 s u")


def flavours(name: str) -> sp.Matrix:
    """A 2 x 2 matrix of symbols."""
    return sp.Matrix(2, 2, sp.symbols(f"{name}_11 {name}_12 {name}_21 {name}_22"))


a, b, A, B, G = (flavours(name) for name in "abABG")
TURN = sp.Matrix([[0, 0], [1, 0]])  # E, from flavour 2 to flavour 1
ONE = sp.eye(2)
CURVE = sp.Symbol(r"\ddot{\Phi}")
PLUS, MINUS = sp.symbols("D_+ D_-", positive=True)

# One flavour.
M = {name: sp.MatrixSymbol(name, 2, 2) for name in ("C", "D", "R", "W", "X", "Y")}
C_s, D_s = sp.MatrixSymbol("C_s", 2, 2), sp.MatrixSymbol("Lambda", 2, 2)
a_s, a_0 = sp.MatrixSymbol("a_s", 2, 1), sp.MatrixSymbol("a_0", 2, 1)
q, Q, al, be = sp.symbols("q Q a b")
A1, B1 = sp.symbols("A B")
A_S, X_S = sp.symbols("a_s1 a_s2"), sp.symbols("x_1 x_2")
K = flavours("K")

# Two.
m = sp.Symbol("m")
GAMMA, V = sp.symbols("Gamma_ff' Gamma_hh'"), sp.symbols("v_a v_b")
FIRST, SECOND = sp.symbols("beta_1 beta_2"), sp.symbols("gamma_1 gamma_2")
DET, DELTA = sp.Symbol("D"), sp.symbols("delta_1 delta_2")
