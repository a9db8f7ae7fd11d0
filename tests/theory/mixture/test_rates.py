"""Scale mixtures against simulation: how fast the expansion's error falls, and how small it is."""

import numpy as np
import pytest

import linscale as ls
from linscale import theory
from linscale.images import covariances
from tests.conftest import z_limit

LAWS = {
    "two-point": ls.Contrast([0.2, 4.2], [0.8, 0.2]),
    "log-normal": ls.Contrast.lognormal(2.0),
}
SIZES = (8, 16, 32)  # n, with N = 3 n / 2
TRIALS, FEWER = (30_000, 12_000, 5_000), (6_000, 4_000, 3_000)
SLOW = pytest.mark.slow
RIDGE = ls.Ridge(0.3)


def problem(n, law):
    """Half the directions strong, half weak: the same spectrum at every n."""
    return ls.InverseProblem(None, np.diag(np.repeat([2.0, 0.3], n // 2)), 0.5, law)


@pytest.mark.parametrize(
    ("name", "trials"),
    [("log-normal", FEWER), *(pytest.param(name, TRIALS, marks=SLOW) for name in LAWS)],
)
def test_the_error_falls_as_one_over_n_and_then_as_its_square(name, trials):
    errors, sems = [], []
    for n, draws in zip(SIZES, trials, strict=True):
        model, N = problem(n, LAWS[name]), 3 * n // 2
        found = ls.montecarlo.risk(model, N, RIDGE, trials=draws, rng=n)
        both = [theory.risk(model, N, RIDGE, order=order).value[0] for order in (0, 1)]
        errors.append(np.array(both) / found.value[0] - 1.0)
        sems.append(found.sem[0] / found.value[0])
    leading, following = np.abs(errors).T
    spread = np.log(SIZES[-1] / SIZES[0])
    slope = np.log(leading[-1] / leading[0]) / spread
    uncertain = np.hypot(sems[-1] / leading[-1], sems[0] / leading[0]) / spread
    assert uncertain < 0.1
    assert abs(slope + 1.0) < 0.3
    # With the 1/N term what is left falls by 4 for every doubling, down to what sampling shows.
    allowed = following[0] * (SIZES[0] / np.array(SIZES)) ** 1.5 + z_limit(6) * np.array(sems)
    assert np.all(following < allowed)
    assert following[0] < 0.5 * leading[0]
    assert leading[-1] > allowed[-1]  # planted: without the term it would be seen


@pytest.mark.parametrize(
    ("name", "n_train"),
    [
        ("two-point", 300),
        pytest.param("two-point", 1000, marks=SLOW),
        *(pytest.param("log-normal", N, marks=SLOW) for N in (300, 1000)),
    ],
)
def test_under_a_per_cent_on_patches_of_144_pixels(name, n_train):
    """At order 0 already; Gaussian theory of the same covariance would be seen."""
    model = ls.InverseProblem(None, covariances.stationary((12, 12)), 0.3, LAWS[name])
    best = theory.early_stopped(model, n_train, order=0)
    flow = ls.GradientFlow(min(best.at, 300.0))  # where converging is best, that is as good
    found = ls.montecarlo.risk(model, n_train, flow, trials=150, rng=n_train)
    sem = found.sem[0] / found.value[0]
    assert sem < 0.003
    assert abs(best.value / found.value[0] - 1.0) < 0.01 + z_limit(4) * sem
    gaussian = ls.InverseProblem(None, model.signal_cov, 0.3)
    plain = theory.risk(gaussian, n_train, flow).value[0]
    assert abs(plain / found.value[0] - 1.0) > 0.01 + z_limit(4) * sem
