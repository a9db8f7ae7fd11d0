"""Folders and files as people have them: which are read, what each is called, and every page."""

import numpy as np
import PIL.Image
import pytest

from linscale.errors import InputError
from linscale.images import as_images, load_images, read
from linscale.images.files import labels
from linscale.studies.pool import split_patches
from tests.images.writers import levels, tiff
from tests.tolerances import rounding

GREY = (17 * levels(0)).astype(np.uint8)
PAGES = np.array([17 * levels(k) for k in range(3)]).astype(np.uint8)


def pixels(found):
    return np.array([image.pixels for image in found.images])


# ------------------------------------------------------------------------------------- names


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for k in range(4):
        (tmp_path / f"subject{k}").mkdir()
        PIL.Image.fromarray(255 - GREY // (k + 1)).save(tmp_path / f"subject{k}" / "slice.png")
    found = read([tmp_path / f"subject{k}" for k in range(4)])
    assert [image.name for image in found.images] == [f"subject{k}/slice.png" for k in range(4)]
    assert found.summary.groups == 4
    held_out = split_patches(found.images, 5).held_out_names
    assert held_out == ["subject2/slice.png"]


def test_as_many_folders_as_are_needed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [tmp_path / name for name in ("a/1/x.png", "b/1/x.png", "b/2/x.png", "c/y.png")]
    assert labels(paths) == ["a/1/x.png", "b/1/x.png", "2/x.png", "y.png"]
    assert labels([paths[0], tmp_path / "a" / "1" / "x.png"]) == ["x.png", "x.png"]  # the same file


def test_a_file_that_is_given_twice_is_one_group(tmp_path):
    np.save(tmp_path / "a.npy", GREY)
    found = read([tmp_path, tmp_path / "a.npy"])
    assert [image.group for image in found.images] == ["a.npy", "a.npy"]
    assert found.summary.notes == ("files given more than once, and read as often: 1 (a.npy)",)


# ------------------------------------------------------------------------------------- folders


def test_hidden_files_are_skipped_and_counted(tmp_path):
    PIL.Image.fromarray(GREY).save(tmp_path / "0.png")
    for name in ("._0.png", ".DS_Store", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"\x00\x05\x16\x07 no image")
    (tmp_path / ".git").mkdir()
    found = read(tmp_path)
    assert [image.name for image in found.images] == ["0.png"]
    assert found.summary.notes == ("hidden files skipped: 3 (.DS_Store, ._0.png, ...)",)


def test_a_hidden_file_that_is_named_is_read(tmp_path):
    PIL.Image.fromarray(GREY).save(tmp_path / ".hidden.png")
    assert len(load_images([tmp_path / ".hidden.png"])) == 1


def test_a_folder_without_images_says_what_else_is_in_it(tmp_path):
    (tmp_path / "._0.png").write_bytes(b"no image")
    (tmp_path / "subject0").mkdir()
    with pytest.raises(InputError, match=r"1 hidden files skipped; .* as .*subject0\)") as caught:
        read(tmp_path)
    assert str(tmp_path) in str(caught.value)


# ------------------------------------------------------------------------------------- pages


@pytest.mark.parametrize("compression", [None, "tiff_deflate"])
def test_every_page_of_a_stack_and_one_group(tmp_path, compression):
    tiff(tmp_path / "vol.tif", PAGES, compression=compression)
    found = read(tmp_path)
    assert np.array_equal(pixels(found), PAGES / 255)
    assert [image.name for image in found.images] == ["vol.tif 0", "vol.tif 1", "vol.tif 2"]
    assert {image.group for image in found.images} == {"vol.tif"}
    assert split_patches(found.images, 5).held_out is None  # nothing stands beside the group


def test_a_stack_stored_as_colours_is_read_as_its_description_says(tmp_path):
    """As tifffile stores (3, H, W): the case of the three pages in one."""
    tifffile = pytest.importorskip("tifffile", reason="tifffile is optional")
    note = "colour planes of a TIFF read as pages, as its description has the shape of a stack"
    for dtype in (np.uint8, np.uint16):
        full = np.iinfo(dtype).max
        stack = PAGES * dtype(full // 255)
        tifffile.imwrite(tmp_path / "vol.tif", stack, photometric="rgb")
        found = read(tmp_path / "vol.tif")
        assert np.array_equal(pixels(found), stack / full)
        assert found.summary.notes == (f"{note}: 1 (vol.tif)",)
    tifffile.imwrite(tmp_path / "c.tif", PAGES, photometric="rgb", metadata={"axes": "CYX"})
    (image,) = load_images([tmp_path / "c.tif"])  # colours, by its description too
    luminance = np.tensordot((0.2126, 0.7152, 0.0722), PAGES / 255, axes=1)
    assert np.allclose(image.pixels, luminance, rtol=rounding(1.0, 4), atol=0.0)


def test_what_pillow_does_not_read_or_reads_wrongly(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="tifffile is optional")
    exact = {
        "float64": 0.9 * PAGES, "behind": PAGES, "signed8": (PAGES // 2 - 40).astype(np.int8),
        "signed16": PAGES.astype(np.int16) - 100, "unsigned32": PAGES.astype(np.uint32) << 24,
    }  # fmt: skip
    for name, stack in exact.items():
        options = {"truncate": True} if name == "behind" else {}  # one page alone is listed
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, stack, photometric="minisblack", **options)
        white = float(1 << 32 if name == "unsigned32" else 255)
        found = read(path, white=white)
        assert np.array_equal(pixels(found), stack / white), name
        assert found.summary.kinds[0].pixels == stack.dtype.name
    pair = np.stack([GREY, GREY], axis=-1)
    tifffile.imwrite(tmp_path / "pair.tif", pair, photometric="minisblack", planarconfig="contig")
    with pytest.raises(InputError, match=r"pair.tif: two numbers for each pixel"):
        read(tmp_path / "pair.tif")


def test_reduced_copies_are_no_pages(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="tifffile is optional")
    with tifffile.TiffWriter(tmp_path / "pyramid.tif") as file:
        file.write(GREY)
        file.write(GREY[::2, ::2], subfiletype=1)
    found = read(tmp_path / "pyramid.tif")
    assert [image.pixels.shape for image in found.images] == [GREY.shape]
    assert found.summary.notes == ("reduced copies in a TIFF left out: 1 (pyramid.tif 1)",)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_a_broken_tiff_is_named(tmp_path, share, dtype):
    tifffile = pytest.importorskip("tifffile", reason="tifffile is optional")
    tifffile.imwrite(tmp_path / "vol.tif", PAGES.astype(dtype) / 1, photometric="minisblack")
    if dtype is np.uint8:
        tiff(tmp_path / "vol.tif", PAGES)
    content = (tmp_path / "vol.tif").read_bytes()
    (tmp_path / "vol.tif").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"cannot read .*vol.tif as an image"):
        read(tmp_path)


def test_of_an_animation_the_first_frame_is_said_to_be_read(tmp_path):
    first, *others = (PIL.Image.fromarray(page) for page in PAGES)
    first.save(tmp_path / "a.png", save_all=True, append_images=others)
    found = read(tmp_path)
    assert np.array_equal(pixels(found), PAGES[:1] / 255)
    assert found.summary.notes == ("of several frames in a picture the first was read: 1 (a.png)",)


# ------------------------------------------------------------------------------------- arrays


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["u2", "f4", "f8"])
def test_any_byte_order(tmp_path, order, kind):
    stack = PAGES[0].astype(f"{order}{kind}")
    stack = stack * 257 if kind == "u2" else stack / 255
    stack = stack.astype(f"{order}{kind}")
    np.save(tmp_path / "a.npy", stack)
    found = read(tmp_path)
    expected = stack.astype(float) / (65535 if kind == "u2" else 1)
    assert np.array_equal(found.images[0].pixels, expected)
    assert found.images[0].pixels.dtype.isnative
    assert np.array_equal(as_images(stack)[0].pixels, expected)


