"""Images, patches, and training on them."""

import numpy as np
import PIL.Image
import pytest

import linscale as ls
from linscale import theory
from linscale.errors import InputError, InvalidArgument
from linscale.images import Image, load_images, patches
from linscale.images.sources import PHOTOGRAPHS
from linscale.studies.training import image_study, split_patches
from tests.conftest import worst, z_limit
from tests.tolerances import rounding


def gaussian_images(count, size=96, seed=0):
    """Correlated Gaussian images: a law on which the Gaussian theory must be right."""
    rng = np.random.default_rng(seed)
    kernel = np.exp(-np.abs(np.arange(-6, 7)) / 2.0)
    kernel /= np.sqrt(np.sum(kernel**2))
    out = []
    for k in range(count):
        noise = rng.standard_normal((size + 12, size + 12))
        blurred = np.apply_along_axis(np.convolve, 0, noise, kernel, mode="valid")
        blurred = np.apply_along_axis(np.convolve, 1, blurred, kernel, mode="valid")
        out.append(Image(f"g{k}", 0.5 + 0.15 * blurred))
    return out


def test_formats_and_scales(tmp_path):
    grey = np.array([[0, 128], [255, 64]], dtype=np.uint8)
    PIL.Image.fromarray(grey).save(tmp_path / "a.png")
    PIL.Image.fromarray(np.stack([grey] * 3, axis=-1)).save(tmp_path / "b.png")
    PIL.Image.fromarray(np.stack([grey] * 4, axis=-1)).save(tmp_path / "c.png")
    PIL.Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "d.png")
    PIL.Image.fromarray((grey / 255).astype(np.float32)).save(tmp_path / "e.tif")
    np.save(tmp_path / "f.npy", grey / 255)
    PIL.Image.fromarray(grey).convert("P").save(tmp_path / "g.png")
    (tmp_path / "notes.txt").write_text("not an image")
    images = load_images([str(tmp_path)])
    assert [i.name for i in images] == [
        "a.png",
        "b.png",
        "c.png",
        "d.png",
        "e.tif",
        "f.npy",
        "g.png",
    ]
    single = np.finfo(np.float32).eps  # e.tif; the rest are in double precision or in bytes
    for image in images:
        allowed = single if image.name == "e.tif" else rounding(1.0, 6)
        assert np.allclose(image.pixels, grey / 255, rtol=0.0, atol=allowed), image.name


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("missing.png", None, "no such image file"),
        ("broken.png", lambda p: p.write_bytes(b"\x89PNG broken"), "cannot read"),
        ("broken.npy", lambda p: p.write_bytes(b"nothing"), "cannot read"),
        ("nan.npy", lambda p: np.save(p, np.full((9, 9), np.nan)), "NaN"),
        ("words.npy", lambda p: np.save(p, np.array([["a"]])), "not an image"),
        ("int.npy", lambda p: np.save(p, np.arange(81).reshape(9, 9)), "--white 80 or --white max"),
        ("white255.npy", lambda p: np.save(p, np.full((9, 9), 255.0)), "--white 255"),
        ("deep.npy", lambda p: np.save(p, np.zeros((5, 5, 7))), "7 channels"),
        ("pair.npy", lambda p: np.save(p, np.zeros((5, 5, 2))), "--magnitude"),
        ("complex.npy", lambda p: np.save(p, np.zeros((5, 5), dtype=complex)), "--magnitude"),
        ("none.npy", lambda p: np.save(p, np.zeros((0, 5))), "without pixels"),
    ],
)
def test_unusable_images_are_named(tmp_path, name, write, message):
    path = tmp_path / name
    if write:
        write(path)
    with pytest.raises(InputError, match=message) as caught:
        load_images([str(path)])
    assert name in str(caught.value)


@pytest.mark.parametrize("pixels", [np.ones(3), np.ones((0, 3)), np.full((3, 3), np.inf)])
def test_an_image_is_a_finite_rectangle(pixels):
    with pytest.raises(InputError, match="bad: "):
        Image("bad", pixels)


def test_nothing_to_load():
    with pytest.raises(InputError, match="empty"):
        load_images([])


def test_the_word_photographs_stands_alone():
    with pytest.raises(InputError, match="stands alone"):
        load_images(["photographs", "other.png"])


def test_constant_images_have_nothing_to_learn():
    with pytest.raises(InputError, match="do not vary"):
        image_study([Image("flat", np.full((20, 20), 0.3))], 0.1, [2], 2, rng=0, patch_size=4)


def test_folder_without_images(tmp_path):
    with pytest.raises(InputError, match="no images in the folder"):
        load_images([str(tmp_path)])


def test_photographs_come_from_the_installed_package():
    images = load_images(["photographs"])
    assert [i.name for i in images] == list(PHOTOGRAPHS)
    assert all(0 <= i.pixels.min() < i.pixels.max() <= 1 for i in images)


def test_patches_are_windows_of_the_image(rng):
    pixels = np.arange(30.0).reshape(5, 6)
    found = patches(Image("x", pixels), 3, 100, rng)
    assert found.shape == (9, 12)  # every place there is
    assert found[:, 0].tolist() == pixels[:3, :3].ravel().tolist()
    assert found[:, -1].tolist() == pixels[2:, 3:].ravel().tolist()
    with pytest.raises(InvalidArgument, match="patch_size"):
        patches(Image("x", pixels), 6, 10, rng)


def test_split_holds_out_whole_images():
    data = split_patches(gaussian_images(5, size=20), 4, rng=0)
    assert data.train_names == ["g0", "g1", "g3", "g4"]
    assert data.held_out_names == ["g2"]
    allowed = rounding(1.0, data.train.shape[1])  # of pixels up to about 1, in a sum of all patches
    assert np.allclose(data.train.mean(axis=1), 0, rtol=0.0, atol=allowed)
    alone = split_patches(gaussian_images(1, size=20), 4, rng=0)
    assert alone.held_out is None


def test_theory_goes_through_gaussian_images():
    """On images that are Gaussian the theory is right at every N; 3 % for finite size."""
    study = image_study(
        gaussian_images(3), 0.1, [10, 40, 160, 640], 60, rng=1, patch_size=5, mixtures=False
    )
    predicted = study.theory["early_stopped"].at_n_train([10, 40, 160, 640])
    same = study.simulated["trained, same images"]
    assert worst(same.value, predicted.value, same.sem, 0.03) < z_limit(4)
    # Planted error: half the samples would be seen.
    fewer = [theory.early_stopped(_model(3), N // 2).value for N in (10, 40, 160, 640)]
    assert worst(same.value, np.array(fewer), same.sem, 0.03) > z_limit(4)
    assert np.all(study.simulated["trained, other images"].value > 0)
    assert study.meta["held_out_images"] == ["g2"]


def _model(count):
    pool = split_patches(gaussian_images(count), 5, 1).train
    return ls.InverseProblem(None, pool @ pool.T / pool.shape[1], 0.1)


def test_same_seed_same_numbers_whatever_the_workers():
    images = gaussian_images(2, size=30)
    one, two = (
        image_study(images, 0.1, [3, 20], 8, rng=5, patch_size=4, mixtures=False, workers=w)
        for w in (1, 3)
    )
    for name, curve in one.simulated.items():
        assert np.array_equal(curve.value, two.simulated[name].value)


def test_more_patches_than_there_are():
    with pytest.raises(InvalidArgument, match="n_train"):
        image_study(gaussian_images(1, size=20), 0.1, [10**6], 2, rng=0, patch_size=4)
