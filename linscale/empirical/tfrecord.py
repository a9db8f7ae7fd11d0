"""TFRecord framing: records one after another, each with two masked checksums."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linscale.empirical.crc32c import crc32c
from linscale.errors import InputError

_HEADER, _FOOTER = 12, 4


class DamagedFile(InputError):
    """A record file is cut off or altered.

    Attributes
    ----------
    offset : int
        The byte at which the first record that is no good begins.
    whole : int
        How many whole records come before it.

    Examples
    --------
    A run that was killed while it wrote its last event; the file's first record is its version.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> from tensorboardX import SummaryWriter
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with SummaryWriter(folder) as writer:
    ...         for step, value in ((100, 20.0), (200, 22.0), (300, 21.0)):
    ...             writer.add_scalar("psnr/val", value, step)
    ...     (path,) = Path(folder).iterdir()
    ...     _ = path.write_bytes(path.read_bytes()[:-5])
    ...     try:
    ...         ls.empirical.read_scalars(path)
    ...     except ls.empirical.DamagedFile as error:
    ...         print(error.whole, "whole records")
    ...     rest = ls.empirical.read_scalars(path, partial=True)
    3 whole records
    >>> rest.series["psnr/val"].value
    array([20., 22.])
    """

    def __init__(self, path: str, what: str, offset: int, whole: int) -> None:
        self.offset, self.whole = offset, whole
        super().__init__(
            f"{path} {what} at byte {offset}, after {whole} whole records: copy it again, or read "
            "with partial=True to keep what is whole"
        )


@dataclass(frozen=True, eq=False)
class Records:
    """Where the contents of the whole records begin and how long they are; notes on the others."""

    start: NDArray[np.int64]
    length: NDArray[np.int64]
    notes: tuple[str, ...] = ()


def looks_like(head: bytes) -> bool:
    """Whether a file that begins like this (12 bytes or more) is made of records."""
    if len(head) < _HEADER:
        return False
    return bool(_right(np.frombuffer(head[:_HEADER], np.uint8), np.zeros(1, np.int64), 8)[0])


def records(path: str, content: bytes, partial: bool = False) -> Records:
    r"""Find the records of a file and check both checksums of each.

    A record is its length (8 bytes, little-endian), the checksum of those, its contents, and
    their checksum. A checksum is a CRC-32C c, turned and shifted so that data that hold
    checksums have good ones too:

        ((c >> 15) | (c << 17)) + 0xa282ead8   mod 2^32.

    With ``partial``, records with a wrong checksum are left out, and all behind a length that
    cannot be trusted; the notes say where.

    Source: tensorflow/core/lib/io/record_writer.h and hash/crc32c.h, the format's description.
    """
    begins = _walk(content)
    data = np.frombuffer(content, np.uint8)
    # The last place is where the walk ended: the end of the file, or a record that is no good.
    whole, end = begins[:-1], int(begins[-1])
    length = np.diff(begins) - (_HEADER + _FOOTER)
    good_length = _right(data, whole, 8) if len(whole) else np.zeros(0, bool)
    trusted = len(whole) if good_length.all() else int(np.argmin(good_length))
    whole, length = whole[:trusted], length[:trusted]
    good = _right_contents(data, whole + _HEADER, length)
    problems: list[tuple[str, int, int]] = [
        ("has a record with a wrong checksum", int(whole[k]), int(k)) for k in np.flatnonzero(~good)
    ]
    if trusted < len(good_length):
        problems.append(("has a length with a wrong checksum", int(begins[trusted]), trusted))
    elif end < len(content):
        cut = len(content) - end < _HEADER or looks_like(content[end : end + _HEADER])
        what = "is cut off in the record" if cut else "has a length with a wrong checksum"
        problems.append((what, end, trusted))
    if problems and not partial:
        raise DamagedFile(path, *problems[0])
    notes = tuple(
        f"{path} {what} at byte {offset}: "
        + ("left out" if "record with" in what else "it and all behind it left out")
        for what, offset, _ in problems
    )
    return Records((whole + _HEADER)[good], length[good], notes)


def _walk(content: bytes) -> NDArray[np.int64]:
    """Where each record begins, then where the last whole one ends."""
    begins, place, size = [0], 0, len(content)
    unpack = struct.Struct("<Q").unpack_from
    while place + _HEADER + _FOOTER <= size:
        place += int(unpack(content, place)[0]) + _HEADER + _FOOTER
        if place > size:
            break
        begins.append(place)
    return np.array(begins, dtype=np.int64)


def _right(
    data: NDArray[np.uint8], start: NDArray[np.int64], length: int | NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether the masked checksum that follows each stretch is right."""
    lengths = np.broadcast_to(np.asarray(length, dtype=np.int64), start.shape)
    crc = crc32c(data, start, lengths)
    masked = ((crc >> 15) | (crc << 17)) + np.uint32(0xA282EAD8)
    stored = data[(start + lengths)[:, None] + np.arange(4)].astype(np.uint32)
    return np.asarray(masked == stored @ np.array([1, 1 << 8, 1 << 16, 1 << 24], dtype=np.uint32))


def _right_contents(
    data: NDArray[np.uint8], start: NDArray[np.int64], length: NDArray[np.int64]
) -> NDArray[np.bool_]:
    return _right(data, start, length) if len(start) else np.zeros(0, bool)
