"""linscale: how much a learned linear reconstruction gains from more data, and where it stops."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from linscale import errors, filters, theory
from linscale.answer import Estimator, curve, early_stopped, risk, spread
from linscale.filters import (
    Converged,
    Filter,
    GradientDescent,
    GradientFlow,
    HeavyBall,
    Nesterov,
    Ridge,
)
from linscale.images import covariances
from linscale.models import (
    Contrast,
    InverseProblem,
    SpectralProblem,
    StationaryImages,
    SubspaceModel,
)
from linscale.operators import forward
from linscale.results import RiskCurve, RiskPath, RiskPoint

if TYPE_CHECKING:  # loaded on first use
    from linscale import empirical, montecarlo, plotting, sweep, symbolic
    from linscale.studies.prediction import Prediction, predict
    from linscale.sweep.phases import phase

__version__ = "0.1.0"

HEAVIER = {  # what is loaded on first use, and where it is
    "Prediction": "linscale.studies.prediction",
    "phase": "linscale.sweep.phases",
    "predict": "linscale.studies.prediction",
}
ROOMS = ("empirical", "montecarlo", "plotting", "sweep", "symbolic")


def __getattr__(name: str) -> Any:
    """Load the heavier parts on first use."""
    if name in HEAVIER:
        return getattr(import_module(HEAVIER[name]), name)
    if name in ROOMS:
        return import_module(f"linscale.{name}")
    raise AttributeError(f"module 'linscale' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__", "__doc__", "__file__", "__name__", "__path__"})


__all__ = [
    "Contrast",
    "Converged",
    "Estimator",
    "Filter",
    "GradientDescent",
    "GradientFlow",
    "HeavyBall",
    "InverseProblem",
    "Nesterov",
    "Prediction",
    "Ridge",
    "RiskCurve",
    "RiskPath",
    "RiskPoint",
    "SpectralProblem",
    "StationaryImages",
    "SubspaceModel",
    "covariances",
    "curve",
    "early_stopped",
    "empirical",
    "errors",
    "filters",
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
