import numpy as np
import pytest
import sympy as sp

import linscale as ls
from derivations import filters as made


def check(results, rng):
    step, momentum = rng.uniform(0.2, 0.6), rng.uniform(0.1, 0.9)
    l = rng.uniform(0.05, 1.5, 6)
    time, penalty, k = rng.uniform(0.5, 5.0), rng.uniform(0.1, 2.0), int(rng.integers(2, 12))
    value = {made.eta: step, made.beta: momentum, made.t: time, made.mu: penalty, made.k: k}

    def at(name, more=None):
        given = value | {made.l: l} | (more or {})
        return sp.lambdify(list(given), results[name])(*given.values())

    close = {"rel": 1e-11, "abs": 1e-12}  # a power k <= 12 of numbers rounded to 1e-16
    rules = {
        "gradient_descent": ls.GradientDescent(step, k),
        "gradient_flow": ls.GradientFlow(time),
        "ridge": ls.Ridge(penalty),
    }
    for name, rule in rules.items():
        assert rule.residual(l)[0] == pytest.approx(at(name), **close)
        assert rule.learned(l)[0] == pytest.approx(1 - at(name), **close)
        assert rule.variance_filter(l)[0] == pytest.approx(at(f"{name}_h"), **close)

    ball = ls.HeavyBall(step, momentum, np.arange(k + 1))
    path = iterated(at, "heavy_ball_recursion", k)
    assert ball.residual(l) == pytest.approx(path, **close)
    assert ball.learned(l) == pytest.approx(1 - path, **close)
    assert ball.stable_below == pytest.approx(at("heavy_ball_limit"), rel=1e-14)
    # The closed form takes a root of what may be negative, and differences of near roots.
    closed = at("heavy_ball", {made.l: l.astype(complex)})
    assert ball.residual(l)[k] == pytest.approx(closed, rel=1e-8, abs=1e-8)
    root = np.exp(ball.confine(0.0, 2.0).log_residual(l.astype(complex)) / k)
    assert at("heavy_ball_quadratic", {made.r: root}) == pytest.approx(0.0, abs=1e-12)

    fast = ls.Nesterov(step, np.arange(k + 1))
    path = iterated(at, "nesterov_recursion", k)
    assert fast.residual(l) == pytest.approx(path, **close)
    assert fast.learned(l) == pytest.approx(1 - path, **close)
    first = ls.Nesterov(step, [1, 2, 3]).residual(l)
    for i in range(3):
        assert first[i] == pytest.approx(at(f"nesterov_{i + 1}"), **close)
    assert fast.stable_below == pytest.approx(at("nesterov_limit"), rel=1e-14)
    z = l + 0.3j
    root = np.exp(fast.confine(0.0, 2.0).log_residual(z) / k)
    quadratic = at("nesterov_quadratic", {made.r: root, made.y: 1 - step * z})
    assert quadratic == pytest.approx(0.0, abs=1e-12)

    with_zero = np.array([0.0, *l])
    end = ls.Converged().residual(with_zero)[0]
    expected = [float(results["converged"].subs(made.any_l, x)) for x in with_zero]
    assert end == pytest.approx(expected, abs=0.0)


def iterated(at, name, k):
    path = [1.0 + 0.0 * at("gradient_flow")] * 2
    for i in range(k):
        path.append(at(name, {made.now: path[-1], made.before: path[-2], made.k: i}))
    return np.array(path[1:])
