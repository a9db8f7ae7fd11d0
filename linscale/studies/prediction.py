"""From images, a task and a noise level to the learning curve, the floor and where it saturates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from linscale import theory
from linscale.errors import InputError, InvalidArgument
from linscale.images import Image, as_images, covariances, patches
from linscale.images.covariances import Interval
from linscale.images.noise import denoised_cov, estimate_sigma
from linscale.models import InverseProblem
from linscale.models.contrast import Contrast
from linscale.operators import Operator, as_operator, tasks
from linscale.results.risk import RiskCurve, RiskPoint
from linscale.results.uncertain import UncertainInt
from linscale.studies.study import THEORY_POINTS, Study, theory_grid
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.environment import environment
from linscale.support.validate import FloatArray

PER_IMAGE = 4000  # patches from each image, so that each weighs the same
N_TRAIN = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
RESAMPLES = 40
MIXTURE_POINTS = 16  # N at which a curve is drawn where contrast varies; each takes longer


@dataclass(frozen=True, eq=False)
class Prediction:
    """What :func:`predict` found.

    Attributes
    ----------
    study : Study
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

    study: Study
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
        return self.study.theory["early-stopped"]

    @property
    def floor(self) -> float:
        """Risk per pixel of the best linear estimator."""
        return self.study.floor

    @property
    def saturation(self) -> UncertainInt | int:
        """n_train beyond which less than 1 % is left to gain."""
        return self.study.saturation


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
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[], object] | None = None,
) -> Prediction:
    r"""Learning curve, floor and saturation of linear reconstruction, from a few images.

    The covariance S_x of the images' patches, the law of their contrast, the operator A and the
    noise are all that it takes: nothing is trained.

    Parameters
    ----------
    images : folder, files, "photographs", array (H, W) or (M, H, W), or a list of arrays
        White is 1. See :func:`linscale.images.as_images`.
    task : str or operator
        As for :func:`linscale.operators.tasks.operator`, or any operator on flattened patches.
    sigma : float, "estimate" or None
        Standard deviation of the noise in every measurement; None is usual for the task.
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
    seed : int
        Patches, masks and resamples depend on it alone.

    Returns
    -------
    Prediction
    """
    found = as_images(images)
    if not (isinstance(contrast, Contrast) or contrast in ("patches", "constant")):
        raise InvalidArgument("contrast", repr(contrast), "'patches', 'constant' or a Contrast")
    if mean not in ("known", "learned"):
        raise InvalidArgument("mean", repr(mean), "'known' or 'learned'")
    if validate.integer("resamples", resamples, at_least=0) == 1:
        raise InvalidArgument("resamples", 1, "0, or at least 2")
    sizes = [validate.n_train(N) for N in n_train]
    if not sizes or np.any(np.diff(sizes) <= 0):
        raise InvalidArgument("n_train", sizes, "a list of integers in ascending order")
    if mean == "learned" and sizes[0] < 2:
        raise InvalidArgument("n_train", 1, "at least 2 where the mean is learned too")
    shape, groups = _signals(found, patch_size, seed)
    operator = _operator(task, shape, seed)
    noise = _sigma(sigma, snr_db, task, found)
    pool = np.concatenate(list(groups.values()), axis=1)

    def problem(signals: FloatArray) -> tuple[InverseProblem, FloatArray]:
        center, cov = covariances.from_samples(signals, shrinkage)
        if sigma == "estimate":
            cov = denoised_cov(cov, noise)
        matrix = None if isinstance(task, str) and task == "denoising" else operator
        if not np.trace(cov) > 1e-12:
            raise InputError("the images do not vary beyond their noise: nothing can be learned")
        level = noise
        if snr_db is not None:
            n, power = operator.shape[0], np.trace(cov)
            if matrix is not None:
                power = np.sum(operator.matmat(cov) * operator.matmat(np.eye(cov.shape[0])))
            level = covariances.sigma_for_snr(float(power) / n, snr_db)
        law = contrast if isinstance(contrast, Contrast) else None
        if contrast == "patches" and patch_size is not None:
            law = Contrast.from_patches(signals - center[:, None], cov, level)
        return InverseProblem(matrix, cov, level, law), center

    model, center = problem(pool)
    study = _study(model, sizes, mean)
    intervals: list[Interval] | list[None] = [None, None]
    if resamples and len(groups) > 1:

        def statistics(signals: FloatArray) -> tuple[float, float]:
            resampled, _ = problem(signals)
            return resampled.spectral().floor, float(theory.saturation(resampled))

        intervals = covariances.bootstrap(
            list(groups.values()), statistics, resamples=resamples,
            rng=np.random.SeedSequence(seed, spawn_key=(4,)), workers=workers, progress=progress,
        )  # fmt: skip
    study.meta.update(
        {
            "task": task if isinstance(task, str) else "operator",
            "label": getattr(operator, "name", "given operator"),
            "patch_shape": list(shape),
            "sigma": model.sigma,
            "zero_risk": model.spectral().zero_risk,
            "mean": mean,
            "contrast": [model.contrast.atoms.tolist(), model.contrast.weights.tolist()],
            "shrinkage": shrinkage,
            "images": [image.name for image in found],
            "groups": len(groups),
            "patches": pool.shape[1],
            "floor_interval": intervals[0] and list(intervals[0]),
            "saturation_interval": intervals[1] and list(intervals[1]),
            "seed": seed,
        }
    )
    return Prediction(study, model, operator, center, pool - center[:, None], found, *intervals)


