import numpy as np
import sympy as sp

import linscale as ls
from derivations import two_atoms as made
from linscale.theory import spectrum
from linscale.theory.gaussian import stieltjes
from linscale.theory.principal_components import _boundary_penalty, _share_lost_across_a_gap
from tests.tolerances import rounding

from . import CHAIN, agree, argument, evaluated

DIGITS = 25


def blur(problem, N, z, kappa):
    """What the density may miss: it is taken 1e-10 of the spectrum's width above the axis, and the
    penalty there is certified."""
    above = 1e-10 * stieltjes.sample_spectrum(problem, N).high
    slope = 1 / abs(1 - stieltjes.degrees_of_freedom(problem, kappa, 2) / N)  # |dkappa/dz|
    off = above + argument(problem, N, z, kappa).error
    return N / problem.dimension / np.pi * off * slope / abs(kappa) ** 2


def of_edge(problem, N, kappa):
    """Rounding of z at a kappa where its slope vanishes."""
    return argument(problem, N, 0.0, kappa, rounding(1.0, CHAIN)).error


def of_outer_root(problem, N, kappa):
    """Rounding of a root of df2 = N in its distance to the nearest pole, and of kappa by that."""
    l, n = problem.eigenvalues, problem.multiplicities
    pole = l[np.argmin(abs(kappa + l))]
    share = n * (l / (l + kappa)) ** 2 / N
    slope = 2 * abs(share @ ((kappa + pole) / (l + kappa)))  # of log df2 in the log distance
    return rounding(abs(kappa + pole) / slope + pole, CHAIN)


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
        edges = [float(x) for x in sp.Poly(inside, made.z).nroots(n=DIGITS) if x.is_real]
        support = np.ravel(ls.theory.support(problem, N))
        assert len(support) == len(edges)
        quartic = sp.Poly(results["edge_quartic"].subs(value), made.kappa)
        places = np.array([float(x) for x in quartic.nroots(n=DIGITS) if x.is_real])
        of_z = stieltjes.spectral_argument(problem, N, places)
        for found, edge in zip(support, edges, strict=True):
            agree(found, edge, also=of_edge(problem, N, places[np.argmin(abs(of_z - edge))]))
        whole = ls.theory.sample_spectrum(problem, N)
        for found, place in ((whole.kappa_upper, places.min()), (whole.kappa_lower, places.max())):
            agree(found, place, also=of_outer_root(problem, N, place))

        # Inside a bulk: the one root in the upper half plane.
        inner = support[0] + (support[1] - support[0]) * rng.uniform(0.2, 0.8, 2)
        for x in inner:
            exact = {made.z: sp.Rational(x)}
            roots = sp.Poly(cubic.subs(exact), made.m).nroots(n=DIGITS)
            other = sp.Poly(results["penalty_cubic"].subs(value).subs(exact), made.kappa)
            below = complex(min(other.nroots(n=DIGITS), key=sp.im))
            expected = N / n.sum() * float(max(map(sp.im, roots))) / np.pi
            off = blur(problem, N, x, below)
            agree(ls.theory.density(problem, N, [x])[0], expected, also=off)
            # Eigenvalues of a companion matrix: as if each coefficient were moved by the largest.
            powers = abs(below) ** np.arange(3)
            slope = abs(complex(other.diff().eval(below)))
            size = max(abs(complex(q / other.LC())) for q in other.all_coeffs()) * powers.sum()
            off = rounding(size / (slope / abs(other.LC())), CHAIN)
            agree(_boundary_penalty(problem, N, x), below, also=float(off))

    numbers = dict(zip((*made.L, *made.n), (*l, *n), strict=True))
    transition = evaluated(results["transition"], numbers)
    agree(merging, transition)
    assert int(transition.value + transition.error) == int(transition.value - transition.error)
    transition = float(transition.value)
    for N in {max(int(transition), 1), int(transition) + 1}:
        apart = transition < N
        assert len(ls.theory.support(problem, N)) == 1 + apart
        assert (_share_lost_across_a_gap(problem, N) is not None) == apart

    model = ls.SubspaceModel(n=20, d=int(rng.integers(2, 9)), sigma=rng.uniform(0.1, 0.9))
    here = {made.sigma: model.sigma, made.dim: model.n, made.sub: model.d}
    agree(ls.theory.transition(model), evaluated(results["subspace_transition"], here))
    z, N = np.array([0.4 + 0.3j]), 15
    root = 1 / ls.theory.effective_penalty(model, N, z)[0]
    kappa = 1 / root
    of = argument(model.spectral(), N, z[0], kappa)
    left = evaluated(results["subspace_cubic"], here | {made.N: N, made.z: of, made.m: root})
    agree(0.0, left, scale=N * (1 + abs(root)) ** 3)

    flat = ls.SpectralProblem(l[:1], [7], [0.3], floor=0.2)
    for N in (5, 30):
        value = {made.l: l[0], made.dim: 7, made.N: N}
        ends = [evaluated(results[name], value) for name in ("mp_low", "mp_high")]
        whole = ls.theory.sample_spectrum(flat, N)
        places = whole.kappa_lower, whole.kappa_upper
        for found, end, place in zip(ls.theory.support(flat, N)[0], ends, places, strict=True):
            agree(found, end, also=of_edge(flat, N, place))
        ends = [float(end.value) for end in ends]
        x = ends[0] + (ends[1] - ends[0]) * rng.uniform(0.2, 0.8)
        a, b = sp.symbols("z_- z_+")
        given = value | {made.x: x, a: ends[0], b: ends[1]}
        law = evaluated(results["mp_density"], given)
        off = blur(flat, N, x, _boundary_penalty(flat, N, x))
        agree(ls.theory.density(flat, N, [x])[0], law, also=off)
