"""Learning curves of real photographs, with nothing fitted: Gaussian theory and scale mixtures.

For denoising, accelerated MRI and super-resolution at three noise levels: gradient descent trained
on patches, beside the theory that knows the patches' covariance, the theory that knows the law of
their contrast too, and the latter from images that training never saw. Then what contrast does to
learning: effective sample size, best stopping time and saturation against the spread of tau.
A case whose arrays are in the output folder already is not run again.

Run ``python experiments/scale_mixtures.py --help`` for the options.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from mixture_figure import draw_spread
from mixture_study import SPREADS, SpreadStudy, cells, spread_study

from linscale import plotting
from linscale.cli.tools import cores, guarded, progress_bar, sizes
from linscale.images import load_images
from linscale.studies import tables
from linscale.studies.training import GAUSSIAN, MIXTURE, SAME, TrainingStudy, image_study
from linscale.support.files import check_folder, write_together

TASKS = ("denoising", "mri-4", "super-resolution-2")
SIGMAS = (10, 25, 50)  # over 255
N_TRAIN = (30, 100, 300, 1_000, 3_000)


def main() -> int:
    """Run what is missing, then draw and print everything."""
    options = parse()

    def work() -> None:
        check_folder(options.out)
        run(options)

    return guarded("scale_mixtures", work, kept="finished cases are kept")


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("--tasks", nargs="+", default=TASKS, metavar="TASK")
    parser.add_argument("--sigmas", nargs="+", type=float, default=SIGMAS, help="over 255")
    parser.add_argument("--n-train", type=int, nargs="+", metavar="N")
    parser.add_argument(
        "--trials", "--draws", type=int, default=200, help="training sets for each N"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument(
        "--all-images", action="store_true", help="hold no image out: all make the pool"
    )
    parser.add_argument("--quick", action="store_true", help="one case, few draws and few N")
    parser.add_argument("--out", type=Path, default=Path("results/scale_mixtures"))
    options = parser.parse_args()
    if options.quick:
        options.tasks, options.sigmas, options.trials = ("denoising",), (25.0,), 20
        options.n_train = options.n_train or [100, 1_000]
    options.n_train = sizes(options.n_train, N_TRAIN)
    return options


def run(options: argparse.Namespace) -> None:
    """Every case, from the folder where it is there."""
    studies = {
        f"{task}-{sigma:g}": study_of(task, sigma, options)
        for task in options.tasks
        for sigma in options.sigmas
    }
    rows = [row for name, study in studies.items() for row in gaps(name, study)]
    heads = (
        ("", "case", "{}"), ("", "N", "{:d}"), ("trained", "dB", "{:.2f}"),
        ("trained", "s.e.", "{:.3f}"), ("Gaussian", "minus tr.", "{:+.2f}"),
        ("mixture", "minus tr.", "{:+.2f}"),
    )  # fmt: skip
    table = [
        tables.Column(group, head, f"{group} {head}".strip(), form, [row[k] for row in rows])
        for k, (group, head, form) in enumerate(heads)
    ]
    write_together({options.out / "gaps.csv": tables.to_csv(table).encode()})
    spread = spread_of(options)
    columns = len(options.sigmas)
    plotting.save(plotting.draw_tasks(studies, columns), options.out / "photographs")
    plotting.save(draw_spread(spread), options.out / "spread")
    print(f"\nPSNR in dB, and theory minus training on patches\n{tables.text(table)}")
    print(f"\nwrote figures, tables and arrays in {options.out}")


def study_of(task: str, sigma: float, options: argparse.Namespace) -> TrainingStudy:
    """One case, computed unless the folder holds this very one."""
    path = options.out / f"{task}-{sigma:g}.npz"
    wanted = {
        "task": task, "n_train": options.n_train, "trials": options.trials, "seed": options.seed,
        "sigma": sigma / 255.0,
    }  # fmt: skip
    if path.exists():
        found = TrainingStudy.load(path)
        same = all(found.meta.get(key) == value for key, value in wanted.items())
        if same and options.all_images == (not found.meta["held_out_images"]):
            print(f"{path.name}: found in {options.out}")
            return found
    images = load_images(["mri" if task.startswith("mri") else "photographs"])
    with progress_bar(options.trials * len(options.n_train), "draws") as step:
        study = image_study(
            images, sigma / 255.0, options.n_train, options.trials, options.seed, task=task,
            hold_out=not options.all_images, workers=options.workers, progress=step,
        )  # fmt: skip
    study.save(path)
    return study


def spread_of(options: argparse.Namespace) -> SpreadStudy:
    """What contrast does to learning, computed unless the folder holds it."""
    path, N = options.out / "spread.npz", 30 if options.quick else 300
    spreads = (0.0, 2.0, 4.0) if options.quick else SPREADS
    if path.exists():
        found = SpreadStudy.load(path)
        if found.meta["n_train"] == N and found.spreads.tolist() == list(spreads):
            print(f"{path.name}: found in {options.out}")
            return found
    with progress_bar(cells(spreads), "problems") as step:
        study = spread_study(N, spreads=spreads, progress=step)
    write_together({path: study.to_bytes()})
    return study


def gaps(name: str, study: TrainingStudy) -> list[list[object]]:
    """A row for each N: what training reaches, and how far off the two theories are."""
    trained = study.simulated[SAME]
    reached = tables.psnr(trained.value)
    sem = 10.0 / np.log(10.0) * trained.sem / trained.value
    away = [
        tables.psnr(study.theory[theory].at_n_train(trained.n_train.tolist()).value) - reached
        for theory in (GAUSSIAN, MIXTURE)
    ]
    return [
        [name, int(N), *map(float, (reached[k], sem[k], away[0][k], away[1][k]))]
        for k, N in enumerate(trained.n_train)
    ]


def figures(data: Path) -> dict[str, Figure]:
    """Learning curves of every case, and what contrast does, from their saved arrays."""
    cases = {
        name: TrainingStudy.load(data / "mixtures" / f"{name}.npz")
        for name in (f"{task}-{sigma}" for task in TASKS for sigma in SIGMAS)
    }
    spread = SpreadStudy.load(data / "mixtures" / "spread.npz")
    return {
        "photographs": plotting.draw_tasks(cases, len(SIGMAS)),
        "spread": draw_spread(spread),
    }


if __name__ == "__main__":
    sys.exit(main())
