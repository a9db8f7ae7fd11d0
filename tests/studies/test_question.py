"""What predict is asked is one checked value, and all that the numbers depend on."""

import inspect
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from linscale.errors import InvalidArgument, Unsupported
from linscale.images import Image
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
        if name not in ("workers", "progress")
    }
    return Question(**defaults | {"images": IMAGES, "patch_size": 4} | options)


def test_it_asks_what_predict_takes():
    taken = set(inspect.signature(predict).parameters)
    assert {field.name for field in fields(Question)} == taken - {"workers", "progress"}
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
