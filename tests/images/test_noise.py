"""Noise estimated from images, and its share taken out of a covariance."""

import sys

import numpy as np
import pytest

from linscale.errors import InputError, InvalidArgument
from linscale.images import Image, covariances
from linscale.images.noise import denoised_cov, estimate_sigma
from tests.conftest import z_limit
from tests.images.test_load import gaussian_images
from tests.tolerances import rounding

SIDE, COUNT = 128, 8


def noisy(sigma, rng):
    return [
        Image(i.name, i.pixels + sigma * rng.standard_normal(i.pixels.shape))
        for i in gaussian_images(COUNT, size=SIDE)
    ]


def texture():
    """Standard deviation of the finest diagonal wavelet coefficients of gaussian_images."""
    pywt = pytest.importorskip("pywt", reason="PyWavelets is optional")
    kernel = np.exp(-np.abs(np.arange(-6, 7)) / 2.0)
    kernel /= np.sqrt(np.sum(kernel**2))
    return 0.15 * np.sum(np.convolve(kernel, pywt.Wavelet("db2").dec_hi) ** 2)


@pytest.mark.parametrize("sigma", [0.02, 0.05, 0.2])
def test_noise_and_texture_are_found_together(sigma, rng):
    expected = np.hypot(sigma, texture())
    found = estimate_sigma(noisy(sigma, rng))
    # The median of m sizes of a Gaussian has s.e. 1.166/sqrt(m); of M images, 1.2533/sqrt(M) of it.
    sem = expected * 1.1664 / (SIDE / 2) * 1.2533 / np.sqrt(COUNT)
    room = z_limit(3) * sem
    assert abs(found - expected) < room
    # Planted: a tenth more noise, and for little noise the texture forgotten, would be seen.
    assert abs(found - np.hypot(1.1 * sigma, texture())) > room
    if sigma == 0.02:
        assert found - sigma > room


def test_the_error_is_how_much_images_differ(rng):
    """The median of 8 images, 30 times: its spread is the error's, within a factor of 2.

    Of 8 values the standard deviation is uncertain by a quarter, and of 30 by an eighth.
    """
    pytest.importorskip("pywt", reason="PyWavelets is optional")
    clean = gaussian_images(COUNT, size=64)
    found = [
        estimate_sigma(
            [Image(i.name, i.pixels + 0.1 * rng.standard_normal((64, 64))) for i in clean]
        )
        for _ in range(30)
    ]
    ratio = np.mean([f.error for f in found]) / np.std(found, ddof=1)
    assert 0.5 < ratio < 2.0  # without the 1 / sqrt(8) it would be near 3
    assert estimate_sigma(clean[:1]).error == np.inf


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([Image("flat", np.full((32, 32), 0.3))], "no noise"),
        ([], "no images"),
        ([Image("strip", np.ones((32, 3)))], "strip: .* at least 8"),
    ],
)
def test_images_that_tell_nothing(images, message):
    pytest.importorskip("pywt", reason="PyWavelets is optional")
    with pytest.raises(InputError, match=message):
        estimate_sigma(images)


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pywt", None)
    with pytest.raises(InputError, match=r"pip install 'linscale\[images\]'"):
        estimate_sigma([Image("x", np.ones((32, 32)))])


def test_the_noise_is_taken_out(rng):
    cov = covariances.stationary((4, 4))
    largest = np.linalg.eigvalsh(cov).max()
    allowed = rounding(largest, 3 * 16)  # decompositions and a product of size 16
    same = denoised_cov(cov + 0.3**2 * np.eye(16), 0.3)
    assert np.allclose(same, cov, rtol=0.0, atol=allowed)
    found = np.linalg.eigvalsh(denoised_cov(cov, 0.7))
    assert found.min() > -allowed  # never an indefinite matrix
    assert found.max() == pytest.approx(largest - 0.49, rel=0.0, abs=allowed)


@pytest.mark.parametrize(
    ("cov", "sigma", "word"),
    [
        (np.eye(2), -1.0, "sigma"),
        (np.ones((3, 4)), 0.1, "square"),
        (np.triu(np.ones((3, 3))), 0.1, "symmetric"),
        (np.full((2, 2), np.nan), 0.1, "cov"),
    ],
)
def test_bad_arguments_are_named(cov, sigma, word):
    with pytest.raises(InvalidArgument, match=word):
        denoised_cov(cov, sigma)
