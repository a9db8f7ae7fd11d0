"""What is measured, y = A x + z with linscale's own operators, and what the network is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from data import PATCH, Patches
from torch.nn.functional import interpolate

from linscale.forward import Operator, cartesian_mask, identity, masked_fourier, super_resolution

SHAPE = (PATCH, PATCH)
MASK_SEED = 0


@dataclass(frozen=True, eq=False)
class Pairs:
    """Network input and clean patch, each (count, 1, PATCH, PATCH)."""

    inputs: torch.Tensor
    targets: torch.Tensor


@dataclass(frozen=True, eq=False)
class Task:
    """A measurement and its noise, white = 1; names are those of ``linscale.tasks``."""

    name: str
    sigma: float
    forward: Operator

    def pairs(self, patches: Patches) -> Pairs:
        """Each patch with its measurement, whose noise is drawn once and then kept.

        N pairs are thus the whole of what a network learns from, as the theory means it.
        """
        x = patches.x
        own = tuple(self.name.encode())  # so that tasks do not share their noise
        rng = np.random.default_rng(
            np.random.SeedSequence(
                patches.noise.entropy, spawn_key=(*patches.noise.spawn_key, *own)
            )
        )
        noise = rng.standard_normal((x.shape[1], self.forward.shape[0])).T
        return Pairs(self._image(self.forward @ x + self.sigma * noise), _tensor(x.T, SHAPE))

    def _image(self, y: np.ndarray) -> torch.Tensor:
        """Bicubic for coarse pixels, whose own centres it keeps; else the adjoint (zero-filled)."""
        if self.name == "super-resolution-2":
            coarse = _tensor(y.T, (PATCH // 2, PATCH // 2))
            return interpolate(coarse, scale_factor=2, mode="bicubic", align_corners=False)
        return _tensor((self.forward.T @ y).T, SHAPE)


def _tensor(rows: np.ndarray, shape: tuple[int, int]) -> torch.Tensor:
    return torch.from_numpy(rows.reshape(-1, 1, *shape).astype(np.float32))


TASKS = {
    task.name: task
    for task in (
        Task("denoising", 25 / 255, identity(SHAPE)),
        Task("super-resolution-2", 5 / 255, super_resolution(SHAPE, 2)),
        Task("mri-4", 5 / 255, masked_fourier(SHAPE, cartesian_mask(PATCH, 4, rng=MASK_SEED))),
    )
}
