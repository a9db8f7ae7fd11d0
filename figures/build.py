"""Redraw every figure in this folder from the saved arrays in ``data``: no simulation.

Run ``python figures/build.py``. The arrays come from ``linscale risk`` (``--all`` for the setups,
``--images photographs`` for images.npz), ``experiments/inverse_problems.py`` (data/tasks) and
``experiments/scale_mixtures.py`` (data/mixtures), copied from their output folders; the networks'
table is experiments/cnn/results.csv itself.
"""

import sys
from pathlib import Path

from linscale import plotting
from linscale.empirical import read_csv
from linscale.models.setups import SETUPS
from linscale.studies.reconstruction import Reconstruction
from linscale.studies.study import Study
from linscale.studies.subspace import SubspaceStudy
from linscale.studies.training import TrainingStudy

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "experiments"))
from cnn_comparison import TABLE, split  # noqa: E402
from mixture_figure import draw_spread  # noqa: E402
from mixture_study import SpreadStudy  # noqa: E402

TASKS = (
    "denoising", "mri-4", "mri-8", "super-resolution-2", "super-resolution-3",
    "super-resolution-4", "inpainting-50", "tomography-8",
)  # fmt: skip

MIXED, SIGMAS = ("denoising", "mri-4", "super-resolution-2"), (10, 25, 50)


def main() -> None:
    """Draw each saved study, the eight setups together, the tasks together, and the networks."""
    data = HERE / "data"
    for name in ("risk_vs_n", "images"):
        plotting.save(plotting.draw(Study.load(data / f"{name}.npz")), HERE / name)
    setups = {name: SubspaceStudy.load(data / f"{name}.npz") for name in SETUPS}
    plotting.save(plotting.draw_all(setups), HERE / "setups")
    tasks = {name: TrainingStudy.load(data / "tasks" / f"{name}.npz") for name in TASKS}
    plotting.save(plotting.draw_tasks(tasks), HERE / "tasks")
    pictures = [Reconstruction.load(data / "tasks" / f"{name}_pictures.npz") for name in TASKS]
    plotting.save(plotting.draw_reconstructions(pictures), HERE / "reconstructions")
    cases = {
        name: TrainingStudy.load(data / "mixtures" / f"{name}.npz")
        for name in (f"{task}-{sigma}" for task in MIXED for sigma in SIGMAS)
    }
    plotting.save(plotting.draw_tasks(cases, len(SIGMAS)), HERE / "photographs")
    spread = SpreadStudy.load(data / "mixtures" / "spread.npz")
    plotting.save(draw_spread(spread), HERE / "spread")
    plotting.save(plotting.draw_networks(*split(read_csv(TABLE))), HERE / "networks")


if __name__ == "__main__":
    main()
