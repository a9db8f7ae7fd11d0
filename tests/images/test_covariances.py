"""Stationary covariances, estimates from samples, and what few images can say."""

import numpy as np
import pytest
from scipy.stats import norm, t

import linscale as ls
from linscale.errors import InvalidArgument
from linscale.images import covariances
from tests.conftest import z_limit
from tests.tolerances import rounding


def test_stationary_is_diagonal_in_fourier(rng):
    shape = (6, 8)
    cov = covariances.stationary(shape, exponent=2.0, power=3.0)
    assert np.allclose(np.diag(cov), 3.0, rtol=rounding(1.0, 48), atol=0.0)  # sums of 48 terms
    assert np.allclose(cov, cov.T, rtol=0.0, atol=rounding(3.0, 48))
    F = np.fft.fft2(np.eye(48).reshape(48, 6, 8), norm="ortho").reshape(48, 48).T
    spectrum = F @ cov @ F.conj().T
    # Two products and a transform, of sums that end at most at those of a row.
    allowed = rounding(np.abs(cov).sum(axis=1).max(), 3 * 48)
    assert np.allclose(spectrum, np.diag(np.diag(spectrum)), rtol=0.0, atol=allowed)
    squared = np.add.outer(np.fft.fftfreq(6) ** 2, np.fft.fftfreq(8) ** 2).ravel()
    ratio = np.diag(spectrum).real * (squared + 1 / 64)
    relative = allowed / np.diag(spectrum).real.min()
    assert np.allclose(ratio, ratio[0], rtol=2.0 * relative, atol=0.0)
    white = covariances.stationary(shape, exponent=0.0)
    assert np.allclose(white, np.eye(48), rtol=0.0, atol=rounding(1.0, 48))


def test_a_stationary_problem_has_its_spectrum():
    cov = covariances.stationary((8, 8))
    problem = ls.InverseProblem(None, cov, 0.5).spectral()
    expected = np.sort(np.linalg.eigvalsh(cov)) + 0.25
    found = np.repeat(problem.eigenvalues, problem.multiplicities.astype(int))
    # Three decompositions and a product of size 64, to eps of the largest.
    atol = rounding(expected.max(), 4 * 64)
    assert np.allclose(np.sort(found), expected, rtol=0.0, atol=atol)


def test_estimates_find_the_covariance(rng):
    root, count = rng.standard_normal((5, 5)), 200_000
    x = root @ rng.standard_normal((5, count)) + 7.0
    mean, cov = covariances.from_samples(x)
    expected, z = root @ root.T, z_limit(5 + 15)
    power = np.diag(expected)
    assert np.all(np.abs(mean - 7.0) < z * np.sqrt(power / count))
    sem = np.sqrt((np.outer(power, power) + expected**2) / count)
    assert np.all(np.abs(cov - expected) < z * sem)
    plain = covariances.from_samples(x, center=False).cov
    size = (plain.max(), count)  # sums of so many terms
    assert np.allclose(plain, cov + np.outer(mean, mean), rtol=0.0, atol=rounding(*size))


@pytest.mark.parametrize("shrinkage", ["ledoit-wolf", "oas"])
def test_shrinkage_is_nearer_when_samples_are_few(shrinkage, rng):
    pytest.importorskip("sklearn", reason="scikit-learn is optional")
    errors = []
    for _ in range(10):
        x = rng.standard_normal((30, 20))
        plain, shrunk = (covariances.from_samples(x, kind).cov for kind in ("none", shrinkage))
        errors.append([np.linalg.norm(c - np.eye(30)) for c in (plain, shrunk)])
        # Sums of 20 terms in 30 entries, all positive.
        relative = rounding(1.0, 20 + 30)
        assert np.trace(shrunk) == pytest.approx(np.trace(plain), rel=relative, abs=0.0)
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
    """A mean of 30 images, 200 times: each level within binomial error of what 30 images give.

    The bootstrap takes sqrt(29/30) of the standard error and the normal law for Student's.
    """
    inside = {0.9: 0, 0.5: 0}
    for trial in range(200):
        groups = [np.full((1, 3), v) for v in rng.standard_normal(30)]
        for level in inside:
            (i,) = covariances.bootstrap(
                groups, lambda x: [x.mean()], level=level, resamples=100, rng=trial
            )
            inside[level] += i.low < 0.0 < i.high
    for level, count in inside.items():
        edge = norm.ppf(0.5 + 0.5 * level) * np.sqrt(29 / 30)
        expected = 1.0 - 2.0 * t.sf(edge, 29)
        sem = np.sqrt(expected * (1.0 - expected) / 200)
        assert abs(count / 200 - expected) < z_limit(2) * sem


def test_noise_for_a_ratio(rng):
    A = ls.forward.super_resolution((8, 8), 2)
    cov = covariances.stationary((8, 8))
    clean = np.trace(A @ cov @ (A.T @ np.eye(16))) / 16
    sigma = covariances.sigma_for_snr(clean, 20.0)
    decibels = 10 * np.log10(clean / sigma**2)
    assert decibels == pytest.approx(20.0, rel=rounding(1.0, 8), abs=0.0)  # 8 operations


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
