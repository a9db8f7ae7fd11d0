"""One question, the best method: theory, or simulation where theory is not good enough.

Arrows: estimator -> auto -> questions.
"""

from linscale.answer.estimator import ESTIMATORS, Estimator, estimator_of
from linscale.answer.questions import curve, early_stopped, risk, spread

__all__ = [
    "ESTIMATORS",
    "Estimator",
    "curve",
    "early_stopped",
    "estimator_of",
    "risk",
    "spread",
]
