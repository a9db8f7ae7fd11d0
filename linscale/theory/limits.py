"""Closed forms: what the theory says where no contour is needed."""

from __future__ import annotations

import numpy as np

from linscale import validate
from linscale.problem import Model, problem_of
from linscale.risk import RiskPoint
from linscale.theory.equivalents import ridge_limit
from linscale.theory.stieltjes import effective_penalty_at_zero

NOTEWORTHY = 0.05  # what leading order lacks, as a share of the risk, before the status says so


def converged(model: Model, n_train: int) -> RiskPoint:
    r"""Risk of gradient descent run to convergence (least squares, of least norm when N < n).

        N > n + 1:      floor (1 + n / (N - n - 1))        exact (inverse Wishart mean)
        |N - n| <= 1:   infinite mean                      exact
        N < n - 1:      ridge at penalty 0+                leading order, off by about 1/(n - N)

    Source: the inverse Wishart mean is classical (Muirhead 1982, Section 3.2); for N < n see
    Hastie, Montanari, Rosset and Tibshirani, Ann. Statist. 50 (2022) 949.
    """
    problem = problem_of(model)
    N = validate.n_train(n_train)
    n, floor = problem.dimension, problem.floor
    if abs(N - n) <= 1 and floor > 0.0:
        return RiskPoint(
            value=np.inf,
            floor=floor,
            bias=0.0 if N >= n else np.nan,
            variance=np.inf,
            at=np.inf,
            method="theory, exact",
            status=f"the mean is infinite for |n_train - n| <= 1 (n = {n})",
        )
    if n <= N:
        variance = floor * n / (N - n - 1) if floor > 0.0 else 0.0
        return RiskPoint(
            value=floor + variance,
            floor=floor,
            bias=0.0,
            variance=variance,
            at=np.inf,
            method="theory, exact",
        )
    bias, variance = ridge_limit(problem, N, effective_penalty_at_zero(problem, N))
    # For a white spectrum the exact variance has 1/(n - N - 1) where leading order has 1/(n - N).
    missing = variance / (floor + bias + variance + 1e-300) / (n - N)
    return RiskPoint(
        value=floor + bias + variance,
        floor=floor,
        bias=bias,
        variance=variance,
        at=np.inf,
        method="theory, order 0",
        status="ok"
        if missing < NOTEWORTHY
        else f"leading order, too low by about {100 * missing:.0f} % so near to n_train = n = {n}",
    )


def one_step(model: Model, n_train: int, step: float) -> RiskPoint:
    r"""Risk after one step of gradient descent: exact for every N and every step.

        floor + sum_j w_j [l - 2 eta l^2 + eta^2 (l^3 (1 + 1/N) + l tr(S^2)/N)]
              + floor eta^2 tr(S^2)/N

    from the Wishart moments E Sh = S and E Sh S Sh = S^3 (1 + 1/N) + S tr(S^2)/N.
    """
    problem = problem_of(model)
    N = validate.n_train(n_train)
    eta = validate.real("step", step)
    l, w = problem.eigenvalues, problem.target_weights
    square = float(problem.multiplicities @ l**2) / N
    bias = float(w @ (l - 2 * eta * l**2 + eta**2 * (l**3 * (1 + 1 / N) + l * square)))
    variance = problem.floor * eta**2 * square
    return RiskPoint(
        value=problem.floor + bias + variance,
        floor=problem.floor,
        bias=bias,
        variance=variance,
        at=1.0,
        method="theory, exact",
    )
