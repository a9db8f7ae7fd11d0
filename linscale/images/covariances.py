"""Signal covariances S_x for an InverseProblem: stationary models, and estimates from images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InputError, InvalidArgument
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import FloatArray

SHRINKAGES = ("none", "ledoit-wolf", "oas")


def stationary(
    image_shape: tuple[int, int], exponent: float = 2.0, power: float = 1.0
) -> FloatArray:
    r"""Covariance of a periodic stationary image with a power-law spectrum, (p, p).

        E |F x|^2(f)  =  c / (|f|^2 + f_0^2)^(exponent / 2),    f_0 one cycle over the longer side

    so that the mean is as strong as the slowest wave; natural images have an exponent of about 2.

    Parameters
    ----------
    image_shape : (height, width)
    exponent : float
        0 is white.
    power : float
        Variance of every pixel, which sets c.

    Source: for natural images, Field, J. Opt. Soc. Am. A 4 (1987) 2379.
    """
    kernel = np.fft.ifft2(power_spectrum(image_shape, exponent, power)).real
    row, column = np.indices(kernel.shape).reshape(2, -1)
    return np.asarray(kernel[row[:, None] - row, column[:, None] - column])


def power_spectrum(
    image_shape: tuple[int, int], exponent: float = 2.0, power: float = 1.0
) -> FloatArray:
    """E |F x|^2 of :func:`stationary` (F orthonormal), (height, width), zero frequency first."""
    height, width = validate.image_shape(image_shape)
    steepness = validate.finite("exponent", exponent)
    scale = validate.real("power", power)
    squared = np.add.outer(np.fft.fftfreq(height) ** 2, np.fft.fftfreq(width) ** 2)
    spectrum = (squared + 1.0 / max(height, width) ** 2) ** (-0.5 * steepness)
    return np.asarray(spectrum * (scale / spectrum.mean()))


class Estimate(NamedTuple):
    """Mean and covariance of a set of signals."""

    mean: FloatArray
    cov: FloatArray


@one_thread()
def from_samples(samples: FloatArray, shrinkage: str = "none", center: bool = True) -> Estimate:
    """Sample covariance of signals in columns, (p, M), shrunk towards a multiple of I if asked.

    Parameters
    ----------
    samples : (p, M) array
    shrinkage : "none", "ledoit-wolf" or "oas"
        How much is left to scikit-learn, where M is not many times p.
    center : bool
        Subtract the mean first; else signals are taken to have mean zero.

    Sources: Ledoit and Wolf, J. Multivariate Anal. 88 (2004) 365; Chen, Wiesel, Eldar and Hero,
    IEEE Trans. Signal Process. 58 (2010) 5016, for oracle approximating shrinkage.
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
    """A value and its bootstrap interval."""

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

    Patches of one image are alike, so that the number of images is what counts.

    Parameters
    ----------
    groups : sequence of (p, M_i) arrays
        The signals of each image.
    statistics : function of a (p, M) array
        Of all signals together, such as floor and saturation of the problem that they make.
    level : float
        Share of the resampled values inside each interval.
    rng : None, int, SeedSequence or Generator
        The intervals depend on it alone, not on ``workers``.
    progress : callable, optional
        Called once for each finished resample.
    """
    if len(groups) < 2:
        raise InvalidArgument("groups", f"{len(groups)} images", "at least 2, to be resampled")
    if not 0.0 < validate.real("level", level) < 1.0:
        raise InvalidArgument("level", level, "between 0 and 1")
    count = validate.integer("resamples", resamples, at_least=2)
    generator = np.random.default_rng(rng)
    choices = generator.integers(len(groups), size=(count, len(groups)))

    def one(chosen: NDArray[np.int64]) -> list[float]:
        found = list(statistics(np.concatenate([groups[i] for i in chosen], axis=1)))
        if progress is not None:
            progress()
        return found

    from joblib import Parallel, delayed

    workers = validate.integer("workers", workers, at_least=1)
    values = np.array(Parallel(n_jobs=workers, prefer="threads")(map(delayed(one), choices)))
    whole = statistics(np.concatenate(groups, axis=1))
    bounds = np.quantile(values, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0).T
    return [Interval(float(v), *map(float, b)) for v, b in zip(whole, bounds, strict=True)]


def sigma_for_snr(measured_power: float, snr_db: float) -> float:
    """Noise that gives a signal-to-noise ratio, 10 log10(E|A x|^2 / (n sigma^2)) in dB.

    ``measured_power`` is E|A x|^2 / n, the mean square of a noiseless measurement.
    """
    power = validate.real("measured_power", measured_power)
    decibels = validate.finite("snr_db", snr_db)
    if abs(decibels) > 300.0:
        raise InvalidArgument("snr_db", snr_db, "within 300 dB of 0")
    return float(np.sqrt(power * 10.0 ** (-decibels / 10.0)))
