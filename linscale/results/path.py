"""Risk along a filter's path."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linscale.results import display
from linscale.results.decibels import psnr
from linscale.results.point import RiskPoint
from linscale.results.words import counted, short, span, status_words, with_error
from linscale.support.validate import FloatArray

LEVEL = 1e-8  # of the learning error: what a contour integral promises
PATH_COLUMNS = ("at", "value", "bias", "variance", "error", "sem", "std")


@dataclass(frozen=True, eq=False)
class RiskPath:
    """Risk along a filter's path; arrays of shape (T,), attributes as in :class:`RiskPoint`.

    ``statuses`` has one string for each point, and ``status`` sums them up; ``methods`` has one for
    each where points were found by different methods. ``at`` is the filter's ``parameter``: a time
    or a penalty, in units of 1/y^2 or y^2, or an iteration.

    Examples
    --------
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    >>> ls.theory.risk(model, 30, ls.GradientFlow([1, 30]))
    RiskPath(2 points, time=1 to 30, best 0.004033 ± 2.3e-05 at 30, floor=0.002494, status='ok')
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
        """A path of one point.

        Parameters
        ----------
        point : RiskPoint

        Returns
        -------
        RiskPath
            Arrays of shape (1,).

        Examples
        --------
        >>> from linscale.results import RiskPath, RiskPoint
        >>> path = RiskPath.single(RiskPoint(0.25, floor=0.2, at=3.0, error=0.01, method="theory"))
        >>> path.value.tolist(), path.best.at
        ([0.25], 3.0)
        """
        arrays: dict[str, Any] = {name: np.array([getattr(point, name)]) for name in PATH_COLUMNS}
        return cls(**arrays, floor=point.floor, method=point.method, statuses=(point.status,))

    @property
    def status(self) -> str:
        """ "ok", or every different remark with the number of points that it is made of.

        Examples
        --------
        >>> from linscale.results import RiskPath, RiskPoint
        >>> point = RiskPoint(0.25, floor=0.2, error=0.1, method="theory", status="few draws")
        >>> RiskPath.single(point).status
        'few draws'
        """
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
    def psnr(self) -> FloatArray:
        """-10 log10(value) in dB, (T,); units as for :attr:`RiskPoint.psnr`.

        Examples
        --------
        >>> from linscale.results import RiskPath, RiskPoint
        >>> point = RiskPoint(0.01, floor=0.0, error=0.0, method="theory")
        >>> RiskPath.single(point).psnr.round(6).tolist()
        [20.0]
        """
        return psnr(self.value)

    @property
    def best(self) -> RiskPoint:
        """The smallest value on the path and where it is taken.

        Of values that are level, to 1e-8 of the learning error, the first in the path's order.

        Examples
        --------
        >>> import linscale as ls
        >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
        >>> ls.theory.risk(model, 30, ls.GradientFlow([10, 30, 100])).best.at
        30.0
        """
        usable = np.where(np.isnan(self.value), np.inf, self.value)
        least = float(usable.min())
        level = usable <= least + LEVEL * abs(least - self.floor)
        return self.point(int(np.argmax(level)))

    def point(self, i: int) -> RiskPoint:
        """The i-th value of the path.

        Parameters
        ----------
        i : int
            From 0 to T - 1; from the end where negative.

        Raises
        ------
        IndexError
            Where there is none.

        Examples
        --------
        >>> from linscale.results import RiskPath, RiskPoint
        >>> point = RiskPoint(0.25, floor=0.2, at=3.0, error=0.01, method="theory")
        >>> RiskPath.single(point).point(0)
        RiskPoint(0.250 ± 0.010, at=3, floor=0.2, status='ok')
        """
        values = {name: float(getattr(self, name)[i]) for name in PATH_COLUMNS}
        method = self.methods[i] if self.methods else self.method
        return RiskPoint(**values, floor=self.floor, method=method, status=self.statuses[i])

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for each point.

        Returns
        -------
        pandas.DataFrame
            The parameter under its own name ("time", "iteration" or "penalty"), then value, floor,
            bias, variance, error, sem, std, method and status.

        Raises
        ------
        InputError
            Where pandas is not installed.

        Examples
        --------
        >>> import linscale as ls
        >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
        >>> frame = ls.theory.risk(model, 30, ls.GradientFlow([10, 30, 100])).to_frame()
        >>> frame[["time", "value", "floor"]].round(4)
            time   value   floor
        0   10.0  0.0058  0.0025
        1   30.0  0.0040  0.0025
        2  100.0  0.0042  0.0025
        """
        arrays = {name: getattr(self, name) for name in PATH_COLUMNS[1:]}
        methods = list(self.methods) or [self.method] * self.value.size
        return display.frame(
            {self.parameter: self.at, "value": self.value, "floor": self.floor} | arrays
            | {"method": methods, "status": list(self.statuses)}
        )  # fmt: skip

    def plot(self, ax: Any = None, **line: Any) -> Any:
        """Draw risk against the filter's parameter, on logarithmic axes.

        A line with a band of value ± error, and the floor, thin and dashed. The line is dotted
        where a status is not "ok". What is at 0 or infinite has a mark at the axes' left or right
        edge.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Drawn into beside what is there; without one, a new figure of pyplot.
        line
            Keywords of the line, such as ``label`` and ``color``.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        InvalidArgument
            Where ax is not an Axes.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> import linscale as ls
        >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
        >>> path = ls.theory.risk(model, 30, ls.GradientFlow([10, 30, 100]))
        >>> ax = path.plot(Figure().subplots(), label="theory")
        >>> ax.get_xlabel()
        'time $t$'
        """
        return display.plot(self, ax, line)

    def __repr__(self) -> str:
        if not self.value.size:
            return "RiskPath(0 points)"
        best = self.best
        many = self.value.size > 1
        told = f"best {with_error(best.value, best.error)} at {short(best.at)}"
        where = f", {self.parameter}={span(self.at)}" if many else ""
        return (
            f"RiskPath({counted(self.value.size, 'point')}{where}, {told}, floor={self.floor:.4g}, "
            f"{status_words(self.statuses)})"
        )
