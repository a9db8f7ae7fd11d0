"""Atoms of contrast so rare that most training sets have none, and descent diverges on those with.

Where descent is unstable only on account of them, the theory is that of the other training sets,
and says how many it leaves out: as for Gaussian data, where rare sets diverge too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from linscale.filters import Filter
from linscale.models.contrast import Contrast
from linscale.models.problem import MixtureProblem, Problem
from linscale.support.validate import FloatArray
from linscale.theory.expansion import spectrum_of
from linscale.theory.gaussian.stieltjes import SampleSpectrum
from linscale.theory.rare import (
    LARGEST_LOG,
    LOG_RAREST,
    LOG_UNHEARD_OF,
    NOTEWORTHY,
    divergence_text,
)

OFTEN = 0.5  # share of training sets: beyond it descent diverges on most


class Outliers(NamedTuple):
    """Atoms left out: the share of training sets that hold one, and what they do.

    ``edge`` is that of the whole law's sample spectrum, ``energy`` the atoms' share of E tau.
    """

    share: float = 0.0
    edge: float = 0.0
    energy: float = 0.0

    def log_excess(self, filter: Filter) -> FloatArray:
        """log of rho(edge)^2 times their share of training sets, (T,)."""
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            log_rho = np.log(np.abs(filter.residual(np.array([self.edge]))[:, 0]))
            total = 2.0 * np.nan_to_num(log_rho, nan=np.inf) + np.log(self.share)
        return np.asarray(np.minimum(total, LARGEST_LOG))

    def error(self, filter: Filter, power: float) -> FloatArray:
        """What they may add to the mean, (T,): sets that come up once in a million at least."""
        missing = np.full(filter.at.size, self.energy * power)
        if self.share == 0.0 or np.log(self.share) < LOG_RAREST:
            return missing
        return np.asarray(missing + power * np.exp(self.log_excess(filter)))

    def remarks(self, filter: Filter) -> list[str]:
        """For every point: "ok", or how often descent diverges where that decides the mean."""
        if self.share == 0.0 or np.log(self.share) < LOG_UNHEARD_OF:
            return ["ok"] * filter.at.size
        text = divergence_text(self.share)
        decides = np.exp(self.log_excess(filter)) > NOTEWORTHY
        return [text if value else "ok" for value in decides]


NONE = Outliers()


def stable_part(
    problem: Problem, n_train: int, filter: Filter
) -> tuple[Problem, SampleSpectrum, Outliers]:
    """The problem without the atoms on which the filter diverges, its spectrum, and those atoms.

    Raises
    ------
    StepTooLarge
        Where it diverges on the limiting spectrum of most training sets all the same.
    """
    whole = spectrum = spectrum_of(problem, n_train)
    where = f"(at the edge of the sample spectrum, n_train = {n_train})"
    if whole.high < filter.stable_below or not isinstance(problem, MixtureProblem):
        filter.check_stable(whole.high, where)
        return problem, whole, NONE
    tau, weights, kept = problem.contrast.atoms, problem.contrast.weights, problem
    for rest in range(tau.size - 1, 0, -1):
        share = -float(np.expm1(n_train * np.log1p(-weights[rest:].sum())))
        if share > OFTEN or tau[rest - 1] == 0.0:
            break
        law = Contrast(tau[:rest], weights[:rest])
        kept = MixtureProblem(problem.moments, problem.sigma, law)
        spectrum = spectrum_of(kept, n_train)
        if spectrum.high < filter.stable_below:
            energy = float(tau[rest:] @ weights[rest:])
            return kept, spectrum, Outliers(share, whole.high, energy)
    filter.check_stable(spectrum.high, where)
    return kept, spectrum, NONE
