"""Gradient descent trained on measured patches of real images, beside the Gaussian theory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from linscale import theory
from linscale.errors import InputError, InvalidArgument
from linscale.filters import GradientDescent
from linscale.images import Image, patches
from linscale.models import InverseProblem
from linscale.models.contrast import Contrast
from linscale.operators import as_operator, tasks
from linscale.results.risk import RiskCurve, RiskPoint
from linscale.studies.study import Study, progress_at, theory_grid
from linscale.support import validate
from linscale.support.environment import environment
from linscale.support.validate import FloatArray

PER_IMAGE = 4000  # patches from each image, so that each weighs the same
PATH_POINTS = 150
MIXTURE_POINTS = 16  # N at which the theory of scale mixtures is drawn

GAUSSIAN, MIXTURE = "early-stopped", "scale mixture"  # theories, by what they take patches for
ELSEWHERE = "scale mixture, other images"  # with covariance and contrast of the held-out images


@dataclass(frozen=True, eq=False)
class PatchData:
    """Centred patches as columns: a pool to train on, and others from images never trained on.

    ``mean`` is the pool's mean patch, which was subtracted from both.
    """

    train: FloatArray
    held_out: FloatArray | None
    mean: FloatArray
    train_names: list[str]
    held_out_names: list[str]


def split_patches(
    images: Sequence[Image], size: int, seed: int, hold_out: bool = True
) -> PatchData:
    """Every third group is held out (the second of two); the pool's mean patch is subtracted.

    A group is an image, or the slices of one volume: they are alike, and stay together.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    order = list(dict.fromkeys(image.group for image in images))
    every = 3 if len(order) > 2 else 2
    groups: tuple[list[FloatArray], list[FloatArray]] = ([], [])
    names: tuple[list[str], list[str]] = ([], [])
    for image in images:
        held_out = hold_out and order.index(image.group) % every == every - 1
        groups[held_out].append(patches(image, size, PER_IMAGE, rng))
        names[held_out].append(image.name)
    pool = np.concatenate(groups[0], axis=1)
    mean = pool.mean(axis=1, keepdims=True)
    if not np.ptp(pool - mean) > 1e-9:
        raise InputError("the images to train on do not vary: every patch is the same")
    others = np.concatenate(groups[1], axis=1) - mean if groups[1] else None
    return PatchData(pool - mean, others, mean[:, 0], *names)


