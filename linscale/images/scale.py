"""What was read, and on which scale: said in one line, with what is odd about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from linscale.errors import InputError, InvalidArgument
from linscale.images.image import Image
from linscale.images.pixels import FULL, Pixels
from linscale.support import validate
from linscale.support.share import share

PERCENTILE = 99.9  # of all pixels: what white="percentile" is
WORDS = ("max", "percentile")
DIM = 0.1  # of white: if the brightest pixel is below, white is probably not what was meant
GLARING = 10.0  # times white: if the brightest pixel is above, white was told in another unit
BITS = (8, 10, 12, 14)  # that cameras and scanners put into 16


def text(value: float) -> str:
    """A pixel's value as a person would type it: whole numbers whole, others to six digits.

    Parameters
    ----------
    value : float

    Returns
    -------
    str

    Examples
    --------
    >>> from linscale.images.scale import text
    >>> text(1048575.0), text(0.0004), text(2800.25)
    ('1048575', '0.0004', '2800.25')
    """
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.6g}"


@dataclass(frozen=True)
class Kind:
    """Images of one pixel type and one white.

    Attributes
    ----------
    pixels : str
        Pixel type in the files.
    count : int
        Images of it.
    lowest, highest : float
        Of their pixels, in the files' unit.
    white : float
        What became 1, in the files' unit.

    Examples
    --------
    >>> from linscale.images.scale import Kind
    >>> str(Kind("uint8", count=3, lowest=7.0, highest=250.0, white=255.0))
    'uint8 from 7 to 250 (white = 255)'
    """

    pixels: str
    count: int
    lowest: float
    highest: float
    white: float

    def __str__(self) -> str:
        return (
            f"{self.pixels} from {text(self.lowest)} to {text(self.highest)} "
            f"(white = {text(self.white)})"
        )

    def doubt(self) -> str:
        """What is odd about the scale, and what to type; nothing where it looks right.

        Returns
        -------
        str

        Examples
        --------
        >>> from linscale.images.scale import Kind
        >>> Kind("uint8", count=3, lowest=7.0, highest=250.0, white=255.0).doubt()
        ''
        >>> print(Kind("float32", count=3, lowest=0.0, highest=0.0004, white=1.0).doubt())
        the brightest pixel is 0.0004, 0.0004 of white (1, as floats go); noise is a share of\
 white, so say what white is: --white max (in Python white='max')
        """
        share = self.highest / self.white
        if DIM <= share <= GLARING or self.lowest == self.highest:
            return ""
        full = FULL.get(self.pixels, 1.0 if self.pixels.startswith("float") else None)
        whose = "floats go" if full == 1.0 else f"{self.pixels} goes"
        why = f", as {whose}" if self.white == full else ""
        return (
            f"the brightest pixel is {text(self.highest)}, {share:.2g} of white "
            f"({text(self.white)}{why}); noise is a share of white, so say what white is: "
            f"{_remedy(self)}"
        )


@dataclass(frozen=True)
class Summary:
    """What was read: its text is one line.

    Attributes
    ----------
    kinds : tuple of Kind
        Pixel types with their range and white, in the order in which they came.
    sizes : tuple of (height, width)
        Those there are, the smallest first.
    count, groups : int
        Images, and groups of images that are alike (the pages of a file, the slices of a volume).
    notes : tuple of str
        What was left out, or done before the pixels were seen.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import read
    >>> found = read(np.arange(2 * 16 * 16, dtype=np.uint16).reshape(2, 16, 16), white=511)
    >>> print(found.summary)
    2 images of 16 x 16, uint16 from 0 to 511 (white = 511)
    >>> found.summary.notes
    ()
    """

    kinds: tuple[Kind, ...]
    sizes: tuple[tuple[int, int], ...]
    count: int
    groups: int
    notes: tuple[str, ...] = ()

    @property
    def white(self) -> float | None:
        """What became 1, in the files' unit; None where that differs between files."""
        whites = {kind.white for kind in self.kinds}
        return whites.pop() if len(whites) == 1 else None

    @property
    def doubts(self) -> list[str]:
        """What is odd about the scale, and what to type instead."""
        return [doubt for kind in self.kinds if (doubt := kind.doubt())]

    def __str__(self) -> str:
        count = "1 image" if self.count == 1 else f"{self.count:,} images"
        first, last = (f"{h} x {w}" for h, w in (self.sizes[0], self.sizes[-1]))
        size = first if first == last else f"{first} to {last}"
        if self.groups != self.count:
            size += f" in {self.groups:,} group{'s' * (self.groups > 1)}"
        several = len(self.kinds) > 1
        kinds = [f"{kind.count:,} of {kind}" if several else str(kind) for kind in self.kinds]
        return f"{count} of {size}, {', '.join(kinds)}"


