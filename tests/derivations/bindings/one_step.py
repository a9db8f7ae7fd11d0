import pytest
import sympy as sp

import linscale as ls
from derivations import one_step as made
from derivations.moments import N, T, l


def check(results, rng):
    eigenvalues, weights = rng.uniform(0.2, 2.0, 2), rng.uniform(0.1, 1.0, 2)
    many, floor = rng.integers(1, 30, 2), rng.uniform(0.05, 0.5)
    n_train, step = int(rng.integers(1, 40)), rng.uniform(0.1, 1.0)
    problem = ls.SpectralProblem(eigenvalues, many, weights, floor)
    symbols = (N, made.eta, made.floor, *made.L, *made.n, *made.w)
    numbers = (n_train, step, floor, *eigenvalues, *many, *weights)

    def at(name):
        return sp.lambdify(symbols, results[name])(*numbers)

    square = float(many @ eigenvalues**2)
    for law in ("real", "complex"):
        point = ls.theory.one_step(problem, n_train, step, complex_data=law == "complex")
        bias = sp.lambdify((N, made.eta, l, T[2]), results[f"{law}_bias"])
        assert point.bias == pytest.approx(
            weights @ bias(n_train, step, eigenvalues, square), rel=1e-12
        )
        variance = sp.lambdify((N, made.eta, T[2]), results[f"{law}_variance"])
        assert point.variance == pytest.approx(floor * variance(n_train, step, square), rel=1e-12)
        assert point.value == pytest.approx(at(f"{law}_risk"), rel=1e-12)

    best = ls.theory.best_one_step(problem, n_train)
    assert problem.best_step(n_train) == pytest.approx(at("best_step"), rel=1e-12)
    assert best.at == pytest.approx(at("best_step"), rel=1e-12)
    assert best.value == pytest.approx(at("best_risk"), rel=1e-12)
