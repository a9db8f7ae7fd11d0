"""Which images count how often in a resample, and the interval that resampled values leave."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from linscale.errors import InvalidArgument
from linscale.support import validate
from linscale.support.validate import FloatArray

LEAST = 20  # resamples: below, the ends of a 90 % interval are but the extremes
BLOCKS = 20  # at most, of which one is left out at a time


def checked_count(resamples: Any) -> int:
    """A number of resamples from which an interval can be had.

    Raises
    ------
    InvalidArgument
        Fewer than 20, with the reason.
    """
    count = validate.integer("resamples", resamples, at_least=0)
    if count < LEAST:
        reason = f"at least {LEAST}: the ends of an interval are among the outermost resamples"
        raise InvalidArgument("resamples", count, reason)
    return count


def resampled_weights(groups: int, resamples: int, rng: Any) -> FloatArray:
    """How often each group counts: (resamples, groups), drawn with replacement."""
    chosen = np.random.default_rng(rng).integers(groups, size=(resamples, groups))
    counts = [np.bincount(row, minlength=groups) for row in chosen]
    return np.array(counts, dtype=float).reshape(resamples, groups)


def left_out_weights(groups: int) -> FloatArray:
    """The same with one group left out at a time, or one of twenty blocks of groups."""
    block = np.arange(groups) * min(groups, BLOCKS) // groups
    return np.asarray(block != np.unique(block)[:, None], dtype=float)


def bca_ends(
    value: float, resampled: ArrayLike, left_out: ArrayLike, level: float
) -> tuple[float, float]:
    r"""Ends of the bias-corrected and accelerated bootstrap interval.

    They are the quantiles Phi(z0 + (z0 + z)/(1 - a (z0 + z))) of the resampled values, z those of
    the normal law: z0 from the share of resampled values below the value itself, and a from the
    skewness of the values with one group (or block of groups) left out,

        a = sum_i (m - v_i)^3 / (6 [sum_i (m - v_i)^2]^(3/2)),        m their mean.

    Where more resamples than the level has outside lie on one side of the value, which happens with
    a handful of images, the interval would miss it: it is then drawn out to it.

    Sources: Efron, J. Amer. Statist. Assoc. 82 (1987) 171; DiCiccio and Efron, Statist. Sci. 11
    (1996) 189.

    Parameters
    ----------
    value : float
        Of all groups.
    resampled, left_out : (B,) and (G,) arrays
    level : float
        Between 0 and 1.

    Returns
    -------
    (float, float)

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images.resampling import bca_ends
    >>> rng = np.random.default_rng(0)
    >>> x = rng.exponential(size=30)
    >>> means = rng.choice(x, size=(2000, 30)).mean(axis=1)
    >>> low, high = bca_ends(x.mean(), means, [np.delete(x, i).mean() for i in range(30)], 0.9)
    >>> bool(low < x.mean() < high and high > np.quantile(means, 0.95))  # skewed to the right
    True
    """
    values, apart = np.asarray(resampled, dtype=float), np.asarray(left_out, dtype=float)
    below = 0.5 * (np.mean(values < value) + np.mean(values <= value))
    off = apart.mean() - apart
    spread = float(np.sum(off**2))
    a = float(np.sum(off**3)) / (6.0 * spread**1.5) if spread > 0.0 else 0.0
    z0, z = ndtri(below), ndtri([0.5 - 0.5 * level, 0.5 + 0.5 * level])
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = ndtr(z0 + (z0 + z) / (1.0 - a * (z0 + z)))
    shares = np.where(np.isfinite(shares), shares, below)  # every resample on one side
    low, high = np.quantile(values, shares)
    return min(float(low), value), max(float(high), value)
