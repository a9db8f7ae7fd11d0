import numpy as np
import pytest
import sympy as sp

import linscale as ls
from derivations import pca as made
from linscale.theory.gaussian.stieltjes import effective_penalty_at_zero, spectral_argument
from linscale.theory.pca import _imaginary_primitive, overlap_correction, shares_above
from linscale.theory.spectrum import merging_point


def check(results, rng):
    d = int(rng.integers(4, 9))
    model = ls.SubspaceModel(int(rng.integers(18, 25)), d, rng.uniform(0.2, 0.7))
    problem = model.spectral()
    l, n = problem.eigenvalues, problem.multiplicities
    fixed = dict(zip((*made.L, *made.n), (*l, *n), strict=True))
    fixed |= {made.sigma: model.sigma, made.dim: model.n, made.sub: d}

    def at(name, N, **more):
        given = fixed | {made.N: N} | {sp.Symbol(key): x for key, x in more.items()}
        return sp.lambdify(list(given), results[name])(*given.values())

    def corrected(name, N, kappa):
        """The 1/N term at kappa, from the moments there."""
        g = 1.0 / (l + np.asarray(kappa)[..., None])
        moments = {
            "a": g**2 @ (n * l**2) / N,
            "b": n[0] * l[0] * g[..., 0] ** 2 / N,
            "c": g**3 @ (n * l**3) / N,
            "e": n[0] * l[0] ** 2 * g[..., 0] ** 3 / N,
            "D": 1.0 - g @ (n * l) / N,
        }
        return at(name, N, kappa_0=kappa, **moments)

    few, many = d - 1, int(merging_point(problem)) + 2
    for N in (few, many):
        low, high = penalties_without_z(l, n, N)
        kappa = rng.uniform(-3.0, 1.0) - 1j * rng.uniform(0.1, 1.0)
        F = [at(f"primitive_{s}", N, kappa=kappa, r_1=low, r_2=high).imag for s in (1, 2)]
        assert _imaginary_primitive(problem, N, kappa) == pytest.approx(F, rel=1e-10, abs=1e-11)

        delta = high + l[1]
        size = N * delta**2 + n @ l
        assert at("delta_equation", N, delta=delta) == pytest.approx(0.0, abs=1e-12 * size)
        lost = at("few_lost" if N == few else "gap_lost", N, delta=delta, kappa_0=high)
        overlap = float(ls.theory.subspace_overlap(model, N, order=0))
        assert 1.0 - overlap == pytest.approx(lost, rel=1e-10, abs=1e-14)
        risk = at("risk", N, a=1.0 / (1.0 + model.sigma**2), c=overlap)
        assert ls.theory.pca(model, N, order=0).value == pytest.approx(risk, rel=1e-12)

    zero = effective_penalty_at_zero(problem, few)
    assert zero == pytest.approx(penalties_without_z(l, n, few)[1], rel=1e-11)
    assert overlap_correction(model, few) == pytest.approx(
        corrected("few_correction", few, zero), rel=1e-10
    )
    # A circle through the gap, at the least df2, by the trapezoidal rule.
    first, second = np.cbrt(n * l**2)
    radius = first / (first + second)
    turn = np.exp(2j * np.pi * np.arange(4000) / 4000)
    around = corrected("gap_correction", many, -l[0] + radius * turn)
    change = np.mean(around * radius * turn).real / d
    assert overlap_correction(model, many) == pytest.approx(change, rel=1e-6)
    # The same number from the logarithms, with the cut inside the gap.
    q = spectral_argument(problem, many, radius - l[0])
    lost = at("gap_lost", many, delta=penalties_without_z(l, n, many)[1] + l[1])
    assert shares_above(problem, many, q)[0] == pytest.approx(1.0 - lost, abs=1e-9)


def penalties_without_z(l, n, N):
    """The two roots of df1 = N, ascending."""
    total = n * l
    return np.sort(
        np.roots([N, N * l.sum() - total.sum(), N * l.prod() - total[0] * l[1] - total[1] * l[0]])
    )
