"""The equations of `mixtures_finite` solved in many digits: what its checks and tests compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import mpmath as mp
import sympy as sp

from derivations.mixtures_exact import Point, number
from derivations.mixtures_symbols import (
    A_S,
    CURVE,
    DELTA,
    FIRST,
    GAMMA,
    MINUS,
    PLUS,
    SECOND,
    X_S,
    C_s,
    D_s,
    G,
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
    flavours,
    k,
    m,
    pi,
    q,
    s,
    sigma2,
    tau,
    u,
    z,
    z1,
    z2,
)

DIGITS, FACTORS, LONGEST = 300, 3, 4000
ROUNDED = 64  # units in the last place: when a fixed point has settled
STEP = Fraction(1, 10**15)  # of differences


class Words:
    """Recorded equations as functions of numbers."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self._known = {name: compiled(expr) for name, expr in results.items()}

    def __call__(self, name: str, *given: Mapping[sp.Symbol, Any]) -> Any:
        names, function = self._known[name]
        values: dict[sp.Symbol, Any] = {}
        for part in given:
            values |= part
        return function(*[values[x] for x in names])


def compiled(expr: Any) -> tuple[list[sp.Symbol], Callable[..., Any]]:
    matrices = expr.atoms(sp.MatrixSymbol)
    if matrices:
        entries = {x: sp.Matrix(*x.shape, lambda i, j, x=x: entry(x, i, j)) for x in matrices}
        expr = expr.xreplace({x: y.as_immutable() for x, y in entries.items()}).doit()
    names = sorted(expr.free_symbols, key=str)
    return names, sp.lambdify(names, expr, "mpmath")


def entry(x: sp.MatrixSymbol, i: int, j: int) -> sp.Symbol:
    return sp.Symbol(f"{x.name}_{i}{j}")


def entries(x: sp.MatrixSymbol, values: Any) -> dict[sp.Symbol, Any]:
    rows, columns = x.shape
    return {entry(x, i, j): values[i, j] for i in range(rows) for j in range(columns)}


def settle(step: Callable[[Any], Any], start: Any) -> Any:
    """The fixed point, to the working precision."""
    old = start
    for _ in range(LONGEST):
        new = step(old)
        if mp.norm(new - old, mp.inf) <= ROUNDED * mp.eps * mp.norm(new, mp.inf):
            return new
        old = new
    raise ArithmeticError("no fixed point")


# One flavour: x = (A, sigma^2 B), t = (tau, 1).


def rays(p: Point, x: Any) -> list[Any]:
    return [1 / (1 + t * x[0] + x[1]) for t in p.tau]


def moments(p: Point, values: list[Any]) -> list[Any]:
    """E tau^0, tau^1, tau^2 times values."""
    return [
        sum(w * t**i * y for w, t, y in zip(p.pi, p.tau, values, strict=True)) for i in range(3)
    ]


def square(e: list[Any]) -> Any:
    """E t t' times what e are the moments of."""
    return mp.matrix([[e[2], e[1]], [e[1], e[0]]])


def solve_one(words: Words, p: Point, source: Any) -> tuple[Any, list[dict[sp.Symbol, Any]]]:
    def spaces(x: Any) -> list[dict[sp.Symbol, Any]]:
        e = moments(p, rays(p, x))
        out = []
        for space in p.spaces:
            known = space | {al: e[1], be: e[0], s: source, z: p.z1}
            out.append(known | {Q: words("resolvent", known)})
        return out

    def step(x: Any) -> Any:
        return sum((words("x", space) for space in spaces(x)), mp.zeros(2, 1))

    x = settle(step, mp.zeros(2, 1))
    return x, spaces(x)


def terms_one(words: Words, p: Point, source: Any) -> tuple[Any, Any]:
    """Phi1 and Phi2 with a source s."""
    x, spaces = solve_one(words, p, source)
    C = square(moments(p, [b**2 for b in rays(p, x)]))
    D = sum((words("profile", space) for space in spaces), mp.zeros(2, 2))
    K = D * C
    one = words("one", dict(zip(flavours("K"), K, strict=True)))
    return one, drawn_part(words, p, lambda at: at.N * _log_ratio(words, at, source))


