"""What images make of a question: signals, the problem, learning curves, intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from linscale import theory
from linscale.errors import InputError
from linscale.images import covariances, patches
from linscale.images.covariances import Interval
from linscale.images.noise import denoised_cov, estimate_sigma
from linscale.models import InverseProblem
from linscale.models.contrast import Contrast
from linscale.results.risk import RiskCurve, RiskPoint
from linscale.studies.pool import PER_IMAGE
from linscale.studies.question import Question
from linscale.studies.study import THEORY_POINTS, theory_grid
from linscale.support.seeds import stream
from linscale.support.validate import FloatArray

MIXTURE_POINTS = 16  # N at which a curve is drawn where contrast varies; each takes longer


def signals_of(question: Question) -> list[FloatArray]:
    """The signals of each group of images as columns: patches at random places, or the images.

    Parameters
    ----------
    question : Question

    Returns
    -------
    list of (p, M) arrays
        One for each group: an image, or the slices of one volume.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import signals_of
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> question = Question(
    ...     images=pictures, task="denoising", sigma=0.1, snr_db=None, patch_size=4, n_train=[30],
    ...     shrinkage="none", contrast="constant", mean="known", resamples=0, rng=0,
    ... )
    >>> [signals.shape for signals in signals_of(question)]
    [(16, 169), (16, 169)]
    """
    size = question.patch_size
    rng = np.random.default_rng(stream(question.rng, 0))
    groups: dict[str, list[FloatArray]] = {}
    for image in question.images:
        part = image.pixels.reshape(-1, 1) if size is None else patches(image, size, PER_IMAGE, rng)
        groups.setdefault(image.group, []).append(part)
    return [np.concatenate(parts, axis=1) for parts in groups.values()]


def own_noise(question: Question) -> float:
    """Standard deviation of the noise that the images have themselves; 0 if they pass for clean.

    Parameters
    ----------
    question : Question
        They do not pass for clean where its ``sigma`` is "estimate".

    Returns
    -------
    float
        On the scale where white is 1.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import own_noise
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> question = Question(
    ...     images=pictures, task="denoising", sigma=0.1, snr_db=None, patch_size=4, n_train=[30],
    ...     shrinkage="none", contrast="constant", mean="known", resamples=0, rng=0,
    ... )
    >>> own_noise(question)
    0.0
    """
    return float(estimate_sigma(question.images)) if question.sigma == "estimate" else 0.0


def problem(
    question: Question, own: float, signals: FloatArray
) -> tuple[InverseProblem, FloatArray]:
    """What signals with noise of their own make of a question; and their mean.

    Parameters
    ----------
    question : Question
        Its task, noise, shrinkage and contrast.
    own : float
        Standard deviation of the noise in the signals, as from :func:`own_noise`.
    signals : (p, M) array
        One in each column.

    Returns
    -------
    InverseProblem, (p,) array

    Raises
    ------
    InputError
        Signals that do not vary beyond their noise.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import problem, signals_of
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> question = Question(
    ...     images=pictures, task="denoising", sigma=0.1, snr_db=None, patch_size=4, n_train=[30],
    ...     shrinkage="none", contrast="constant", mean="known", resamples=0, rng=0,
    ... )
    >>> model, mean = problem(question, 0.0, np.concatenate(signals_of(question), axis=1))
    >>> model.p, model.sigma, mean.shape
    (16, 0.1, (16,))
    """
    center, cov = covariances.from_samples(signals, question.shrinkage)
    if own > 0.0:
        cov = denoised_cov(cov, own)
    if not np.trace(cov) > 1e-12:
        raise InputError("the images do not vary beyond their noise: nothing can be learned")
    sigma = _sigma(question, own, cov)
    law = question.contrast if isinstance(question.contrast, Contrast) else None
    # Whole images are too few to measure contrast from.
    if question.contrast == "patches" and question.patch_size is not None:
        law = Contrast.from_patches(signals - center[:, None], cov, sigma)
    return InverseProblem(question.task.forward, cov, sigma, law), center


def _sigma(question: Question, own: float, cov: FloatArray) -> float:
    """The noise of the measurements."""
    if isinstance(question.sigma, str):
        return own
    task = question.task
    if question.snr_db is None:
        return task.noise(question.sigma)
    power = np.trace(cov)
    if not task.is_identity:
        power = np.sum(task.operator.matmat(cov) * task.operator.matmat(np.eye(cov.shape[0])))
    return covariances.sigma_for_snr(float(power) / task.operator.shape[0], question.snr_db)


def learning_curves(question: Question, model: InverseProblem) -> dict[str, RiskCurve]:
    """Early-stopped descent, ridge at its best penalty and least squares, by theory.

    Parameters
    ----------
    question : Question
        Its range of N, and whether the mean is learned too.
    model : InverseProblem
        As from :func:`problem`.

    Returns
    -------
    mapping from an estimator's word to a RiskCurve
        On a grid of N that holds those of the question.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import learning_curves, problem, signals_of
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> question = Question(
    ...     images=pictures, task="denoising", sigma=0.1, snr_db=None, patch_size=4, n_train=[30],
    ...     shrinkage="none", contrast="constant", mean="known", resamples=0, rng=0,
    ... )
    >>> model, _ = problem(question, 0.0, np.concatenate(signals_of(question), axis=1))
    >>> curves = learning_curves(question, model)
    >>> {word: curve.n_train.tolist() for word, curve in curves.items()}
    {'early_stopped': [30], 'best_ridge': [30], 'converged': [30]}
    """
    count = THEORY_POINTS if model.contrast.is_constant else MIXTURE_POINTS
    fine = theory_grid(question.n_train, points=count)
    ask = {
        "early_stopped": theory.early_stopped,
        "best_ridge": theory.best_ridge,
        "converged": theory.converged,
    }
    curves = {}
    for name, risk in ask.items():
        if question.mean == "known":
            points = [risk(model, N) for N in fine]
        else:
            points = [_with_learned_mean(risk(model, N - 1), N) for N in fine]
        curves[name] = RiskCurve.of(fine, points)
    return curves


def _with_learned_mean(point: RiskPoint, N: int) -> RiskPoint:
    """Sample means subtracted from N examples leave N - 1, independent of the means.

    The mean of x - W y over the examples then errs by 1/N of the risk.
    """
    more = 1.0 + 1.0 / N
    return replace(
        point, value=more * point.value, bias=more * point.bias,
        variance=more * point.variance + point.floor / N, error=more * point.error,
    )  # fmt: skip


def intervals(
    question: Question,
    own: float,
    groups: list[FloatArray],
    workers: int = 1,
    progress: Callable[[], object] | None = None,
) -> list[Interval] | list[None]:
    """Of floor and saturation, by a bootstrap over groups of images; None where there is none.

    Parameters
    ----------
    question : Question
        Its ``resamples`` and ``rng``.
    own : float
        As for :func:`problem`.
    groups : list of (p, M) arrays
        As from :func:`signals_of`.
    workers, progress : int, function or None
        As for :func:`linscale.images.covariances.bootstrap`.

    Returns
    -------
    list of two Intervals, or of two None
        None where there are no resamples, or one group alone.

    Examples
    --------
    >>> from dataclasses import replace
    >>> import numpy as np
    >>> from linscale.studies.from_images import intervals, signals_of
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> question = Question(
    ...     images=pictures, task="denoising", sigma=0.3, snr_db=None, patch_size=2, n_train=[30],
    ...     shrinkage="none", contrast="constant", mean="known", resamples=0, rng=0,
    ... )
    >>> intervals(question, 0.0, signals_of(question))
    [None, None]
    >>> floor, saturation = intervals(replace(question, resamples=2), 0.0, signals_of(question))
    >>> floor.low < floor.high
    True
    """
    if question.resamples == 0 or len(groups) < 2:
        return [None, None]

    def statistics(signals: FloatArray) -> tuple[float, float]:
        resampled, _ = problem(question, own, signals)
        return resampled.spectral().floor, float(theory.saturation(resampled))

    return covariances.bootstrap(
        groups, statistics, resamples=question.resamples,
        rng=stream(question.rng, 4), workers=workers,
        progress=progress,
    )  # fmt: skip
