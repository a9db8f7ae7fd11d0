"""One result in one panel: what ``.plot`` of a path, a curve or a study shows.

Theory is a line, dotted where its status is not "ok"; simulation is points with bars of a standard
error, hollow where its status is not "ok". Both explain themselves in a legend, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from linscale.plotting.images import (
    PSNR_LABEL,
    prediction_curves,
    prediction_title,
    training_title,
)
from linscale.plotting.style import PALETTE, TITLES, mark_saturation, style_of, title_of
from linscale.plotting.subspace import model_title
from linscale.results.decibels import psnr
from linscale.results.risk import RiskCurve, RiskPath
from linscale.results.words import is_doubtful
from linscale.studies.prediction_study import PredictionStudy
from linscale.studies.study import Study
from linscale.studies.subspace import SubspaceStudy
from linscale.studies.training import DECIBEL, GAUSSIAN, OTHER, SAME, TrainingStudy
from linscale.support.validate import FloatArray

Style = dict[str, Any]  # keywords of a Line2D, each under its long name

# Colours of lines in a figure of ours, in the order in which they are drawn.
CYCLE = [color for color, _ in PALETTE]
PARAMETERS = {"time": "time $t$", "penalty": r"penalty $\mu$"}
N_TRAIN = "number of training examples $N$"
SIMULATED, DOUBTFUL = LAST = "simulated", "status not ok"
FLOOR = "floor (best linear estimator)"
EDGES = {0.0: (0.0, "<"), np.inf: (1.0, ">")}  # what a logarithmic axis cannot hold, and its mark


@dataclass(frozen=True)
class Scale:
    """What risk is drawn as: the values, the length of a bar, the axis, and the curves' names."""

    label: str
    of: Callable[[FloatArray], FloatArray] = lambda risk: risk
    bar: Callable[[FloatArray, FloatArray], FloatArray] = lambda risk, error: error
    axis: str = "log"
    names: Mapping[str, str] = field(default_factory=dict)  # where they are not the usual titles


RISK = Scale("risk")
PER_DIMENSION = Scale("risk per subspace dimension")
TRAINED = {name: f"gradient descent {name}" for name in (SAME, OTHER)}
PSNR = Scale(
    PSNR_LABEL, psnr, lambda risk, error: DECIBEL * error / risk, "linear",
    TITLES | TRAINED | {GAUSSIAN: "Gaussian theory"},
)  # fmt: skip


def draw_path(path: RiskPath, axes: Axes, line: Style) -> None:
    """Risk against the filter's parameter, with a band of its error; the floor."""
    axes.set(xscale="log", yscale="log")
    _name_axes(axes, PARAMETERS.get(path.parameter, path.parameter), RISK.label)
    inside = (path.at > 0.0) & np.isfinite(path.at)
    order = np.argsort(path.at[inside], kind="stable")
    x, value, error = (a[inside][order] for a in (path.at, path.value, path.error))
    doubtful, style = _doubtful(path.statuses), dict(line)
    if x.size:
        style["color"] = _line(axes, x, value, doubtful[inside][order], line)
        _band(axes, x, value - error, value + error, style["color"])
    for i in np.flatnonzero(~inside):
        across, mark = EDGES.get(float(path.at[i]), (0.5, "o"))
        mine = {"marker": mark, "linestyle": "none", "clip_on": False}
        if doubtful[i]:
            mine["markerfacecolor"] = "white"
        if x.size:  # the line has the label
            mine["label"] = "_nolegend_"
        axes.plot(across, path.value[i], transform=axes.get_yaxis_transform(), **style | mine)
    _floor(axes, RISK, path.floor)


def draw_curve(curve: RiskCurve, axes: Axes, line: Style) -> None:
    """Risk against n_train: a line, points where it is simulated, the floor."""
    axes.set(xscale="log", yscale="log")
    _name_axes(axes, N_TRAIN, RISK.label)
    simulated = curve.sem != 0.0  # nan of a single draw too
    if np.all(simulated):
        _points(axes, curve, simulated, RISK, line)
    else:
        color = _line(axes, curve.n_train, curve.value, _doubtful(curve.statuses), line)
        named = {"color": color, "label": _once(axes, SIMULATED)}
        _points(axes, curve, simulated, RISK, line | named)
    _floor(axes, RISK, curve.floor)


def draw_study(study: Study, axes: Axes, line: Style, scale: Scale = RISK) -> None:
    """Theory and simulation of every estimator, the floor, and where the first saturates.

    Risks of more than twice the largest of the first curve are left out: others peak at N = n.
    """
    fresh = not axes.has_data()
    axes.set(xscale="log", yscale=scale.axis)
    _name_axes(axes, N_TRAIN, scale.label)
    highest = 2.0 * float(np.nanmax(next(iter(study.theory.values())).value))
    for height, (name, curve) in enumerate(study.theory.items()):
        value = np.where(curve.value <= highest, curve.value, np.nan)
        style = _style(name, line, scale) | {"zorder": 3.0 - 0.1 * height}  # the first lies on top
        _line(axes, curve.n_train, scale.of(value), _doubtful(curve.statuses), style)
    for height, (name, curve) in enumerate(study.simulated.items()):
        style = _style(name, line, scale) | {"zorder": 4.0 - 0.1 * height}
        style["marker"] = style_of(name)["marker"]
        if name in study.theory:
            style["label"] = _once(axes, SIMULATED)
        _points(axes, curve, curve.value <= highest, scale, style)
    _floor(axes, scale, study.floor)
    if fresh:
        mark_saturation(axes, study)


