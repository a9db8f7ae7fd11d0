"""Volumes of medical scanners, slice by slice: NIfTI by nibabel, DICOM by pydicom, HDF5 by h5py."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InputError
from linscale.images import hdf5
from linscale.images.notes import Notes
from linscale.images.pixels import Plane

NIFTI: tuple[str, ...] = (".nii", ".nii.gz")
DICOM: tuple[str, ...] = (".dcm", ".ima")
HDF5: tuple[str, ...] = (".h5", ".hdf5")
SUFFIXES = NIFTI + DICOM + HDF5
MAGIC = ((0, b"\x89HDF\r\n\x1a\n", HDF5), (128, b"DICM", DICOM))  # for names that say nothing


def known(path: Path) -> bool:
    """Whether a file without a telling name begins as DICOM or HDF5 do.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bool

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from linscale.images.volumes import known
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "IM0001")
    ...     _ = path.write_bytes(bytes(128) + b"DICM")
    ...     known(path)
    True
    """
    return bool(_format(path))


def _format(path: Path) -> tuple[str, ...]:
    name = path.name.lower()
    for suffixes in (NIFTI, DICOM, HDF5):
        if name.endswith(suffixes):
            return suffixes
    try:
        with path.open("rb") as file:
            start = file.read(132)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    for at, magic, suffixes in MAGIC:
        if start[at:].startswith(magic):
            return suffixes
    return ()


def planes(path: Path, label: str, notes: Notes) -> Iterator[Plane]:
    """The slices of a volume, without those of one value, as one group.

    NIfTI: slices along the last axis, turned so that its second axis runs down; of a series the
    first volume. DICOM: every frame, by the header's slope and intercept; the group is the series.
    HDF5: see :mod:`linscale.images.hdf5`.

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
        A file that cannot be read, holds no image, or needs a package that is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import nibabel
    >>> import numpy as np
    >>> from linscale.images import volumes
    >>> from linscale.images.notes import Notes
    >>> values = np.zeros((5, 4, 3), dtype=np.float32)
    >>> values[2, 2, 1:] = 1.0
    >>> notes = Notes()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "head.nii")
    ...     nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), path)
    ...     found = list(volumes.planes(path, "head.nii", notes))
    >>> [(plane.name, plane.array.shape, plane.group) for plane in found]
    [('head.nii 1', (4, 5), 'head.nii'), ('head.nii 2', (4, 5), 'head.nii')]
    >>> notes.lines()
    ['slices of one value left out: 1 (head.nii 0)']
    """
    readers = dict(zip((NIFTI, DICOM, HDF5), (_nifti, _dicom, _hdf5), strict=True))
    reader = readers[_format(path)]
    any_left = False
    for plane in reader(path, label, notes):
        if _is_constant(plane.array):
            notes.add("slices of one value left out", plane.name)
        else:
            any_left = True
            yield plane
    if not any_left:
        raise InputError(f"{path}: every slice has one value throughout; nothing is in it")


def _is_constant(array: NDArray[Any]) -> bool:
    return bool(array.size) and bool(np.all(array == array.flat[0]))


def _package(name: str, path: Path) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        raise InputError(f"{path} needs {name}: pip install 'linscale[mri]'") from None


def _hdf5(path: Path, label: str, notes: Notes) -> Iterator[Plane]:
    return hdf5.planes(_package("h5py", path), path, label, notes)


def _nifti(path: Path, label: str, notes: Notes) -> Iterator[Plane]:
    nibabel = _package("nibabel", path)
    try:
        image = nibabel.load(path)
        volume = np.asarray(image.dataobj)
        stored = np.dtype(image.get_data_dtype()).name
    except Exception as error:  # damage shows in many ways, and all mean the same
        raise InputError(f"cannot read {path} as NIfTI ({error})") from None
    if volume.ndim < 2 or volume.size == 0:
        raise InputError(f"{path}: shape {volume.shape}; slices (H, W) are needed")
    volume = volume[..., None] if volume.ndim == 2 else volume
    if volume[0, 0, 0].size > 1:
        notes.add("of a series the first volume was read", label)
    volume = volume.reshape(*volume.shape[:3], -1)[..., 0]
    kind = "" if volume.dtype.name == stored else f"scaled {stored}"
    depth = volume.shape[2]
    for k in range(depth):
        which = "" if depth == 1 else f" {k}"
        yield Plane(f"{label}{which}", volume[..., k].T, label, kind, where=f"{path}{which}")


def _dicom(path: Path, label: str, notes: Notes) -> Iterator[Plane]:
    pydicom = _package("pydicom", path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            header = pydicom.dcmread(path)
            if "PixelData" not in header and "FloatPixelData" not in header:
                raise InputError(f"{path}: a DICOM file without pixels")
            array = np.asarray(header.pixel_array)
        except InputError:
            raise
        except Exception as error:  # damage shows in many ways; a missing decoder is named
            raise InputError(f"cannot read {path} as DICOM ({error})") from None
    colours = int(header.get("SamplesPerPixel", 1)) > 1
    frames = array if array.ndim == (4 if colours else 3) else array[None]
    if header.get("PhotometricInterpretation") == "MONOCHROME1":
        notes.add("white is stored as 0 (MONOCHROME1), and left so", label)
    series = header.get("SeriesInstanceUID")
    group = f"series {series}" if series else label
    for k, frame in enumerate(frames):
        which = "" if len(frames) == 1 else f" {k}"
        name, where = f"{label}{which}", f"{path}{which}"
        slope, intercept = _rescale(header, k)
        if (slope, intercept) != (1.0, 0.0):
            kind = f"rescaled {frame.dtype.name}"
            yield Plane(name, slope * frame + intercept, group, kind, where=where)
            continue
        bits, kind, white = int(header.get("BitsStored", 0)), "", None
        if frame.dtype.kind == "u" and 0 < bits < 8 * frame.dtype.itemsize:
            kind, white = f"{frame.dtype.name} of {bits} bits", float(2**bits - 1)
        yield Plane(name, frame, group, kind, white, where)


def _rescale(header: Any, frame: int) -> tuple[float, float]:
    """Slope and intercept: of the frame, of all frames, or of the file."""
    every = header.get("SharedFunctionalGroupsSequence") or []
    each = header.get("PerFrameFunctionalGroupsSequence") or []
    for groups in (each[frame : frame + 1], every[:1]):
        for group in groups:
            for values in group.get("PixelValueTransformationSequence") or []:
                return float(values.RescaleSlope), float(values.RescaleIntercept)
    return float(header.get("RescaleSlope", 1.0)), float(header.get("RescaleIntercept", 0.0))
