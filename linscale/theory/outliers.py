"""Training sets with something in them so rare that most have none of it.

Where descent is unstable only on account of them, the theory is that of the other training sets,
and says how many it leaves out: as for Gaussian data, where rare sets diverge too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from linscale.filters import Filter
from linscale.support.validate import FloatArray
from linscale.theory.rare import (
    LARGEST_LOG,
    LOG_RAREST,
    LOG_UNHEARD_OF,
    NOTEWORTHY,
    divergence_text,
)


class Outliers(NamedTuple):
    """What is left out: the share of training sets that hold some of it, and what it does.

    ``edge`` is that of the whole law's sample spectrum, ``energy`` the share of the signal's power.
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
