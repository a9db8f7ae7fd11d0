"""Early stopping, saturation and the local exponent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import linscale as ls
from linscale.errors import InvalidArgument
from tests.tolerances import CONTRACT, rounding

DEFAULT = ls.SubspaceModel(n=100, d=10, sigma=0.05)


@pytest.mark.parametrize("N", [4, 16, 100, 300, 10**5])
def test_best_time_beats_a_fine_grid(N):
    best = ls.theory.early_stopped(DEFAULT, N)
    grid = np.geomspace(1e-2, 1e5, 2000)
    path = ls.theory.risk(DEFAULT, N, ls.GradientFlow(grid))
    allowed = CONTRACT * (best.bias + best.variance)
    assert best.value <= path.value.min() + allowed
    if np.isfinite(best.at):
        there = ls.theory.risk(DEFAULT, N, ls.GradientFlow(best.at))
        assert there.value[0] == pytest.approx(best.value, rel=0, abs=allowed)
        assert best.value == best.floor + best.bias + best.variance


def test_at_is_infinite_where_no_finite_time_is_better():
    best = ls.theory.early_stopped(DEFAULT, 4)
    assert best.at == np.inf
    assert best.value == ls.theory.converged(DEFAULT, 4).value


@pytest.mark.parametrize("sigma", [10.0, 1e3, 1e5])
@pytest.mark.parametrize("N", [1, 16, 1000])
def test_under_much_noise_the_best_never_exceeds_learning_nothing(sigma, N):
    model = ls.SubspaceModel(n=20, d=3, sigma=sigma)
    best = ls.theory.early_stopped(model, N)
    # R(0) = 1
    assert best.value <= 1.0 + CONTRACT * (1.0 - best.floor) + rounding(1, 4)
    simulated = ls.montecarlo.early_stopped(model, N, trials=50)
    assert simulated.value <= 1.0 + rounding(1, 50 + model.n)  # a mean of sums over the spectrum
    if sigma < 1e5:  # there, what can be learned is below rounding
        assert simulated.status == "ok"


def test_nothing_to_learn_is_stopped_at_once():
    model = ls.InverseProblem(np.zeros((3, 5)), np.eye(5), 0.3)
    best = ls.theory.early_stopped(model, 10)
    assert (best.at, best.value) == (0.0, model.spectral().zero_risk)
    assert float(ls.theory.local_exponent(model, 10)) == 0.0


def check_that_examples_never_hurt(log_sigma, n, share, points):
    model = ls.SubspaceModel(n, max(1, int(share * n)), 10**log_sigma)
    sizes = np.unique(np.geomspace(1, 50 * n, points).astype(int))
    values = np.array([ls.theory.early_stopped(model, N).value for N in sizes])
    learned = values - ls.theory.floor(model)
    allowed = CONTRACT * (learned[1:] + learned[:-1]) + rounding(1, 4) * values[1:]
    assert np.all(np.diff(values) <= allowed)


PROBLEMS = st.floats(-2.5, 0.5), st.integers(2, 300), st.floats(0.01, 1)


@settings(max_examples=10)
@given(*PROBLEMS)
def test_more_examples_never_hurt_the_best_risk(log_sigma, n, share):
    check_that_examples_never_hurt(log_sigma, n, share, points=10)


@pytest.mark.slow
@settings(max_examples=20)
@given(*PROBLEMS)
def test_more_examples_never_hurt_the_best_risk_on_a_finer_grid(log_sigma, n, share):
    check_that_examples_never_hurt(log_sigma, n, share, points=25)


@pytest.mark.parametrize("tolerance", [0.3, 0.01, 1e-4])
def test_saturation_is_the_smallest_such_n_train(tolerance):
    N = ls.theory.saturation(DEFAULT, tolerance)
    target = (1 + tolerance) * DEFAULT.spectral().floor
    # The risk changes by more than a contour's accuracy from N to N: the count cannot flip.
    allowed = 10 * CONTRACT * (target - DEFAULT.spectral().floor)
    assert ls.theory.early_stopped(DEFAULT, N).value < target - allowed
    assert ls.theory.early_stopped(DEFAULT, N - 1).value > target + allowed


def test_saturation_at_a_loose_tolerance_is_one():
    assert ls.theory.saturation(DEFAULT, 1e6) == 1


def test_saturation_refuses_what_has_no_answer():
    with pytest.raises(InvalidArgument, match="tolerance"):
        ls.theory.saturation(DEFAULT, 0.0)
    with pytest.raises(InvalidArgument, match="tolerance"):
        ls.theory.saturation(DEFAULT, 1e-15)
    noiseless = ls.SpectralProblem([1.0], [5], [1.0], floor=0.0)
    with pytest.raises(InvalidArgument, match="floor"):
        ls.theory.saturation(noiseless)


@pytest.mark.parametrize("N", [6, 12, 30, 100, 1000])
def test_local_exponent_is_the_slope_of_the_curve(N):
    model = ls.SubspaceModel(n=1000, d=100, sigma=0.1)  # many N between, so a difference will do
    N = 10 * N
    step = max(1, N // 100)
    up, down = (ls.theory.early_stopped(model, M).value for M in (N + step, N - step))
    slope = np.log(up / down) / np.log((N + step) / (N - step))
    # A central difference in log N errs by (step/N)^2 times the third derivative.
    exponent = ls.theory.local_exponent(model, N)
    assert exponent.value == pytest.approx(slope, rel=10 * (step / N) ** 2)
    assert exponent.from_bias + exponent.from_variance == exponent.value
    shares = exponent.floor_share + exponent.bias_share + exponent.variance_share
    assert shares == pytest.approx(1.0, rel=rounding(1, 7), abs=0)
