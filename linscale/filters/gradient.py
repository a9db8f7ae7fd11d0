"""Gradient flow and gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from linscale.errors import InvalidArgument
from linscale.filters.base import Descent, Filter, column, log1p
from linscale.filters.lens import Lens, Spectrum
from linscale.filters.poles import Poles
from linscale.models import SubspaceModel
from linscale.support import validate
from linscale.support.validate import FloatArray

GONE = 40.0  # exp(-GONE) is below rounding


@dataclass(frozen=True, eq=False, repr=False)
class GradientFlow(Filter):
    r"""Gradient flow on (1/2N) sum_i ||W y_i - x_i||^2 from W = 0:  rho(l) = exp(-t l).

    Derivation: `filters`.

    Parameters
    ----------
    times : scalar or (T,) array
        t >= 0, in units of one over an eigenvalue of YY'/N.

    Raises
    ------
    InvalidArgument
        Times that are negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> flow = ls.GradientFlow([0.0, 1.0, 10.0])
    >>> flow.residual(np.array([0.0, 0.5])).round(3)
    array([[1.   , 1.   ],
           [1.   , 0.607],
           [1.   , 0.007]])
    """

    times: FloatArray
    word: ClassVar[str] = "gradient_flow"
    calibrated: ClassVar[bool] = True
    path: ClassVar[str] = "times"
    parameter: ClassVar[str] = "time"

    def __init__(self, times: ArrayLike) -> None:
        object.__setattr__(self, "times", validate.vector("times", times))

    def residual(self, l: Spectrum) -> Spectrum:
        return np.exp(-column(self.times, l) * l)

    def learned(self, l: Spectrum) -> Spectrum:
        return -np.expm1(-column(self.times, l) * l)

    def confine(self, low: float, high: float) -> Lens:
        t = float(self.times.max())
        scale = 1.0 / t if t > 0 else np.inf
        # At the right corner late times have nothing left.
        return Lens(low - scale, np.inf, scale, scale_right=max(scale, high / GONE))

    def poles(self) -> Poles:
        return Poles.of_exponential(self.times)


@dataclass(frozen=True, eq=False, init=False, repr=False)
class GradientDescent(Descent):
    r"""Gradient descent on (1/2N) sum_i ||W y_i - x_i||^2 from W = 0:  rho(l) = (1 - step l)^k.

    Derivation: `filters`.

    Parameters
    ----------
    step : float
        Step size; it converges when step times the largest eigenvalue of YY'/N is below 2.
    iterations : scalar or (T,) array of integers
        k >= 0.

    Raises
    ------
    InvalidArgument
        A step that is not above 0, or iterations that are not whole numbers.

    Examples
    --------
    Small steps are gradient flow at time step * k:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    >>> flow = ls.theory.risk(model, 30, ls.GradientFlow(4.0))
    >>> steps = ls.theory.risk(model, 30, ls.GradientDescent(0.01, 400))
    >>> print(f"{flow.value[0]:.3f} {steps.value[0]:.3f}")
    0.030 0.030
    """

    word: ClassVar[str] = "gradient_descent"

    @staticmethod
    def reference_step(model: SubspaceModel, n_train: int) -> float:
        r"""The step of the paper's code, on the normalised loss.

            eta = 1 / ((1 + eps) (1 + sigma^2)),   eps = sqrt(10 (d + sigma^2 n) log(n) / N)

        Source: the code of arXiv 2209.13435, whose step on the un-normalised loss is eta / N.

        Parameters
        ----------
        model : SubspaceModel
        n_train : int
            N, from 1 to 10^15.

        Raises
        ------
        InvalidArgument
            Any other model, or N outside its range.

        Examples
        --------
        With many examples it is one over the largest eigenvalue of Cov(y):

        >>> import linscale as ls
        >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.5)
        >>> print(f"{ls.GradientDescent.reference_step(model, 10**9):.3f} {1 / 1.25:.3f}")
        0.799 0.800
        """
        if not isinstance(model, SubspaceModel):
            raise InvalidArgument("model", type(model).__name__, "a SubspaceModel")
        N = validate.n_train(n_train)
        s2 = model.sigma**2
        eps = np.sqrt(10.0 * (model.d + s2 * model.n) * np.log(model.n) / N)
        return float(1.0 / ((1.0 + eps) * (1.0 + s2)))

    @property
    def stable_below(self) -> float:
        return 2.0 / self.step

    def residual(self, l: Spectrum) -> Spectrum:
        k = column(self.iterations, l)
        if np.iscomplexobj(l):
            return np.exp(k * log1p(-self.step * l))
        return np.asarray(np.power(1.0 - self.step * l, k))

    def learned(self, l: Spectrum) -> Spectrum:
        k = column(self.iterations, l)
        x = self.step * l
        if np.iscomplexobj(l):
            return -np.expm1(k * log1p(-x))
        small = -np.expm1(k * np.log1p(-np.minimum(x, 0.5)))
        return np.where(x < 0.5, small, 1.0 - np.power(1.0 - x, k))

    def confine(self, low: float, high: float) -> Lens:
        # |1 - step z| <= q (1 + 1/k) is a disc; q is the largest |1 - step l| on the spectrum.
        k = max(float(self.iterations.max()), 1.0)
        q = max(abs(1.0 - self.step * low), abs(1.0 - self.step * high))
        reach = q * (1.0 + 1.0 / k)
        return Lens((1.0 - reach) / self.step, (1.0 + reach) / self.step, q / (self.step * k))