def draw_subspace_study(study: SubspaceStudy, axes: Axes, line: Style) -> None:
    """The upper panel of the study's figure."""
    draw_study(study, axes, line, PER_DIMENSION)
    _entitle(axes, model_title(study))


def draw_training_study(study: TrainingStudy, axes: Axes, line: Style) -> None:
    """The upper panel of the study's figure."""
    draw_study(study, axes, line, PSNR)
    _entitle(axes, training_title(study))


def draw_prediction_study(study: PredictionStudy, axes: Axes, line: Style) -> None:
    """The study's figure."""
    prediction_curves(axes, study, line)
    _name_axes(axes, N_TRAIN, PSNR.label)
    _entitle(axes, prediction_title(study))


def legend(axes: Axes) -> None:
    """What explains the marks comes last."""
    entries = list(zip(*axes.get_legend_handles_labels(), strict=True))
    entries.sort(key=lambda entry: LAST.index(entry[1]) if entry[1] in LAST else -1)
    axes.legend(*zip(*entries, strict=True))


def _line(
    axes: Axes, x: NDArray[Any], y: FloatArray, doubtful: NDArray[np.bool_], line: Style
) -> Any:
    """Solid where all is well, dotted to and from every doubtful point; returns the colour."""
    style: Style = {"linewidth": 1.4} | line
    shown = np.where(np.isfinite(y), y, np.nan)
    if np.count_nonzero(np.isfinite(y)) == 1:  # a line of one point is invisible
        style = {"marker": "o"} | style
    (solid,) = axes.plot(x, np.where(doubtful, np.nan, shown), **style)
    color = solid.get_color()
    if np.any(doubtful):
        near = doubtful.copy()
        near[1:] |= doubtful[:-1]
        near[:-1] |= doubtful[1:]
        label = _once(axes, DOUBTFUL)
        dotted = {"linestyle": ":", "color": color, "markerfacecolor": "white", "label": label}
        dotted["markevery"] = np.flatnonzero(doubtful)  # markers, where there are any
        axes.plot(x, np.where(near, shown, np.nan), **style | dotted)
    return color


def _points(
    axes: Axes, curve: RiskCurve, which: NDArray[np.bool_], scale: Scale, line: Style
) -> None:
    """Some of a curve's values with bars of their standard error; the doubtful ones hollow."""
    style: Style = {"marker": "o", "markersize": 4.5, "capsize": 2.5, "zorder": 4.0}
    style |= line | {"linestyle": "none"}
    doubtful, which = _doubtful(curve.statuses), which & np.isfinite(curve.value)
    for kind, hollow in ((which & ~doubtful, False), (which & doubtful, True)):
        if np.any(kind):
            N, value, sem = curve.n_train[kind], curve.value[kind], curve.sem[kind]
            face = {"markerfacecolor": "white"} if hollow else {}
            first, last = axes.dataLim.intervalx
            drawn = axes.errorbar(N, scale.of(value), scale.bar(value, sem), **style | face)
            # The limits of bars have been through a logarithm: one N would have two ends.
            axes.dataLim.intervalx = (min(first, N.min()), max(last, N.max()))
            style["color"] = drawn[0].get_color()
            style["label"] = _once(axes, DOUBTFUL)


def _band(axes: Axes, x: NDArray[Any], low: FloatArray, high: FloatArray, color: Any) -> None:
    """Between the two, leaving the frame to what is known: an error may be many times the value."""
    known = np.isfinite(low) & np.isfinite(high)
    frame = axes.dataLim.get_points().copy()
    axes.fill_between(x, low, high, where=known, color=color, alpha=0.2, lw=0, zorder=1.5)
    axes.dataLim.set_points(frame)


def _floor(axes: Axes, scale: Scale, floor: float) -> None:
    """A thin dashed line, once for each height; none where a logarithmic axis has no 0."""
    height = float(scale.of(np.array(floor)))
    there = [artist.get_ydata() for artist in axes.lines if artist.get_gid() == FLOOR]
    if floor > 0.0 and not any(np.all(np.asarray(other) == height) for other in there):
        label = _once(axes, FLOOR)
        axes.axhline(height, color="0.3", ls="--", lw=0.8, zorder=1, label=label, gid=FLOOR)


def _doubtful(statuses: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.array([is_doubtful(status) for status in statuses], dtype=bool)


def _style(name: str, line: Style, scale: Scale) -> Style:
    """An estimator's colour and name; a label that is given goes before the name."""
    said = scale.names.get(name, title_of(name))
    prefix = f"{line['label']}: " if line.get("label") else ""
    return {"color": style_of(name)["color"]} | line | {"label": prefix + said}


def _once(axes: Axes, label: str) -> str:
    """The label, if the legend does not have it yet."""
    return "_nolegend_" if label in axes.get_legend_handles_labels()[1] else label


def _name_axes(axes: Axes, x: str, y: str) -> None:
    """Where the caller has given them no names."""
    axes.set_xlabel(axes.get_xlabel() or x)
    axes.set_ylabel(axes.get_ylabel() or y)


def _entitle(axes: Axes, title: str) -> None:
    axes.set_title(axes.get_title() or title)
