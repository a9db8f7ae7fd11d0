"""From k-space to images: inverse Fourier transform, coils put together, oversampling cropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from linscale.support.validate import FloatArray

Size = tuple[int, ...]


@dataclass(frozen=True)
class Header:
    """What an ISMRMRD header says of its first encoding.

    Attributes
    ----------
    trajectory : str
        In small letters; "cartesian" for lines.
    encoded, recon : (x, y, z)
        Sizes of k-space and of the image.
    centers : (step_1, step_2)
        Which line lies in the middle of k-space; None where that is not said.

    Examples
    --------
    >>> from linscale.images.kspace import Header
    >>> Header("cartesian", (640, 372, 1), (320, 320, 1), (186, 0)).recon
    (320, 320, 1)
    """

    trajectory: str
    encoded: Size
    recon: Size
    centers: tuple[int | None, int | None]


def header(xml: Any) -> Header | None:
    """The parts of an ISMRMRD header that images need.

    Parameters
    ----------
    xml : str or bytes
        Or an array of one of them.

    Returns
    -------
    Header or None
        None where there is no encoding in it, or it is no XML.

    Examples
    --------
    >>> from linscale.images.kspace import header
    >>> size = "<matrixSize><x>8</x><y>6</y><z>1</z></matrixSize>"
    >>> spaces = f"<encodedSpace>{size}</encodedSpace><reconSpace>{size}</reconSpace>"
    >>> header(f"<ismrmrdHeader><encoding>{spaces}</encoding></ismrmrdHeader>").recon
    (8, 6, 1)
    """
    text = np.asarray(xml).reshape(-1)[0]
    try:
        root = ElementTree.fromstring(text if isinstance(text, bytes) else str(text))
    except ElementTree.ParseError:
        return None
    for entry in root.iter():
        entry.tag = str(entry.tag).rpartition("}")[2]  # without its namespace

    def number(path: str) -> int | None:
        found = root.findtext(f"encoding/{path}")
        return int(found) if found and found.strip().isdecimal() else None

    def size(space: str) -> list[int | None]:
        return [number(f"{space}/matrixSize/{axis}") for axis in "xyz"]

    encoded, recon = size("encodedSpace"), size("reconSpace")
    if None in (*encoded, *recon):
        return None
    limits = "encodingLimits/kspace_encoding_step_{}/center"
    return Header(
        (root.findtext("encoding/trajectory") or "cartesian").strip().lower(),
        tuple(int(n or 0) for n in encoded), tuple(int(n or 0) for n in recon),
        (number(limits.format(1)), number(limits.format(2))),
    )  # fmt: skip


def image(coils: NDArray[Any], size: Size | None = None) -> FloatArray:
    """One image, from the k-space of every coil.

    Parameters
    ----------
    coils : (coils, [D,] H, W) array
        Complex; the zero frequency is at H // 2, W // 2.
    size : (height, width), optional
        What is kept of the middle; at most what there is.

    Returns
    -------
    ([D,] height, width) array
        sqrt(sum over coils |F^-1 k|^2), F orthonormal.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import kspace
    >>> spectrum = np.zeros((2, 4, 4), dtype=complex)
    >>> spectrum[:, 2, 2] = 3.0, 4.0j  # a constant in each of two coils
    >>> kspace.image(spectrum, size=(2, 2))
    array([[1.25, 1.25],
           [1.25, 1.25]])
    """
    axes = tuple(range(1, coils.ndim))
    shifted = np.fft.ifftshift(coils.astype(np.complex128), axes=axes)
    images = np.fft.fftshift(np.fft.ifftn(shifted, axes=axes, norm="ortho"), axes=axes)
    whole = np.sqrt(np.sum(images.real**2 + images.imag**2, axis=0))
    if size is None:
        return np.asarray(whole)
    height, width = (min(n, m) for n, m in zip(size, whole.shape[-2:], strict=True))
    top, left = (whole.shape[-2] - height) // 2, (whole.shape[-1] - width) // 2
    return np.asarray(whole[..., top : top + height, left : left + width])


def done(coils: int, size: Size | None) -> str:
    """What :func:`image` does, in words.

    Parameters
    ----------
    coils : int
    size : (height, width), optional

    Returns
    -------
    str

    Examples
    --------
    >>> from linscale.images.kspace import done
    >>> done(15, (320, 320))
    'inverse Fourier transform, root sum of squares of 15 coils, cropped to 320 x 320 by its header'
    """
    text = f"inverse Fourier transform, root sum of squares of {coils} coil{'s' * (coils > 1)}"
    return text if size is None else f"{text}, cropped to {size[0]} x {size[1]} by its header"
