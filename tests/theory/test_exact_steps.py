"""The exact risks after one and two steps and at convergence against a million actual draws."""

import numpy as np
import pytest

import linscale as ls

MODEL = ls.SubspaceModel(n=12, d=3, sigma=0.4)
SIZES = [1, 2, 6, 15, 48]  # 1, 2, n/2, n + 3, 4 n


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
        assert abs(risks.mean() - value) < 3 * sem
        # A planted error: the learning error of complex data, or half a percent.
        assert abs(risks.mean() - 1.005 * value) > 3 * sem


@pytest.mark.parametrize("N", SIZES)
def test_steps(N):
    check(N, trials=200_000, most=1e-3)


@pytest.mark.parametrize("N", [32, 24, 48])  # n + 20, 2 n, 4 n
def test_converged(N):
    exact = ls.theory.converged(MODEL, N).value
    mc = ls.montecarlo.converged(MODEL, N, trials=60_000, rng=N, workers=2)
    assert mc.sem < 1e-3 * exact
    assert abs(mc.value - exact) < 3 * mc.sem
    assert abs(mc.value - 1.005 * exact) > 3 * mc.sem
