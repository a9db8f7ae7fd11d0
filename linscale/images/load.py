"""Images from files or from an installed package, and the patches that stand for a signal law."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from linscale.errors import InputError, InvalidArgument
from linscale.images.sources import SOURCES, load
from linscale.support import validate
from linscale.support.validate import FloatArray

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".pgm", ".ppm", ".webp", ".npy")


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


def as_images(source: Any) -> list[Image]:
    """Images from whatever a user has.

    Parameters
    ----------
    source : word, folder, file, or a list of them; (H, W) or (M, H, W) array; list of (H, W) arrays
        Words and files as in :func:`load_images`. Arrays as in files: 8 or 16 bit, or floats on
        the scale where white is 1; those of a list may differ in size. Colours are for files only:
        (H, W, 3) would be a stack of H images, and is refused. A list of Images stays as it is.

    Returns
    -------
    list of Image

    Raises
    ------
    InputError
        Something that is not an image, or no image at all.

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
    >>> as_images(np.array([[0.0, 255.0]]))
    Traceback (most recent call last):
        ...
    linscale.errors.InputError: image 0: values from 0 to 255; divide them so that white is 1
    """
    if isinstance(source, str | Path):
        return load_images([str(source)])
    if isinstance(source, np.ndarray):
        if source.ndim not in (2, 3):
            raise InputError(f"images: an array of shape {source.shape}; (H, W) or (M, H, W)")
        if source.ndim == 3 and source.size and source.shape[2] <= 4:
            raise InputError(
                f"images: an array of shape {source.shape} looks like one colour image; make it "
                "grey, (H, W), or give a stack (M, H, W)"
            )
        source = source[None] if source.ndim == 2 else source
    try:
        entries = list(source)
    except TypeError:
        raise InputError(f"images: {type(source).__name__} is not a list of images") from None
    if not entries:
        raise InputError("images: an empty list")
    if all(isinstance(entry, Image) for entry in entries):
        return entries
    if all(isinstance(entry, str | Path) for entry in entries):
        return load_images([str(entry) for entry in entries])
    images = []
    for k, entry in enumerate(entries):
        if isinstance(entry, str | Path | Image):
            raise InputError(f"images: entry {k} is no array, but the others are; give one kind")
        try:
            array = np.asarray(entry)
        except ValueError:  # rows of different lengths
            raise InputError(f"images: entry {k} is not a rectangle of numbers") from None
        if array.ndim != 2 or array.size == 0:
            raise InputError(f"images: entry {k} has shape {array.shape}; (H, W) is needed")
        images.append(Image(f"image {k}", _grey(array, f"image {k}")))
    return images


def load_images(source: Sequence[str]) -> list[Image]:
    """Words for images in installed packages, or a folder, or files, as grey images.

    The words are those of :mod:`linscale.images.sources`: photographs, scikit-learn, pywavelets,
    sporco, mri. White is 1: 8 and 16 bit images are divided by their largest possible value;
    colours become luminance; float images (.npy, .tif) are taken as they are, and must be on that
    scale already.

    Parameters
    ----------
    source : sequence of str
        Words alone, or files and folders; of a folder all files that are images by their suffix, in
        order of their names, but not those of folders in it.

    Returns
    -------
    list of Image

    Raises
    ------
    InputError
        A file that is missing or unreadable, has NaN in it, or a folder without images; a package
        that is not installed; nothing at all, or words beside files.

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
    if not source:
        raise InputError("images: an empty list")
    words = [entry for entry in source if entry in SOURCES and not Path(entry).exists()]
    if words and len(words) == len(source):
        return [
            Image(name, _grey(pixels, name), group)
            for word in dict.fromkeys(words)
            for name, pixels, group in load(word)
        ]
    if words:
        raise InputError(f"--images {words[0]}: a word stands alone, not beside files or folders")
    paths: list[Path] = []
    for entry in map(Path, source):
        if entry.is_dir():
            inside = sorted(p for p in entry.iterdir() if p.suffix.lower() in SUFFIXES)
            if not inside:
                raise InputError(f"no images in the folder {entry} (looked for {_suffixes()})")
            paths += inside
        elif entry.is_file():
            paths.append(entry)
        else:
            raise InputError(f"no such image file or folder: {entry}")
    return [Image(path.name, _read(path)) for path in paths]


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


def _read(path: Path) -> FloatArray:
    if path.suffix.lower() == ".npy":
        try:
            array = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            raise InputError(f"cannot read {path} as a NumPy array") from None
        return _grey(array, str(path))
    import PIL.Image

    try:
        with warnings.catch_warnings(), PIL.Image.open(path) as image:
            warnings.simplefilter("ignore")
            if image.mode in ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV"):
                image = image.convert("RGB")
            array = np.asarray(image)
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError):
        raise InputError(f"cannot read {path} as an image") from None
    return _grey(array, str(path))


def _grey(array: np.ndarray, name: str) -> FloatArray:
    if array.dtype.kind not in "buif" or array.ndim not in (2, 3):
        raise InputError(f"{name}: not an image of numbers, but {array.dtype}, {array.ndim}-D")
    if array.size == 0:
        raise InputError(f"{name}: an image without pixels, shape {array.shape}")
    if array.dtype == bool:
        scaled = array.astype(float)
    elif array.dtype in (np.uint8, np.uint16):
        scaled = array / float(np.iinfo(array.dtype).max)
    elif array.dtype.kind in "ui":
        raise InputError(f"{name}: {array.dtype} pixels; save as 8 or 16 bit unsigned, or as float")
    else:
        scaled = array.astype(float)
    if scaled.ndim == 3:
        if scaled.shape[2] not in (2, 3, 4):
            raise InputError(f"{name}: {scaled.shape[2]} channels; grey, RGB or RGBA is needed")
        # Rec. 709 luminance; an alpha channel is dropped.
        scaled = (
            scaled[..., 0] if scaled.shape[2] == 2 else scaled[..., :3] @ (0.2126, 0.7152, 0.0722)
        )
    if not np.all(np.isfinite(scaled)):
        raise InputError(f"{name}: holds NaN or infinite pixels; mask or fill them first")
    if scaled.min() < -1.0 or scaled.max() > 2.0:
        raise InputError(
            f"{name}: values from {scaled.min():.3g} to {scaled.max():.3g}; divide them so that "
            "white is 1"
        )
    return np.asarray(scaled)


def _suffixes() -> str:
    return ", ".join(SUFFIXES)
