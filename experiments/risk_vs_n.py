"""Risk against the number of training examples: the same as the command ``linscale risk``.

Run ``python experiments/risk_vs_n.py --help`` for the options.
"""

import sys
from pathlib import Path
from typing import Any

from linscale.cli import main


def figures(data: Path) -> dict[str, Any]:
    """The main job, real images, and the paper's eight setups, from their saved arrays."""
    from linscale import plotting  # not where the command has its own figure to draw
    from linscale.models.setups import SETUPS
    from linscale.studies.study import Study
    from linscale.studies.subspace import SubspaceStudy

    setups = {name: SubspaceStudy.load(data / f"{name}.npz") for name in SETUPS}
    names = ("risk_vs_n", "images")
    drawn = {name: plotting.draw(Study.load(data / f"{name}.npz")) for name in names}
    return {**drawn, "setups": plotting.draw_all(setups)}


if __name__ == "__main__":
    sys.exit(main(["risk", *sys.argv[1:]]))
