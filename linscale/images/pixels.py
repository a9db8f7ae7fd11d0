"""From an array as a file or a user has it to grey pixels on the scale where white is 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InputError
from linscale.support.validate import FloatArray

FULL = {"bool": 1.0, "uint8": 255.0, "uint16": 65535.0}  # the whole range of a type is its white
LUMINANCE = (0.2126, 0.7152, 0.0722)  # Rec. 709


@dataclass(frozen=True, eq=False)
class Plane:
    """One image as it was found, its numbers as they are.

    Parameters
    ----------
    name : str
    array : (H, W), (H, W, 3) or (H, W, 4) array
        Numbers of any kind; complex, or (H, W, 2) for real and imaginary part, where magnitudes are
        asked for; (H, W, 1) is (H, W).
    group : str
        As of an :class:`linscale.images.Image`.
    kind : str
        The pixel type in words, where there is more to say than the array's own.
    white : float, optional
        What is white by the file's own header.
    where : str, optional
        For messages: the file, where the name is not enough.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images.pixels import Plane
    >>> plane = Plane("scan 0", np.array([[0, 4095]], dtype=np.uint16), "scan", white=4095.0)
    >>> plane.array.shape, plane.white
    ((1, 2), 4095.0)
    """

    name: str
    array: NDArray[Any]
    group: str = ""
    kind: str = ""
    white: float | None = None
    where: str = ""


@dataclass(frozen=True)
class Pixels:
    """What a plane's numbers are, in the file's unit.

    Attributes
    ----------
    kind : str
        Pixel type.
    lowest, highest : float
        Of all pixels, and colours; not of an alpha channel.
    white : float or None
        What is white where nobody says otherwise; None where that cannot be known.
    is_part : bool
        Whether magnitudes were taken of complex numbers or of two parts.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images.pixels import Plane, examine
    >>> array, found = examine(Plane("a", np.array([[3.0 + 4.0j]])), magnitude=True)
    >>> array, found.kind, found.highest, found.is_part
    (array([[5.]]), 'complex128 magnitudes', 5.0, True)
    """

    kind: str
    lowest: float
    highest: float
    white: float | None
    is_part: bool = False


def examine(plane: Plane, magnitude: bool = False) -> tuple[NDArray[Any], Pixels]:
    """The numbers of a plane, in any byte order, and what they are.

    Parameters
    ----------
    plane : Plane
    magnitude : bool
        Whether complex numbers and (H, W, 2) arrays stand for their magnitude.

    Returns
    -------
    array : (H, W), (H, W, 3) or (H, W, 4) array of real numbers
    pixels : Pixels

    Raises
    ------
    InputError
        Not an image of numbers, an empty one, NaN or infinity, or complex numbers where no
        magnitude is asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images.pixels import Plane, examine
    >>> array, found = examine(Plane("a", np.array([[7, 260]], dtype=">u2")))
    >>> found.kind, found.lowest, found.highest, found.white
    ('uint16', 7.0, 260.0, 65535.0)
    >>> examine(Plane("parts.npy", np.ones((4, 4, 2))))
    Traceback (most recent call last):
        ...
    linscale.errors.InputError: parts.npy: two numbers for each pixel, shape (4, 4, 2); if they are\
 real and imaginary part ask for the magnitude, --magnitude (in Python magnitude=True); if not, \
save the first alone
    """
    name, array = plane.where or plane.name, plane.array
    if array.dtype.kind not in "buifc" or array.ndim not in (2, 3):
        raise InputError(f"{name}: not an image of numbers, but {array.dtype}, {array.ndim}-D")
    if array.size == 0:
        raise InputError(f"{name}: an image without pixels, shape {array.shape}")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    kind, is_part = plane.kind or array.dtype.name, False
    if array.dtype.kind == "c" or (array.ndim == 3 and array.shape[2] == 2):
        if not magnitude:
            raise InputError(f"{name}: {_parts(array)}")
        array, is_part = _magnitude(name, array), True
        kind += " magnitudes"
    if array.ndim == 3 and array.shape[2] not in (3, 4):
        raise InputError(
            f"{name}: {array.shape[2]} channels, shape {array.shape}; grey, RGB or RGBA is needed "
            "(of a stack save each image as a file, or in Python give the array (M, H, W))"
        )
    seen = array[..., :3] if array.ndim == 3 else array
    if not np.all(np.isfinite(seen)):
        raise InputError(f"{name}: holds NaN or infinite pixels; mask or fill them first")
    full = 1.0 if array.dtype.kind == "f" else FULL.get(array.dtype.name)
    white = plane.white if plane.white is not None else full
    return array, Pixels(kind, float(seen.min()), float(seen.max()), white, is_part)


def grey(array: NDArray[Any], white: float) -> FloatArray:
    """Pixels divided by ``white``; colours become luminance (Rec. 709), without an alpha channel.

    Parameters
    ----------
    array : (H, W), (H, W, 3) or (H, W, 4) array of real numbers
    white : float
        Above 0: what becomes 1.

    Returns
    -------
    (H, W) array

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images.pixels import grey
    >>> grey(np.array([[0, 2048, 4096]], dtype=np.uint16), white=4096.0)
    array([[0. , 0.5, 1. ]])
    """
    scaled = array.astype(float)
    if white != 1.0:
        scaled = scaled / white
    if scaled.ndim == 3:
        scaled = scaled[..., :3] @ LUMINANCE
    return np.asarray(scaled, dtype=float)


def _parts(array: NDArray[Any]) -> str:
    ask = "ask for the magnitude, --magnitude (in Python magnitude=True)"
    if array.dtype.kind == "c":
        return f"complex pixels ({array.dtype}); {ask}"
    return (
        f"two numbers for each pixel, shape {array.shape}; if they are real and imaginary part "
        f"{ask}; if not, save the first alone"
    )


def _magnitude(name: str, array: NDArray[Any]) -> FloatArray:
    if array.dtype.kind != "c":
        return np.asarray(np.hypot(array[..., 0].astype(float), array[..., 1].astype(float)))
    if array.ndim != 2:
        raise InputError(f"{name}: complex pixels of shape {array.shape}; (H, W) is needed")
    return np.asarray(np.abs(array.astype(np.complex128)))
