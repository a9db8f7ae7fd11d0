"""What is asked: models of signal and measurement, each of which reduces to a problem."""

from linscale.models.contrast import Contrast
from linscale.models.inverse import InverseProblem
from linscale.models.problem import Model, SpectralProblem
from linscale.models.stationary import StationaryImages
from linscale.models.subspace import SubspaceModel

__all__ = [
    "Contrast", "InverseProblem", "Model", "SpectralProblem", "StationaryImages", "SubspaceModel",
]  # fmt: skip
