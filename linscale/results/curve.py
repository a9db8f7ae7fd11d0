"""Risk against the number of training examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InvalidArgument
from linscale.results import display
from linscale.results.decibels import psnr
from linscale.results.path import PATH_COLUMNS
from linscale.results.point import RiskPoint
from linscale.results.words import counted, span, status_words, with_error
from linscale.support.validate import FloatArray

CURVE_COLUMNS = (*PATH_COLUMNS, "oracle")
FRAME_COLUMNS = ("bias", "variance", "at", "error", "sem", "std", "oracle")  # after value, floor


@dataclass(frozen=True, eq=False)
class RiskCurve:
    """Risk against the number of training examples; arrays of shape (len(n_train),).

    ``n_train`` ascends. Attributes as in :class:`RiskPoint`; ``methods`` and ``statuses`` have one
    string for each value.

    Examples
    --------
    >>> from linscale.results import RiskCurve, RiskPoint
    >>> points = [RiskPoint(R, floor=0.1, error=R / 40, method="theory") for R in (0.4, 0.2)]
    >>> RiskCurve.of([10, 100], points)
    RiskCurve(2 points, n_train=10 to 100, 0.400 ± 0.010 to 0.2000 ± 0.0050, floor=0.1, status='ok')
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
        """The curve through one risk for each n_train.

        Parameters
        ----------
        n_train : sequence of int
            In ascending order.
        points : sequence of RiskPoint
            As many, of one model: the floor is the first one's.

        Returns
        -------
        RiskCurve

        Examples
        --------
        >>> from linscale.results import RiskCurve, RiskPoint
        >>> points = [RiskPoint(R, floor=0.1, error=0.0, method="theory") for R in (0.4, 0.2)]
        >>> RiskCurve.of([10, 100], points).value.tolist()
        [0.4, 0.2]
        """
        arrays = {name: np.array([getattr(p, name) for p in points]) for name in CURVE_COLUMNS}
        return cls(
            n_train=np.array(n_train, dtype=np.int64),
            **arrays,
            methods=tuple(p.method for p in points),
            statuses=tuple(p.status for p in points),
            floor=points[0].floor,
        )

    def at_n_train(self, n_train: Sequence[int]) -> RiskCurve:
        """The curve at some of its own n_train.

        Parameters
        ----------
        n_train : sequence of int
            Among those of the curve.

        Returns
        -------
        RiskCurve

        Raises
        ------
        InvalidArgument
            Naming those that the curve does not have.

        Examples
        --------
        >>> from linscale.results import RiskCurve, RiskPoint
        >>> points = [RiskPoint(R, floor=0.1, error=0.0, method="theory") for R in (0.4, 0.2)]
        >>> RiskCurve.of([10, 100], points).at_n_train([100]).value.tolist()
        [0.2]
        """
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

    @property
    def psnr(self) -> FloatArray:
        """-10 log10(value) in dB, (len(n_train),); units as for :attr:`RiskPoint.psnr`.

        Examples
        --------
        >>> from linscale.results import RiskCurve, RiskPoint
        >>> points = [RiskPoint(R, floor=0.0, error=0.0, method="theory") for R in (0.1, 0.01)]
        >>> RiskCurve.of([10, 100], points).psnr.round(6).tolist()
        [10.0, 20.0]
        """
        return psnr(self.value)

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for each n_train.

        Returns
        -------
        pandas.DataFrame
            Columns n_train, value, floor, bias, variance, at, error, sem, std, oracle, method and
            status.

        Raises
        ------
        InputError
            Where pandas is not installed.

        Examples
        --------
        >>> from linscale.results import RiskCurve, RiskPoint
        >>> points = [RiskPoint(R, floor=0.1, error=0.0, method="theory") for R in (0.4, 0.2)]
        >>> RiskCurve.of([10, 100], points).to_frame()[["n_train", "value", "floor", "status"]]
           n_train  value  floor status
        0       10    0.4    0.1     ok
        1      100    0.2    0.1     ok
        """
        return display.frame(columns_of(self))

    def plot(self, ax: Any = None, **line: Any) -> Any:
        """Draw risk against the number of training examples, on logarithmic axes.

        Theory is a line, dotted where a status is not "ok"; simulated values are points with bars
        of one standard error, hollow where a status is not "ok". The floor is thin and dashed.
        Values that are not finite are left out.

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
        >>> from linscale.results import RiskCurve, RiskPoint
        >>> points = [RiskPoint(R, floor=0.1, error=0.0, method="theory") for R in (0.4, 0.2)]
        >>> ax = RiskCurve.of([10, 100], points).plot(Figure().subplots(), label="theory")
        >>> ax.get_xlabel()
        'number of training examples $N$'
        """
        return display.plot(self, ax, line)

    def __repr__(self) -> str:
        if not self.value.size:
            return "RiskCurve(0 points)"
        ends = [with_error(float(self.value[i]), float(self.error[i])) for i in (0, -1)]
        value = " to ".join(ends if self.value.size > 1 else ends[:1])
        return (
            f"RiskCurve({counted(self.value.size, 'point')}, n_train={span(self.n_train)}, "
            f"{value}, floor={self.floor:.4g}, {status_words(self.statuses)})"
        )


def columns_of(curve: RiskCurve) -> dict[str, Any]:
    """Of :meth:`RiskCurve.to_frame`, by name: arrays and lists, and the floor, which is one."""
    first = {"n_train": curve.n_train, "value": curve.value, "floor": curve.floor}
    arrays = {name: getattr(curve, name) for name in FRAME_COLUMNS}
    return first | arrays | {"method": list(curve.methods), "status": list(curve.statuses)}
