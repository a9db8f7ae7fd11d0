"""Contour integrals against residues, closed forms and a finer rule."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

import linscale as ls
from linscale.errors import InvalidArgument
from linscale.filters import Confinement, Filter
from linscale.setups import N_TRAIN, SETUPS
from linscale.theory.contours import lens
from linscale.theory.equivalents import equivalent, ridge_limit
from linscale.theory.stieltjes import (
    degrees_of_freedom,
    effective_penalty,
    effective_penalty_at_zero,
    sample_spectrum,
)


class RidgeOnAContour(Filter):
    """rho = mu/(l + mu): its risk is also a closed form, so it checks every contour."""

    parameter = "penalty"

    def __init__(self, penalties):
        self.penalties = np.atleast_1d(np.asarray(penalties, dtype=float))

    @property
    def at(self):
        return self.penalties

    def residual(self, l):
        mu = self.penalties.reshape(-1, *([1] * np.ndim(l)))
        return mu / (l + mu)

    def learned(self, l):
        mu = self.penalties.reshape(-1, *([1] * np.ndim(l)))
        return l / (l + mu)

    def variance_filter(self, l):
        mu = self.penalties.reshape(-1, *([1] * np.ndim(l)))
        return l / (l + mu) ** 2

    def confine(self, low, high):
        gap = 0.3 * (self.penalties.min() + low)
        return Confinement(low - gap, np.inf, gap)


def ridge_penalty(problem, N, mu):
    """kappa(-mu) as a root on the real line, found without any of the complex machinery."""
    lower = effective_penalty_at_zero(problem, N)
    upper = mu + problem.eigenvalues @ problem.multiplicities / N + 1.0
    return brentq(
        lambda k: k * (1 - degrees_of_freedom(problem, k) / N) - mu,
        max(lower, 1e-300), upper, xtol=1e-300, rtol=1e-15,
    )  # fmt: skip


@pytest.mark.parametrize("left_gap", [1e-9, 1e-3, 1.0])
@pytest.mark.parametrize("right_gap", [1e-6, 2.0])
def test_cauchy(left_gap, right_gap):
    contour = lens(0.0, 3.0, -left_gap, 3.0 + right_gap)
    z = contour.z
    inside = contour.integrate(1.0 / (z - np.array([[0.0], [1.3], [3.0]])))
    outside = contour.integrate(1.0 / (z - np.array([[-2 * left_gap], [3.0 + 2 * right_gap]])))
    assert np.allclose(inside, 1.0, atol=1e-11)
    assert np.allclose(outside, 0.0, atol=1e-11)
    assert np.all(z.imag > 0)


def test_double_integral_of_a_product_is_the_product():
    contour = lens(0.0, 1.0, -0.1, 2.0)
    z = contour.z
    f = np.stack([np.exp(-z), np.exp(-5 * z)])
    a, b = 0.3, 0.8
    same = np.outer(1 / (z - a), 1 / (z - b))
    mirrored = np.outer(1 / (z - a), 1 / (z.conj() - b))
    expected = np.array([np.exp(-(a + b)), np.exp(-5 * (a + b))])
    assert np.allclose(contour.integrate_twice(f, same, mirrored), expected, rtol=1e-11)


SPECTRA = {
    **{name: model.spectral() for name, model in SETUPS.items()},
    "d = n": ls.SubspaceModel(n=20, d=20, sigma=0.3).spectral(),
    "sigma = 10": ls.SubspaceModel(n=100, d=10, sigma=10.0).spectral(),
    "sigma = 1e-3": ls.SubspaceModel(n=100, d=10, sigma=1e-3).spectral(),
    "fifteen atoms": ls.SpectralProblem(
        np.geomspace(0.01, 3, 15), np.arange(1, 16), np.linspace(0.1, 0.02, 15), floor=0.2
    ),
}


@pytest.mark.parametrize("name", SPECTRA)
def test_contour_reproduces_the_ridge_closed_form(name):
    problem = SPECTRA[name]
    n = problem.dimension
    penalties = np.geomspace(1e-6, 10, 8)
    filter = RidgeOnAContour(penalties)
    for N in (1, 2, 10, n - 1, n, n + 1, 3 * n, 10**12):
        parts = equivalent(problem, N, sample_spectrum(problem, N), filter)
        exact = [ridge_limit(problem, N, ridge_penalty(problem, N, mu)) for mu in penalties]
        bias, variance = np.array(exact).T
        # Contour integrals are good to 1e-8, relative (the contract); 1e-10 holds here.
        assert np.allclose(parts.bias(filter), bias, rtol=1e-10, atol=0), N
        assert np.allclose(parts.variance_term(filter), variance, rtol=1e-10, atol=0), N


def test_planted_error_in_the_kernel_is_caught():
    """Dropping the denominator 1 - a12 must not go unseen by the ridge check."""
    problem, N, mu = SPECTRA["fifteen atoms"], 40, 0.1
    filter = RidgeOnAContour(mu)
    good = equivalent(problem, N, sample_spectrum(problem, N), filter)
    kappa, z = ridge_penalty(problem, N, mu), good.contour.z
    exact = ridge_limit(problem, N, kappa)[0]
    assert good.bias(filter)[0] == pytest.approx(exact, rel=1e-10)
    k = effective_penalty(problem, N, z)
    l, n = problem.eigenvalues, problem.multiplicities
    a = (1 / (l + k[:, None])) @ ((n * l**2 / N)[:, None] * (1 / (l + k[:, None])).T)
    b = (1 / (l + k[:, None])) @ ((n * l**2 / N)[:, None] * (1 / (l + k.conj()[:, None])).T)
    bad = dataclasses.replace(good, same=good.same * (1 - a), mirrored=good.mirrored * (1 - b))
    assert abs(bad.bias(filter)[0] / exact - 1) > 0.1


@pytest.mark.parametrize("name", SETUPS)
def test_twice_the_nodes_changes_nothing(name):
    model = SETUPS[name]
    times = np.geomspace(1e-2, 1e5, 30)
    for N in (*N_TRAIN, model.n):
        edge = sample_spectrum(model.spectral(), N).high
        steps = [
            ls.GradientDescent.reference_step(model, N),
            *(np.array([1.2, 1.5, 1.9, 1.999]) / edge),
        ]
        descents = [
            ls.GradientDescent(step, k) for step in steps for k in ([1, 30], [1000], [30000])
        ]
        for filter in (ls.GradientFlow(times), *descents):
            a = ls.theory.risk(model, N, filter)
            b = ls.theory.risk(model, N, filter, nodes=28)
            assert np.allclose(a.value, b.value, rtol=1e-8, atol=0)
            learned = a.value - a.floor
            for part in ("bias", "variance"):
                difference = np.abs(getattr(a, part) - getattr(b, part))
                assert np.all(difference <= 1e-8 * learned), (N, part)


def test_a_path_too_long_for_a_contour_is_refused():
    model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    for filter in (ls.GradientFlow([1e20]), ls.GradientDescent(0.1, 10**18)):
        with pytest.raises(InvalidArgument, match="Converged"):
            ls.theory.risk(model, 30, filter)


@given(st.floats(-3, 1), st.integers(2, 2000), st.floats(0.002, 1), st.floats(-2, 2))
def test_order_zero_is_never_nan_negative_or_under_the_floor(log_sigma, n, share, log_ratio):
    d = max(1, int(share * n))
    model = ls.SubspaceModel(n, d, 10**log_sigma)
    N = max(1, int(n * 10**log_ratio))
    path = ls.theory.risk(model, N, ls.GradientFlow(np.geomspace(1e-3, 1e6, 40)))
    rounding = 1e-10 * path.value
    assert np.all(np.isfinite(path.value))
    assert np.all(path.bias >= -rounding)
    assert np.all(path.variance >= -rounding)
    assert np.all(path.value >= path.floor - rounding)
