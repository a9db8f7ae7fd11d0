"""The largest sample eigenvalue beyond the edge, and descent that diverges on it."""

import numpy as np
import pytest
from scipy.integrate import quad

import linscale as ls
from linscale.theory.gaussian.stieltjes import spectral_argument
from linscale.theory.rare import (
    bulks,
    divergence_remarks,
    diverging_share,
    log_tail,
    rate_below_bulk,
    rate_beyond_edge,
)
from tests.conftest import z_limit
from tests.tolerances import rounding


@pytest.mark.parametrize(("n", "N"), [(20, 30), (30, 20), (5, 500)])
def test_one_atom_is_the_classical_rate(n, N):
    l = 1.7
    problem = ls.SpectralProblem([l], [n], [0.1], floor=0.2)
    low, high = l * (1 - np.sqrt(n / N)) ** 2, l * (1 + np.sqrt(n / N)) ** 2
    x, found = rate_beyond_edge(problem, N)
    assert x[0] == pytest.approx(high, rel=rounding(2, 10), abs=0)
    for i in (40, 150, 260):
        rate, _ = quad(lambda y: np.sqrt((y - low) * (y - high)) / (2 * y * l), high, x[i])
        # Trapezoids on a geometric grid of ratio 1.07: 0.07^2, to the second order.
        assert found[i] == pytest.approx(rate, rel=5e-3)


def largest_eigenvalues(model, N, draws, rng):
    l = np.repeat(model.spectral().eigenvalues, model.spectral().multiplicities.astype(int))
    y = np.sqrt(l)[:, None] * rng.standard_normal((draws, l.size, N))
    return np.linalg.eigvalsh(y @ y.transpose(0, 2, 1) / N)[:, -1]


def test_tail_by_simulation():
    """Probabilities to a factor of three, over three decades."""
    model, N = ls.SubspaceModel(n=12, d=4, sigma=0.5), 10
    largest = largest_eigenvalues(model, N, 100_000, np.random.default_rng(3))
    x, log_p = log_tail(model.spectral(), N)
    often = np.array([1e-2, 1e-3, 1e-4])
    expected = np.interp(np.quantile(largest, 1 - often), x, log_p)
    assert np.all(np.abs(expected - np.log(often)) < np.log(3))
    # A planted error: the rate of complex data is twice that.
    assert np.all(np.abs(2 * expected - np.log(often)) > np.log(3))


def test_error_covers_what_diverging_sets_add():
    """The mean of 10,000 draws, thousands of times the theory: its error must say so."""
    model, N = ls.SubspaceModel(n=24, d=6, sigma=0.2), 4
    step = 1.3 / ls.theory.sample_spectrum(model, N).high
    filter = ls.GradientDescent(step, [1, 5, 20, 30])
    theory = ls.theory.risk(model, N, filter)
    simulated = ls.montecarlo.risk(model, N, filter, trials=10_000, workers=2)
    assert simulated.value[-1] > 1e3 * theory.value[-1]
    off = np.abs(simulated.value - theory.value)
    assert np.all(off <= theory.error + z_limit(4) * simulated.sem)
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


def smallest_signal_eigenvalues(model, N, draws, rng):
    y = rng.standard_normal((draws, model.d, N)) * np.sqrt(1 + model.sigma**2)
    return np.linalg.eigvalsh(y @ y.transpose(0, 2, 1) / N)[:, 0]


def test_lower_tail_by_simulation():
    """Next to no noise: the signal bulk is that of d dimensions alone."""
    model, N = ls.SubspaceModel(n=10, d=4, sigma=1e-5), 8
    smallest = smallest_signal_eigenvalues(model, N, 200_000, np.random.default_rng(5))
    problem = model.spectral()
    signal, noise = bulks(problem, N)
    assert (signal.atoms, noise.atoms) == ([0], [1])
    x, rate = rate_below_bulk(problem, N, signal)
    often = np.array([1e-2, 1e-3, 1e-4])
    places = np.quantile(smallest, often)
    exponent = N * np.interp(-places, -x, rate)
    expected = -exponent - np.log1p(6 * np.sqrt(np.pi) * exponent)
    # The rate is exact for many examples only: here the power below is (N - d + 1)/2.
    assert np.all(np.abs(expected - np.log(often)) < np.log(8))
    # Towards 0 a power of x.
    low = x < 1e-2 * x[0]
    slope = np.polyfit(np.log(x[low]), -N * rate[low], 1)[0]
    # kappa is interpolated on cells of up to 3.5 % of its range.
    assert slope == pytest.approx((N - model.d) / 2, rel=0.035)


def test_error_covers_slow_sets():
    """At late times a bias that typical training sets no longer have."""
    model, N = ls.SubspaceModel(n=52, d=35, sigma=0.0022), 43
    filter = ls.HeavyBall(0.59, 0.856, [37, 63, 106, 178])
    theory = ls.theory.risk(model, N, filter)
    simulated = ls.montecarlo.risk(model, N, filter, trials=2000, workers=2)
    off = np.abs(simulated.value - theory.value)
    assert off[1] > 6 * simulated.sem[1]
    assert np.all(off <= theory.error + z_limit(4) * simulated.sem)


def test_bulks_are_those_of_the_support():
    problem = ls.SpectralProblem([1.0, 0.5, 3.0, 0.01], [5, 4, 6, 20], [0.1] * 4, floor=0.1)
    for N in (1, 30, 60, 200, 2000):
        edges = [low for low, _ in ls.theory.support(problem, N)]
        found = bulks(problem, N)
        z = [spectral_argument(problem, N, bulk.edge) for bulk in found]
        assert sorted(z) == edges  # the same kappa, of either
        assert sorted(atom for bulk in found for atom in bulk.atoms) == [0, 1, 2, 3]
