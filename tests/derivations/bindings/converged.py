import numpy as np
import pytest
import sympy as sp

import linscale as ls
from derivations import converged as made
from linscale.theory.limits import converged_terms


def check(results, rng):
    many = rng.integers(1, 10, 3)
    problem = ls.SpectralProblem(
        rng.uniform(0.2, 2.0, 3), many, rng.uniform(0.1, 1.0, 3), rng.uniform(0.05, 0.5)
    )
    n = problem.dimension
    for law, nearest in (("real", n + 2), ("complex", n + 1)):
        for n_train in (nearest, nearest + int(rng.integers(1, 50))):
            point = ls.theory.converged(problem, n_train, complex_data=law == "complex")
            risk = sp.lambdify((made.N, made.n, made.floor), results[f"{law}_risk"])
            assert point.value == pytest.approx(risk(n_train, n, problem.floor), rel=1e-13)
            inverse = sp.lambdify((made.N, made.n), results[f"{law}_inverse"])(n_train, n)
            assert point.variance == pytest.approx(problem.floor * n * inverse, rel=1e-13)
        for n_train in range(max(1, 2 * n + 1 - nearest), nearest):  # symmetric about N = n
            point = ls.theory.converged(problem, n_train, complex_data=law == "complex")
            assert np.isinf(point.value)

    # The expansion in 1/N that is used on the other side has the same two orders on this one.
    n_train = n + int(rng.integers(2, 50))
    terms = converged_terms(problem, n_train)
    at = (n / n_train, problem.floor)
    leading = sp.lambdify((made.gamma, made.floor), results["leading"])(*at)
    following = sp.lambdify((made.gamma, made.floor), results["next_order"])(*at) / n_train
    assert terms.variance == pytest.approx([leading, following], rel=1e-9)
    assert terms.bias == pytest.approx([0.0, 0.0], abs=1e-9)
