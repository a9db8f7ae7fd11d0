"""Rows of reconstructions, to be looked at."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from linscale.studies.reconstruction import Reconstruction

LEFT = 0.004  # where the first picture begins, of the figure's width
SIDE = 1.75  # of a picture, in inches
LETTERS = 15  # that fit in an inch of a line


def draw_pictures(found: list[Reconstruction]) -> Figure:
    """One row for each task, grey from 0 to 1; PSNR of single tiles in the titles."""
    columns = max(len(one.pictures) for one in found)
    caption = textwrap.wrap(_caption(found), round(LETTERS * SIDE * columns))
    titled = any(one.origin for one in found)
    height = (2.3 if titled else 2.0) * len(found) + 0.2 * len(caption)
    figure = Figure(figsize=(SIDE * columns, height), layout="constrained")
    grid = _titled(figure, found, columns) if titled else _labelled(figure, found, columns)
    for row, one in zip(grid, found, strict=True):
        for axes in row:
            axes.set_axis_off()
        for axes, (title, picture) in zip(row, one.pictures.items(), strict=False):
            axes.imshow(picture, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
            quality = one.tile_psnr[title]
            said = f"\n{quality:.1f} dB" if np.isfinite(quality) else "\n"
            axes.set_title(title + said, fontsize=8)
    if caption:
        figure.supxlabel("\n".join(caption), fontsize=8, x=LEFT, ha="left", multialignment="left")
    return figure


def _titled(figure: Figure, found: list[Reconstruction], columns: int) -> Any:
    """Above each row its task and which image it is of."""
    grid = []
    engine: Any = figure.get_layout_engine()
    engine.set(h_pad=0.07)  # inches, between that and the pictures' own titles
    for part, one in zip(figure.subfigures(len(found), squeeze=False)[:, 0], found, strict=True):
        title = textwrap.fill(f"{one.label}, {one.shown}", round(LETTERS * SIDE * columns))
        part.suptitle(title, x=LEFT, ha="left", fontsize=9)
        grid.append(part.subplots(1, columns, squeeze=False)[0])
    return grid


def _labelled(figure: Figure, found: list[Reconstruction], columns: int) -> Any:
    """The same at the left of each row, where there is no more to say than names."""
    grid: Any = figure.subplots(len(found), columns, squeeze=False)
    for row, one in zip(grid, found, strict=True):
        row[0].text(
            -0.06, 0.5, f"{one.label}\n{one.image}", transform=row[0].transAxes, rotation=90,
            ha="right", va="center", multialignment="center", fontsize=8,
        )  # fmt: skip
    return grid


def _caption(found: list[Reconstruction]) -> str:
    """What the decibels are of, and what the pictures are, where tiles overlap."""
    found = [one for one in found if max(one.gain.values(), default=0.0) >= 0.05]
    if not found:
        return ""
    most = max(max(one.gain.values()) for one in found)
    once = [one.label for one in found if one.one_measurement]
    if len(once) == len(found):
        measured = "Tiles are cut out of one noisy image."
    elif once:
        measured = f"Each tile is measured for itself ({', '.join(once)}: one noisy image)."
    else:
        measured = "Each tile is measured for itself."
    return (
        "dB: PSNR of single tiles, as in learning curves. Shown: overlapping tiles, averaged, "
        f"whose PSNR is up to {most:.1f} dB higher; the measurement has each pixel from one tile. "
        + measured
    )
