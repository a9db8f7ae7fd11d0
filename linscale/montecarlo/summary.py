"""From samples to results: means, standard errors, and what to know before trusting them."""

from __future__ import annotations

import numpy as np

from linscale.filters import Filter
from linscale.montecarlo.engine import Samples
from linscale.results.risk import RiskPath, RiskPoint
from linscale.support.validate import FloatArray

OVERFLOWN = (
    "no number: the filter is not finite on all of the sample eigenvalues; where its path "
    "diverges, say so by stable_below"
)


def path(samples: Samples, k: int, filter: Filter) -> RiskPath:
    """The k-th filter's path."""
    bias, variance = samples.biases[k], samples.variances[k]
    stability = _stability(samples.largest, filter)
    with np.errstate(over="ignore", invalid="ignore"):
        mean, sem, std = mean_sem_std(_total(bias, variance))
        parts = bias.mean(axis=0), variance.mean(axis=0)
    return RiskPath(
        at=filter.at,
        value=samples.problem.floor + mean,
        bias=parts[0],
        variance=parts[1],
        floor=samples.problem.floor,
        parameter=filter.parameter,
        error=sem,
        sem=sem,
        std=std,
        method=samples.method,
        statuses=tuple(stability if finite else OVERFLOWN for finite in np.isfinite(mean).tolist()),
    )


def lowest(samples: Samples, k: int, filter: Filter) -> RiskPoint:
    """The lowest point of the k-th filter's mean path, and the mean of each draw's own lowest."""
    mean = path(samples, k, filter)
    risks = samples.problem.floor + _total(samples.biases[k], samples.variances[k])
    i = int(np.argmin(mean.value))
    value, at = refined_minimum(mean.at, mean.value)
    at_an_end = mean.at.size > 1 and i in (0, mean.at.size - 1)
    return RiskPoint(
        value=float(value),
        floor=mean.floor,
        bias=float(mean.bias[i]),
        variance=float(mean.variance[i]),
        at=float(at),
        error=float(mean.sem[i]),
        sem=float(mean.sem[i]),
        std=float(mean.std[i]),
        oracle=float(refined_minimum(mean.at, risks)[0].mean()),
        method=mean.method,
        status=f"lowest at an end of the grid of {filter.path}" if at_an_end else mean.statuses[i],
    )


def converged(samples: Samples, k: int) -> RiskPoint:
    """The k-th filter's only point, which is ``Converged()``."""
    n, N, floor = samples.problem.dimension, samples.examples, samples.problem.floor
    bias, variance = samples.biases[k][:, 0], samples.variances[k][:, 0]
    mean, sem, std = mean_sem_std(_total(bias, variance))
    value, status = float(floor + mean), "ok"
    mean_variance = float(variance.mean())
    where = f"n = {n}" if N == samples.n_train else f"n = {n}, and n_train counts as {N}"
    if floor > 0 and abs(N - n) <= 3:
        sem = std = np.full((), np.nan)
        status = f"infinite variance over training sets for |n_train - n| <= 3 ({where})"
    if floor > 0 and abs(N - n) <= 1:
        value = mean_variance = np.inf
        status = f"the mean is infinite for |n_train - n| <= 1 ({where})"
    return RiskPoint(
        value=value,
        floor=floor,
        bias=float(bias.mean()),
        variance=mean_variance,
        at=np.inf,
        error=float(sem),
        sem=float(sem),
        std=float(std),
        method=samples.method,
        status=status,
    )


def pca(samples: Samples) -> RiskPoint:
    """The plug-in PCA estimator; it learns no targets, so all its learning error is bias."""
    mean, sem, std = mean_sem_std(samples.pca)
    return RiskPoint(
        value=float(mean),
        floor=samples.problem.floor,
        bias=float(mean) - samples.problem.floor,
        variance=0.0,
        error=float(sem),
        sem=float(sem),
        std=float(std),
        method=samples.method,
    )


def mean_sem_std(samples: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, its standard error and the standard deviation over draws (nan for a single draw)."""
    count = samples.shape[0]
    mean = samples.mean(axis=0)
    std = samples.std(axis=0, ddof=1) if count > 1 else np.full_like(mean, np.nan)
    return mean, std / np.sqrt(count), std


def refined_minimum(times: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Minimum over the last axis and where, by a parabola in log t through the lowest three."""
    i = np.argmin(values, axis=-1)
    lowest = np.take_along_axis(values, i[..., None], -1)[..., 0]
    if times.size < 3 or times[0] == 0.0:
        return lowest, times[i]
    inner = np.clip(i, 1, times.size - 2)
    x = np.log(times)
    y0, y1, y2 = (
        np.take_along_axis(values, (inner + shift)[..., None], -1)[..., 0] for shift in (-1, 0, 1)
    )
    left, right = x[inner] - x[inner - 1], x[inner + 1] - x[inner]
    fall, rise = (y1 - y0) / left, (y2 - y1) / right
    curvature = (rise - fall) / (left + right)
    slope = (fall * right + rise * left) / (left + right)
    usable = (i == inner) & (curvature > 0)
    curvature = np.where(usable, curvature, 1.0)
    slope = np.where(usable, slope, 0.0)
    return lowest - slope**2 / (4.0 * curvature), np.exp(x[i] - slope / (2.0 * curvature))


def _total(bias: FloatArray, variance: FloatArray) -> FloatArray:
    """Learning error of each draw: with the residual drawn it is all in ``bias``."""
    return np.where(np.isnan(variance), bias, bias + variance)


def _stability(largest: FloatArray, filter: Filter) -> str:
    """Raise StepTooLarge if most draws diverge under the filter; else say how many do."""
    filter.check_stable(
        float(np.median(largest)), f"(2 / the median largest eigenvalue of {largest.size} draws)"
    )
    diverged = int(np.sum(largest >= filter.stable_below))
    if diverged == 0:
        return "ok"
    share = filter.stable_below / largest.max()
    below = f"use a step below {filter.step * share:.4g}" if hasattr(filter, "step") else (
        f"the largest eigenvalue of YY'/N is {1.0 / share:.4g} times what the filter takes"
    )  # fmt: skip
    return (
        f"gradient descent diverges on {diverged} of {largest.size} draws, which can dominate the "
        f"mean: {below}"
    )
