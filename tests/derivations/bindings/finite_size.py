import numpy as np
import pytest
import sympy as sp

import linscale as ls
from derivations.two_resolvents import L, N, kappa1, kappa2, n, w
from linscale.theory.gaussian.kernels import PairMoments, bias_kernels, variance_correction
from linscale.theory.gaussian.stieltjes import effective_penalty

from .two_resolvents import problem


def check(results, rng):
    p, count = problem(rng), int(rng.integers(5, 60))
    z = rng.uniform(-1, 3, 2) + 1j * rng.uniform(0.1, 1.0, 2)
    kappa = effective_penalty(p, count, z)
    values = (*p.eigenvalues, *p.multiplicities, *p.target_weights, count)
    atoms = (*L, *n, *w, N)
    two = sp.lambdify((kappa1, kappa2, *atoms), results["two_correction"], cse=True)
    one = sp.lambdify((kappa1, *atoms), results["one_correction"], cse=True)
    moments = PairMoments(p, count, kappa[:1], kappa[1:])
    prefactor = kappa[0] * kappa[1] / (z[0] * z[1])
    package = prefactor * bias_kernels(moments, count, order=1)[1][0, 0]
    assert two(*kappa, *values) == pytest.approx(package, rel=1e-9)

    # Of the trace the package keeps -(1/N) of it, the variance's kernel (no null space at N > n).
    package = variance_correction(p, count, z[:1], kappa[:1], 0.0)[0]
    assert -one(kappa[0], *values) / count == pytest.approx(package, rel=1e-9)

    # The package itself at a real penalty: ridge has no contour.
    mu = rng.uniform(0.1, 1.0)
    at = ls.theory.stieltjes.ridge_penalty(p, count, mu)
    orders = [ls.theory.risk(p, count, ls.Ridge(mu), order).bias[0] for order in (0, 1)]
    same = mu**2 * two(at, at, *values)
    assert same == pytest.approx(orders[1] - orders[0], rel=1e-8, abs=1e-12 * orders[0])
    assert np.isfinite(same)
