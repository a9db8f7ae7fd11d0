"""Scale mixtures: one step, exact at every N by moments, and whole paths against simulation."""

import numpy as np
import pytest

import linscale as ls
from linscale.theory.law import law_of
from tests.conftest import z_limit
from tests.theory.mixture.test_law import FORWARD, TWO, model
from tests.tolerances import CONTRACT


def exact_one_step(asked, n_train, eta):
    """E R after one step, by the moments of Gaussian vectors given tau.

    W = eta X Y'/N: E tr[W S W'] has N (N - 1) terms of independent samples and N of |x|^2 y'S y.
    """
    S, C = asked.measurement_cov(), asked.cross_cov()
    K = S - asked.sigma**2 * np.eye(asked.n)
    second = 1.0 + asked.contrast.spread
    trace, apart = np.trace(asked.signal_cov), np.trace(C @ S @ C.T)
    own = trace * (second * np.trace(S @ K) + asked.sigma**2 * np.trace(S)) + 2.0 * second * apart
    both = (1.0 - 1.0 / n_train) * apart + own / n_train
    return (trace - 2.0 * eta * np.sum(C**2) + eta**2 * both) / asked.p


CASES = [(name, N) for name in FORWARD for N in (1, 2, 9, 200)]
QUICK = [("denoising", 1), ("denoising", 200), ("random", 2), ("more measurements", 9)]


@pytest.mark.parametrize(
    ("name", "N"),
    QUICK + [pytest.param(*case, marks=pytest.mark.slow) for case in CASES if case not in QUICK],
)
def test_one_step_is_exact_at_every_n_train(name, N):
    """A polynomial of degree 1 ends the expansion at order 1, its sampling of tau included."""
    asked = model(name, TWO)
    eta = 0.4 / law_of(asked.mixture()).spectrum(N).high
    exact = exact_one_step(asked, N, eta)
    for filter in (ls.GradientDescent(eta, 1), ls.Nesterov(eta, 1)):
        found = ls.theory.risk(asked, N, filter)
        # Of what bias and variance add up to: each order may cancel some of the other.
        allowed = CONTRACT * (abs(found.bias[0]) + abs(found.variance[0]))
        assert abs(found.value[0] - exact) <= allowed
    leading = ls.theory.risk(asked, N, ls.GradientDescent(eta, 1), order=0).value[0]
    assert abs(leading / exact - 1) > 1e-6 / N  # order 0 is caught


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "contrast"),
    [
        ("random", ls.Contrast.lognormal(1.0)),
        pytest.param("random", TWO, marks=SLOW),
        pytest.param("denoising", ls.Contrast.lognormal(1.0), marks=SLOW),
        pytest.param("denoising", TWO, marks=SLOW),
    ],
)
def test_paths_of_every_filter_against_simulation(name, contrast):
    """Order 1 within its own error estimate; order 0 is told from it."""
    asked, N = model(name, contrast), 24
    high = law_of(asked.mixture()).spectrum(N).high
    filters = [
        ls.GradientFlow(np.array([0.5, 5.0, 50.0]) / high), ls.Ridge(np.array([0.3, 0.01]) * high),
        ls.HeavyBall(0.6 / high, 0.5, [3, 30]), ls.Nesterov(0.3 / high, [2, 10]),
    ]  # fmt: skip
    seen = 0
    for filter in filters:
        mc = ls.montecarlo.risk(asked, N, filter, trials=2000, rng=7)
        zero, one = (ls.theory.risk(asked, N, filter, order=order) for order in (0, 1))
        limit = z_limit(36) * mc.sem
        assert np.all(np.abs(one.value - mc.value) < limit + one.error)
        assert np.all(np.abs(zero.value - mc.value) < limit + zero.error)
        assert np.all(one.error < 0.06 * one.value)
        seen += np.sum(np.abs(zero.value - mc.value) > limit + one.error)
    assert seen >= 2
