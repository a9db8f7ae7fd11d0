r"""Moments of the sample covariance Sh of Gaussian data, E Sh S^b1 Sh S^b2 ... Sh, exact in N.

Each is a sum over pairings of N^-(k - c) S^p tr S^q1 tr S^q2 ..., c being the number of
different samples that the pairing leaves; for instance E Sh S Sh = S^3 (1 + 1/N) + S tr(S^2)/N.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from derivations.derivation import Derivation

TITLE = "Wishart moments from Gaussian pairings"

N, l = sp.symbols("N l", positive=True)
T = sp.symbols("T_0:9", positive=True)  # T[q] = tr S^q
S, Sh = sp.symbols(r"S \hat{S}", commutative=False)

Word = tuple[int, ...]
NAMES: dict[str, Word] = {
    r"E\, \hat S^2": (0,),
    r"E\, \hat S S \hat S": (1,),
    r"E\, \hat S S \hat S^2": (1, 0),
    r"E\, \hat S^3": (0, 0),
    r"E\, \hat S^2 S \hat S^2": (0, 1, 0),
}


def pairings(legs: list[int], complex_data: bool) -> Iterator[list[tuple[int, int]]]:
    """All ways to pair the legs; complex data pairs an even one (y) with an odd one (conj y)."""
    if not legs:
        yield []
    for i in range(1, len(legs)):
        if not complex_data or (legs[0] + legs[i]) % 2:
            for rest in pairings(legs[1:i] + legs[i + 1 :], complex_data):
                yield [(legs[0], legs[i]), *rest]


def components(edges: list[tuple[int, int, int]]) -> dict[int, int]:
    """Weight of each connected component of a graph, keyed by its lowest vertex."""
    root = {v: v for a, b, _ in edges for v in (a, b)}
    for a, b, _ in edges:
        low, high = sorted((root[a], root[b]))
        root = {v: low if r == high else r for v, r in root.items()}
    weight = dict.fromkeys(root.values(), 0)
    for a, _, w in edges:
        weight[root[a]] += w
    return weight


def moment(between: Word, complex_data: bool = False) -> sp.Expr:
    """E Sh S^b1 Sh ... Sh at an eigenvalue l of S, as a polynomial in l, 1/N and T_q = tr S^q.

    Factor i of the product has the legs 2i and 2i + 1, both of sample i. Edges: a pairing, where
    S stands (weight 1) and which identifies two samples; the product, which joins the leg 2i + 1
    to the next one through S^b. The open ends 0 and 2k - 1 are joined so that every path closes.
    """
    k = len(between) + 1
    product = [(2 * i + 1, 2 * i + 2, b) for i, b in enumerate(between)] + [(2 * k - 1, 0, 0)]
    samples = [(2 * i, 2 * i + 1, 0) for i in range(k)]
    total = sp.Integer(0)
    for pairing in pairings(list(range(2 * k)), complex_data):
        joined = [(a, b, 1) for a, b in pairing]
        loops = components(joined + product)
        open_power = loops.pop(0)
        different = len(components(joined + samples))
        total += N ** (different - k) * l**open_power * sp.prod([T[q] for q in loops.values()])
    return total


def expectation(expr: sp.Expr, complex_data: bool = False) -> sp.Expr:
    """The mean, at an eigenvalue l, of a polynomial in the matrices ``Sh`` and ``S``."""
    total = sp.Integer(0)
    for term in sp.Add.make_args(sp.expand(expr)):
        factor, matrices = term.args_cnc()
        powers = [0]  # of S, between one Sh and the next
        for matrix in matrices:
            base, power = matrix.as_base_exp()
            if base == S:
                powers[-1] += int(power)
            else:
                powers += [0] * int(power)
        inner = moment(tuple(powers[1:-1]), complex_data) * l ** powers[-1] if powers[1:] else 1
        total += sp.prod(factor) * l ** powers[0] * inner
    return sp.expand(total)


def trace(at_l: sp.Expr) -> sp.Expr:
    """The sum over all eigenvalues of a polynomial in l: l^q becomes T_q."""
    return sp.expand(sum(c * T[q] for (q,), c in sp.Poly(at_l, l).terms()))


def by_parts(word: Word, traces: tuple[Word, ...] = (), complex_data: bool = False) -> sp.Expr:
    """E S^b0 Sh S^b1 Sh ... S^bm times traces tr(Sh S^c1 Sh S^c2 ...), by integration by parts.

    E y_a f = l_a E df/dy_a on the first y of the first Sh. The derivative falls on the other y of
    that Sh, on a later Sh = M1 Sh M2, or on a trace; complex data has one half of each.
    """
    if len(word) == 1:
        if not traces:
            return l ** word[0]
        return l ** word[0] * trace(by_parts((0, *traces[0]), traces[1:], complex_data))
    after = word[1:]
    total = by_parts(after, traces, complex_data)
    for j in range(1, len(after)):
        closed, rest = after[:j], after[j:]
        total += by_parts(rest, (closed, *traces), complex_data) / N
        if not complex_data:
            total += by_parts((*closed[::-1], *rest), traces) / N
    for i, loop in enumerate(traces):
        others = traces[:i] + traces[i + 1 :]
        for r in range(len(loop)):
            M = loop[r:] + loop[:r]
            for turned in (M,) if complex_data else (M, M[::-1]):
                total += by_parts((*turned, *after), others, complex_data) / N
    return sp.expand(l ** (word[0] + 1) * total)


def derive(d: Derivation) -> None:
    d.assume(
        r"$\hat S = \frac1N \sum_i y_i y_i'$ with independent $y_i \sim N(0, S)$. In the "
        r"eigenbasis of $S$ every mean below is diagonal, by the symmetry $y_a \to -y_a$; it is "
        r"given at an eigenvalue $l$, with $T_q = \mathrm{tr}\, S^q$ over all of them."
    )
    four_factors(d)
    d.say(
        r"**In general** a product of $k$ factors $\hat S$ has $2k$ factors $y$ and $(2k-1)!!$ "
        r"pairings [Graczyk]. A pair of $y_i$ and $y_j$ puts $S$ between where they stand and "
        r"asks $i = j$. Following the product, the open path gives a power of $S$, every closed "
        r"one a trace, and each of the $c$ different samples left a factor $N$. Nothing else "
        r"of the spectrum enters, so nothing depends on the number of its atoms."
    )
    z = sp.Symbol("z", real=True)
    density = sp.exp(-(z**2) / (2 * l))
    d.verify(
        l * sp.diff(density, z) + z * density,
        r"$y f$ and $l f'$ have the same mean, by parts against the density: a second route",
        sp.simplify,
    )
    for complex_data in (False, True):
        if complex_data:
            d.say(
                r"**Complex circular data.** $E\, y_a y_b = 0$, so $y$ pairs with $\bar y$ alone: "
                r"$\hat S = \frac1N \sum_i y_i y_i^*$ and $k!$ pairings."
            )
        for lhs, between in NAMES.items():
            name = "_".join(map(str, ("complex" if complex_data else "real", *between)))
            found = d.result(name, sp.collect(sp.expand(moment(between, complex_data)), N), "", lhs)
            d.verify(
                found - by_parts((0, *between, 0), (), complex_data),
                "the recursion from integration by parts gives the same",
                sp.expand,
            )
            one_dimension(d, found, between, complex_data)


def four_factors(d: Derivation) -> None:
    g = {(i, j): sp.Symbol(f"G_{i}{j}") for i in range(1, 5) for j in range(i + 1, 5)}
    wick = d.lemma(
        "The mean of a product of Gaussian factors of mean zero is the sum over their pairings "
        "of products of covariances. Four of them:",
        "Isserlis",
        g[1, 2] * g[3, 4] + g[1, 3] * g[2, 4] + g[1, 4] * g[2, 3],
        r"E\, y_1 y_2 y_3 y_4",
    )
    d.say(
        r"$(\hat S S \hat S)_{aa} = N^{-2} \sum_{ik} \sum_b l_b\, y_{ia} y_{ib} y_{kb} y_{ka}$. "
        r"For $i \ne k$ only the first pairing is left, and $b = a$. For $i = k$ all three count "
        r"at $b = a$, and the last alone at $b \ne a$."
    )
    m = sp.Symbol("m", positive=True)  # l_b at another b
    apart = wick.subs(dict.fromkeys(g.values(), 0) | {g[1, 2]: l, g[3, 4]: l})
    same = wick.subs(dict.fromkeys(g.values(), l))
    other = wick.subs(dict.fromkeys(g.values(), 0) | {g[1, 4]: l, g[2, 3]: m})
    off = sp.Poly(other * m, m)  # sum over b other than a of m^q is T_q - l^q
    summed = sum(c * (T[q] - l**q) for (q,), c in off.terms())
    mean = d.step(
        sp.expand((N * (N - 1) * apart * l + N * (same * l + summed)) / N**2),
        "Summed over $i$, $k$ and $b$:",
        r"E\, \hat S S \hat S",
    )
    d.verify(mean - moment((1,)), "the enumeration of pairings below gives the same", sp.expand)


def one_dimension(d: Derivation, found: sp.Expr, between: Word, complex_data: bool) -> None:
    """One dimension: Sh is l/N times a chi-squared number (complex: a Gamma number)."""
    k, shape, unit = len(between) + 1, N / 2, 2
    if complex_data:
        shape, unit = N, 1
    power = sp.gammasimp(sp.gamma(shape + k) / sp.gamma(shape)) * unit**k
    single = found.subs({T[q]: l**q for q in range(len(T))})
    d.verify(
        single - power / N**k * l ** (k + sum(between)),
        f"in one dimension: the moment of order {k} of a "
        + ("Gamma($N$) number" if complex_data else r"$\chi^2_N$ number"),
    )
