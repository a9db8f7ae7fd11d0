"""What images make of a question: the problem that their signals pose, and its learning curves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from linscale.errors import InputError
from linscale.images import covariances
from linscale.images.moments import Moments
from linscale.images.noise import estimate_sigma
from linscale.images.resampling import checked_count, left_out_weights, resampled_weights
from linscale.models import InverseProblem
from linscale.models.contrast import Contrast, Metric
from linscale.operators import dense
from linscale.results.risk import RiskCurve, RiskPoint
from linscale.results.uncertain import UncertainInt
from linscale.studies.question import Question
from linscale.studies.signals import Sample, Signals, Sums, energies_and_sample
from linscale.studies.study import THEORY_POINTS, theory_grid
from linscale.support.blas import eigh
from linscale.support.progress import stage
from linscale.support.seeds import stream
from linscale.support.validate import FloatArray
from linscale.theory.exponents import exponent_at
from linscale.theory.law import Law, law_of
from linscale.theory.limits import end_of
from linscale.theory.required_examples import saturation_of
from linscale.theory.stopping import best_over_flow
from linscale.theory.tuned_ridge import best_over_ridge

MIXTURE_POINTS = 16  # N at which a curve is drawn where contrast varies; each takes longer


def signals_of(question: Question) -> Signals:
    """Patches at random places, or the images.

    Parameters
    ----------
    question : Question

    Returns
    -------
    Signals

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import signals_of
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((3, 16, 16)).cumsum(1).cumsum(2)
    >>> question = Question(
    ...     images=(walks - walks.min()) / np.ptp(walks), task="denoising", sigma=0.1,
    ...     snr_db=None, patch_size=3, n_train=[100], shrinkage="none", contrast="constant",
    ...     mean="known", resamples=0, rng=0,
    ... )
    >>> signals = signals_of(question)
    >>> signals.pixels, signals.count
    (9, 588)
    """
    return Signals(question.images, question.patch_size, question.rng)


def own_noise(question: Question) -> float:
    """Standard deviation of the noise that the images have themselves; 0 if they pass for clean.

    Parameters
    ----------
    question : Question

    Returns
    -------
    float
        A share of white; above 0 only where the question's sigma is "estimate".

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import own_noise
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((3, 16, 16)).cumsum(1).cumsum(2)
    >>> question = Question(
    ...     images=(walks - walks.min()) / np.ptp(walks), task="denoising", sigma=0.1,
    ...     snr_db=None, patch_size=3, n_train=[100], shrinkage="none", contrast="constant",
    ...     mean="known", resamples=0, rng=0,
    ... )
    >>> own_noise(question)
    0.0
    """
    return float(estimate_sigma(question.images)) if question.sigma == "estimate" else 0.0


class Decomposed(NamedTuple):
    """Mean and covariance of the signals, S_x = V diag(k) V', their own noise taken out.

    Attributes
    ----------
    mean, k : (p,) arrays
        The mean, and eigenvalues in ascending order.
    v : (p, p) array
        Eigenvectors as columns.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import Decomposed
    >>> signals = Decomposed(np.zeros(2), np.array([1.0, 4.0]), np.eye(2))
    >>> signals.factor @ signals.factor.T
    array([[1., 0.],
           [0., 4.]])
    """

    mean: FloatArray
    k: FloatArray
    v: FloatArray

    @property
    def factor(self) -> FloatArray:
        """F, S_x = F F'."""
        return self.v * np.sqrt(self.k)


