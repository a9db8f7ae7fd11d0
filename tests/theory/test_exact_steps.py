"""The exact risks after one and two steps and at convergence against a million actual draws."""

import numpy as np
import pytest

import linscale as ls
from tests.conftest import z_limit

MODEL = ls.SubspaceModel(n=12, d=3, sigma=0.4)
SIZES = [1, 2, 6, 15, 48]  # 1, 2, n/2, n + 3, 4 n
Z = z_limit(2 * len(SIZES) + 2)


def draws(N, eta, trials, seed):
    """Risks averaged over the targets, after one and two steps: two arrays (trials,)."""
    problem = MODEL.spectral()
    l = np.repeat(problem.eigenvalues, problem.multiplicities.astype(int))
    weight = np.repeat(
        problem.target_weights / problem.multiplicities, problem.multiplicities.astype(int)
    )
    rng, out, batch = np.random.default_rng(seed), [], 20_000
    for _ in range(trials // batch):
        y = np.sqrt(l)[:, None] * rng.standard_normal((batch, l.size, N))
        sh = y @ y.transpose(0, 2, 1) / N
        one = np.eye(l.size) - eta * sh
        pairs = []
        for rho, gain in (
            (one, eta * np.eye(l.size)),
            (one @ one, 2 * eta * np.eye(l.size) - eta**2 * sh),
        ):
            bias = np.einsum("i,bij,j->b", weight, rho**2, l)
            h = gain @ sh @ gain  # (1 - rho)^2 / l = l g^2
            pairs.append(problem.floor * (1 + np.einsum("i,bii->b", l, h) / N) + bias)
        out.append(pairs)
    return np.concatenate(out, axis=1)


def check(N, trials, most):
    eta = 0.5 / ls.theory.sample_spectrum(MODEL, N).high
    exact = [ls.theory.one_step(MODEL, N, eta).value, ls.theory.two_steps(MODEL, N, eta).value]
    for risks, value in zip(draws(N, eta, trials, seed=N), exact, strict=True):
        sem = risks.std() / np.sqrt(risks.size)
        assert sem < most * value
        assert abs(risks.mean() - value) < Z * sem
        # A planted error: the learning error of complex data, or half a percent.
        assert abs(risks.mean() - 1.005 * value) > Z * sem


@pytest.mark.parametrize("N", SIZES)
def test_steps(N):
    check(N, trials=60_000, most=1e-3)


# n + 20 and 4 n, and with the draws of the slow suite 2 n, where the tail is heavier.
CONVERGED = [(32, 7000), (48, 2000)]
SLOW = [pytest.param(N, 60_000, marks=pytest.mark.slow) for N in (32, 24, 48)]


@pytest.mark.parametrize(("N", "trials"), CONVERGED + SLOW)
def test_converged(N, trials):
    exact = ls.theory.converged(MODEL, N).value
    mc = ls.montecarlo.converged(MODEL, N, trials=trials, rng=N, workers=2)
    assert mc.sem < 1e-3 * exact
    assert abs(mc.value - exact) < Z * mc.sem
    assert abs(mc.value - 1.005 * exact) > Z * mc.sem
