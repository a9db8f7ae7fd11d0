"""Simulation of training sets: exact draws, exact risks, mean and standard error.

Arrows: paths, _numba -> backend, linear -> spectra, decomposed -> draws -> band, chebyshev ->
band_draws; draws, workers -> stacks; linear -> diagonal; backend -> _cupy; all of these ->
sampler -> laws, subspace (each registers the models that it draws for) -> engines -> engine ->
summary -> simulated. Nothing here imports the theory.
Loading it compiles the path kernels, so it is imported on first use.
"""

from linscale.montecarlo.laws import PairSampler
from linscale.montecarlo.sampler import Sampler, sampler_of
from linscale.montecarlo.simulated import (
    Estimates,
    best_ridge,
    converged,
    early_stopped,
    estimates,
    pca,
    risk,
    risk_of_training_set,
)

__all__ = [
    "Estimates",
    "PairSampler",
    "Sampler",
    "best_ridge",
    "converged",
    "early_stopped",
    "estimates",
    "pca",
    "risk",
    "risk_of_training_set",
    "sampler_of",
]
