import numpy as np
import pytest
import sympy as sp

import linscale as ls
from derivations import stopping as made


def check(results, rng):
    n, d = int(rng.integers(12, 40)), int(rng.integers(2, 8))
    model = ls.SubspaceModel(n, d, sigma=rng.uniform(0.25, 0.7))
    s = model.sigma**2
    fixed = {made.s2: s, made.dim: model.n, made.sub: model.d}

    def at(name, t=0.0, N=1, beta=1):
        given = fixed | {made.t: t, made.x: np.exp(-(1 + s) * t), made.y: np.exp(-s * t)}
        given |= {made.N: N, made.beta: beta}
        return sp.lambdify(list(given), results[name])(*given.values())

    N = int(rng.integers(500, 5000))
    for complex_data in (False, True):
        times = rng.uniform(0.2, 8.0, 3)
        path = ls.theory.large_n(model, N, ls.GradientFlow(times), complex_data=complex_data)
        limit = np.exp(-2 * (1 + s) * times) / (1 + s)
        expected = [at("coefficient", t, beta=float(not complex_data)) for t in times]
        # The package's contour is good to about 1e-12, before N is put on.
        assert N * (path.bias + path.variance - limit) == pytest.approx(
            expected, rel=1e-9, abs=1e-11 * N
        )

    late = 60.0 / (1 + s)  # x^2 is below rounding
    for t in (late, 2 * late):
        path = ls.theory.large_n(model, N, ls.GradientFlow([t]))
        assert N * (path.bias + path.variance)[0] == pytest.approx(at("plateau", t), rel=1e-9)
    assert at("cheapest") == pytest.approx(
        min(at("plateau", t) for t in np.log1p(s) / s * np.linspace(0.99, 1.01, 201)), rel=1e-12
    )

    end = ls.theory.large_n(model, N, ls.Converged()).value[0] - model.spectral().floor
    assert N * end == pytest.approx(at("converged"), rel=1e-9)
    exact = ls.theory.converged(model, N).variance
    assert (N - model.n - 1) * exact == pytest.approx(at("converged"), rel=1e-12)

    for N in (10**3, 10**7):
        t = float(ls.theory.large_n_stopping_time(model, N))
        assert at("stationarity", t, N=N) == pytest.approx(np.exp(-2 * (1 + s) * t), rel=1e-9)
    # The terms left out are of relative order N^(-1/2).
    N = 10**14
    t = float(ls.theory.large_n_stopping_time(model, N))
    path = ls.theory.large_n(model, N, ls.GradientFlow([t]))
    assert N * (path.bias + path.variance)[0] == pytest.approx(at("best_excess", t), rel=1e-5)
