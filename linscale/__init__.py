"""linscale: how much a learned linear reconstruction gains from more data, and where it stops."""

from importlib import import_module
from types import ModuleType

from linscale import covariances, errors, forward, theory
from linscale.answer import curve, early_stopped, risk, spread
from linscale.filters import Converged, GradientDescent, GradientFlow, HeavyBall, Nesterov, Ridge
from linscale.models import InverseProblem, SubspaceModel
from linscale.problem import SpectralProblem

__version__ = "0.1.0"


def __getattr__(name: str) -> ModuleType:
    """Load the heavier parts on first use."""
    if name in ("montecarlo", "plotting", "symbolic"):
        return import_module(f"linscale.{name}")
    raise AttributeError(f"module 'linscale' has no attribute {name!r}")


__all__ = [
    "Converged",
    "GradientDescent",
    "GradientFlow",
    "HeavyBall",
    "InverseProblem",
    "Nesterov",
    "Ridge",
    "SpectralProblem",
    "SubspaceModel",
    "covariances",
    "curve",
    "early_stopped",
    "errors",
    "forward",
    "montecarlo",
    "plotting",
    "risk",
    "spread",
    "symbolic",
    "theory",
]
