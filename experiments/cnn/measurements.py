"""What is measured, y = A x + z with linscale's own operators: the pairs that everything learns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from data import PATCH, Patches
from numpy.typing import NDArray

from linscale.operators.forward import (
    Operator,
    cartesian_mask,
    identity,
    masked_fourier,
    super_resolution,
)

SHAPE = (PATCH, PATCH)
MASK_SEED = 0


@dataclass(frozen=True, eq=False)
class Task:
    """A measurement and its noise, white = 1; names are those of ``linscale.operators.tasks``."""

    name: str
    sigma: float
    forward: Operator

    def measure(self, patches: Patches) -> NDArray[np.float64]:
        """The measurement of each patch, (n, count), whose noise is drawn once and then kept.

        N pairs are thus the whole of what is learned from, as the theory means it.
        """
        x = patches.x
        own = tuple(self.name.encode())  # so that tasks do not share their noise
        rng = np.random.default_rng(
            np.random.SeedSequence(
                patches.noise.entropy, spawn_key=(*patches.noise.spawn_key, *own)
            )
        )
        noise = rng.standard_normal((x.shape[1], self.forward.shape[0])).T
        return np.asarray(self.forward @ x + self.sigma * noise)


TASKS = {
    task.name: task
    for task in (
        Task("denoising", 25 / 255, identity(SHAPE)),
        Task("super-resolution-2", 5 / 255, super_resolution(SHAPE, 2)),
        Task("mri-4", 5 / 255, masked_fourier(SHAPE, cartesian_mask(PATCH, 4, rng=MASK_SEED))),
    )
}
