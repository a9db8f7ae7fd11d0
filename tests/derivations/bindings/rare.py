import numpy as np
import pytest
import sympy as sp

import linscale as ls
from derivations.rare import E, N, l, n, x
from linscale.theory.rare import log_tail, rate_beyond_edge
from tests.tolerances import rounding


def check(results, rng):
    at, count, N_train = rng.uniform(0.3, 3), int(rng.integers(5, 40)), int(rng.integers(5, 80))
    problem = ls.SpectralProblem([at], [count], [0.1], floor=0.1)
    places, rate = rate_beyond_edge(problem, N_train)
    force = sp.lambdify((x, l, n, N), results["force"])
    # A rate: J is summed by trapezoids between places that are a few percent apart.
    i = np.arange(60, 300, 20)
    middle = 0.5 * (places[i + 1] + places[i])
    found = np.diff(rate)[i] / np.diff(places)[i]
    assert found == pytest.approx(force(middle, at, count, N_train), rel=1e-2)

    places, log_p = log_tail(problem, N_train)
    far = rate[200:] * N_train
    tail = np.array([complex(sp.log(results["tail"].subs(E, value))) for value in far[:5]])
    # The package adds 1 to the prefactor, so that P is 1 at the edge.
    off = 1 / (6 * np.sqrt(np.pi) * far[:5]) + rounding(np.abs(tail), 4)
    assert np.all(np.abs(log_p[200:205] - tail) <= off)
