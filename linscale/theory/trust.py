"""How far a value of the theory may be off, and when to say that it should not be trusted.

Where the expansion is good its terms fall by a common factor q, the 1/N term of a part (bias or
variance) over the part itself: order 1 leaves out about part q^2/(1 - q), and order 0 the 1/N term
besides. But that term changes sign along a path, and next to the sign change it says nothing, so
q is the largest ratio up to there. Ridge has the ratios in closed form, at the penalty 1/t that
stands for a time t. With a handful of examples no ratio is small enough to be believed: q is at
least FEW/N. Nor is it where the 1/N term changes quickly with N: what one example more or less
makes of it stands for the next one, if that is more. To that come what single eigenvalues next to 0
may add, what diverging and slow training sets add (:mod:`linscale.theory.rare`), and the error of
the contour. An estimate, not a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from linscale.filters import Filter
from linscale.models.problem import SpectralProblem
from linscale.support.validate import FloatArray
from linscale.theory.rare import diverging_share, slow_share
from linscale.theory.terms import Terms

if TYPE_CHECKING:
    from linscale.theory.law import Law

SAFETY = 2.0
FEW = 0.2  # smallest ratio between two orders, times N
PENALTIES = np.geomspace(1e3, 1e-12, 160)  # at which ridge is looked at, times the spectrum's end
CONTOUR = 1e-8  # relative accuracy of a contour integral
REMEMBERED = 64  # n_train at which a law's ridge paths are kept
NOTEWORTHY = 0.05  # share of the risk that the error may reach before the status says so
LARGEST_CORRECTION = 0.7  # of the learning error; beyond it nothing is concluded from order 1


@dataclass(frozen=True)
class Doubt:
    """What a law's error estimate is made with.

    Attributes
    ----------
    safety : float
        Factor on what the expansion is thought to leave out.
    few : float
        Smallest ratio between two orders, times N.
    variance_falls_as_bias : bool
        Whether the ratio between the orders of the variance says nothing of its next one.
    """

    safety: float = SAFETY
    few: float = FEW
    variance_falls_as_bias: bool = False


class RidgePath(NamedTuple):
    """Ridge at falling penalties mu (G,): bias and variance by order, (2, G) each."""

    mu: FloatArray
    bias: FloatArray
    variance: FloatArray


def error(law: Law, n_train: float, filter: Filter, terms: Terms, order: int) -> FloatArray:
    """Estimated error of bias + variance summed up to ``order``, shape (T,)."""
    learning = np.abs(terms.bias).sum(axis=0) + np.abs(terms.variance).sum(axis=0)
    left_out = (CONTOUR + 16.0 * terms.quadrature) * learning
    left_out = left_out + np.abs(terms.variance[0]) * _hard_edge(law.moments, n_train, filter)
    slow = slow_share(law.moments, n_train, filter)
    # While the bias of typical sets is larger, slow ones are in the expansion already.
    left_out = left_out + slow * np.minimum(slow / (np.abs(terms.bias[0]) + 1e-300), 1.0) ** 2
    left_out = left_out + law.power * diverging_share(*law.tails(n_train), filter)
    ratios = _ridge_ratios(law, n_train, filter)
    parts, doubt = (terms.bias, terms.variance), law.doubt
    with np.errstate(invalid="ignore", over="ignore"):
        falls = [
            np.maximum(np.maximum(own, ratio), doubt.few / n_train)
            for own, (ratio, _) in zip(terms.ratios, ratios, strict=True)
        ]
        for part, q, (_, drift) in zip(parts, falls, ratios, strict=True):
            leading, following = np.abs(part)
            then = np.minimum(q, falls[0]) if doubt.variance_falls_as_bias else q
            both = q * then / (1.0 - np.minimum(then, 0.9))
            second = doubt.safety * leading * np.maximum(both, drift)
            left_out = left_out + (second if order == 1 else following + second)
    return np.where(np.isnan(left_out), np.inf, left_out)


def _ridge_ratios(law: Law, n_train: float, filter: Filter) -> tuple[FloatArray, FloatArray]:
    """Of ridge at penalties above 1/t, the largest of either: for bias and variance, (2, T) each.

    First |1/N term| / part, then what one example more or less changes of that, which is what the
    next order is like where the 1/N term changes sign in N: near N = n, and near the number of the
    larger eigenvalues where the smaller ones count too.
    """
    here, near = _ridge_paths(law, n_train)
    # At l -> 0 every filter looks like (1 - rho)/l = t.
    smallest = np.array([1e-14 * float(law.moments.eigenvalues.min())])
    time = (filter.learned(smallest) / smallest)[:, 0]
    reached = np.searchsorted(-here.mu, -1.0 / np.maximum(time, 1e-300))
    place = np.clip(reached, 1, PENALTIES.size) - 1

    def largest(change: FloatArray, leading: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            ratio = np.nan_to_num(np.abs(change / leading), nan=0.0)
        return np.asarray(np.maximum.accumulate(ratio)[place])

    def ratios(part: FloatArray, others: list[FloatArray]) -> FloatArray:
        leading, following = part
        drifts = [
            largest(np.interp(-here.mu, -ridge.mu, other[1]) - following, leading)
            for ridge, other in zip(near, others, strict=True)
        ]
        return np.array([largest(following, leading), np.maximum(*drifts)])

    return (
        ratios(here.bias, [ridge.bias for ridge in near]),
        ratios(here.variance, [ridge.variance for ridge in near]),
    )


def _ridge_paths(law: Law, n_train: float) -> tuple[RidgePath, list[RidgePath]]:
    """At n_train, and with one example more and one less: the same for every filter."""
    known = law.ridge_paths
    if n_train not in known:
        if len(known) >= REMEMBERED:
            known.clear()
        beside = (n_train + 1.0, max(n_train - 1.0, 0.5 * n_train))
        known[n_train] = law.ridge_path(n_train), [law.ridge_path(N) for N in beside]
    here, near = known[n_train]
    return here, near


def _hard_edge(problem: SpectralProblem, n_train: float, filter: Filter) -> FloatArray:
    """Share of the variance that single small eigenvalues may add near N = n, shape (T,).

    The term of order 1/N changes sign there and tells nothing. At N = n the smallest eigenvalue
    is about l_1 = 1/(A N^2), A = sum_j n_j/(l_j N), and simulation lies above order 1 by 0.064
    t l_1 of the variance while t l_1 is small. Away from N = n the next term of the converged risk,
    1/(N - n)^2, bounds it.
    """
    l, n = problem.eigenvalues, problem.multiplicities
    smallest = 1.0 / (float(n @ (1.0 / l)) * n_train)
    gap = abs(n_train - problem.dimension)
    bound = 1.0 / gap**2 if gap > 0 else np.inf
    time = filter.learned(np.array([1e-3 * smallest]))[:, 0] / 1e-3  # t l_1, without its limit at 1
    return np.minimum(0.1 * time, bound)


def usable(terms: Terms) -> np.ndarray:
    """Where the first correction is small enough for a minimum over the path to mean something."""
    correction = np.abs(terms.bias[1]) + np.abs(terms.variance[1])
    learning = terms.bias[0] + terms.variance[0]
    return np.asarray(
        (correction <= LARGEST_CORRECTION * learning)
        & (terms.bias.sum(axis=0) >= -CONTOUR * learning)
        & (terms.variance.sum(axis=0) >= -CONTOUR * learning)
    )


def joined(first: str, second: str) -> str:
    """Two remarks as one."""
    said = [text for text in (first, second) if text != "ok"]
    return "; ".join(said) or "ok"


def remark(value: float, bias: float, variance: float, uncertainty: float) -> str:
    """What to know before trusting a value; "ok" if nothing."""
    if not np.isfinite(value) or min(bias, variance) < -1e-7 * abs(value):
        part = "bias" if bias < variance else "variance"
        return (
            f"not to be trusted: the 1/N term makes the {part} negative or infinite; "
            "ask linscale.montecarlo"
        )
    if uncertainty > NOTEWORTHY * value:
        share = min(100.0 * uncertainty / value, 900.0)
        rounded = float(f"{share:.0e}")  # so that the points of a path share a remark
        return f"the expansion may be off by about {rounded:.0f} %; ask linscale.montecarlo"
    return "ok"
