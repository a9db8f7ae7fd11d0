"""Which images count how often, and BCa intervals against scipy's."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from linscale.errors import InvalidArgument
from linscale.images import resampling
from linscale.images.resampling import (
    bca_ends,
    checked_count,
    left_out_weights,
    resampled_weights,
)
from tests.tolerances import rounding


def test_resamples_are_those_of_the_stream():
    """The same images as indices drawn from the same generator name."""
    chosen = np.random.default_rng(7).integers(5, size=(30, 5))
    weights = resampled_weights(5, 30, 7)
    assert np.array_equal(weights, [np.bincount(row, minlength=5) for row in chosen])
    assert np.all(weights.sum(axis=1) == 5)
    assert resampled_weights(5, 0, 7).shape == (0, 5)


def test_images_are_left_out_one_by_one_or_in_twenty_blocks():
    assert np.array_equal(left_out_weights(3), 1 - np.eye(3))
    assert np.array_equal(left_out_weights(20), 1 - np.eye(20))
    many = left_out_weights(47)
    assert many.shape == (20, 47)
    assert np.all((many == 0).sum(axis=0) == 1)  # each once
    assert np.ptp((many == 0).sum(axis=1)) <= 1


@pytest.mark.parametrize("level", [0.5, 0.9])
@pytest.mark.parametrize("statistic", [np.mean, np.var, np.median])
@pytest.mark.parametrize("count", [4, 15])
def test_ends_are_those_of_scipy(statistic, level, count):
    rng = np.random.default_rng(count)
    x = rng.exponential(size=count)
    known = bootstrap(
        (x,), statistic, method="BCa", confidence_level=level, n_resamples=400, random_state=1
    )
    left_out = [statistic(np.delete(x, i)) for i in range(count)]
    found = bca_ends(statistic(x), known.bootstrap_distribution, left_out, level)
    # Quantiles move with their share, which is a distribution function of a few operations.
    size = np.ptp(known.bootstrap_distribution) * 400
    wanted = known.confidence_interval
    assert np.allclose(found, [wanted.low, wanted.high], rtol=0.0, atol=rounding(size, 100))
    plain = np.quantile(known.bootstrap_distribution, [0.5 - level / 2, 0.5 + level / 2])
    assert statistic is np.median or not np.allclose(found, plain, rtol=1e-3)  # planted: no BCa


def test_an_interval_never_misses_its_value():
    resampled = np.linspace(1.0, 2.0, 40)
    left_out = np.array([1.4, 1.5, 1.7])
    for value in (0.5, 1.0, 1.01, 1.5, 1.99, 2.0, 3.0):
        low, high = bca_ends(value, resampled, left_out, 0.9)
        assert low <= value <= high
    assert bca_ends(3.0, resampled, left_out, 0.9)[1] == 3.0
    assert np.quantile(resampled, 0.95) < 3.0  # as the percentile interval would


@pytest.mark.parametrize(
    ("resampled", "left_out"),
    [
        ([2.0] * 30, [2.0] * 4),  # nothing varies
        ([2.0] * 30, [1.0, 2.0, 3.0]),
        (np.linspace(1.0, 3.0, 30), [2.0, 2.0]),  # no skewness to be had
        (np.linspace(1.0, 3.0, 30), [0.0, 0.0, 1e9]),  # more of it than there can be
    ],
)
def test_degenerate_resamples(resampled, left_out):
    low, high = bca_ends(2.0, resampled, left_out, 0.9)
    assert np.min(resampled) <= low <= 2.0 <= high <= np.max(resampled)


@pytest.mark.parametrize("count", [1, 2, 19])
def test_few_resamples_are_refused_with_the_reason(count):
    with pytest.raises(InvalidArgument, match=f"resamples = {count}.*at least 20.*outermost"):
        checked_count(count)
    assert checked_count(20) == 20
    assert resampling.LEAST == 20
