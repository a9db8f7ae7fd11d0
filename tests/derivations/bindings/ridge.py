import numpy as np
import pytest
import sympy as sp

import linscale as ls
from derivations import ridge as made
from linscale.theory import kernels, stieltjes

CLOSE = {"rel": 1e-9, "abs": 1e-12}  # the 1/N terms have cancellations of a few digits


def numbers(problem, N, kappa):
    """The moments that the results are written in."""
    l, n, w = problem.eigenvalues, problem.multiplicities, problem.target_weights
    x = l / (l + kappa)
    values = {made.N: N, made.kappa: kappa, made.floor: problem.floor}
    values |= {s: n @ x**k / N for k, s in enumerate(made.powers, 2)}
    return values | {s: (w / l) @ x**k for k, s in enumerate(made.W, 2)}


def evaluated(expr, values):
    return sp.lambdify(list(values), expr)(*values.values())


def check(results, rng):
    for atoms in (2, 3):
        l, n = rng.uniform(0.2, 2.0, atoms), rng.integers(3, 12, atoms)
        w = rng.uniform(0.1, 1.0, atoms)
        problem = ls.SpectralProblem(l, n, w, floor=rng.uniform(0.1, 0.5))
        total, mu = int(n.sum()), rng.uniform(0.05, 1.0)
        for N in (2 * total, total, int(total * rng.uniform(0.3, 0.8)) + 1):
            kappa = stieltjes.ridge_penalty(problem, N, mu)
            values = numbers(problem, N, kappa)
            parts = ("bias", "bias_next", "variance", "variance_next")
            at = {key: evaluated(results[key], values) for key in parts}
            points = [ls.theory.risk(problem, N, ls.Ridge(mu), order=k) for k in (0, 1)]
            terms = kernels.ridge_terms(problem, N, np.array([kappa]), order=1)
            for part, found in zip(("bias", "variance"), terms, strict=True):
                both = at[part] + at[f"{part}_next"]
                assert getattr(points[0], part)[0] == pytest.approx(at[part], rel=1e-11)
                assert getattr(points[1], part)[0] == pytest.approx(both, **CLOSE)
                assert found[1][0] == pytest.approx(at[f"{part}_next"], **CLOSE)

        # Without a penalty.
        N = int(rng.integers(2, total - 2))
        values = numbers(problem, N, stieltjes.effective_penalty_at_zero(problem, N))
        point = ls.theory.converged(problem, N)
        for part in ("bias", "variance"):
            both = evaluated(results[part] + results[f"{part}_next"], values)
            assert getattr(point, part) == pytest.approx(both, **CLOSE)
    one_eigenvalue(results, rng)


def one_eigenvalue(results, rng):
    l, n, floor = rng.uniform(0.2, 2.0), 20, rng.uniform(0.1, 0.5)
    problem = ls.SpectralProblem([l], [n], [rng.uniform(0.1, 1.0)], floor)
    values = dict(zip((made.L[0], made.n[0], made.N), (l, n, 12), strict=True))
    zero = stieltjes.effective_penalty_at_zero(problem, 12)
    assert zero == pytest.approx(evaluated(results["kappa0"], values), rel=1e-12)

    # The best penalty is the lowest point, here and with three eigenvalues.
    for atoms in (1, 3):
        many, p, N = rng.integers(3, 12, atoms), rng.uniform(0.05, 0.5), int(rng.integers(5, 40))
        problem = ls.SpectralProblem(rng.uniform(0.2, 2.0, atoms), many, p * many, floor)
        best = evaluated(results["best_penalty"], {made.floor: floor, made.N: N, made.p: p})
        assert best > 0
        lowest(problem, N, best)
    sigma, N = rng.uniform(0.2, 1.0), int(rng.integers(5, 40))
    values = {sp.Symbol("sigma", positive=True): sigma, made.n[0]: 9, made.N: N}
    best = evaluated(results["subspace_penalty"], values)
    assert best > 0
    lowest(ls.SubspaceModel(n=9, d=9, sigma=sigma), N, best)


def lowest(model, N, mu):
    """Either order is stationary at mu, and the sum lowest: from three values of log(mu)."""
    step = 1e-3
    filter = ls.Ridge(mu * np.exp([-step, 0.0, step]))
    low, middle, high = np.array(
        [ls.theory.risk(model, N, filter, order=k).value for k in (0, 1)]
    ).T
    curvature = low + high - 2 * middle
    assert np.all(curvature > 0)
    # The lowest point of the parabola in units of the step; the third derivative moves it by it.
    assert np.all(np.abs(0.5 * (low - high) / curvature) < 0.05)
