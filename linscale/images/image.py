"""An image, and the patches that stand for a signal law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linscale.errors import InputError, InvalidArgument
from linscale.support import validate
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False)
class Image:
    """A grey image with values on the scale where white is 1.

    Parameters
    ----------
    name : str
        For messages.
    pixels : (H, W) array
        Finite, not empty.
    group : str
        What it has in common with images that are like it, as slices of a volume are; its own name
        if it stands alone.

    Raises
    ------
    InputError
        Pixels of another shape, or NaN or infinite ones.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> image = Image("ramp", np.linspace(0.0, 1.0, 12).reshape(3, 4))
    >>> image.pixels.shape, image.group
    ((3, 4), 'ramp')
    """

    name: str
    pixels: FloatArray
    group: str = ""

    def __post_init__(self) -> None:
        if np.ndim(self.pixels) != 2 or np.size(self.pixels) == 0:
            raise InputError(f"{self.name}: shape {np.shape(self.pixels)}; (H, W) is needed")
        if not np.all(np.isfinite(self.pixels)):
            raise InputError(f"{self.name}: holds NaN or infinite pixels; mask or fill them first")
        if not self.group:
            object.__setattr__(self, "group", self.name)


def patches(image: Image, size: int, count: int, rng: np.random.Generator) -> FloatArray:
    """Square patches at random places, without taking one twice.

    Parameters
    ----------
    image : Image
    size : int
        Pixels a side, at least 2 and at most the image's shorter side.
    count : int
        How many, at least 1; fewer if there are fewer places.
    rng : Generator

    Returns
    -------
    (size^2, count) array
        Signals as columns, row by row, in units of the image, in the order of their places.

    Raises
    ------
    InvalidArgument
        A size that is too small or does not fit the image.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image, patches
    >>> image = Image("numbers", np.arange(12.0).reshape(3, 4))
    >>> patches(image, 2, 100, np.random.default_rng(0))  # all six
    array([[ 0.,  1.,  2.,  4.,  5.,  6.],
           [ 1.,  2.,  3.,  5.,  6.,  7.],
           [ 4.,  5.,  6.,  8.,  9., 10.],
           [ 5.,  6.,  7.,  9., 10., 11.]])
    >>> patches(image, 2, 3, np.random.default_rng(0)).shape
    (4, 3)
    """
    size = validate.integer("patch_size", size, at_least=2)
    height, width = image.pixels.shape
    if min(height, width) < size:
        raise InvalidArgument(
            "patch_size", size, f"at most {min(height, width)}, to fit the image {image.name}"
        )
    windows = np.lib.stride_tricks.sliding_window_view(image.pixels, (size, size))
    places = windows.shape[0] * windows.shape[1]
    chosen = rng.choice(places, size=min(count, places), replace=False)
    rows, columns = np.unravel_index(np.sort(chosen), windows.shape[:2])
    return np.ascontiguousarray(windows[rows, columns].reshape(len(chosen), -1).T)
