"""Volumes in HDF5: fastMRI's files, and images and acquisitions as ISMRMRD keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InputError
from linscale.images import ismrmrd, kspace
from linscale.images.notes import Notes
from linscale.images.pixels import Plane

RECONSTRUCTIONS = ("reconstruction_rss", "reconstruction_esc")  # (slices, H, W), in this order
SUPPORTED = (
    "supported are fastMRI's datasets reconstruction_rss, reconstruction_esc (slices, H, W) and "
    "kspace (slices, H, W) or (slices, coils, H, W), and ISMRMRD's groups with image_0/data, or "
    "with xml and data"
)


def planes(h5py: Any, path: Path, label: str, notes: Notes) -> Iterator[Plane]:
    """The slices of a volume, by what the file holds; what was read is noted.

    fastMRI: the reconstruction where there is one. Else k-space, which must be whole: its centred
    orthonormal inverse Fourier transform, root sum of squares over the coils, cropped to the
    middle, as large as the header (``ismrmrd_header``, reconSpace) says. ISMRMRD: see
    :mod:`linscale.images.ismrmrd`.

    Source: Zbontar et al., fastMRI, arXiv 1811.08839.

    Parameters
    ----------
    h5py : module
    path : Path
    label : str
        What it is called.
    notes : Notes
        Says what was done.

    Yields
    ------
    Plane
        All of them one group.

    Raises
    ------
    InputError
        A file that cannot be read, or holds none of these; k-space that is not whole.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import h5py
    >>> import numpy as np
    >>> from linscale.images import hdf5
    >>> from linscale.images.notes import Notes
    >>> notes = Notes()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "file1.h5")
    ...     with h5py.File(path, "w") as file:
    ...         file["reconstruction_rss"] = np.full((2, 4, 6), 4e-4, dtype=np.float32)
    ...     found = list(hdf5.planes(h5py, path, "file1.h5", notes))
    >>> [(plane.name, plane.array.shape, plane.group) for plane in found]
    [('file1.h5 0', (4, 6), 'file1.h5'), ('file1.h5 1', (4, 6), 'file1.h5')]
    >>> notes.lines()
    ['read from reconstruction_rss: 1 (file1.h5)']
    """
    try:
        with h5py.File(path, "r") as file:
            for k, pixels in enumerate(_slices(h5py, file, path, label, notes)):
                yield Plane(f"{label} {k}", pixels, label, where=f"{path} slice {k}")
    except OSError as error:
        raise InputError(f"cannot read {path} as HDF5 ({error})") from None


def _slices(h5py: Any, file: Any, path: Path, label: str, notes: Notes) -> Iterator[NDArray[Any]]:
    sets = {name for name, entry in file.items() if isinstance(entry, h5py.Dataset)}
    for name in RECONSTRUCTIONS:
        if name in sets:
            _check(path, file[name], (3,), "(slices, H, W)")
            notes.add(f"read from {name}", label)
            return iter(file[name])
    if "kspace" in sets:
        return _from_kspace(file, path, label, notes)
    groups = [entry for entry in (file, *file.values()) if isinstance(entry, h5py.Group)]
    for images in (True, False):  # images of any group before acquisitions
        for group in groups:
            found = (ismrmrd.images if images else ismrmrd.acquisitions)(group, path, label, notes)
            if found is not None:
                return found
    raise InputError(f"{path} holds {', '.join(map(str, file)) or 'nothing'}; {SUPPORTED}")


def _check(path: Path, data: Any, axes: tuple[int, ...], allowed: str) -> None:
    if data.ndim not in axes or not data.size:
        name = data.name.strip("/")
        raise InputError(f"{path}: {name} has shape {data.shape}; {allowed} is needed")


def _from_kspace(file: Any, path: Path, label: str, notes: Notes) -> Iterator[NDArray[Any]]:
    data = file["kspace"]
    _check(path, data, (3, 4), "(slices, H, W) or (slices, coils, H, W)")
    if data.dtype.kind != "c":
        raise InputError(f"{path}: kspace is {data.dtype}; complex numbers are needed")
    if "mask" in file and not np.all(file["mask"][...]):
        raise InputError(
            f"{path}: its k-space is undersampled (its mask leaves columns out), and it holds no "
            "reconstruction; volumes with whole k-space are needed"
        )
    header = kspace.header(file["ismrmrd_header"][()]) if "ismrmrd_header" in file else None
    size = None if header is None else header.recon[:2]  # columns of x lie along the first axis
    coils = data.shape[1] if data.ndim == 4 else 1
    notes.add(f"read from kspace, {kspace.done(coils, size)}", label)
    for k in range(data.shape[0]):
        yield kspace.image(np.asarray(data[k]).reshape(coils, *data.shape[-2:]), size)
