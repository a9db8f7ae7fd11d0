"""The reconstruction tasks by name: ``denoising``, ``mri-4``, ``super-resolution-2``, ..."""

from __future__ import annotations

from typing import Any

import numpy as np

from linscale.errors import InvalidArgument
from linscale.operators import forward
from linscale.operators.forward import Operator
from linscale.support import validate

# Each with the number that may follow it, and the noise (white is 1) that is usual for it.
DEFAULTS: dict[str, tuple[int | None, float]] = {
    "denoising": (None, 25.0 / 255.0),
    "mri": (4, 5.0 / 255.0),  # acceleration
    "super-resolution": (2, 5.0 / 255.0),  # factor
    "inpainting": (50, 5.0 / 255.0),  # per cent of the pixels that are kept
    "tomography": (8, 5.0 / 255.0),  # angles
}


def operator(task: str, image_shape: tuple[int, int], rng: Any = 0) -> Operator:
    """The measurement operator of a task.

    Parameters
    ----------
    task : str
        ``denoising``, ``mri-A`` (A times accelerated), ``super-resolution-F`` (F times coarser),
        ``inpainting-P`` (P per cent of the pixels kept) or ``tomography-K`` (K angles); without
        its number: mri-4, super-resolution-2, inpainting-50, tomography-8.
    rng : None, int, SeedSequence or Generator
        Which columns or pixels are kept depends on it alone.
    """
    kind, number = _parse(task)
    shape = validate.image_shape(image_shape)
    if kind == "denoising":
        return forward.identity(shape)
    if kind == "mri":
        return forward.masked_fourier(shape, forward.cartesian_mask(shape[1], number, rng=rng))
    if kind == "super-resolution":
        return forward.super_resolution(shape, number)
    if kind == "tomography":
        return forward.radon(shape, 180.0 * np.arange(number) / number)
    if number > 100:
        raise InvalidArgument("task", repr(task), "inpainting-P with P from 1 to 100 per cent")
    pixels = shape[0] * shape[1]
    mask = np.zeros(pixels, dtype=bool)
    kept = max(1, round(pixels * number / 100))
    mask[np.random.default_rng(rng).choice(pixels, kept, replace=False)] = True
    return forward.inpainting(shape, mask.reshape(shape))


def usual_sigma(task: str) -> float:
    """The noise that the examples take for a task: 25/255 for denoising, else 5/255."""
    return DEFAULTS[_parse(task)[0]][1]


def _parse(task: str) -> tuple[str, int]:
    """Kind and number, which is 0 where the kind takes none."""
    alone = task in DEFAULTS
    kind, _, number = (task, "", "") if alone else str(task).rpartition("-")
    known = DEFAULTS.get(kind) if isinstance(task, str) else None
    if known is None or not (alone or (known[0] is not None and number.isdecimal())):
        names = ", ".join(k if v[0] is None else f"{k}-{v[0]}" for k, v in DEFAULTS.items())
        raise InvalidArgument("task", repr(task), f"one of {names}, or with another number")
    value = int(number) if number else known[0] or 0
    if known[0] is not None and value < 1:
        raise InvalidArgument("task", repr(task), "followed by a number of at least 1")
    return kind, value
