"""One risk."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from linscale.results import display
from linscale.results.decibels import psnr
from linscale.results.words import short, with_error


@dataclass(frozen=True, eq=False)
class RiskPoint:
    """One risk, in the model's unit: per pixel, or per subspace dimension for a SubspaceModel.

    Attributes
    ----------
    value, floor, bias, variance : float
        See :mod:`linscale.results.risk`.
    at : float
        Time or iteration at which the value is taken (inf: converged; nan: none applies). Of a
        minimum it is known less well than the value: ``theory.stopping_window`` with a tolerance of
        2 error / value is where the true minimum can lie.
    error, sem, std : float
        Estimated error and standard error of ``value`` (see :mod:`linscale.results.risk`), and
        standard deviation over training sets (theory: nan).
    oracle : float
        Mean over draws of each draw's own smallest risk, where it was asked for; else nan.
    method : str
        "theory" or "montecarlo", with the order or engine that was used.
    status : str
        "ok", or what to know before trusting the value.

    Examples
    --------
    >>> import linscale as ls
    >>> ls.theory.early_stopped(ls.SubspaceModel(n=100, d=10, sigma=0.05), n_train=30)
    RiskPoint(0.004033 ± 2.1e-05, at=31.57, floor=0.002494, status='ok')
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

    def to_frame(self) -> Any:
        """A pandas DataFrame of one row.

        Returns
        -------
        pandas.DataFrame
            value, floor, bias, variance, at, error, sem, std, oracle, method and status.

        Raises
        ------
        InputError
            Where pandas is not installed.

        Examples
        --------
        >>> import linscale as ls
        >>> best = ls.theory.early_stopped(ls.SubspaceModel(n=100, d=10, sigma=0.05), 30)
        >>> best.to_frame()[["value", "at"]].round(3)
           value      at
        0  0.004  31.573
        """
        return display.frame({field.name: [getattr(self, field.name)] for field in fields(self)})

    def plot(self, ax: Any = None, **line: Any) -> Any:
        """Draw it as a point at its time, iteration or penalty.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            As of :meth:`linscale.RiskPath.plot`, and so are the keywords in ``line``.

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
        >>> best = ls.theory.early_stopped(ls.SubspaceModel(n=100, d=10, sigma=0.05), 30)
        >>> best.plot(Figure().subplots()).get_ylabel()
        'risk'
        """
        from linscale.results.path import RiskPath  # which is made of points

        return RiskPath.single(self).plot(ax, **line)

    @property
    def psnr(self) -> float:
        """-10 log10(value), in dB: the PSNR where the risk is per pixel and white is 1.

        The unit is the model's: a SubspaceModel's risk is per subspace dimension, and its decibels
        are below the zero estimator's risk of 1.

        Examples
        --------
        >>> from linscale.results import RiskPoint
        >>> point = RiskPoint(0.001, floor=0.0005, error=0.0, method="theory")
        >>> round(point.psnr, 6)
        30.0
        """
        return float(psnr(self.value))

    def __repr__(self) -> str:
        at = "" if np.isnan(self.at) else f", at={short(self.at)}"
        return (
            f"RiskPoint({with_error(self.value, self.error)}{at}, floor={self.floor:.4g}, "
            f"status={self.status!r})"
        )
