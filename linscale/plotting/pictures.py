"""Rows of reconstructions, to be looked at."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from linscale.studies.reconstruction import Reconstruction


def draw_pictures(found: list[Reconstruction]) -> Figure:
    """One row for each task, grey from 0 to 1; PSNR over the picture in the titles."""
    columns = max(len(one.pictures) for one in found)
    figure = Figure(figsize=(1.75 * columns, 2.0 * len(found)), layout="constrained")
    grid = figure.subplots(len(found), columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for row, one in zip(grid, found, strict=True):
        for axes, (title, picture) in zip(row, one.pictures.items(), strict=False):
            axes.imshow(picture, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
            quality = one.psnr[title]
            said = f"\n{quality:.1f} dB" if np.isfinite(quality) else "\n"
            axes.set_title(title + said, fontsize=8)
        row[0].text(
            -0.06, 0.5, f"{one.label}\n{one.image}", transform=row[0].transAxes, rotation=90,
            ha="right", va="center", multialignment="center", fontsize=8,
        )  # fmt: skip
    return figure
