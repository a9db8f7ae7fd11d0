"""What predict is asked is one checked value, and all that the numbers depend on."""

import inspect
import re
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from linscale.errors import InvalidArgument, ScaleWarning, Unsupported
from linscale.images import Image, read
from linscale.operators import forward, tasks
from linscale.studies.from_images import Evidence, own_noise
from linscale.studies.intervals import intervals
from linscale.studies.prediction import predict
from linscale.studies.question import Question

IMAGES = np.random.default_rng(0).random((3, 16, 16))


def ask(**options):
    defaults = {
        name: p.default
        for name, p in inspect.signature(predict).parameters.items()
        if name not in ("workers", "progress", "tell")
    }
    return Question(**defaults | {"images": IMAGES, "patch_size": 4} | options)


def test_it_asks_what_predict_takes():
    taken = set(inspect.signature(predict).parameters)
    assert {f.name for f in fields(Question) if f.init} == taken - {"workers", "progress", "tell"}
    with pytest.raises(FrozenInstanceError):
        ask().rng = 3


def test_everything_is_resolved():
    question = ask(task="mri-2", n_train=(np.int64(3), 30.0), rng=np.int64(2))
    assert [type(image) for image in question.images] == [Image] * 3
    assert question.task.name == "mri-2"
    assert question.shape == question.task.operator.image_shape == (4, 4)
    assert question.sigma == 5 / 255
    assert question.n_train == [3, 30]
    assert question.rng.entropy == 2
    assert ask(patch_size=None).shape == (16, 16)
    assert ask(sigma="estimate").sigma == "estimate"
    assert ask(snr_db=10.0).sigma is None
    given = tasks.resolve("tomography-2", (4, 4))
    assert ask(task=given).task is given


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"rng": -1}, "rng"),
        ({"rng": "x"}, "rng"),
        ({"snr_db": np.nan}, "snr_db"),
        ({"snr_db": 400.0}, "snr_db"),
        ({"shrinkage": None}, "shrinkage"),
        ({"contrast": 3}, "contrast"),
        ({"mean": None}, "mean"),
        ({"patch_size": 17}, "fit the image image 0"),
        ({"patch_size": 3, "task": "super-resolution-2"}, "factor"),
        ({"task": np.ones((1, 16))}, "no usual noise"),
        ({"task": np.ones((1, 9)), "sigma": 0.1}, r"shape \(n, 16\)"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(options, word):
    with pytest.raises(InvalidArgument, match=word):
        ask(**options)


def test_what_is_no_operator():
    with pytest.raises(Unsupported, match="int"):
        ask(task=4)


def test_workers_are_checked_whether_they_are_needed_or_not():
    with pytest.raises(InvalidArgument, match="workers"):
        predict(IMAGES, patch_size=4, n_train=[5], resamples=0, workers=0)


def test_a_task_made_once_gives_the_numbers_of_its_word():
    options = {"patch_size": 4, "n_train": [5], "resamples": 0, "contrast": "constant", "rng": 6}
    word = predict(IMAGES, "inpainting-40", **options)
    made = predict(IMAGES, tasks.resolve("inpainting-40", (4, 4), 6), **options)
    assert made.study.to_bytes() == word.study.to_bytes()
    other = predict(IMAGES, tasks.resolve("inpainting-40", (4, 4), 7), **options)
    assert other.floor != word.floor


def test_denoising_by_its_word_and_by_its_operator_are_one_problem():
    given = ask(task=forward.identity((4, 4)), sigma=25 / 255)
    one, other = (Evidence.of(question).model for question in (ask(), given))
    assert one.forward is None
    assert np.array_equal(other.forward, np.eye(16))
    # Two orders of the same products: rounding of p terms, times the condition number.
    condition = 1.0 + np.linalg.norm(one.signal_cov, 2) / one.sigma**2
    relative = 16 * np.finfo(float).eps * condition
    assert one.spectral().floor == pytest.approx(other.spectral().floor, rel=relative)


def test_there_is_an_interval_where_there_are_images_to_resample():
    question = ask(resamples=20, contrast="constant")
    assert own_noise(question) == 0.0
    found = intervals(Evidence.of(question), floor=0.01, saturation=1000)
    assert [interval.value for interval in found] == [0.01, 1000]
    assert all(interval.low <= interval.high for interval in found)
    for without in (ask(images=IMAGES[:1]), ask(resamples=0)):
        assert intervals(Evidence.of(without), 0.01, 1000) == [None, None]


@pytest.mark.parametrize(
    ("name", "value"),
    [("shrinkage", ", "), ("mean", " or "), ("contrast", ", "), ("mean", "Known")],
)
def test_parts_of_a_message_are_no_words(name, value):
    images = np.random.default_rng(0).random((2, 16, 16))
    with pytest.raises(InvalidArgument, match=name):
        predict(images, sigma=0.1, patch_size=4, resamples=0, **{name: value})


def test_one_n_train_is_a_list_of_one():
    images = np.random.default_rng(0).random((2, 16, 16))
    found = predict(images, sigma=0.3, patch_size=3, resamples=0, n_train=30, contrast="constant")
    assert found.study.meta["n_train"] == [30]


def test_sigma_as_people_write_it():
    assert ask(sigma="25/255").sigma == 25 / 255 == ask().sigma
    assert ask(sigma="0.125").sigma == 0.125
    for wrong in ("25/0", "25/", "/255", "a/b", "guess", "1/2/3", "nan", "-1/255", ""):
        with pytest.raises(InvalidArgument, match="sigma"):
            ask(sigma=wrong)


def test_a_sigma_in_grey_levels_is_doubted():
    with pytest.warns(ScaleWarning, match=r"sigma = 25 is .*type --sigma 25/255 \(in Python"):
        ask(sigma=25)
    with pytest.warns(ScaleWarning, match="type --sigma 25/4095"):
        ask(images=4095 * IMAGES, white=4095, sigma=25)
    with pytest.warns(ScaleWarning, match="type --sigma 300/65535"):
        ask(sigma=300)
    assert ask(sigma=1.0).sigma == 1.0


def test_a_floor_that_is_no_gain_is_doubted():
    """White noise of variance v under noise of variance s^2: the floor's NMSE is s^2/(s^2 + v)."""
    options = {"patch_size": 2, "n_train": [5], "resamples": 0, "contrast": "constant"}
    variance = float(IMAGES.var())
    for nmse in (0.88, 0.92):
        sigma = np.sqrt(variance * nmse / (1 - nmse))
        if nmse < 0.9:
            predict(IMAGES, sigma=sigma, **options)
            continue
        with pytest.warns(ScaleWarning, match=r"the floor's NMSE is 0\.9") as caught:
            predict(IMAGES, sigma=sigma, **options)
        assert len(caught) == 1
        assert "say so, as --sigma 5/255 or --white max" in str(caught[0].message)
        assert caught[0].filename == __file__


def test_what_was_understood_is_one_line_and_notes(tmp_path):
    np.save(tmp_path / "a.npy", IMAGES[0])
    (tmp_path / "._a.npy").write_bytes(b"no image")
    question = ask(images=tmp_path, task="mri-8", patch_size=12)
    said = question.understood
    assert said.startswith("1 image of 16 x 16, float64 from 0.")
    assert said.endswith(" dB at sigma = 0.01961 of white (5/255)")
    assert question.notes == [
        "hidden files skipped: 1 (._a.npy)",
        "mri-8 on 12 columns measures 2 of them, 6 times accelerated; exactly 8 times is had at a "
        "patch size of 8 or 16",
    ]
    assert ask(sigma="estimate").understood.endswith("noise as estimated from them")
    assert ask(snr_db=12.5).understood.endswith("signal-to-noise 12.5 dB, as asked for")
    assert ask(images=read(255 * IMAGES, white=255)).understood.startswith("3 images of 16 x 16")


@pytest.mark.parametrize("word", ["denoising", "inpainting-50", "super-resolution-2"])
def test_the_ratio_that_is_said_is_that_of_the_problem(word):
    """Every patch is seen by both here, so they agree but for the whole decibel that is said."""
    question = ask(task=word, patch_size=4)
    model = Evidence.of(question).model
    signal = np.trace(model.measurement_cov()) / (model.n * model.sigma**2) - 1
    (said,) = re.findall(r"signal-to-noise about (-?\d+) dB", question.understood)
    assert abs(10 * np.log10(signal) - int(said)) < 0.5 + 1e-6


def test_tell_hears_it_before_the_work(monkeypatch):
    lines = []
    monkeypatch.setattr("linscale.studies.prediction.Evidence.of", lambda *asked: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        predict(IMAGES, "mri-4", patch_size=4, tell=lines.append)
    assert lines[0].startswith("read 3 images of 16 x 16, float64")
    assert lines[1] == "note: mri-4 on 4 columns measures 1 of them, 4 times accelerated"


def test_what_was_read_is_kept():
    found = predict(
        255 * IMAGES, white=255, patch_size=4, n_train=[5], resamples=0, contrast="constant"
    )
    assert found.study.meta["white"] == 255.0
    assert found.study.meta["read"].startswith("3 images of 16 x 16, float64 from 0.")
    assert found.study.meta["notes"] == []
