"""ISMRMRD's layout in HDF5: groups with series of images, or with acquired lines of k-space."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InputError
from linscale.images import kspace
from linscale.images.notes import Notes
from linscale.support.validate import FloatArray

# Flags of lines that are no part of the image, by their number in the standard: noise, parallel
# calibration alone, navigation, phase correction, HP feedback, dummies, RT feedback, surface coils.
NOT_IMAGE = sum(1 << (flag - 1) for flag in (19, 20, 23, 24, 26, 27, 28, 29))
OTHERS = ("average", "contrast", "phase", "repetition", "set")  # of each of these the first is used


def images(group: Any, path: Path, label: str, notes: Notes) -> Iterator[NDArray[Any]] | None:
    """Images of the first series of a group.

    Source: Inati et al., Magn. Reson. Med. 77 (2017) 411.

    Parameters
    ----------
    group : h5py.Group
        With image_0/data (or another number), (n, channels, z, y, x).
    path : Path
        For messages.
    label : str
        What the file is called.
    notes : Notes
        Says what was read.

    Returns
    -------
    iterator over (H, W) arrays, or None
        Of n and z; several channels are put together by root sum of squares. None if the group has
        no images.

    Raises
    ------
    InputError
        Images of another shape.

    Examples
    --------
    Anything that maps names to groups and arrays will do here:

    >>> from pathlib import Path
    >>> import numpy as np
    >>> from linscale.images import ismrmrd
    >>> from linscale.images.notes import Notes
    >>> group = {"image_0": {"data": np.full((3, 2, 1, 4, 6), 5.0, dtype=np.float32)}}
    >>> found = list(ismrmrd.images(group, Path("out.h5"), "out.h5", Notes()))
    >>> len(found), found[0].shape, round(float(found[0][0, 0] ** 2), 3)
    (3, (4, 6), 50.0)
    """
    series = sorted(
        name for name, entry in group.items()
        if name.startswith("image_") and not hasattr(entry, "dtype") and "data" in entry
    )  # fmt: skip
    if not series:
        return None
    data = group[series[0]]["data"]
    if len(data.shape) != 5 or 0 in data.shape:
        raise InputError(
            f"{path}: {series[0]}/data has shape {data.shape}; (n, channels, z, y, x) is needed"
        )
    notes.add(f"read from {series[0]}/data", label)
    if len(series) > 1:
        notes.add(f"other series of images left out ({', '.join(series[1:])})", label)
    if data.shape[1] > 1:
        notes.add(f"root sum of squares of {data.shape[1]} channels", label)
    return _images(data)


def _images(data: Any) -> Iterator[NDArray[Any]]:
    for n in range(data.shape[0]):
        channels = _numbers(np.asarray(data[n]))
        if channels.shape[0] > 1:
            yield from np.sqrt(np.sum(np.abs(channels.astype(np.complex128)) ** 2, axis=0))
        else:
            yield from channels[0]


def _numbers(array: NDArray[Any]) -> NDArray[Any]:
    """Complex numbers where they are kept as records of two, real and imaginary."""
    names = array.dtype.names
    if names is None or len(names) != 2:
        return array
    return np.asarray(array[names[0]] + 1j * array[names[1]])


def acquisitions(group: Any, path: Path, label: str, notes: Notes) -> Iterator[FloatArray] | None:
    """Images from the lines of k-space of a group, which must be whole and Cartesian.

    Lines of noise, calibration and navigation are left out; of averages, contrasts, phases,
    repetitions and sets the first is used. Centred orthonormal inverse Fourier transform in two
    dimensions or three, root sum of squares of the coils, cropped to the header's reconSpace.

    Parameters
    ----------
    group : h5py.Group
        With xml, the header, and data, records with head and data.
    path : Path
        For messages.
    label : str
        What the file is called.
    notes : Notes
        Says what was done.

    Returns
    -------
    iterator over (H, W) arrays, or None
        None if the group has no acquisitions.

    Raises
    ------
    InputError
        Another trajectory, a header that does not say the sizes, or lines that are missing.

    Examples
    --------
    >>> from pathlib import Path
    >>> from linscale.images import ismrmrd
    >>> from linscale.images.notes import Notes
    >>> print(ismrmrd.acquisitions({}, Path("out.h5"), "out.h5", Notes()))
    None
    """
    if "xml" not in group or "data" not in group or group["data"].dtype.names is None:
        return None
    header = kspace.header(group["xml"][()])
    if header is None:
        raise InputError(f"{path}: its header does not say the sizes of k-space and image")
    if header.trajectory != "cartesian":
        raise InputError(f"{path}: a {header.trajectory} trajectory; reconstruct images first")
    volumes = _assembled(group["data"][...], header, path)
    size = header.recon[1], header.recon[0]  # x runs along lines
    notes.add(f"read from lines of k-space, {kspace.done(volumes.shape[1], size)}", label)
    return _reconstructed(volumes, size)


def _reconstructed(volumes: NDArray[Any], size: kspace.Size) -> Iterator[FloatArray]:
    for coils in volumes:
        yield from kspace.image(coils, size)


def _assembled(records: NDArray[Any], header: kspace.Header, path: Path) -> NDArray[np.complex64]:
    """(slices, coils, z, y, x): every line at its place."""
    head = records["head"]
    index = head["idx"]
    used = (head["flags"] & np.uint64(NOT_IMAGE)) == 0
    for name in OTHERS:
        if np.any(used):
            used &= index[name] == index[name][used].min()
    if not np.any(used):
        raise InputError(f"{path}: no lines of an image among its acquisitions")
    lines, head, index = records["data"][used], head[used], index[used]
    (x, y, z), coils = header.encoded, int(head["active_channels"][0])
    first = y // 2 if header.centers[0] is None else header.centers[0]
    second = z // 2 if header.centers[1] is None else header.centers[1]
    at_y = index["kspace_encode_step_1"].astype(int) - first + y // 2
    at_z = index["kspace_encode_step_2"].astype(int) - second + z // 2
    slices, at_slice = np.unique(index["slice"], return_inverse=True)
    volumes = np.zeros((slices.size, coils, z, y, x), dtype=np.complex64)
    filled = np.zeros((slices.size, z, y), dtype=bool)
    for k, line in enumerate(lines):
        samples = int(head["number_of_samples"][k])
        inside = 0 <= at_y[k] < y and 0 <= at_z[k] < z
        if samples != x or not inside or line.size != 2 * coils * samples:
            raise InputError(
                f"{path}: line {k} has {line.size // 2} numbers at ({at_y[k]}, {at_z[k]}); "
                f"{x} for each of {coils} coils within ({y}, {z}) are needed"
            )
        values = np.asarray(line, dtype=np.float32).view(np.complex64).reshape(coils, samples)
        volumes[at_slice[k], :, at_z[k], at_y[k]] = values
        filled[at_slice[k], at_z[k], at_y[k]] = True
    if not np.all(filled):
        raise InputError(
            f"{path}: {filled.sum()} of {filled.size} lines of k-space are there; it must be whole"
        )
    return volumes
