"""Every page of a TIFF: by Pillow where it reads what the file says, else by tifffile."""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InputError
from linscale.images.notes import Notes
from linscale.images.pixels import Plane

SUBFILE, BITS, DESCRIPTION, SAMPLES, PLANAR, FORMAT = 254, 258, 270, 277, 284, 339  # tags
UNSIGNED, SIGNED = 1, 2  # sample formats
PLANES = "colour planes of a TIFF read as pages, as its description has the shape of a stack"


def planes(path: Path, label: str, notes: Notes) -> Iterator[Plane]:
    """The pages of a TIFF, one group; reduced copies of a page are left out.

    tifffile stores a stack of shape (3, H, W) or (4, H, W) as the colours of one page, and says the
    shape in the description: such planes are read as pages, with a note.

    Parameters
    ----------
    path : Path
    label : str
        What it is called.
    notes : Notes
        Says what was done or left out.

    Yields
    ------
    Plane

    Raises
    ------
    InputError
        A file that cannot be read, or only by tifffile, which is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import PIL.Image
    >>> from linscale.images import tiff
    >>> from linscale.images.notes import Notes
    >>> pages = [PIL.Image.fromarray(np.full((4, 6), k, dtype=np.uint8)) for k in range(3)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vol.tif")
    ...     pages[0].save(path, save_all=True, append_images=pages[1:])
    ...     found = list(tiff.planes(path, "vol.tif", Notes()))
    >>> [(plane.name, plane.group, int(plane.array.max())) for plane in found]
    [('vol.tif 0', 'vol.tif', 0), ('vol.tif 1', 'vol.tif', 1), ('vol.tif 2', 'vol.tif', 2)]
    """
    pages = _by_pillow(path, notes)
    if pages is None:
        pages = _by_tifffile(path, notes)
    for k, page in enumerate(pages):
        which = "" if len(pages) == 1 else f" {k}"
        yield Plane(f"{label}{which}", page, label, where=f"{path}{which}")


def array_of(image: Any) -> NDArray[Any]:
    """The pixels of a picture that Pillow has opened; colours of other kinds become RGB.

    Parameters
    ----------
    image : PIL.Image.Image

    Returns
    -------
    (H, W), (H, W, 3) or (H, W, 4) array
        An alpha channel beside grey is dropped.

    Examples
    --------
    >>> import PIL.Image
    >>> from linscale.images.tiff import array_of
    >>> array_of(PIL.Image.new("LA", (5, 4))).shape
    (4, 5)
    """
    if image.mode in ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV"):
        image = image.convert("RGB")
    array = np.asarray(image)
    return array[..., 0] if image.mode in ("LA", "La") else array


def _by_pillow(path: Path, notes: Notes) -> list[NDArray[Any]] | None:
    """The pages, or None for what Pillow cannot open or would read wrongly."""
    import PIL.Image

    pages: list[NDArray[Any]] = []
    try:
        with warnings.catch_warnings(), PIL.Image.open(path) as image:
            warnings.simplefilter("ignore")
            count = getattr(image, "n_frames", 1)
            tags = getattr(image, "tag_v2", {})
            described, samples = str(tags.get(DESCRIPTION, "")), int(tags.get(SAMPLES, 1))
            if _said(described, image.size, samples) > count:  # the others lie behind, unlisted
                return None
            for k in range(count):
                image.seek(k)
                tags = getattr(image, "tag_v2", {})
                if tags.get(SUBFILE, 0) & 1:
                    notes.add("reduced copies in a TIFF left out", f"{path.name} {k}")
                    continue
                if not _is_safe(image, tags):
                    return None
                page = _as_tagged(array_of(image), tags)
                if _is_stack(described, page.shape) and tags.get(PLANAR) == 2:
                    notes.add(PLANES, path.name)
                    pages += [np.ascontiguousarray(page[..., c]) for c in range(page.shape[2])]
                else:
                    pages.append(page)
    except (PIL.UnidentifiedImageError, SyntaxError):  # no TIFF, or pixels that it does not know
        return None
    except Exception as error:  # damage shows in many ways, and all mean the same
        raise InputError(f"cannot read {path} as an image ({error})") from None
    return pages