def summary(images: Sequence[Image], kinds: Sequence[Kind], notes: Sequence[str] = ()) -> Summary:
    """Sizes and groups of images put beside what is known of their pixels.

    Parameters
    ----------
    images : sequence of Image
        At least one.
    kinds : sequence of Kind
        One for each image; those of the same type and white are put together.
    notes : sequence of str

    Returns
    -------
    Summary

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.images.scale import Kind, summary
    >>> images = [Image("a", np.zeros((3, 4))), Image("b", np.ones((3, 4)))]
    >>> kinds = [Kind("uint8", 1, 0.0, 0.0, 255.0), Kind("uint8", 1, 255.0, 255.0, 255.0)]
    >>> print(summary(images, kinds))
    2 images of 3 x 4, uint8 from 0 to 255 (white = 255)
    """
    together: dict[tuple[str, float], Kind] = {}
    for kind in kinds:
        key = kind.pixels, kind.white
        same = together.get(key, kind)
        count = kind.count + (same.count if key in together else 0)
        lowest, highest = min(same.lowest, kind.lowest), max(same.highest, kind.highest)
        together[key] = Kind(kind.pixels, count, lowest, highest, kind.white)
    shapes = {(int(h), int(w)) for h, w in (image.pixels.shape for image in images)}
    sizes = tuple(sorted(shapes, key=lambda shape: (shape[0] * shape[1], shape)))
    groups = len({image.group for image in images})
    return Summary(tuple(together.values()), sizes, len(images), groups, tuple(notes))


def white_asked(white: Any) -> float | str | None:
    """``white`` as it may be asked for: a number above 0, "max", "percentile" or None.

    Parameters
    ----------
    white : float, str or None
        A number may be a text, as it is typed.

    Returns
    -------
    float, "max", "percentile" or None

    Raises
    ------
    InvalidArgument
        Anything else.

    Examples
    --------
    >>> from linscale.images.scale import white_asked
    >>> white_asked("max"), white_asked(4095), white_asked("4e-4")
    ('max', 4095.0, 0.0004)
    """
    if white is None or (isinstance(white, str) and white in WORDS):
        return None if white is None else str(white)
    try:
        if isinstance(white, bool | np.bool_):
            raise InvalidArgument("white", white, "a number")
        return validate.real("white", share("white", white) if isinstance(white, str) else white)
    except InvalidArgument:
        raise InvalidArgument(
            "white", repr(white), "a number above 0 in the files' unit, 'max' or 'percentile'"
        ) from None


def white_of(word: str, images: Sequence[Image]) -> float:
    """The white that a word stands for: one number, of all the pixels there are.

    Parameters
    ----------
    word : "max" or "percentile"
        The brightest pixel, or the 99.9th percentile.
    images : sequence of Image
        At least one, in the files' unit.

    Returns
    -------
    float

    Raises
    ------
    InputError
        What would not be above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.images.scale import white_of
    >>> ramp = Image("ramp", np.arange(2001.0)[None])
    >>> white_of("max", [ramp]), round(white_of("percentile", [ramp]), 6)
    (2000.0, 1998.0)
    """
    if word == "max":
        white = max(float(image.pixels.max()) for image in images)
    else:
        every = np.concatenate([image.pixels.ravel() for image in images])
        white = float(np.percentile(every, PERCENTILE))
    if not white > 0.0:
        raise InputError(f"white = '{word}' is {white:.4g} in these images; give a number above 0")
    return white


def untold(name: str, pixels: Pixels) -> InputError:
    """The error for pixels whose white cannot be known.

    Parameters
    ----------
    name : str
    pixels : Pixels

    Returns
    -------
    InputError

    Examples
    --------
    >>> from linscale.images.pixels import Pixels
    >>> from linscale.images.scale import untold
    >>> print(untold("ct.npy", Pixels("int16", -1000.0, 2800.0, None)))
    ct.npy: int16 values from -1000 to 2800, which do not say what white is: type --white 2800 or\
 --white max (in Python white=2800 or white='max')
    """
    why = "which do not say what white is" if pixels.white is None else "but floats have white at 1"
    values = f"{pixels.kind} values from {text(pixels.lowest)} to {text(pixels.highest)}"
    return InputError(f"{name}: {values}, {why}: type {_typed(pixels.highest)}")


def _remedy(kind: Kind) -> str:
    bits = [bits for bits in BITS if kind.highest < 2**bits]
    if not (kind.pixels == "uint16" and bits and kind.highest < DIM * kind.white):
        return "--white max (in Python white='max')"
    return _typed(2 ** bits[0] - 1, f" if {bits[0]} bits were used,")


def _typed(white: float, condition: str = "") -> str:
    if not white > 0.0:
        return "--white with a number above 0 (in Python white=)"
    return (
        f"--white {text(white)}{condition} or --white max "
        f"(in Python white={text(white)} or white='max')"
    )
