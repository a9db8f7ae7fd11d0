"""Tiles of a picture that overlap, and pictures of overlapping tiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InvalidArgument
from linscale.support import validate
from linscale.support.validate import FloatArray

Shape = tuple[int, int]


@dataclass(frozen=True)
class Tiling:
    """Tiles of one size in whole steps from one another; the picture is what they cover.

    Parameters
    ----------
    tile : (height, width)
    stride : (down, across)
        At most the tile's sides, so that no pixel is left out.
    counts : (rows, columns)
        Of tiles.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.tiling import Tiling
    >>> tiling = Tiling(tile=(2, 4), stride=(2, 2), counts=(1, 3))
    >>> picture = tiling.middle(np.arange(40.0).reshape(4, 10))
    >>> tiles = tiling.cut(picture)
    >>> tiles.shape, tiles[:4, 1]
    ((8, 3), array([13., 14., 15., 16.]))
    >>> bool(np.allclose(tiling.average(tiles), picture))
    True
    >>> bool(np.array_equal(tiling.nearest(tiles), picture))
    True
    """

    tile: Shape
    stride: Shape
    counts: Shape

    @classmethod
    def over(
        cls, image_shape: Shape, tile: Shape, stride: int | None = None, most: int | None = None
    ) -> Tiling:
        """As many tiles as an image has room for.

        Parameters
        ----------
        image_shape, tile : (height, width)
        stride : int, optional
            From 1 to the tile's shorter side; half of each side of the tile unless given.
        most : int, optional
            The picture is at most so many tiles high and wide.

        Returns
        -------
        Tiling

        Raises
        ------
        InvalidArgument
            A stride or a number of tiles outside these ranges, or an image smaller than a tile.

        Examples
        --------
        >>> from linscale.studies.tiling import Tiling
        >>> tiling = Tiling.over((100, 50), (12, 12), most=5)
        >>> tiling.stride, tiling.counts, tiling.shape
        ((6, 6), (9, 7), (60, 48))
        """
        down, across = max(1, tile[0] // 2), max(1, tile[1] // 2)
        if stride is not None:
            down = across = validate.integer("stride", stride, at_least=1, at_most=min(tile))
        if most is not None:
            most = validate.integer("tiles", most, at_least=1)
        if image_shape[0] < tile[0] or image_shape[1] < tile[1]:
            raise InvalidArgument("image", f"of shape {image_shape}", f"at least {tile}, a tile")

        def count(side: int, edge: int, step: int) -> int:
            return (min(side, side if most is None else most * edge) - edge) // step + 1

        rows = count(image_shape[0], tile[0], down)
        return cls(tile, (down, across), (rows, count(image_shape[1], tile[1], across)))

    @property
    def shape(self) -> Shape:
        """(height, width) of the picture."""
        (height, width), (down, across) = self.tile, self.stride
        return height + (self.counts[0] - 1) * down, width + (self.counts[1] - 1) * across

    def middle(self, pixels: FloatArray) -> FloatArray:
        """The picture in the middle of ``pixels``, an image that has room for it."""
        top, left = ((side - own) // 2 for side, own in zip(pixels.shape, self.shape, strict=True))
        return pixels[top : top + self.shape[0], left : left + self.shape[1]]

    def cut(self, picture: FloatArray) -> FloatArray:
        """Tiles of a ``picture`` as columns, flattened by row: (height * width, rows * columns)."""
        views = np.lib.stride_tricks.sliding_window_view(picture, self.tile)
        steps = views[:: self.stride[0], :: self.stride[1]]
        return steps.transpose(2, 3, 0, 1).reshape(self.tile[0] * self.tile[1], -1)

    def average(self, tiles: FloatArray) -> FloatArray:
        """The picture that ``tiles`` make together: where they overlap, their weighted mean.

        Weights fall towards a tile's border, where it knows least of what is around, so that no
        seam is left to see: sin(pi (i + 1/2) / side) for row i, times the same for its column.
        """
        height, width = self.tile
        columns = tiles.reshape(height, width, *self.counts)
        weights = np.outer(_window(height), _window(width))
        total, weight = np.zeros(self.shape), np.zeros(self.shape)
        for i in range(height):
            rows = slice(i, self.shape[0] - height + i + 1, self.stride[0])
            for j in range(width):
                place = rows, slice(j, self.shape[1] - width + j + 1, self.stride[1])
                total[place] += weights[i, j] * columns[i, j]
                weight[place] += weights[i, j]
        return np.asarray(total / weight)

    def nearest(self, tiles: FloatArray) -> FloatArray:
        """The picture with each pixel from one of ``tiles``, the one whose middle is nearest."""
        owners, places = zip(*map(_nearest, self.tile, self.stride, self.counts), strict=True)
        columns = tiles.reshape(*self.tile, *self.counts)
        return np.asarray(columns[(*np.ix_(*places), *np.ix_(*owners))])


def _window(side: int) -> FloatArray:
    return np.asarray(np.sin(np.pi * (np.arange(side) + 0.5) / side))


def _nearest(edge: int, step: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each pixel along a side: which tile, and the place in it."""
    pixel = np.arange(edge + (count - 1) * step)
    # Steps that the middle of the first tile is away, rounded: halves go to the tile before.
    tile = np.clip(np.ceil((pixel - 0.5 * (edge - 1)) / step - 0.5), 0, count - 1).astype(int)
    return tile, pixel - tile * step
