r"""What every residual filter answers, and where a contour around a spectrum may run.

An estimator learned from N pairs, with Sh = YY'/N, is W = X Y' g(Sh) / N with

    g(l) = (1 - rho(l)) / l,      h(l) = (1 - rho(l))^2 / l,      rho(0) = 1, h(0) = 0.

Every filter evaluates a whole path at once: one row for each of its T parameter values. All are
exact at the start of the path, at its end, and at eigenvalue 0.

Derivation: `filters`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linscale.errors import StepTooLarge
from linscale.support import validate
from linscale.support.validate import FloatArray

Spectrum = NDArray[Any]  # real or complex eigenvalues, any shape


class Lens(NamedTuple):
    """A lens with corners at ``left`` and ``right`` on which |rho| stays near its maximum.

    ``scale`` is the distance over which rho changes by about a factor e at the corners, and
    ``angle`` the one between the real axis and the lens there. ``log_residual`` gives log rho at
    the path's last point, up to a slowly varying term, where rho oscillates on the lens.
    """

    left: float
    right: float
    scale: float
    angle: float = 0.25 * np.pi
    log_residual: Callable[[Spectrum], Spectrum] | None = None


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
    def confine(self, low: float, high: float) -> Lens:
        """Where a contour around the spectrum [low, high] may run."""

    @property
    def stable_below(self) -> float:
        """The path converges on spectra below this value (inf: on all)."""
        return np.inf

    def check_stable(self, largest: float, where: str) -> None:
        """Raise StepTooLarge where the path diverges on a spectrum that reaches ``largest``."""
        if largest >= self.stable_below:
            step: float = getattr(self, "step", np.nan)
            raise StepTooLarge(step, step * self.stable_below / largest, where)

    def gain(self, l: Spectrum) -> Spectrum:
        """g(l) = (1 - rho(l)) / l at l != 0, shape (T, *l.shape)."""
        return self.learned(l) / l

    def variance_filter(self, l: Spectrum) -> Spectrum:
        """h(l) = (1 - rho(l))^2 / l, 0 at l = 0, shape (T, *l.shape)."""
        return self.learned(l) ** 2 / np.where(l == 0, 1.0, l)


@dataclass(frozen=True, eq=False)
class Descent(Filter):
    """A rule that takes steps of one size: what all of them share."""

    step: float
    iterations: FloatArray
    parameter: ClassVar[str] = "iteration"
    oscillates: ClassVar[bool] = False
    """Whether rho_k swings about 0 as k grows, on part of every spectrum."""

    def __init__(self, step: float, iterations: ArrayLike) -> None:
        object.__setattr__(self, "step", validate.real("step", step))
        object.__setattr__(self, "iterations", validate.whole_numbers("iterations", iterations))

    @property
    def at(self) -> FloatArray:
        return self.iterations

    def along(self, iterations: ArrayLike) -> Self:
        """The same rule after other numbers of iterations."""
        other = copy(self)
        wanted = validate.whole_numbers("iterations", iterations)
        object.__setattr__(other, "iterations", wanted)
        return other


def column(parameter: FloatArray, l: Spectrum) -> FloatArray:
    """The parameter values as a column that broadcasts against l."""
    return parameter.reshape(-1, *([1] * np.ndim(l)))


def log1p(z: Spectrum) -> Spectrum:
    """log(1 + z) for complex z, accurate near 0; k log(1 + z) is used with integer k only."""
    x, y = z.real, z.imag
    return np.asarray(0.5 * np.log1p(x * (2.0 + x) + y * y) + 1j * np.arctan2(y, 1.0 + x))