def _log_ratio(words: Words, p: Point, source: Any) -> Any:
    b = rays(p, solve_one(words, p, source)[0])
    return mp.log(b[1]) - mp.log(b[0])


def drawn_part(words: Words, p: Point, slope: Callable[[Point], Any], h: Any = None) -> Any:
    """Phi2 by the derivative of Phi0' along the frequencies."""
    h = number(STEP) if h is None else h
    up, down = (slope(replace(p, pi=(p.pi[0] + i * h, p.pi[1] - i * h))) for i in (1, -1))
    known = {pi[0]: p.pi[0], pi[1]: p.pi[1], N: p.N, CURVE: (up - down) / (2 * h)}
    return words("law", known)


def differences_one(words: Words, p: Point) -> list[Any]:
    h = number(STEP)
    up, down = (terms_one(words, p, i * h) for i in (1, -1))
    return [(x - y) / (2 * h) for x, y in zip(up, down, strict=True)]


def closed_form(words: Words, p: Point) -> tuple[Any, ...]:
    """L given, L drawn and Phi2 by their formulas."""
    x, spaces = solve_one(words, p, mp.mpf(0))
    b = rays(p, x)
    e, C = moments(p, b), square(moments(p, [y**2 for y in b]))
    mean = mp.matrix([e[1], e[0]])
    D = sum((words("profile", space) for space in spaces), mp.zeros(2, 2))
    R = inverse(mp.eye(2) - D * C)
    h = sum((words("source", space) for space in spaces), mp.zeros(2, 1))
    moved = -(R.T * C * h)
    x_s = h - D * moved
    slope = [
        words("C_s", {tau[0]: t, q: 1 / y - 1, X_S[0]: x_s[0], X_S[1]: x_s[1]})
        for t, y in zip(p.tau, b, strict=True)
    ]
    turned = {A_S[0]: moved[0], A_S[1]: moved[1]}
    Lam = sum((words("Lambda", space, turned) for space in spaces), mp.zeros(2, 2))
    W = C - mean * mean.T
    Y = R.T * W * R
    known: dict[sp.Symbol, Any] = {}
    for name, value in zip("CDRWXY", (C, D, R, W, D * Y * D, Y), strict=True):
        known |= entries(M[name], value)
    known |= entries(C_s, square(moments(p, slope))) | entries(D_s, Lam)
    known |= entries(a_s, moved) | entries(a_0, mean)
    return tuple(words(name, known) for name in ("linear_twist", "linear_law", "law_one"))


def inverse(x: Any) -> Any:
    det = x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0]
    return mp.matrix([[x[1, 1], -x[0, 1]], [-x[1, 0], x[0, 0]]]) / det


# Two flavours: the unknown is A above B, 4 x 2.


def solve_two(words: Words, p: Point, by_s: Any, by_u: Any) -> tuple[list[Any], list[Any]]:
    """(1 + q)^{-1} at both atoms, and in each eigenspace what is known there."""
    sources = {s: by_s, u: by_u, z1: p.z1, z2: p.z2}

    def unfold(x: Any) -> tuple[list[Any], list[Any]]:
        rays = [inverse(mp.eye(2) + t * x[:2, :] + p.sigma2 * x[2:, :]) for t in p.tau]
        mean = [
            p.pi[0] * p.tau[0] ** i * rays[0] + p.pi[1] * p.tau[1] ** i * rays[1] for i in (1, 0)
        ]
        out = []
        for space in p.spaces:
            known = space | sources | named(a, mean[0]) | named(b, mean[1])
            out.append(known | named(G, inverse(words("block", known))))
        return rays, out

    def step(x: Any) -> Any:
        new = mp.zeros(4, 2)
        new[1, 0] = -by_u * p.T / p.N
        for space in unfold(x)[1]:
            new[:2, :] += words("A", space) / p.N
            new[2:, :] += words("B", space) / p.N
        return new

    return unfold(settle(step, mp.zeros(4, 2)))


