"""Residual filters: recursions, limits, and the interval a contour must stay in."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import linscale as ls
from linscale.errors import InvalidArgument, StepTooLarge
from tests.tolerances import rounding

SPECTRUM = np.array([0.0, 1e-12, 1e-3, 0.7, 1.0, 1.9])
POWER = 4  # operations: vector libraries make exp, log and pow to as many units


def condition_of_logarithm(k, x):
    """Of (1 - x)^k as exp(k log1p(-x)), log1p being half the logarithm of 1 + x (x - 2)."""
    return k * (np.abs(x * (x - 2)) / (2 * (1 - x) ** 2) + np.abs(np.log(np.abs(1 - x))))


def test_gradient_descent_is_its_recursion():
    k = np.arange(40)
    rho = ls.GradientDescent(0.9, k).residual(SPECTRUM)
    by_hand = np.ones_like(SPECTRUM)
    for step in k:
        assert np.allclose(rho[step], by_hand, rtol=rounding(1.0, step + POWER), atol=0.0)
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
    assert np.all(h[2, 2:] == 1.0 / SPECTRUM[2:])
    end = ls.Converged()
    assert np.array_equal(end.residual(SPECTRUM)[0], (SPECTRUM == 0).astype(float))


@given(st.floats(1e-8, 1.5), st.integers(0, 5000))
def test_real_and_complex_evaluation_agree(l, k):
    filter, x = ls.GradientDescent(0.9, k), 0.9 * l
    assume(abs(1 - x) > 1e-6)
    real = np.array([l])
    shifted = real + 1e-300j
    rho = abs(1 - x) ** k
    off = rho * rounding(condition_of_logarithm(k, x), 2 * POWER)
    # Powers take 1 - x rounded, k times; what is learned does so from x = 1/2 on.
    power = rho * rounding(1.0, k + POWER)
    learned = off + (power if x >= 0.5 else 0.0) + rounding(abs(1 - (1 - x) ** k), POWER)
    gain = 2 * learned * filter.learned(real)[0, 0] / l
    for name, allowed in (
        ("residual", off + power), ("learned", learned),
        ("variance_filter", gain + rounding(filter.variance_filter(real)[0, 0], POWER)),
    ):  # fmt: skip
        a, b = getattr(filter, name)(real), getattr(filter, name)(shifted)
        assert np.allclose(a, b.real, rtol=0.0, atol=allowed)


def test_learned_keeps_its_digits_where_little_is_learned():
    """To second order in the eigenvalue: the third is below rounding."""
    tiny, digits = np.array([1e-14]), {"rel": rounding(1.0, 2 * POWER), "abs": 0.0}
    x, z = 1e-14, 1e-14 + 1e-14j
    assert ls.GradientFlow(1.0).learned(tiny)[0, 0] == pytest.approx(x - x**2 / 2, **digits)
    descent = ls.GradientDescent(1.0, 3)
    assert descent.learned(tiny)[0, 0] == pytest.approx(3 * x - 3 * x**2, **digits)
    assert descent.learned(np.array([z]))[0, 0] == pytest.approx(3 * z - 3 * z**2, **digits)


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
    # Gradient flow has the factor e itself, with exponents up to t times an eigenvalue.
    relative = rounding(1.0 + filter.at.max() * high, POWER)
    assert np.all(outside <= np.e * inside * (1 + relative))


def recursion(filter, l):
    """rho_0 .. rho_k by the loop that trains: one more iterate each, no closed form."""
    eta, iterates = filter.step, [np.ones_like(l)]
    previous = iterates[0]
    for k in range(int(filter.at.max())):
        now = iterates[-1]
        if isinstance(filter, ls.HeavyBall):
            after = now - eta * l * now + filter.momentum * (now - previous)
        else:
            ahead = now + k / (k + 3) * (now - previous)
            after = ahead - eta * l * ahead
        previous = now
        iterates.append(after)
    return np.array(iterates)


@pytest.mark.parametrize(
    "filter",
    [
        *(ls.HeavyBall(0.9, beta, np.arange(50)) for beta in (0.0, 1e-6, 0.25, 0.9, 0.999)),
        ls.HeavyBall(1.9, 0.95, np.arange(50)),
        ls.Nesterov(0.6, np.arange(50)),
    ],
)
def test_momentum_is_its_recursion(filter):
    # With momentum 1/4 and step 0.9 the first two make a double root of the recursion.
    l = np.array([0.25 / 0.9, 2.25 / 0.9, 0.0, 1e-9, 0.3, 1.0, 1.25 / 0.9, 1.9])
    l = l[l < filter.stable_below]
    exact = recursion(filter, l)
    # What is rounded in step j has grown up to k - j times at the end, at a double root: k^2/2 in
    # all. A step is two products and three sums.
    steps = filter.at.max()
    allowed = rounding(0.5 * steps**2, 5) * np.abs(exact).max()
    assert np.allclose(filter.residual(l), exact, rtol=0, atol=allowed)
    assert np.allclose(filter.learned(l), 1.0 - exact, rtol=0, atol=allowed)
    shifted = filter.residual(l + 1e-200j)
    assert np.allclose(shifted, exact, rtol=0, atol=allowed)
    assert np.all(filter.residual(l)[:, l == 0] == 1.0)
    assert np.all(filter.variance_filter(l)[:, l == 0] == 0.0)


def test_momentum_keeps_its_digits_where_little_is_learned():
    """1 - rho_k = l sum of the first steps: heavy ball's are (1 - beta^(k-j))/(1 - beta) each."""
    tiny, k, beta = np.array([1e-13]), 20, 0.8
    first_order = 0.5 * sum((1 - beta ** (k - j)) / (1 - beta) for j in range(k))
    learned = ls.HeavyBall(0.5, beta, k).learned(tiny)[0, 0]
    # The next order is about the square; the roots differ by 1 - beta, of (1 + beta)^2 - 4 beta.
    relative = 1e-13 * first_order + rounding(((1 + beta) / (1 - beta)) ** 2, 2 * POWER)
    assert learned == pytest.approx(1e-13 * first_order, rel=relative, abs=0.0)
    one = ls.Nesterov(0.5, 1).learned(tiny)[0, 0]
    assert one == pytest.approx(0.5e-13, rel=rounding(1.0, 2), abs=0.0)


