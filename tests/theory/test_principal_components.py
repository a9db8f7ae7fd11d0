"""The plug-in PCA overlap: closed form against quadrature, known limits, the BBP transition."""

import numpy as np
import pytest
from scipy.integrate import quad

import linscale as ls
from linscale.errors import Unsupported
from linscale.theory.gaussian.stieltjes import effective_penalty, sample_spectrum
from linscale.theory.principal_components import (
    _share_lost_across_a_gap,
    shares_above,
    subspace_overlap,
)
from tests.tolerances import cancellation, rounding


def of_a_share(problem, N):
    """Rounding of a share: the poles, good to eps of the largest, lie n_j l_j/N from the atoms."""
    l, n = problem.eigenvalues, problem.multiplicities
    return rounding(1 + l.max() / np.min(l * np.minimum(n / N, 1.0)), 20)


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
            ends = 1e-9, np.pi - 1e-9
            numeric, missed = quad(integrand, *ends, arguments, epsabs=1e-9, limit=200)
            # What the quadrature says of itself, and what lies beyond its ends.
            missed += 2e-9 * sum(abs(integrand(angle, *arguments)) for angle in ends)
            share = shares_above(problem, N, q)[s]
            assert missed < 1e-6
            assert abs(share + numeric / np.pi) <= missed / np.pi + of_a_share(problem, N)


@pytest.mark.parametrize("N", [3, 25, 49, 51, 1000])
def test_shares_count_the_eigenvalues(N):
    problem = ls.SubspaceModel(50, 5, 0.4).spectral()
    spectrum = sample_spectrum(problem, N)
    below = shares_above(problem, N, max(spectrum.lower_edge, 1e-8) * 0.5)
    above = shares_above(problem, N, spectrum.high * 1.01)
    # Every nonzero eigenvalue lies above: min(n, N) of them.
    assert np.all(np.abs(above) <= of_a_share(problem, N))
    missed = abs(problem.multiplicities @ below - min(50, N))
    assert missed <= 50 * of_a_share(problem, N)


def test_one_spike_is_the_known_overlap():
    """d/n -> 0: (1 - c/s^2) / (1 + c/s), with spike s in units of the noise and c = n/N (BBP)."""
    for c, s in ((1.0, 3.0), (0.25, 1.0)):
        known, sizes = (1 - c / s**2) / (1 + c / s), np.array([10_000, 40_000, 160_000])
        # The signal variance is 1, so scale the noise instead.
        models = [ls.SubspaceModel(n, 1, 1 / np.sqrt(s)) for n in sizes]
        found = [subspace_overlap(model, int(model.n / c)) for model in models]
        # The share of the spike among the dimensions, d/n, is what is left.
        slope = np.polyfit(np.log(sizes), np.log(np.abs(np.array(found) - known)), 1)[0]
        assert abs(slope + 1) < 0.02


def test_below_the_transition_one_spike_is_lost():
    """What is left of it falls as d/n."""
    for n in (10_000, 40_000):
        assert subspace_overlap(ls.SubspaceModel(n, 1, 1.0), n // 10) < 10 / n


@pytest.mark.parametrize("sigma", [0.05, 0.5])
def test_overlap_grows_with_n_train(sigma):
    model = ls.SubspaceModel(100, 10, sigma)
    grid = [*range(1, 40), 60, 99, 100, 101, 1000, 10**6]
    overlap = [subspace_overlap(model, N) for N in grid]
    assert np.all(np.diff(overlap) > 0)  # by 1e-5 at least, far above rounding
    # One sample finds one direction; the other d - 1 fall at random.
    assert overlap[0] < 0.25
    lost = 90 * (1 + sigma**2) * sigma**2 / grid[-1]  # and the next term, n/N of that
    assert 1 - overlap[-1] == pytest.approx(lost, rel=100 / grid[-1], abs=rounding(1, 4))


@pytest.mark.parametrize("N", [10**5, 10**9, 10**12, 10**15])
def test_what_is_lost_falls_as_one_over_n_to_the_last_digit(N):
    """Classical perturbation: 1 - c = (n - d) l1 l2 / (N (l1 - l2)^2) for large N."""
    n, d, sigma = 40, 5, 0.3
    s2 = sigma**2
    point = ls.theory.pca(ls.SubspaceModel(n, d, sigma), N)
    a = 1 / (1 + s2)
    expected = (2 * a - a * a) * (n - d) * (1 + s2) * s2 / N
    # l1 - l2 is squared; the next order is n/N.
    allowed = n / N + rounding(2 * cancellation(1 + s2, -s2), 20)
    assert point.bias == pytest.approx(expected, rel=allowed, abs=0)


@pytest.mark.parametrize("N", [60, 70, 200])
def test_both_forms_of_the_overlap_agree_across_a_gap(N):
    model = ls.SubspaceModel(40, 5, 0.3)
    problem = model.spectral()
    lost = _share_lost_across_a_gap(problem, N)
    spectrum = sample_spectrum(problem, N)
    grid = np.linspace(spectrum.lower_edge, spectrum.high, 400)[1:-1]
    counts = np.array([problem.multiplicities @ shares_above(problem, N, q) for q in grid])
    inside = grid[np.argmin(np.abs(counts - 5))]  # in the gap the count is flat at d
    assert abs(lost - (1 - shares_above(problem, N, inside)[0])) <= of_a_share(problem, N)
    assert lost > 1e6 * of_a_share(problem, N)  # many digits of it
    assert _share_lost_across_a_gap(problem, 6) is None


def test_limits_of_the_risk():
    model = ls.SubspaceModel(100, 10, 0.2)
    floor = model.spectral().floor
    # The loss is (n - d) l1 l2/N of the signal, so below 90 * 0.05/N.
    assert 0 < ls.theory.pca(model, 10**9).value - floor < 5 / 10**9
    whole = ls.SubspaceModel(10, 10, 0.2)
    assert ls.theory.pca(whole, 1).value == whole.spectral().floor
    point = ls.theory.pca(model, 30)
    assert point.value == point.floor + point.bias


def test_only_a_subspace_model_says_how_many_directions():
    with pytest.raises(Unsupported, match="SubspaceModel"):
        ls.theory.pca(ls.SubspaceModel(10, 2, 0.1).spectral(), 5)
