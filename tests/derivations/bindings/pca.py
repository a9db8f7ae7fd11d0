import numpy as np
import sympy as sp

import linscale as ls
from derivations import pca as made
from linscale.theory.gaussian.stieltjes import (
    degrees_of_freedom,
    effective_penalty_at_zero,
    spectral_argument,
)
from linscale.theory.principal_components import (
    _imaginary_primitive,
    overlap_correction,
    shares_above,
)
from linscale.theory.spectrum import merging_point
from tests.tolerances import rounding

from . import CHAIN, EPS, Known, agree, evaluated, moved


def check(results, rng):
    d = int(rng.integers(4, 9))
    model = ls.SubspaceModel(int(rng.integers(18, 25)), d, rng.uniform(0.2, 0.7))
    problem = model.spectral()
    l, n = problem.eigenvalues, problem.multiplicities
    fixed = dict(zip((*made.L, *made.n), (*l, *n), strict=True))
    fixed |= {made.sigma: model.sigma, made.dim: model.n, made.sub: d}

    def at(name, N, **more):
        given = fixed | {made.N: N} | {sp.Symbol(key): x for key, x in more.items()}
        return evaluated(results[name], given)

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
        for found, expected in zip(_imaginary_primitive(problem, N, kappa), F, strict=True):
            agree(found, expected, scale=1.0)  # logarithms: of order pi

        delta = high + l[1]
        size = N * delta.value**2 + n @ l
        agree(0.0, at("delta_equation", N, delta=delta), scale=size)
        lost = at("few_lost" if N == few else "gap_lost", N, delta=delta, kappa_0=high)
        overlap = float(ls.theory.subspace_overlap(model, N, order=0))
        agree(1.0 - overlap, lost, also=EPS)
        risk = at("risk", N, a=1.0 / (1.0 + model.sigma**2), c=overlap)
        agree(ls.theory.pca(model, N, order=0).value, risk)

    zero = effective_penalty_at_zero(problem, few)
    # A root of df1/N - 1, whose slope in log(kappa) is 1 - df2/N.
    off = rounding(zero / (1 - degrees_of_freedom(problem, zero, 2) / few), CHAIN)
    agree(zero, penalties_without_z(l, n, few)[1], also=off)
    agree(overlap_correction(model, few), corrected("few_correction", few, zero))
    # A circle through the gap, at the least df2, by the trapezoidal rule.
    first, second = np.cbrt(n * l**2)
    radius = first / (first + second)
    changes = []
    for nodes in (2000, 4000):
        turn = np.exp(2j * np.pi * np.arange(nodes) / nodes)
        around = corrected("gap_correction", many, -l[0] + radius * turn) * (radius * turn / nodes)
        changes.append((np.ones(nodes) @ around).real / d)
    # It converges geometrically, so that the half of the nodes says how far.
    off = abs(changes[0].value / changes[1].value - 1.0) ** 2
    assert off < 1e-12
    # The package stops where twice the nodes change no more than this.
    found = overlap_correction(model, many)
    agree(found, changes[1], also=(off + 1e-10) * abs(found))
    # The same number from the logarithms, with the cut inside the gap.
    q = spectral_argument(problem, many, radius - l[0])
    lost = at("gap_lost", many, delta=penalties_without_z(l, n, many)[1] + l[1])
    agree(shares_above(problem, many, q)[0], 1.0 - lost)


def penalties_without_z(l, n, N):
    """The two roots of df1 = N, ascending; the package has them as eigenvalues of a matrix."""
    total = n * l
    (first, second), all_of_it = moved(l), moved(total.sum())
    half = (N * (first + second) - all_of_it) / (2 * N)
    product = (N * first * second - total[0] * second - total[1] * first) / N
    root = np.sqrt(half**2 - product)
    return [Known(x.value, x.error + CHAIN * EPS * l.max()) for x in (-half - root, root - half)]
