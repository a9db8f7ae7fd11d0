import numpy as np
import pytest
import sympy as sp

import linscale as ls
from derivations import large_n as made
from linscale.theory.contours import around

# The package integrates over a contour, good to 1e-11 of its largest terms.
CLOSE = {"rel": 1e-9}


def evaluated(expr, values):
    return sp.lambdify(list(values), expr)(*values.values())


def slopes(filter, l):
    """rho' and rho'' of the two filters looked at."""
    if isinstance(filter, ls.GradientFlow):
        t = filter.times[0]
        return -t * np.exp(-t * l), t**2 * np.exp(-t * l)
    k, step = filter.iterations[0], filter.step
    rest = 1 - step * l
    return -step * k * rest ** (k - 1), step**2 * k * (k - 1) * rest ** (k - 2)


def check(results, rng):
    l, n = np.array([rng.uniform(1.0, 2.0), rng.uniform(0.2, 0.7)]), rng.integers(1, 9, 2)
    w, floor, N = rng.uniform(0.1, 1.0, 2), rng.uniform(0.1, 0.5), int(rng.integers(20, 60))
    problem = ls.SpectralProblem(l, n, w, floor)
    base = dict(zip((*made.L, *made.n, *made.w, made.floor), (*l, *n, *w, floor), strict=True))
    flow = ls.GradientFlow(rng.uniform(0.3, 3.0))
    descent = ls.GradientDescent(rng.uniform(0.1, 0.4), int(rng.integers(2, 9)))
    for filter in (flow, descent):
        rho = filter.residual(l)[0]
        first, second = slopes(filter, l)
        names = (*made.value, *made.slope, *made.bend)
        values = base | dict(zip(names, (*rho, *first, *second), strict=True))
        swapped = dict(zip(names, (*rho[::-1], *first[::-1], *second[::-1]), strict=True))
        swapped |= dict(zip(made.L, l[::-1], strict=True))
        values |= {
            made.pair: evaluated(results["pair"], values),
            made.pair_1: evaluated(results["pair_1"], values),
            made.pair_2: evaluated(results["pair_1"], swapped),
        }
        contour = around(l.min(), l.max(), filter)
        z = contour.z
        for law, twist in (("real", 1), ("complex", 0)):
            values |= {made.beta: twist}
            point = ls.theory.large_n(problem, N, filter, complex_data=law == "complex").point(0)
            limit, change = (evaluated(results[key], values) for key in ("limit", "bias"))
            assert point.bias == pytest.approx(limit + change / N, **CLOSE)
            noise = evaluated(results["variance"], values) / N
            assert point.variance == pytest.approx(noise, rel=1e-12)
            if filter is flow:
                both = evaluated(results[f"flow_{law}"], values | {made.t: flow.times[0]})
                assert point.value == pytest.approx(floor + limit + both / N, **CLOSE)
                assert both == pytest.approx(change + noise * N, rel=1e-11)

            kernel = sp.lambdify([*values, made.z1, made.z2], results["kernel"])
            same, mirrored = (kernel(*values.values(), z[:, None], x) for x in (z, z.conj()))
            found = contour.integrate_twice(filter.residual(z), same, mirrored)[0]
            assert found == pytest.approx(change, rel=1e-8, abs=1e-9)
