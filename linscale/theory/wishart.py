r"""Exact moments of the sample covariance from Gaussian pairings, and the exact two-step risk.

Sh = (1/N) sum_i y_i y_i'. By Isserlis' theorem the mean of a product of 2k Gaussian factors is the
sum over the (2k - 1)!! pairings of them; a pairing of y_i with y_j puts S between the places where
they stand and forces i = j. So E Sh S^b1 Sh ... Sh is a sum of

    N^-(k - c) S^p tr(S^q1) tr(S^q2) ...

with c the number of different i that a pairing leaves, p the power of S along the open path, and
one trace for each closed one. Complex circular data pairs y with conj y alone.

Derivation: `moments`.

Sources: Isserlis, Biometrika 12 (1918) 134; Graczyk, Letac and Massam, Ann. Statist. 31 (2003) 287.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from linscale.models.problem import Model, problem_of
from linscale.results.risk import RiskPoint
from linscale.support import validate
from linscale.support.validate import FloatArray
from linscale.theory.convergence import METHOD
from linscale.theory.limits import checked_step

Leg = tuple[int, int]  # (factor i, 0 for its left index or 1 for its right one)


class Term(NamedTuple):
    """pairings N^-power_of_n S^open prod_q tr S^q."""

    pairings: int
    power_of_n: int
    open: int
    traces: tuple[int, ...]


@cache
def moment(between: tuple[int, ...], complex_data: bool = False) -> tuple[Term, ...]:
    """E Sh S^b1 Sh S^b2 ... Sh with the powers b between its k = len(between) + 1 factors."""
    k = len(between) + 1
    legs = [(i, side) for i in range(k) for side in (0, 1)]
    found: Counter[tuple[int, int, tuple[int, ...]]] = Counter()
    for pairing in _pairings(legs, complex_data):
        partner = dict(pairing) | {b: a for a, b in pairing}
        unseen, traces = set(legs), []
        power = _follow((0, 0), partner, between, unseen)
        while unseen:
            traces.append(_follow(min(unseen), partner, between, unseen))
        found[k - _classes(k, pairing), power, tuple(sorted(traces))] += 1
    return tuple(Term(many, *key) for key, many in sorted(found.items()))


def _pairings(legs: list[Leg], complex_data: bool) -> Iterator[list[tuple[Leg, Leg]]]:
    if not legs:
        yield []
        return
    first = legs[0]
    for other in legs[1:]:
        if not complex_data or other[1] != first[1]:
            rest = [leg for leg in legs[1:] if leg != other]
            for pairing in _pairings(rest, complex_data):
                yield [(first, other), *pairing]


def _follow(start: Leg, partner: dict[Leg, Leg], between: tuple[int, ...], unseen: set[Leg]) -> int:
    """Power of S along the path from ``start``, until it closes or leaves the product."""
    power, leg = 0, start
    while True:
        factor, side = partner[leg]
        unseen -= {leg, partner[leg]}
        power += 1
        after = factor + 1 if side == 1 else factor - 1
        if not 0 <= after <= len(between):
            return power
        power += between[min(factor, after)]
        leg = (after, 1 - side)
        if leg == start:
            return power


def _classes(k: int, pairing: list[tuple[Leg, Leg]]) -> int:
    """How many different sample indices a pairing leaves."""
    label = list(range(k))
    for (i, _), (j, _) in pairing:
        old, new = label[i], label[j]
        label = [new if x == old else x for x in label]
    return len(set(label))


def two_steps(model: Model, n_train: int, step: float, *, complex_data: bool = False) -> RiskPoint:
    r"""Risk after two steps of gradient descent: exact for every N and every step.

    With rho = (1 - eta Sh)^2 and h = 4 eta^2 Sh - 4 eta^3 Sh^2 + eta^4 Sh^3,

        bias     = sum_j w_j [l - 4 eta l^2 + 2 eta^2 E(Sh^2) l + 4 eta^2 E(Sh S Sh)
                              - 4 eta^3 E(Sh S Sh^2) + eta^4 E(Sh^2 S Sh^2)]_j
        variance = floor (1/N) tr S [4 eta^2 S - 4 eta^3 E(Sh^2) + eta^4 E(Sh^3)]

    (each E commutes with S), all from :func:`moment`.

    Derivation: `two_steps`.

    Parameters
    ----------
    model, n_train, step, complex_data : Model, int, float, bool
        As for :func:`linscale.theory.one_step`.

    Returns
    -------
    RiskPoint
        With ``at`` 2, the iteration, and ``error`` 0.

    Raises
    ------
    InvalidArgument, Unsupported
        As for :func:`linscale.theory.one_step`.

    Examples
    --------
    The expansion to order 1/N is off by what it says at most:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> exact = ls.theory.two_steps(model, 50, step=0.5)
    >>> print(f"{exact.value:.4f}")
    0.1479
    >>> expansion = ls.theory.risk(model, 50, ls.GradientDescent(0.5, 2)).best
    >>> abs(expansion.value - exact.value) < expansion.error
    True
    """
    problem, N = problem_of(model), validate.n_train(n_train)
    validate.flag("complex_data", complex_data)
    eta = checked_step(step)
    l, n, w = problem.eigenvalues, problem.multiplicities, problem.target_weights

    def mean(*between: int) -> FloatArray:
        total = np.zeros_like(l)
        for term in moment(between, complex_data):
            size = term.pairings * float(N) ** -term.power_of_n
            total += size * l**term.open * np.prod([float(n @ l**q) for q in term.traces])
        return total

    twice = mean(0)
    bias = w @ (
        l * (1.0 - 4.0 * eta * l)
        + eta**2 * (2.0 * l * twice + 4.0 * mean(1))
        - 4.0 * eta**3 * mean(1, 0)
        + eta**4 * mean(0, 1, 0)
    )
    noise = 4.0 * eta**2 * l - 4.0 * eta**3 * twice + eta**4 * mean(0, 0)
    variance = problem.floor * (n * l) @ noise / N
    return RiskPoint(
        value=float(problem.floor + bias + variance),
        floor=problem.floor,
        bias=float(bias),
        variance=float(variance),
        at=2.0,
        error=0.0,
        method=METHOD,
    )
