"""Ridge regression at its best penalty."""

from __future__ import annotations

import numpy as np

from linscale.filters import Ridge
from linscale.models.problem import Model
from linscale.results.risk import RiskPoint
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import FloatArray
from linscale.theory.assembly import nothing_to_learn, parts
from linscale.theory.law import Law, check_order, law_of
from linscale.theory.lowest import lowest_between
from linscale.theory.risk_path import path_of

PER_DECADE = 8
SPAN = 1e-8, 1e6  # penalties looked at, times the smallest and the largest eigenvalue


@one_thread()
def best_ridge(
    model: Model, n_train: int, *, order: int = 1, complex_data: bool = False
) -> RiskPoint:
    r"""Smallest risk over the ridge penalty, min over mu of R(mu), as a continuous optimum.

    From 1e-8 of the smallest eigenvalue to 1e6 times the end of the sample spectrum. Only penalties
    are considered at which the theory's own error is below the learning error; where there are
    none, the best penalty of order 0 is taken.

    The options are those of an expansion; :func:`linscale.montecarlo.best_ridge` draws, and has
    ``trials``, ``rng`` and ``engine`` instead.

    Parameters
    ----------
    model, n_train, order, complex_data : Model, int, {0, 1}, bool
        As for :func:`linscale.theory.risk`.

    Returns
    -------
    RiskPoint
        ``.value`` and ``.at``, the best penalty, in units of an eigenvalue of YY'/N: inf where
        nothing can be learned.

    Raises
    ------
    InvalidArgument, Unsupported, NotConverged
        As for :func:`linscale.theory.risk`.

    Examples
    --------
    For a white signal, d = n, the best penalty is known: n sigma^2 (1 + sigma^2) / N.

    >>> import linscale as ls
    >>> white = ls.SubspaceModel(n=20, d=20, sigma=0.5)
    >>> print(f"{ls.theory.best_ridge(white, 40).at:.3f} {20 * 0.25 * 1.25 / 40:.3f}")
    0.156 0.156
    """
    law = law_of(model, complex_data)
    N = law.examples(validate.n_train(n_train))
    check_order(order)
    return best_over_ridge(law, N, order)


def best_over_ridge(law: Law, N: float, order: int) -> RiskPoint:
    """The same for a law, and n_train as the law counts them."""
    if not law.can_learn:
        return nothing_to_learn(law, order, at=np.inf)
    low = SPAN[0] * law.moments.eigenvalues.min()
    high = SPAN[1] * law.spectrum(N).high
    grid = np.geomspace(low, high, int(np.ceil(PER_DECADE * np.log10(high / low))))
    path = path_of(law, N, Ridge(grid), order)
    usable = path.error < path.value - law.floor
    if not np.any(usable):
        return path.point(int(np.argmin(path_of(law, N, Ridge(grid), 0).value)))
    # Without the floor, beside which the learning error has lost digits where N is large.
    learned = path.bias + path.variance
    i = int(np.argmin(np.where(usable, learned, np.inf)))

    def learning(penalties: FloatArray) -> FloatArray:
        return np.asarray(np.sum(parts(law, law.ridge(N, penalties), order), axis=0))

    near = float(grid[max(i - 1, 0)]), float(grid[min(i + 1, grid.size - 1)])
    best = path_of(law, N, Ridge(lowest_between(learning, *near)), order).point(0)
    return best if best.bias + best.variance <= learned[i] else path.point(i)
