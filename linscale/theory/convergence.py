"""The converged risk where it is exact."""

from __future__ import annotations

import numpy as np

from linscale.models.problem import SpectralProblem
from linscale.results.risk import RiskPoint

METHOD = "theory, exact"


def no_mean(problem: SpectralProblem, n_train: float, pole: int) -> RiskPoint | None:
    """Infinite within ``pole`` of N = n, where the sample covariance may be singular; else None."""
    n = problem.dimension
    if abs(n_train - n) > pole or problem.floor == 0.0:
        return None
    status = f"the mean is infinite for |n_train - n| <= {pole} (n = {n})"
    return _point(problem, np.inf, status)


def inverse_wishart(problem: SpectralProblem, n_train: float, pole: int) -> RiskPoint | None:
    """Of Gaussian data floor (1 + n/(N - n - pole)) for N > n, and nothing exact below.

    ``pole`` is 1 for real data and 0 for complex circular data.
    """
    n = problem.dimension
    infinite = no_mean(problem, n_train, pole)
    if infinite is not None or n_train < n:
        return infinite
    variance = problem.floor * n / (n_train - n - pole) if problem.floor > 0.0 else 0.0
    return _point(problem, variance)


def _point(problem: SpectralProblem, variance: float, status: str = "ok") -> RiskPoint:
    return RiskPoint(
        value=problem.floor + variance, floor=problem.floor, bias=0.0, variance=variance,
        at=np.inf, error=0.0, method=METHOD, status=status,
    )  # fmt: skip
