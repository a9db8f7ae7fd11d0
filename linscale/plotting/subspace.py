"""Figures of the subspace model: one study, and all the paper's setups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from linscale.plotting.style import mark_saturation, style_of, title_of
from linscale.results.risk import RiskCurve
from linscale.studies.subspace import SubspaceStudy

HIGHEST = 1.6  # risks far above that of the zero estimator (the peak at N = n) leave the frame


def draw_subspace(study: SubspaceStudy) -> Figure:
    """Theory through simulated points, and their difference below."""
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    entries = _curves(top, study)
    top.set_title(
        model_title(study) + ": theory (lines; dotted: unsure), simulation (points)", fontsize=10
    )
    top.set_ylabel("risk per subspace dimension")
    mark_saturation(top, study)
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
            **style_of(name),
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


def draw_setups(studies: Mapping[str, SubspaceStudy]) -> Figure:
    """One panel for each setup, on common axes."""
    columns = 4
    rows = -(-len(studies) // columns)
    figure = Figure(figsize=(3.0 * columns, 2.7 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(studies) :]:
        axes.set_visible(False)
    for axes, study in zip(grid.flat, studies.values(), strict=False):
        entries = _curves(axes, study)
        axes.set_title(model_title(study), fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel("training examples $N$")
    for axes in grid[:, 0]:
        axes.set_ylabel("risk per subspace dimension")
    figure.legend(*zip(*entries, strict=True), loc="outside lower center", ncols=4)
    return figure


def _curves(axes: Axes, study: SubspaceStudy) -> list[Any]:
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
            predicted.n_train, value, color=style_of(name)["color"], lw=1.2, ls=":", zorder=order
        )
        value = np.where(doubtful, np.nan, value)
        mark = "_" if predicted.n_train.size == 1 else None  # a line of one point is invisible
        (line,) = axes.plot(
            predicted.n_train, value, color=style_of(name)["color"], lw=1.2, zorder=order,
            marker=mark, ms=14,
        )  # fmt: skip
        points = axes.errorbar(
            measured.n_train[shown], measured.value[shown], measured.sem[shown], ls="none", ms=4,
            capsize=2, mfc="white", zorder=order + 0.5, **style_of(name),
        )  # fmt: skip
        entries.insert(0, ((line, points), title_of(name)))
    floor = axes.axhline(study.floor, color="0.3", ls="--", lw=1)
    entries.append((floor, "floor (best linear estimator)"))
    axes.set(xscale="log", yscale="log")
    return entries


def _shown(measured: RiskCurve) -> NDArray[np.bool_]:
    """Points whose value and spread are finite; one draw has a value but no standard error."""
    ok = np.array([status == "ok" for status in measured.statuses])
    return np.isfinite(measured.value) & (ok | np.isfinite(measured.sem))


def model_title(study: SubspaceStudy) -> str:
    """n, d and sigma."""
    model = study.meta["model"]
    n = f"{model['n']:,}".replace(",", "{,}")
    return rf"$n = {n}$, $d = {model['d']}$, $\sigma = {model['sigma']:g}$"
