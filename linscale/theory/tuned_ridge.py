"""Ridge regression at its best penalty."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from linscale.filters import Ridge
from linscale.models.problem import Model
from linscale.results.risk import RiskPoint
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.theory.assembly import nothing_to_learn, total
from linscale.theory.law import check_order, law_of
from linscale.theory.risk_path import path_of

PER_DECADE = 8
SPAN = 1e-8, 1e6  # penalties looked at, times the smallest and the largest eigenvalue


@one_thread()
def best_ridge(
    model: Model, n_train: int, *, order: int = 1, complex_data: bool = False
) -> RiskPoint:
    r"""Smallest risk over the ridge penalty, min over mu of R(mu), as a continuous optimum.

    At order 1 only penalties are considered at which the theory's own error is below the learning
    error; where there are none, the best penalty of order 0 is taken.

    Returns
    -------
    RiskPoint
        ``.value`` and ``.at``, the best penalty: inf where nothing can be learned.
    """
    law = law_of(model, complex_data)
    N = law.examples(validate.n_train(n_train))
    check_order(order)
    if not law.can_learn:
        return nothing_to_learn(law, order, at=np.inf)

    def value(penalty: float) -> float:
        terms = law.ridge(N, np.array([penalty]))
        return float(total(law, terms, order)[0])

    low = SPAN[0] * law.moments.eigenvalues.min()
    high = SPAN[1] * law.spectrum(N).high
    grid = np.geomspace(low, high, int(np.ceil(PER_DECADE * np.log10(high / low))))
    path = path_of(law, N, Ridge(grid), order)
    usable = path.error < path.value - law.floor
    if not np.any(usable):
        return path.point(int(np.argmin(path_of(law, N, Ridge(grid), 0).value)))
    i = int(np.argmin(np.where(usable, path.value, np.inf)))
    near = np.log(grid[max(i - 1, 0)]), np.log(grid[min(i + 1, grid.size - 1)])
    found = minimize_scalar(
        lambda x: value(float(np.exp(x))), bounds=near, method="bounded", options={"xatol": 1e-6}
    )
    best = path_of(law, N, Ridge(np.exp(found.x)), order).point(0)
    return best if best.value <= path.value[i] else path.point(i)
