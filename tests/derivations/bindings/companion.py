import sympy as sp

import linscale as ls
from derivations import companion as made
from linscale.theory.gaussian import kernels, stieltjes
from tests.tolerances import rounding

from . import CHAIN, Known, agree, argument, evaluated


def check(results, rng):
    l, n = rng.uniform(0.2, 2.0, 2), rng.integers(2, 12, 2)
    problem = ls.SpectralProblem(l, n, [0.3, 0.1], floor=0.2)
    total = int(n.sum())
    for N in (2 * total, int(total * rng.uniform(0.3, 0.9)) + 1):
        value = dict(zip((*made.L, *made.n, made.N), (*l, *n, N), strict=True))

        def at(name, _value=value, **more):
            given = _value | {sp.Symbol(key): x for key, x in more.items()}
            return evaluated(results[name], given)

        z = rng.uniform(-1.0, 3.0, 6) + 1j * rng.uniform(0.05, 1.0, 6)
        kappa = ls.theory.effective_penalty(problem, N, z)
        of = argument(problem, N, z, kappa)
        agree(of, at("companion", m=1 / kappa))
        agree(of, at("penalty", kappa=kappa))
        agree(stieltjes.spectral_argument(problem, N, kappa), at("penalty", kappa=kappa))
        df2 = stieltjes.degrees_of_freedom(problem, kappa, power=2)
        agree(-(1 - df2 / N), at("slope", kappa=kappa))

        zero = stieltjes.effective_penalty_at_zero(problem, N)
        noise = kernels.variance_kernel(problem, N, z, kappa, zero)
        if zero == 0.0:
            agree(noise, -at("trace", z=of, m=1 / kappa) / N)
        else:
            # kappa(0) is a root of df1/N - 1, whose slope in log(kappa) is 1 - df2/N.
            lost = rounding(1 / (1 - stieltjes.degrees_of_freedom(problem, zero, 2) / N), CHAIN)
            zero = Known(zero, lost * zero)
            agree(0.0, at("penalty", kappa=zero), scale=zero.value)
            s = at("slope_at_zero", kappa=kappa, kappa_0=zero)
            agree(of, -kappa * (kappa - zero) * s)
            agree(noise, 1 - 1 / (kappa * s))
            # The pole at z = 0 that the trace has for N < n, less its residue kappa0/z.
            agree(noise, -at("trace", z=of, m=1 / kappa) / N - zero / of)
        mu = rng.uniform(0.01, 1.0)
        ridge = stieltjes.ridge_penalty(problem, N, mu)
        of = argument(problem, N, mu, ridge, rounding(1.0, CHAIN))
        agree(of, -at("penalty", kappa=ridge))

        moments = kernels.PairMoments(problem, N, kappa[:3], kappa[3:])
        pair = at("pair", kappa_1=kappa[:3, None], kappa_2=kappa[None, 3:])
        agree(moments.s(2, 1, 1), pair)
        agree(moments.alone(1, 2).ravel(), at("alone", m=1 / kappa[:3]))
