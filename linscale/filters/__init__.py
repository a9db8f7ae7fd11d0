"""Residual filters rho(l): what a learning rule has not yet learned along an eigenvalue l."""

from linscale.filters.base import Descent, Filter
from linscale.filters.checks import check
from linscale.filters.gradient import GradientDescent, GradientFlow
from linscale.filters.lens import Lens, Spectrum
from linscale.filters.limits import Converged, Ridge
from linscale.filters.momentum import HeavyBall, Nesterov

__all__ = [
    "Converged",
    "Descent",
    "Filter",
    "GradientDescent",
    "GradientFlow",
    "HeavyBall",
    "Lens",
    "Nesterov",
    "Ridge",
    "Spectrum",
    "check",
]
