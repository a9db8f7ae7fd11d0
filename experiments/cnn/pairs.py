"""What the network is shown: an image made from each measurement, beside the clean patch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from data import PATCH, Patches
from measurements import SHAPE, Task
from torch.nn.functional import interpolate


@dataclass(frozen=True, eq=False)
class Pairs:
    """Network input and clean patch, each (count, 1, PATCH, PATCH)."""

    inputs: torch.Tensor
    targets: torch.Tensor


def pairs(task: Task, patches: Patches) -> Pairs:
    """Each patch with what its measurement looks like as an image."""
    return Pairs(_image(task, task.measure(patches)), _tensor(patches.x.T, SHAPE))


def _image(task: Task, y: np.ndarray) -> torch.Tensor:
    """Bicubic for coarse pixels, whose own centres it keeps; else the adjoint (zero-filled)."""
    if task.name == "super-resolution-2":
        coarse = _tensor(y.T, (PATCH // 2, PATCH // 2))
        return interpolate(coarse, scale_factor=2, mode="bicubic", align_corners=False)
    return _tensor((task.forward.T @ y).T, SHAPE)


def _tensor(rows: np.ndarray, shape: tuple[int, int]) -> torch.Tensor:
    return torch.from_numpy(rows.reshape(-1, 1, *shape).astype(np.float32))