def test_momentum_zero_is_gradient_descent():
    l, k = np.linspace(0, 2, 30), np.arange(20)
    descent = ls.GradientDescent(0.7, k).residual(l)
    condition = condition_of_logarithm(k[:, None], 0.7 * l) + k[:, None] + 1.0
    allowed = np.abs(descent) * rounding(condition, 2 * POWER)
    assert np.allclose(ls.HeavyBall(0.7, 0.0, k).residual(l), descent, rtol=0.0, atol=allowed)


@pytest.mark.parametrize(
    "make", [lambda k: ls.HeavyBall(1.0, 0.7, k), lambda k: ls.Nesterov(1.0, k)]
)
def test_stable_range_is_sharp(make):
    """Just inside it the residual dies out; just outside it grows."""
    inside, outside = make(1).stable_below * np.array([0.99, 1.01])
    late = make([3000, 6000])
    # Per step 1 less a share of the distance to the edge, 0.01: after 6000 steps long below this.
    assert np.abs(late.residual(np.array([inside]))[1, 0]) < 1e-6
    with np.errstate(over="ignore", invalid="ignore"):
        growing = np.abs(late.residual(np.array([outside]))[:, 0])
    assert growing[0] > 1e3
    assert not growing[1] < growing[0]
    late.check_stable(inside, "")
    with pytest.raises(StepTooLarge):
        late.check_stable(outside, "")


def test_ridge():
    l = np.array([0.0, 0.5, 2.0])
    ridge = ls.Ridge([0.1, 4.0])
    digits = {"rtol": rounding(1.0, 6), "atol": 0.0}  # at most three roundings on either side
    by_hand = [[1, 0.1 / 0.6, 0.1 / 2.1], [1, 4 / 4.5, 4 / 6]]
    assert np.allclose(ridge.residual(l), by_hand, **digits)
    assert np.allclose(ridge.learned(l) + ridge.residual(l), 1.0, **digits)
    variance = (ridge.learned(l) ** 2)[:, 1:] / l[1:]
    assert np.allclose(ridge.variance_filter(l)[:, 1:], variance, **digits)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: ls.HeavyBall(0.1, 1.0, 3), "momentum"),
        (lambda: ls.HeavyBall(0.1, -0.1, 3), "momentum"),
        (lambda: ls.HeavyBall(0.0, 0.5, 3), "step"),
        (lambda: ls.HeavyBall(0.1, 0.5, 2.5), "iterations"),
        (lambda: ls.Nesterov(0.1, -1), "iterations"),
        (lambda: ls.Ridge(0.0), "penalties"),
        (lambda: ls.Ridge([]), "penalties"),
    ],
)
def test_bad_filters_are_named(make, word):
    with pytest.raises(InvalidArgument, match=word):
        make()


def test_step_too_large_names_the_largest():
    with pytest.raises(StepTooLarge) as caught:
        ls.GradientDescent(1.0, 10).check_stable(4.0, "(2 / largest eigenvalue)")
    assert caught.value.largest_step == 0.5
    assert "below 0.5" in str(caught.value)


def test_reference_step_is_the_paper_code():
    model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    lr = 1 / (64 * (1 + np.sqrt(10 * (10 + 0.0025 * 100) * np.log(100) / 64)) * (1 + 0.0025))
    step = ls.GradientDescent.reference_step(model, 64)
    assert step == pytest.approx(64 * lr, rel=rounding(1.0, 16), abs=0.0)  # 16 operations


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
