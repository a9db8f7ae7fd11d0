"""What images say, from sums over their signals, against the signals themselves."""

import tracemalloc

import numpy as np
import pytest

import linscale as ls
from linscale import theory
from linscale.images import Image, covariances, patches
from linscale.images.noise import denoised_cov
from linscale.images.resampling import bca_ends, left_out_weights
from linscale.studies import intervals as intervals_module
from linscale.studies import pool
from linscale.studies.from_images import Evidence, Setting, signals_of
from linscale.studies.intervals import Statistics, intervals
from linscale.studies.prediction import curves_of, predict, with_intervals
from linscale.studies.question import Question
from linscale.studies.signals import Sample, Sums, energies_and_sample
from linscale.support.seeds import stream
from tests.conftest import z_limit
from tests.images.test_load import gaussian_images
from tests.tolerances import rounding

SIZE = 4


def images(groups=5):
    """Of unequal contrast, one group of two images that do not stand side by side."""
    return [
        Image(f"{k}", 0.5 + size * (image.pixels - 0.5), f"group {k % groups}")
        for k, (image, size) in enumerate(
            zip(gaussian_images(groups + 1, size=24), np.geomspace(0.3, 2, groups + 1), strict=True)
        )
    ]


def ask(**options):
    given = {
        "images": images(), "task": "denoising", "sigma": 0.1, "snr_db": None, "patch_size": SIZE,
        "n_train": [5, 40], "shrinkage": "none", "contrast": "patches", "mean": "known",
        "resamples": 0, "rng": 3,
    }  # fmt: skip
    return Question(**given | options)


def groups_of(question):
    """The signals of each group, cut out and kept."""
    places, groups = np.random.default_rng(stream(question.rng, 0)), {}
    for image in question.images:
        part = patches(image, SIZE, pool.PER_IMAGE, places)
        groups.setdefault(image.group, []).append(part)
    return [np.concatenate(parts, axis=1) for parts in groups.values()]


def from_signals(question, signals, own=0.0):
    """The problem of signals, as it reads."""
    mean, cov = covariances.from_samples(signals, question.shrinkage)
    if own:
        cov = denoised_cov(cov, own)
    sigma = question.sigma
    if question.snr_db is not None:
        A = np.asarray(question.task.operator.matmat(np.eye(len(cov))))
        power = np.trace(A @ cov @ A.T) / len(A)
        sigma = covariances.sigma_for_snr(power, question.snr_db)
    law = ls.Contrast.from_patches(signals - mean[:, None], cov, sigma)
    return ls.InverseProblem(question.task.forward, cov, sigma, law)


def digits(model, count):
    """Sums of ``count`` terms, known to eps of the largest eigenvalue."""
    l = model.spectral().eigenvalues
    return rounding(l.max() / l.min(), 8 * count)


def test_signals_are_the_same_each_time_and_those_of_the_patches():
    question = ask()
    signals, known = signals_of(question), np.concatenate(groups_of(question), axis=1)
    assert np.array_equal(signals.array(), known)
    assert np.array_equal(signals.array(), known)
    assert (signals.groups, signals.pixels, signals.count) == (5, 16, known.shape[1])
    whole = signals_of(ask(patch_size=None, contrast="constant"))
    pixels = [image.pixels.ravel() for image in question.images]
    assert np.array_equal(whole.array()[:, 1], pixels[5])  # the second one of the first group
    assert np.array_equal(whole.array()[:, 2], pixels[1])


@pytest.mark.parametrize(
    "options",
    [
        {}, {"shrinkage": "ledoit-wolf"}, {"shrinkage": "oas", "task": "inpainting-50"},
        {"sigma": None, "snr_db": 12.0, "task": "super-resolution-2"},
        {"task": "super-resolution-2"},
    ],
)  # fmt: skip
def test_one_look_at_each_image_gives_the_problem_of_its_signals(options):
    pytest.importorskip("sklearn", reason="scikit-learn is optional")
    question = ask(**options)
    evidence = Evidence.of(question)
    signals = np.concatenate(groups_of(question), axis=1)
    model = from_signals(question, signals)
    relative = digits(model, signals.shape[1])
    assert evidence.model.sigma == pytest.approx(model.sigma, rel=relative)
    assert evidence.model.spectral().floor == pytest.approx(model.spectral().floor, rel=relative)
    # E tau^2 moves by twice what tau does, tau by what an energy and its power do.
    spread = model.contrast.spread
    relative *= 4 * (1 + spread) / spread
    assert evidence.model.contrast.spread == pytest.approx(spread, rel=relative)


