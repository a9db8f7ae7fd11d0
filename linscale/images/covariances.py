"""Signal covariances S_x for an InverseProblem: stationary models, and estimates from images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from linscale.errors import InputError, InvalidArgument
from linscale.images.resampling import (
    bca_ends,
    checked_count,
    left_out_weights,
    resampled_weights,
)
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import FloatArray

SHRINKAGES = ("none", "ledoit-wolf", "oas")


def stationary(
    image_shape: tuple[int, int], exponent: float = 2.0, power: float = 1.0
) -> FloatArray:
    r"""Covariance of a periodic stationary image with a power-law spectrum.

        E |F x|^2(f)  =  c / (|f|^2 + f_0^2)^(exponent / 2),    f_0 one cycle over the longer side

    so that the mean, too, has a finite variance, 2^(exponent / 2) times that of the slowest wave;
    natural images have an exponent of about 2.

    Source: for natural images, Field, J. Opt. Soc. Am. A 4 (1987) 2379.

    Parameters
    ----------
    image_shape : (height, width)
        p = height * width. The result takes 8 p^2 bytes.
    exponent : float
        0 is white, more is smoother; any sign.
    power : float
        Variance of every pixel, above 0, which sets c. Where white is 1, scikit-image's
        photographs have 0.003 to 0.09.

    Returns
    -------
    (p, p) array
        S_x of images flattened row by row, in units of ``power``.

    Raises
    ------
    InvalidArgument
        No image shape, or numbers outside these ranges.

    Examples
    --------
    >>> import linscale as ls
    >>> cov = ls.covariances.stationary((8, 8))
    >>> cov.shape
    (64, 64)

    How alike the first pixel and its neighbours in the row are; the last is the first one's
    neighbour, too:

    >>> cov[0, :8].round(3)
    array([1.   , 0.413, 0.119, 0.066, 0.033, 0.066, 0.119, 0.413])
    """
    kernel = np.fft.ifft2(power_spectrum(image_shape, exponent, power)).real
    row, column = np.indices(kernel.shape).reshape(2, -1)
    return np.asarray(kernel[row[:, None] - row, column[:, None] - column])


def power_spectrum(
    image_shape: tuple[int, int], exponent: float = 2.0, power: float = 1.0
) -> FloatArray:
    """E |F x|^2 of :func:`stationary`, F the orthonormal 2-D Fourier transform.

    Parameters
    ----------
    image_shape, exponent, power
        As for :func:`stationary`.

    Returns
    -------
    (height, width) array
        Zero frequency first, as of ``numpy.fft.fft2``; its mean is ``power``.

    Raises
    ------
    InvalidArgument
        As :func:`stationary`.

    Examples
    --------
    >>> import linscale as ls
    >>> spectrum = ls.covariances.power_spectrum((16, 16), exponent=2.0, power=0.5)
    >>> spectrum.shape, round(float(spectrum.mean()), 6)
    ((16, 16), 0.5)
    >>> round(float(spectrum[0, 0] / spectrum[0, 1]), 6)  # the mean beside the slowest wave
    2.0
    """
    height, width = validate.image_shape(image_shape)
    steepness = validate.finite("exponent", exponent)
    scale = validate.real("power", power)
    squared = np.add.outer(np.fft.fftfreq(height) ** 2, np.fft.fftfreq(width) ** 2)
    spectrum = (squared + 1.0 / max(height, width) ** 2) ** (-0.5 * steepness)
    return np.asarray(spectrum * (scale / spectrum.mean()))


class Estimate(NamedTuple):
    """Mean and covariance of a set of signals.

    Attributes
    ----------
    mean : (p,) array
    cov : (p, p) array

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> mean, cov = ls.covariances.from_samples(np.array([[1.0, 3.0], [0.0, 4.0]]))
    >>> mean
    array([2., 2.])
    """

    mean: FloatArray
    cov: FloatArray


@one_thread()
def from_samples(samples: FloatArray, shrinkage: str = "none", center: bool = True) -> Estimate:
    """Sample covariance of signals in columns, shrunk towards a multiple of I if asked.

        C = (1/M) sum_i (x_i - mean) (x_i - mean)'

    Where M is not many times p, its large eigenvalues are too large and its small ones too small, 0
    where M <= p; scikit-learn says how much shrinkage mends that.

    Sources: Ledoit and Wolf, J. Multivariate Anal. 88 (2004) 365; Chen, Wiesel, Eldar and Hero,
    IEEE Trans. Signal Process. 58 (2010) 5016, for oracle approximating shrinkage.

    Parameters
    ----------
    samples : (p, M) array
        Finite; at least two columns if they are centred.
    shrinkage : "none", "ledoit-wolf" or "oas"
    center : bool
        Subtract the mean first; else signals are taken to have mean zero.

    Returns
    -------
    Estimate
        Mean (zeros where it is not subtracted) and covariance, in units of the samples squared.

    Raises
    ------
    InvalidArgument
        No matrix of finite numbers, too few columns, or another word.
    InputError
        Shrinkage without scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> estimate = ls.covariances.from_samples(np.array([[1.0, 3.0], [0.0, 4.0]]))
    >>> estimate.cov
    array([[1., 2.],
           [2., 4.]])
    >>> int(np.linalg.matrix_rank(estimate.cov))  # two signals show one direction
    1
    """
    x = validate.matrix("samples", samples)
    if shrinkage not in SHRINKAGES:
        raise InvalidArgument("shrinkage", repr(shrinkage), ", ".join(map(repr, SHRINKAGES)))
    if center and x.shape[1] < 2:
        raise InvalidArgument("samples", f"{x.shape[1]} column", "at least 2, to subtract a mean")
    mean = x.mean(axis=1) if center else np.zeros(x.shape[0])
    if shrinkage == "none":
        x = x - mean[:, None]
        return Estimate(mean, x @ x.T / x.shape[1])
    try:
        from sklearn.covariance import ledoit_wolf, oas
    except ImportError:
        raise InputError("shrinkage needs scikit-learn: pip install 'linscale[images]'") from None
    shrink = ledoit_wolf if shrinkage == "ledoit-wolf" else oas
    cov, _ = shrink((x - mean[:, None]).T, assume_centered=True)
    return Estimate(mean, np.asarray(cov))


class Interval(NamedTuple):
    """A value and its bootstrap interval.

    Attributes
    ----------
    value : float
        Of all images.
    low, high : float
        Ends of the interval.

    Examples
    --------
    >>> import linscale as ls
    >>> found = ls.covariances.Interval(0.012, 0.011, 0.014)
    >>> f"{found.value} ({found.low} to {found.high})"
    '0.012 (0.011 to 0.014)'
    """

    value: float
    low: float
    high: float


def bootstrap(
    groups: Sequence[FloatArray],
    statistics: Callable[[FloatArray], Sequence[float]],
    *,
    level: float = 0.9,
    resamples: int = 200,
    rng: Any = 0,
    workers: int = 1,
    progress: Callable[[], object] | None = None,
) -> list[Interval]:
    """Intervals of statistics of the pooled signals by resampling *images*, not patches.

    Patches of one image are alike, so that the number of images is what counts. The intervals are
    bias-corrected and accelerated: see :func:`linscale.images.resampling.bca_ends`.

    Parameters
    ----------
    groups : sequence of (p, M_i) arrays
        The signals of each image; at least two images.
    statistics : function of a (p, M) array
        Numbers that depend on all signals together, such as floor and saturation of the problem
        that they make: a sequence of S floats.
    level : float
        Share of the resampled values inside each interval, between 0 and 1.
    resamples : int
        At least 20. Besides, every image is left out once, or one of twenty blocks of images.
    rng : None, int, SeedSequence or Generator
        The intervals depend on it alone, not on ``workers``.
    workers : int
        Threads, at least 1.
    progress : callable, optional
        Called once for each finished resample.

    Returns
    -------
    list of S Intervals
        Each with the value of all images as they are, and never beside it.

    Raises
    ------
    InvalidArgument
        Fewer than two images, or numbers outside these ranges.

    Examples
    --------
    Five images of unequal contrast. A thousand pixels would tell their power to 5 per cent; the
    interval is as wide as so few images make it:

    >>> import numpy as np
    >>> import linscale as ls
    >>> rng = np.random.default_rng(0)
    >>> groups = [size * rng.standard_normal((4, 50)) for size in (0.4, 0.8, 1.0, 1.2, 1.6)]
    >>> def power(x):
    ...     return [np.mean(x**2)]
    >>> (found,) = ls.covariances.bootstrap(groups, power, rng=0)
    >>> found.low < found.value < found.high, (found.high - found.low) / found.value > 0.5
    (True, True)
    """
    if len(groups) < 2:
        raise InvalidArgument("groups", f"{len(groups)} images", "at least 2, to be resampled")
    if not 0.0 < validate.real("level", level) < 1.0:
        raise InvalidArgument("level", level, "between 0 and 1")
    resampled = resampled_weights(len(groups), checked_count(resamples), rng)
    left_out = left_out_weights(len(groups))

    def one(weights: FloatArray) -> list[float]:
        often = zip(groups, weights.astype(int), strict=True)
        parts = [group for group, count in often for _ in range(count)]
        return list(statistics(np.concatenate(parts, axis=1)))

    def told(weights: FloatArray) -> list[float]:
        found = one(weights)
        if progress is not None:
            progress()
        return found

    from joblib import Parallel, delayed

    workers = validate.integer("workers", workers, at_least=1)
    pool = Parallel(n_jobs=workers, prefer="threads")
    values = np.array(pool(map(delayed(told), resampled)))
    apart = np.array(pool(map(delayed(one), left_out)))
    whole = one(np.ones(len(groups)))
    return [
        Interval(float(v), *bca_ends(float(v), values[:, k], apart[:, k], level))
        for k, v in enumerate(whole)
    ]


def sigma_for_snr(measured_power: float, snr_db: float) -> float:
    """Noise that gives a signal-to-noise ratio, 10 log10(E|A x|^2 / (n sigma^2)) in dB.

    Parameters
    ----------
    measured_power : float
        E|A x|^2 / n, the mean square of a noiseless measurement; above 0.
    snr_db : float
        From -300 to 300 dB.

    Returns
    -------
    float
        sigma, in units of y.

    Raises
    ------
    InvalidArgument
        Numbers outside these ranges.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> round(ls.covariances.sigma_for_snr(1.0, 20.0), 6)
    0.1

    For a model, the power is tr(A S_x A') / n:

    >>> A = ls.forward.dense(ls.forward.super_resolution((8, 8), 2))
    >>> cov = ls.covariances.stationary((8, 8), power=0.05)
    >>> sigma = ls.covariances.sigma_for_snr(np.trace(A @ cov @ A.T) / len(A), 30.0)
    >>> model = ls.InverseProblem(A, cov, sigma)
    >>> f"{sigma:.4f}"
    '0.0040'
    """
    power = validate.real("measured_power", measured_power)
    decibels = validate.finite("snr_db", snr_db)
    if abs(decibels) > 300.0:
        raise InvalidArgument("snr_db", snr_db, "within 300 dB of 0")
    return float(np.sqrt(power * 10.0 ** (-decibels / 10.0)))
