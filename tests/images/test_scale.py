"""One scale: white is told or known, what looks wrong is said, and the unit does not matter."""

import numpy as np
import PIL.Image
import pytest

import linscale as ls
from linscale.errors import InputError, InvalidArgument, ScaleWarning
from linscale.images import Image, as_images, read
from linscale.studies import tables
from tests.images.writers import levels

LEVELS = np.array([levels(k, 48) for k in range(3)])  # 0 to 15
UNITS = {  # what the same pixels are in a file, and what is white there
    "0..1": (LEVELS / 15, 1.0, None),
    "8 bit": ((17 * LEVELS).astype(np.uint8), 255.0, None),
    "16 bit": ((4369 * LEVELS).astype(np.uint16), 65535.0, None),
    "12 bit in 16": ((273 * LEVELS).astype(np.uint16), 4095.0, "--white 4095 if 12 bits were used"),
    "0..4e-4": ((LEVELS * (4e-4 / 15)).astype(np.float32), 4e-4, "--white max"),
    "0..2800": ((LEVELS * (2800 / 15)).astype(np.float32), 2800.0, "--white 2800 or --white max"),
    "signed": ((2000 * LEVELS).astype(np.int16), 30000.0, "--white 30000 or --white max"),
}
ASK = {"sigma": 0.1, "patch_size": 4, "n_train": [10, 100], "resamples": 0, "contrast": "constant"}


def decibels(found):
    return np.append(tables.psnr(found.curve.at_n_train([10, 100]).value), found.floor)


@pytest.fixture(scope="module")
def expected():
    return decibels(ls.predict(UNITS["0..1"][0], **ASK))


@pytest.mark.parametrize("unit", UNITS)
def test_the_same_pixels_in_any_unit(unit, expected):
    pixels, white, _ = UNITS[unit]
    for told in (white, "max"):
        found = ls.predict(pixels, white=told, **ASK)
        assert np.abs(decibels(found) - expected).max() < 0.01, told
        assert found.study.meta["white"] == pytest.approx(white, rel=1e-6)
    half = ls.predict(pixels, white=2 * white, **ASK)  # planted: white told wrongly
    assert np.abs(decibels(half) - expected).max() > 1.0


@pytest.mark.parametrize("unit", [unit for unit, (*_, remedy) in UNITS.items() if remedy])
def test_a_unit_that_is_not_told_is_doubted_or_refused(unit):
    pixels, _, remedy = UNITS[unit]
    if unit in ("0..2800", "signed"):
        with pytest.raises(InputError, match=remedy):
            ls.predict(pixels, **ASK)
        return
    with pytest.warns(ScaleWarning, match=remedy) as caught:
        ls.predict(pixels, **ASK)
    assert len(caught) == 1  # the floor's NMSE is not said once more
    assert caught[0].filename == __file__


@pytest.mark.parametrize("unit", [unit for unit, (*_, remedy) in UNITS.items() if not remedy])
def test_where_white_is_known_nothing_is_doubted(unit, expected):
    found = ls.predict(UNITS[unit][0], **ASK)  # a warning would be an error
    assert np.abs(decibels(found) - expected).max() < 0.01


def test_the_line_says_type_range_size_count_and_white(tmp_path):
    for k, image in enumerate(UNITS["12 bit in 16"][0]):
        PIL.Image.fromarray(image).save(tmp_path / f"{k}.png")
    np.save(tmp_path / "z.npy", np.linspace(0, 4000, 20 * 30).reshape(20, 30))
    found = read(tmp_path, white=4095)
    assert str(found.summary) == (
        "4 images of 20 x 30 to 48 x 48, 3 of uint16 from 0 to 4095 (white = 4095), "
        "1 of float64 from 0 to 4000 (white = 4095)"
    )


def test_white_by_a_word_is_one_number_for_all():
    """Images keep their brightness beside each other."""
    dark, light = np.full((20, 50), 100.0), np.linspace(0.0, 2000.0, 1000).reshape(20, 50)
    found = read([dark, light], white="max")
    assert [image.pixels.max() for image in found.images] == [0.05, 1.0]
    every = np.concatenate([dark.ravel(), light.ravel()])
    found = read([dark, light], white="percentile")
    assert found.summary.white == np.percentile(every, 99.9) < 2000.0


@pytest.mark.parametrize("white", [0, -3.0, np.nan, np.inf, "bright", "0", "", [255], True])
def test_white_is_a_number_or_a_word(white):
    with pytest.raises(InvalidArgument, match=r"white = .*'max' or 'percentile'"):
        read(LEVELS / 15, white=white)


def test_white_that_cannot_be():
    with pytest.raises(InputError, match="white = 'max' is 0 in these images"):
        read(np.zeros((9, 9)), white="max")
    with pytest.raises(InvalidArgument, match="left out where images are given as Image"):
        as_images([Image("a", LEVELS[0] / 15)], white=15)
    with pytest.raises(InvalidArgument, match="magnitude"):
        read(LEVELS / 15, magnitude=1)


def test_white_in_another_unit_is_doubted():
    with pytest.warns(ScaleWarning, match=r"brightest pixel is 2800, 11 of white \(255\)"):
        read(LEVELS * (2800 / 15), white=255)
    with pytest.warns(ScaleWarning, match="brightest pixel is 255, 0.062 of white"):
        read((17 * LEVELS).astype(np.uint8), white=4095)


def test_images_that_are_given_are_doubted_too():
    with pytest.warns(ScaleWarning, match="of white"):
        as_images([Image("a", LEVELS[0] / 15 * 4e-4)])


@pytest.mark.parametrize(("highest", "bits"), [(200, 8), (1000, 10), (4000, 12), (6000, 14)])
def test_how_many_bits_were_used(highest, bits):
    image = np.linspace(0, highest, 100).astype(np.uint16).reshape(10, 10)
    with pytest.warns(ScaleWarning, match=f"--white {2**bits - 1} if {bits} bits were used"):
        read(image)


def test_a_dark_kind_among_others_is_doubted():
    with pytest.warns(ScaleWarning, match="brightest pixel is 4095"):
        read([*UNITS["8 bit"][0], *UNITS["12 bit in 16"][0]])


def test_what_was_read_is_taken_again_as_it_is():
    found = read(UNITS["12 bit in 16"][0], white=4095)
    assert read(found) is found
    one, two = (ls.predict(given, **ASK) for given in (found, found.images))
    assert one.floor == two.floor
    assert one.study.meta["white"] == 4095.0
    assert two.study.meta["white"] == 1.0
