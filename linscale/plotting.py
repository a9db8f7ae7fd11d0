"""Figures. The only importer of matplotlib; it draws from saved values and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from linscale.files import write_together
from linscale.risk import RiskCurve
from linscale.study import Study
from linscale.tables import psnr

# Okabe and Ito's colours, which the colour-blind can tell apart.
STYLE: dict[str, dict[str, Any]] = {
    "early-stopped": {"color": "#0072B2", "marker": "o"},
    "converged": {"color": "#D55E00", "marker": "s"},
    "PCA": {"color": "#009E73", "marker": "^"},
    "trained, same images": {"color": "#0072B2", "marker": "o"},
    "trained, other images": {"color": "#CC79A7", "marker": "D"},
}
LABELS = {
    "early-stopped": "early-stopped gradient descent",
    "converged": "converged (least squares)",
    "PCA": "plug-in PCA",
}
RC = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "legend.framealpha": 1.0,
    "legend.edgecolor": "none",
    "legend.fontsize": 8,
    "savefig.dpi": 200,
    "svg.fonttype": "none",
    "svg.hashsalt": "linscale",
}
HIGHEST = 1.6  # risks far above that of the zero estimator (the peak at N = n) leave the frame


def draw(study: Study) -> Figure:
    """The figure of a study, whichever its kind."""
    with matplotlib.rc_context(RC):
        return _images(study) if study.meta["kind"] == "images" else _subspace(study)


def draw_all(studies: Mapping[str, Study]) -> Figure:
    """One panel for each setup, on common axes."""
    with matplotlib.rc_context(RC):
        columns = 4
        rows = -(-len(studies) // columns)
        figure = Figure(figsize=(3.0 * columns, 2.7 * rows + 0.5), layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes in grid.flat[len(studies) :]:
            axes.set_visible(False)
        for axes, study in zip(grid.flat, studies.values(), strict=False):
            entries = _curves(axes, study)
            axes.set_title(_model_title(study), fontsize=9)
        for axes in grid[-1]:
            axes.set_xlabel("training examples $N$")
        for axes in grid[:, 0]:
            axes.set_ylabel("risk per subspace dimension")
        figure.legend(*zip(*entries, strict=True), loc="outside lower center", ncols=4)
        return figure


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write PNG and SVG beside each other; returns the paths."""
    contents = render(figure, stem)
    write_together(contents)
    return list(contents)


def render(figure: Figure, stem: Path) -> dict[Path, bytes]:
    """The figure as PNG and SVG, to be written beside each other."""
    contents = {}
    with matplotlib.rc_context(RC):
        for suffix in (".png", ".svg"):
            buffer = BytesIO()
            metadata = {"Date": None} if suffix == ".svg" else None
            figure.savefig(buffer, format=suffix[1:], metadata=metadata)
            contents[stem.with_name(stem.name + suffix)] = buffer.getvalue()
    return contents


def _subspace(study: Study) -> Figure:
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    entries = _curves(top, study)
    top.set_title(
        _model_title(study) + ": theory (lines; dotted: unsure), simulation (points)", fontsize=10
    )
    top.set_ylabel("risk per subspace dimension")
    _mark_saturation(top, study)
    top.legend(*zip(*entries, strict=True), loc="upper right")

    highest = 1.0
    for height, (name, measured) in enumerate(reversed(list(study.simulated.items()))):
        predicted = study.theory[name].at_n_train(measured.n_train.tolist())
        shown = np.isfinite(predicted.value) & _shown(measured)
        ratio = 100.0 * (measured.value[shown] / predicted.value[shown] - 1.0)
        error = 100.0 * measured.sem[shown] / predicted.value[shown]
        highest = max(highest, float(np.max(np.abs(ratio), initial=0.0)))
        bottom.errorbar(
            measured.n_train[shown],
            ratio,
            error,
            ls="none",
            ms=3.5,
            capsize=2,
            mfc="white",
            zorder=3 + height,
            **STYLE[name],
        )
    bottom.axhline(0.0, color="0.3", lw=0.8)
    bottom.set_yscale("symlog", linthresh=1.0)
    bottom.set_ylim(-2.0 * highest, 2.0 * highest)
    ticks = [0.0, *(s * m for m in (1.0, 10.0, 100.0) if m < 2.0 * highest for s in (-1, 1))]
    bottom.set_yticks(ticks, [f"{t:g}".replace("-", "−") for t in ticks])
    bottom.minorticks_off()
    bottom.set_xscale("log")
    bottom.set_ylabel("simulation − theory\nin % of theory")
    bottom.set_xlabel("number of training examples $N$")
    return figure