def _is_safe(image: Any, tags: Any) -> bool:
    """Whether Pillow reads a page as its tags say: not two samples, nor planes of 16 bits."""
    samples, bits = tags.get(SAMPLES, 1), tags.get(BITS, (1,))
    if samples > 1 and len(image.getbands()) == 1:
        return False
    return not (tags.get(PLANAR) == 2 and samples > 1 and max(bits) > 8)


def _as_tagged(page: NDArray[Any], tags: Any) -> NDArray[Any]:
    """Whole numbers of the size and sign that the tags say, where Pillow has only a wider type."""
    bits, sign = tags.get(BITS, (1,))[0], tags.get(FORMAT, (UNSIGNED,))[0]
    if page.ndim != 2 or page.dtype.kind not in "ui":
        return page
    if bits not in (8, 16, 32) or sign not in (UNSIGNED, SIGNED):
        return page
    tagged = np.dtype(f"{'u' if sign == UNSIGNED else 'i'}{bits // 8}")
    return page.astype(page.dtype.newbyteorder("=")).astype(tagged)


def _said(description: str, size: tuple[int, int], samples: int) -> int:
    """How many pages of that size and as many colours are described: 0 where nothing is."""
    if description.startswith("ImageJ="):
        images = re.search(r"^images=(\d+)", description, re.MULTILINE)
        return int(images[1]) if images else 0
    shape = _shape(description)
    if len(shape) < 3 or shape[-2:] != [*size[::-1]]:
        return 0
    return int(np.prod(shape[:-2])) // samples  # colours as planes


def _shape(description: str) -> list[int]:
    """The shape that tifffile notes, unless it says too which axes are colours."""
    try:
        noted = json.loads(description)
        shape = [int(length) for length in noted["shape"]]
    except (ValueError, TypeError, KeyError):
        return []
    return [] if set(str(noted.get("axes", ""))) & set("CS") else shape


def _is_stack(description: str, page: tuple[int, ...]) -> bool:
    """Whether the colours of a page, (H, W, 3 or 4), are told to be a stack (3 or 4, H, W)."""
    return len(page) == 3 and _shape(description)[-3:] == [page[2], page[0], page[1]]


def _by_tifffile(path: Path, notes: Notes) -> list[NDArray[Any]]:
    try:
        import tifffile
    except ModuleNotFoundError:
        raise InputError(
            f"cannot read {path} as an image: no TIFF, or of a kind that needs tifffile "
            "(pip install 'linscale[images]')"
        ) from None
    pages: list[NDArray[Any]] = []
    complaints = _Complaints()
    log = logging.getLogger("tifffile")
    log.addHandler(complaints)
    try:
        with warnings.catch_warnings(), tifffile.TiffFile(path) as file:
            warnings.simplefilter("ignore")
            for series in file.series:
                array, axes = series.asarray(), str(series.axes)
                described = str(getattr(series.keyframe, "description", ""))
                if "S" in axes and not axes.endswith("S"):  # colours as planes, or a stack
                    if _shape(described) == list(array.shape):
                        notes.add(PLANES, path.name)
                    else:
                        array, axes = np.moveaxis(array, axes.index("S"), -1), "S"
                picture = array.shape[-3:] if axes.endswith("S") else array.shape[-2:]
                pages += list(array.reshape(-1, *picture))
    except Exception as error:  # damage shows in many ways, and all mean the same
        raise InputError(f"cannot read {path} as an image ({error})") from None
    finally:
        log.removeHandler(complaints)
    if complaints.text:
        raise InputError(f"cannot read {path} as an image ({complaints.text})")
    return pages


class _Complaints(logging.Handler):
    """tifffile passes over damaged pages with a word to the log."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        if any(word in record.getMessage() for word in ("invalid", "corrupt")):
            self.text = record.getMessage()
