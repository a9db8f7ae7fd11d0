import numpy as np
import pytest
import sympy as sp

import linscale as ls
from derivations import reduction as made
from linscale.montecarlo.draws import train
from linscale.montecarlo.laws import gaussian_law


def evaluated(expr, values):
    return sp.lambdify(list(values), expr)(*values.values())


def check(results, rng):
    A, root = rng.standard_normal((2, 2)), rng.standard_normal((2, 2))
    cov, sigma, N = root @ root.T, rng.uniform(0.3, 1.0), int(rng.integers(2, 6))
    model = ls.InverseProblem(A, cov, sigma)
    law = gaussian_law(model)
    S, B = law.measurement_cov, law.best
    Y = law.measurement_root @ rng.standard_normal((2, N))
    lam, V = np.linalg.eigh(Y @ Y.T / N)

    def matrices(**given):
        return {
            s: x for k, m in given.items() for s, x in zip(getattr(made, k), m.flat, strict=True)
        }

    floor = evaluated(results["floor"], matrices(B=B, S=S, Sx=cov))
    assert floor / law.scale == pytest.approx(law.floor, rel=1e-9)
    assert floor / law.scale == pytest.approx(model.spectral().floor, rel=1e-9)

    filters = (
        ls.GradientFlow(rng.uniform(0.1, 3.0)),
        ls.GradientDescent(0.9 / lam[-1], int(rng.integers(1, 9))),
        ls.Ridge(rng.uniform(0.1, 1.0)),
    )
    residual = law.residual_root @ law.residual_root.T
    for filter in filters:
        values = matrices(B=B @ V, S=V.T @ S @ V, rest=residual)
        values |= dict(zip(made.rho, filter.residual(lam)[0], strict=True))
        values |= dict(zip(made.lam, lam, strict=True)) | {made.N: N}
        bias, variance = (evaluated(results[k], values) / law.scale for k in ("bias", "variance"))
        found = train(law, B @ Y, Y, averaged=True).path(filter)
        assert found[0][0] == pytest.approx(bias, rel=1e-9, abs=1e-12)
        assert found[1][0] == pytest.approx(variance, rel=1e-9, abs=1e-12)

        # All +-E with one entry (of a root) different from 0: its first two moments are exact.
        errors = []
        for at in np.ndindex(2, N):
            E = np.zeros((2, N))
            E[at] = np.sqrt(2 * N)
            E = law.residual_root @ E
            errors += [train(law, B @ Y + s * E, Y).path(filter)[0][0] for s in (-1, 1)]
        assert np.mean(errors) == pytest.approx(bias + variance, rel=1e-9)

    # Weights of an eigenspace, and the limit of many examples.
    l, v = np.linalg.eigh(S)
    problem = model.spectral()
    w = [evaluated(results[f"weight_{j}"], matrices(B=B @ v)) for j in (1, 2)]
    order = np.argsort(problem.eigenvalues)
    assert problem.target_weights[order] * 2 == pytest.approx(w, rel=1e-9)
    rho = filters[0].residual(l)[0]
    values = dict(zip((*made.w, *made.L, *made.rho), (*w, *l, *rho), strict=True))
    many = ls.theory.large_n(problem, 10**13, filters[0])
    limit = evaluated(results["limit"], values)
    assert many.bias[0] * 2 == pytest.approx(limit, rel=1e-9)
