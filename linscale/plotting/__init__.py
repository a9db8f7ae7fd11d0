"""Figures. The only importer of matplotlib; it draws from saved values and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.cbook import normalize_kwargs
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from linscale.empirical import ResultTable
from linscale.errors import InvalidArgument, Unsupported
from linscale.plotting.curves import (
    CYCLE,
    draw_curve,
    draw_path,
    draw_prediction_study,
    draw_study,
    draw_subspace_study,
    draw_training_study,
    legend,
)
from linscale.plotting.images import draw_images, draw_prediction, draw_task_panels
from linscale.plotting.networks import draw_learning_curves
from linscale.plotting.phase import draw_diagram
from linscale.plotting.pictures import draw_pictures
from linscale.plotting.style import RC
from linscale.plotting.subspace import draw_setups, draw_subspace
from linscale.results.risk import RiskCurve, RiskPath
from linscale.studies.prediction_study import PredictionStudy
from linscale.studies.reconstruction import Reconstruction
from linscale.studies.study import Study
from linscale.studies.subspace import SubspaceStudy
from linscale.studies.training import TrainingStudy
from linscale.support.files import write_together
from linscale.sweep.phases import Phase

__all__ = [
    "draw",
    "draw_all",
    "draw_networks",
    "draw_phase",
    "draw_reconstructions",
    "draw_tasks",
    "plot",
    "render",
    "save",
]


@singledispatch
def _draw(study: Study) -> Figure:
    raise Unsupported(f"no figure is known of a {type(study).__name__}")


_draw.register(SubspaceStudy, draw_subspace)
_draw.register(TrainingStudy, draw_images)
_draw.register(PredictionStudy, draw_prediction)


def draw(study: Study) -> Figure:
    """The figure of a study, whichever its kind.

    Parameters
    ----------
    study : Study

    Returns
    -------
    matplotlib.figure.Figure
        To be shown by a notebook, or written by :func:`save`.

    Raises
    ------
    Unsupported
        A kind of study of which no figure is known.

    Examples
    --------
    >>> import linscale as ls
    >>> from linscale.studies.subspace import subspace_study
    >>> study = subspace_study(ls.SubspaceModel(n=20, d=2, sigma=0.3), [30], trials=5)
    >>> figure = ls.plotting.draw(study)
    >>> for axes in figure.axes:
    ...     print(axes.get_ylabel().replace("\\n", " "))
    risk per subspace dimension
    simulation − theory in % of theory
    """
    with matplotlib.rc_context(RC):
        return _draw(study)


@singledispatch
def _plot(result: Any, axes: Axes, line: dict[str, Any]) -> None:
    raise Unsupported(f"no plot is known of a {type(result).__name__}")


_plot.register(RiskPath, draw_path)
_plot.register(RiskCurve, draw_curve)
_plot.register(Study, draw_study)
_plot.register(SubspaceStudy, draw_subspace_study)
_plot.register(TrainingStudy, draw_training_study)
_plot.register(PredictionStudy, draw_prediction_study)


def plot(result: Any, ax: Axes | None = None, **line: Any) -> Axes:
    """Draw one result into axes: what the ``.plot`` of a path, a curve or a study does.

    Parameters
    ----------
    result : RiskPath, RiskCurve or Study
    ax : matplotlib Axes, optional
        Drawn into beside what is there, without a legend, which is the caller's to add; without
        one, a new figure of pyplot with a legend.
    line
        Keywords of the lines, such as ``label`` and ``color``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InvalidArgument
        Where ax is not an Axes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    >>> curve = ls.curve(model, [30, 100, 300], method="theory")
    >>> ls.plotting.plot(curve, Figure().subplots(), label="theory").get_ylabel()
    'risk'
    """
    style = normalize_kwargs(line, Line2D)  # lw is linewidth from here on
    if ax is not None:
        if not isinstance(ax, Axes):
            raise InvalidArgument("ax", repr(ax)[:60], "a matplotlib Axes, such as plt.gca()")
        _plot(result, ax, style)
        return ax
    from matplotlib import pyplot  # only where it is to show the figure

    with matplotlib.rc_context(RC):
        figure = pyplot.figure(figsize=(6.4, 4.2), layout="constrained")
        try:
            ax = figure.subplots()
            ax.set_prop_cycle(color=CYCLE)
            _plot(result, ax, style)
            legend(ax)
        except Exception:
            pyplot.close(figure)
            raise
    return ax


def draw_all(studies: Mapping[str, SubspaceStudy]) -> Figure:
    """One panel for each setup of the subspace model, on common axes.

    Parameters
    ----------
    studies : mapping from a name to a SubspaceStudy

    Returns
    -------
    matplotlib.figure.Figure
        Four panels beside each other.

    Examples
    --------
    >>> import linscale as ls
    >>> from linscale.studies.subspace import subspace_study
    >>> study = subspace_study(ls.SubspaceModel(n=20, d=2, sigma=0.3), [30], trials=5)
    >>> panel, *empty = ls.plotting.draw_all({"small": study}).axes
    >>> print(panel.get_title())
    $n = 20$, $d = 2$, $\\sigma = 0.3$
    """
    with matplotlib.rc_context(RC):
        return draw_setups(studies)


def draw_tasks(studies: Mapping[str, TrainingStudy], columns: int = 4) -> Figure:
    """Learning curves of image studies, a panel for each, with what the theory misses below.

    Parameters
    ----------
    studies : mapping from a name to a TrainingStudy
    columns : int
        Panels beside each other.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> from linscale.images import Image
    >>> from linscale.studies.training import image_study
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> images = [Image(name, pixels) for name, pixels in zip("ab", pictures)]
    >>> study = image_study(images, 0.1, [30, 40], trials=2, patch_size=2, mixtures=False)
    >>> top, bottom = ls.plotting.draw_tasks({"denoising": study}).axes
    >>> print(top.get_title(), bottom.get_xlabel(), sep=": ")
    Denoising, $\\sigma = 25.5/255$: training patches $N$
    """
    with matplotlib.rc_context(RC):
        return draw_task_panels(list(studies.values()), columns)


def draw_networks(
    networks: ResultTable,
    references: Mapping[str, ResultTable] | None = None,
    metric: str = "psnr",
    columns: int = 3,
) -> Figure:
    """Learning curves of trained networks: for each size, and of the one best on validation.

    Parameters
    ----------
    networks : ResultTable
        Rows with a network size, measured on "val" and "test".
    references : mapping from a label to a ResultTable
        At most four more curves, such as a linear estimator's and the theory's; each the mean
        over runs of its rows.
    metric : str
        What is drawn of the rows.
    columns : int
        Panels beside each other, one for each task.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidArgument
        A table without the metric, or more than four references.

    Examples
    --------
    >>> import linscale as ls
    >>> table = ls.empirical.ResultTable(
    ...     ls.empirical.Result("denoising", N, 7_000, 0, "psnr", psnr, "dB", split, "a log")
    ...     for N, psnr in ((100, 27.0), (1000, 28.5))
    ...     for split in ("val", "test")
    ... )
    >>> (panel,) = ls.plotting.draw_networks(table).axes
    >>> panel.get_title(), panel.get_ylabel()
    ('denoising', 'PSNR (dB)')
    """
    with matplotlib.rc_context(RC):
        return draw_learning_curves(networks, references or {}, metric, columns)


def draw_phase(phase: Phase, axes: Axes | None = None) -> Axes:
    """A coloured cell for each pair of parameters; see :meth:`linscale.sweep.Phase.plot`.

    Parameters
    ----------
    phase : Phase
    axes : Axes, optional
        Where to draw; a new figure's where it is not given.

    Returns
    -------
    Axes

    Raises
    ------
    InvalidArgument
        Where axes are none.

    Examples
    --------
    >>> import linscale as ls
    >>> model_of = lambda d, sigma: ls.SubspaceModel(100, d, sigma)
    >>> found = ls.phase(model_of, {"sigma": [0.5, 1]}, {"d": [1, 2]}, ls.theory.floor)
    >>> len(ls.plotting.draw_phase(found).collections)
    1
    """
    if axes is not None and not isinstance(axes, Axes):
        raise InvalidArgument("ax", repr(axes)[:60], "a matplotlib Axes, such as plt.gca()")
    with matplotlib.rc_context(RC):
        return draw_diagram(phase, axes)


def draw_reconstructions(found: list[Reconstruction]) -> Figure:
    """A row of pictures for each task: measurement, N = 30, ..., floor, truth.

    Parameters
    ----------
    found : list of Reconstruction

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> from linscale.studies.reconstruction import Reconstruction
    >>> ramp = np.linspace(0.0, 1.0, 12).reshape(3, 4)
    >>> found = Reconstruction(
    ...     pictures={"measurement": 0.5 * ramp, "truth": ramp},
    ...     psnr={"measurement": 11.0, "truth": np.inf}, label="denoising", image="ramp",
    ... )
    >>> [axes.get_title() for axes in ls.plotting.draw_reconstructions([found]).axes]
    ['measurement\\n11.0 dB', 'truth\\n']
    """
    with matplotlib.rc_context(RC):
        return draw_pictures(found)


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write PNG and SVG beside each other.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        As from :func:`draw`.
    stem : Path
        The files' path without an ending.

    Returns
    -------
    list of Path
        Of the two files.

    Raises
    ------
    InputError
        Files that cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from matplotlib.figure import Figure
    >>> import linscale as ls
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for path in ls.plotting.save(Figure(figsize=(1, 1)), Path(folder, "empty")):
    ...         print(path.name)
    empty.png
    empty.svg
    """
    contents = render(figure, stem)
    write_together(contents)
    return list(contents)


def render(figure: Figure, stem: Path) -> dict[Path, bytes]:
    """The figure as PNG and SVG, to be written beside each other.

    Parameters
    ----------
    figure, stem : Figure, Path
        As for :func:`save`.

    Returns
    -------
    mapping from a Path to bytes

    Examples
    --------
    >>> from pathlib import Path
    >>> from matplotlib.figure import Figure
    >>> import linscale as ls
    >>> for path, content in ls.plotting.render(Figure(figsize=(1, 1)), Path("empty")).items():
    ...     print(path, content[1:4])
    empty.png b'PNG'
    empty.svg b'?xm'
    """
    contents = {}
    with matplotlib.rc_context(RC):
        for suffix in (".png", ".svg"):
            buffer = BytesIO()
            metadata = {"Date": None} if suffix == ".svg" else None
            figure.savefig(buffer, format=suffix[1:], metadata=metadata)
            contents[stem.with_name(stem.name + suffix)] = buffer.getvalue()
    return contents
