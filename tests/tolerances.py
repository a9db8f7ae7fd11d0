"""What a numerical comparison may miss by. There are four reasons and no fifth:

rounding   eps times a condition number that is worked out from the problem (:func:`rounding`)
contract   1e-8 of the learning error, what a contour integral promises (``CONTRACT``)
sampling   standard errors, their number from that of the comparisons (``conftest.z_limit``)
rate       a fitted slope in N, in a step, or in a number of nodes

A number that merely held on the machine where a test was written is none of them: another
processor's BLAS adds in another order, and moves it by more than that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

EPS = float(np.finfo(float).eps)
CONTRACT = 1e-8


def rounding(condition: Any = 1.0, operations: Any = 1) -> Any:
    """Relative error of a result, by first-order analysis: ``operations`` rounding errors of half
    a unit in the last place each, on either side of a comparison, amplified by ``condition``.

    ``operations`` is the length of the longest chain of additions and products behind the number
    (sums of n terms: n); ``condition`` the relative change of the result for one of the inputs, or
    for a sum with cancellation the sum of absolute values over the absolute value of the sum.
    """
    return EPS * np.asarray(operations) * np.asarray(condition)


def cancellation(*terms: Any) -> Any:
    """Condition number of a sum: sum of absolute values over the absolute value of the sum."""
    total = np.abs(sum(terms))
    return sum(np.abs(term) for term in terms) / np.where(total > 0.0, total, np.inf)