@dataclass(frozen=True, eq=False)
class Setting:
    """How a question makes a problem of moments: small, to be sent to other processes.

    Attributes
    ----------
    forward : (n, p) array or None
        A; None is the identity.
    sigma, snr_db : float or None
        The measurements' noise, or the ratio that sets it.
    own : float
        The images' own noise.
    shrinkage : str

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import Setting, signals_of
    >>> from linscale.studies.question import Question
    >>> from linscale.studies.signals import Sums
    >>> from linscale.support.progress import stage
    >>> walks = np.random.default_rng(0).standard_normal((3, 16, 16)).cumsum(1).cumsum(2)
    >>> question = Question(
    ...     images=(walks - walks.min()) / np.ptp(walks), task="denoising", sigma=0.1,
    ...     snr_db=None, patch_size=3, n_train=[100], shrinkage="none", contrast="constant",
    ...     mean="known", resamples=0, rng=0,
    ... )
    >>> setting = Setting.of(question)
    >>> signals = signals_of(question)
    >>> weights = np.ones((1, signals.groups))
    >>> moments = Sums.of(signals, weights, stage(None, "images", 3))[0]
    >>> found = setting.decomposed(moments)
    >>> found.mean.shape, setting.noise(found), setting.model(found, None).p
    ((9,), 0.1, 9)
    """

    forward: FloatArray | None
    sigma: float | None
    snr_db: float | None
    own: float
    shrinkage: str

    @classmethod
    def of(cls, question: Question) -> Setting:
        """Of a ``question``, whose images say how noisy they are."""
        own, task = own_noise(question), question.task
        forward = None if task.is_identity else dense(task.operator)
        sigma: Any = own if isinstance(question.sigma, str) else question.sigma
        return cls(forward, sigma, question.snr_db, own, question.shrinkage)

    def decomposed(self, moments: Moments) -> Decomposed:
        """The one decomposition of ``moments`` that everything is read off.

        Raises
        ------
        InputError
            Signals that do not vary.
        """
        mean, cov = moments.estimate(self.shrinkage)
        k, v = eigh(cov)
        k = np.maximum(k - self.own**2, 0.0)
        if not k.sum() > 1e-12:
            raise InputError("the images do not vary beyond their noise: nothing can be learned")
        return Decomposed(mean, k, v)

    def noise(self, signals: Decomposed) -> float:
        """sigma of the measurements of ``signals``."""
        if self.snr_db is None:
            assert self.sigma is not None
            return self.sigma
        clean = signals.factor if self.forward is None else self.forward @ signals.factor
        return covariances.sigma_for_snr(float(np.sum(clean**2)) / len(clean), self.snr_db)

    def metric(self, signals: Decomposed) -> Metric:
        """In which the contrast of ``signals`` is measured.

        Examples
        --------
        >>> import numpy as np
        >>> from linscale.studies.from_images import Decomposed, Setting
        >>> setting = Setting(None, 0.1, None, own=0.0, shrinkage="none")
        >>> signals = Decomposed(np.zeros(2), np.array([1.0, 4.0]), np.eye(2))
        >>> setting.metric(signals).energies(np.ones((2, 3))).shape
        (3,)
        """
        return Metric.of(signals.k, signals.v, self.noise(signals))

    def model(self, signals: Decomposed, contrast: Contrast | None) -> InverseProblem:
        """The problem that ``signals`` make; a ``contrast`` of None is constant."""
        sigma = self.noise(signals)
        return InverseProblem.from_eigen(self.forward, signals.k, signals.v, sigma, contrast)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a question's images say: all that its curves and intervals are made of.

    Attributes
    ----------
    question : Question
    setting : Setting
    signals : Signals
    weights : (R, G) array
        How often each group of images counts: once, then in every resample, then with one group
        (or block of them) left out at a time.
    sums : Sums
        Moments for each of them.
    sample : Sample or None
        Where contrast is measured.
    mean : (p,) array
        Mean signal.
    model : InverseProblem

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import Evidence
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((3, 16, 16)).cumsum(1).cumsum(2)
    >>> question = Question(
    ...     images=(walks - walks.min()) / np.ptp(walks), task="denoising", sigma=0.1,
    ...     snr_db=None, patch_size=3, n_train=[100], shrinkage="none", contrast="constant",
    ...     mean="known", resamples=0, rng=0,
    ... )
    >>> evidence = Evidence.of(question)
    >>> evidence.model.p, evidence.mean.shape, evidence.weights.tolist(), evidence.sample
    (9, (9,), [[1.0, 1.0, 1.0]], None)
    """

    question: Question
    setting: Setting
    signals: Signals
    weights: FloatArray
    sums: Sums
    sample: Sample | None
    mean: FloatArray
    model: InverseProblem

    @classmethod
    def of(cls, question: Question, progress: Any = None) -> Evidence:
        """Looks at every image of a ``question`` once, and again where contrast is measured.

        ``progress`` as for :func:`linscale.predict`.
        """
        signals, setting = signals_of(question), Setting.of(question)
        weights = _weights(question, signals.groups)
        step = stage(progress, "covariance of the images", len(question.images))
        sums = Sums.of(signals, weights, step)
        found = setting.decomposed(sums[0])
        contrast, sample = question.contrast, None
        # Whole images are too few to measure contrast from.
        if contrast == "patches" and question.patch_size is not None:
            step = stage(progress, "contrast of the images", len(question.images))
            metric = setting.metric(found)
            energies, sample = energies_and_sample(signals, found.mean, metric, step)
            contrast = Contrast.from_energies(energies, metric.directions(found.factor))
        law = contrast if isinstance(contrast, Contrast) else None
        model = setting.model(found, law)
        return cls(question, setting, signals, weights, sums, sample, found.mean, model)


def _weights(question: Question, groups: int) -> FloatArray:
    whole = np.ones((1, groups))
    if question.resamples == 0:
        return whole
    count = checked_count(question.resamples)
    if groups < 2:
        return whole
    resampled = resampled_weights(groups, count, stream(question.rng, 4))
    return np.concatenate((whole, resampled, left_out_weights(groups)))


class Curves(NamedTuple):
    """Learning curves by theory, by estimator; the local exponent at n_train, and saturation.

    Attributes
    ----------
    risk : dict of str to RiskCurve
        By the estimator's name.
    exponent : array
        Of early-stopped descent, at each n_train of the question.
    saturation : UncertainInt
        n_train beyond which less than 1 % is left to gain.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import Curves, Evidence, learning_curves
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((3, 16, 16)).cumsum(1).cumsum(2)
    >>> question = Question(
    ...     images=(walks - walks.min()) / np.ptp(walks), task="denoising", sigma=0.1,
    ...     snr_db=None, patch_size=3, n_train=[100], shrinkage="none", contrast="constant",
    ...     mean="known", resamples=0, rng=0,
    ... )
    >>> curves = learning_curves(question, Evidence.of(question).model)
    >>> isinstance(curves, Curves), curves.exponent.shape
    (True, (1,))
    """

    risk: dict[str, RiskCurve]
    exponent: FloatArray
    saturation: UncertainInt


def learning_curves(
    question: Question, model: InverseProblem, workers: int = 1, progress: Any = None
) -> Curves:
    """Early-stopped descent, ridge at its best penalty and least squares; ``workers`` are threads.

    One law answers for all, so that what they have in common at one N is worked out once.

    Parameters
    ----------
    question : Question
    model : InverseProblem
        What its images make of it, as in ``Evidence``.
    workers : int
        The numbers do not depend on it.
    progress : optional
        As for :func:`linscale.predict`.

    Returns
    -------
    Curves

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import Evidence, learning_curves
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((3, 16, 16)).cumsum(1).cumsum(2)
    >>> question = Question(
    ...     images=(walks - walks.min()) / np.ptp(walks), task="denoising", sigma=0.1,
    ...     snr_db=None, patch_size=3, n_train=[100], shrinkage="none", contrast="constant",
    ...     mean="known", resamples=0, rng=0,
    ... )
    >>> curves = learning_curves(question, Evidence.of(question).model)
    >>> list(curves.risk)
    ['early_stopped', 'best_ridge', 'converged']
    >>> bool(curves.risk["early_stopped"].value[-1] < curves.risk["converged"].value[-1])
    True
    """
    law = law_of(model)
    count = THEORY_POINTS if model.contrast.is_constant else MIXTURE_POINTS
    fine = theory_grid(question.n_train, points=count)
    # Least squares turns sharply around N = n, and takes no search: it can have more points.
    finer = theory_grid(question.n_train, peak=round(law.dimension))
    rest = [N for N in finer if N not in set(fine)]
    step = stage(progress, "learning curve", len(fine))
    points, exponents = [], []
    with ThreadPoolExecutor(workers) as pool:
        try:
            between = pool.map(partial(_least_squares, law, question), rest)
            for found in pool.map(partial(_at, law, question), fine):
                points.append(found.risk)
                exponents += found.exponent
                step()
            converged = dict(zip(rest, between, strict=True))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    curves = {name: RiskCurve.of(fine, [risk[name] for risk in points]) for name in ESTIMATORS}
    converged |= {N: risk["converged"] for N, risk in zip(fine, points, strict=True)}
    sizes = sorted(converged)
    curves["converged"] = RiskCurve.of(sizes, [converged[N] for N in sizes])
    step = stage(progress, "saturation", 1)
    saturation = saturation_of(law, start=_nearly(law, curves["early_stopped"]))
    step()
    return Curves(curves, np.array(exponents), saturation)


ESTIMATORS = {"early_stopped": best_over_flow, "best_ridge": best_over_ridge, "converged": end_of}


class _At(NamedTuple):
    """What is known at one N; the exponent only where it was asked for."""

    risk: dict[str, RiskPoint]
    exponent: list[float]


def _at(law: Law, question: Question, N: int) -> _At:
    learned = question.mean == "learned"
    count = law.examples(N - 1 if learned else N)
    risk = {name: answer(law, count, 1) for name, answer in ESTIMATORS.items()}
    exponent = []
    if N in question.n_train:
        best = best_over_flow(law, law.examples(N), 1) if learned else risk["early_stopped"]
        exponent = [float(exponent_at(law, N, 1, best))]
    if learned:
        risk = {name: _with_learned_mean(point, N) for name, point in risk.items()}
    return _At(risk, exponent)


def _least_squares(law: Law, question: Question, N: int) -> RiskPoint:
    learned = question.mean == "learned"
    point = end_of(law, law.examples(N - 1 if learned else N), 1)
    return _with_learned_mean(point, N) if learned else point


def _nearly(law: Law, curve: RiskCurve) -> float:
    """About where a curve saturates: from its last point, as 1/N."""
    return float(curve.n_train[-1] * (curve.value[-1] / law.floor - 1.0) / 0.01)


def _with_learned_mean(point: RiskPoint, N: int) -> RiskPoint:
    """Sample means subtracted from N examples leave N - 1, independent of the means.

    The mean of x - W y over the examples then errs by 1/N of the risk.
    """
    more = 1.0 + 1.0 / N
    return replace(
        point, value=more * point.value, bias=more * point.bias,
        variance=more * point.variance + point.floor / N, error=more * point.error,
    )  # fmt: skip
