r"""Training sets too rare for any order in 1/N, and yet in the mean: diverging ones and slow ones.

Above the edge of the limiting spectrum the largest sample eigenvalue of real data has the tail

    P(largest > x) ~ exp(-N J) / (6 sqrt(pi) N J),    J'(x) = [m_1(x) - m_2(x)] / 2,  J(edge) = 0,

with the two real branches of the companion equation that meet at the edge: m_1 is the Stieltjes
transform, and m_2 tends to -1/l_max as x grows. The prefactor is that of the Tracy-Widom tail,
exact next to the edge and of the right order beyond. For one atom J' is the classical
sqrt((x - a)(x - b))/(2 x l). Complex data have twice the rate: what is said here is on the safe
side for them.

Derivation: `rare`.

Source: for one atom, Majumdar and Vergassola, Phys. Rev. Lett. 102 (2009) 060601, by the energy of
one eigenvalue pulled out of the bulk; the same argument gives the two branches in general.

Below the bulk of a population atom the smallest of its eigenvalues has the same tail, the branches
meeting at the lower edge and m_2 tending to -1/l_j. It matters where nothing is left of the bias on
typical training sets, and one that is slow to learn, with an eigenvalue near 0, is all of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from linscale.filters import Filter
from linscale.models.problem import SpectralProblem
from linscale.support.validate import FloatArray
from linscale.theory.gaussian.stieltjes import (
    effective_penalty_at_zero,
    sample_spectrum,
    spectral_argument,
)
from linscale.theory.spectrum import gaps

GRID = 400
LARGEST_LOG = 300.0
LOG_RAREST = np.log(1e-6)
LOG_UNHEARD_OF = np.log(1e-15)
NOTEWORTHY = 1e-3  # share of the signal's power
FROM_EXPONENT = 2.0  # N J from which on a set is rare
SLOW = 10.0


def log_tail(problem: SpectralProblem, n_train: float) -> tuple[FloatArray, FloatArray]:
    """Places x above the edge, ascending to far beyond it, and log P(largest > x) there."""
    x, rate = rate_beyond_edge(problem, n_train)
    return x, _log_probability(n_train * rate)


def _log_probability(exponent: FloatArray) -> FloatArray:
    """log of exp(-N J) / (6 sqrt(pi) N J), continued to 0 at the edge."""
    return np.asarray(-exponent - np.log1p(6.0 * np.sqrt(np.pi) * exponent))


# From 1 to nearly 0, fine at both ends.
SHARES = np.concatenate(
    ([1.0], 1.0 - np.geomspace(1e-6, 0.5, GRID // 2), np.geomspace(0.499, 1e-6, GRID // 2))
)


def rate_beyond_edge(problem: SpectralProblem, n_train: float) -> tuple[FloatArray, FloatArray]:
    """The places x, and J(x) there."""
    edge, pole = sample_spectrum(problem, n_train).kappa_upper, -float(problem.eigenvalues.max())
    outer = edge - (pole - edge) * np.append(0.0, np.geomspace(1e-6, 1e9, GRID))
    inner = pole + (edge - pole) * SHARES
    x = np.maximum.accumulate(spectral_argument(problem, n_train, inner))
    m1 = 1.0 / np.interp(x, spectral_argument(problem, n_train, outer), outer)
    return x, _integral(x, m1 - 1.0 / inner)


def rate_below_bulk(
    problem: SpectralProblem, n_train: float, bulk: Bulk
) -> tuple[FloatArray, FloatArray]:
    """Places x below a bulk, descending to the next one or to 0, and J(x) there."""
    outer = bulk.edge + (bulk.end - bulk.edge) * np.append(0.0, np.geomspace(1e-6, 1.0, GRID))
    inner = bulk.pole + (bulk.edge - bulk.pole) * SHARES
    reached = spectral_argument(problem, n_train, outer)
    x = reached[0] * SHARES
    x = x[(x > 0.0) & (x >= reached.min())]
    m1 = 1.0 / np.interp(-x, -reached, outer)
    m2 = 1.0 / np.interp(-x, -spectral_argument(problem, n_train, inner), inner)
    return x, _integral(x, m1 - m2)


def _integral(x: FloatArray, difference: FloatArray) -> FloatArray:
    """J, from the edge x[0] on."""
    if x.size == 0:
        return x
    force = 0.5 * np.abs(difference)
    return np.append(0.0, np.cumsum(0.5 * (force[1:] + force[:-1]) * np.abs(np.diff(x))))


class Bulk(NamedTuple):
    """Population atoms whose sample eigenvalues form one bulk; kappa at its lower edge, its lowest
    pole, and kappa where the gap below it ends."""

    atoms: list[int]
    edge: float
    pole: float
    end: float


def bulks(problem: SpectralProblem, n_train: float) -> list[Bulk]:
    """From the largest eigenvalues to the smallest."""
    l = problem.eigenvalues
    order = np.argsort(-l)
    found, first = [], 0
    for gap in gaps(problem, n_train):
        pole = -float(l[order[gap.above - 1]])
        found.append(Bulk(order[first : gap.above].tolist(), gap.edge, pole, gap.end))
        first = gap.above
    spectrum, end = sample_spectrum(problem, n_train), effective_penalty_at_zero(problem, n_train)
    return [*found, Bulk(order[first:].tolist(), spectrum.kappa_lower, float(-l.min()), end)]


def diverging_share(problem: SpectralProblem, n_train: float, filter: Filter) -> FloatArray:
    """What diverging training sets add to the mean, as a share of the signal's power, shape (T,).

    max of rho(x)^2 P(largest > x) over x >= stable_below, up to a factor of order 1, for sets that
    come up at least once in a million: rarer ones no user and no simulation meets.
    """
    x, log_p = _beyond(problem, n_train, filter)
    return _largest(filter, x[log_p > LOG_RAREST], log_p[log_p > LOG_RAREST])


def slow_share(problem: SpectralProblem, n_train: float, filter: Filter) -> FloatArray:
    """What slow training sets add to the mean bias, shape (T,).

    max of rho(x)^2 P(smallest < x) over x below each bulk, from where P is small, times the largest
    w_j l_j / n_j in the bulk. Simulation of seven small problems at late times found 2 to 9 times
    this: SLOW.
    """
    total = np.zeros(filter.at.size)
    for tail in _slow_tails(problem, n_train):
        total += SLOW * tail.power * _largest(filter, tail.x, tail.log_p)
    return total


class _Tail(NamedTuple):
    """Places below a bulk, log P(smallest < x) there, and what there is to learn at an atom."""

    power: float
    x: FloatArray
    log_p: FloatArray


@lru_cache(maxsize=64)
def _slow_tails(problem: SpectralProblem, n_train: float) -> list[_Tail]:
    l, n, w = problem.eigenvalues, problem.multiplicities, problem.target_weights
    found = []
    for bulk in bulks(problem, n_train):
        power = float(np.max((w * l / n)[bulk.atoms]))
        if power > 0.0:
            x, rate = rate_below_bulk(problem, n_train, bulk)
            rare = n_train * rate > FROM_EXPONENT
            found.append(_Tail(power, x[rare], _log_probability(n_train * rate[rare])))
    return found


def divergence_remarks(problem: SpectralProblem, n_train: float, filter: Filter) -> list[str]:
    """For every point: "ok", or how often descent diverges where that decides the mean."""
    x, log_p = _beyond(problem, n_train, filter)
    if not np.any(log_p > LOG_UNHEARD_OF):
        return ["ok"] * filter.at.size
    share = _largest(filter, x, log_p)
    text = divergence_text(float(np.exp(log_p[0])))
    return [text if value > NOTEWORTHY else "ok" for value in share]


def divergence_text(share: float) -> str:
    """What to say where descent diverges on that share of training sets."""
    often = 1.0 / share
    sets = f"{often + 1.0:.2g}" if often < 99.0 else f"10^{np.log10(often):.0f}"
    return (
        f"descent diverges on roughly one training set in {sets}, and the mean is theirs in the "
        "end: lower the step"
    )


def _beyond(
    problem: SpectralProblem, n_train: float, filter: Filter
) -> tuple[FloatArray, FloatArray]:
    """Places at which the filter diverges, and log P there."""
    if np.isinf(filter.stable_below):
        return np.empty(0), np.empty(0)
    x, log_p = log_tail(problem, n_train)
    first = max(filter.stable_below, float(x[0]))
    beyond = x > first
    start = float(np.interp(first, x, log_p))
    return np.append(first, x[beyond]), np.append(start, log_p[beyond])


def _largest(filter: Filter, x: FloatArray, log_p: FloatArray) -> FloatArray:
    """max over x of rho(x)^2 exp(log_p), (T,)."""
    if x.size == 0:
        return np.zeros(filter.at.size)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        exponent = np.max(2.0 * np.log(np.abs(filter.residual(x))) + log_p, axis=1)
    return np.asarray(np.exp(np.minimum(np.nan_to_num(exponent, nan=np.inf), LARGEST_LOG)))
