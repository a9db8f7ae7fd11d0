"""Risk in decibels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from linscale.support.validate import FloatArray


def psnr(risk: ArrayLike) -> FloatArray:
    """PSNR of a mean risk per pixel, in dB, for images whose white is 1: -10 log10(risk).

    Parameters
    ----------
    risk : scalar or array
        Mean square error per pixel, white being 1.

    Returns
    -------
    array of the same shape
        dB; inf for a risk of 0, nan for what is below it.

    Examples
    --------
    >>> from linscale.results.decibels import psnr
    >>> psnr([0.1, 0.002]).round(3).tolist()
    [10.0, 26.99]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(-10.0 * np.log10(risk))
