"""Residual filters: recursions, limits, and the interval a contour must stay in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale.errors import InvalidArgument, StepTooLarge

SPECTRUM = np.array([0.0, 1e-12, 1e-3, 0.7, 1.0, 1.9])


def test_gradient_descent_is_its_recursion():
    k = np.arange(40)
    rho = ls.GradientDescent(0.9, k).residual(SPECTRUM)
    by_hand = np.ones_like(SPECTRUM)
    for step in k:
        assert np.allclose(rho[step], by_hand, rtol=1e-13)
        by_hand = by_hand * (1 - 0.9 * SPECTRUM)


def test_flow_is_the_limit_of_small_steps():
    t, errors = 3.0, []
    flow = ls.GradientFlow(t).residual(SPECTRUM)
    for k in (100, 200, 400):
        errors.append(np.abs(ls.GradientDescent(t / k, k).residual(SPECTRUM) - flow).max())
    slope = np.polyfit(np.log([100, 200, 400]), np.log(errors), 1)[0]
    assert abs(slope + 1) < 0.05  # first order in the step


@pytest.mark.parametrize(
    "filter", [ls.GradientFlow([0.0, 2.0, 1e9]), ls.GradientDescent(0.5, [0, 4, 10**9])]
)
def test_exact_at_start_end_and_eigenvalue_zero(filter):
    rho, h = filter.residual(SPECTRUM), filter.variance_filter(SPECTRUM)
    assert np.all(rho[0] == 1.0)
    assert np.all(h[0] == 0.0)
    assert np.all(rho[:, 0] == 1.0)
    assert np.all(h[:, 0] == 0.0)
    assert np.all(rho[2, 2:] == 0.0)
    assert np.allclose(h[2, 2:], 1.0 / SPECTRUM[2:], rtol=1e-15)
    end = ls.Converged()
    assert np.array_equal(end.residual(SPECTRUM)[0], (SPECTRUM == 0).astype(float))


@given(st.floats(1e-8, 1.5), st.integers(0, 5000))
def test_real_and_complex_evaluation_agree(l, k):
    filter = ls.GradientDescent(0.9, k)
    real = np.array([l])
    shifted = real + 1e-300j
    # k log(1 - step l) carries k eps of rounding.
    rounding = 1e-15 * (k + 1) * (1 + abs(np.log(abs(1 - 0.9 * l) + 1e-300)))
    for name in ("residual", "learned", "variance_filter"):
        a, b = getattr(filter, name)(real), getattr(filter, name)(shifted)
        assert np.allclose(a, b.real, rtol=rounding + 1e-12, atol=1e-14)


def test_learned_keeps_its_digits_where_little_is_learned():
    tiny = np.array([1e-14])
    assert ls.GradientFlow(1.0).learned(tiny)[0, 0] == pytest.approx(1e-14, rel=1e-12)
    assert ls.GradientDescent(1.0, 3).learned(tiny)[0, 0] == pytest.approx(3e-14, rel=1e-12)
    complex_tiny = np.array([1e-14 + 1e-14j])
    assert ls.GradientDescent(1.0, 3).learned(complex_tiny)[0, 0] == pytest.approx(
        3e-14 + 3e-14j, rel=1e-12
    )


@pytest.mark.parametrize(
    "filter",
    [ls.GradientFlow([1.0, 50.0]), ls.GradientDescent(0.4, [3, 60]), ls.GradientDescent(0.9, 7)],
)
def test_confine_bounds_the_growth_by_e(filter):
    low, high = 0.1, 2.0
    left, right, scale = filter.confine(low, high)[:3]
    inside = np.abs(filter.residual(np.linspace(low, high, 400))).max(axis=1)
    ends = [x for x in (left, min(right, 50.0)) if np.isfinite(x)]
    outside = np.abs(filter.residual(np.array(ends))).max(axis=1)
    assert left < low
    assert right > high
    assert 0 < scale
    assert np.all(outside <= np.e * inside * (1 + 1e-12))


def test_step_too_large_names_the_largest():
    with pytest.raises(StepTooLarge) as caught:
        ls.GradientDescent(1.0, 10).check_stable(4.0, "(2 / largest eigenvalue)")
    assert caught.value.largest_step == 0.5
    assert "below 0.5" in str(caught.value)


def test_reference_step_is_the_paper_code():
    model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    lr = 1 / (64 * (1 + np.sqrt(10 * (10 + 0.0025 * 100) * np.log(100) / 64)) * (1 + 0.0025))
    step = ls.GradientDescent.reference_step(model, 64)
    assert step == pytest.approx(64 * lr, rel=1e-14)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ls.GradientFlow([-1.0]),
        lambda: ls.GradientFlow([]),
        lambda: ls.GradientFlow([np.nan]),
        lambda: ls.GradientDescent(0.0, 1),
        lambda: ls.GradientDescent(0.1, 1.5),
        lambda: ls.GradientDescent(0.1, -1),
    ],
)
def test_bad_parameters_are_refused(make):
    with pytest.raises(InvalidArgument):
        make()
