"""What contrast does to learning, against the variance of tau."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from mixture_study import SpreadStudy

from linscale.plotting.style import RC

COLOURS = ("#0072B2", "#D55E00", "#009E73")  # of noise levels
DASHES: tuple[str, ...] = ("-", "--", ":")  # of laws


def draw_spread(study: SpreadStudy) -> Figure:
    """Effective samples, best stopping time and saturation, as ratios to Gaussian signals."""
    with matplotlib.rc_context(RC):
        return _draw(study)


def _draw(study: SpreadStudy) -> Figure:
    figure = Figure(figsize=(9.6, 3.4), layout="constrained")
    N = study.meta["n_train"]
    panels = (
        (study.effective, rf"effective samples $N_\mathrm{{eff}}/N$ at $N = {N}$"),
        (study.stopping, f"best stopping time at $N = {N}$"),
        (study.saturation, "saturation $N$"),
    )
    for axes, (ratios, title) in zip(figure.subplots(1, 3), panels, strict=True):
        for by_noise, dash in zip(ratios, DASHES, strict=True):
            for ratio, colour in zip(by_noise, COLOURS, strict=True):
                axes.plot(study.spreads, ratio, dash, color=colour, lw=1.2)
        axes.axhline(1.0, color="0.3", lw=0.8)
        axes.set_title(title)
        axes.set_xlabel(r"variance of contrast $\tau$")
        axes.set_ylim(bottom=min(0.0, float(np.min(ratios))))
    figure.axes[0].set_ylabel("ratio to Gaussian signals")
    entries = [
        Line2D([], [], color=colour, label=rf"$\sigma = {sigma:g}$")
        for sigma, colour in zip(study.meta["sigmas"], COLOURS, strict=True)
    ]
    entries += [
        Line2D([], [], color="0.4", ls=dash, label=f"{law} contrast")
        for law, dash in zip(study.meta["laws"], DASHES, strict=True)
    ]
    figure.legend(handles=entries, loc="outside lower center", ncols=6)
    return figure
