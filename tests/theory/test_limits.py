"""The theory at its limits: start, end, many samples, one step, converged, little noise."""

import re

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument, StepTooLarge, Unsupported

FIFTEEN = ls.SpectralProblem(
    np.geomspace(0.05, 3, 15), np.arange(1, 16), np.linspace(0.1, 0.02, 15), floor=0.2
)
SUBSPACE = ls.SubspaceModel(n=60, d=6, sigma=0.3)


def divided_difference(f, x, y, derivative):
    difference = np.subtract.outer(x, y)
    same = np.abs(difference) < 1e-12
    quotient = np.subtract.outer(f(x), f(y)) / np.where(same, 1.0, difference)
    return np.where(same, derivative(x)[:, None], quotient)


def large_n_coefficient(problem, t, beta):
    """lim N (R - R_infinity) for gradient flow; beta = 1 real, 0 complex circular data.

    Taylor expansion of the risk in Sh - S to second order, with Gaussian second moments.
    """
    l, n, w = problem.eigenvalues, problem.multiplicities, problem.target_weights
    rho, slope = lambda x: np.exp(-t * x), lambda x: -t * np.exp(-t * x)
    first = divided_difference(rho, l, l, slope)
    # rho[i, i, k] = (rho'(l_i) - rho[i, k]) / (l_i - l_k); rho''/2 when l_i = l_k
    gap = np.subtract.outer(l, l)
    same = np.abs(gap) < 1e-12
    curve = (t**2 * rho(l) / 2)[:, None]
    second = np.where(same, curve, (slope(l)[:, None] - first) / np.where(same, 1.0, gap))
    bias = w * (
        l * (first**2 @ (n * l**2))
        + 2 * rho(l) * l**2 * (second @ (n * l))
        + beta * l**3 * (slope(l) ** 2 + rho(l) * t**2 * rho(l))
    )
    return problem.floor * n @ (1 - rho(l)) ** 2 + bias.sum()


@pytest.mark.parametrize("problem", [FIFTEEN, SUBSPACE.spectral()])
@pytest.mark.parametrize("t", [0.3, 2.0, 10.0])
def test_many_samples(problem, t):
    """Leading order alone gives beta = 0; the remainder falls as 1/N."""
    limit = problem.floor + problem.target_weights @ (
        problem.eigenvalues * np.exp(-2 * t * problem.eigenvalues)
    )
    expected = large_n_coefficient(problem, t, beta=0)
    sizes = np.array([1e4, 1e5, 1e6])
    errors = [
        N * (ls.theory.risk(problem, N, ls.GradientFlow(t)).value[0] - limit) / expected - 1
        for N in sizes
    ]
    slope = np.polyfit(np.log(sizes), np.log(np.abs(errors)), 1)[0]
    assert abs(errors[1]) < 1e-2
    assert abs(slope + 1) < 0.1
    if t < 10:  # A planted error: the coefficient for real data is not what leading order gives.
        wrong = large_n_coefficient(problem, t, beta=1)
        assert abs(wrong / expected - 1) > 2 * abs(errors[1])


@pytest.mark.parametrize("N", [3, 40, 60, 90, 10**6])
def test_start_and_end_of_the_path(N):
    problem = SUBSPACE.spectral()
    path = ls.theory.risk(SUBSPACE, N, ls.GradientFlow([0.0, 1e-9, 1e9]))
    assert path.value[0] == pytest.approx(problem.zero_risk, rel=1e-9)
    assert path.variance[0] == pytest.approx(0.0, abs=1e-15)
    end = ls.theory.converged(SUBSPACE, N)
    if N < 60:
        assert path.value[2] == pytest.approx(end.value, rel=1e-7)
    elif N > 60:
        # The exact value is floor (1 + n/(N - n - 1)); leading order has N - n in its place.
        leading = path.floor * 60 / (N - 60)
        assert path.bias[2] == pytest.approx(0.0, abs=1e-12)
        assert path.variance[2] == pytest.approx(leading, rel=1e-7)
        assert end.value == pytest.approx(path.floor * (1 + 60 / (N - 61)), rel=1e-14)


@pytest.mark.parametrize("N", [59, 60, 61])
def test_converged_is_infinite_next_to_n(N):
    point = ls.theory.converged(SUBSPACE, N)
    assert point.value == np.inf
    assert "infinite" in point.status
    assert ls.theory.risk(SUBSPACE, N, ls.Converged()).value[0] == np.inf


