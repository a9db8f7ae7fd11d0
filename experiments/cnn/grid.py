"""The runs: which networks are trained on what, and in which order."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import training
from data import COUNT, PATCH, SPLIT
from measurements import MASK_SEED, TASKS

PACKAGES = ("torch", "numpy", "scipy", "scikit-image", "scikit-learn", "linscale")
SEVEN, FIVE = (10, 30, 100, 300, 1000, 3000, 10000), (10, 100, 1000, 3000, 10000)
# Task, width, seed, sizes: in an order in which a table that is cut short is of use.
CURVES = (
    ("denoising", 8, 0, SEVEN),
    ("mri-4", 8, 0, FIVE),
    ("super-resolution-2", 8, 0, FIVE),
    ("denoising", 16, 0, SEVEN),
    ("denoising", 4, 0, SEVEN),
    ("mri-4", 16, 0, FIVE),
    ("super-resolution-2", 16, 0, FIVE),
    ("denoising", 8, 1, SEVEN),
    ("denoising", 16, 1, SEVEN),
    ("denoising", 4, 1, SEVEN),
    ("mri-4", 8, 1, FIVE),
    ("super-resolution-2", 8, 1, FIVE),
)


@dataclass(frozen=True)
class Run:
    """One network to train."""

    task: str
    width: int
    n_train: int
    seed: int

    @property
    def name(self) -> str:
        """As --only and --list have it."""
        return f"{self.task}-w{self.width}-n{self.n_train}-s{self.seed}"

    @property
    def key(self) -> tuple[str, ...]:
        """As in the table."""
        return (self.task, str(self.width), str(self.n_train), str(self.seed))


GRID = tuple(Run(task, width, n, seed) for task, width, seed, sizes in CURVES for n in sizes)


def curves() -> list[dict[str, Any]]:
    """The grid, for people to read."""
    names = ("task", "width", "seed", "n_train")
    return [dict(zip(names, curve, strict=True)) for curve in CURVES]


def versions() -> dict[str, str]:
    """Of the packages that the numbers depend on, where they are installed."""
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def settings() -> dict[str, Any]:
    """All that the numbers depend on besides the code and the versions."""
    return {
        "patch": PATCH,
        "images": SPLIT,
        "held_out_patches": COUNT,
        "sigma": {task.name: task.sigma for task in TASKS.values()},
        "mask_seed": MASK_SEED,
        "optimiser": "Adam",
        "loss": "mse",
        "training": {
            name: getattr(training, name)
            for name in (
                "STEPS", "BATCH", "LEARNING_RATE", "WARM_UP", "EVALUATE_EVERY", "PATIENCE",
                "HALVINGS",
            )
        },
        "threads": 1,
    }  # fmt: skip
