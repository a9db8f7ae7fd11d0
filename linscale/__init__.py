"""linscale: how much a learned linear reconstruction gains from more data, and where it stops."""

from importlib import import_module
from typing import Any

from linscale import errors, theory
from linscale.answer import curve, early_stopped, risk, spread
from linscale.filters import Converged, GradientDescent, GradientFlow, HeavyBall, Nesterov, Ridge
from linscale.images import covariances
from linscale.models import (
    Contrast,
    InverseProblem,
    SpectralProblem,
    StationaryImages,
    SubspaceModel,
)
from linscale.operators import forward

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load the heavier parts on first use."""
    if name == "predict":
        return import_module("linscale.studies.prediction").predict
    if name == "phase":
        return import_module("linscale.sweep.phases").phase
    if name in ("empirical", "montecarlo", "plotting", "sweep", "symbolic"):
        return import_module(f"linscale.{name}")
    raise AttributeError(f"module 'linscale' has no attribute {name!r}")


__all__ = [
    "Contrast",
    "Converged",
    "GradientDescent",
    "GradientFlow",
    "HeavyBall",
    "InverseProblem",
    "Nesterov",
    "Ridge",
    "SpectralProblem",
    "StationaryImages",
    "SubspaceModel",
    "covariances",
    "curve",
    "early_stopped",
    "empirical",
    "errors",
    "forward",
    "montecarlo",
    "phase",
    "plotting",
    "predict",
    "risk",
    "spread",
    "sweep",
    "symbolic",
    "theory",
]
