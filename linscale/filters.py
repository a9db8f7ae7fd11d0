r"""Residual filters rho(l): what a learning rule has not yet learned along an eigenvalue l.

An estimator learned from N pairs, with Sh = YY'/N, is W = X Y' g(Sh) / N with

    g(l) = (1 - rho(l)) / l,      h(l) = (1 - rho(l))^2 / l,      rho(0) = 1, h(0) = 0.

Every filter evaluates a whole path at once: one row for each of its T parameter values. All are
exact at the start of the path, at its end, and at eigenvalue 0.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linscale import validate
from linscale.errors import InvalidArgument, StepTooLarge
from linscale.models import SubspaceModel
from linscale.validate import FloatArray

Spectrum = NDArray[Any]  # real or complex eigenvalues, any shape


class Confinement(NamedTuple):
    """Real interval [left, right] on which |rho| stays within a factor e of its maximum.

    ``scale`` is the distance over which rho changes by about a factor e at its ends.
    """

    left: float
    right: float
    scale: float


class Filter(ABC):
    """A path of residual filters, one for each value of its parameter."""

    parameter: ClassVar[str]
    """What ``at`` counts: "time", "iteration", ..."""

    @property
    @abstractmethod
    def at(self) -> FloatArray:
        """Parameter values, shape (T,)."""

    @abstractmethod
    def residual(self, l: Spectrum) -> Spectrum:
        """rho(l), shape (T, *l.shape)."""

    @abstractmethod
    def learned(self, l: Spectrum) -> Spectrum:
        """1 - rho(l) without cancellation, shape (T, *l.shape)."""

    @abstractmethod
    def confine(self, low: float, high: float) -> Confinement:
        """Where a contour around the spectrum [low, high] may cross the real axis."""

    def check_stable(self, largest: float, where: str) -> None:  # noqa: B027
        """Raise StepTooLarge where the path diverges on a spectrum that reaches ``largest``."""

    def gain(self, l: Spectrum) -> Spectrum:
        """g(l) = (1 - rho(l)) / l at l != 0, shape (T, *l.shape)."""
        return self.learned(l) / l

    def variance_filter(self, l: Spectrum) -> Spectrum:
        """h(l) = (1 - rho(l))^2 / l, 0 at l = 0, shape (T, *l.shape)."""
        return self.learned(l) ** 2 / np.where(l == 0, 1.0, l)


@dataclass(frozen=True, eq=False)
class GradientFlow(Filter):
    r"""Gradient flow on (1/2N) sum_i ||W y_i - x_i||^2 from W = 0:  rho(l) = exp(-t l).

    Parameters
    ----------
    times : scalar or (T,) array
        t >= 0, in units of one over an eigenvalue of YY'/N.
    """

    times: FloatArray
    parameter: ClassVar[str] = "time"

    def __init__(self, times: ArrayLike) -> None:
        object.__setattr__(self, "times", validate.vector("times", times))

    @property
    def at(self) -> FloatArray:
        return self.times

    def residual(self, l: Spectrum) -> Spectrum:
        return np.exp(-_outer(self.times, l))

    def learned(self, l: Spectrum) -> Spectrum:
        return -np.expm1(-_outer(self.times, l))

    def confine(self, low: float, high: float) -> Confinement:
        t = float(self.times.max())
        scale = 1.0 / t if t > 0 else np.inf
        return Confinement(low - scale, np.inf, scale)


@dataclass(frozen=True, eq=False)
class GradientDescent(Filter):
    r"""Gradient descent on (1/2N) sum_i ||W y_i - x_i||^2 from W = 0:  rho(l) = (1 - step l)^k.

    Parameters
    ----------
    step : float
        Step size; it converges when step times the largest eigenvalue of YY'/N is below 2.
    iterations : scalar or (T,) array of integers
        k >= 0.
    """

    step: float
    iterations: FloatArray
    parameter: ClassVar[str] = "iteration"

    def __init__(self, step: float, iterations: ArrayLike) -> None:
        object.__setattr__(self, "step", validate.real("step", step))
        k = validate.vector("iterations", iterations)
        if np.any(k != np.round(k)):
            raise InvalidArgument("iterations", k, "integers")
        object.__setattr__(self, "iterations", k)

    @staticmethod
    def reference_step(model: SubspaceModel, n_train: int) -> float:
        r"""The step of the paper's code, on the normalised loss.

            eta = 1 / ((1 + eps) (1 + sigma^2)),   eps = sqrt(10 (d + sigma^2 n) log(n) / N)

        Source: the code of arXiv 2209.13435, whose step on the un-normalised loss is eta / N.
        """
        if not isinstance(model, SubspaceModel):
            raise InvalidArgument("model", type(model).__name__, "a SubspaceModel")
        N = validate.n_train(n_train)
        s2 = model.sigma**2
        eps = np.sqrt(10.0 * (model.d + s2 * model.n) * np.log(model.n) / N)
        return float(1.0 / ((1.0 + eps) * (1.0 + s2)))

    @property
    def at(self) -> FloatArray:
        return self.iterations

    def residual(self, l: Spectrum) -> Spectrum:
        k = _column(self.iterations, l)
        if np.iscomplexobj(l):
            return np.exp(k * _log1p(-self.step * l))
        return np.asarray(np.power(1.0 - self.step * l, k))

    def learned(self, l: Spectrum) -> Spectrum:
        k = _column(self.iterations, l)
        x = self.step * l
        if np.iscomplexobj(l):
            return -np.expm1(k * _log1p(-x))
        small = -np.expm1(k * np.log1p(-np.minimum(x, 0.5)))
        return np.where(x < 0.5, small, 1.0 - np.power(1.0 - x, k))

    def confine(self, low: float, high: float) -> Confinement:
        # |1 - step z| <= q (1 + 1/k) is a disc; q is the largest |1 - step l| on the spectrum.
        k = max(float(self.iterations.max()), 1.0)
        q = max(abs(1.0 - self.step * low), abs(1.0 - self.step * high))
        reach = q * (1.0 + 1.0 / k)
        return Confinement(
            (1.0 - reach) / self.step, (1.0 + reach) / self.step, q / (self.step * k)
        )

    def check_stable(self, largest: float, where: str) -> None:
        if self.step * largest >= 2.0:
            raise StepTooLarge(self.step, 2.0 / largest, where)


@dataclass(frozen=True, eq=False)
class Converged(Filter):
    """The limit of gradient descent, rho(l) = 1 at l = 0 and 0 elsewhere (least squares)."""

    parameter: ClassVar[str] = "time"

    @property
    def at(self) -> FloatArray:
        return validate.frozen(np.array([np.inf]))

    def residual(self, l: Spectrum) -> Spectrum:
        return 1.0 - self.learned(l)

    def learned(self, l: Spectrum) -> Spectrum:
        return np.asarray(l != 0, dtype=float)[np.newaxis]

    def confine(self, low: float, high: float) -> Confinement:
        """Not analytic at 0, so no contour integral: the limits are closed forms."""
        raise NotImplementedError


def _column(parameter: FloatArray, l: Spectrum) -> FloatArray:
    return parameter.reshape(-1, *([1] * np.ndim(l)))


def _outer(parameter: FloatArray, l: Spectrum) -> Spectrum:
    return np.asarray(_column(parameter, l) * l)


def _log1p(z: Spectrum) -> Spectrum:
    """log(1 + z) for complex z, accurate near 0; k log(1 + z) is used with integer k only."""
    x, y = z.real, z.imag
    return np.asarray(0.5 * np.log1p(x * (2.0 + x) + y * y) + 1j * np.arctan2(y, 1.0 + x))
