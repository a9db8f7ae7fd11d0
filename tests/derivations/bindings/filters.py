import numpy as np

import linscale as ls
from derivations import filters as made

from . import Known, agree, evaluated


def check(results, rng):
    step, momentum = rng.uniform(0.2, 0.6), rng.uniform(0.1, 0.9)
    l = rng.uniform(0.05, 1.5, 6)
    time, penalty, k = rng.uniform(0.5, 5.0), rng.uniform(0.1, 2.0), int(rng.integers(2, 12))
    value = {made.eta: step, made.beta: momentum, made.t: time, made.mu: penalty, made.k: k}

    def at(name, more=None):
        return evaluated(results[name], value | {made.l: l} | (more or {}))

    rules = {
        "gradient_descent": ls.GradientDescent(step, k),
        "gradient_flow": ls.GradientFlow(time),
        "ridge": ls.Ridge(penalty),
    }
    for name, rule in rules.items():
        agree(rule.residual(l)[0], at(name), scale=1.0)
        agree(rule.learned(l)[0], 1 - at(name), scale=1.0)
        agree(rule.variance_filter(l)[0], at(f"{name}_h"), scale=1.0)

    ball = ls.HeavyBall(step, momentum, np.arange(k + 1))
    path = iterated(at, "heavy_ball_recursion", k)
    for found, learned, expected in zip(ball.residual(l), ball.learned(l), path, strict=True):
        agree(found, expected, scale=1.0)
        agree(learned, 1 - expected, scale=1.0)
    agree(ball.stable_below, at("heavy_ball_limit"))
    # The closed form takes a root of what may be negative, and differences of near roots.
    closed = at("heavy_ball", {made.l: l.astype(complex)})
    agree(ball.residual(l)[k], closed, scale=1.0)
    root = np.exp(ball.confine(0.0, 2.0).log_residual(l.astype(complex)) / k)
    agree(0.0, at("heavy_ball_quadratic", {made.r: root}), scale=1.0)

    fast = ls.Nesterov(step, np.arange(k + 1))
    path = iterated(at, "nesterov_recursion", k)
    for found, learned, expected in zip(fast.residual(l), fast.learned(l), path, strict=True):
        agree(found, expected, scale=1.0)
        agree(learned, 1 - expected, scale=1.0)
    first = ls.Nesterov(step, [1, 2, 3]).residual(l)
    for i in range(3):
        agree(first[i], at(f"nesterov_{i + 1}"), scale=1.0)
    agree(fast.stable_below, at("nesterov_limit"))
    z = l + 0.3j
    root = np.exp(fast.confine(0.0, 2.0).log_residual(z) / k)
    quadratic = at("nesterov_quadratic", {made.r: root, made.y: 1 - step * z})
    agree(0.0, quadratic, scale=1.0)

    with_zero = np.array([0.0, *l])
    end = ls.Converged().residual(with_zero)[0]
    expected = [float(results["converged"].subs(made.any_l, x)) for x in with_zero]
    assert end.tolist() == expected  # 0 and 1


def iterated(at, name, k):
    path = [Known(np.ones_like(at("gradient_flow").value))] * 2
    for i in range(k):
        path.append(at(name, {made.now: path[-1], made.before: path[-2], made.k: i}))
    return path[1:]
