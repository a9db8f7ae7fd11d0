import numpy as np
import sympy as sp

import linscale as ls
from derivations import large_n as made
from linscale.theory.contours import around
from tests.tolerances import CONTRACT

from . import agree, evaluated


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
            noise = evaluated(results["variance"], values) / N
            contract = CONTRACT * (limit + change / N + noise).value
            agree(point.bias, limit + change / N, also=contract)
            agree(point.variance, noise)
            if filter is flow:
                both = evaluated(results[f"flow_{law}"], values | {made.t: flow.times[0]})
                agree(point.value, floor + limit + both / N, also=contract)
                agree(both, change + noise * N)

            kernel = sp.lambdify([*values, made.z1, made.z2], results["kernel"])
            same, mirrored = (kernel(*values.values(), z[:, None], x) for x in (z, z.conj()))
            found = contour.integrate_twice(filter.residual(z), same, mirrored)[0]
            # As the bias at N = 1.
            agree(found, change, also=CONTRACT * (limit + noise * N).value)
