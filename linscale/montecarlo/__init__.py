"""Simulation of training sets: exact draws, exact risks, mean and standard error.

Arrows: laws, paths, _numba -> draws -> engine -> estimates. Nothing here imports the theory.
Loading it compiles the path kernels, so it is imported on first use.
"""

from linscale.montecarlo.draws import LinearDraw, SubspaceDraw, train
from linscale.montecarlo.estimates import (
    Estimates,
    converged,
    early_stopped,
    estimates,
    pca,
    risk,
)

__all__ = [
    "Estimates",
    "LinearDraw",
    "SubspaceDraw",
    "converged",
    "early_stopped",
    "estimates",
    "pca",
    "risk",
    "train",
]
