"""Prediction from images: the same numbers as the theory of their covariance, and its options."""

import numpy as np
import pytest

import linscale as ls
from linscale import plotting, theory
from linscale.cli import main
from linscale.errors import InputError, InvalidArgument
from linscale.operators import tasks
from linscale.studies.prediction import predict
from linscale.studies.study import Study
from tests.conftest import z_limit
from tests.images.test_load import gaussian_images
from tests.images.test_noise import texture
from tests.tolerances import CONTRACT, EPS, rounding

SIZES = [2, 10, 30]


def stack(count=4, size=40):
    return np.array([image.pixels for image in gaussian_images(count, size=size)])


@pytest.fixture(scope="module")
def found():
    return ls.predict(
        stack(), "super-resolution-2", 0.1, patch_size=6, n_train=SIZES, resamples=20,
        contrast="constant",
    )  # fmt: skip


def test_it_is_the_theory_of_the_covariance(found):
    cov = found.pool @ found.pool.T / found.pool.shape[1]
    model = ls.InverseProblem(tasks.operator("super-resolution-2", (6, 6)), cov, 0.1)
    problem, count = model.spectral(), found.pool.shape[1]
    # Covariances are sums of `count` terms, known to eps of the largest.
    condition = problem.eigenvalues.max() / problem.eigenvalues.min()
    digits = {"rel": rounding(condition, count), "abs": 0.0}
    assert found.floor == pytest.approx(problem.floor, **digits)
    for N in SIZES:
        point = theory.early_stopped(model, N)
        allowed = CONTRACT * (point.value - point.floor) + digits["rel"] * point.floor
        value = found.curve.at_n_train([N]).value[0]
        assert value == pytest.approx(point.value, rel=0.0, abs=allowed)
        ridge = found.study.theory["best_ridge"].at_n_train([N]).value[0]
        # A closed form, and flat at the best penalty, whose logarithm is met to 1e-6.
        best = theory.best_ridge(model, N).value
        assert ridge == pytest.approx(best, rel=digits["rel"] + 1e-12, abs=0.0)
    # The same to a contour's accuracy: N moves by that over the slope, which is less than 1.
    assert abs(found.saturation - theory.saturation(model)) <= 1
    assert found.floor_interval.low <= found.floor <= found.floor_interval.high
    assert found.study.meta["groups"] == 4


def test_it_repeats_and_saves(found, tmp_path):
    again = predict(
        stack(), "super-resolution-2", 0.1, patch_size=6, n_train=SIZES, resamples=20, workers=2,
        contrast="constant",
    )  # fmt: skip
    assert again.saturation_interval == found.saturation_interval
    assert np.array_equal(again.curve.value, found.curve.value)
    found.study.save(tmp_path / "p.npz")
    loaded = Study.load(tmp_path / "p.npz")
    assert loaded.meta == found.study.meta
    names = [c.name for c in loaded.columns()]
    assert "early-stopped NMSE" in names
    nmse = dict(zip(names, [c.values for c in loaded.columns()], strict=True))
    risk = found.curve.at_n_train(SIZES).value
    expected = risk / found.model.spectral().zero_risk
    assert np.allclose(nmse["early-stopped NMSE"], expected, rtol=rounding(1.0, 2), atol=0.0)
    plotting.draw(loaded)


def test_a_learned_mean_costs_what_simulation_says(rng):
    """Sample means are subtracted from Gaussian data, and added back: R (1 + 1/N) at N - 1."""
    from linscale.montecarlo.draws import train
    from linscale.montecarlo.laws import gaussian_law

    images, N = stack(), 6
    options = {"sigma": 0.15, "patch_size": 3, "n_train": [N], "resamples": 0}
    options["contrast"] = "constant"  # for which the identity is exact
    known, learned = (predict(images, mean=mean, **options) for mean in ("known", "learned"))
    model = known.model
    law = gaussian_law(model)
    at = theory.early_stopped(model, N - 1).at
    flow = ls.GradientFlow(at)
    risks = []
    for _ in range(4000):
        x, y = law.sample(N, rng)
        x_mean, y_mean = x.mean(axis=1), y.mean(axis=1)
        draw = train(law, x - x_mean[:, None], y - y_mean[:, None], count=N - 1)
        W = draw.coefficients * flow.gain(draw.eigenvalues)[0] @ draw.vectors.T
        offset = x_mean - W @ y_mean
        risks.append(draw.measured_by(law, flow)[0] + offset @ offset / model.p)
    sem = np.std(risks) / np.sqrt(len(risks))
    expected = learned.curve.at_n_train([N])
    room = z_limit(1) * sem
    assert abs(np.mean(risks) - expected.value[0]) < room + expected.error[0]
    plain = known.curve.at_n_train([N])
    assert abs(np.mean(risks) - plain.value[0]) > room + plain.error[0]  # planted: known mean


def of_four_amplitudes():
    return 0.5 + np.array([0.2, 0.5, 1.0, 2.0])[:, None, None] * (stack() - 0.5)


@pytest.mark.slow
def test_contrast_asks_for_more_examples():
    plain, found = (
        predict(of_four_amplitudes(), sigma=0.1, patch_size=4, n_train=[20], resamples=0, **kind)
        for kind in ({"contrast": "constant"}, {})
    )
    assert found.saturation > plain.saturation


