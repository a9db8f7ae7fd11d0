"""Contour integrals against residues, closed forms and a finer rule."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument
from linscale.filters import Lens
from linscale.models.setups import N_TRAIN, SETUPS
from linscale.theory.contours import lens
from linscale.theory.gaussian.equivalents import equivalent
from linscale.theory.gaussian.kernels import PairMoments, bias_kernels, ridge_terms
from linscale.theory.gaussian.stieltjes import effective_penalty, ridge_penalty, sample_spectrum
from tests.tolerances import CONTRACT, rounding


@pytest.mark.parametrize("left_gap", [1e-9, 1e-3, 1.0])
@pytest.mark.parametrize("right_gap", [1e-6, 2.0])
@pytest.mark.parametrize("angle", [np.pi / 4, 0.2, 0.06])
def test_cauchy(left_gap, right_gap, angle):
    shape = Lens(-left_gap, 3.0 + right_gap, np.inf, angle)
    contour = lens(0.0, 3.0, shape)
    inside, outside = np.array([0.0, 1.3, 3.0]), np.array([-2 * left_gap, 3.0 + 2 * right_gap])

    def missed(contour):
        found = contour.integrate(1.0 / (contour.z - np.append(inside, outside)[:, None]))
        return np.max(np.abs(found - [1.0, 1.0, 1.0, 0.0, 0.0]))

    # z - 3 is a difference of numbers near 3, as small as the gap.
    assert missed(contour) < CONTRACT + rounding(3.0 / right_gap, 2)
    assert missed(lens(0.0, 3.0, shape, nodes=5)) > 100 * CONTRACT  # planted: too coarse a rule
    assert np.all(contour.z.imag > 0)


def test_double_integral_of_a_product_is_the_product():
    contour = lens(0.0, 1.0, Lens(-0.1, 2.0, np.inf))
    z = contour.z
    f = np.stack([np.exp(-z), np.exp(-5 * z)])
    a, b = 0.3, 0.8
    same = np.outer(1 / (z - a), 1 / (z - b))
    mirrored = np.outer(1 / (z - a), 1 / (z.conj() - b))
    expected = np.array([np.exp(-(a + b)), np.exp(-5 * (a + b))])
    assert np.allclose(contour.integrate_twice(f, same, mirrored), expected, rtol=CONTRACT, atol=0)


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
        terms = equivalent(problem, N, sample_spectrum(problem, N), filter).terms(filter)
        kappa = np.array([ridge_penalty(problem, N, mu) for mu in filter.penalties])
        bias, variance = ridge_terms(problem, N, kappa, order=1)
        learned = bias[0] + variance[0] + np.abs(bias[1]) + np.abs(variance[1])
        for order in (0, 1):
            for found, exact in ((terms.bias, bias), (terms.variance, variance)):
                assert np.all(np.abs(found[order] - exact[order]) <= CONTRACT * learned), (N, order)


def test_planted_errors_in_the_kernels_are_caught():
    """Dropping the denominator 1 - a12, or a term of order 1, must not go unseen by that check."""
    problem, N = SPECTRA["fifteen atoms"], 40
    filter = ls.Ridge(0.1)
    good = equivalent(problem, N, sample_spectrum(problem, N), filter)
    kappa, z = np.array([ridge_penalty(problem, N, 0.1)]), good.contour.z
    bias, variance = ridge_terms(problem, N, kappa, order=1)
    exact, learned = np.array(bias)[:, 0], np.abs([*bias, *variance]).sum()
    assert good.terms(filter).bias[:, 0] == pytest.approx(exact, rel=0, abs=CONTRACT * learned)
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
    spectrum = [problem.eigenvalues, problem.multiplicities, problem.target_weights]

    def kernels(l, n, w):
        atoms = SimpleNamespace(eigenvalues=l, multiplicities=n, target_weights=w)
        return np.array(bias_kernels(PairMoments(atoms, N, kappa, kappa), N, order=1))

    # The condition number: what moving each input by 1e-6 of itself changes, all added up.
    found, moved = kernels(*spectrum), 0.0
    for k, j in np.ndindex(3, problem.eigenvalues.size):
        inputs = [values.copy() for values in spectrum]
        inputs[k][j] *= 1 + 1e-6
        moved = moved + np.abs(kernels(*inputs) - found) / 1e-6
    # Sums over the atoms, and some 40 operations on them.
    allowed = rounding(moved / np.abs(found), problem.eigenvalues.size + 40)
    for kernel, rel in zip(found, allowed, strict=True):
        assert np.allclose(kernel, kernel.T, rtol=np.max(rel), atol=0)
        assert np.any(np.abs(kernel - kernel.T.conj()) > 0.01 * np.abs(kernel))  # planted


@pytest.mark.parametrize("stride", [8, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SETUPS)
def test_twice_the_nodes_changes_nothing(name, stride):
    model = SETUPS[name]
    for N in (*N_TRAIN[::stride], model.n):
        edge = sample_spectrum(model.spectral(), N).high
        steps = [ls.GradientDescent.reference_step(model, N), *(np.array([1.5, 1.999]) / edge)]
        filters = [ls.GradientDescent(s, k) for s in steps for k in ([1, 30], [30000])]
        check_nodes(model, N, [ls.GradientFlow(np.geomspace(1e-2, 1e5, 30)), *filters])


FAST = [(N, k) for N in (1, 30, 100, 2048) for k in (1, 2, 3)] + [(30, 0)]  # 0 is dear
SLOW = [pytest.param(N, 0, marks=pytest.mark.slow) for N in (1, 100, 2048)]


@pytest.mark.parametrize(("N", "k"), FAST + SLOW)
def test_twice_the_nodes_changes_nothing_under_momentum(N, k):
    model = SETUPS["sigma0.1-d10-n100"]
    edge = sample_spectrum(model.spectral(), N).high
    filters = [
        ls.HeavyBall(3.8 / edge, 0.95, [1, 20]),
        ls.HeavyBall(3.0 / edge, 0.8, [1, 300]),
        ls.HeavyBall(0.01 / edge, 0.99, [1, 1000]),
        ls.Nesterov(1.3 / edge, [1, 30, 200]),
    ]
    check_nodes(model, N, filters[k : k + 1])


def check_nodes(model, N, filters):
    for filter in filters:
        a = ls.theory.risk(model, N, filter)
        b = ls.theory.risk(model, N, filter, nodes=28)
        learned = a.value - a.floor
        assert np.all(np.abs(a.value - b.value) <= CONTRACT * learned), N
        for part in ("bias", "variance"):
            difference = np.abs(getattr(a, part) - getattr(b, part))
            assert np.all(difference <= CONTRACT * learned), (N, part)


def test_a_path_too_long_for_a_contour_is_refused():
    model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    for filter in (ls.GradientFlow([1e20]), ls.GradientDescent(0.1, 10**18)):
        with pytest.raises(InvalidArgument, match="Converged"):
            ls.theory.risk(model, 30, filter)


def random_subspace_problems(count):
    """sigma from 1e-3 to 10, n from 2 to 2,000, d/n from 0.002 to 1, N/n from 0.01 to 100."""
    rng = np.random.default_rng(11)
    for _ in range(count):
        n = int(np.exp(rng.uniform(np.log(2), np.log(2000))))
        d = max(1, int(np.exp(rng.uniform(np.log(0.002), 0.0)) * n))
        sigma = 10 ** rng.uniform(-3, 1)
        yield ls.SubspaceModel(n, d, sigma), max(1, int(n * 10 ** rng.uniform(-2, 2)))


@pytest.mark.parametrize("count", [60, pytest.param(500, marks=pytest.mark.slow)])
def test_random_problems_never_fail_silently(count):
    """Order 0: never negative or under the floor. Order 1: never so without saying so."""
    flow = ls.GradientFlow(np.geomspace(1e-3, 1e6, 40))
    for model, N in random_subspace_problems(count):
        case = (model, N)
        zero, one = (ls.theory.risk(model, N, flow, order=order) for order in (0, 1))
        allowed = CONTRACT * (np.abs(zero.bias) + np.abs(zero.variance))
        assert np.all(np.isfinite(zero.value)), case
        assert np.all(zero.bias >= -allowed), case
        assert np.all(zero.variance >= -allowed), case
        # The sum of the two and the floor rounds.
        assert np.all(zero.value >= zero.floor * (1 - rounding(1, 2)) - allowed), case
        assert np.all(np.isfinite(one.value)), case
        assert not np.any(np.isnan(one.error)), case
        # The status speaks from -1e-7 of the value on; less is a contour's.
        negative = (one.bias < -1e-7 * one.value) | (one.variance < -1e-7 * one.value)
        spoken = np.array([s != "ok" for s in one.statuses])
        assert np.all(spoken[negative | (one.value < one.floor * (1 - 1e-6))]), case


@pytest.mark.parametrize("count", [30, pytest.param(60, marks=pytest.mark.slow)])
def test_random_best_times_are_the_best_and_finite(count):
    for model, N in random_subspace_problems(count):
        best = ls.theory.early_stopped(model, N)
        assert 0 < best.value < np.inf, (model, N)
        assert 0 <= best.error < np.inf, (model, N)
        at = ls.Converged() if np.isinf(best.at) else ls.GradientFlow(best.at)
        if np.isfinite(best.at):
            again = ls.theory.risk(model, N, at).value[0]
            learned = abs(best.bias) + abs(best.variance)
            # Either is a contour integral, on contours of their own.
            allowed = 2 * CONTRACT * learned + rounding(1, 4) * best.value
            assert again == pytest.approx(best.value, rel=0, abs=allowed), (model, N)