@pytest.mark.parametrize("N", [2, 20, 45])
def test_little_noise_leaves_the_directions_not_seen(N):
    """sigma -> 0, N <= d: R = 1 - N/d, with a remainder of order sigma^2."""
    errors = []
    for sigma in (1e-1, 1e-2, 1e-3):
        value = ls.theory.early_stopped(ls.SubspaceModel(n=200, d=50, sigma=sigma), N).value
        errors.append(abs(value - (1 - N / 50)))
    slope = np.polyfit(np.log([1e-1, 1e-2, 1e-3]), np.log(errors), 1)[0]
    assert abs(slope - 2) < 0.1


@pytest.mark.parametrize("problem", [FIFTEEN, SUBSPACE.spectral()])
def test_one_step_of_the_contour_is_one_step_without_its_finite_size_term(problem):
    """Exact one-step risk less sum_j w_j eta^2 l^3 / N, the twisted pairing of real data."""
    eta, N = 0.15, 50
    exact = ls.theory.one_step(problem, N, eta)
    leading = ls.theory.risk(problem, N, ls.GradientDescent(eta, 1))
    twisted = eta**2 * problem.target_weights @ problem.eigenvalues**3 / N
    assert leading.bias[0] == pytest.approx(exact.bias - twisted, rel=1e-11)
    assert leading.variance[0] == pytest.approx(exact.variance, rel=1e-11)


def test_flow_is_the_limit_of_descent():
    t, errors = 4.0, []
    flow = ls.theory.risk(SUBSPACE, 40, ls.GradientFlow(t)).value[0]
    for k in (50, 100, 200):
        descent = ls.theory.risk(SUBSPACE, 40, ls.GradientDescent(t / k, k)).value[0]
        errors.append(abs(descent - flow))
    assert abs(np.polyfit(np.log([50, 100, 200]), np.log(errors), 1)[0] + 1) < 0.1


def test_order_one_is_refused_clearly():
    flow = ls.GradientFlow(1.0)
    for ask in (
        lambda: ls.theory.risk(SUBSPACE, 10, flow, order=1),
        lambda: ls.theory.early_stopped(SUBSPACE, 10, order=1),
        lambda: ls.theory.pca(SUBSPACE, 10, order=1),
        lambda: ls.theory.saturation(SUBSPACE, order=1),
    ):
        with pytest.raises(Unsupported, match="order = 1"):
            ask()
    with pytest.raises(InvalidArgument, match="order"):
        ls.theory.risk(SUBSPACE, 10, flow, order=2)


def test_diverging_step_names_the_largest_allowed():
    edge = ls.theory.sample_spectrum(SUBSPACE.spectral(), 30).high
    with pytest.raises(StepTooLarge) as caught:
        ls.theory.risk(SUBSPACE, 30, ls.GradientDescent(2.01 / edge, 10))
    assert caught.value.largest_step == pytest.approx(2 / edge)
    near = ls.theory.risk(SUBSPACE, 30, ls.GradientDescent(1.9 / edge, [1, 100, 10_000]))
    assert np.all(np.isfinite(near.value))
    assert "rare training sets" in near.status


@pytest.mark.parametrize(("n", "d", "N"), [(100, 10, 85), (100, 10, 92), (20, 3, 15)])
def test_converged_says_how_poor_leading_order_is_near_n(n, d, N):
    """The size that the status names is right within a factor of two."""
    model = ls.SubspaceModel(n, d, sigma=0.05)
    point = ls.theory.converged(model, N)
    named = float(re.search(r"about (\d+) %", point.status)[1]) / 100
    mc = ls.montecarlo.converged(model, N, trials=4000)
    assert 0.5 * named < mc.value / point.value - 1 < 2 * named
    assert ls.theory.converged(model, 2).status == "ok"


def test_no_noise_at_all_converges_to_the_truth():
    noiseless = ls.SpectralProblem([1.0], [5], [1.0], floor=0.0)
    for N in (5, 6, 50):
        assert ls.theory.converged(noiseless, N).value == 0.0


@pytest.mark.parametrize("model", ["subspace", None, 3])
def test_what_is_not_a_model_is_named(model):
    with pytest.raises(InvalidArgument, match="model"):
        ls.theory.early_stopped(model, 5)
    with pytest.raises(InvalidArgument, match="filter"):
        ls.theory.risk(SUBSPACE, 5, 1.0)
    with pytest.raises(InvalidArgument, match="model"):
        ls.GradientDescent.reference_step(SUBSPACE.spectral(), 5)


@pytest.mark.parametrize("N", [0, -1, 2.5, "ten", None, 10**16, 10**400])
def test_bad_n_train(N):
    with pytest.raises(InvalidArgument, match="n_train"):
        ls.theory.early_stopped(SUBSPACE, N)
