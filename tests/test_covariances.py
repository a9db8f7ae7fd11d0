"""Stationary covariances, estimates from samples, and what few images can say."""

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument
from linscale.images import covariances


def test_stationary_is_diagonal_in_fourier(rng):
    shape = (6, 8)
    cov = covariances.stationary(shape, exponent=2.0, power=3.0)
    assert np.allclose(np.diag(cov), 3.0)
    assert np.allclose(cov, cov.T)
    F = np.fft.fft2(np.eye(48).reshape(48, 6, 8), norm="ortho").reshape(48, 48).T
    spectrum = F @ cov @ F.conj().T
    assert np.allclose(spectrum, np.diag(np.diag(spectrum)), atol=1e-12)
    squared = np.add.outer(np.fft.fftfreq(6) ** 2, np.fft.fftfreq(8) ** 2).ravel()
    ratio = np.diag(spectrum).real * (squared + 1 / 64)
    assert np.allclose(ratio, ratio[0])
    assert np.allclose(covariances.stationary(shape, exponent=0.0), np.eye(48), atol=1e-14)


def test_a_stationary_problem_has_its_spectrum():
    cov = covariances.stationary((8, 8))
    problem = ls.InverseProblem(None, cov, 0.5).spectral()
    expected = np.sort(np.linalg.eigvalsh(cov)) + 0.25
    found = np.repeat(problem.eigenvalues, problem.multiplicities.astype(int))
    assert np.allclose(np.sort(found), expected)


def test_estimates_find_the_covariance(rng):
    root = rng.standard_normal((5, 5))
    x = root @ rng.standard_normal((5, 200_000)) + 7.0
    mean, cov = covariances.from_samples(x)
    assert np.allclose(mean, 7.0, atol=0.1)
    assert np.allclose(cov, root @ root.T, atol=0.15)
    assert np.allclose(covariances.from_samples(x, center=False).cov, cov + 49.0, atol=1.5)


@pytest.mark.parametrize("shrinkage", ["ledoit-wolf", "oas"])
def test_shrinkage_is_nearer_when_samples_are_few(shrinkage, rng):
    pytest.importorskip("sklearn", reason="scikit-learn is optional")
    errors = []
    for _ in range(10):
        x = rng.standard_normal((30, 20))
        plain, shrunk = (covariances.from_samples(x, kind).cov for kind in ("none", shrinkage))
        errors.append([np.linalg.norm(c - np.eye(30)) for c in (plain, shrunk)])
        assert np.trace(shrunk) == pytest.approx(np.trace(plain))
    plain, shrunk = np.mean(errors, axis=0)
    assert shrunk < 0.5 * plain


def floor_of(x):
    return [ls.InverseProblem(None, covariances.from_samples(x).cov, 0.3).spectral().floor]


def test_images_not_patches_are_resampled(rng):
    """The interval is as wide as images differ in contrast, however many patches they have."""
    groups = [c * rng.standard_normal((4, 500)) for c in (0.2, 0.5, 1.0, 1.5, 2.0)]
    (interval,) = covariances.bootstrap(groups, floor_of, resamples=100)
    assert interval.low < interval.value < interval.high
    mixed = np.split(rng.permutation(np.concatenate(groups, axis=1), axis=1), 5, axis=1)
    (same,) = covariances.bootstrap(mixed, floor_of, resamples=100)
    assert same.high - same.low < 0.3 * (interval.high - interval.low)
    calls = []
    again = covariances.bootstrap(
        groups, floor_of, resamples=100, workers=2, progress=lambda: calls.append(1)
    )
    assert (again, len(calls)) == ([interval], 100)


def test_bootstrap_intervals_cover(rng):
    """A mean of 30 images, 200 times: 90 % within binomial error, and 50 % would be seen."""
    inside = {0.9: 0, 0.5: 0}
    for trial in range(200):
        groups = [np.full((1, 3), v) for v in rng.standard_normal(30)]
        for level in inside:
            (i,) = covariances.bootstrap(
                groups, lambda x: [x.mean()], level=level, resamples=100, rng=trial
            )
            inside[level] += i.low < 0.0 < i.high
    assert abs(inside[0.9] / 200 - 0.88) < 3 * np.sqrt(0.1 / 200)
    assert inside[0.5] / 200 < 0.7


def test_noise_for_a_ratio(rng):
    A = ls.forward.super_resolution((8, 8), 2)
    cov = covariances.stationary((8, 8))
    clean = np.trace(A @ cov @ (A.T @ np.eye(16))) / 16
    sigma = covariances.sigma_for_snr(clean, 20.0)
    assert 10 * np.log10(clean / sigma**2) == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: covariances.stationary(5), "image_shape"),
        (lambda: covariances.stationary((5, 5), exponent=np.nan), "exponent"),
        (lambda: covariances.stationary((5, 5), power=0), "power"),
        (lambda: covariances.from_samples(np.ones((3, 1))), "samples"),
        (lambda: covariances.from_samples(np.ones((3, 4)), "some"), "shrinkage"),
        (lambda: covariances.bootstrap([np.ones((2, 2))], floor_of), "groups"),
        (lambda: covariances.bootstrap([np.ones((2, 2))] * 2, floor_of, level=1.0), "level"),
        (lambda: covariances.sigma_for_snr(1.0, 1e9), "snr_db"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(make, word):
    with pytest.raises(InvalidArgument, match=word):
        make()
