import numpy as np
import sympy as sp

import linscale as ls
from derivations import ridge as made
from linscale.theory.gaussian import kernels, stieltjes
from tests.tolerances import rounding

from . import CHAIN, agree, evaluated


def numbers(problem, N, kappa):
    """The moments that the results are written in."""
    l, n, w = problem.eigenvalues, problem.multiplicities, problem.target_weights
    x = l / (l + kappa)
    values = {made.N: N, made.kappa: kappa, made.floor: problem.floor}
    values |= {s: n @ x**k / N for k, s in enumerate(made.powers, 2)}
    return values | {s: (w / l) @ x**k for k, s in enumerate(made.W, 2)}


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
            learned = (at["bias"] + at["variance"]).value
            terms = kernels.ridge_terms(problem, N, np.array([kappa]), order=1)
            for part, found in zip(("bias", "variance"), terms, strict=True):
                both = at[part] + at[f"{part}_next"]
                agree(getattr(points[0], part)[0], at[part])
                agree(getattr(points[1], part)[0], both, scale=learned)
                agree(found[1][0], at[f"{part}_next"], scale=learned)

        # Without a penalty.
        N = int(rng.integers(2, total - 2))
        values = numbers(problem, N, stieltjes.effective_penalty_at_zero(problem, N))
        point = ls.theory.converged(problem, N)
        for part in ("bias", "variance"):
            both = evaluated(results[part] + results[f"{part}_next"], values)
            agree(getattr(point, part), both, scale=point.bias + point.variance)
    one_eigenvalue(results, rng)


def one_eigenvalue(results, rng):
    l, n, floor = rng.uniform(0.2, 2.0), 20, rng.uniform(0.1, 0.5)
    problem = ls.SpectralProblem([l], [n], [rng.uniform(0.1, 1.0)], floor)
    values = dict(zip((made.L[0], made.n[0], made.N), (l, n, 12), strict=True))
    zero = stieltjes.effective_penalty_at_zero(problem, 12)
    # A root of df1/N - 1, whose slope in log(kappa) is 1 - df2/N.
    lost = rounding(1 / (1 - stieltjes.degrees_of_freedom(problem, zero, 2) / 12), CHAIN)
    agree(zero, evaluated(results["kappa0"], values), also=lost * zero)

    # The best penalty is the lowest point, here and with three eigenvalues.
    for atoms in (1, 3):
        many, p, N = rng.integers(3, 12, atoms), rng.uniform(0.05, 0.5), int(rng.integers(5, 40))
        problem = ls.SpectralProblem(rng.uniform(0.2, 2.0, atoms), many, p * many, floor)
        best = evaluated(results["best_penalty"], {made.floor: floor, made.N: N, made.p: p}).value
        assert best > 0
        lowest(problem, N, best)
    sigma, N = rng.uniform(0.2, 1.0), int(rng.integers(5, 40))
    values = {sp.Symbol("sigma", positive=True): sigma, made.n[0]: 9, made.N: N}
    best = evaluated(results["subspace_penalty"], values).value
    assert best > 0
    lowest(ls.SubspaceModel(n=9, d=9, sigma=sigma), N, best)


def lowest(model, N, mu):
    """Either order is stationary at mu, and the sum lowest: from five values of log(mu)."""
    step = 1e-3
    filter = ls.Ridge(mu * np.exp(step * np.arange(-2, 3)))
    for order in (0, 1):
        v = ls.theory.risk(model, N, filter, order=order).value
        curvature = v[1] + v[3] - 2 * v[2]
        assert curvature > 0
        # The slope but for the fifth derivative; over the curvature it is how far off, in steps,
        # the lowest point is.
        slope = (8 * (v[3] - v[1]) - (v[4] - v[0])) / 12
        assert abs(slope) <= step**2 * curvature + rounding(1.5 * v[2], CHAIN)
