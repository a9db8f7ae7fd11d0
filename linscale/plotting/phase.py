"""Phase diagrams: a coloured cell for each pair of parameters."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import ListedColormap, LogNorm, Normalize, SymLogNorm
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator
from numpy.typing import NDArray

from linscale.support.validate import FloatArray
from linscale.sweep.phases import Phase

NAMES = {
    "sigma": r"noise $\sigma$", "n_train": "training examples $N$",
    "n": "measurements $n$", "d": "subspace dimension $d$",
}  # fmt: skip
COLOURS = "viridis"
NOTHING, INFINITE, DOUBT = "0.8", "#D55E00", "////"  # grey; not among the colours; a hatch
DENSE = 10_000  # cells from which an SVG holds them as pixels
BRIGHT = 0.6  # share of the colours from which a white hatch would not be seen
DECADE = 10.0
LONGEST = 1e4  # ratio of negative values beyond which the smallest share a colour
FEW = 8  # values that an axis names one by one
EVEN = 4.0  # below this span no eye tells even spacing from spacing in the logarithm


def draw_diagram(phase: Phase, axes: Axes | None) -> Axes:
    """On axes, or on those of a new figure."""
    if axes is None:
        from matplotlib import pyplot  # only where it is to show the figure

        axes = pyplot.subplots(figsize=(5.4, 4.2), layout="constrained")[1]
    columns, rows = np.argsort(phase.x), np.argsort(phase.y)
    value = phase.value[np.ix_(rows, columns)]
    doubtful = phase.doubtful[np.ix_(rows, columns)]
    x, y = _edges(axes, "x", phase.x[columns]), _edges(axes, "y", phase.y[rows])
    norm = _norm(value)
    # matplotlib leaves infinite values out, as if they were no answer.
    shown = np.clip(value, norm.vmin, norm.vmax)
    shown = np.ma.masked_where(~np.isfinite(value), shown)
    dense = value.size > DENSE
    mesh = axes.pcolormesh(x, y, shown, norm=norm, cmap=COLOURS, rasterized=dense)
    infinite = np.ma.masked_where(~np.isinf(value), np.ones(value.shape))
    if infinite.count():
        axes.pcolormesh(x, y, infinite, cmap=ListedColormap([INFINITE]), rasterized=dense)
    axes.set_facecolor(NOTHING)
    axes.set_xlabel(NAMES.get(phase.x_name, phase.x_name))
    axes.set_ylabel(NAMES.get(phase.y_name, phase.y_name))
    bright = np.ma.filled(norm(shown), 0.0) > BRIGHT
    for colour, which in (("white", doubtful & ~bright), ("0.15", doubtful & bright)):
        _hatch(axes, x, y, which, colour)
    marks = []
    if doubtful.any():
        marks.append(Patch(facecolor="white", edgecolor="0.15", hatch=DOUBT, label="doubtful"))
    if infinite.count():
        marks.append(Patch(facecolor=INFINITE, label="infinite"))
    if np.isnan(value).any():
        marks.append(Patch(facecolor=NOTHING, label="no answer"))
    if marks:
        axes.legend(handles=marks, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3,
                    frameon=False, borderaxespad=0.2)  # fmt: skip
    if np.isfinite(value).any():
        bar = axes.figure.colorbar(mesh, ax=axes)
        bar.set_label(label_of(phase.question))
    return axes


def in_the_logarithm(values: NDArray[np.float64]) -> bool:
    """Whether ascending values are spaced more evenly in the logarithm than as they are."""
    if values.size < 2 or values[0] <= 0 or values[-1] < EVEN * values[0]:
        return False
    steps = (np.diff(values), np.diff(np.log(values)))
    plain, log = (float(s.max() / s.min()) for s in steps)
    return log <= plain


def label_of(question: str) -> str:
    """A function's name without where it is; any other name as it stands."""
    head, bracket, options = question.partition("(")
    if not all(part.isidentifier() for part in head.split(".")):
        return question
    return head.rpartition(".")[2].replace("_", " ") + (f" ({options}" if bracket else "")


def _edges(axes: Axes, which: str, values: NDArray[np.float64]) -> FloatArray:
    """Halfway between neighbours; the axis is made to fit. One value alone has a width of 1."""
    log = in_the_logarithm(values)
    axes.set(**{f"{which}scale": "log" if log else "linear"})
    axis = getattr(axes, f"{which}axis")
    if values.size <= FEW:
        axis.set_ticks(values, [f"{v:,.3g}" if v < 1000 else f"{v:,.0f}" for v in values])
        axis.minorticks_off()
    elif log and values[-1] < 1000 * values[0]:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,g}"))
        axis.minorticks_off()
    if values.size == 1:
        return np.array([values[0] - 0.5, values[0] + 0.5])
    v = np.log(values) if log else values.astype(float)
    middle = 0.5 * (v[1:] + v[:-1])
    edges = np.concatenate(([2.0 * v[0] - middle[0]], middle, [2.0 * v[-1] - middle[-1]]))
    return np.exp(edges) if log else edges


def _norm(value: FloatArray) -> Normalize:
    """Colours in the logarithm where values of one sign span decades."""
    finite = value[np.isfinite(value)]
    if not finite.size:
        return Normalize(0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    if low > 0 and high >= DECADE * low:
        return LogNorm(low, high)
    if high < 0 and low <= DECADE * high:
        return SymLogNorm(max(-high, -low / LONGEST), vmin=low, vmax=high)
    return Normalize(low, high)


def _hatch(axes: Axes, x: FloatArray, y: FloatArray, which: NDArray[np.bool_], colour: str) -> None:
    cells = [
        Rectangle((x[j], y[i]), x[j + 1] - x[j], y[i + 1] - y[i]) for i, j in np.argwhere(which)
    ]
    if cells:
        with matplotlib.rc_context({"hatch.linewidth": 0.7}):
            axes.add_collection(
                PatchCollection(cells, facecolor="none", edgecolor=colour, hatch=DOUBT, lw=0)
            )
