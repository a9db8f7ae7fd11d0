"""Colours, labels and settings that all figures share."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from linscale.answer.estimator import ESTIMATORS
from linscale.studies.study import Study

# Okabe and Ito's colours, which the colour-blind can tell apart; estimators take them in the order
# in which they are registered.
PALETTE = (
    ("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#E69F00", "v"), ("#CC79A7", "D"),
    ("#56B4E9", "P"), ("#000000", "X"),
)  # fmt: skip
STYLE: dict[str, dict[str, Any]] = {
    "Gaussian data": {"color": "0.25", "marker": "x"},
    "scale mixture": {"color": "#D55E00", "marker": "s"},
    "scale mixture, other images": {"color": "#E69F00", "marker": "^"},
    "trained, same images": {"color": "#0072B2", "marker": "o"},
    "trained, other images": {"color": "#CC79A7", "marker": "D"},
}
TITLES = {
    "scale mixture": "theory of scale mixtures",
    "scale mixture, other images": "theory of scale mixtures, from other images",
}


def style_of(name: str) -> dict[str, Any]:
    """Colour and marker of an estimator's word, or of what else a study names."""
    if name in STYLE:
        return STYLE[name]
    known = [*ESTIMATORS, name]  # another name takes the next colour
    color, marker = PALETTE[known.index(name) % len(PALETTE)]
    return {"color": color, "marker": marker}


def title_of(name: str) -> str:
    """What a legend calls it."""
    return ESTIMATORS[name].title if name in ESTIMATORS else TITLES.get(name, name)


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


def mark_saturation(axes: Axes, study: Study) -> None:
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
