"""Gradient descent trained on noisy patches of real images, beside the Gaussian theory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from linscale import theory, validate
from linscale.errors import InputError, InvalidArgument
from linscale.filters import GradientDescent
from linscale.images import Image, patches
from linscale.models import InverseProblem
from linscale.risk import RiskCurve, RiskPoint
from linscale.study import Study, environment, progress_at, theory_grid
from linscale.validate import FloatArray

PER_IMAGE = 4000  # patches from each image, so that each weighs the same
PATH_POINTS = 150


@dataclass(frozen=True, eq=False)
class PatchData:
    """Centred patches as columns: a pool to train on, and others from images never trained on."""

    train: FloatArray
    held_out: FloatArray | None
    train_names: list[str]
    held_out_names: list[str]


def split_patches(images: Sequence[Image], size: int, seed: int) -> PatchData:
    """Every third image is held out (the second of two); the pool's mean patch is subtracted."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    every = 3 if len(images) > 2 else 2
    groups: tuple[list[FloatArray], list[FloatArray]] = ([], [])
    names: tuple[list[str], list[str]] = ([], [])
    for i, image in enumerate(images):
        held_out = i % every == every - 1
        groups[held_out].append(patches(image, size, PER_IMAGE, rng))
        names[held_out].append(image.name)
    pool = np.concatenate(groups[0], axis=1)
    mean = pool.mean(axis=1, keepdims=True)
    if not np.ptp(pool - mean) > 1e-9:
        raise InputError("the images to train on do not vary: every patch is the same")
    others = np.concatenate(groups[1], axis=1) - mean if groups[1] else None
    return PatchData(pool - mean, others, *names)


def image_study(
    images: Sequence[Image],
    sigma: float,
    n_train: Sequence[int],
    draws: int,
    seed: int,
    *,
    patch_size: int = 12,
    workers: int = 1,
    progress: Callable[[int], object] | None = None,
) -> Study:
    r"""Risk per pixel of denoising by gradient descent, theory beside actual training on patches.

    The theory knows one thing, the covariance of the training pool. The training draws N patches
    from the pool, independently, and adds noise; each result is measured exactly (no test
    noise) through the second moments of all the pool's patches, and again of the patches of the
    held-out images. The step is small enough that no training set can diverge.
    """
    from linscale.montecarlo.draws import train
    from linscale.montecarlo.engine import run
    from linscale.montecarlo.laws import gaussian_law
    from linscale.montecarlo.summary import mean_sem_std

    sigma = validate.real("sigma", sigma)
    data = split_patches(images, patch_size, seed)
    pool = data.train
    size = pool.shape[1]
    if max(n_train) > size:
        raise InvalidArgument("n_train", max(n_train), f"at most {size}, the patches in the pool")
    model = InverseProblem(None, pool @ pool.T / size, sigma)
    laws = [gaussian_law(model)]
    if data.held_out is not None:
        others = data.held_out @ data.held_out.T / data.held_out.shape[1]
        laws.append(gaussian_law(InverseProblem(None, others, sigma)))
    descent = _descent(model, pool)

    def task(rng: np.random.Generator, N: int) -> list[FloatArray]:
        x = pool[:, rng.integers(size, size=N)]  # independent draws from the law of the pool
        trained = train(laws[0], x, x + sigma * rng.standard_normal(x.shape))
        return [trained.measured_by(law, descent) for law in laws]

    measured: list[list[RiskPoint]] = [[] for _ in laws]
    for N in n_train:
        stream = np.random.SeedSequence(seed, spawn_key=(1, N))
        results = run(partial(task, N=N), draws, stream, workers, progress_at(progress, N))
        for k, law in enumerate(laws):
            mean, sem, std = mean_sem_std(np.array([r[k] for r in results]))
            i = int(np.argmin(mean))
            measured[k].append(
                RiskPoint(
                    value=float(mean[i]), floor=law.floor, bias=float(mean[i]) - law.floor,
                    at=float(descent.at[i]), sem=float(sem[i]), std=float(std[i]),
                    method=f"trained on patches, {draws} draws",
                )
            )  # fmt: skip

    fine = theory_grid(n_train)
    names = ["trained, same images", "trained, other images"]
    return Study(
        theory={
            "early-stopped": RiskCurve.of(fine, [theory.risk(model, N, descent).best for N in fine])
        },
        simulated={
            name: RiskCurve.of(n_train, points)
            for name, points in zip(names, measured, strict=False)
        },
        exponent=np.array([float(theory.local_exponent(model, N)) for N in n_train]),
        floor=laws[0].floor,
        saturation=theory.saturation(model),
        meta={
            "kind": "images",
            "patch_size": patch_size,
            "sigma": sigma,
            "step": descent.step,
            "train_images": data.train_names,
            "held_out_images": data.held_out_names,
            "pool_patches": size,
            "n_train": list(n_train),
            "draws": draws,
            "seed": seed,
            **environment(),
        },
    )


def _descent(model: InverseProblem, pool: FloatArray) -> GradientDescent:
    """Steps that no training set can make diverge, for long enough to learn every direction.

    The largest eigenvalue of YY'/N is at most the largest |y_i|^2, and |y|^2 is at most
    2 |x|^2 + 2 |z|^2; half of that is safe for step times eigenvalue below 2.
    """
    energy = float(np.max(np.sum(pool**2, axis=0)))
    step = 1.0 / (energy + 2.0 * model.p * model.sigma**2)
    last = 30.0 / (step * model.sigma**2)
    return GradientDescent(step, np.unique(np.round(np.geomspace(1.0, last, PATH_POINTS))))
