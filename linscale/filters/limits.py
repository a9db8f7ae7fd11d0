"""Filters that no path of iterations stands behind: ridge, and the end of every path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from linscale.filters.base import Filter, column
from linscale.filters.lens import Lens, Spectrum
from linscale.support import validate
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class Ridge(Filter):
    r"""Ridge regression, the minimiser of (1/2N) sum_i ||W y_i - x_i||^2 + (mu/2) ||W||_F^2.

        rho(l) = mu / (l + mu)

    Derivation: `filters`.

    Parameters
    ----------
    penalties : scalar or (T,) array
        mu > 0, in units of an eigenvalue of YY'/N; the limit mu = 0 is ``Converged()``.

    Raises
    ------
    InvalidArgument
        Penalties that are not above 0.

    Examples
    --------
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    >>> path = ls.theory.risk(model, 30, ls.Ridge([0.01, 0.1, 1.0]))
    >>> path.value.round(3)
    array([0.005, 0.029, 0.324])
    """

    penalties: FloatArray
    word: ClassVar[str] = "ridge"
    calibrated: ClassVar[bool] = True
    path: ClassVar[str] = "penalties"
    parameter: ClassVar[str] = "penalty"

    def __init__(self, penalties: ArrayLike) -> None:
        object.__setattr__(
            self, "penalties", validate.vector("penalties", penalties, positive=True)
        )

    def domain(self) -> tuple[float, float]:
        return -float(self.penalties.min()), np.inf

    def residual(self, l: Spectrum) -> Spectrum:
        mu = column(self.penalties, l)
        return np.asarray(mu / (l + mu))

    def learned(self, l: Spectrum) -> Spectrum:
        return np.asarray(l / (l + column(self.penalties, l)))

    def variance_filter(self, l: Spectrum) -> Spectrum:
        return np.asarray(l / (l + column(self.penalties, l)) ** 2)

    def confine(self, low: float, high: float) -> Lens:
        """Between the pole at -mu and the spectrum."""
        gap = 0.3 * (float(self.penalties.min()) + low)
        return Lens(low - gap, np.inf, gap)


@dataclass(frozen=True, eq=False, repr=False)
class Converged(Filter):
    """The limit of gradient descent, rho(l) = 1 at l = 0 and 0 elsewhere (least squares).

    Examples
    --------
    With N > n + 1 examples the risk is the floor times (N - 1)/(N - n - 1), exactly:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    >>> path = ls.theory.risk(model, 200, ls.Converged())
    >>> print(f"{path.value[0] / path.floor:.4f} {199 / 99:.4f}")
    2.0101 2.0101
    """

    parameter: ClassVar[str] = "time"

    def __post_init__(self) -> None:
        """There is no path."""

    @property
    def at(self) -> FloatArray:
        return validate.frozen(np.array([np.inf]))

    def residual(self, l: Spectrum) -> Spectrum:
        return 1.0 - self.learned(l)

    def learned(self, l: Spectrum) -> Spectrum:
        return np.asarray(l != 0, dtype=float)[np.newaxis]

    def confine(self, low: float, high: float) -> Lens:
        """Not analytic at 0, so no contour integral: the limits are closed forms."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return "Converged()"
