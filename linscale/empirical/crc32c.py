"""CRC-32C (Castagnoli) of many messages at once, in NumPy."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78  # reflected
_AT_ONCE = 1 << 21  # bytes held as a matrix at a time
_BLOCK = 64

Words = NDArray[np.uint32]


def _table() -> Words:
    table = np.arange(256)
    for _ in range(8):
        table = (table >> 1) ^ np.where(table & 1, _POLYNOMIAL, 0)
    return table.astype(np.uint32)


TABLE = _table()


def crc32c(data: NDArray[np.uint8], start: NDArray[np.int64], length: NDArray[np.int64]) -> Words:
    r"""Checksums of the messages data[start : start + length], one for each pair.

    The register is linear in what it is fed, so that zero bytes before a message change nothing
    when it starts at zero, and its true start, all ones, is the message's first four bytes
    inverted. Messages are therefore padded in front to one of a few widths and fed column by
    column; a wide one is cut into blocks, fed side by side, and joined by

        crc(a b) = Z^|b| crc(a) ^ crc(b),    Z the effect of one zero byte.

    Source: Castagnoli, Brauer and Herrmann, IEEE Trans. Commun. 41 (1993) 883; RFC 3720, app. B.4.
    """
    result = np.empty(len(length), dtype=np.uint32)
    width = 1 << np.ceil(np.log2(np.maximum(length, 8))).astype(np.int64)
    for w in np.unique(width):
        members = np.flatnonzero(width == w)
        step = max(1, _AT_ONCE // int(w))
        for k in range(0, len(members), step):
            some = members[k : k + step]
            result[some] = _equally_wide(data, start[some], length[some], int(w))
    return result


def _equally_wide(
    data: NDArray[np.uint8], start: NDArray[np.int64], length: NDArray[np.int64], width: int
) -> Words:
    # One column of the matrix for each message, so that a step reads contiguous bytes.
    offset = np.arange(width)[:, None] - (width - length)
    inside = offset >= 0
    matrix = np.where(inside, data[np.where(inside, start + offset, 0)], np.uint8(0))
    matrix[inside & (offset < 4)] ^= 0xFF
    block = max(_BLOCK, 1 << (width.bit_length() // 2)) if width > _BLOCK else width
    pieces = matrix.reshape(width // block, block, len(length))
    crc = np.zeros((width // block, len(length)), dtype=np.uint32)
    for j in range(block):
        crc = (crc >> 8) ^ TABLE[(crc ^ pieces[:, j]) & 0xFF]
    joined = crc[0]
    for piece in crc[1:]:
        joined = _after_zeros(joined, block) ^ piece
    # A message shorter than its four inverted bytes has some of them left in the register.
    return np.asarray(~_spilled(joined, length))


def _spilled(crc: Words, length: NDArray[np.int64]) -> Words:
    """The register's start, all ones, where the message was too short to take all of it in."""
    short = length < 4
    left = np.where(short, 8 * np.minimum(length, 3), 0).astype(np.uint32)
    return np.where(short, crc ^ (np.uint32(0xFFFFFFFF) >> left), crc)


def _after_zeros(crc: Words, count: int) -> Words:
    table = _zeros(count)
    return np.asarray(
        table[0][crc & 0xFF] ^ table[1][(crc >> 8) & 0xFF]
        ^ table[2][(crc >> 16) & 0xFF] ^ table[3][crc >> 24]
    )  # fmt: skip


@lru_cache(maxsize=32)
def _zeros(count: int) -> Words:
    """The register after ``count`` zero bytes, by each of its four bytes, (4, 256)."""
    crc = (np.arange(256)[None, :] << (8 * np.arange(4))[:, None]).astype(np.uint32)
    for _ in range(count):
        crc = (crc >> 8) ^ TABLE[crc & 0xFF]
    return np.asarray(crc)
