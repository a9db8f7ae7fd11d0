"""Noise estimated from images, and its share taken out of a covariance."""

import numpy as np
import pytest

from linscale import covariances
from linscale.errors import InputError, InvalidArgument
from linscale.images import Image
from linscale.noise import denoised_cov, estimate_sigma

from .test_images import gaussian_images

pytest.importorskip("pywt", reason="PyWavelets is optional")


@pytest.mark.parametrize("sigma", [0.05, 0.2])
def test_known_noise_is_found(sigma, rng):
    images = [
        Image(i.name, i.pixels + sigma * rng.standard_normal(i.pixels.shape))
        for i in gaussian_images(5, size=128)
    ]
    found = estimate_sigma(images)
    assert abs(found / sigma - 1) < 0.05  # texture of these images is well below
    assert 0 < found.error < 0.05 * sigma
    assert estimate_sigma(images[:1]).error == np.inf
    half = [Image(i.name, 0.5 * i.pixels) for i in images]
    assert abs(estimate_sigma(half) / sigma - 1) > 0.05  # planted: other noise is seen


def test_images_without_noise():
    with pytest.raises(InputError, match="no noise"):
        estimate_sigma([Image("flat", np.full((32, 32), 0.3))])


def test_the_noise_is_taken_out(rng):
    cov = covariances.stationary((4, 4))
    assert np.allclose(denoised_cov(cov + 0.3**2 * np.eye(16), 0.3), cov)
    found = np.linalg.eigvalsh(denoised_cov(cov, 0.7))
    assert found.min() > -1e-14  # never an indefinite matrix
    assert found.max() == pytest.approx(np.linalg.eigvalsh(cov).max() - 0.49)
    with pytest.raises(InvalidArgument, match="sigma"):
        denoised_cov(cov, -1.0)
