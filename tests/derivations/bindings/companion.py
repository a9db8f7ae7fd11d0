import pytest
import sympy as sp

import linscale as ls
from derivations import companion as made
from linscale.theory import kernels, stieltjes


def check(results, rng):
    l, n = rng.uniform(0.2, 2.0, 2), rng.integers(2, 12, 2)
    problem = ls.SpectralProblem(l, n, [0.3, 0.1], floor=0.2)
    total = int(n.sum())
    for N in (2 * total, int(total * rng.uniform(0.3, 0.9)) + 1):
        value = dict(zip((*made.L, *made.n, made.N), (*l, *n, N), strict=True))

        def at(name, _value=value, **more):
            given = _value | {sp.Symbol(key): x for key, x in more.items()}
            return sp.lambdify(list(given), results[name])(*given.values())

        z = rng.uniform(-1.0, 3.0, 6) + 1j * rng.uniform(0.05, 1.0, 6)
        kappa = ls.theory.effective_penalty(problem, N, z)
        # The package certifies 1e-13 of the largest term.
        assert at("companion", m=1 / kappa) == pytest.approx(z, rel=1e-11)
        assert at("penalty", kappa=kappa) == pytest.approx(z, rel=1e-11)
        assert at("penalty", kappa=kappa) == pytest.approx(
            stieltjes.spectral_argument(problem, N, kappa), rel=1e-12
        )
        df2 = stieltjes.degrees_of_freedom(problem, kappa, power=2)
        assert at("slope", kappa=kappa) == pytest.approx(-(1 - df2 / N), rel=1e-12)

        zero = stieltjes.effective_penalty_at_zero(problem, N)
        noise = kernels.variance_kernel(problem, N, z, kappa, zero)
        if zero == 0.0:
            assert noise == pytest.approx(-at("trace", z=z, m=1 / kappa) / N, rel=1e-11)
        else:
            assert at("penalty", kappa=zero) == pytest.approx(0.0, abs=1e-13)
            s = at("slope_at_zero", kappa=kappa, kappa_0=zero)
            assert -kappa * (kappa - zero) * s == pytest.approx(z, rel=1e-10)
            assert noise == pytest.approx(1 - 1 / (kappa * s), rel=1e-12)
            # The pole at z = 0 that the trace has for N < n, less its residue kappa0/z.
            assert noise == pytest.approx(
                -at("trace", z=z, m=1 / kappa) / N - zero / z, rel=1e-9, abs=1e-10
            )
        mu = rng.uniform(0.01, 1.0)
        ridge = stieltjes.ridge_penalty(problem, N, mu)
        assert -at("penalty", kappa=ridge) == pytest.approx(mu, rel=1e-11)

        moments = kernels.PairMoments(problem, N, kappa[:3], kappa[3:])
        pair = at("pair", kappa_1=kappa[:3, None], kappa_2=kappa[None, 3:])
        assert moments.s(2, 1, 1) == pytest.approx(pair, rel=1e-12)
        assert moments.alone(1, 2).ravel() == pytest.approx(at("alone", m=1 / kappa[:3]), rel=1e-12)
