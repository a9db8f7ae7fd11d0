"""Which files are meant, what each image is called, and reading those that are no volumes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from linscale.errors import InputError
from linscale.images import tiff, volumes
from linscale.images.notes import Notes
from linscale.images.pixels import Plane

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".pgm", ".ppm", ".webp", ".npy")
DEBRIS = ("thumbs.db", "desktop.ini")  # that Windows leaves; macOS's names begin with a dot


def find(source: Sequence[str], notes: Notes) -> list[Path]:
    """The files of a list of files and folders.

    Parameters
    ----------
    source : sequence of str
        Of a folder those files that are images by their suffix, in order of their names; where
        there are none, those that are volumes. Not those of folders in it, nor hidden ones.
    notes : Notes
        Says what was skipped.

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        What does not exist, or a folder without images.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from linscale.images.files import find
    >>> from linscale.images.notes import Notes
    >>> notes = Notes()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.png", "a.png", "._a.png", "notes.txt"):
    ...         Path(folder, name).touch()
    ...     [path.name for path in find([folder], notes)]
    ['a.png', 'b.png']
    >>> notes.lines()
    ['hidden files skipped: 1 (._a.png)']
    """
    found: list[Path] = []
    for entry in map(Path, source):
        if entry.is_dir():
            found += _inside(entry, notes)
        elif entry.is_file():
            found.append(entry)
        else:
            raise InputError(f"no such image file or folder: {entry}")
    seen = set()
    for path in found:
        if path.absolute() in seen:
            notes.add("files given more than once, and read as often", path.name)
        seen.add(path.absolute())
    return found


def _inside(folder: Path, notes: Notes) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"cannot read the folder {folder}: {error.strerror}") from None
    hidden = [p for p in entries if _is_hidden(p) and p.is_file()]
    for path in hidden:
        notes.add("hidden files skipped", path.name)
    visible = [p for p in entries if not _is_hidden(p)]
    images = [p for p in visible if p.name.lower().endswith(SUFFIXES)]
    others = [p for p in visible if p.name.lower().endswith(volumes.SUFFIXES)]
    if images:
        for path in others:
            notes.add("volumes beside images left out; name them to read them", path.name)
    if images or others:
        return images or others
    within = sorted(p.name for p in visible if p.is_dir())
    raise InputError(
        f"no images in the folder {folder} (looked for {', '.join(SUFFIXES + volumes.SUFFIXES)}"
        + (f"; {len(hidden)} hidden files skipped" if hidden else "")
        + (f"; folders in it are named one by one, as {folder / within[0]}" if within else "")
        + ")"
    )


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in DEBRIS


def labels(paths: Sequence[Path]) -> list[str]:
    """What each file is called: its name, behind as many of its folders as tell it from others.

    Parameters
    ----------
    paths : sequence of Path

    Returns
    -------
    list of str
        The same path has the same label.

    Examples
    --------
    >>> from pathlib import Path
    >>> from linscale.images.files import labels
    >>> labels([Path("a/1/slice.png"), Path("a/2/slice.png"), Path("b.png")])
    ['1/slice.png', '2/slice.png', 'b.png']
    """
    parts = [path.absolute().parts for path in paths]
    lengths = [1] * len(parts)
    while True:
        owners: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        for whole, length in zip(parts, lengths, strict=True):
            owners.setdefault(whole[-length:], set()).add(whole)
        shared = [
            k for k, (whole, length) in enumerate(zip(parts, lengths, strict=True))
            if len(owners[whole[-length:]]) > 1 and length < len(whole)
        ]  # fmt: skip
        if not shared:
            return ["/".join(whole[-length:]) for whole, length in zip(parts, lengths, strict=True)]
        for k in shared:
            lengths[k] += 1


def planes(path: Path, label: str, notes: Notes) -> Iterator[Plane]:
    """The images in a file: one, the pages of a TIFF, or the slices of a volume.

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
        Several of one file are one group.

    Raises
    ------
    InputError
        A file that cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from linscale.images.files import planes
    >>> from linscale.images.notes import Notes
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.npy")
    ...     np.save(path, np.zeros((4, 6), dtype=np.uint8))
    ...     [(plane.name, plane.array.shape) for plane in planes(path, "a.npy", Notes())]
    [('a.npy', (4, 6))]
    """
    name = path.name.lower()
    if name.endswith(".npy"):
        yield Plane(label, _numpy(path), label, where=str(path))
    elif name.endswith(volumes.SUFFIXES) or (not name.endswith(SUFFIXES) and volumes.known(path)):
        yield from volumes.planes(path, label, notes)
    elif name.endswith((".tif", ".tiff")):
        yield from tiff.planes(path, label, notes)
    else:
        yield Plane(label, _picture(path, notes), label, where=str(path))


def _numpy(path: Path) -> np.ndarray:
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError):
        raise InputError(f"cannot read {path} as a NumPy array") from None


def _picture(path: Path, notes: Notes) -> np.ndarray:
    import PIL.Image

    try:
        with warnings.catch_warnings(), PIL.Image.open(path) as image:
            warnings.simplefilter("ignore")
            if getattr(image, "n_frames", 1) > 1:
                notes.add("of several frames in a picture the first was read", path.name)
            return tiff.array_of(image)
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError):
        raise InputError(f"cannot read {path} as an image") from None
