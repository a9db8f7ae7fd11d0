import linscale as ls
from derivations.two_resolvents import L, N, kappa1, kappa2, n, v1, v2, w, z1, z2
from linscale.theory.gaussian.kernels import PairMoments, bias_kernels
from linscale.theory.gaussian.stieltjes import effective_penalty, spectral_argument
from tests.tolerances import rounding

from . import CHAIN, agree, argument, evaluated


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
    atoms = {N: count} | dict(zip(L, p.eigenvalues, strict=True))
    atoms |= dict(zip((*n, *w), (*p.multiplicities, *p.target_weights), strict=True))
    of = argument(p, count, z, kappa)
    given = {z1: of[0], z2: of[1], v1: -of[0] / kappa[0], v2: -of[1] / kappa[1]}
    agree(package, evaluated(results["two"], atoms | given))
    in_kappa = atoms | dict(zip((kappa1, kappa2), kappa, strict=True))
    # The prefactor holds z itself, known to the certificate.
    size = (of[0] * of[1]).error / abs(z[0] * z[1]) * abs(package)
    agree(package, evaluated(results["two_in_kappa"], in_kappa), also=size)

    one = evaluated(results["one"], atoms | {z1: of[0], v1: -of[0] / kappa[0]})
    l, k = p.eigenvalues, p.multiplicities
    agree(-kappa[0] / z[0] * (k @ (l / (l + kappa[0]))), one)
    agree(spectral_argument(p, count, kappa[0]), of[0])
    # The package itself, through the ridge risk at a real penalty: bias = mu^2 F(-mu, -mu).
    mu = rng.uniform(0.1, 1.0)
    at = ls.theory.gaussian.stieltjes.ridge_penalty(p, count, mu)
    bias = ls.theory.risk(p, count, ls.Ridge(mu), order=0).bias[0]
    of = argument(p, count, mu, at, rounding(1.0, CHAIN))
    same = evaluated(results["two"], atoms | {z1: -of, z2: -of, v1: of / at, v2: of / at})
    agree(bias, of * of * same)
