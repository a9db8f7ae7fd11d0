"""The expansion in 1/N of either kind of problem: Gaussian signals, or scale mixtures."""

from __future__ import annotations

import numpy as np

from linscale.filters import Filter, Ridge
from linscale.models.problem import MixtureProblem, Problem
from linscale.theory.contours import NODES
from linscale.theory.gaussian.equivalents import Equivalent, Terms, equivalent
from linscale.theory.gaussian.kernels import ridge_terms
from linscale.theory.gaussian.stieltjes import (
    SampleSpectrum,
    effective_penalty_at_zero,
    ridge_penalty,
    sample_spectrum,
)
from linscale.theory.mixture import equivalents as mixtures
from linscale.theory.mixture.edges import mixture_spectrum


def spectrum_of(problem: Problem, n_train: float) -> SampleSpectrum:
    """Edges of the sample spectrum."""
    if isinstance(problem, MixtureProblem):
        return mixture_spectrum(problem, n_train)
    return sample_spectrum(problem, n_train)


def equivalents_of(
    problem: Problem,
    n_train: float,
    spectrum: SampleSpectrum,
    filter: Filter,
    nodes: int = NODES,
) -> Equivalent | mixtures.MixtureEquivalent:
    """Both orders on a contour that is safe for the filter's whole path."""
    if isinstance(problem, MixtureProblem):
        return mixtures.mixture_equivalent(problem, n_train, spectrum, filter, nodes)
    return equivalent(problem, n_train, spectrum, filter, order=1, nodes=nodes)


def path_terms(
    problem: Problem,
    n_train: float,
    filter: Filter,
    spectrum: SampleSpectrum,
    nodes: int = NODES,
) -> Terms:
    """Bias and variance along the path, both orders; n_train may be any real number."""
    if not isinstance(filter, Ridge):
        return equivalents_of(problem, n_train, spectrum, filter, nodes).terms(filter)
    if isinstance(problem, MixtureProblem):
        return mixtures.ridge_terms(problem, n_train, filter.penalties)
    kappa = np.array([ridge_penalty(problem, n_train, mu) for mu in filter.penalties])
    bias, variance = ridge_terms(problem, n_train, kappa, order=1)
    return Terms.of(np.array(bias), np.array(variance), np.zeros(kappa.size))


def converged_terms(problem: Problem, n_train: float) -> Terms:
    """Both orders of the converged risk as the ridge limit mu -> 0, on either side of N = n."""
    if isinstance(problem, MixtureProblem):
        edge = mixture_spectrum(problem, n_train).lower_edge
        return mixtures.converged_terms(problem, n_train, edge)
    kappa = np.array([effective_penalty_at_zero(problem, n_train)])
    bias, variance = ridge_terms(problem, n_train, kappa, order=1)
    return Terms.of(np.array(bias), np.array(variance), np.zeros(1))
