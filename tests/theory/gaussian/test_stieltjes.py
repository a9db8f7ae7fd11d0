"""The effective penalty: Marchenko and Pastur's closed forms, and its certificate."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale.errors import InvalidArgument, NotConverged
from linscale.theory.gaussian import stieltjes
from linscale.theory.gaussian.stieltjes import (
    degrees_of_freedom,
    effective_penalty,
    effective_penalty_at_zero,
    ridge_penalties,
    ridge_penalty,
    sample_spectrum,
    spectral_argument,
)
from tests.tolerances import rounding


def white(n, l=1.0):
    return ls.SpectralProblem([l], [n], [1.0], floor=0.1)


problems = st.builds(
    lambda l, n: ls.SpectralProblem(l, n[: len(l)], np.ones(len(l)), floor=0.1),
    st.lists(st.floats(1e-4, 1e2), min_size=1, max_size=6, unique=True),
    st.lists(st.integers(1, 500), min_size=6, max_size=6),
)


@pytest.mark.parametrize("N", [1, 20, 99, 100, 101, 1000, 10**9])
def test_edges_of_white_noise_are_marchenko_pastur(N):
    n, l = 100, 0.3
    spectrum = sample_spectrum(white(n, l), N)
    root = np.sqrt(n / N)
    assert spectrum.high == pytest.approx(l * (1 + root) ** 2, rel=rounding(2, 10), abs=0)
    # The lower edge is twice a difference of nearly equal numbers when N is near n.
    lost = rounding(1 + root, 10)
    allowed = l * (2 * abs(1 - root) * lost + lost**2)
    assert spectrum.lower_edge == pytest.approx(l * (1 - root) ** 2, rel=0, abs=allowed)
    assert spectrum.low == (spectrum.lower_edge if N > n else 0.0)


@given(problems, st.floats(-2, 4))
def test_edges_are_where_the_inverse_map_turns(problem, log_ratio):
    N = problem.dimension * 10**log_ratio
    spectrum = sample_spectrum(problem, N)
    for kappa in (spectrum.kappa_lower, spectrum.kappa_upper):
        slope = 1 - degrees_of_freedom(problem, kappa, power=2) / N
        gap = np.abs(problem.eigenvalues + kappa).min() / abs(kappa) if kappa else 1.0
        # df2 = N is a sum of squares of l/(l + kappa), and l + kappa a difference; the root is good
        # to 4 eps besides.
        assert abs(slope) <= rounding(2 / min(gap, 1.0), problem.eigenvalues.size + 10)
    assert 0 <= spectrum.lower_edge < spectrum.high


@given(problems, st.floats(-2, 3), st.floats(-8, 0), st.floats(0, 1))
def test_root_is_the_one_in_the_lower_half_plane(problem, log_ratio, log_height, place):
    N = problem.dimension * 10**log_ratio
    high = sample_spectrum(problem, N).high
    z = np.array([1.5 * high * (2 * place - 0.5) + 1j * high * 10**log_height])
    kappa = effective_penalty(problem, N, z)
    assert kappa.imag[0] < 0
    back = spectral_argument(problem, N, kappa)[0]
    l, n = problem.eigenvalues, problem.multiplicities
    shares = np.abs(n * l / (l + kappa)) / N
    # The certificate is 1e-13 of the terms, with their sum over the atoms; it rounds here again.
    certified = 1e-13 * (abs(z) + abs(kappa) * (1 + abs(degrees_of_freedom(problem, kappa)) / N))[0]
    rounded = rounding(abs(kappa)[0] * (1 + shares.sum()), l.size + 10)
    assert abs(back - z[0]) <= certified + rounded


def test_against_the_quadratic_of_marchenko_and_pastur_in_high_precision():
    n, N, l = 50, 80, 1.0
    z = np.array([0.3 + 1e-3j, 2.0 + 0.5j, -0.1 + 1e-6j])
    kappa = effective_penalty(white(n, l), N, z)
    slope = 1 - degrees_of_freedom(white(n, l), kappa, power=2) / N  # of -z in kappa
    terms = np.abs(z) + np.abs(kappa) * (1 + np.abs(degrees_of_freedom(white(n, l), kappa)) / N)
    allowed = rounding(terms / np.abs(slope), 10)
    with mpmath.workdps(40):
        for zi, ki, missed in zip(z, kappa, allowed, strict=True):
            # kappa^2 + (z + l - n l / N) kappa + z l = 0
            c = mpmath.mpf(n) / N
            roots = mpmath.polyroots([1, mpmath.mpc(zi) + l - c * l, mpmath.mpc(zi) * l])
            root = next(r for r in roots if r.imag < 0)
            assert abs(complex(root) - ki) <= missed


@pytest.mark.parametrize("N", [1, 7, 49])
def test_value_at_zero_solves_its_equation(N):
    problem = ls.SubspaceModel(n=50, d=7, sigma=0.01).spectral()
    kappa = effective_penalty_at_zero(problem, N)
    # df1 moves by less than kappa does, relatively, and that is good to 4 eps.
    assert degrees_of_freedom(problem, kappa) == pytest.approx(N, rel=rounding(1, 10), abs=0)
    assert effective_penalty_at_zero(problem, 50) == 0.0


@pytest.mark.parametrize("z", [np.nan + 0j, 1.0 + 0j, 1.0 - 1j, complex(1.0, np.nan)])
def test_only_the_upper_half_plane(z):
    with pytest.raises(InvalidArgument, match="upper half plane"):
        effective_penalty(white(100), 200, np.array([z]))


def test_an_uncertified_root_is_never_returned(monkeypatch):
    """Newton stopped before it has converged, and Newton led to the root of the wrong sign."""
    problem, z = white(100), np.array([0.5 + 0.1j])
    right = effective_penalty(problem, 200, z)
    monkeypatch.setattr(stieltjes, "solution", lambda profile, z: (1j * z, z))
    with pytest.raises(NotConverged, match="farther from the sample spectrum"):
        effective_penalty(problem, 200, z)
    other = z / right  # the product of the two roots of the quadratic is z l
    monkeypatch.setattr(stieltjes, "_newton", lambda l, w, z, kappa, iterations: other)
    assert other.imag[0] > 0
    slope = 1 - degrees_of_freedom(problem, other, power=2) / 200
    terms = 1 + abs(slope) + abs(degrees_of_freedom(problem, other)) / 200
    allowed = rounding(terms * abs(other), 10) + rounding(abs(z), 10)
    assert np.all(abs(spectral_argument(problem, 200, other) - z) <= allowed)
    with pytest.raises(NotConverged):
        effective_penalty(problem, 200, z)


@pytest.mark.parametrize("N", [1, 7, 49, 50, 51, 400, 10**9])
def test_every_ridge_penalty_solves_its_equation(N):
    """mu = kappa (1 - df1(kappa)/N), on either side of N = n and at N = n itself."""
    problem = ls.SubspaceModel(n=50, d=7, sigma=0.03).spectral()
    mu = np.geomspace(1e-12, 1e6, 60)
    kappa = ridge_penalties(problem, N, mu)
    l, n = problem.eigenvalues, problem.multiplicities
    # 1 - df1/N without cancellation, by df1 = n - kappa sum_j n_j/(l_j + kappa).
    more, share = (N - 50) / N, (1 / (l + kappa[:, None])) @ n / N
    terms = np.abs(kappa * more) + kappa**2 * share
    condition = np.maximum(terms / mu, 1.0)
    # The last step is one of up to 16 eps, and a sum of two terms adds a few.
    assert np.all(np.abs(kappa * more + kappa**2 * share - mu) <= rounding(condition, 20) * mu)
    assert np.all(kappa > effective_penalty_at_zero(problem, N))
    single = [ridge_penalty(problem, N, x) for x in mu[::20]]
    assert np.allclose(single, kappa[::20], rtol=rounding(1, 32), atol=0.0)
