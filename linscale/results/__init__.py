"""What an answer is: one risk, a path of them, a curve; plain numbers that carry an error."""

from linscale.results.risk import RiskCurve, RiskPath, RiskPoint
from linscale.results.uncertain import UncertainFloat, UncertainInt

__all__ = ["RiskCurve", "RiskPath", "RiskPoint", "UncertainFloat", "UncertainInt"]
