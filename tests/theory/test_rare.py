"""The largest sample eigenvalue beyond the edge, and descent that diverges on it."""

import numpy as np
import pytest
from scipy.integrate import quad

import linscale as ls
from linscale.theory.rare import (
    divergence_remarks,
    diverging_share,
    log_tail,
    rate_beyond_edge,
)


@pytest.mark.parametrize(("n", "N"), [(20, 30), (30, 20), (5, 500)])
def test_one_atom_is_the_classical_rate(n, N):
    l = 1.7
    problem = ls.SpectralProblem([l], [n], [0.1], floor=0.2)
    low, high = l * (1 - np.sqrt(n / N)) ** 2, l * (1 + np.sqrt(n / N)) ** 2
    x, found = rate_beyond_edge(problem, N)
    assert x[0] == pytest.approx(high, rel=1e-12)
    for i in (40, 150, 260):
        rate, _ = quad(lambda y: np.sqrt((y - low) * (y - high)) / (2 * y * l), high, x[i])
        # Trapezoids on a geometric grid: good to a few parts in a thousand.
        assert found[i] == pytest.approx(rate, rel=5e-3)


def largest_eigenvalues(model, N, draws, rng):
    l = np.repeat(model.spectral().eigenvalues, model.spectral().multiplicities.astype(int))
    y = np.sqrt(l)[:, None] * rng.standard_normal((draws, l.size, N))
    return np.linalg.eigvalsh(y @ y.transpose(0, 2, 1) / N)[:, -1]


def test_tail_by_simulation():
    """Probabilities to a factor of three, over three decades."""
    model, N = ls.SubspaceModel(n=12, d=4, sigma=0.5), 10
    largest = largest_eigenvalues(model, N, 200_000, np.random.default_rng(3))
    x, log_p = log_tail(model.spectral(), N)
    often = np.array([1e-2, 1e-3, 1e-4])
    expected = np.interp(np.quantile(largest, 1 - often), x, log_p)
    assert np.all(np.abs(expected - np.log(often)) < np.log(3))
    # A planted error: the rate of complex data is twice that.
    assert np.all(np.abs(2 * expected - np.log(often)) > np.log(3))


def test_error_covers_what_diverging_sets_add():
    """The mean of 20,000 draws, thousands of times the theory: its error must say so."""
    model, N = ls.SubspaceModel(n=24, d=6, sigma=0.2), 4
    step = 1.3 / ls.theory.sample_spectrum(model, N).high
    filter = ls.GradientDescent(step, [1, 5, 20, 30])
    theory = ls.theory.risk(model, N, filter)
    simulated = ls.montecarlo.risk(model, N, filter, trials=20_000, workers=2)
    assert simulated.value[-1] > 1e3 * theory.value[-1]
    off = np.abs(simulated.value - theory.value)
    assert np.all(off <= theory.error + 4 * simulated.sem)
    assert "diverges on roughly one training set in" in theory.statuses[-1]
    assert theory.error[0] < 0.2 * theory.value[0]


def test_nothing_diverges_without_need():
    model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    problem = model.spectral()
    edge = ls.theory.sample_spectrum(model, 1000).high
    small = ls.GradientDescent(1.0 / edge, [1, 10, 10_000])
    for filter in (small, ls.GradientFlow([1.0, 1e4]), ls.Ridge(0.1)):
        assert np.all(diverging_share(problem, 1000, filter) == 0)
        assert set(divergence_remarks(problem, 1000, filter)) == {"ok"}
    # More examples bring fewer surprises.
    share = [
        diverging_share(problem, N, ls.GradientDescent(1.6, 5))[0] for N in (100, 200, 400, 800)
    ]
    assert np.all(np.diff(share) < 0)
