"""The effective penalty: Marchenko and Pastur's closed forms, and its certificate."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale.errors import InvalidArgument, NotConverged
from linscale.theory import stieltjes
from linscale.theory.gaussian.stieltjes import (
    degrees_of_freedom,
    effective_penalty,
    effective_penalty_at_zero,
    sample_spectrum,
    spectral_argument,
)


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
    assert spectrum.high == pytest.approx(l * (1 + root) ** 2, rel=1e-12)
    # The lower edge is a difference of nearly equal numbers when N is near n.
    assert spectrum.lower_edge == pytest.approx(l * (1 - root) ** 2, rel=1e-12, abs=1e-15)
    assert spectrum.low == (spectrum.lower_edge if N > n else 0.0)


@given(problems, st.floats(-2, 4))
def test_edges_are_where_the_inverse_map_turns(problem, log_ratio):
    N = problem.dimension * 10**log_ratio
    spectrum = sample_spectrum(problem, N)
    for kappa in (spectrum.kappa_lower, spectrum.kappa_upper):
        slope = 1 - degrees_of_freedom(problem, kappa, power=2) / N
        gap = np.abs(problem.eigenvalues + kappa).min() / abs(kappa) if kappa else 1.0
        assert abs(slope) < 1e-13 / min(gap, 1.0) + 1e-12
    assert 0 <= spectrum.lower_edge < spectrum.high


@given(problems, st.floats(-2, 3), st.floats(-8, 0), st.floats(0, 1))
def test_root_is_the_one_in_the_lower_half_plane(problem, log_ratio, log_height, place):
    N = problem.dimension * 10**log_ratio
    high = sample_spectrum(problem, N).high
    z = np.array([1.5 * high * (2 * place - 0.5) + 1j * high * 10**log_height])
    kappa = effective_penalty(problem, N, z)
    assert kappa.imag[0] < 0
    back = spectral_argument(problem, N, kappa)
    assert abs(back - z)[0] <= 1e-12 * (abs(z) + abs(kappa))[0] * (
        1 + abs(degrees_of_freedom(problem, kappa)[0]) / N
    )


def test_against_the_quadratic_of_marchenko_and_pastur_in_high_precision():
    n, N, l = 50, 80, 1.0
    z = np.array([0.3 + 1e-3j, 2.0 + 0.5j, -0.1 + 1e-6j])
    kappa = effective_penalty(white(n, l), N, z)
    with mpmath.workdps(40):
        for zi, ki in zip(z, kappa, strict=True):
            # kappa^2 + (z + l - n l / N) kappa + z l = 0
            c = mpmath.mpf(n) / N
            roots = mpmath.polyroots([1, mpmath.mpc(zi) + l - c * l, mpmath.mpc(zi) * l])
            root = next(r for r in roots if r.imag < 0)
            assert abs(complex(root) - ki) < 1e-13


@pytest.mark.parametrize("N", [1, 7, 49])
def test_value_at_zero_solves_its_equation(N):
    problem = ls.SubspaceModel(n=50, d=7, sigma=0.01).spectral()
    kappa = effective_penalty_at_zero(problem, N)
    assert degrees_of_freedom(problem, kappa) == pytest.approx(N, rel=1e-12)
    assert effective_penalty_at_zero(problem, 50) == 0.0


@pytest.mark.parametrize("z", [np.nan + 0j, 1.0 + 0j, 1.0 - 1j, complex(1.0, np.nan)])
def test_only_the_upper_half_plane(z):
    with pytest.raises(InvalidArgument, match="upper half plane"):
        effective_penalty(white(100), 200, np.array([z]))


def test_an_uncertified_root_is_never_returned(monkeypatch):
    """Newton stopped before it has converged, and Newton led to the root of the wrong sign."""
    problem, z = white(100), np.array([0.5 + 0.1j])
    right = effective_penalty(problem, 200, z)
    monkeypatch.setattr(stieltjes, "_newton", lambda l, w, z, kappa, iterations: kappa)
    with pytest.raises(NotConverged, match="farther from the sample spectrum"):
        effective_penalty(problem, 200, z)
    other = z / right  # the product of the two roots of the quadratic is z l
    monkeypatch.setattr(stieltjes, "_newton", lambda l, w, z, kappa, iterations: other)
    assert other.imag[0] > 0
    assert abs(spectral_argument(problem, 200, other) - z)[0] < 1e-13
    with pytest.raises(NotConverged):
        effective_penalty(problem, 200, z)
