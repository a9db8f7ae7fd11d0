"""Result values: the same ones whichever way a question is answered.

Every risk is an expected squared error divided by the problem's ``scale``, and splits as

    value = floor + bias + variance       (floor: best linear estimator; the rest: learning error)

``bias`` is what has not been learned, ``variance`` what the training targets' residual added.
Monte Carlo that draws the residual cannot tell the two apart: all is then in ``bias``, and
``variance`` is nan. ``sem`` is the standard error of ``value``: 0 for theory.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from linscale.validate import FloatArray


@dataclass(frozen=True, eq=False)
class RiskPoint:
    """One risk.

    Attributes
    ----------
    value, floor, bias, variance
        See the module's docstring.
    at : float
        Time or iteration at which the value is taken (inf: converged; nan: none applies).
    sem, std : float
        Standard error of ``value`` and standard deviation over training sets (theory: 0 and nan).
    oracle : float
        Mean over draws of each draw's own smallest risk, where it was asked for; else nan.
    method : str
        "theory" or "montecarlo", with the order or engine that was used.
    status : str
        "ok", or what to know before trusting the value.
    """

    value: float
    floor: float
    bias: float = np.nan
    variance: float = np.nan
    at: float = np.nan
    sem: float = 0.0
    std: float = np.nan
    oracle: float = np.nan
    method: str = "theory"
    status: str = "ok"


@dataclass(frozen=True, eq=False)
class RiskPath:
    """Risk along a filter's path; arrays of shape (T,), attributes as in :class:`RiskPoint`."""

    at: FloatArray
    value: FloatArray
    bias: FloatArray
    variance: FloatArray
    floor: float
    parameter: str = "time"
    sem: FloatArray = field(default_factory=lambda: np.zeros(1))
    std: FloatArray = field(default_factory=lambda: np.full(1, np.nan))
    method: str = "theory"
    status: str = "ok"

    @property
    def best(self) -> RiskPoint:
        """The smallest value on the path and where it is taken."""
        i = int(np.nanargmin(self.value)) if np.any(np.isfinite(self.value)) else 0
        return self.point(i)

    def point(self, i: int) -> RiskPoint:
        """The i-th value of the path."""
        sem = np.broadcast_to(self.sem, self.value.shape)
        std = np.broadcast_to(self.std, self.value.shape)
        return RiskPoint(
            value=float(self.value[i]),
            floor=self.floor,
            bias=float(self.bias[i]),
            variance=float(self.variance[i]),
            at=float(self.at[i]),
            sem=float(sem[i]),
            std=float(std[i]),
            method=self.method,
            status=self.status,
        )
