"""Result values: the same ones whichever way a question is answered.

Every risk is an expected squared error divided by the problem's ``scale``, and splits as

    value = floor + bias + variance       (floor: best linear estimator; the rest: learning error)

``bias`` is what has not been learned, ``variance`` what the training targets' residual added.
Monte Carlo that draws the residual cannot tell the two apart: all is then in ``bias``, and
``variance`` is nan. ``sem`` is the standard error of ``value``: 0 for theory. ``error`` is an
estimate of how far ``value`` may be from the exact expectation, whichever method gave it: the size
of the expansion's next term for theory, the standard error for simulation.
"""

from linscale.results.curve import CURVE_COLUMNS, RiskCurve
from linscale.results.path import LEVEL, PATH_COLUMNS, RiskPath
from linscale.results.point import RiskPoint

__all__ = ["CURVE_COLUMNS", "LEVEL", "PATH_COLUMNS", "RiskCurve", "RiskPath", "RiskPoint"]
