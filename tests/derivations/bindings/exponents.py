import numpy as np
import pytest
import sympy as sp

import linscale as ls
from derivations import exponents as made


def check(results, rng):
    n, d = int(rng.integers(10, 20)), int(rng.integers(2, 6))
    model = ls.SubspaceModel(n, d, sigma=rng.uniform(0.3, 0.6))
    floor = ls.theory.floor(model)

    def at(name, given):
        return float(sp.lambdify(list(given), results[name])(*given.values()))

    # The package's own bias and variance, at N -+ 4 and the best time held fixed: its difference
    # and this one err by the squares of their steps, 1e-3, relative.
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
    assert local.value == pytest.approx(at("exponent", parts), rel=1e-5)
    assert local.from_bias == pytest.approx(at("from_bias", parts), rel=1e-5)
    assert local.from_variance == pytest.approx(at("from_variance", parts), rel=1e-5)

    # Three near points.
    metrics = ("risk", "psnr")
    near = {
        name: ls.theory.power_law(model, N - 4, N + 4, metric=name, points=3, order=0)
        for name in metrics
    }
    assert near["risk"].exponent == pytest.approx(local.value, rel=1e-5)
    scaled = at("psnr_exponent", {made.alpha: local.value, made.R: best.value})
    assert near["psnr"].exponent == pytest.approx(scaled, rel=1e-5)

    # Three points, unevenly spread by rounding, so that the middle one counts.
    points = [ls.theory.early_stopped(model, k, order=0) for k in (3, 6, 11)]
    for name in metrics:
        fit = ls.theory.power_law(model, 3, 11, metric=name, points=3, order=0)
        assert list(fit.n_train) == [3, 6, 11]
        off = [p.error / p.value for p in points]
        if name == "psnr":
            off = [
                abs(at("psnr_exponent", {made.alpha: e, made.R: p.value}))
                for e, p in zip(off, points, strict=True)
            ]
        given = dict(zip(made.X, np.log(fit.n_train), strict=True))
        given |= dict(zip(made.Y, np.log(fit.metric), strict=True))
        given |= dict(zip(made.errors, off, strict=True))
        assert fit.exponent == pytest.approx(at("fit_exponent", given), rel=1e-10)
        assert np.log(fit.coefficient) == pytest.approx(at("fit_rise", given), rel=1e-9)
        assert fit.error == pytest.approx(at("fit_error", given), rel=1e-10)

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
    assert exponent == pytest.approx(at("large_n_exponent", given), rel=1e-3)

    share = rng.uniform(0.1, 0.3)
    enough = ls.theory.saturation(model, share, order=0)
    found = int(enough)
    before, best = (ls.theory.early_stopped(model, k, order=0) for k in (found - 1, found))

    def needed(k, point):
        C = k * (point.bias + point.variance)
        return at("saturation", {made.C: C, made.floor: floor, made.tau: share})

    # The first whole number that is as many as its own C asks for.
    assert needed(found - 1, before) > found - 1
    assert needed(found, best) <= found
    assert needed(found, best) == pytest.approx(found, abs=1.5)
    off = sp.Symbol("e", positive=True)
    slope = abs(float(ls.theory.local_exponent(model, found, order=0)))
    given = {made.N: found, off: best.error, made.alpha: slope, made.R: best.value}
    assert enough.error == pytest.approx(at("n_error", given), rel=1e-9)