def test_noise_of_the_images_is_taken_out_of_what_is_decomposed():
    question = ask()
    setting = Setting(None, 0.1, None, own=0.05, shrinkage="none")
    signals = signals_of(question)
    sums = Sums.of(signals, np.ones((1, 5)), lambda: None)
    found = setting.decomposed(sums[0])
    known = denoised_cov(covariances.from_samples(signals.array()).cov, 0.05)
    allowed = rounding(known.max(), 8 * signals.count)
    assert np.allclose(found.factor @ found.factor.T, known, rtol=0.0, atol=allowed)


def test_sums_of_groups_and_of_weightings_are_the_same():
    signals = signals_of(ask())
    weights = np.random.default_rng(0).integers(0, 3, (9, 5)).astype(float)
    many, few = (Sums.of(signals, rows, lambda: None) for rows in (weights, weights[:3]))
    assert (len(many.kept), len(few.kept)) == (5, 3)
    for row in range(3):
        one, other = many[row].estimate(), few[row].estimate()
        assert np.allclose(one.cov, other.cov, rtol=0.0, atol=rounding(1.0, signals.count))


@pytest.mark.parametrize("contrast", ["constant", "patches"])
def test_the_bootstrap_from_moments_is_the_one_from_patches(contrast):
    """Resample by resample the floor and the saturation of the signals put side by side."""
    question = ask(resamples=20, contrast=contrast)
    evidence, groups = Evidence.of(question), groups_of(question)

    def known(weights):
        often = zip(groups, weights.astype(int), strict=True)
        signals = np.concatenate([g for g, count in often for _ in range(count)], axis=1)
        model = from_signals(question, signals)
        if contrast == "constant":
            model = ls.InverseProblem(None, model.signal_cov, model.sigma)
        return model.spectral().floor, int(theory.saturation(model)), digits(model, len(signals.T))

    statistics = Statistics(
        evidence.setting, evidence.model.contrast, evidence.sample, start=known(np.ones(5))[1]
    )
    chosen = np.random.default_rng(stream(question.rng, 4)).integers(5, size=(20, 5))
    resampled = [np.bincount(row, minlength=5).astype(float) for row in chosen]
    assert np.array_equal(evidence.weights[1:], [*resampled, *left_out_weights(5)])
    values = []
    for row in (1, 2, 3, 21, 25):
        floor, saturation = statistics((evidence.sums[row], evidence.weights[row]))
        wanted, count, relative = known(evidence.weights[row])
        assert floor == pytest.approx(wanted, rel=relative)
        assert saturation == count
        values.append((floor, saturation))
    assert len(set(values)) == 5  # planted: resamples differ


def test_intervals_are_bca_of_those_values():
    question = ask(resamples=20, contrast="constant")
    evidence = Evidence.of(question)
    statistics = Statistics(evidence.setting, evidence.model.contrast, None, start=100.0)
    resamples = [(evidence.sums[row], evidence.weights[row]) for row in range(1, 26)]
    values = np.array([statistics(resample) for resample in resamples])
    whole = evidence.model.spectral().floor, int(theory.saturation(evidence.model))
    for k, found in enumerate(intervals(evidence, *whole)):
        assert found.value == whole[k]
        assert found[1:] == bca_ends(whole[k], values[:20, k], values[20:, k], 0.9)
        assert found.low < whole[k] < found.high


def test_processes_give_the_same_intervals(monkeypatch):
    evidence = Evidence.of(ask(resamples=20))
    one = intervals(evidence, 0.004, 500)
    monkeypatch.setattr(intervals_module, "WORTH_PROCESSES", 0.0)
    assert intervals(evidence, 0.004, 500, workers=2) == one


