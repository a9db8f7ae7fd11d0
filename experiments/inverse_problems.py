"""Denoising, accelerated MRI, super-resolution, inpainting and tomography on real images.

For each task: risk against the number N of training patches by theory, on Gaussian data of the same
covariance, and by gradient descent trained on the patches; estimators, floor and saturation;
reconstructions to look at. A task whose arrays are in the output folder already is not run again.

Run ``python experiments/inverse_problems.py --help`` for the options.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from matplotlib.figure import Figure

from linscale import plotting
from linscale.cli.tools import cores, guarded, progress_bar, sizes
from linscale.images import Image, load_images
from linscale.operators import tasks
from linscale.studies import tables
from linscale.studies.prediction import predict
from linscale.studies.prediction_study import PredictionStudy
from linscale.studies.reconstruction import Reconstruction, hold_out, reconstruct
from linscale.studies.training import TrainingStudy, image_study
from linscale.support.files import check_folder, write_together

S = TypeVar("S", TrainingStudy, PredictionStudy)

TASKS = (
    "denoising", "mri-4", "mri-8", "super-resolution-2", "super-resolution-3",
    "super-resolution-4", "inpainting-50", "tomography-8",
)  # fmt: skip
N_TRAIN = (10, 30, 100, 300, 1_000, 3_000, 10_000)
SHOWN = (30, 300, 3_000)  # training examples behind the reconstructions
PICTURES = ("cat", "example4d 12")  # the photograph and the slice that are reconstructed


def main() -> int:
    """Run what is missing, then draw and print everything."""
    options = parse()

    def work() -> None:
        check_folder(options.out)
        run(options)

    return guarded("inverse_problems", work, kept="finished tasks are kept")


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("--tasks", nargs="+", default=TASKS, metavar="TASK")
    parser.add_argument("--patch-size", type=int, default=12, help="side in pixels (default 12)")
    parser.add_argument("--n-train", type=int, nargs="+", metavar="N")
    parser.add_argument(
        "--trials", "--draws", type=int, default=200, help="training sets for each N"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--quick", action="store_true", help="few draws, N up to 300, two tasks")
    parser.add_argument("--out", type=Path, default=Path("results/inverse_problems"))
    options = parser.parse_args()
    if options.quick:
        options.tasks, options.trials, options.n_train = ("denoising", "mri-4"), 20, [10, 100, 300]
    options.n_train = sizes(options.n_train, N_TRAIN)
    return options


def run(options: argparse.Namespace) -> None:
    """Every task, from the folder where it is there."""
    out, shape = options.out, (options.patch_size, options.patch_size)
    # Before any work: every task exists and fits the patches.
    resolved = [tasks.resolve(word, shape, options.seed) for word in options.tasks]
    studies, pictures, rows = {}, [], []
    for task in resolved:
        images = load_images(["mri" if task.name.startswith("mri") else "photographs"])
        study = studies[task.name] = study_of(task, images, options)
        rows.append(estimators(task, images, options))
        pictures.append(pictures_of(task, images, options))
        print(f"\n{task.label}\n{tables.text(study.columns())}")
    table = [
        tables.Column("", name, name, form, [row[k] for row in rows])
        for k, (name, form) in enumerate(COLUMNS)
    ]
    write_together({out / "estimators.csv": tables.to_csv(table).encode()})
    plotting.save(plotting.draw_tasks(studies), out / "learning_curves")
    plotting.save(plotting.draw_reconstructions(pictures), out / "reconstructions")
    print(f"\nEstimators\n{tables.text(table)}\n\nwrote figures, tables and arrays in {out}")


def study_of(task: tasks.Task, images: list[Image], options: argparse.Namespace) -> TrainingStudy:
    """The learning curves of one task."""

    def compute() -> TrainingStudy:
        with progress_bar(options.trials * len(options.n_train), "draws") as step:
            return image_study(
                images, None, options.n_train, options.trials, options.seed,
                task=task, patch_size=options.patch_size, workers=options.workers, progress=step,
            )  # fmt: skip

    wanted = {"n_train": options.n_train, "trials": options.trials}
    return found_or(TrainingStudy, compute, options, task, wanted)


def found_or(
    kind: type[S],
    compute: Callable[[], S],
    options: argparse.Namespace,
    task: tasks.Task,
    wanted: dict[str, object],
) -> S:
    """What the folder holds, if it was made with these very options; else computed and kept."""
    suffix = "_prediction" if kind is PredictionStudy else ""
    path = options.out / f"{task.name}{suffix}.npz"
    wanted |= {"task": task.name, "seed": options.seed}
    if path.exists():
        found = kind.load(path)
        size = found.meta.get("patch_size", found.meta.get("patch_shape", [0])[0])
        if size == options.patch_size and all(found.meta.get(k) == v for k, v in wanted.items()):
            print(f"{path.name}: found in {options.out}")
            return found
    study = compute()
    study.save(path)
    return study


COLUMNS = (
    ("task", "{}"), ("N", "{:d}"), ("converged PSNR", "{:.2f}"), ("ridge PSNR", "{:.2f}"),
    ("early-stopped PSNR", "{:.2f}"), ("floor PSNR", "{:.2f}"), ("early-stopped risk", "{:.3e}"),
    ("early-stopped NMSE", "{:.4f}"), ("saturation N", "{:,}"), ("from", "{:,.0f}"),
    ("to", "{:,.0f}"),
)  # fmt: skip


def estimators(task: tasks.Task, images: list[Image], options: argparse.Namespace) -> list[object]:
    """Each estimator at N = 1,000 by theory; floor and saturation with its interval over images."""
    N, resamples = 1_000, 0 if options.quick else 40

    def compute() -> PredictionStudy:
        with progress_bar(resamples, "resamples") as step:
            return predict(
                images, task, patch_size=options.patch_size, n_train=[N], resamples=resamples,
                rng=options.seed, workers=options.workers, progress=step,
            ).study  # fmt: skip

    study = found_or(PredictionStudy, compute, options, task, {"n_train": [N]})
    risks = {name: float(curve.value[0]) for name, curve in study.theory.items()}
    decibels = [
        float(tables.psnr(np.array(value)))
        for value in (risks["converged"], risks["best_ridge"], risks["early_stopped"], study.floor)
    ]
    risk = risks["early_stopped"]
    low, high = (study.meta["saturation_interval"] or [0, np.nan, np.nan])[1:]
    nmse = risk / study.meta["zero_risk"]
    return [task.name, N, *decibels, risk, nmse, int(study.saturation), low, high]


def pictures_of(
    task: tasks.Task, images: list[Image], options: argparse.Namespace
) -> Reconstruction:
    """Reconstructions of one image by estimators that never saw it."""
    shown = next((image for image in images if image.name in PICTURES), images[-1])
    shown, others = hold_out(images, shown)
    found = predict(
        others, task, patch_size=options.patch_size, n_train=[1], resamples=0, rng=options.seed
    )
    pictures = reconstruct(
        found.model, found.operator, found.mean, found.pool, shown, SHOWN, options.seed,
        learned_from=others,
    )  # fmt: skip
    write_together({options.out / f"{task.name}_pictures.npz": pictures.to_bytes()})
    return pictures


def figures(data: Path) -> dict[str, Figure]:
    """Learning curves and reconstructions of every task, from their saved arrays."""
    studies = {name: TrainingStudy.load(data / "tasks" / f"{name}.npz") for name in TASKS}
    pictures = [Reconstruction.load(data / "tasks" / f"{name}_pictures.npz") for name in TASKS]
    return {
        "tasks": plotting.draw_tasks(studies),
        "reconstructions": plotting.draw_reconstructions(pictures),
    }


if __name__ == "__main__":
    sys.exit(main())
