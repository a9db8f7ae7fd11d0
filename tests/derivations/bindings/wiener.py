import numpy as np
import pytest
import sympy as sp

import linscale as ls


def check(results, rng):
    sigma = sp.Symbol("sigma", positive=True)
    s = rng.uniform(0.05, 2.0)
    model = ls.SubspaceModel(n=7, d=3, sigma=s)
    problem = model.spectral()
    value = {
        key: np.array(expr.subs(sigma, s), dtype=float)
        for key, expr in results.items()
        if key.startswith("subspace")
    }
    assert value["subspace_eigenvalues"].ravel() == pytest.approx(problem.eigenvalues, rel=1e-14)
    assert value["subspace_weights"].ravel() == pytest.approx(problem.target_weights, rel=1e-14)
    assert float(value["subspace_floor"]) == pytest.approx(problem.floor, rel=1e-14)
    assert float(value["subspace_floor"]) == pytest.approx(ls.theory.floor(model), rel=1e-14)

    # A general forward operator, its directions one by one.
    A, root = rng.standard_normal((4, 5)), rng.standard_normal((5, 5))
    cov = root @ root.T
    problem = ls.InverseProblem(A, cov, s).spectral()
    k, v = np.linalg.eigh(A @ cov @ A.T)
    gamma = np.sum((cov @ A.T @ v) ** 2, axis=0)
    names = sp.symbols("k gamma", positive=True)

    def at(name):
        f = sp.lambdify((*names, sigma), results[name])
        return np.array([f(*pair, s) for pair in zip(k, gamma, strict=True)])

    order, mine = np.argsort(problem.eigenvalues), np.argsort(k)
    assert problem.eigenvalues[order] == pytest.approx(at("eigenvalue")[mine], rel=1e-10)
    assert problem.target_weights[order] * 5 == pytest.approx(at("weight")[mine], rel=1e-9)
    assert problem.floor * 5 == pytest.approx(np.trace(cov) - at("explained").sum(), rel=1e-9)
