"""Exact moments of a scale mixture of two atoms: sums over Gaussian pairings, no resolvent."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from math import prod
from typing import Any

import mpmath as mp
import sympy as sp

from derivations.mixtures_symbols import N, g, k, n, sigma2
from derivations.moments import pairings


@dataclass(frozen=True)
class Point:
    """A mixture, in exact or floating numbers, and where it is looked at."""

    k: tuple[Any, ...]
    n: tuple[Any, ...]
    g: tuple[Any, ...]
    tau: tuple[Any, Any]
    pi: tuple[Any, Any]
    sigma2: Any
    N: Any
    T: Any
    z1: Any = None
    z2: Any = None

    def at(self, z1: Any, z2: Any = None) -> Point:
        """There, in floating numbers of the working precision."""
        names = ("k", "n", "g", "tau", "pi")
        lists = {name: tuple(map(number, getattr(self, name))) for name in names}
        rest = {name: number(getattr(self, name)) for name in ("sigma2", "N", "T")}
        return Point(
            **lists, **rest, z1=mp.mpmathify(z1), z2=mp.mpmathify(z1 if z2 is None else z2)
        )

    @property
    def spaces(self) -> list[dict[sp.Symbol, Any]]:
        return [
            {k: x, n: y, g: w, sigma2: self.sigma2, N: self.N}
            for x, y, w in zip(self.k, self.n, self.g, strict=True)
        ]


def number(x: Any) -> Any:
    return mp.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mp.mpmathify(x)


EXAMPLE = Point(
    k=(Fraction(5, 4), Fraction(2, 5)),
    n=(Fraction(3), Fraction(5)),
    g=(Fraction(4), Fraction(2, 3)),
    tau=(Fraction(1, 3), Fraction(7, 3)),
    pi=(Fraction(2, 3), Fraction(1, 3)),
    sigma2=Fraction(3, 10),
    N=Fraction(7),
    T=Fraction(6),
)


@cache
def linear_moment(p: Point, a: int) -> tuple[Any, Any, Any]:
    """(1/N) E tr[X Y' Sh^a A S_x]: leading, given and drawn."""
    ones = (1,) * len(p.k)
    end = tuple(x / (y * w) for x, y, w in zip(p.g, p.k, p.n, strict=True))
    return pairing_moment(p, "x" + "y" * (2 * a + 1), (*[ones] * a, end), False)


@cache
def quadratic_moment(p: Point, a: int, b: int) -> tuple[Any, Any, Any]:
    """(1/N^2) E tr[X Y' Sh^a S Sh^b Y X']: the same."""
    weights = [(1,) * len(p.k)] * (a + b + 1)
    weights[a] = tuple(x + p.sigma2 for x in p.k)
    end = tuple(x / (y**2 * w) for x, y, w in zip(p.g, p.k, p.n, strict=True))
    return pairing_moment(p, "x" + "y" * (2 * a + 2 * b + 2) + "x", (*weights, end), True)


def pairing_moment(
    p: Point, kinds: str, weights: tuple[tuple[Any, ...], ...], through: bool
) -> tuple[Any, Any, Any]:
    """N^-c times the mean of a closed word of 2 c vectors, 2 i and 2 i + 1 of one sample.

    ``weights`` stand between 2 i + 1 and 2 i + 2. A pair puts tau k, or between two y also
    sigma^2, where it stands; with x at both ends (``through``) their pair is a loop of its own,
    tr S_x. With n_j, g_j, tr S_x and N multiplied by t, terms of order t are the leading ones, and
    those of order 1 given tau; ``drawn`` is what leading terms have from samples that coincide.
    """
    count = len(kinds) // 2
    power = [sum(w * t**i for w, t in zip(p.pi, p.tau, strict=True)) for i in range(2 * count + 1)]
    edges = [(2 * i + 1, (2 * i + 2) % (2 * count)) for i in range(count)]
    leading = given = drawn = 0
    for pairing in pairings(list(range(2 * count)), False):
        loop = roots(2 * count, [*pairing, *edges])
        sample = roots(count, [(i // 2, j // 2) for i, j in pairing])
        order = len(set(loop)) + len(set(sample)) - count
        if order not in (0, 1):
            continue
        for noise in product(*[(False, True) if kinds[i] == kinds[j] == "y" else (False,)
                               for i, j in pairing]):  # fmt: skip
            value = p.N ** (len(set(sample)) - count)
            for r in set(loop):
                each = list(p.n)
                for (i, _), quiet in zip(pairing, noise, strict=True):
                    if loop[i] == r:
                        each = [
                            x * (p.sigma2 if quiet else y) for x, y in zip(each, p.k, strict=True)
                        ]
                for (i, _), weight in zip(edges, weights, strict=True):
                    if loop[i] == r:
                        each = [x * y for x, y in zip(each, weight, strict=True)]
                alone = through and (0, 2 * count - 1) in pairing and loop[0] == r
                value *= p.T if alone else sum(each)
            taus = [
                sum(sample[i // 2] == c and not q for (i, _), q in zip(pairing, noise, strict=True))
                for c in set(sample)
            ]
            mean = prod(power[i] for i in taus)
            if order == 0:
                given += value * mean
                continue
            leading += value * mean
            for x, y in combinations(range(len(taus)), 2):
                rest = prod(power[t] for i, t in enumerate(taus) if i not in (x, y))
                both = power[taus[x] + taus[y]] - power[taus[x]] * power[taus[y]]
                drawn += value * rest * both / p.N
    return leading, given, drawn


def roots(count: int, links: list[tuple[int, int]]) -> list[int]:
    """The component of each vertex of a graph."""
    label = list(range(count))
    for i, j in links:
        old, new = label[i], label[j]
        label = [new if x == old else x for x in label]
    return label
