"""From the terms of the expansion to a result: the sum, its error, and what to know about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from linscale.filters import Filter
from linscale.results.risk import RiskPath, RiskPoint
from linscale.support.validate import FloatArray
from linscale.theory import trust
from linscale.theory.law import Law
from linscale.theory.outliers import NONE, Outliers
from linscale.theory.rare import divergence_remarks
from linscale.theory.terms import Terms


def assemble(
    law: Law,
    n_train: float,
    filter: Filter,
    terms: Terms,
    order: int,
    outliers: Outliers = NONE,
) -> RiskPath:
    """The path up to ``order``; ``outliers`` is what the law was rid of."""
    bias, variance = parts(law, terms, order)
    error = law.error(n_train, filter, terms, law.reached(order))
    error = error + outliers.error(filter, law.zero_risk - law.floor)
    path = theory_path(law.floor, filter, bias, variance, error, law.name(order))
    diverging = divergence_remarks(*law.tails(n_train), filter)
    statuses = map(trust.joined, path.statuses, diverging)
    return replace(path, statuses=tuple(map(trust.joined, statuses, outliers.remarks(filter))))


def parts(law: Law, terms: Terms, order: int) -> tuple[FloatArray, FloatArray]:
    """Bias and variance summed up to ``order``, (T,) each."""
    kept = law.summed(order) + 1
    return terms.bias[:kept].sum(axis=0), terms.variance[:kept].sum(axis=0)


def total(law: Law, terms: Terms, order: int) -> FloatArray:
    """The risk alone, (T,)."""
    bias, variance = parts(law, terms, order)
    return law.floor + bias + variance


def nothing_to_learn(law: Law, order: int, at: float) -> RiskPoint:
    """The risk where W = 0 is best."""
    return RiskPoint(
        value=law.floor, floor=law.floor, bias=0.0, variance=0.0, at=at, error=0.0,
        method=law.name(order),
    )  # fmt: skip


def theory_path(
    floor: float,
    filter: Filter,
    bias: FloatArray,
    variance: FloatArray,
    error: FloatArray,
    method: str,
) -> RiskPath:
    """A path without sampling error, with a remark on every point that its error makes doubtful."""
    value = floor + bias + variance
    return RiskPath(
        at=filter.at,
        value=value,
        bias=bias,
        variance=variance,
        error=error,
        sem=np.zeros_like(value),
        std=np.full_like(value, np.nan),
        floor=floor,
        parameter=filter.parameter,
        method=method,
        statuses=tuple(map(trust.remark, value, bias, variance, error)),
    )