def _study(model: InverseProblem, n_train: list[int], mean: str) -> Study:
    count = THEORY_POINTS if model.contrast.is_constant else MIXTURE_POINTS
    fine = theory_grid(n_train, points=count)
    ask = {
        "early-stopped": theory.early_stopped,
        "ridge": theory.best_ridge,
        "converged": theory.converged,
    }
    curves = {}
    for name, question in ask.items():
        if mean == "known":
            points = [question(model, N) for N in fine]
        else:
            points = [_with_learned_mean(question(model, N - 1), N) for N in fine]
        curves[name] = RiskCurve.of(fine, points)
    return Study(
        theory=curves,
        simulated={},
        exponent=np.array([float(theory.local_exponent(model, N)) for N in n_train]),
        floor=model.spectral().floor,
        saturation=theory.saturation(model),
        meta={"kind": "prediction", "n_train": list(n_train), **environment()},
    )


def _with_learned_mean(point: RiskPoint, N: int) -> RiskPoint:
    """Sample means subtracted from N examples leave N - 1, independent of the means.

    The mean of x - W y over the examples then errs by 1/N of the risk.
    """
    more = 1.0 + 1.0 / N
    return replace(
        point, value=more * point.value, bias=more * point.bias,
        variance=more * point.variance + point.floor / N, error=more * point.error,
    )  # fmt: skip


def _signals(
    images: list[Image], patch_size: int | None, seed: int
) -> tuple[tuple[int, int], dict[str, FloatArray]]:
    """Shape of a signal, and the signals of each group of images as columns."""
    if patch_size is None:
        shapes = sorted({image.pixels.shape for image in images})
        if len(shapes) > 1:
            raise InvalidArgument(
                "images", f"of {len(shapes)} sizes, such as {shapes[0]} and {shapes[-1]}",
                "of one size where whole images are the signals; or give a patch_size",
            )  # fmt: skip
        if len(images) < 2:
            raise InvalidArgument("images", "one image", "at least 2, or give a patch_size")
        shape = (int(shapes[0][0]), int(shapes[0][1]))
        parts = [image.pixels.reshape(-1, 1) for image in images]
    else:
        patch_size = validate.integer("patch_size", patch_size, at_least=2)
        shape = (patch_size, patch_size)
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
        parts = [patches(image, patch_size, PER_IMAGE, rng) for image in images]
    groups: dict[str, list[FloatArray]] = {}
    for image, part in zip(images, parts, strict=True):
        groups.setdefault(image.group, []).append(part)
    return shape, {name: np.concatenate(part, axis=1) for name, part in groups.items()}


def _operator(task: Any, shape: tuple[int, int], seed: int) -> Any:
    if isinstance(task, str):
        return tasks.operator(task, shape, seed)
    given = as_operator(task)
    if given.shape[1] != shape[0] * shape[1]:
        raise InvalidArgument(
            "task", f"an operator of shape {given.shape}", f"of shape (n, {shape[0] * shape[1]})"
        )
    return given


def _sigma(sigma: Any, snr_db: float | None, task: Any, images: list[Image]) -> float:
    """The noise; a placeholder of 1 where an SNR sets it once the covariance is known."""
    if snr_db is not None:
        if sigma is not None:
            raise InvalidArgument("snr_db", snr_db, "left out where sigma is given")
        return 1.0
    if isinstance(sigma, str):
        if sigma != "estimate":
            raise InvalidArgument("sigma", repr(sigma), "a number, 'estimate' or None")
        return float(estimate_sigma(images))
    if sigma is None:
        if not isinstance(task, str):
            raise InvalidArgument("sigma", None, "given: an operator has no usual noise")
        return tasks.usual_sigma(task)
    return validate.real("sigma", sigma)
