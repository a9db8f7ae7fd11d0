"""The minimum of a smooth curve between two grid points, from values at many places at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev

from linscale.support.validate import FloatArray

POINTS = 12
FOLLOWED = 1e-9  # last coefficients of a polynomial that follows a curve, over the curve's minimum
FLAT = 1e3  # or that much less than what the curve varies by
ZOOMS = 4
REAL = 1e-6  # imaginary part of a root up to which it is real


def lowest_between(curve: Callable[[FloatArray], FloatArray], low: float, high: float) -> float:
    """Where a curve above 0 is lowest: by a polynomial in log x through Chebyshev points, of the
    interval or of a part of it that is so short that a polynomial follows the curve."""
    ends = np.log([low, high])
    for _ in range(ZOOMS):
        x = 0.5 * (ends.sum() + (ends[1] - ends[0]) * chebyshev.chebpts1(POINTS))
        values = curve(np.exp(x))
        lowest = int(np.argmin(values))
        fit = chebyshev.Chebyshev.fit(x, values / abs(values[lowest]), POINTS - 1, domain=ends)
        size = np.abs(fit.coef)
        if size[-2:].max() < FOLLOWED * min(1.0, FLAT * size[1:].sum()):
            break
        ends = np.concatenate((ends[:1], x, ends[1:]))[[lowest, lowest + 2]]
    flat = fit.deriv().roots()
    flat = flat.real[(np.abs(flat.imag) < REAL) & (flat.real > ends[0]) & (flat.real < ends[1])]
    places = np.concatenate((flat, x, ends))
    return float(np.exp(places[np.argmin(fit(places))]))