def test_contrast_is_measured():
    """Images of different amplitudes: patches vary in contrast, and learning takes longer."""
    images = of_four_amplitudes()
    options = {"sigma": 0.1, "patch_size": 4, "n_train": [20], "resamples": 0}
    plain = predict(images, contrast="constant", **options)
    found = predict(images, **options)
    assert plain.model.contrast.is_constant
    assert found.model.contrast.spread > 0.5
    assert found.floor == plain.floor
    assert found.curve.value[0] > plain.curve.value[0]
    assert found.curve.value[0] == theory.early_stopped(found.model, 20).value
    given = predict(images, contrast=found.model.contrast, **options)
    assert given.curve.value[0] == found.curve.value[0]


def test_an_snr_sets_the_noise():
    model = predict(stack(), "mri-2", snr_db=20.0, patch_size=4, n_train=[9], resamples=0).model
    clean = model.measurement_cov() - model.sigma**2 * np.eye(model.n)
    decibels = 10 * np.log10(np.trace(clean) / model.n / model.sigma**2)
    relative = rounding(np.trace(model.measurement_cov()) / np.trace(clean), 3 * model.p + 8)
    # A decibel is a tenth of an e-fold times ln 10: the logarithm of the ratio changes by so much.
    assert decibels == pytest.approx(20.0, rel=0.0, abs=10 / np.log(10) * relative + 20 * EPS)


def test_noise_of_the_images_is_taken_out(rng):
    """Noisy images with their noise estimated predict nearly what clean images do."""
    clean = np.array([image.pixels for image in gaussian_images(4, size=128)])
    noisy = clean + 0.1 * rng.standard_normal(clean.shape)
    options = {"patch_size": 4, "n_train": [100], "resamples": 0, "contrast": "constant"}
    right = predict(clean, sigma=0.1, **options)
    found = predict(noisy, sigma="estimate", **options)
    left_in = predict(noisy, sigma=found.model.sigma, **options)
    # As in test_noise: fine texture counts as noise, and so sure are medians of 64^2 and of 4.
    expected = np.hypot(0.1, texture())
    sem = expected * 1.1664 / 64 * 1.2533 / np.sqrt(4)
    assert abs(found.model.sigma - expected) < z_limit(1) * sem
    assert abs(found.floor / right.floor - 1) < 0.5 * abs(left_in.floor / right.floor - 1)


def test_whole_images_are_signals_of_one_size():
    images = stack(30, 8)
    found = predict(
        images, patch_size=None, n_train=[5], resamples=0, sigma=0.1, shrinkage="ledoit-wolf"
    )
    assert found.model.p == 64
    assert found.pool.shape == (64, 30)
    mixed = [*images, np.full((9, 9), 0.5)]
    with pytest.raises(InvalidArgument, match=r"of 2 sizes.*one size"):
        predict(mixed, patch_size=None, n_train=[5])
    with pytest.raises(InvalidArgument, match="one image"):
        predict(images[0], patch_size=None, n_train=[5])
    options = {"n_train": [5], "resamples": 0, "contrast": "constant"}
    assert predict(mixed, patch_size=4, **options).model.p == 16


def test_any_operator_is_a_task():
    A = np.ones((1, 16)) / 4.0
    found = predict(stack(), A, 0.1, patch_size=4, n_train=[20], resamples=0, contrast="constant")
    assert found.model.n == 1
    with pytest.raises(InvalidArgument, match="no usual noise"):
        predict(stack(), A, patch_size=4, n_train=[20])
    with pytest.raises(InvalidArgument, match="shape"):
        predict(stack(), A, 0.1, patch_size=5, n_train=[20])


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"task": "deblur"}, "task"),
        ({"sigma": "guess"}, "sigma"),
        ({"sigma": -1.0}, "sigma"),
        ({"sigma": 0.1, "snr_db": 3.0}, "snr_db"),
        ({"n_train": [3, 2]}, "n_train"),
        ({"n_train": []}, "n_train"),
        ({"patch_size": 99}, "patch_size"),
        ({"mean": "guessed"}, "mean"),
        ({"contrast": "high"}, "contrast"),
        ({"n_train": [1], "mean": "learned"}, "n_train"),
        ({"resamples": 1}, "at least 20: the ends"),
        ({"resamples": 19}, "at least 20: the ends"),
        ({"shrinkage": "some"}, "shrinkage"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(options, word):
    with pytest.raises(InvalidArgument, match=word):
        predict(stack(2), **{"n_train": [4], "patch_size": 4, **options})


def test_flat_images_have_nothing_to_learn():
    with pytest.raises(InputError, match="do not vary"):
        predict(np.full((3, 20, 20), 0.4), patch_size=4, n_train=[4])


def test_the_command_writes_what_it_says(tmp_path, capsys):
    for k, pixels in enumerate(stack(3, 24)):
        np.save(tmp_path / f"{k}.npy", pixels)
    out = tmp_path / "out"
    arguments = [str(tmp_path), "--task", "inpainting-50", "--patch-size", "4", "--resamples", "20"]
    arguments += ["--contrast", "constant"]
    assert main(["predict", *arguments, "--n-train", "10", "20", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Less than 1 % is left to gain beyond N =" in said
    assert "90 % interval" in said
    wanted = {f"prediction.{s}" for s in ("npz", "csv", "png", "svg")}
    assert {p.name for p in out.iterdir()} == wanted | {
        "reconstructions.png",
        "reconstructions.svg",
    }


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nowhere"], "no such image"),
        (["photographs", "--sigma", "much"], "--sigma"),
        (["photographs", "--patch-size", "some"], "--patch-size"),
        (["photographs", "--task", "deblur"], "task"),
    ],
)
def test_the_command_refuses_in_one_line(arguments, word, tmp_path, capsys):
    assert main(["predict", *arguments, "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert word in error
    assert error.count("\n") == 1
