"""Grey photographs from installed packages, split by image, and patches drawn from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linscale.images import load_images

PATCH = 40
# Chosen before any network was trained. Every photograph is in one split only.
SPLIT = {
    "train": ("astronaut", "brick", "clock", "coins", "flower", "grass", "gravel", "moon"),
    "val": ("cat", "rocket"),
    "test": ("camera", "china", "coffee"),
}
COUNT = {"val": 400, "test": 2000}
LUMINANCE = (0.2126, 0.7152, 0.0722)  # Rec. 709, as linscale.images


@dataclass(frozen=True, eq=False)
class Patches:
    """Clean patches as columns, shape (PATCH^2, count), and the stream that their noise is from."""

    x: NDArray[np.float64]
    noise: np.random.SeedSequence


class Photographs:
    """The images by name, loaded once."""

    def __init__(self) -> None:
        from sklearn.datasets import load_sample_image

        self.pixels = {image.name: image.pixels for image in load_images(["photographs"])}
        for name in ("china", "flower"):
            self.pixels[name] = load_sample_image(f"{name}.jpg") / 255.0 @ LUMINANCE
        named = [name for names in SPLIT.values() for name in names]
        if sorted(named) != sorted(self.pixels):
            raise SystemExit(f"the split names {sorted(named)}, found {sorted(self.pixels)}")

    def train(self, n_train: int, seed: int) -> Patches:
        """The first ``n_train`` patches of a seed's sequence: smaller sets are parts of larger."""
        return self._draw("train", n_train, np.random.SeedSequence(seed, spawn_key=(0,)))

    def held_out(self, split: str) -> Patches:
        """The patches that judge every run: they depend on no seed."""
        key = (1, ("val", "test").index(split))
        return self._draw(split, COUNT[split], np.random.SeedSequence(0, spawn_key=key))

    def _draw(self, split: str, count: int, stream: np.random.SeedSequence) -> Patches:
        """Independent draws: an image, each as likely, then a place in it."""
        places, noise = stream.spawn(2)
        images = [self.pixels[name] for name in SPLIT[split]]
        # One row for each patch, so that the first patches do not depend on the count.
        which, down, along = np.random.default_rng(places).random((count, 3)).T
        x = np.empty((count, PATCH, PATCH))
        for k in range(count):
            image = images[int(which[k] * len(images))]
            height, width = image.shape
            i, j = int(down[k] * (height - PATCH + 1)), int(along[k] * (width - PATCH + 1))
            x[k] = image[i : i + PATCH, j : j + PATCH]
        return Patches(x.reshape(count, -1).T, noise)
