"""Intervals of floor and saturation, by a bootstrap over images."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from linscale.images.covariances import Interval
from linscale.images.moments import Moments
from linscale.images.resampling import bca_ends
from linscale.models.contrast import Contrast
from linscale.studies.from_images import Evidence, Setting
from linscale.studies.signals import Sample
from linscale.support.blas import one_thread
from linscale.support.processes import in_processes
from linscale.support.progress import Step, stage
from linscale.support.validate import FloatArray
from linscale.theory.law import law_of
from linscale.theory.required_examples import saturation_n_train

LEVEL = 0.9
WORTH_PROCESSES = 5.0  # seconds of work, which starting processes (about two) must repay

Resample = tuple[Moments, FloatArray]


@dataclass(frozen=True, eq=False)
class Statistics:
    """Floor and saturation of the problem that a resample of the images makes.

    What a resample changes is worked out, and nothing else: its covariance is decomposed, contrast
    is measured in its metric, and saturation is searched for from ``start``.

    Attributes
    ----------
    setting : Setting
    contrast : Contrast
        Of all images; where contrast is measured, the resample's takes its place.
    sample : Sample or None
        Where contrast is measured.
    start : float

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import Evidence
    >>> from linscale.studies.intervals import Statistics
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((3, 16, 16)).cumsum(1).cumsum(2)
    >>> question = Question(
    ...     images=(walks - walks.min()) / np.ptp(walks), task="denoising", sigma=0.1,
    ...     snr_db=None, patch_size=3, n_train=[100], shrinkage="none", contrast="constant",
    ...     mean="known", resamples=0, rng=0,
    ... )
    >>> evidence = Evidence.of(question)
    >>> statistics = Statistics(evidence.setting, evidence.model.contrast, None, start=100.0)
    >>> floor, saturation = statistics((evidence.sums[0], evidence.weights[0]))
    >>> bool(np.isclose(floor, evidence.model.spectral().floor)), saturation > 9
    (True, True)
    """

    setting: Setting
    contrast: Contrast
    sample: Sample | None
    start: float

    @one_thread()
    def __call__(self, resample: Resample) -> tuple[float, float]:
        moments, weights = resample
        found = self.setting.decomposed(moments)
        law = self.contrast
        if self.sample is not None:
            metric = self.setting.metric(found)
            law = self.sample.law(weights, found.mean, metric, metric.directions(found.factor))
        model = self.setting.model(found, law)
        return model.spectral().floor, float(saturation_n_train(law_of(model), start=self.start))


def intervals(
    evidence: Evidence, floor: float, saturation: int, workers: int = 1, progress: Any = None
) -> list[Interval] | list[None]:
    """Of floor and saturation; None where there is nothing to resample, or nobody asked for it.

    Parameters
    ----------
    evidence : Evidence
    floor : float
    saturation : int
        What all images say.
    workers : int
        Processes; the numbers do not depend on it.
    progress : optional
        As for :func:`linscale.predict`.

    Returns
    -------
    list of Interval or of None
        Two: of floor and of saturation, 90 %.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import Evidence
    >>> from linscale.studies.intervals import intervals
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((3, 16, 16)).cumsum(1).cumsum(2)
    >>> question = Question(
    ...     images=(walks - walks.min()) / np.ptp(walks), task="denoising", sigma=0.1,
    ...     snr_db=None, patch_size=3, n_train=[100], shrinkage="none", contrast="constant",
    ...     mean="known", resamples=20, rng=0,
    ... )
    >>> evidence = Evidence.of(question)
    >>> floor = evidence.model.spectral().floor
    >>> about_floor, about_saturation = intervals(evidence, floor, 800)
    >>> about_floor.value == floor, about_saturation.value
    (True, 800.0)
    """
    count, weights = evidence.question.resamples, evidence.weights[1:]
    if len(weights) == 0:
        return [None, None]
    statistics = Statistics(
        evidence.setting, evidence.model.contrast, evidence.sample, float(saturation)
    )
    resamples = [(evidence.sums[row + 1], weights[row]) for row in range(len(weights))]
    step = stage(progress, "resamples", count, counted=True)
    resampled = _values(statistics, resamples[:count], workers, step)
    step = stage(progress, "images left out", len(weights) - count)
    left_out = _values(statistics, resamples[count:], workers, step)
    return [
        Interval(float(value), *bca_ends(float(value), resampled[:, k], left_out[:, k], LEVEL))
        for k, value in enumerate((floor, saturation))
    ]


def _values(
    statistics: Statistics, resamples: Sequence[Resample], workers: int, step: Step
) -> FloatArray:
    """(R, 2): in this process, or in several where that pays for starting them."""
    begun = time.perf_counter()
    values = [statistics(resamples[0])]
    step()
    rest, left = resamples[1:], (time.perf_counter() - begun) * (len(resamples) - 1)
    if workers == 1 or left < WORTH_PROCESSES:
        for resample in rest:
            values.append(statistics(resample))
            step()
    else:
        with closing(in_processes(statistics, rest, workers)) as found:
            for value in found:
                values.append(value)
                step()
    return np.array(values)
