"""The plug-in PCA overlap: closed form against quadrature, known limits, the BBP transition."""

import numpy as np
import pytest
from scipy.integrate import quad

import linscale as ls
from linscale.errors import Unsupported
from linscale.theory.gaussian.stieltjes import effective_penalty, sample_spectrum
from linscale.theory.pca import _share_lost_across_a_gap, shares_above, subspace_overlap


def integrand(angle, problem, N, s, middle, radius):
    """Im Q_s dz/dangle on the half circle."""
    z = np.array([middle + radius * np.exp(1j * angle)])
    kappa = effective_penalty(problem, N, z)
    Q = -(kappa / z) / (problem.eigenvalues[s] + kappa)
    return float((Q * 1j * radius * np.exp(1j * angle)).imag[0])


@pytest.mark.parametrize(
    ("n", "d", "sigma", "N"), [(60, 10, 0.3, 40), (60, 6, 1.0, 200), (30, 20, 0.5, 30)]
)
def test_closed_form_against_a_path_integral(n, d, sigma, N):
    """share(q) = -(1/pi) Im of the integral of Q_s from right of the support to q, in C+."""
    problem = ls.SubspaceModel(n, d, sigma).spectral()
    right = 1.5 * sample_spectrum(problem, N).high
    for q in np.array([0.1, 0.3, 0.7]) * sample_spectrum(problem, N).high:
        for s in range(2):
            arguments = (problem, N, s, 0.5 * (q + right), 0.5 * (right - q))
            numeric = quad(integrand, 1e-9, np.pi - 1e-9, arguments, epsabs=1e-9, limit=200)[0]
            assert shares_above(problem, N, q)[s] == pytest.approx(-numeric / np.pi, abs=1e-6)


@pytest.mark.parametrize("N", [3, 25, 49, 51, 1000])
def test_shares_count_the_eigenvalues(N):
    problem = ls.SubspaceModel(50, 5, 0.4).spectral()
    spectrum = sample_spectrum(problem, N)
    below = shares_above(problem, N, max(spectrum.lower_edge, 1e-8) * 0.5)
    above = shares_above(problem, N, spectrum.high * 1.01)
    # Every nonzero eigenvalue lies above: min(n, N) of them.
    assert problem.multiplicities @ below == pytest.approx(min(50, N), rel=1e-7)
    assert np.allclose(above, 0.0, atol=1e-10)


def test_one_spike_is_the_known_overlap():
    """d/n -> 0: (1 - c/s^2) / (1 + c/s), with spike s in units of the noise and c = n/N (BBP)."""
    n, sigma = 40_000, 1.0
    for N, spike in ((40_000, 3.0), (160_000, 1.0)):
        c = n / N
        s = spike  # the signal variance is 1, so scale the noise instead
        model = ls.SubspaceModel(n, 1, sigma / np.sqrt(s))
        known = (1 - c / s**2) / (1 + c / s)
        assert subspace_overlap(model, N) == pytest.approx(known, abs=5e-4)


def test_below_the_transition_one_spike_is_lost():
    model = ls.SubspaceModel(40_000, 1, 1.0)
    assert subspace_overlap(model, 4_000) < 2e-3


@pytest.mark.parametrize("sigma", [0.05, 0.5])
def test_overlap_grows_with_n_train(sigma):
    model = ls.SubspaceModel(100, 10, sigma)
    grid = [*range(1, 40), 60, 99, 100, 101, 1000, 10**6]
    overlap = [subspace_overlap(model, N) for N in grid]
    assert np.all(np.diff(overlap) > -1e-9)
    # One sample finds one direction; the other d - 1 fall at random.
    assert overlap[0] < 0.25
    assert overlap[-1] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("N", [10**5, 10**9, 10**12, 10**15])
def test_what_is_lost_falls_as_one_over_n_to_the_last_digit(N):
    """Classical perturbation: 1 - c = (n - d) l1 l2 / (N (l1 - l2)^2) for large N."""
    n, d, sigma = 40, 5, 0.3
    s2 = sigma**2
    point = ls.theory.pca(ls.SubspaceModel(n, d, sigma), N)
    a = 1 / (1 + s2)
    expected = (2 * a - a * a) * (n - d) * (1 + s2) * s2 / N
    assert point.bias == pytest.approx(expected, rel=100 / N + 1e-13)


@pytest.mark.parametrize("N", [60, 70, 200])
def test_both_forms_of_the_overlap_agree_across_a_gap(N):
    model = ls.SubspaceModel(40, 5, 0.3)
    problem = model.spectral()
    lost = _share_lost_across_a_gap(problem, N)
    spectrum = sample_spectrum(problem, N)
    grid = np.linspace(spectrum.lower_edge, spectrum.high, 400)[1:-1]
    counts = np.array([problem.multiplicities @ shares_above(problem, N, q) for q in grid])
    inside = grid[np.argmin(np.abs(counts - 5))]  # in the gap the count is flat at d
    assert lost == pytest.approx(1 - shares_above(problem, N, inside)[0], rel=1e-8)
    assert _share_lost_across_a_gap(problem, 6) is None


def test_limits_of_the_risk():
    model = ls.SubspaceModel(100, 10, 0.2)
    floor = model.spectral().floor
    assert ls.theory.pca(model, 10**9).value == pytest.approx(floor, rel=1e-6)
    whole = ls.SubspaceModel(10, 10, 0.2)
    assert ls.theory.pca(whole, 1).value == pytest.approx(whole.spectral().floor, rel=1e-14)
    point = ls.theory.pca(model, 30)
    assert point.value == pytest.approx(point.floor + point.bias, rel=1e-13)


def test_only_a_subspace_model_says_how_many_directions():
    with pytest.raises(Unsupported, match="SubspaceModel"):
        ls.theory.pca(ls.SubspaceModel(10, 2, 0.1).spectral(), 5)