def test_many_signals_are_sampled_evenly(monkeypatch):
    signals = signals_of(ask())
    metric = Evidence.of(ask()).setting.metric(
        Setting(None, 0.1, None, 0.0, "none").decomposed(
            Sums.of(signals, np.ones((1, 5)), lambda: None)[0]
        )
    )
    mean = signals.array().mean(axis=1)
    energies, whole = energies_and_sample(signals, mean, metric, lambda: None)
    assert whole.signals.shape == (16, signals.count)
    monkeypatch.setattr("linscale.studies.signals.LOOKED_AT", 16 * 500)
    same, few = energies_and_sample(signals, mean, metric, lambda: None)
    assert np.array_equal(same, energies)
    each = -(-441 // 6)  # of 21 x 21 places, where 500 of 2,646 signals may stay
    assert np.bincount(few.group).tolist() == [2 * each, each, each, each, each]

    def spread(sample):
        return sample.law(np.ones(5), mean, metric, 9.0).spread

    others = [Sample(whole.signals[:, k::6], whole.group[k::6]) for k in range(6)]
    sem = np.std([spread(sample) for sample in others], ddof=1)
    assert abs(spread(few) - spread(whole)) < z_limit(1) * sem
    first = few.group == 0
    assert abs(spread(Sample(few.signals[:, first], few.group[first])) - spread(whole)) > sem


def test_the_curve_comes_first_and_intervals_later():
    images = [image.pixels for image in gaussian_images(4, size=24)]
    options = {"sigma": 0.1, "patch_size": SIZE, "n_train": [5, 40], "contrast": "constant"}
    once = predict(images, resamples=20, **options)
    evidence = Evidence.of(ask(images=images, contrast="constant", resamples=20, rng=0))
    curve = curves_of(evidence)
    assert curve.floor_interval is curve.saturation_interval is None
    assert "interval" not in curve.study.footnote()
    later = with_intervals(curve, evidence)
    assert later.study.to_bytes() == once.study.to_bytes()
    assert later.floor_interval == once.floor_interval
    assert np.array_equal(later.pool, once.pool)
    assert later.saturation_interval.low <= later.saturation <= later.saturation_interval.high


class Heard:
    """Stages, and units of each."""

    def __init__(self):
        self.stages = []

    def begin(self, name, units):
        self.stages.append([name, units, 0])

    def __call__(self):
        self.stages[-1][2] += 1


@pytest.mark.parametrize("workers", [1, 2])
def test_every_stage_is_told_and_every_unit_of_it(workers):
    heard = Heard()
    images = [image.pixels for image in gaussian_images(4, size=20)]
    predict(
        images, sigma=0.2, patch_size=3, n_train=[5, 40], resamples=20, workers=workers,
        progress=heard,
    )  # fmt: skip
    names = [name for name, _, _ in heard.stages]
    assert names == [
        "covariance of the images", "contrast of the images", "learning curve", "saturation",
        "resamples", "images left out",
    ]  # fmt: skip
    assert all(units == done for _, units, done in heard.stages)
    calls = []
    predict(
        images, sigma=0.2, patch_size=3, n_train=[5], resamples=20, contrast="constant",
        progress=lambda: calls.append(1),
    )  # fmt: skip
    assert len(calls) == 20  # a plain function hears of resamples alone


def peak(count, kept):
    """Bytes beyond the images themselves, of a question of so many; with all signals or without."""
    question = ask(images=np.random.default_rng(0).random((count, 20, 20)), resamples=20)
    tracemalloc.start()
    evidence = Evidence.of(question)
    if kept:
        evidence.signals.array()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


ONE = 289 * 16 * 8  # bytes of the patches of one image of 20 x 20


def test_more_images_take_no_more_memory(monkeypatch):
    """Beyond the cap on patches of all images together: a few numbers for each."""
    monkeypatch.setattr(pool, "IN_ALL", 2_000)
    few, many = (peak(count, kept=True) for count in (200, 800))
    assert (many - few) / 600 < 0.03 * ONE


def test_signals_are_not_kept(monkeypatch):
    """Only energies are, ten times while a Gauss rule is made of them, and a bounded sample."""
    monkeypatch.setattr("linscale.studies.signals.LOOKED_AT", 16 * 500)
    few, many = (peak(count, kept=False) for count in (50, 150))
    assert (many - few) / 100 < 0.75 * ONE
    few, many = (peak(count, kept=True) for count in (50, 150))
    assert (many - few) / 100 > 0.9 * ONE  # planted: somebody keeps them


def test_patches_are_as_many_of_every_image():
    assert [pool.per_image(count) for count in (1, 50, 51, 2_000, 10**6)] == [
        4_000, 4_000, 3_921, 100, 1,
    ]  # fmt: skip
