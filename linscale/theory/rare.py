r"""Training sets on which descent diverges: too rare for any order in 1/N, and yet in the mean.

Above the edge of the limiting spectrum the largest sample eigenvalue of real data has the tail

    P(largest > x) ~ exp(-N J) / (6 sqrt(pi) N J),    J'(x) = [m_1(x) - m_2(x)] / 2,  J(edge) = 0,

with the two real branches of the companion equation that meet at the edge: m_1 is the Stieltjes
transform, and m_2 tends to -1/l_max as x grows. The prefactor is that of the Tracy-Widom tail,
exact next to the edge and of the right order beyond. For one atom J' is the classical
sqrt((x - a)(x - b))/(2 x l). Complex data have twice the rate: what is said here is on the safe
side for them.

Source: for one atom, Majumdar and Vergassola, Phys. Rev. Lett. 102 (2009) 060601, by the energy of
one eigenvalue pulled out of the bulk; the same argument gives the two branches in general.
"""

from __future__ import annotations

import numpy as np

from linscale.filters import Filter
from linscale.problem import SpectralProblem
from linscale.theory.stieltjes import sample_spectrum, spectral_argument
from linscale.validate import FloatArray

GRID = 400
LARGEST_LOG = 300.0
LOG_RAREST = np.log(1e-6)
LOG_UNHEARD_OF = np.log(1e-15)
NOTEWORTHY = 1e-3  # share of the signal's power


def log_tail(problem: SpectralProblem, n_train: float) -> tuple[FloatArray, FloatArray]:
    """Places x above the edge, ascending to far beyond it, and log P(largest > x) there."""
    x, rate = rate_beyond_edge(problem, n_train)
    exponent = n_train * rate
    return x, -exponent - np.log1p(6.0 * np.sqrt(np.pi) * exponent)


def rate_beyond_edge(problem: SpectralProblem, n_train: float) -> tuple[FloatArray, FloatArray]:
    """The places x, and J(x) there."""
    spectrum = sample_spectrum(problem, n_train)
    pole = -float(problem.eigenvalues.max())
    reach = pole - spectrum.kappa_upper  # > 0
    outer = spectrum.kappa_upper - reach * np.append(0.0, np.geomspace(1e-6, 1e9, GRID))
    inner = pole - reach * np.append(1.0, 1.0 - np.geomspace(1e-6, 0.5, GRID // 2))
    inner = np.append(inner, pole - reach * np.geomspace(0.499, 1e-6, GRID // 2))
    x = np.maximum.accumulate(np.asarray(spectral_argument(problem, n_train, inner)))
    stieltjes = np.interp(x, spectral_argument(problem, n_train, outer), 1.0 / outer)
    force = np.maximum(stieltjes - 1.0 / inner, 0.0)
    return x, np.append(0.0, np.cumsum(0.25 * (force[1:] + force[:-1]) * np.diff(x)))


def diverging_share(problem: SpectralProblem, n_train: float, filter: Filter) -> FloatArray:
    """What diverging training sets add to the mean, as a share of the signal's power, shape (T,).

    max of rho(x)^2 P(largest > x) over x >= stable_below, up to a factor of order 1, for sets that
    come up at least once in a million: rarer ones no user and no simulation meets.
    """
    x, log_p = _beyond(problem, n_train, filter)
    return _largest(filter, x[log_p > LOG_RAREST], log_p[log_p > LOG_RAREST])


def divergence_remarks(problem: SpectralProblem, n_train: float, filter: Filter) -> list[str]:
    """For every point: "ok", or how often descent diverges where that decides the mean."""
    x, log_p = _beyond(problem, n_train, filter)
    if not np.any(log_p > LOG_UNHEARD_OF):
        return ["ok"] * filter.at.size
    share = _largest(filter, x, log_p)
    often = np.exp(-log_p[0])
    sets = f"{often + 1.0:.2g}" if often < 99.0 else f"10^{np.log10(often):.0f}"
    text = (
        f"descent diverges on roughly one training set in {sets}, and the mean is theirs in the "
        "end: lower the step"
    )
    return [text if value > NOTEWORTHY else "ok" for value in share]


def _beyond(
    problem: SpectralProblem, n_train: float, filter: Filter
) -> tuple[FloatArray, FloatArray]:
    """Places at which the filter diverges, and log P there."""
    if np.isinf(filter.stable_below):
        return np.empty(0), np.empty(0)
    x, log_p = log_tail(problem, n_train)
    first = max(filter.stable_below, float(x[0]))
    beyond = x > first
    start = float(np.interp(first, x, log_p))
    return np.append(first, x[beyond]), np.append(start, log_p[beyond])


def _largest(filter: Filter, x: FloatArray, log_p: FloatArray) -> FloatArray:
    """max over x of rho(x)^2 exp(log_p), (T,)."""
    if x.size == 0:
        return np.zeros(filter.at.size)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        exponent = np.max(2.0 * np.log(np.abs(filter.residual(x))) + log_p, axis=1)
    return np.asarray(np.exp(np.minimum(np.nan_to_num(exponent, nan=np.inf), LARGEST_LOG)))
