"""Figures. The only importer of matplotlib; it draws from saved values and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from io import BytesIO
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from linscale.empirical import ResultTable
from linscale.errors import Unsupported
from linscale.plotting.images import draw_images, draw_prediction, draw_task_panels
from linscale.plotting.networks import draw_learning_curves
from linscale.plotting.phase import draw_diagram
from linscale.plotting.pictures import draw_pictures
from linscale.plotting.style import RC
from linscale.plotting.subspace import draw_setups, draw_subspace
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
    """The figure of a study, whichever its kind."""
    with matplotlib.rc_context(RC):
        return _draw(study)


def draw_all(studies: Mapping[str, SubspaceStudy]) -> Figure:
    """One panel for each setup of the subspace model, on common axes."""
    with matplotlib.rc_context(RC):
        return draw_setups(studies)


def draw_tasks(studies: Mapping[str, TrainingStudy], columns: int = 4) -> Figure:
    """Learning curves of image studies, a panel for each, with what the theory misses below."""
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
    columns : int
        Panels beside each other, one for each task.
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

    Examples
    --------
    >>> import linscale as ls
    >>> model_of = lambda d, sigma: ls.SubspaceModel(100, d, sigma)
    >>> found = ls.phase(model_of, {"sigma": [0.5, 1]}, {"d": [1, 2]}, ls.theory.floor)
    >>> len(ls.plotting.draw_phase(found).collections)
    1
    """
    with matplotlib.rc_context(RC):
        return draw_diagram(phase, axes)


def draw_reconstructions(found: list[Reconstruction]) -> Figure:
    """A row of pictures for each task: measurement, N = 30, ..., floor, truth."""
    with matplotlib.rc_context(RC):
        return draw_pictures(found)


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write PNG and SVG beside each other; returns the paths."""
    contents = render(figure, stem)
    write_together(contents)
    return list(contents)


def render(figure: Figure, stem: Path) -> dict[Path, bytes]:
    """The figure as PNG and SVG, to be written beside each other."""
    contents = {}
    with matplotlib.rc_context(RC):
        for suffix in (".png", ".svg"):
            buffer = BytesIO()
            metadata = {"Date": None} if suffix == ".svg" else None
            figure.savefig(buffer, format=suffix[1:], metadata=metadata)
            contents[stem.with_name(stem.name + suffix)] = buffer.getvalue()
    return contents
