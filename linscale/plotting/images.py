"""Learning curves on images: PSNR against the number of training patches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linscale.plotting.style import mark_saturation, style_of, title_of
from linscale.studies.prediction_study import PredictionStudy
from linscale.studies.tables import psnr
from linscale.studies.training import DECIBEL, DRAWN, GAUSSIAN, MIXTURE, SAME, TrainingStudy
from linscale.support.validate import FloatArray

PSNR_LABEL = "PSNR of the mean risk (dB)"


def draw_images(study: TrainingStudy) -> Figure:
    """Theory, Gaussian data and training on patches; below, theory minus measured."""
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    entries = _curves(top, study)
    mark_saturation(top, study)
    top.set_title(training_title(study))
    top.set_ylabel(PSNR_LABEL)
    top.legend(*zip(*entries, strict=True), loc="lower right")
    _gaps(bottom, study)
    bottom.set_ylabel("theory − measured\n(dB)")
    bottom.set_xlabel("number of training patches $N$")
    return figure


def draw_task_panels(studies: list[TrainingStudy], columns: int = 4) -> Figure:
    """A panel for each study, with what the theory misses below it; one legend for all."""
    columns = min(len(studies), columns)
    rows = -(-len(studies) // columns)
    figure = Figure(figsize=(3.1 * columns, 3.6 * rows + 0.5), layout="constrained")
    heights = (2.4, 1.0) * rows
    grid = figure.subplots(2 * rows, columns, height_ratios=heights, squeeze=False)
    for axes in grid.flat:
        axes.set_visible(False)
    for k, study in enumerate(studies):
        row, column = divmod(k, columns)
        top, bottom = grid[2 * row, column], grid[2 * row + 1, column]
        top.set_visible(True)
        bottom.set_visible(True)
        top.sharex(bottom)
        top.tick_params(labelbottom=False)
        entries = _curves(top, study)
        _gaps(bottom, study)
        top.set_title(rf"{_title(study.label)}, $\sigma = {255 * study.meta['sigma']:.4g}/255$")
        bottom.set_xlabel("training patches $N$")
        if column == 0:
            top.set_ylabel("PSNR (dB)")
            bottom.set_ylabel("theory − measured\n(dB)")
    figure.legend(*zip(*entries, strict=True), loc="outside lower center", ncols=3)
    return figure


def draw_prediction(study: PredictionStudy) -> Figure:
    """Learning curves by theory, with the floor, its interval, and where they saturate."""
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    prediction_curves(axes, study)
    axes.set_title(prediction_title(study))
    axes.set_xlabel("number of training examples $N$")
    axes.set_ylabel(PSNR_LABEL)
    axes.legend(loc="lower right")
    return figure


def prediction_curves(
    axes: Axes, study: PredictionStudy, line: Mapping[str, Any] | None = None
) -> None:
    """That figure's content; ``line`` is what all its curves are drawn with.

    A label that is given goes before their names. Where there are curves already, the axes keep
    their marks.
    """
    meta, fresh, given = study.meta, not axes.has_data(), dict(line or {})
    said = f"{given.pop('label')}: " if given.get("label") else ""
    for height, (name, curve) in enumerate(study.theory.items()):
        shown = np.isfinite(curve.value) & (curve.value < 2.0 * meta["zero_risk"])
        value = np.where(shown, curve.value, np.nan)
        # The second runs along the first, and shows it between its dashes.
        style = {
            "color": style_of(name)["color"], "zorder": (3.9, 4.0, 3.8)[height % 3],
            "linewidth": 1.5, "linestyle": (0, (4, 2)) if height == 1 else "-",
        } | given  # fmt: skip
        axes.plot(curve.n_train, psnr(value), label=said + title_of(name), **style)
    floor = float(psnr(np.array(study.floor)))
    axes.axhline(floor, color="0.3", ls="--", lw=1, label=said + "floor (best linear estimator)")
    if meta["floor_interval"]:
        _, low, high = meta["floor_interval"]
        axes.axhspan(
            float(psnr(np.array(high))), float(psnr(np.array(low))), color="0.9", zorder=0,
            label=f"{said}its 90 % interval over {meta['groups']} images",
        )  # fmt: skip
    axes.set_xscale("log")
    if fresh:
        mark_saturation(axes, study)


def prediction_title(study: PredictionStudy) -> str:
    """The task, the signals and the noise."""
    meta = study.meta
    height, width = meta["patch_shape"]
    return (
        f"{_title(study.label)}: {height} × {width} signals from {len(meta['images'])} images, "
        rf"$\sigma = {255 * meta['sigma']:.4g}/255$"
    )


def training_title(study: TrainingStudy) -> str:
    """The task, the patches and the noise."""
    size = study.meta["patch_size"]
    return (
        f"{_title(study.label)}: {size} × {size} patches of "
        rf"{len(study.meta['train_images'])} images, "
        rf"$\sigma = {255 * study.meta['sigma']:.4g}/255$"
    )


def _curves(axes: Axes, study: TrainingStudy) -> list[Any]:
    """The theory's line, measured points, the floor; returns legend entries."""
    theory = study.theory[GAUSSIAN]
    (line,) = axes.plot(theory.n_train, psnr(theory.value), color="#0072B2", lw=1.2)
    entries: list[Any] = [(line, "Gaussian theory")]
    for name, curve in study.theory.items():
        if name != GAUSSIAN:
            dashes = (4, 2) if "other" in name else (None, None)
            (line,) = axes.plot(
                curve.n_train,
                psnr(curve.value),
                color=style_of(name)["color"],
                lw=1.2,
                dashes=dashes,
            )
            entries.append((line, title_of(name)))
    for name, measured in study.simulated.items():
        error = DECIBEL * measured.sem / measured.value
        points = axes.errorbar(
            measured.n_train, psnr(measured.value), error, ls="none", ms=4.5, capsize=2.5,
            mfc="white", **style_of(name),
        )  # fmt: skip
        entries.append((points, f"gradient descent {name}" if "trained" in name else name))
    floor = axes.axhline(float(psnr(np.array(study.floor))), color="0.3", ls="--", lw=1)
    entries.append((floor, "floor (best linear estimator, same images)"))
    axes.set_xscale("log")
    return entries


def _gaps(axes: Axes, study: TrainingStudy) -> None:
    """Theory minus measured, of what the theory speaks about: the same images."""
    shown = [(GAUSSIAN, name, style_of(name)) for name in (DRAWN, SAME)]
    if MIXTURE in study.theory:
        shown.append((MIXTURE, SAME, style_of(MIXTURE)))
    for theory, name, style in shown:
        if name in study.simulated:
            measured = study.simulated[name]
            axes.errorbar(
                measured.n_train, gap(study, theory, name),
                DECIBEL * measured.sem / measured.value,
                ls="none", ms=4.5, capsize=2.5, mfc="white", **style,
            )  # fmt: skip
    axes.axhline(0.0, color="0.3", lw=0.8)
    axes.set_xscale("log")


def gap(study: TrainingStudy, theory: str, name: str) -> FloatArray:
    """Theory minus measured PSNR in dB at the measured n_train."""
    measured = study.simulated[name]
    predicted = study.theory[theory].at_n_train(measured.n_train.tolist())
    return psnr(predicted.value) - psnr(measured.value)


def _title(label: str) -> str:
    return (label[0].upper() + label[1:]).replace(" x ", " × ")
