"""Sums over signals against the signals themselves."""

import numpy as np
import pytest

from linscale.errors import InvalidArgument
from linscale.images.covariances import SHRINKAGES, from_samples
from linscale.images.moments import Moments
from tests.tolerances import EPS, rounding

ORIGIN = 0.45


def groups(rng):
    """Of several sizes, with means and contrasts of their own."""
    root = rng.standard_normal((12, 12)) / 12
    return [
        0.5 + 0.1 * rng.standard_normal((12, 1)) + size * root @ rng.standard_normal((12, count))
        for size, count in ((0.5, 7), (1.0, 40), (2.0, 23))
    ]


def close(moments, signals, shrinkage):
    pytest.importorskip("sklearn", reason="scikit-learn is optional")
    found, known = moments.estimate(shrinkage), from_samples(signals, shrinkage)
    count = signals.shape[1]
    size = np.abs(signals - ORIGIN).max()
    assert np.allclose(found.mean, known.mean, rtol=0.0, atol=rounding(1.0, count))
    # Entries of sum y y'/n less those of the mean, and a share that is a ratio of such sums.
    allowed = rounding(4 * size**2, 2 * count)
    assert np.allclose(found.cov, known.cov, rtol=0.0, atol=allowed)
    assert np.array_equal(found.cov, found.cov.T)


@pytest.mark.parametrize("shrinkage", SHRINKAGES)
def test_moments_give_what_the_signals_give(shrinkage, rng):
    parts = groups(rng)
    moments = [Moments.of(part, ORIGIN) for part in parts]
    whole = moments[0] + moments[1] + moments[2]
    close(whole, np.concatenate(parts, axis=1), shrinkage)
    few = Moments.of(parts[0], ORIGIN)  # fewer signals than pixels
    close(few, parts[0], shrinkage)


@pytest.mark.parametrize("shrinkage", SHRINKAGES)
def test_weights_are_repetitions(shrinkage, rng):
    parts = groups(rng)
    total = Moments.none(12, ORIGIN)
    for weight, part in zip((2.0, 0.0, 3.0), parts, strict=True):
        total = total.plus(weight, Moments.of(part, ORIGIN))
    repeated = np.concatenate([parts[0], parts[0], parts[2], parts[2], parts[2]], axis=1)
    close(total, repeated, shrinkage)


def test_an_origin_far_off_loses_digits(rng):
    """That is what it is for: at 10^6 half of the digits of the variance are gone."""
    signals = groups(rng)[1]
    near, far = (Moments.of(signals, origin).estimate().cov for origin in (0.5, 1e6))
    assert np.abs(far - near).max() > 1e3 * EPS * np.abs(near).max()


def test_other_words_are_refused(rng):
    with pytest.raises(InvalidArgument, match="shrinkage"):
        Moments.of(groups(rng)[0], 0.0).estimate("some")


@pytest.mark.parametrize("part", ["third", "fourth"])
def test_planted_errors_show_in_what_is_shrunk(part, rng):
    signals = groups(rng)[1]
    good = Moments.of(signals, ORIGIN)
    spoilt = {**vars(good), part: 1.01 * getattr(good, part)}
    with pytest.raises(AssertionError):
        close(Moments(**spoilt), signals, "ledoit-wolf")
