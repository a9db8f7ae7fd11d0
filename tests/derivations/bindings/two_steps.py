import pytest
import sympy as sp

import linscale as ls
from derivations import two_steps as made
from derivations.moments import N, T, l
from derivations.one_step import L, eta, floor, n, w

CLOSE = {"rel": 1e-11}  # sums of alternating terms of order 1


def check(results, rng):
    eigenvalues, weights = rng.uniform(0.2, 2.0, 2), rng.uniform(0.1, 1.0, 2)
    many, rest = rng.integers(1, 30, 2), rng.uniform(0.05, 0.5)
    n_train, step = int(rng.integers(1, 40)), rng.uniform(0.1, 1.0)
    problem = ls.SpectralProblem(eigenvalues, many, weights, rest)
    dim, sub, sigma = int(rng.integers(5, 20)), int(rng.integers(1, 5)), rng.uniform(0.1, 1.5)
    model = ls.SubspaceModel(n=dim, d=sub, sigma=sigma)
    traces = [float(many @ eigenvalues**q) for q in range(len(T))]

    for law in ("real", "complex"):
        point = ls.theory.two_steps(problem, n_train, step, complex_data=law == "complex")
        bias = sp.lambdify((N, eta, l, *T), results[f"{law}_bias"])
        bias = weights @ bias(n_train, step, eigenvalues, *traces)
        assert point.bias == pytest.approx(bias, **CLOSE)
        variance = sp.lambdify((N, eta, *T), results[f"{law}_variance"])
        variance = rest * variance(n_train, step, *traces)
        assert point.variance == pytest.approx(variance, **CLOSE)
        risk = sp.lambdify((N, eta, floor, *L, *n, *w), results[f"{law}_risk"])
        risk = risk(n_train, step, rest, *eigenvalues, *many, *weights)
        assert point.value == pytest.approx(risk, **CLOSE)

        point = ls.theory.two_steps(model, n_train, step, complex_data=law == "complex")
        here = sp.lambdify((N, eta, made.dim, made.sub, made.sigma), results[f"{law}_subspace"])
        assert point.value == pytest.approx(here(n_train, step, dim, sub, sigma), **CLOSE)
