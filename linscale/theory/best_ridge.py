"""Ridge regression at its best penalty."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from linscale.filters import Ridge
from linscale.models.problem import Model, reduced
from linscale.results.risk import RiskPath, RiskPoint
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.theory.expansion import spectrum_of
from linscale.theory.orders import check_data, check_order
from linscale.theory.risk import risk

PER_DECADE = 8
SPAN = 1e-8, 1e6  # penalties looked at, times the smallest and the largest eigenvalue


@one_thread()
def best_ridge(
    model: Model, n_train: int, order: int = 1, *, complex_data: bool = False
) -> RiskPoint:
    r"""Smallest risk over the ridge penalty, min over mu of R(mu), as a continuous optimum.

    At order 1 only penalties are considered at which the theory's own error is below the learning
    error; where there are none, the best penalty of order 0 is taken.

    Returns
    -------
    RiskPoint
        ``.value`` and ``.at``, the best penalty: inf where nothing can be learned.
    """
    problem, N = reduced(model), validate.n_train(n_train)
    check_order(order)
    check_data(problem, complex_data)
    if not np.any(problem.target_weights > 0):
        return RiskPoint(problem.floor, problem.floor, 0.0, 0.0, at=np.inf)

    def along(penalties: ArrayLike, order: int = order) -> RiskPath:
        return risk(problem, N, Ridge(penalties), order, complex_data=complex_data)

    low = SPAN[0] * problem.spectral().eigenvalues.min()
    high = SPAN[1] * spectrum_of(problem, N).high
    grid = np.geomspace(low, high, int(np.ceil(PER_DECADE * np.log10(high / low))))
    path = along(grid)
    usable = path.error < path.value - problem.floor
    if not np.any(usable):
        return path.point(int(np.argmin(along(grid, 0).value)))
    i = int(np.argmin(np.where(usable, path.value, np.inf)))
    near = np.log(grid[max(i - 1, 0)]), np.log(grid[min(i + 1, grid.size - 1)])
    found = minimize_scalar(
        lambda x: float(along(np.exp(x)).value[0]),
        bounds=near, method="bounded", options={"xatol": 1e-6},
    )  # fmt: skip
    best = along(np.exp(found.x)).point(0)
    return best if best.value <= path.value[i] else path.point(i)
