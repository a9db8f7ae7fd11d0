"""Patches to train on, and patches of images that nothing is learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from linscale.errors import InputError
from linscale.images import Image, patches
from linscale.support.seeds import stream
from linscale.support.validate import FloatArray

PER_IMAGE = 4_000  # patches from each image, so that each weighs the same
IN_ALL = 200_000  # at most, of many images fewer from each


def per_image(images: int) -> int:
    """Patches from each of so many images.

    Parameters
    ----------
    images : int

    Returns
    -------
    int
        4,000, and of more than 50 images fewer, at least 1: about 200,000 in all at most.

    Examples
    --------
    >>> from linscale.studies.pool import per_image
    >>> per_image(10), per_image(100)
    (4000, 2000)
    """
    return max(1, min(PER_IMAGE, IN_ALL // images))


@dataclass(frozen=True, eq=False)
class PatchData:
    """Centred patches as columns: a pool to train on, and others from images never trained on.

    Attributes
    ----------
    train : (p, M) array
        The pool.
    held_out : (p, K) array or None
        The others; None where no image was held out.
    mean : (p,) array
        The pool's mean patch, which was subtracted from both.
    train_names, held_out_names : list of str
        Which images they are from.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.studies.pool import split_patches
    >>> images = [Image(name, np.random.default_rng(0).random((8, 8))) for name in "abc"]
    >>> data = split_patches(images, 3)
    >>> data.train.shape, data.held_out.shape, data.mean.shape
    ((9, 72), (9, 36), (9,))
    """

    train: FloatArray
    held_out: FloatArray | None
    mean: FloatArray
    train_names: list[str]
    held_out_names: list[str]


def split_patches(
    images: Sequence[Image], size: int, rng: Any = 0, hold_out: bool = True
) -> PatchData:
    """Every third group is held out (the second of two); the pool's mean patch is subtracted.

    A group is an image, or the slices of one volume: they are alike, and stay together.

    Parameters
    ----------
    images : sequence of Image
    size : int
        Side of a patch in pixels, so that p = size^2.
    rng : None, int, SeedSequence or Generator
        Where the patches are taken.
    hold_out : bool
        Whether any group is held out.

    Returns
    -------
    PatchData
        At most 4,000 patches of each image.

    Raises
    ------
    InputError
        Images to train on of which every patch is the same.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.studies.pool import split_patches
    >>> images = [Image(name, np.random.default_rng(0).random((8, 8))) for name in "abcd"]
    >>> data = split_patches(images, 3)
    >>> data.train_names, data.held_out_names
    (['a', 'b', 'd'], ['c'])
    """
    places = np.random.default_rng(stream(rng, 0))
    order = list(dict.fromkeys(image.group for image in images))
    every = 3 if len(order) > 2 else 2
    count = per_image(len(images))
    groups: tuple[list[FloatArray], list[FloatArray]] = ([], [])
    names: tuple[list[str], list[str]] = ([], [])
    for image in images:
        held_out = hold_out and order.index(image.group) % every == every - 1
        groups[held_out].append(patches(image, size, count, places))
        names[held_out].append(image.name)
    pool = np.concatenate(groups[0], axis=1)
    mean = pool.mean(axis=1, keepdims=True)
    if not np.ptp(pool - mean) > 1e-9:
        raise InputError("the images to train on do not vary: every patch is the same")
    others = np.concatenate(groups[1], axis=1) - mean if groups[1] else None
    return PatchData(pool - mean, others, mean[:, 0], *names)
