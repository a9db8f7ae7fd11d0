"""Result values: the same ones whichever way a question is answered.

Every risk is an expected squared error divided by the problem's ``scale``, and splits as

    value = floor + bias + variance       (floor: best linear estimator; the rest: learning error)

``bias`` is what has not been learned, ``variance`` what the training targets' residual added.
Monte Carlo that draws the residual cannot tell the two apart: all is then in ``bias``, and
``variance`` is nan. ``sem`` is the standard error of ``value``: 0 for theory. ``error`` is an
estimate of how far ``value`` may be from the exact expectation, whichever method gave it: the size
of the expansion's next term for theory, the standard error for simulation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InvalidArgument
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False)
class RiskPoint:
    """One risk.

    Attributes
    ----------
    value, floor, bias, variance
        See the module's docstring.
    at : float
        Time or iteration at which the value is taken (inf: converged; nan: none applies). Of a
        minimum it is known less well than the value: ``theory.stopping_window`` with a tolerance of
        2 error / value is where the true minimum can lie.
    error, sem, std : float
        Estimated error and standard error of ``value`` (see the module's docstring), and standard
        deviation over training sets (theory: nan).
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
    error: float = field(kw_only=True)
    sem: float = 0.0
    std: float = np.nan
    oracle: float = np.nan
    method: str = field(kw_only=True)
    status: str = "ok"


@dataclass(frozen=True, eq=False)
class RiskPath:
    """Risk along a filter's path; arrays of shape (T,), attributes as in :class:`RiskPoint`.

    ``statuses`` has one string for each point, and ``status`` sums them up; ``methods`` has one for
    each where points were found by different methods.
    """

    at: FloatArray
    value: FloatArray
    bias: FloatArray
    variance: FloatArray
    error: FloatArray
    sem: FloatArray
    std: FloatArray
    floor: float
    statuses: tuple[str, ...]
    parameter: str = "time"
    method: str = field(kw_only=True)
    methods: tuple[str, ...] = ()

    @classmethod
    def single(cls, point: RiskPoint) -> RiskPath:
        """A path of one point."""
        arrays: dict[str, Any] = {name: np.array([getattr(point, name)]) for name in PATH_COLUMNS}
        return cls(**arrays, floor=point.floor, method=point.method, statuses=(point.status,))

    @property
    def status(self) -> str:
        """ "ok", or every different remark with the number of points that it is made of."""
        count = Counter(s for s in self.statuses if s != "ok")
        many = len(self.statuses) > 1
        return (
            "; ".join(
                f"{text} ({k} of {len(self.statuses)} points)" if many else text
                for text, k in count.items()
            )
            or "ok"
        )

    @property
    def best(self) -> RiskPoint:
        """The smallest value on the path and where it is taken.

        Of values that are level, to 1e-8 of the learning error, the first in the path's order.
        """
        usable = np.where(np.isnan(self.value), np.inf, self.value)
        least = float(usable.min())
        level = usable <= least + LEVEL * abs(least - self.floor)
        return self.point(int(np.argmax(level)))

    def point(self, i: int) -> RiskPoint:
        """The i-th value of the path."""
        values = {name: float(getattr(self, name)[i]) for name in PATH_COLUMNS}
        method = self.methods[i] if self.methods else self.method
        return RiskPoint(**values, floor=self.floor, method=method, status=self.statuses[i])


@dataclass(frozen=True, eq=False)
class RiskCurve:
    """Risk against the number of training examples; arrays of shape (len(n_train),).

    Attributes as in :class:`RiskPoint`; ``methods`` and ``statuses`` have one string for each
    value.
    """

    n_train: NDArray[np.int64]
    value: FloatArray
    bias: FloatArray
    variance: FloatArray
    at: FloatArray
    error: FloatArray
    sem: FloatArray
    std: FloatArray
    oracle: FloatArray
    methods: tuple[str, ...]
    statuses: tuple[str, ...]
    floor: float

    @classmethod
    def of(cls, n_train: Sequence[int], points: Sequence[RiskPoint]) -> RiskCurve:
        """The curve through one risk for each n_train."""
        arrays = {name: np.array([getattr(p, name) for p in points]) for name in CURVE_COLUMNS}
        return cls(
            n_train=np.array(n_train, dtype=np.int64),
            **arrays,
            methods=tuple(p.method for p in points),
            statuses=tuple(p.status for p in points),
            floor=points[0].floor,
        )

    def at_n_train(self, n_train: Sequence[int]) -> RiskCurve:
        """The curve at some of its own n_train."""
        missing = sorted(set(map(int, n_train)) - set(map(int, self.n_train)))
        if missing:
            raise InvalidArgument("n_train", missing, f"among those of the curve, {self.n_train}")
        place = np.searchsorted(self.n_train, n_train)
        arrays = {name: getattr(self, name)[place] for name in CURVE_COLUMNS}
        return RiskCurve(
            n_train=self.n_train[place],
            **arrays,
            methods=tuple(self.methods[i] for i in place),
            statuses=tuple(self.statuses[i] for i in place),
            floor=self.floor,
        )


LEVEL = 1e-8  # of the learning error: what a contour integral promises
PATH_COLUMNS = ("at", "value", "bias", "variance", "error", "sem", "std")
CURVE_COLUMNS = (*PATH_COLUMNS, "oracle")
