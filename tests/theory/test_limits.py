"""The theory at its limits: start, end, many samples, one step, converged, little noise."""

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument, StepTooLarge
from tests.conftest import z_limit
from tests.tolerances import CONTRACT, rounding

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
@pytest.mark.parametrize("beta", [0, 1])
def test_large_n_by_cauchy_is_large_n_by_divided_differences(problem, beta):
    times, N = np.array([0.3, 2.0, 10.0]), 1000
    l, w = problem.eigenvalues, problem.target_weights
    path = ls.theory.large_n(problem, N, ls.GradientFlow(times), complex_data=beta == 0)
    for t, value in zip(times, path.value, strict=True):
        limit = problem.floor + w @ (l * np.exp(-2 * t * l))
        expected = limit + large_n_coefficient(problem, t, beta) / N
        learned = expected - problem.floor
        assert value == pytest.approx(expected, rel=0, abs=CONTRACT * learned)
        other = limit + large_n_coefficient(problem, t, 1 - beta) / N
        if t == times[0]:  # planted: the other kind of data
            assert abs(value - other) > 100 * CONTRACT * learned


@pytest.mark.parametrize("sigma", [0.05, 0.3])
def test_large_n_stopping_time(sigma):
    """Its relative error falls like N^(-1/2), tenfold here: terms exp(-(1 + s2) t)/N are left out.

    The last is N^(-1/2) = 1e-4 times a number of order one.
    """
    model, errors = ls.SubspaceModel(n=100, d=10, sigma=sigma), []
    for N in (10**4, 10**6, 10**8):
        exact = ls.theory.early_stopped(model, N).at
        errors.append(abs(ls.theory.large_n_stopping_time(model, N) / exact - 1))
    assert errors[2] < 1e-3
    assert errors[0] > 3 * errors[1] > 9 * errors[2]
    assert ls.theory.large_n_stopping_time(ls.SubspaceModel(5, 5, 0.1), 10) == np.inf


@pytest.mark.parametrize("N", [1, 5, 80])
def test_best_step_beats_its_neighbours(N):
    best = ls.theory.best_one_step(SUBSPACE, N)
    for factor in (0.99, 1.01):
        assert ls.theory.one_step(SUBSPACE, N, best.at * factor).value > best.value
    nothing = ls.InverseProblem(np.zeros((3, 5)), np.eye(5), 0.3)
    assert ls.theory.best_one_step(nothing, N).value == ls.theory.floor(nothing)


@pytest.mark.parametrize("N", [3, 40, 60, 90, 10**6])
def test_start_and_end_of_the_path(N):
    problem = SUBSPACE.spectral()
    path = ls.theory.risk(SUBSPACE, N, ls.GradientFlow([0.0, 1e-9, 1e9]), order=0)
    allowed = CONTRACT * (problem.zero_risk - problem.floor)  # the learning error at the start
    assert path.value[0] == pytest.approx(problem.zero_risk, rel=0, abs=allowed)
    assert path.variance[0] == 0.0  # nothing is integrated
    end = ls.theory.converged(SUBSPACE, N, order=0)
    if N < 60:
        learned = end.value - end.floor
        assert path.value[2] == pytest.approx(end.value, rel=0, abs=CONTRACT * learned)
    elif N > 60:
        # The exact value is floor (1 + n/(N - n - 1)); leading order has N - n in its place.
        leading = path.floor * 60 / (N - 60)
        assert path.bias[2] == pytest.approx(0.0, rel=0, abs=CONTRACT * leading)
        assert path.variance[2] == pytest.approx(leading, rel=CONTRACT, abs=0)
        exact = path.floor * (1 + 60 / (N - 61))
        assert end.value == pytest.approx(exact, rel=rounding(1, 4), abs=0)


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
        model = ls.SubspaceModel(n=200, d=50, sigma=sigma)
        limit = ls.theory.vanishing_noise(model, N)
        assert limit == 1 - N / 50
        errors.append(abs(ls.theory.early_stopped(model, N).value - limit))
    slope = np.polyfit(np.log([1e-1, 1e-2, 1e-3]), np.log(errors), 1)[0]
    assert abs(slope - 2) < 0.1


