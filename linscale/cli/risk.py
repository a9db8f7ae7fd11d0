"""``linscale risk``: risk against the number of training examples, theory beside simulation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from linscale.cli.tools import cores, progress_bar, report, sizes
from linscale.errors import InvalidArgument
from linscale.models import SubspaceModel
from linscale.models.setups import DEFAULT_SETUP, N_TRAIN, SETUPS, setup
from linscale.studies.study import Study
from linscale.studies.subspace import SubspaceStudy, subspace_study
from linscale.support.files import check_folder

TRIALS = 200
TRIALS_FOR_ALL = 100
IMAGE_N_TRAIN = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
QUICK_TRIALS = 20
QUICK_N_TRAIN = (1, 4, 10, 16, 30, 64, 256, 1_024)


def add_to(subcommands: Any) -> None:
    """Add the subcommand and its options."""
    parser = subcommands.add_parser(
        "risk",
        help="risk against the number of training examples",
        description="Risk against the number of training examples N: theory beside "
        "simulation for the subspace model of Klug and Heckel (2023), or beside gradient descent "
        "trained on patches of real images. Prints a table; saves arrays, CSV, PNG and SVG.",
    )
    model = parser.add_argument_group("subspace model")
    model.add_argument("--n", type=int, help="dimension of the signal (default 100)")
    model.add_argument("--d", type=int, help="dimension of the subspace (default 10)")
    model.add_argument(
        "--sigma",
        type=float,
        help="noise (default 0.05; images: 25/255 or 5/255)",
    )
    model.add_argument("--setup", metavar="NAME", help="a setup of the paper: " + ", ".join(SETUPS))
    model.add_argument("--all", action="store_true", help="all eight setups of the paper")
    images = parser.add_argument_group("real images")
    images.add_argument(
        "--images", nargs="+", metavar="SOURCE",
        help="a folder, image files, or the word 'photographs' for those in scikit-image",
    )  # fmt: skip
    images.add_argument(
        "--task", help="denoising (default), mri-4, super-resolution-2, inpainting-50, tomography-8"
    )
    images.add_argument("--patch-size", type=int, help="side of a patch in pixels (default 12)")
    images.add_argument(
        "--white", metavar="W", help="the value in the files that is white, as for linscale predict"
    )
    images.add_argument(
        "--magnitude", action="store_const", const=True, help="take it, as for linscale predict"
    )
    run = parser.add_argument_group("simulation")
    run.add_argument("--n-train", type=int, nargs="+", metavar="N", help="values of N")
    run.add_argument(
        "--trials", "--draws", type=int, help=f"training sets for each N (default {TRIALS})"
    )
    run.add_argument("--seed", type=int, default=0, help="the numbers depend on it alone")
    run.add_argument("--workers", type=int, default=cores(), help="cores (default: all)")
    run.add_argument("--engine", help="auto (default), band, wishart, dense or cupy")
    run.add_argument(
        "--residual", choices=("averaged", "drawn"),
        help="average the targets' residual in closed form (default; smaller standard error), or "
        "draw it (the spread of real training runs)",
    )  # fmt: skip
    run.add_argument("--quick", action="store_true", help="few draws and few N, in seconds")
    output = parser.add_argument_group("output")
    output.add_argument("--out", type=Path, default=Path("results/risk_vs_n"), metavar="FOLDER")
    output.add_argument(
        "--from", dest="saved", type=Path, metavar="SAVED", help="redraw from a saved .npz file"
    )
    parser.set_defaults(run=run_risk)


def run_risk(options: argparse.Namespace) -> int:
    """Carry out the parsed options."""
    _check(options)
    check_folder(options.out)
    if options.saved is not None:
        report(Study.load(options.saved), options.out, options.saved.stem)
        return 0
    if options.images:
        _run_images(options)
    elif options.all:
        _run_all(options)
    else:
        name = "risk_vs_n" if options.setup is None else options.setup
        model = _model(options)
        n_train = _n_train(options, N_TRAIN)
        study = _subspace(options, model, n_train, options.trials or TRIALS)
        report(study, options.out, name)
    return 0


def _run_all(options: argparse.Namespace) -> None:
    from linscale import plotting

    studies = {}
    for name, model in SETUPS.items():
        studies[name] = _subspace(
            options, model, _n_train(options, N_TRAIN), options.trials or TRIALS_FOR_ALL
        )
        report(studies[name], options.out, name)
    for path in plotting.save(plotting.draw_all(studies), options.out / "all"):
        print(f"wrote {path}")


def _run_images(options: argparse.Namespace) -> None:
    from linscale.images import load_images
    from linscale.studies.training import image_study

    images = load_images(options.images, white=options.white, magnitude=bool(options.magnitude))
    n_train, trials = _n_train(options, IMAGE_N_TRAIN), options.trials or TRIALS
    size = 12 if options.patch_size is None else options.patch_size
    with progress_bar(trials * len(n_train), "draws") as step:
        study = image_study(
            images, options.sigma, n_train, trials, options.seed, task=options.task or "denoising",
            patch_size=size, workers=options.workers, progress=step,
        )  # fmt: skip
    report(study, options.out, "images")


def _subspace(
    options: argparse.Namespace, model: SubspaceModel, n_train: list[int], trials: int
) -> SubspaceStudy:
    with progress_bar(trials * len(n_train), "draws") as step:
        return subspace_study(
            model, n_train, trials, options.seed, engine=options.engine or "auto",
            residual=options.residual or "averaged", workers=options.workers, progress=step,
        )  # fmt: skip


def _check(options: argparse.Namespace) -> None:
    """Options that exclude each other, before anything is done."""
    chosen = {
        "--from": options.saved is not None, "--setup": options.setup is not None,
        "--all": options.all, "--images": options.images is not None,
    }  # fmt: skip
    named = [name for name, given in chosen.items() if given]
    if len(named) > 1:
        raise InvalidArgument(named[1], "given", f"left out, as it excludes {named[0]}")
    for name in ("n", "d", "sigma"):
        if getattr(options, name) is not None and named and (name, named[0]) != (
            "sigma", "--images",
        ):  # fmt: skip
            raise InvalidArgument(f"--{name}", getattr(options, name), f"left out with {named[0]}")
    if options.engine is not None:
        from linscale.montecarlo.engines import check_engine

        check_engine(options.engine)
    for name in ("engine", "residual"):
        if options.images is not None and getattr(options, name) is not None:
            raise InvalidArgument(
                f"--{name}", getattr(options, name), "left out with --images: patches are data"
            )
    for name in ("patch_size", "task", "white", "magnitude"):
        if getattr(options, name) is not None and options.images is None:
            flag = "--" + name.replace("_", "-")
            raise InvalidArgument(flag, getattr(options, name), "left out without --images")
    for name in ("trials", "workers"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise InvalidArgument(f"--{name}", value, "at least 1")
    if options.seed < 0:
        raise InvalidArgument("--seed", options.seed, "an integer that is not negative")
    if options.quick:
        options.trials = options.trials or QUICK_TRIALS


def _model(options: argparse.Namespace) -> SubspaceModel:
    base = setup(options.setup or DEFAULT_SETUP)
    given = {k: getattr(options, k) for k in ("n", "d", "sigma") if getattr(options, k) is not None}
    return SubspaceModel(**{"n": base.n, "d": base.d, "sigma": base.sigma, **given})


def _n_train(options: argparse.Namespace, default: tuple[int, ...]) -> list[int]:
    if options.quick:
        highest = 1_000 if default is IMAGE_N_TRAIN else 0
        default = tuple(N for N in default if N in QUICK_N_TRAIN or N <= highest)
    return sizes(options.n_train, default)
