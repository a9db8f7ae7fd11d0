"""Redraw every figure in this folder from the saved arrays in ``data``: no simulation.

Run ``python figures/build.py``. The arrays come from the experiments, copied from their output
folders: ``linscale risk`` (``--all`` for the setups, ``--images photographs`` for images.npz),
``experiments/inverse_problems.py`` (data/tasks) and ``experiments/scale_mixtures.py``
(data/mixtures); the networks' table is experiments/cnn/results.csv itself.
"""

import sys
from importlib import import_module
from pathlib import Path

from linscale import plotting

HERE = Path(__file__).resolve().parent
# Each draws its own by ``figures(data)``, from the folder to figures by their names.
EXPERIMENTS = ("risk_vs_n", "inverse_problems", "scale_mixtures", "cnn_comparison")


def main() -> None:
    """Draw them, one experiment after another."""
    sys.path.insert(0, str(HERE.parent / "experiments"))
    for name in EXPERIMENTS:
        for stem, figure in import_module(name).figures(HERE / "data").items():
            plotting.save(figure, HERE / stem)


if __name__ == "__main__":
    main()
