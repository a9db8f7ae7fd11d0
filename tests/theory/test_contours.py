"""Contour integrals against residues, closed forms and a finer rule."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale.errors import InvalidArgument
from linscale.filters import Lens
from linscale.setups import N_TRAIN, SETUPS
from linscale.theory.contours import lens
from linscale.theory.equivalents import equivalent
from linscale.theory.kernels import PairMoments, bias_kernels, ridge_terms
from linscale.theory.stieltjes import effective_penalty, ridge_penalty, sample_spectrum


@pytest.mark.parametrize("left_gap", [1e-9, 1e-3, 1.0])
@pytest.mark.parametrize("right_gap", [1e-6, 2.0])
@pytest.mark.parametrize("angle", [np.pi / 4, 0.2, 0.06])
def test_cauchy(left_gap, right_gap, angle):
    contour = lens(0.0, 3.0, Lens(-left_gap, 3.0 + right_gap, np.inf, angle))
    z = contour.z
    inside = contour.integrate(1.0 / (z - np.array([[0.0], [1.3], [3.0]])))
    outside = contour.integrate(1.0 / (z - np.array([[-2 * left_gap], [3.0 + 2 * right_gap]])))
    assert np.allclose(inside, 1.0, atol=1e-11)
    assert np.allclose(outside, 0.0, atol=1e-11)
    assert np.all(z.imag > 0)


def test_double_integral_of_a_product_is_the_product():
    contour = lens(0.0, 1.0, Lens(-0.1, 2.0, np.inf))
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
    """Both orders; ridge has a closed form that none of the complex machinery enters."""
    problem = SPECTRA[name]
    n = problem.dimension
    filter = ls.Ridge(np.geomspace(1e-6, 10, 8))
    for N in (1, 2, 10, n - 1, n, n + 1, 3 * n, 10**12):
        terms = equivalent(problem, N, sample_spectrum(problem, N), filter, order=1).terms(filter)
        kappa = np.array([ridge_penalty(problem, N, mu) for mu in filter.penalties])
        bias, variance = ridge_terms(problem, N, kappa, order=1)
        # Contour integrals are good to 1e-8, relative (the contract); 1e-10 holds here.
        assert np.allclose(terms.bias[0], bias[0], rtol=1e-10, atol=0), N
        assert np.allclose(terms.variance[0], variance[0], rtol=1e-10, atol=0), N
        learned = bias[0] + variance[0] + np.abs(bias[1]) + np.abs(variance[1])
        assert np.all(np.abs(terms.bias[1] - bias[1]) <= 1e-10 * learned), N
        assert np.all(np.abs(terms.variance[1] - variance[1]) <= 1e-10 * learned), N


def test_planted_errors_in_the_kernels_are_caught():
    """Dropping the denominator 1 - a12, or a term of order 1, must not go unseen by that check."""
    problem, N = SPECTRA["fifteen atoms"], 40
    filter = ls.Ridge(0.1)
    good = equivalent(problem, N, sample_spectrum(problem, N), filter, order=1)
    kappa, z = np.array([ridge_penalty(problem, N, 0.1)]), good.contour.z
    exact = [float(term[0]) for term in ridge_terms(problem, N, kappa, order=1)[0]]
    assert good.terms(filter).bias[:, 0] == pytest.approx(exact, rel=1e-9)
    k = effective_penalty(problem, N, z)
    free = [1.0 - PairMoments(problem, N, k, other).s(2, 1, 1) for other in (k, k.conj())]
    bad = dataclasses.replace(
        good,
        same=[kernel * free[0] for kernel in good.same],
        mirrored=[kernel * free[1] for kernel in good.mirrored],
    )
    for order in (0, 1):
        assert abs(bad.terms(filter).bias[order, 0] / exact[order] - 1) > 0.05


def test_kernels_are_symmetric():
    """E tr[M Q(z1) S Q(z2)] cannot depend on the order of z1 and z2: not obvious from the terms."""
    problem, N = SPECTRA["fifteen atoms"], 30
    z = np.array([0.5 + 0.3j, -0.2 + 0.7j, 2.0 + 0.1j])
    kappa = effective_penalty(problem, N, z)
    for kernel in bias_kernels(PairMoments(problem, N, kappa, kappa), N, order=1):
        assert np.allclose(kernel, kernel.T, rtol=1e-12)


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
        momentum = [
            ls.HeavyBall(3.0 / edge, 0.9, [1, 300]),
            ls.HeavyBall(0.01 / edge, 0.99, [1, 1000]),
            ls.Nesterov(1.0 / edge, [1, 30, 300]),
        ]
        momentum = momentum if N in (1, 30, model.n, 2048) else []  # the dearest
        for filter in (ls.GradientFlow(times), *descents, *momentum):
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
    path = ls.theory.risk(model, N, ls.GradientFlow(np.geomspace(1e-3, 1e6, 40)), order=0)
    rounding = 1e-10 * path.value
    assert np.all(np.isfinite(path.value))
    assert np.all(path.bias >= -rounding)
    assert np.all(path.variance >= -rounding)
    assert np.all(path.value >= path.floor - rounding)
