"""A small grid, and finished cells without the work."""

import numpy as np

from linscale.sweep import Grid
from linscale.sweep.outcome import Outcome

GRID = Grid(
    n=20, d=2, sigma=0.1, n_train=[3, 30], trials=5, rng=[0, 1], method=["theory", "montecarlo"],
    estimator=["early_stopped", "pca", {"filter": "ridge", "penalties": [0.01, 0.1, 1]}],
)  # fmt: skip


def made_up(cell, points=1, rng=None):
    """An outcome without the work."""
    values = (rng or np.random.default_rng(0)).standard_normal((8, points))
    made_by = "montecarlo, engine band (spectrum), residual averaged, 1000 draws"
    return Outcome(cell, values, 0.01, made_by, ("ok",) * points)


MORE = Grid(n=20, d=2, sigma=0.1, n_train={"from": 100, "to": 199}, trials=5)


def fill(store, points=1, done=lambda: None):
    """Add a hundred cells that the small grid has not."""
    for cell in MORE:
        store.add(made_up(cell, points))
        done()
