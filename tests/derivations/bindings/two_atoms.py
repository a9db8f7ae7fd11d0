import numpy as np
import pytest
import sympy as sp

import linscale as ls
from derivations import two_atoms as made
from linscale.theory import spectrum
from linscale.theory.pca import _boundary_penalty, _share_lost_across_a_gap


def check(results, rng):
    l = np.array([rng.uniform(0.8, 2.0), rng.uniform(0.1, 0.5)])
    n = rng.integers(2, 12, 2)
    problem = ls.SpectralProblem(l, n, [0.3, 0.0], floor=0.2)
    merging = spectrum.merging_point(problem)
    for N in (int(0.6 * n.sum()), int(3 * merging)):
        # Rational numbers, so that the roots of the discriminant are as good as one wants.
        value = {made.N: N} | dict(zip((*made.L, *made.n), map(sp.Rational, (*l, *n)), strict=True))
        cubic = results["cubic"].subs(value)
        coefficients = sp.Poly(cubic, made.m).all_coeffs()[::-1]
        inside = results["discriminant"].subs(dict(zip(made.c, coefficients, strict=True)))
        edges = [float(x) for x in sp.Poly(inside, made.z).nroots(n=25) if x.is_real]
        support = np.ravel(ls.theory.support(problem, N))
        assert len(support) == len(edges)
        assert support == pytest.approx(edges, rel=1e-10)
        quartic = sp.Poly(results["edge_quartic"].subs(value), made.kappa)
        places = [float(x) for x in quartic.nroots(n=25) if x.is_real]
        whole = ls.theory.sample_spectrum(problem, N)
        assert (min(places), max(places)) == pytest.approx(
            (whole.kappa_upper, whole.kappa_lower), rel=1e-12
        )

        # Inside a bulk: the one root in the upper half plane. The package is 1e-10 above the axis.
        inner = support[0] + (support[1] - support[0]) * rng.uniform(0.2, 0.8, 2)
        for x in inner:
            roots = np.roots([complex(q.subs(made.z, x)) for q in coefficients[::-1]])
            expected = N / n.sum() * max(roots.imag) / np.pi
            assert ls.theory.density(problem, N, [x])[0] == pytest.approx(expected, rel=1e-8)
            other = sp.Poly(results["penalty_cubic"].subs(value).subs(made.z, x), made.kappa)
            below = min(other.nroots(n=25), key=sp.im)
            assert _boundary_penalty(problem, N, x) == pytest.approx(complex(below), rel=1e-11)

    transition = float(results["transition"].subs(value).evalf())
    assert merging == pytest.approx(transition, rel=1e-12)
    for N in {max(int(transition), 1), int(transition) + 1}:
        apart = transition < N
        assert len(ls.theory.support(problem, N)) == 1 + apart
        assert (_share_lost_across_a_gap(problem, N) is not None) == apart

    model = ls.SubspaceModel(n=20, d=int(rng.integers(2, 9)), sigma=rng.uniform(0.1, 0.9))
    here = {made.sigma: model.sigma, made.dim: model.n, made.sub: model.d}
    assert ls.theory.transition(model) == pytest.approx(
        float(results["subspace_transition"].subs(here)), rel=1e-12
    )
    z, N = np.array([0.4 + 0.3j]), 15
    root = 1 / ls.theory.effective_penalty(model, N, z)[0]
    left = results["subspace_cubic"].subs(here | {made.N: N, made.z: z[0], made.m: root})
    assert abs(complex(left)) < 1e-11 * N * (1 + abs(root)) ** 3

    flat = ls.SpectralProblem(l[:1], [7], [0.3], floor=0.2)
    for N in (5, 30):
        value = {made.l: l[0], made.dim: 7, made.N: N}
        ends = [float(results[name].subs(value)) for name in ("mp_low", "mp_high")]
        assert ls.theory.support(flat, N)[0] == pytest.approx(ends, rel=1e-12)
        x = ends[0] + (ends[1] - ends[0]) * rng.uniform(0.2, 0.8)
        a, b = sp.symbols("z_- z_+")
        law = results["mp_density"].subs(value | {made.x: x, a: ends[0], b: ends[1]})
        assert ls.theory.density(flat, N, [x])[0] == pytest.approx(float(law), rel=1e-8)
