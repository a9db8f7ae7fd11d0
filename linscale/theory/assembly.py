"""From the terms of the expansion to a result: the sum, its error, and what to know about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from linscale.filters import Filter
from linscale.models.problem import Problem
from linscale.results.risk import RiskPath
from linscale.support.validate import FloatArray
from linscale.theory import trust
from linscale.theory.gaussian.equivalents import Terms
from linscale.theory.mixture.outliers import NONE, Outliers
from linscale.theory.orders import method
from linscale.theory.rare import divergence_remarks


def assemble(
    problem: Problem,
    n_train: float,
    filter: Filter,
    terms: Terms,
    order: int,
    complex_data: bool = False,
    outliers: Outliers = NONE,
) -> RiskPath:
    """The path up to ``order``; of complex data the 1/N term is zero, so order 0 stands for 1.

    ``outliers`` are atoms of contrast that the problem was rid of.
    """
    kept = 0 if complex_data else order
    bias, variance = terms.bias[: kept + 1].sum(axis=0), terms.variance[: kept + 1].sum(axis=0)
    error = trust.error(problem, n_train, filter, terms, 1 if complex_data else order)
    error = error + outliers.error(filter, problem.zero_risk - problem.floor)
    path = theory_path(problem, filter, bias, variance, error, method(order, complex_data, problem))
    diverging = divergence_remarks(*trust.for_tails(problem, n_train), filter)
    statuses = map(trust.joined, path.statuses, diverging)
    return replace(path, statuses=tuple(map(trust.joined, statuses, outliers.remarks(filter))))


def theory_path(
    problem: Problem,
    filter: Filter,
    bias: FloatArray,
    variance: FloatArray,
    error: FloatArray,
    method: str,
) -> RiskPath:
    """A path without sampling error, with a remark on every point that its error makes doubtful."""
    value = problem.floor + bias + variance
    return RiskPath(
        at=filter.at,
        value=value,
        bias=bias,
        variance=variance,
        error=error,
        sem=np.zeros_like(value),
        std=np.full_like(value, np.nan),
        floor=problem.floor,
        parameter=filter.parameter,
        method=method,
        statuses=tuple(map(trust.remark, value, bias, variance, error)),
    )
