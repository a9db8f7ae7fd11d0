"""``linscale predict``: images, task and noise in; curve, floor, saturation and pictures out."""

from __future__ import annotations

import argparse
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linscale.cli.said import tell
from linscale.cli.stages import Stages
from linscale.cli.tools import cores, report, sizes, written
from linscale.errors import InvalidArgument, ScaleWarning
from linscale.images.covariances import SHRINKAGES
from linscale.support.files import check_folder
from linscale.support.share import share

if TYPE_CHECKING:
    from linscale.studies.prediction import Prediction
    from linscale.studies.question import Question

STEM = "prediction"


def add_to(subcommands: Any) -> None:
    """Add the subcommand and its options."""
    parser = subcommands.add_parser(
        "predict",
        help="learning curve, floor and saturation for your images and task",
        description="Predict how well a linear reconstruction learned from N examples does: from "
        "the images' covariance, the measurement operator and the noise, without training. Prints "
        "a table; saves arrays, CSV, the curve and reconstructions as PNG and SVG.",
    )
    parser.add_argument(
        "images", nargs="+", metavar="IMAGES",
        help="folders, image files (TIFF with every page, .npy; with the extra mri HDF5, NIfTI, "
        "DICOM), or a word: photographs, scikit-learn, pywavelets, mri",
    )  # fmt: skip
    parser.add_argument(
        "--task", default="denoising",
        help="denoising (default), mri-4, super-resolution-2, inpainting-50, tomography-8, or with "
        "another number",
    )  # fmt: skip
    noise = parser.add_mutually_exclusive_group()
    noise.add_argument(
        "--sigma",
        help="noise as a share of white, such as 0.1 or 25/255, or 'estimate' (default 25/255 or "
        "5/255)",
    )
    noise.add_argument("--snr", type=float, metavar="DB", help="signal-to-noise ratio instead")
    parser.add_argument(
        "--white", metavar="W",
        help="the value in the files that is white: a number, 'max' (the brightest pixel of all) "
        "or 'percentile' (99.9); default: the largest of 8 or 16 bits, 1 for floats",
    )  # fmt: skip
    parser.add_argument(
        "--magnitude", action="store_true",
        help="take the magnitude of complex pixels, or of (H, W, 2) arrays of real and imaginary "
        "part",
    )  # fmt: skip
    parser.add_argument(
        "--patch-size", default="12", metavar="P", help="side in pixels (default 12), or 'whole'"
    )
    parser.add_argument("--n-train", type=int, nargs="+", metavar="N", help="values of N")
    parser.add_argument("--shrinkage", choices=SHRINKAGES, default="none", help="of the covariance")
    parser.add_argument(
        "--contrast", choices=("patches", "constant"), default="patches",
        help="of the signals: as measured from the patches (default), or constant (Gaussian "
        "signals: faster, and optimistic at small N)",
    )  # fmt: skip
    parser.add_argument(
        "--mean", choices=("known", "learned"), default="known",
        help="whether the mean patch is known or learned from the N examples too",
    )  # fmt: skip
    parser.add_argument("--resamples", type=int, help="of the bootstrap over images (default 40)")
    parser.add_argument("--seed", type=int, default=0, help="the numbers depend on it alone")
    parser.add_argument("--workers", type=int, default=cores(), help="cores (default: all)")
    parser.add_argument("--out", type=Path, default=Path("results/predict"), metavar="FOLDER")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Carry out the parsed options: the curve and its files first, then intervals and pictures."""
    from linscale.studies.from_images import Evidence
    from linscale.studies.prediction import curves_of, with_intervals

    if options.seed < 0:
        raise InvalidArgument("--seed", options.seed, "an integer that is not negative")
    if options.workers < 1:
        raise InvalidArgument("--workers", options.workers, "at least 1")
    check_folder(options.out)
    question = _question(options)
    for line in question.lines:
        tell(line)
    with Stages() as stages:
        evidence = Evidence.of(question, stages)
        found = curves_of(evidence, workers=options.workers, progress=stages)
        stages.close()
        report(found.study, options.out, STEM)
        sys.stdout.flush()
        found = with_intervals(found, evidence, workers=options.workers, progress=stages)
    if found.floor_interval is not None:
        names = written(found.study, options.out, STEM)
        print("\n" + "\n".join(found.study.answers()), f"\n\nwrote {names} in {options.out}")
    _pictures(question, found, options)
    return 0


def _question(options: argparse.Namespace) -> Question:
    from linscale.images.resampling import checked_count
    from linscale.studies.question import N_TRAIN, RESAMPLES, Question

    resamples = RESAMPLES if options.resamples is None else options.resamples
    if resamples:
        checked_count(resamples)
    default = tuple(N for N in N_TRAIN if N > 1 or options.mean == "known")
    return Question(
        images=options.images, task=options.task, sigma=_sigma(options.sigma), snr_db=options.snr,
        patch_size=_patch_size(options.patch_size), n_train=sizes(options.n_train, default),
        shrinkage=options.shrinkage, contrast=options.contrast, mean=options.mean,
        resamples=resamples, rng=options.seed, white=options.white, magnitude=options.magnitude,
    )  # fmt: skip


def _pictures(question: Question, found: Prediction, options: argparse.Namespace) -> None:
    """Reconstructions of an image by estimators that never saw it, where there are three images."""
    from linscale import plotting
    from linscale.studies.from_images import Evidence
    from linscale.studies.reconstruction import hold_out, reconstruct

    shown, others = hold_out(found.images)
    model, mean, pool = found.model, found.mean, found.pool
    if len(others) < len(found.images):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ScaleWarning)  # it has been said of all of them
            asked = replace(question, images=others, resamples=0, white=None)
        evidence = Evidence.of(asked)
        model, mean = evidence.model, evidence.mean
        pool = evidence.signals.array() - mean[:, None]
    pictures = reconstruct(
        model, found.operator, mean, pool, shown, rng=options.seed, image_shape=question.shape,
        label=question.task.label, learned_from=others,
    )  # fmt: skip
    figure = plotting.draw_reconstructions([pictures])
    for path in plotting.save(figure, options.out / "reconstructions"):
        print(f"wrote {path}")
    print(f"({pictures.shown})")


def _sigma(given: str | None) -> float | str | None:
    if given is None or given == "estimate":
        return given
    return share("--sigma", given, "a number, two of them as 25/255, or 'estimate'")


def _patch_size(given: str) -> int | None:
    if given == "whole":
        return None
    try:
        return int(given)
    except ValueError:
        raise InvalidArgument("--patch-size", given, "a whole number, or 'whole'") from None
