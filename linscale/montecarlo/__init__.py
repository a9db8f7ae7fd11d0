"""Simulation of training sets: exact draws, exact risks, mean and standard error.

Arrows: paths, _numba -> backend, laws -> spectra, decomposed -> draws -> band, chebyshev ->
band_draws; draws, workers -> stacks; backend -> _cupy; all of these -> engines -> engine ->
summary -> estimates. Nothing here imports the theory.
Loading it compiles the path kernels, so it is imported on first use.
"""

from linscale.montecarlo.estimates import (
    Estimates,
    converged,
    early_stopped,
    estimates,
    pca,
    risk,
    risk_of_training_set,
)

__all__ = [
    "Estimates",
    "converged",
    "early_stopped",
    "estimates",
    "pca",
    "risk",
    "risk_of_training_set",
]
