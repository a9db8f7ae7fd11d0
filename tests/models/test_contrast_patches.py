"""Contrast measured from signals: what Gaussian signals vary by themselves is none."""

import numpy as np
import pytest

from linscale import Contrast
from linscale.errors import InvalidArgument
from linscale.images import covariances

COV = covariances.stationary((6, 6))
SIGMA = 0.5


def signals(rng, law, count=40_000):
    root = np.linalg.cholesky(COV + 1e-12 * np.eye(36))
    return np.sqrt(law.sample(count, rng)) * (root @ rng.standard_normal((36, count)))


def test_gaussian_signals_have_constant_contrast(rng):
    found = Contrast.from_patches(signals(rng, Contrast.constant()), COV, SIGMA)
    energy = 2.0 / directions()
    assert found.spread < 0.05 * energy  # left in, it would be the whole of it


def directions():
    k = np.linalg.eigvalsh(COV)
    M = k / (k + SIGMA**2)
    return M.sum() ** 2 / (M**2).sum()


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_the_spread_of_mixtures_is_found(spread, rng):
    """Repeated, so that the standard error is known; the raw energy is off by (1 + v) 2/d."""
    law = Contrast.gamma(1.0 / spread)
    found = [Contrast.from_patches(signals(rng, law), COV, SIGMA).spread for _ in range(8)]
    sem = np.std(found, ddof=1) / np.sqrt(8)
    assert abs(np.mean(found) - law.spread) < 4 * sem + 0.01 * spread
    assert (1 + law.spread) * 2 / directions() > 4 * sem + 0.01 * spread


def test_noise_decides_what_counts(rng):
    """Where noise hides all but a few directions, they alone tell the contrast."""
    x = signals(rng, Contrast.lognormal(1.0))
    quiet, loud = (Contrast.from_patches(x, COV, sigma).spread for sigma in (0.01, 10.0))
    assert abs(quiet - 1.0) < 0.15
    assert abs(loud - 1.0) < 0.3


def test_signals_that_do_not_vary():
    with pytest.raises(InvalidArgument, match="patches"):
        Contrast.from_patches(np.zeros((36, 5)), COV, SIGMA)
