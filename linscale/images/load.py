"""Images from files, arrays or an installed package, on the scale where white is 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from linscale.errors import InputError, InvalidArgument, ScaleWarning
from linscale.images import files, scale
from linscale.images.image import Image
from linscale.images.notes import Notes
from linscale.images.pixels import Plane, examine, grey
from linscale.images.scale import Kind, Summary
from linscale.images.sources import SOURCES, load
from linscale.support import validate
from linscale.support.warned import warn


@dataclass(frozen=True, eq=False)
class Reading:
    """Images, and what is known of the files that they come from.

    Attributes
    ----------
    images : list of Image
    summary : Summary
        Pixel type, range, size, count and white; its text is one line.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import read
    >>> found = read(np.arange(256, dtype=np.uint8).reshape(16, 16))
    >>> [image.name for image in found.images]
    ['image 0']
    >>> print(found.summary)
    1 image of 16 x 16, uint8 from 0 to 255 (white = 255)
    """

    images: list[Image]
    summary: Summary


def read(source: Any, *, white: float | str | None = None, magnitude: bool = False) -> Reading:
    """Images from whatever a user has, with what was read and what is odd about its scale.

    Parameters
    ----------
    source : word, folder, file, or a list of them; (H, W) or (M, H, W) array; list of (H, W) arrays
        As for :func:`as_images` and :func:`load_images`; a Reading stays as it is.
    white : float, "max", "percentile" or None
        What becomes 1: a number in the unit of the files, the brightest pixel of all, or the 99.9th
        percentile of all pixels. None: the largest value of 8 and 16 bit unsigned integers, or of
        as many bits as a DICOM header says; floats are taken as they are, with white at 1.
    magnitude : bool
        Whether complex pixels, and (H, W, 2) arrays of real and imaginary part, stand for their
        magnitude.

    Returns
    -------
    Reading

    Raises
    ------
    InputError
        Something that is not an image, or no image at all; pixels whose white cannot be known;
        complex pixels where no magnitude is asked for.
    InvalidArgument
        Another ``white``, or one for images that are on their scale already.

    Warns
    -----
    ScaleWarning
        The brightest pixel is below 0.1 of white, or above 10 times what was told.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import read
    >>> twelve_bits = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    >>> found = read(twelve_bits, white=4095)
    >>> print(found.summary)
    1 image of 64 x 64, uint16 from 0 to 4095 (white = 4095)
    >>> float(found.images[0].pixels.max())
    1.0
    >>> print(read(4e-4 * twelve_bits, white="max").summary)
    1 image of 64 x 64, float64 from 0 to 1.638 (white = 1.638)
    """
    asked, magnitude = scale.white_asked(white), validate.flag("magnitude", magnitude)
    if isinstance(source, Reading):
        _no_white(asked)
        return source
    notes = Notes()
    planes = _planes(source, magnitude, notes)
    if isinstance(planes, list):  # of images that are there already
        _no_white(asked)
        kinds = [_as_given(image) for image in planes]
        found = Reading(planes, scale.summary(planes, kinds))
    else:
        found = _scaled(planes, asked, magnitude, notes)
    for doubt in found.summary.doubts:
        warn(doubt, ScaleWarning)
    return found


def as_images(
    source: Any, *, white: float | str | None = None, magnitude: bool = False
) -> list[Image]:
    """Images from whatever a user has.

    Parameters
    ----------
    source : word, folder, file, or a list of them; (H, W) or (M, H, W) array; list of (H, W) arrays
        Words and files as in :func:`load_images`. Arrays as in files; those of a list may differ in
        size. (H, W, 1) is one image. Colours are for files only: (H, W, 3) would be a stack of H
        images, and is refused. With ``magnitude`` arrays may be complex, or have the real and
        imaginary part in a last axis of 2. A list of Images stays as it is.
    white, magnitude
        As for :func:`read`.

    Returns
    -------
    list of Image

    Raises
    ------
    InputError
        Something that is not an image, or no image at all; as :func:`read`.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import as_images
    >>> dots = np.array([[0, 51], [102, 255]], dtype=np.uint8)
    >>> images = as_images([dots, np.linspace(0.0, 1.0, 12).reshape(3, 4)])
    >>> [image.name for image in images]
    ['image 0', 'image 1']
    >>> images[0].pixels
    array([[0. , 0.2],
           [0.4, 1. ]])
    >>> as_images(np.array([[0.0, 2550.0]]), white=2550)[0].pixels
    array([[0., 1.]])
    >>> as_images(np.array([[3.0 + 4.0j, 0.0]]), white=5, magnitude=True)[0].pixels
    array([[1., 0.]])
    """
    return read(source, white=white, magnitude=magnitude).images


def load_images(
    source: Sequence[str], *, white: float | str | None = None, magnitude: bool = False
) -> list[Image]:
    """Words for images in installed packages, or a folder, or files, as grey images.

    The words are those of :mod:`linscale.images.sources`: photographs, scikit-learn, pywavelets,
    sporco, mri. Colours become luminance. Files are pictures, TIFF with every page, .npy arrays
    (H, W), (H, W, 1) or of colours (H, W, 3 or 4), and with the extra ``mri`` NIfTI, DICOM and
    HDF5 volumes (:mod:`linscale.images.volumes`). The pages or slices of a file are one group.

    Parameters
    ----------
    source : sequence of str
        Words alone, or files and folders; of a folder all files that are images by their suffix, in
        order of their names, but not those of folders in it, nor hidden ones. Files of the same
        name are told apart by their folders.
    white, magnitude
        As for :func:`read`.

    Returns
    -------
    list of Image

    Raises
    ------
    InputError
        A file that is missing or unreadable, has NaN in it, or a folder without images; a package
        that is not installed; nothing at all, or words beside files; as :func:`read`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from linscale.images import load_images
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder, "a.npy"), np.full((4, 6), 0.5))
    ...     np.save(Path(folder, "b.npy"), np.full((5, 5), 65535, dtype=np.uint16))
    ...     images = load_images([folder])
    >>> [(image.name, image.pixels.shape, float(image.pixels.max())) for image in images]
    [('a.npy', (4, 6), 0.5), ('b.npy', (5, 5), 1.0)]
    >>> [image.name for image in load_images(["pywavelets"])]
    ['aero', 'ascent']
    """
    return read([str(entry) for entry in source], white=white, magnitude=magnitude).images


def _planes(source: Any, magnitude: bool, notes: Notes) -> list[Image] | Iterator[Plane]:
    if isinstance(source, str | Path):
        return _from_names([str(source)], notes)
    entries = _entries(source, magnitude)
    if not entries:
        raise InputError("images: an empty list")
    if all(isinstance(entry, Image) for entry in entries):
        return entries
    if all(isinstance(entry, str | Path) for entry in entries):
        return _from_names([str(entry) for entry in entries], notes)
    return _from_arrays(entries, magnitude)


def _entries(source: Any, magnitude: bool) -> list[Any]:
    if isinstance(source, np.ndarray):
        parts = magnitude and source.dtype.kind != "c" and source.shape[-1:] == (2,)
        axes = source.ndim - parts
        if axes == 3 and source.shape[2] == 1:
            source, axes = source[..., 0], 2
        if axes not in (2, 3):
            raise InputError(f"images: an array of shape {source.shape}; (H, W) or (M, H, W)")
        if axes == 3 and source.size and source.shape[2] <= 4:
            raise InputError(
                f"images: an array of shape {source.shape} looks like one colour image; make it "
                "grey, (H, W), or give a stack (M, H, W); real and imaginary part, (H, W, 2), need "
                "magnitude=True"
            )
        source = source[None] if axes == 2 else source
    try:
        return list(source)
    except TypeError:
        raise InputError(f"images: {type(source).__name__} is not a list of images") from None


def _from_arrays(entries: Sequence[Any], magnitude: bool) -> Iterator[Plane]:
    for k, entry in enumerate(entries):
        if isinstance(entry, str | Path | Image):
            raise InputError(f"images: entry {k} is no array, but the others are; give one kind")
        try:
            array = np.asarray(entry)
        except ValueError:  # rows of different lengths
            raise InputError(f"images: entry {k} is not a rectangle of numbers") from None
        last = (1, 2) if magnitude and array.dtype.kind != "c" else (1,)
        flat = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in last)
        if not flat or array.size == 0:
            raise InputError(f"images: entry {k} has shape {array.shape}; (H, W) is needed")
        yield Plane(f"image {k}", array)


def _from_names(source: Sequence[str], notes: Notes) -> Iterator[Plane]:
    if not source:
        raise InputError("images: an empty list")
    words = [entry for entry in source if entry in SOURCES and not Path(entry).exists()]
    if words and len(words) < len(source):
        raise InputError(f"--images {words[0]}: a word stands alone, not beside files or folders")
    for word in dict.fromkeys(words):
        for name, pixels, group in load(word):
            yield Plane(name, pixels, group)
    paths = [] if words else files.find(source, notes)
    for path, label in zip(paths, files.labels(paths), strict=True):
        yield from files.planes(path, label, notes)


def _scaled(
    planes: Iterable[Plane], asked: float | str | None, magnitude: bool, notes: Notes
) -> Reading:
    """Grey images whose white is 1."""
    images: list[Image] = []
    kinds: list[Kind] = []
    any_parts = False
    for plane in planes:
        where = plane.where or plane.name
        array, pixels = examine(plane, magnitude)
        any_parts |= pixels.is_part
        # What a word stands for is known at the end.
        white = 1.0 if isinstance(asked, str) else pixels.white if asked is None else asked
        if white is None:
            raise scale.untold(where, pixels)
        values = grey(array, white)
        if asked is None and not (values.min() >= -1.0 and values.max() <= 2.0):
            raise scale.untold(where, pixels)
        images.append(Image(plane.name, values, plane.group))
        kinds.append(Kind(pixels.kind, 1, pixels.lowest, pixels.highest, white))
    if isinstance(asked, str):
        white = scale.white_of(asked, images)
        images = [replace(image, pixels=image.pixels / white) for image in images]
        kinds = [replace(kind, white=white) for kind in kinds]
    if magnitude and not any_parts:
        notes.add("magnitudes were asked for, but pixels are real already", images[0].name)
    return Reading(images, scale.summary(images, kinds, notes.lines()))


def _as_given(image: Image) -> Kind:
    lowest, highest = float(image.pixels.min()), float(image.pixels.max())
    return Kind(np.asarray(image.pixels).dtype.name, 1, lowest, highest, 1.0)


def _no_white(asked: float | str | None) -> None:
    if asked is not None:
        raise InvalidArgument(
            "white", asked, "left out where images are given as Image, which has white at 1"
        )