def image_study(
    images: Sequence[Image],
    sigma: float,
    n_train: Sequence[int],
    draws: int,
    seed: int,
    *,
    task: str = "denoising",
    patch_size: int = 12,
    hold_out: bool = True,
    mixtures: bool = True,
    workers: int = 1,
    progress: Callable[[int], object] | None = None,
) -> Study:
    r"""Risk per pixel of reconstruction by gradient descent: theory, Gaussian data, real patches.

    The Gaussian theory knows one thing, the covariance of the training pool. That of scale mixtures
    knows the law of the patches' contrast too; a second one has both from the held-out images, and
    shows what a prediction from other images is worth. "Gaussian data" are drawn with the pool's
    covariance. Training on patches draws N of them from the pool, independently, measures them,
    y = A x + z, and learns; each result is judged exactly (no test noise) by the second moments of
    all the pool's patches, and again of the patches of the held-out images. The step is small
    enough that no training set can diverge.

    Parameters
    ----------
    task : str
        As for :func:`linscale.operators.tasks.operator`; what is random in it is drawn from
        ``seed``.
    hold_out : bool
        Whether every third image is kept from training and from the theories.
    mixtures : bool
        Whether to compute the theories of scale mixtures, which take longer.
    """
    from linscale import montecarlo
    from linscale.montecarlo.draws import train
    from linscale.montecarlo.engine import run
    from linscale.montecarlo.laws import gaussian_law

    sigma = validate.real("sigma", sigma)
    patch_size = validate.integer("patch_size", patch_size, at_least=2)
    forward = tasks.operator(task, (patch_size, patch_size), seed)
    data = split_patches(images, patch_size, seed, hold_out)
    pool = data.train
    size = pool.shape[1]
    if max(n_train) > size:
        raise InvalidArgument("n_train", max(n_train), f"at most {size}, the patches in the pool")
    matrix = None if task == "denoising" else forward
    model = InverseProblem(matrix, pool @ pool.T / size, sigma)
    laws = [gaussian_law(model)]
    if data.held_out is not None:
        others = data.held_out @ data.held_out.T / data.held_out.shape[1]
        laws.append(gaussian_law(InverseProblem(model.forward, others, sigma)))
    clean = np.asarray(as_operator(forward).matmat(pool))
    descent = _descent(model, clean)

    def task_of(rng: np.random.Generator, N: int) -> list[FloatArray]:
        chosen = rng.integers(size, size=N)  # independent draws from the law of the pool
        y = clean[:, chosen] + sigma * rng.standard_normal((model.n, N))
        trained = train(laws[0], pool[:, chosen], y)
        return [trained.measured_by(law, descent) for law in laws]

    measured: list[list[RiskPoint]] = [[] for _ in laws]
    gaussian: list[RiskPoint] = []
    for N in n_train:
        stream = np.random.SeedSequence(seed, spawn_key=(1, N))
        results = run(partial(task_of, N=N), draws, stream, workers, progress_at(progress, N))
        for k, law in enumerate(laws):
            risks = np.array([r[k] for r in results])
            measured[k].append(_lowest(risks, law.floor, descent, draws))
        stream = np.random.SeedSequence(seed, spawn_key=(2, N))
        gaussian.append(
            montecarlo.risk(model, N, descent, trials=draws, rng=stream, workers=workers).best
        )

    contrast = Contrast.from_patches(pool, model.signal_cov, sigma)
    mixed: dict[str, InverseProblem] = {}
    if mixtures:
        mixed[MIXTURE] = InverseProblem(model.forward, model.signal_cov, sigma, contrast)
    if mixtures and data.held_out is not None:
        elsewhere = Contrast.from_patches(data.held_out, others, sigma)
        mixed[ELSEWHERE] = InverseProblem(model.forward, others, sigma, elsewhere)
    fine, coarse = theory_grid(n_train), theory_grid(n_train, points=MIXTURE_POINTS)
    curves = {GAUSSIAN: RiskCurve.of(fine, [theory.risk(model, N, descent).best for N in fine])}
    for name, mixture in mixed.items():
        points = [theory.risk(mixture, N, descent).best for N in coarse]
        curves[name] = RiskCurve.of(coarse, points)
    simulated = {"Gaussian data": gaussian}
    simulated |= zip(("trained, same images", "trained, other images"), measured, strict=False)
    return Study(
        theory=curves,
        simulated={name: RiskCurve.of(n_train, points) for name, points in simulated.items()},
        exponent=np.array([float(theory.local_exponent(model, N)) for N in n_train]),
        floor=laws[0].floor,
        saturation=theory.saturation(model),
        meta={
            "kind": "images",
            "task": task,
            "label": forward.name,
            "patch_size": patch_size,
            "sigma": sigma,
            "zero_risk": model.spectral().zero_risk,
            "step": descent.step,
            "train_images": data.train_names,
            "held_out_images": data.held_out_names,
            "pool_patches": size,
            "contrast": [contrast.atoms.tolist(), contrast.weights.tolist()],
            "n_train": list(n_train),
            "draws": draws,
            "seed": seed,
            **environment(),
        },
    )


def _lowest(risks: FloatArray, floor: float, descent: GradientDescent, draws: int) -> RiskPoint:
    """The lowest point of the mean path of risks, (draws, T)."""
    from linscale.montecarlo.summary import mean_sem_std

    mean, sem, std = mean_sem_std(risks)
    i = int(np.argmin(mean))
    return RiskPoint(
        value=float(mean[i]), floor=floor, bias=float(mean[i]) - floor,
        at=float(descent.at[i]), sem=float(sem[i]), std=float(std[i]),
        method=f"trained on patches, {draws} draws",
    )  # fmt: skip


def _descent(model: InverseProblem, clean: FloatArray) -> GradientDescent:
    """Steps that no training set can make diverge, for long enough to learn every direction.

    The largest eigenvalue of YY'/N is at most the largest |y_i|^2, and |y|^2 is at most
    2 |A x|^2 + 2 |z|^2; half of that is safe for step times eigenvalue below 2.
    """
    energy = float(np.max(np.sum(clean**2, axis=0)))
    step = 1.0 / (energy + 2.0 * model.n * model.sigma**2)
    last = 30.0 / (step * model.sigma**2)
    return GradientDescent(step, np.unique(np.round(np.geomspace(1.0, last, PATH_POINTS))))
