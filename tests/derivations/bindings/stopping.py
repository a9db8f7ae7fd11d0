import numpy as np

import linscale as ls
from derivations import stopping as made
from tests.tolerances import CONTRACT, rounding

from . import CHAIN, Known, agree, evaluated, moved


def check(results, rng):
    n, d = int(rng.integers(12, 40)), int(rng.integers(2, 8))
    model = ls.SubspaceModel(n, d, sigma=rng.uniform(0.25, 0.7))
    s = model.sigma**2
    fixed = {made.s2: s, made.dim: model.n, made.sub: model.d}

    def at(name, t=0.0, N=1, beta=1):
        t = moved(t)
        given = fixed | {made.t: t, made.x: np.exp(-(1 + s) * t), made.y: np.exp(-s * t)}
        return evaluated(results[name], given | {made.N: N, made.beta: beta})

    N = int(rng.integers(500, 5000))
    for complex_data in (False, True):
        times = rng.uniform(0.2, 8.0, 3)
        path = ls.theory.large_n(model, N, ls.GradientFlow(times), complex_data=complex_data)
        limit = np.exp(-2 * (1 + s) * times) / (1 + s)
        expected = at("coefficient", times, beta=int(not complex_data))
        # What N multiplies are the contract of the learning error at N = 1, and a difference.
        contract = CONTRACT * (limit + np.abs(expected.value))
        found = N * (path.bias + path.variance - limit)
        agree(found, expected, also=contract + rounding(N * limit, CHAIN), scale=1.0)

    late = 60.0 / (1 + s)  # x^2 is below rounding
    for t in (late, 2 * late):
        path = ls.theory.large_n(model, N, ls.GradientFlow([t]))
        plateau = at("plateau", t)
        agree(N * (path.bias + path.variance)[0], plateau, also=CONTRACT * plateau.value)
    around = at("plateau", np.log1p(s) / s * np.linspace(0.99, 1.01, 201))
    lowest = np.argmin(around.value)
    agree(around[lowest], at("cheapest"))

    end = ls.theory.large_n(model, N, ls.Converged()).value[0] - model.spectral().floor
    lost = rounding(N * (end + model.spectral().floor), CHAIN)
    agree(N * end, at("converged"), also=lost)
    exact = ls.theory.converged(model, N).variance
    agree((N - model.n - 1) * exact, at("converged"))

    for N in (10**3, 10**7):
        t = float(ls.theory.large_n_stopping_time(model, N))
        # brentq finds log(u) to 1e-14, t = start + u, where two logarithms cancel with slope >= 1.
        u = t - np.log1p(s) / s
        terms = 2 * (1 + s) * t + abs(np.log((n - d) / N * s**2 / (1 + s)))
        t = Known(t, u * (1e-14 * (1 + abs(np.log(u))) + rounding(terms, CHAIN)))
        agree(np.exp(-2 * (1 + s) * t), at("stationarity", t, N=N))
    # The terms left out are of relative order N^(-1/2).
    N = 10**14
    t = float(ls.theory.large_n_stopping_time(model, N))
    path = ls.theory.large_n(model, N, ls.GradientFlow([t]))
    best = at("best_excess", t)
    agree(N * (path.bias + path.variance)[0], best, also=100 * N**-0.5 * best.value)
