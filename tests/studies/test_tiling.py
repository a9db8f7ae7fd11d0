"""Tiles that overlap: cut out, averaged, and the picture that has each pixel from one of them."""

import numpy as np
import pytest

from linscale.errors import InvalidArgument
from linscale.studies.tiling import Tiling
from tests.tolerances import rounding

TILINGS = [
    Tiling((4, 4), (2, 2), (5, 3)),
    Tiling((5, 3), (2, 3), (3, 4)),
    Tiling((6, 4), (1, 4), (4, 2)),
    Tiling((3, 3), (3, 3), (2, 2)),
    Tiling((1, 5), (1, 2), (3, 1)),
]


@pytest.mark.parametrize("tiling", TILINGS, ids=str)
def test_tiles_of_a_picture_make_the_picture(tiling, rng):
    picture = rng.standard_normal(tiling.shape)
    tiles = tiling.cut(picture)
    assert tiles.shape == (np.prod(tiling.tile), np.prod(tiling.counts))
    assert np.array_equal(tiling.nearest(tiles), picture)
    # Positive weights: each pixel is a mean of as many equal values as there are tiles.
    digits = rounding(1.0, 2 * tiles.shape[1] + 2)
    assert np.all(np.abs(tiling.average(tiles) - picture) <= digits * np.abs(picture))


@pytest.mark.parametrize("tiling", TILINGS, ids=str)
def test_the_average_is_that_of_a_loop_over_tiles(tiling, rng):
    """Tiles of no picture, added one by one with the weights that the docstring says."""
    (height, width), (down, across), (rows, columns) = tiling.tile, tiling.stride, tiling.counts
    tiles = rng.standard_normal((height * width, rows * columns))
    sides = [np.sin(np.pi * (np.arange(side) + 0.5) / side) for side in (height, width)]
    window = sides[0][:, None] * sides[1]
    total, weight, largest = np.zeros((3, *tiling.shape))
    for k in range(rows * columns):
        top, left = k // columns * down, k % columns * across
        place = slice(top, top + height), slice(left, left + width)
        tile = tiles[:, k].reshape(height, width)
        total[place] += window * tile
        weight[place] += window
        largest[place] = np.maximum(largest[place], np.abs(tile))
    # A mean of numbers of either sign is known to eps of the largest.
    digits = rounding(1.0, 2 * tiles.shape[1] + 4)
    assert np.all(np.abs(tiling.average(tiles) - total / weight) <= digits * largest)


@pytest.mark.parametrize("tiling", TILINGS, ids=str)
def test_each_pixel_is_of_the_tile_with_the_nearest_middle(tiling):
    rows, columns = tiling.counts
    owner = tiling.nearest(np.tile(np.arange(rows * columns), (np.prod(tiling.tile), 1)))
    k = np.arange(rows * columns)
    middles = [
        (k // columns) * tiling.stride[0] + 0.5 * (tiling.tile[0] - 1),
        (k % columns) * tiling.stride[1] + 0.5 * (tiling.tile[1] - 1),
    ]
    for (row, column), chosen in np.ndenumerate(owner):
        # Each side by itself: distances are halves, and so exact.
        for place, middle in zip((row, column), middles, strict=True):
            distance = np.abs(middle - place)
            assert distance[chosen] == distance.min()


def test_as_many_as_there_is_room_for(rng):
    tiling = Tiling.over((101, 47), (12, 8))
    assert tiling.stride == (6, 4)
    assert tiling.counts == (15, 10)  # 12 + 14 * 6 = 96, and another step would be 102
    assert tiling.shape == (96, 44)
    assert Tiling.over((1000, 1000), (12, 8), most=5).shape == (60, 40)
    assert Tiling.over((1000, 1000), (12, 8), stride=5, most=5).shape == (57, 38)
    assert Tiling.over((12, 8), (12, 8)).counts == (1, 1)
    image = rng.standard_normal((101, 47))
    assert np.array_equal(tiling.middle(image), image[2:98, 1:45])


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"stride": 0}, "stride"),
        ({"stride": 9}, "stride"),  # leaves pixels out: the tile is 8 wide
        ({"most": 0}, "tiles"),
        ({"image_shape": (11, 40)}, "image"),
        ({"image_shape": (40, 7)}, "image"),
    ],
)
def test_bad_arguments_are_named(options, word):
    with pytest.raises(InvalidArgument, match=word):
        Tiling.over(**{"image_shape": (40, 40), "tile": (12, 8), **options})
