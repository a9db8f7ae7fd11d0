import numpy as np
import sympy as sp

import linscale as ls
from derivations import exponents as made
from tests.tolerances import CONTRACT

from . import Known, agree, evaluated


def check(results, rng):
    n, d = int(rng.integers(10, 20)), int(rng.integers(2, 6))
    model = ls.SubspaceModel(n, d, sigma=rng.uniform(0.3, 0.6))
    floor = ls.theory.floor(model)

    def at(name, given):
        return evaluated(results[name], given)

    # The package's own bias and variance, at N -+ 4 and the best time held fixed: its difference
    # and this one err by the squares of their steps, 1e-3, and by the contract over them.
    N = 4000
    best = ls.theory.early_stopped(model, N, order=0)
    local = ls.theory.local_exponent(model, N, order=0)
    low, high = (
        ls.theory.risk(model, k, ls.GradientFlow([best.at]), order=0) for k in (N - 4, N + 4)
    )
    step = np.log((N + 4) / (N - 4))
    parts = {
        made.floor: floor,
        made.bias: best.bias,
        made.variance: best.variance,
        made.bias_slope: (high.bias[0] - low.bias[0]) / step,
        made.variance_slope: (high.variance[0] - low.variance[0]) / step,
    }
    learned = (best.bias + best.variance) / best.value

    def close(found, expected):
        off = 4e-6 * np.abs(expected.value) + 2 * CONTRACT / 1e-3 * learned
        agree(found, expected, also=off)

    close(local.value, at("exponent", parts))
    close(local.from_bias, at("from_bias", parts))
    close(local.from_variance, at("from_variance", parts))

    # Three near points.
    metrics = ("risk", "psnr")
    near = {
        name: ls.theory.power_law(model, N - 4, N + 4, metric=name, points=3, order=0)
        for name in metrics
    }
    scaled = at("psnr_exponent", {made.alpha: local.value, made.R: best.value})
    close(near["risk"].exponent, Known(local.value))
    close(near["psnr"].exponent, scaled)

    # Three points, unevenly spread by rounding, so that the middle one counts.
    points = [ls.theory.early_stopped(model, k, order=0) for k in (3, 6, 11)]
    for name in metrics:
        fit = ls.theory.power_law(model, 3, 11, metric=name, points=3, order=0)
        assert list(fit.n_train) == [3, 6, 11]
        off = [p.error / p.value for p in points]
        if name == "psnr":
            off = [
                abs(at("psnr_exponent", {made.alpha: e, made.R: p.value}).value)
                for e, p in zip(off, points, strict=True)
            ]
        given = dict(zip(made.X, np.log(fit.n_train), strict=True))
        given |= dict(zip(made.Y, np.log(fit.metric), strict=True))
        given |= dict(zip(made.errors, off, strict=True))
        agree(fit.exponent, at("fit_exponent", given))
        agree(np.log(fit.coefficient), at("fit_rise", given))
        agree(fit.error, at("fit_error", given))

    # Large N: what the expansion leaves out is of relative order n/N.
    N = 10**6
    best = ls.theory.early_stopped(model, N)
    path = ls.theory.large_n(model, N, ls.GradientFlow([best.at]))
    l = 1 + model.sigma**2
    limit = np.exp(-2 * l * best.at) / l
    given = {
        made.N: N,
        made.floor: floor,
        made.left: limit,
        made.C: N * (path.bias[0] + path.variance[0] - limit),
    }
    exponent = float(ls.theory.local_exponent(model, N))
    known = at("large_n_exponent", given).value
    agree(exponent, known, also=50 * model.n / N * abs(known))

    share = rng.uniform(0.1, 0.3)
    enough = ls.theory.saturation(model, share, order=0)
    found = int(enough)
    before, best = (ls.theory.early_stopped(model, k, order=0) for k in (found - 1, found))

    def needed(k, point):
        C = k * (point.bias + point.variance)
        return at("saturation", {made.C: C, made.floor: floor, made.tau: share}).value

    # The first whole number that is as many as its own C asks for, up to the contract of C: on
    # either side, and what the package gives away so that N does not depend on it.
    assert needed(found - 1, before) > (found - 1) * (1 - CONTRACT)
    assert needed(found, best) <= found * (1 + 2 * CONTRACT)
    assert abs(needed(found, best) - found) < 1.5
    off = sp.Symbol("e", positive=True)
    slope = abs(float(ls.theory.local_exponent(model, found, order=0)))
    given = {made.N: found, off: best.error, made.alpha: slope, made.R: best.value}
    agree(enough.error, at("n_error", given))
