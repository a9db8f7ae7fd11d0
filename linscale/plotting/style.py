"""Colours, labels and settings that all figures share."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from linscale.studies.study import Study

# Okabe and Ito's colours, which the colour-blind can tell apart.
STYLE: dict[str, dict[str, Any]] = {
    "early-stopped": {"color": "#0072B2", "marker": "o"},
    "converged": {"color": "#D55E00", "marker": "s"},
    "PCA": {"color": "#009E73", "marker": "^"},
    "ridge": {"color": "#E69F00", "marker": "v"},
    "Gaussian data": {"color": "0.25", "marker": "x"},
    "scale mixture": {"color": "#D55E00", "marker": "s"},
    "scale mixture, other images": {"color": "#E69F00", "marker": "^"},
    "trained, same images": {"color": "#0072B2", "marker": "o"},
    "trained, other images": {"color": "#CC79A7", "marker": "D"},
}
LABELS = {
    "early-stopped": "early-stopped gradient descent",
    "converged": "converged (least squares)",
    "PCA": "plug-in PCA",
    "ridge": "ridge, best penalty",
    "scale mixture": "theory of scale mixtures",
    "scale mixture, other images": "theory of scale mixtures, from other images",
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
