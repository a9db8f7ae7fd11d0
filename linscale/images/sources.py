"""Images that come inside installed packages, each set under one word. Nothing is re-shipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InputError

Raw = tuple[str, NDArray[Any], str]  # name, pixels, group

# Photographs in the scikit-image wheel; text, logos and diagrams left out.
PHOTOGRAPHS = (
    "astronaut", "brick", "camera", "cat", "clock", "coffee", "coins", "grass", "gravel", "moon",
    "rocket",
)  # fmt: skip

# Magnetic resonance volumes of heads in the wheels of dipy and nibabel: package, file, and the
# axis along which slices are taken. Of a series the first volume is used.
VOLUMES = (
    ("dipy", "data/files/S0_10slices.nii.gz", 2),
    ("nibabel", "tests/data/example4d.nii.gz", 2),
    ("dipy", "data/files/aniso_vox.nii.gz", 2),
    ("dipy", "data/files/t1_coronal_slice.npy", None),
)
WHITE = 99.5  # percentile of a head's voxels that becomes 1: a few vessels are far brighter
INSIDE = 0.1  # of white: what counts as head
LEAST_HEAD = 0.15  # share of a slice's pixels in the head; emptier slices are left out


def photographs() -> Iterator[Raw]:
    """Eleven photographs of scikit-image.

    Yields
    ------
    name : str
    pixels : (H, W) or (H, W, 3) array of uint8
    group : str
        The name again: each stands alone.

    Raises
    ------
    ModuleNotFoundError
        No scikit-image.

    Examples
    --------
    >>> from linscale.images.sources import photographs
    >>> name, pixels, group = next(photographs())
    >>> name, pixels.shape, group
    ('astronaut', (512, 512, 3), 'astronaut')
    """
    from skimage import data

    for name in PHOTOGRAPHS:
        yield name, getattr(data, name)(), name


def scikit_learn() -> Iterator[Raw]:
    """Two photographs of scikit-learn.

    Yields
    ------
    name : str
    pixels : (H, W, 3) array of uint8
    group : str
        The name again: each stands alone.

    Raises
    ------
    ModuleNotFoundError
        No scikit-learn.

    Examples
    --------
    >>> from linscale.images.sources import scikit_learn
    >>> [(name, pixels.shape) for name, pixels, group in scikit_learn()]
    [('china', (427, 640, 3)), ('flower', (427, 640, 3))]
    """
    from sklearn.datasets import load_sample_images

    found = load_sample_images()
    for file, image in zip(found.filenames, found.images, strict=True):
        name = Path(file).stem
        yield name, image, name


def pywavelets() -> Iterator[Raw]:
    """Two photographs of PyWavelets (its third, camera, is among scikit-image's).

    Yields
    ------
    name : str
    pixels : (H, W) array
        8 bit.
    group : str
        The name again: each stands alone.

    Raises
    ------
    ModuleNotFoundError
        No PyWavelets.

    Examples
    --------
    >>> from linscale.images.sources import pywavelets
    >>> [(name, pixels.shape) for name, pixels, group in pywavelets()]
    [('aero', (512, 512)), ('ascent', (512, 512))]
    """
    from pywt import data

    for name in ("aero", "ascent"):
        yield name, getattr(data, name)(), name


def sporco() -> Iterator[Raw]:
    """Five photographs of sporco.

    Yields
    ------
    name : str
    pixels : (H, W, 3) array of uint8
    group : str
        The name again: each stands alone.

    Raises
    ------
    ModuleNotFoundError
        No sporco: no extra of linscale brings it.

    Examples
    --------
    >>> from linscale.images.sources import SOURCES, sporco
    >>> SOURCES["sporco"].load is sporco, SOURCES["sporco"].install  # by pip
    (True, 'sporco')
    """
    import PIL.Image

    for path in sorted((_folder("sporco") / "data").glob("*.png")):
        with PIL.Image.open(path) as image:
            yield path.stem, np.asarray(image.convert("RGB")), path.stem


def mri() -> Iterator[Raw]:
    """Slices of heads from dipy and nibabel; the slices of a volume are one group.

    Each volume is scaled so that the 99.5th percentile of its head is 1, as a maximum would be set
    by a few vessels; brighter voxels stay brighter, up to 2, as clipping is not linear (up to 0.4
    per cent of a volume's pixels are above 1). It is cropped to the head; emptier slices are left
    out.

    Yields
    ------
    name : str
        Of the volume, and the number of the slice.
    pixels : (H, W) array
        From 0 to 2.
    group : str
        Name of the volume.

    Raises
    ------
    ModuleNotFoundError
        No nibabel, or no dipy.

    Examples
    --------
    >>> from linscale.images.sources import mri
    >>> name, pixels, group = next(mri())
    >>> name, group, pixels.ndim, bool(pixels.max() <= 2.0)
    ('S0_10slices 0', 'S0_10slices', 2, True)
    """
    import nibabel

    for package, file, axis in VOLUMES:
        path = _folder(package) / file
        name = path.name.partition(".")[0]
        if axis is None:
            volume = np.load(path, allow_pickle=False)[..., None].astype(float)
        else:
            values = np.asarray(nibabel.load(path).dataobj, dtype=float)
            volume = np.moveaxis(values.reshape(*values.shape[:3], -1)[..., 0], axis, -1)
        for k, pixels in enumerate(_heads(volume)):
            yield f"{name} {k}", pixels, name


def _heads(volume: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Slices along the last axis, scaled and cropped."""
    rough = np.percentile(volume[volume > 0], WHITE)
    scaled = np.clip(volume / np.percentile(volume[volume > INSIDE * rough], WHITE), 0.0, 2.0)
    head = scaled > INSIDE
    rows, columns = (np.flatnonzero(head.mean(axis=other) > 0.02) for other in ((1, 2), (0, 2)))
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    for k in range(volume.shape[2]):
        if head[(*window, k)].mean() > LEAST_HEAD:
            yield scaled[(*window, k)].T


def _folder(package: str) -> Path:
    """Where a package lies, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(name=package)
    return Path(spec.submodule_search_locations[0])


class Source(NamedTuple):
    """A set of images: how to load it, and what to install for it.

    Attributes
    ----------
    load : callable
        Without arguments: an iterator over name, pixels and group of each image.
    install : str
        What pip is asked for.

    Examples
    --------
    >>> from linscale.images.sources import SOURCES
    >>> print("pip install", SOURCES["mri"].install)
    pip install 'linscale[mri]'
    >>> [name for name, pixels, group in SOURCES["pywavelets"].load()]
    ['aero', 'ascent']
    """

    load: Callable[[], Iterator[Raw]]
    install: str


SOURCES = {
    "photographs": Source(photographs, "'linscale[images]'"),
    "scikit-learn": Source(scikit_learn, "'linscale[images]'"),
    "pywavelets": Source(pywavelets, "'linscale[images]'"),
    "mri": Source(mri, "'linscale[mri]'"),
    "sporco": Source(sporco, "sporco"),
}


def load(word: str) -> list[Raw]:
    """The images of a source, as they are in its package.

    Parameters
    ----------
    word : str
        A key of ``SOURCES``.

    Returns
    -------
    list of (name, pixels, group)
        Pixels (H, W) or (H, W, 3), of any scale; :func:`linscale.images.load_images` makes them
        grey, with white 1.

    Raises
    ------
    InputError
        A package that is not installed, or one without the file.
    KeyError
        Another word.

    Examples
    --------
    >>> from linscale.images.sources import load
    >>> [(name, pixels.shape) for name, pixels, group in load("pywavelets")]
    [('aero', (512, 512)), ('ascent', (512, 512))]
    """
    source = SOURCES[word]
    try:
        return list(source.load())
    except ModuleNotFoundError as error:
        raise InputError(
            f"images '{word}' need {error.name}: pip install {source.install}"
        ) from None
    except FileNotFoundError as error:
        raise InputError(
            f"images '{word}': the installed package has no {error.filename}"
        ) from None
