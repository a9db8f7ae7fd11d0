"""Result values: the same ones whichever way a question is answered.

Every risk is an expected squared error divided by the problem's ``scale``, and splits as

    value = floor + bias + variance       (floor: best linear estimator; the rest: learning error)

``bias`` is what has not been learned, ``variance`` what the training targets' residual added.
Monte Carlo that draws the residual cannot tell the two apart: all is then in ``bias``, and
``variance`` is nan. ``sem`` is the standard error of ``value``: 0 for theory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    sem: FloatArray
    std: FloatArray
    floor: float
    parameter: str = "time"
    method: str = "theory"
    status: str = "ok"

    @classmethod
    def single(cls, point: RiskPoint) -> RiskPath:
        """A path of one point."""
        names = ("at", "value", "bias", "variance", "sem", "std")
        arrays: dict[str, Any] = {name: np.array([getattr(point, name)]) for name in names}
        return cls(**arrays, floor=point.floor, method=point.method, status=point.status)

    @property
    def best(self) -> RiskPoint:
        """The smallest value on the path and where it is taken."""
        usable = np.where(np.isnan(self.value), np.inf, self.value)
        return self.point(int(np.argmin(usable)))

    def point(self, i: int) -> RiskPoint:
        """The i-th value of the path."""
        names = ("at", "value", "bias", "variance", "sem", "std")
        values = {name: float(getattr(self, name)[i]) for name in names}
        return RiskPoint(**values, floor=self.floor, method=self.method, status=self.status)


@dataclass(frozen=True, eq=False)
class RiskCurve:
    """Risk against the number of training examples; arrays of shape (len(n_train),).

    Attributes as in :class:`RiskPoint`; ``statuses`` has one string for each value.
    """

    n_train: NDArray[np.int64]
    value: FloatArray
    bias: FloatArray
    variance: FloatArray
    at: FloatArray
    sem: FloatArray
    std: FloatArray
    oracle: FloatArray
    statuses: tuple[str, ...]
    floor: float

    @classmethod
    def of(cls, n_train: Sequence[int], points: Sequence[RiskPoint]) -> RiskCurve:
        """The curve through one risk for each n_train."""
        arrays = {name: np.array([getattr(p, name) for p in points]) for name in CURVE_COLUMNS}
        return cls(
            n_train=np.array(n_train, dtype=np.int64),
            **arrays,
            statuses=tuple(p.status for p in points),
            floor=points[0].floor,
        )

    def at_n_train(self, n_train: Sequence[int]) -> RiskCurve:
        """The curve at some of its own n_train."""
        place = np.searchsorted(self.n_train, n_train)
        arrays = {name: getattr(self, name)[place] for name in CURVE_COLUMNS}
        return RiskCurve(
            n_train=self.n_train[place],
            **arrays,
            statuses=tuple(self.statuses[i] for i in place),
            floor=self.floor,
        )


CURVE_COLUMNS = ("value", "bias", "variance", "at", "sem", "std", "oracle")