def _images(study: Study) -> Figure:
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    axes = figure.subplots()
    theory = study.theory["early-stopped"]
    axes.plot(theory.n_train, psnr(theory.value), color="#0072B2", label="Gaussian theory")
    for name, measured in study.simulated.items():
        error = 10.0 / np.log(10.0) * measured.sem / measured.value
        axes.errorbar(
            measured.n_train, psnr(measured.value), error, ls="none", ms=4.5, capsize=2.5,
            label=f"gradient descent {name}", **STYLE[name],
        )  # fmt: skip
    floor = float(psnr(np.array(study.floor)))
    axes.axhline(floor, color="0.3", ls="--", lw=1, label="best linear estimator, same images")
    axes.set_xscale("log")
    _mark_saturation(axes, study)
    meta = study.meta
    size = meta["patch_size"]
    axes.set_title(
        f"Denoising {size} × {size} patches of {len(meta['train_images'])} images, "
        rf"$\sigma = {255 * meta['sigma']:.4g}/255$"
    )
    axes.set_xlabel("number of training patches $N$")
    axes.set_ylabel("PSNR of the mean risk (dB)")
    axes.legend(loc="lower right")
    return figure


def _curves(axes: Axes, study: Study) -> list[Any]:
    """Theory lines, simulated points with error bars, and the floor; returns legend entries."""
    entries: list[Any] = []
    for height, (name, predicted) in enumerate(reversed(list(study.theory.items()))):
        value = np.where(predicted.value > HIGHEST, np.nan, predicted.value)
        measured = study.simulated[name]
        shown = _shown(measured) & (measured.value < HIGHEST)
        order = 3 + height  # the first estimator lies on top
        # Dotted where the theory itself says not to trust it, solid elsewhere.
        doubtful = np.array([status != "ok" for status in predicted.statuses])
        axes.plot(
            predicted.n_train, value, color=STYLE[name]["color"], lw=1.2, ls=":", zorder=order
        )
        value = np.where(doubtful, np.nan, value)
        mark = "_" if predicted.n_train.size == 1 else None  # a line of one point is invisible
        (line,) = axes.plot(
            predicted.n_train, value, color=STYLE[name]["color"], lw=1.2, zorder=order,
            marker=mark, ms=14,
        )  # fmt: skip
        points = axes.errorbar(
            measured.n_train[shown], measured.value[shown], measured.sem[shown], ls="none", ms=4,
            capsize=2, mfc="white", zorder=order + 0.5, **STYLE[name],
        )  # fmt: skip
        entries.insert(0, ((line, points), f"{LABELS[name]}"))
    floor = axes.axhline(study.floor, color="0.3", ls="--", lw=1)
    entries.append((floor, "floor (best linear estimator)"))
    axes.set(xscale="log", yscale="log")
    return entries


def _shown(measured: RiskCurve) -> NDArray[np.bool_]:
    """Points whose value and spread are finite; one draw has a value but no standard error."""
    ok = np.array([status == "ok" for status in measured.statuses])
    return np.isfinite(measured.value) & (ok | np.isfinite(measured.sem))


def _mark_saturation(axes: Axes, study: Study) -> None:
    """The n_train beyond which less than 1 % is left to gain."""
    low, high = axes.get_xlim()
    if not low < study.saturation < high:
        return
    axes.axvline(study.saturation, color="0.6", ls=":", lw=1, zorder=1)
    at_right = np.log(study.saturation / low) > 0.7 * np.log(high / low)
    axes.annotate(
        f"less than 1 % left to gain\nbeyond N = {study.saturation:,}",
        (study.saturation, 0.5), xycoords=("data", "axes fraction"),
        xytext=(-4 if at_right else 4, 0), textcoords="offset points",
        ha="right" if at_right else "left", fontsize=8, color="0.35",
    )  # fmt: skip


def _model_title(study: Study) -> str:
    model = study.meta["model"]
    n = f"{model['n']:,}".replace(",", "{,}")
    return rf"$n = {n}$, $d = {model['d']}$, $\sigma = {model['sigma']:g}$"
