r"""From signal and noise to a spectral problem: what every model that measures pixels does alike.

With k_j the eigenvalues of A S_x A', power_j = |S_x A' v_j|^2/k_j and s2 = sigma^2,

    l_j = k_j + s2,      w_j = k_j power_j/(l_j^2 p)

Derivations: `wiener` and `reduction`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from linscale.errors import InvalidArgument
from linscale.models.problem import LARGEST_CONDITION
from linscale.support import validate
from linscale.support.validate import FloatArray


def noise_level(sigma: Any) -> float:
    """sigma, such that its fourth power is a number."""
    level = validate.real("sigma", sigma)
    if not 1e-30 < level < 1e30:
        raise InvalidArgument("sigma", sigma, "between 1e-30 and 1e30")
    return level


def with_noise(
    k: FloatArray, power: FloatArray, sigma: float, pixels: int
) -> tuple[FloatArray, FloatArray]:
    """l and w, of k in ascending order.

    Raises
    ------
    InvalidArgument
        Where sigma^2 is so small beside the largest k that its digits are lost.
    """
    l = k + sigma**2
    if l[-1] > LARGEST_CONDITION * l[0]:
        least = np.sqrt(l[-1] / LARGEST_CONDITION)
        raise InvalidArgument(
            "sigma", sigma, f"at least {least:.2g}: rounding would swallow the noise"
        )
    return l, k * power / l**2 / pixels


def joined(
    values: FloatArray, totals: FloatArray, gap: Any
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Distinct values (ascending order), how often each occurs, and the sum of its totals.

    Neighbours are the same where they differ by no more than ``gap``, which is what rounding leaves
    between two that are: a number, or one for each pair of neighbours.
    """
    start = np.flatnonzero(np.concatenate(([True], np.diff(values) > gap)))
    counts = np.diff(np.append(start, values.size)).astype(float)
    return np.add.reduceat(values, start) / counts, counts, np.add.reduceat(totals, start)