def test_big_endian_tiff(tmp_path):
    tifffile = pytest.importorskip("tifffile", reason="tifffile is optional")
    tifffile.imwrite(tmp_path / "a.tif", 257 * GREY.astype(np.uint16), byteorder=">")
    (image,) = load_images([tmp_path])
    assert np.array_equal(image.pixels, GREY / 255)


def test_real_and_imaginary_part_only_when_asked(tmp_path):
    magnitude = 0.2 + GREY / 510
    phase = np.linspace(0, 6, GREY.size).reshape(GREY.shape)
    whole = magnitude * np.exp(1j * phase)
    for name, array in {"pair": np.stack([whole.real, whole.imag], axis=-1), "c": whole}.items():
        path = tmp_path / f"{name}.npy"
        np.save(path, array)
        with pytest.raises(InputError, match=r"npy: .*magnitude, --magnitude \(in Python magn"):
            read(path)
        for source in (path, array):
            found = read(source, magnitude=True)
            assert np.allclose(found.images[0].pixels, magnitude, rtol=rounding(1.0, 6), atol=0.0)
            assert found.summary.kinds[0].pixels.endswith("magnitudes")
    stack = np.stack([whole, whole.conj()])
    assert len(as_images(stack, magnitude=True)) == 2
    assert len(as_images(np.stack([stack.real, stack.imag], axis=-1), magnitude=True)) == 2


def test_magnitudes_of_real_pixels_are_no_secret(tmp_path):
    found = read(GREY, magnitude=True)
    assert np.array_equal(found.images[0].pixels, GREY / 255)
    assert found.summary.notes == (
        "magnitudes were asked for, but pixels are real already: 1 (image 0)",
    )


def test_last_axes_of_one_and_of_colours(tmp_path):
    grey, colours = GREY[..., None], np.stack([GREY] * 3, axis=-1)
    np.save(tmp_path / "a.npy", grey)
    np.save(tmp_path / "b.npy", colours)
    np.save(tmp_path / "c.npy", np.concatenate([colours, 0 * grey], axis=-1))  # alpha
    for image in load_images([tmp_path]):
        assert np.allclose(image.pixels, GREY / 255, rtol=rounding(1.0, 4), atol=0.0), image.name
    assert np.array_equal(as_images(grey)[0].pixels, GREY / 255)
    assert np.array_equal(as_images([grey, GREY])[0].pixels, GREY / 255)