def named(symbols: sp.Matrix, values: Any) -> dict[sp.Symbol, Any]:
    return {symbols[i, j]: values[i, j] for i in range(2) for j in range(2)}


PAIRS = list(product(range(2), repeat=2))
SYMMETRIC = [((0, 0),), ((0, 1), (1, 0)), ((1, 1),)]


def twist_part(words: Words, p: Point, solution: tuple[list[Any], list[Any]]) -> Any:
    """Phi1: K on tensors in flavour, times the signal's or the noise's part."""
    rays, spaces = solution
    kinds = (("both", "right"), ("left", None))
    # An index is a pair of flavours and a part; both determinants from the same entries.
    index = [(f, h, i) for f, h in PAIRS for i in range(2)]
    ladder, chain = mp.zeros(8, 8), mp.zeros(8, 8)
    for space in spaces:
        v = (space[k], space[sigma2])
        plain = mp.matrix(2, 2)
        for i, j in PAIRS:
            plain[i, j] = space[G[i, j]]
        gamma = [[words(x, space) if x else plain for x in line] for line in kinds]
        for (r, (f, h, i)), (c, (f2, h2, j)) in product(enumerate(index), repeat=2):
            one = {GAMMA[0]: gamma[i][j][f, f2], GAMMA[1]: gamma[i][j][h, h2]}
            ladder[r, c] += words("ladder", space, one | {V[0]: v[i], V[1]: v[j]})
    law = dict(zip((*tau, *pi), (*p.tau, *p.pi), strict=True))
    for (r, (f, h, i)), (c, (f2, h2, j)) in product(enumerate(index), repeat=2):
        one = dict(zip(FIRST, (x[f, f2] for x in rays), strict=True))
        two = dict(zip(SECOND, (x[h, h2] for x in rays), strict=True))
        chain[r, c] = words("chain", law, one, two, {m: (i == 0) + (j == 0)})
    K = ladder * chain
    row = {key: r for r, key in enumerate(index)}

    def projected(tensors: list[list[tuple[int, int, int]]]) -> Any:
        """1 - K on sums of basis tensors, each read off its first entry; the second has a sign."""
        size = len(tensors) * 2
        out = mp.eye(size)
        for (r, to), (c, of) in product(enumerate(tensors), repeat=2):
            for i, j in PAIRS:
                value = sum(sign * K[row[*to[0][:2], i], row[f, h, j]] for f, h, sign in of)
                out[2 * r + i, 2 * c + j] -= value
        return mp.det(out)

    plus = projected([[(f, h, 1) for f, h in pair] for pair in SYMMETRIC])
    minus = projected([[(0, 1, 1), (1, 0, -1)]])
    return words("Phi1", {PLUS: plus, MINUS: minus})


def kernels(words: Words, p: Point, size: Any, h: Any) -> tuple[Any, Any]:
    """H given and H drawn: the difference quotient in s u, of the given size in s and in u."""
    out: list[list[Any]] = []
    for sign in (1, -1):

        def slope(at: Point, sign: int = sign) -> Any:
            rays = solve_two(words, at, size, sign * size)[0]
            deltas = [1 / mp.det(x) for x in rays]
            return words("slope", {N: at.N} | dict(zip(DELTA, deltas, strict=True)))

        given = twist_part(words, p, solve_two(words, p, size, sign * size))
        out.append([given, drawn_part(words, p, slope, h)])
    first, second = (-(x - y) / (2 * size**2) for x, y in zip(*out, strict=True))
    return first, second


def left_out(value: Any) -> Any:
    """Of a central difference of central differences: the square of the step, and rounding."""
    h = number(STEP)
    return abs(value) * (h**2 + ROUNDED * mp.eps / h**2)


def negligible(size: Any) -> Callable[[Any], Any]:
    """Zero if a number is smaller than that. (In software: the same on every processor.)"""
    return lambda left: sp.Integer(0) if abs(left) < size else sp.Float(abs(left))
