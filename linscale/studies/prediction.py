"""From images, a task and a noise level to the learning curve, the floor and where it saturates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from linscale import theory
from linscale.images import Image
from linscale.images.covariances import Interval
from linscale.models import InverseProblem
from linscale.models.contrast import Contrast
from linscale.operators import Operator
from linscale.results.risk import RiskCurve
from linscale.results.uncertain import UncertainInt
from linscale.studies.from_images import intervals, learning_curves, own_noise, problem, signals_of
from linscale.studies.prediction_study import PredictionStudy
from linscale.studies.question import N_TRAIN, RESAMPLES, Question
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.environment import environment
from linscale.support.renamed import renamed
from linscale.support.seeds import recorded
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False)
class Prediction:
    """What :func:`predict` found.

    Attributes
    ----------
    study : PredictionStudy
        Learning curves of early-stopped descent, ridge at its best penalty and least squares.
    model : InverseProblem
        The problem that the images make: covariance, operator, noise.
    operator : Operator
        A, matrix-free.
    mean : (p,) array
        Mean patch.
    pool : (p, M) array
        Centred patches, all images together.
    images : list of Image
    floor_interval, saturation_interval : Interval or None
        By a bootstrap over images (90 %); None for one image, or where it was not asked for.
    """

    study: PredictionStudy
    model: InverseProblem
    operator: Operator
    mean: FloatArray
    pool: FloatArray
    images: list[Image]
    floor_interval: Interval | None
    saturation_interval: Interval | None

    @property
    def curve(self) -> RiskCurve:
        """Risk per pixel of early-stopped descent against the number of training examples."""
        return self.study.theory["early_stopped"]

    @property
    def floor(self) -> float:
        """Risk per pixel of the best linear estimator."""
        return self.study.floor

    @property
    def saturation(self) -> UncertainInt | int:
        """n_train beyond which less than 1 % is left to gain."""
        return self.study.saturation


@renamed(seed="rng")
@one_thread()
def predict(
    images: Any,
    task: str | Any = "denoising",
    sigma: float | str | None = None,
    *,
    snr_db: float | None = None,
    patch_size: int | None = 12,
    n_train: Sequence[int] = N_TRAIN,
    shrinkage: str = "none",
    contrast: str | Contrast = "patches",
    mean: str = "known",
    resamples: int = RESAMPLES,
    rng: Any = 0,
    workers: int = 1,
    progress: Callable[[], object] | None = None,
    white: float | str | None = None,
    magnitude: bool = False,
    tell: Callable[[str], object] | None = None,
) -> Prediction:
    r"""Learning curve, floor and saturation of linear reconstruction, from a few images.

    The covariance S_x of the images' patches, the law of their contrast, the operator A and the
    noise are all that it takes: nothing is trained.

    Parameters
    ----------
    images : folder, files, "photographs", array (H, W) or (M, H, W), or a list of arrays
        See :func:`linscale.images.as_images`; or a :class:`linscale.images.Reading`.
    task : str or operator
        As for :func:`linscale.operators.tasks.operator`, or any operator on flattened patches.
    sigma : float, str or None
        Standard deviation of the noise in every measurement, a share of white, also as a text such
        as "25/255"; None is usual for the task.
        "estimate": the images are noisy, and their noise, as scikit-image estimates it, is the
        measurements'; its share is taken out of the covariance.
    snr_db : float, optional
        In place of sigma: 10 log10(E|A x|^2/(n sigma^2)) with x centred.
    patch_size : int or None
        Side of a patch; None takes whole images, which must then be of one size, as signals.
    n_train : sequence of int
        In ascending order.
    shrinkage : "none", "ledoit-wolf" or "oas"
        Of the covariance, for few images or large patches.
    contrast : "patches", "constant" or Contrast
        The law of the signals' contrast: measured from the patches, or Gaussian signals, which is
        faster and optimistic at small N. With whole images as signals there are too few to measure
        it: it is then constant unless given.
    mean : "known" or "learned"
        Whether the estimator knows the mean patch, or learns it from its N examples too:
        R_learned(N) = (1 + 1/N) R_known(N - 1), exactly so for Gaussian data.
    resamples : int
        Of the bootstrap over images; 0 for none.
    rng : None, int, SeedSequence or Generator
        Patches, masks and resamples depend on it alone.
    white : float, "max", "percentile" or None
        What becomes 1, in the unit of the files: see :func:`linscale.images.read`.
    magnitude : bool
        Whether complex pixels, or real and imaginary part in a last axis of 2, stand for their
        magnitude.
    tell : callable, optional
        Called before the work with each line of what was understood: first what was read and its
        signal-to-noise ratio, then notes.

    Returns
    -------
    Prediction

    Warns
    -----
    ScaleWarning
        The brightest pixel is below 0.1 of white, sigma is above 1, or the floor's NMSE above 0.9.
    """
    question = Question(
        images=images, task=cast(Any, task), sigma=sigma, snr_db=snr_db, patch_size=patch_size,
        n_train=n_train, shrinkage=shrinkage, contrast=contrast, mean=mean, resamples=resamples,
        rng=rng, white=white, magnitude=magnitude,
    )  # fmt: skip
    if tell is not None:
        for line in (f"read {question.understood}", *(f"note: {n}" for n in question.notes)):
            tell(line)
    workers = validate.integer("workers", workers, at_least=1)
    own, groups = own_noise(question), signals_of(question)
    pool = np.concatenate(groups, axis=1)
    model, center = problem(question, own, pool)
    question.doubt_floor(model.spectral().floor / model.spectral().zero_risk)
    curves = learning_curves(question, model)
    floor, saturation = intervals(question, own, groups, workers, progress)
    study = PredictionStudy(
        theory=curves,
        simulated={},
        exponent=np.array([float(theory.local_exponent(model, N)) for N in question.n_train]),
        floor=model.spectral().floor,
        saturation=theory.saturation(model),
        meta={
            "n_train": list(question.n_train),
            **environment(),
            "task": question.task.name,
            "label": question.task.label,
            "patch_shape": list(question.shape),
            "sigma": model.sigma,
            "zero_risk": model.spectral().zero_risk,
            "mean": question.mean,
            "contrast": [model.contrast.atoms.tolist(), model.contrast.weights.tolist()],
            "shrinkage": question.shrinkage,
            "images": [image.name for image in question.images],
            "read": question.understood,
            "notes": question.notes,
            "white": question.reading.summary.white,
            "groups": len(groups),
            "patches": pool.shape[1],
            "floor_interval": floor and list(floor),
            "saturation_interval": saturation and list(saturation),
            "seed": recorded(question.rng),
        },
    )
    return Prediction(
        study, model, question.task.operator, center, pool - center[:, None], question.images,
        floor, saturation,
    )  # fmt: skip
