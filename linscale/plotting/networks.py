"""Learning curves of trained networks, beside what linear estimators reach."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linscale.empirical import ResultTable, best_by_validation, grid
from linscale.empirical.metrics import UNITS
from linscale.errors import InvalidArgument

# Of the reference curves, in their order: colour, dash, marker.
REFERENCES = (
    ("#D55E00", "-", "s"), ("#CC79A7", "-", "^"), ("#0072B2", "--", ""), ("#E69F00", ":", "v"),
)  # fmt: skip

BEST, NETWORKS = "network best on validation", "networks of {:,} parameters"


def draw_learning_curves(
    networks: ResultTable, references: Mapping[str, ResultTable], metric: str, columns: int
) -> Figure:
    """A panel for each task; one legend for all."""
    if len(references) > len(REFERENCES):
        raise InvalidArgument("references", len(references), f"at most {len(REFERENCES)} curves")
    names = networks.filter(metric=metric).distinct("task")
    if not names:
        raise InvalidArgument("networks", f"without {metric}", "a table that has it")
    best = best_by_validation(networks, metric)
    sizes = sorted({row.n_params for row in networks if row.n_params is not None})
    # Light to dark, the larger the darker.
    colours = dict(zip(sizes, matplotlib.colormaps["Greys"](np.linspace(0.35, 0.7, len(sizes))),
                       strict=True))  # fmt: skip
    columns = min(columns, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(3.4 * columns, 3.1 * rows + 0.6), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat[len(names) :]:
        axes.set_visible(False)
    for axes, name in zip(panels.flat, names, strict=False):
        _networks(axes, networks.filter(task=name), metric, colours)
        chosen = best.filter(task=name)
        axes.plot(
            chosen.column("n_train"), chosen.column("value"), "k-", marker="o", ms=4, mfc="white",
            lw=1.6, label=BEST,
        )  # fmt: skip
        for (label, table), (colour, dash, marker) in zip(
            references.items(), REFERENCES, strict=False
        ):
            _reference(axes, table.filter(task=name, metric=metric), label, colour, dash, marker)
        axes.set_xscale("log")
        axes.set_title(name)
        axes.set_xlabel("training examples $N$")
    unit = networks.filter(metric=metric).distinct("unit")[0]
    for axes in panels[:, 0]:
        name = metric.upper() if metric in UNITS else metric
        axes.set_ylabel(name if unit == "1" else f"{name} ({unit})")
    entries = {
        label: line
        for axes in panels.flat
        for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    order = [NETWORKS.format(size) for size in sizes] + [BEST, *references]
    shown = {label: entries[label] for label in order if label in entries}
    figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=columns)
    return figure


def _networks(
    axes: Axes, networks: ResultTable, metric: str, colours: Mapping[int, object]
) -> None:
    """For each network size the mean over runs, and the range from the lowest to the highest."""
    found = grid(networks, metric, "test")
    for j, size in enumerate(found.n_params):
        there = found.runs[:, j] > 0
        mean = found.mean[there, j]
        low, high = mean - found.lowest[there, j], found.highest[there, j] - mean
        axes.errorbar(
            found.n_train[there], mean, (low, high), color=colours[int(size)], lw=1, capsize=2,
            marker=".", ms=4, label=NETWORKS.format(size),
        )  # fmt: skip


def _reference(
    axes: Axes, table: ResultTable, label: str, colour: str, dash: str, marker: str
) -> None:
    """The mean over runs at each N."""
    sizes, values = table.column("n_train"), table.column("value")
    at = np.unique(sizes)
    if at.size:
        mean = [values[sizes == N].mean() for N in at]
        axes.plot(
            at, mean, dash, color=colour, marker=marker, ms=4, mfc="white", lw=1.3, label=label
        )
