import linscale as ls
from derivations.two_resolvents import L, N, kappa1, kappa2, n, w
from linscale.theory.gaussian.kernels import PairMoments, bias_kernels, variance_correction
from linscale.theory.gaussian.stieltjes import effective_penalty
from tests.tolerances import rounding

from . import CHAIN, agree, argument, evaluated
from .two_resolvents import problem


def check(results, rng):
    p, count = problem(rng), int(rng.integers(5, 60))
    z = rng.uniform(-1, 3, 2) + 1j * rng.uniform(0.1, 1.0, 2)
    kappa = effective_penalty(p, count, z)
    given = dict(zip((*L, *n), (*p.eigenvalues, *p.multiplicities), strict=True))
    given |= dict(zip((*w, N), (*p.target_weights, count), strict=True))

    def two(first, second):
        return evaluated(results["two_correction"], given | {kappa1: first, kappa2: second})

    moments = PairMoments(p, count, kappa[:1], kappa[1:])
    prefactor = kappa[0] * kappa[1] / (z[0] * z[1])
    package = prefactor * bias_kernels(moments, count, order=1)[1][0, 0]
    # The prefactor holds z itself, known to what effective_penalty certifies.
    of = argument(p, count, z, kappa)
    lost = of.error / abs(z)
    agree(package, two(*kappa), also=lost.sum() * abs(package))

    # Of the trace the package keeps -(1/N) of it, the variance's kernel (no null space at N > n).
    package = variance_correction(p, count, z[:1], kappa[:1], 0.0)[0]
    one = evaluated(results["one_correction"], given | {kappa1: kappa[0]})
    agree(package, -one / count, also=lost[0] * abs(package))

    # The package itself at a real penalty: ridge has no contour.
    mu = rng.uniform(0.1, 1.0)
    at = ls.theory.gaussian.stieltjes.ridge_penalty(p, count, mu)
    orders = [ls.theory.risk(p, count, ls.Ridge(mu), order=order).bias[0] for order in (0, 1)]
    # As two(at, at) is -mu at both ends, mu^2 is that of the derivation too; then a difference.
    of = argument(p, count, mu, at, rounding(1.0, CHAIN))
    agree(orders[1] - orders[0], of * of * two(at, at), also=rounding(orders[0], CHAIN))
