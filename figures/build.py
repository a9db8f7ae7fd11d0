"""Redraw every figure in this folder from the saved arrays in ``data``: no simulation.

Run ``python figures/build.py``. The arrays come from ``linscale risk`` (``--all`` for the setups,
``--images photographs`` for images.npz), copied from its output folder.
"""

from pathlib import Path

from linscale import plotting
from linscale.setups import SETUPS
from linscale.study import Study

HERE = Path(__file__).parent


def main() -> None:
    """Draw each saved study, and the eight setups together."""
    data = HERE / "data"
    for name in ("risk_vs_n", "images"):
        plotting.save(plotting.draw(Study.load(data / f"{name}.npz")), HERE / name)
    setups = {name: Study.load(data / f"{name}.npz") for name in SETUPS}
    plotting.save(plotting.draw_all(setups), HERE / "setups")


if __name__ == "__main__":
    main()