def test_flow_is_the_limit_of_descent():
    t, errors = 4.0, []
    flow = ls.theory.risk(SUBSPACE, 40, ls.GradientFlow(t)).value[0]
    for k in (50, 100, 200):
        descent = ls.theory.risk(SUBSPACE, 40, ls.GradientDescent(t / k, k)).value[0]
        errors.append(abs(descent - flow))
    assert abs(np.polyfit(np.log([50, 100, 200]), np.log(errors), 1)[0] + 1) < 0.1


def test_diverging_step_names_the_largest_allowed():
    edge = ls.theory.sample_spectrum(SUBSPACE.spectral(), 30).high
    with pytest.raises(StepTooLarge) as caught:
        ls.theory.risk(SUBSPACE, 30, ls.GradientDescent(2.01 / edge, 10))
    assert caught.value.largest_step == pytest.approx(2 / edge, rel=rounding(1, 4), abs=0)
    near = ls.theory.risk(SUBSPACE, 30, ls.GradientDescent(1.9 / edge, [1, 100, 10_000]))
    assert np.all(np.isfinite(near.value))
    assert "diverges on roughly one training set in" in near.status


@pytest.mark.parametrize(("n", "d", "N"), [(100, 10, 85), (100, 10, 92), (20, 3, 15)])
def test_converged_knows_how_poor_it_is_near_n(n, d, N):
    """The error estimate holds the simulated value at either order, and is not far too large."""
    model = ls.SubspaceModel(n, d, sigma=0.05)
    mc, z = ls.montecarlo.converged(model, N, trials=1000), z_limit(6)
    for order in (0, 1):
        point = ls.theory.converged(model, N, order=order)
        missing = abs(mc.value - point.value)
        assert missing < point.error + z * mc.sem
        # Twice what one example more or less does to the 1/N term: on the safe side by up to 10.
        assert point.error < 12 * missing + z * mc.sem
    assert ls.theory.converged(ls.SubspaceModel(100, 10, 0.05), 40).status == "ok"
    assert "%" in ls.theory.converged(model, n - 2).status


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


def test_best_step_of_complex_data():
    """1 for 1 + 1/N; the smallest risk over steps, found by search."""
    for complex_data in (False, True):
        best = ls.theory.best_one_step(SUBSPACE, 5, complex_data=complex_data)
        steps = best.at * np.linspace(0.9, 1.1, 41)
        risks = [
            ls.theory.one_step(SUBSPACE, 5, step, complex_data=complex_data).value for step in steps
        ]
        assert int(np.argmin(risks)) == 20
        # zero_risk - 2 gain + gain, where gain is what the step wins: a sum that cancels.
        zero = SUBSPACE.spectral().zero_risk
        condition = (zero + 3 * (zero - best.value)) / best.value
        assert best.value == pytest.approx(min(risks), rel=rounding(condition, 12), abs=0)


def test_large_n_stopping_time_knows_its_error():
    """The optimum of the whole theory lies within a few times the stated distance."""
    for N in (10**4, 10**6, 10**8):
        t = ls.theory.large_n_stopping_time(SUBSPACE, N)
        true = ls.theory.early_stopped(SUBSPACE, N).at
        assert abs(t - true) < 2 * t.error + 1e-3 * true
        assert t.error < 3 * t / np.sqrt(N) * 30


def test_absurd_steps_are_refused():
    for ask in (ls.theory.one_step, ls.theory.two_steps):
        with pytest.raises(InvalidArgument, match="step"):
            ask(SUBSPACE, 10, 1e200)
    with pytest.raises(InvalidArgument, match="model"):
        ls.theory.risk(ls.SubspaceModel, 10, ls.GradientFlow(1.0))
    with pytest.raises(InvalidArgument, match="nodes"):
        ls.theory.risk(SUBSPACE, 10, ls.GradientFlow(1.0), nodes=0)
