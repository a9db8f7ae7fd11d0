"""Two-dimensional algebra on many points at once: what a variance profile of rank two leaves.

A :class:`Block` is a 2 x 2 matrix or a 2-vector at every point; a :class:`Series` holds sums over
the eigenspaces or over the law of tau, from which blocks are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Block:
    """A matrix, entries (2, 2, ...), or a vector, entries (2, ...); points broadcast."""

    entries: Any
    __array_ufunc__ = None  # so that an array times a block is the block's own product

    @property
    def is_matrix(self) -> bool:
        return isinstance(self.entries[0], list)

    def __add__(self, other: Block) -> Block:
        return self._with(other, lambda x, y: x + y)

    def __sub__(self, other: Block) -> Block:
        return self._with(other, lambda x, y: x - y)

    def __mul__(self, factor: Any) -> Block:
        return self._each(lambda x: x * factor)

    __rmul__ = __mul__

    def __neg__(self) -> Block:
        return self._each(lambda x: -x)

    def __matmul__(self, other: Block) -> Any:
        """Matrix times matrix, matrix times vector, or the product of two vectors, a scalar."""
        a, b = self.entries, other.entries
        if not self.is_matrix:
            return a[0] * b[0] + a[1] * b[1]
        if not other.is_matrix:
            return Block([row[0] * b[0] + row[1] * b[1] for row in a])
        return Block([[row[0] * b[0][j] + row[1] * b[1][j] for j in range(2)] for row in a])

    def _with(self, other: Block, join: Any) -> Block:
        a, b = self.entries, other.entries
        if self.is_matrix:
            return Block([[join(a[i][j], b[i][j]) for j in range(2)] for i in range(2)])
        return Block([join(x, y) for x, y in zip(a, b, strict=True)])

    def _each(self, change: Any) -> Block:
        a = self.entries
        if self.is_matrix:
            return Block([[change(x) for x in row] for row in a])
        return Block([change(x) for x in a])

    @property
    def T(self) -> Block:
        """Transposed."""
        (a, b), (c, d) = self.entries
        return Block([[a, c], [b, d]])

    @property
    def trace(self) -> Any:
        return self.entries[0][0] + self.entries[1][1]

    @property
    def first(self) -> Any:
        """The first column of a matrix, or the first entry of a vector."""
        a = self.entries
        return Block([a[0][0], a[1][0]]) if self.is_matrix else a[0]

    def solved(self) -> Block:
        """(1 - self)^{-1}."""
        (a, b), (c, d) = self.entries
        a, d = 1.0 - a, 1.0 - d
        scale = 1.0 / (a * d - b * c)
        return Block([[d * scale, b * scale], [c * scale, a * scale]])


ONES = Block([1.0, 1.0])
UNIT = Block([1.0, 0.0])


def outer(x: Block, y: Block) -> Block:
    """x y'."""
    return Block([[a * b for b in y.entries] for a in x.entries])


def product_trace(a: Block, b: Block) -> Any:
    """tr(a b)."""
    return sum(a.entries[i][j] * b.entries[j][i] for i in range(2) for j in range(2))


@dataclass(frozen=True, eq=False)
class Series:
    """Sums of w X x^i for i = 0, 1, ..., and with f = (x, unit) those of w X f, w X f f', ..."""

    sums: Sequence[Any]
    unit: float
    __array_ufunc__ = None

    def times(self, y: Block) -> Series:
        """f'y as a factor in the sum."""
        a, b = y.entries[0], self.unit * y.entries[1]
        return Series(
            [a * high + b * low for low, high in zip(self.sums, self.sums[1:], strict=False)],
            self.unit,
        )

    def __add__(self, other: Series) -> Series:
        pairs = zip(self.sums, other.sums, strict=False)
        return Series([a + b for a, b in pairs], self.unit)

    def __mul__(self, factor: Any) -> Series:
        return Series([factor * a for a in self.sums], self.unit)

    __rmul__ = __mul__

    @property
    def scalar(self) -> Any:
        return self.sums[0]

    @property
    def vector(self) -> Block:
        """Sum of w X f."""
        return Block([self.sums[1], self.unit * self.sums[0]])

    @property
    def matrix(self) -> Block:
        """Sum of w X f f'."""
        mixed = self.unit * self.sums[1]
        return Block([[self.sums[2], mixed], [mixed, self.unit**2 * self.sums[0]]])


def powers(values: Any, highest: int) -> Any:
    """values^0 .. values^highest, (highest + 1, *values.shape)."""
    return np.stack([values**i for i in range(highest + 1)])
