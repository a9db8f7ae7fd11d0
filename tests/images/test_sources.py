"""Images inside installed packages, and what users pass as images."""

import numpy as np
import pytest

from linscale.errors import InputError
from linscale.images import Image, as_images, load_images
from linscale.images import sources as image_sources
from linscale.studies.training import split_patches
from tests.tolerances import rounding


@pytest.mark.parametrize(
    ("word", "needs", "count", "groups"),
    [
        ("photographs", "skimage", 11, 11),
        ("scikit-learn", "sklearn", 2, 2),
        ("pywavelets", "pywt", 2, 2),
        ("sporco", "sporco", 5, 5),
        ("mri", "dipy", 59, 4),
    ],
)
def test_each_source_gives_its_images(word, needs, count, groups):
    pytest.importorskip(needs, reason=f"{needs} is optional")
    images = load_images([word])
    assert (len(images), len({image.group for image in images})) == (count, groups)
    for image in images:
        assert min(image.pixels.shape) >= 32, image.name
        assert image.pixels.min() >= 0
        assert 0.4 < image.pixels.max() <= 2.0
        assert image.pixels.std() > 0.05


def test_slices_are_cropped_and_scaled_by_volume():
    volume = np.zeros((40, 30, 3))
    volume[10:30, 5:25, :2] = 500.0
    volume[10, 5, 0] = 5000.0  # one bright vessel does not set the scale
    heads = list(image_sources._heads(volume))
    assert [head.shape for head in heads] == [(20, 20), (20, 20)]  # the empty slice is left out
    assert heads[1].max() == pytest.approx(1.0, rel=rounding(1.0, 4), abs=0.0)  # a percentile
    assert heads[0].max() == 2.0


def test_no_source_repeats_another():
    """The photograph that PyWavelets shares with scikit-image is left out."""
    pywt_data = pytest.importorskip("pywt.data", reason="PyWavelets is optional")
    pytest.importorskip("sklearn", reason="scikit-learn is optional")
    images = load_images(["photographs", "scikit-learn", "pywavelets"])
    seen = {image.pixels.tobytes() for image in images}
    assert len(seen) == len(images)
    (repeated,) = as_images(pywt_data.camera())
    assert repeated.pixels.tobytes() in seen


def test_slices_of_a_volume_stay_together():
    pytest.importorskip("dipy", reason="dipy is optional")
    data = split_patches(load_images(["mri"]), 8, rng=0)
    volumes = [
        {name.rpartition(" ")[0] for name in n} for n in (data.train_names, data.held_out_names)
    ]
    assert len(volumes[0]) == 3
    assert len(volumes[1]) == 1
    assert not volumes[0] & volumes[1]


def test_words_together_and_words_beside_files(tmp_path):
    pytest.importorskip("sklearn", reason="scikit-learn is optional")
    assert len(load_images(["scikit-learn", "pywavelets", "scikit-learn"])) == 4
    with pytest.raises(InputError, match="stands alone"):
        load_images(["scikit-learn", str(tmp_path)])


def test_a_missing_package_says_what_to_install(monkeypatch):
    def missing():
        yield from ()
        raise ModuleNotFoundError(name="somewhere")

    source = image_sources.Source(missing, "'linscale[images]'")
    monkeypatch.setitem(image_sources.SOURCES, "photographs", source)
    with pytest.raises(InputError, match=r"need somewhere: pip install 'linscale\[images\]'"):
        load_images(["photographs"])
    with pytest.raises(ModuleNotFoundError):
        image_sources._folder("a_package_that_is_not_there")


def test_whatever_a_user_has(tmp_path):
    grey = np.linspace(0, 1, 30).reshape(5, 6)
    np.save(tmp_path / "a.npy", grey)
    for source in (grey, grey[None], [grey], [grey.tolist()], str(tmp_path), [tmp_path / "a.npy"]):
        (image,) = as_images(source)
        assert np.array_equal(image.pixels, grey)
    assert len(as_images(np.stack([grey, grey]))) == 2
    assert [i.pixels.shape for i in as_images([grey, grey[:3]])] == [(5, 6), (3, 6)]
    assert as_images((grey * 255).astype(np.uint8))[0].pixels.max() == 1.0
    given = [Image("x", grey, "group")]
    assert as_images(given) is not given
    assert as_images(given)[0].group == "group"
    assert Image("x", grey).group == "x"


@pytest.mark.parametrize(
    ("source", "word"),
    [
        (np.zeros(5), "shape"),
        (np.zeros((2, 3, 4, 5)), "shape"),
        ([], "empty"),
        (7, "not a list"),
        ([np.zeros(5)], "entry 0"),
        ([np.zeros((3, 3)), np.zeros((0, 3))], "entry 1"),
        (np.full((3, 3), np.nan), "NaN"),
        (np.full((3, 3), 255.0), "--white 255"),
        (np.full((3, 3), 1 + 1j), "magnitude=True"),
        (np.zeros((9, 9, 3)), "one colour image"),
        (np.zeros((0, 9, 9)), "empty"),
        ([[[0.1, 0.2], [0.3]]], "not a rectangle"),
        (["photographs", np.zeros((3, 3))], "one kind"),
        ([Image("x", np.zeros((3, 3))), np.zeros((3, 3))], "one kind"),
        (["nowhere.png"], "no such image"),
    ],
)
def test_anything_else_is_refused(source, word):
    with pytest.raises(InputError, match=word):
        as_images(source)
