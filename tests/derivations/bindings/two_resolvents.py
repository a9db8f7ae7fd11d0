import pytest
import sympy as sp

import linscale as ls
from derivations.two_resolvents import L, N, kappa1, kappa2, n, v1, v2, w, z1, z2
from linscale.theory.gaussian.kernels import PairMoments, bias_kernels
from linscale.theory.gaussian.stieltjes import effective_penalty, spectral_argument


def problem(rng):
    return ls.SpectralProblem(
        rng.uniform(0.2, 3.0, 2), rng.integers(3, 30, 2), rng.uniform(0.1, 1.0, 2), floor=0.3
    )


def check(results, rng):
    p, count = problem(rng), int(rng.integers(5, 60))
    z = rng.uniform(-1, 3, 2) + 1j * rng.uniform(0.1, 1.0, 2)
    kappa = effective_penalty(p, count, z)
    moments = PairMoments(p, count, kappa[:1], kappa[1:])
    prefactor = kappa[0] * kappa[1] / (z[0] * z[1])
    package = prefactor * bias_kernels(moments, count, order=0)[0][0, 0]
    atoms = (*L, *n, *w, N)
    values = (*p.eigenvalues, *p.multiplicities, *p.target_weights, count)
    two = sp.lambdify((z1, z2, v1, v2, *atoms), results["two"])
    assert two(*z, *(-z / kappa), *values) == pytest.approx(package, rel=1e-11)
    direct = sp.lambdify((kappa1, kappa2, *atoms), results["two_in_kappa"])
    assert direct(*kappa, *values) == pytest.approx(package, rel=1e-11)

    one = sp.lambdify((z1, v1, *atoms), results["one"])(z[0], -z[0] / kappa[0], *values)
    l, k = p.eigenvalues, p.multiplicities
    assert one == pytest.approx(-kappa[0] / z[0] * (k @ (l / (l + kappa[0]))), rel=1e-11)
    assert spectral_argument(p, count, kappa[0]) == pytest.approx(z[0], rel=1e-11)
    # The package itself, through the ridge risk at a real penalty: bias = mu^2 F(-mu, -mu).
    mu = rng.uniform(0.1, 1.0)
    at = ls.theory.stieltjes.ridge_penalty(p, count, mu)
    bias = ls.theory.risk(p, count, ls.Ridge(mu), order=0).bias[0]
    same = two(-mu, -mu, mu / at, mu / at, *values)
    assert mu**2 * same == pytest.approx(bias, rel=1e-10)
