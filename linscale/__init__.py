"""linscale: how much a learned linear reconstruction gains from more data, and where it stops."""

from linscale import theory
from linscale.filters import Converged, GradientDescent, GradientFlow
from linscale.models import InverseProblem, SubspaceModel
from linscale.problem import SpectralProblem

__version__ = "0.1.0"

__all__ = [
    "Converged",
    "GradientDescent",
    "GradientFlow",
    "InverseProblem",
    "SpectralProblem",
    "SubspaceModel",
    "theory",
]
