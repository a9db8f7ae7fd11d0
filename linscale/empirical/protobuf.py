"""As much of the protocol buffer wire format as event files need."""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Malformed(Exception):
    """Bytes that are no message; for the reader of the file to report."""


def message(data: bytes, place: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """The fields between two places: number, wire type, and where the value begins and ends.

    The value of a varint is given in place of its beginning.

    Source: protobuf.dev/programming-guides/encoding.
    """
    while place < end:
        key, place = varint(data, place, end)
        number, kind = key >> 3, key & 7
        if kind == BYTES:
            size, place = varint(data, place, end)
            stop = place + size
            first = place
        elif kind == VARINT:
            first, stop = varint(data, place, end)
        elif kind in (FIXED64, FIXED32):
            first, stop = place, place + (8 if kind == FIXED64 else 4)
        else:
            raise Malformed
        if stop > end or number == 0:
            raise Malformed
        yield number, kind, first, stop
        place = stop


def varint(data: bytes, place: int, end: int) -> tuple[int, int]:
    """An integer of up to ten bytes, seven bits each, and the place behind it."""
    if place < end and data[place] < 0x80:
        return data[place], place + 1
    value = shift = 0
    while place < end and shift < 70:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
        shift += 7
    raise Malformed


def signed(value: int) -> int:
    """A varint as the int64 whose two's complement it is."""
    value &= 0xFFFFFFFFFFFFFFFF
    return value - (1 << 64) if value >> 63 else value
