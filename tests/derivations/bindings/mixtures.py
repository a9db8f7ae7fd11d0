import numpy as np

import linscale as ls
from derivations.mixtures import (
    A,
    B,
    N,
    P,
    R,
    g,
    k,
    n,
    pi,
    q1,
    q2,
    r,
    sigma2,
    tau,
    trace,
    w,
    z1,
    z2,
)
from linscale.theory.mixture.stieltjes import ROUNDING
from tests.tolerances import rounding

from . import CHAIN, Known, agree, argument, evaluated

SPECTRUM = (*tau, *pi, *k, *n, *g, N, sigma2, trace)
Q_OTHER, R_OTHER = dict(zip(k, reversed(k), strict=True)), {P[0]: P[1], R[0]: R[1], k[0]: k[1]}


def check(results, rng):
    """The ridge risk from the derived pieces at z1 = z2 = -mu, where no contour is needed."""
    weights = rng.dirichlet([2.0, 2.0])
    atoms = rng.uniform(0.2, 3.0, 2)
    atoms /= weights @ atoms
    counts = rng.integers(3, 12, 2)
    power, gain = rng.uniform(0.3, 2.0, (2, 2))
    sigma, mu, size = rng.uniform(0.2, 1.0), rng.uniform(0.05, 0.5), int(rng.integers(5, 40))
    cov = np.repeat(power, counts)
    eigenvalues = gain**2 * power
    model = ls.InverseProblem(
        np.diag(np.repeat(gain, counts)), np.diag(cov), sigma,
        contrast=ls.Contrast(atoms, weights),
    )  # fmt: skip
    numbers = (
        *atoms, *weights, *eigenvalues, *counts, *(counts * (gain * power) ** 2),
        size, sigma**2, cov.sum(),
    )  # fmt: skip
    spectrum = dict(zip(SPECTRUM, numbers, strict=True))

    def at(expr, symbols, values):
        return evaluated(expr, spectrum | dict(zip(symbols, values, strict=True)))

    rays = results["q"], results["q"].subs(tau[0], tau[1])
    lines = results["Q"], results["Q"].subs(Q_OTHER, simultaneous=True)

    def solved(moments):
        q = [at(ray, (A, B), moments) for ray in rays]
        return q, [at(line, (z1, *q1), (-mu, *q)) for line in lines]

    def step(moments):
        Q = np.array([x.value for x in solved(moments)[1]])
        return np.array([counts * eigenvalues @ Q, counts @ Q]) / size

    moments = np.array([0.1, 0.1])
    for _ in range(20_000):  # the fixed point of the derived equations
        old, moments = moments, step(moments)
        if np.all(np.abs(moments - old) <= rounding(moments, CHAIN)):
            break
    else:
        raise AssertionError("the derived equations have no fixed point")
    # What one step is off by, times the inverse of 1 - its slope; the package certifies as much.
    slope = [(step(moments + 1e-6 * unit) - moments) / 1e-6 for unit in np.eye(2)]
    off = np.abs(np.linalg.inv(np.eye(2) - np.transpose(slope))) @ moments
    moments = [
        Known(x, (ROUNDING + rounding(1.0, CHAIN)) * y) for x, y in zip(moments, off, strict=True)
    ]
    q, Q = solved(moments)

    def system(*unknown):
        names, values = (*q1, *q2, *P, *R, r, w), (*q, *q, *Q, *Q, *unknown)
        return [at(x, names, values) for x in results["system"]]

    # Linear in both unknowns: Cramer's rule.
    start = system(0, 0)
    (a, c), (b, d) = (
        [x - y for x, y in zip(system(*u), start, strict=True)] for u in ((1, 0), (0, 1))
    )
    det = a * d - b * c
    found = (start[1] * b - start[0] * d) / det, (start[0] * c - start[1] * a) / det
    names = (*P, *R, r, w)
    M = [at(x, names, (*Q, *Q, *found))
         for x in (results["M"], results["M"].subs(R_OTHER, simultaneous=True))]  # fmt: skip
    names = sorted((x for x in results["quadratic"].free_symbols if x.name[0] in "aM"), key=str)
    assert [x.name for x in names] == ["M_1", "M_2", "a(z_1)", "a(z_2)"]
    a = at(results["ab"][0], q1, q)
    quadratic = at(results["quadratic"], (*P, *R, r, *names), (*Q, *Q, found[0], *M, a, a))
    linear = at(results["linear"], (*q1, *P), (*q, *Q))
    expected = (cov.sum() - 2 * linear + quadratic) / cov.size
    path = ls.theory.risk(model, size, ls.Ridge(mu), order=0)
    agree(path.value[0], expected)
    # r of constant contrast, by `two_resolvents`: 1 + r = 1/(1 - a12).
    v1, v2 = (s for s in sorted(results["gaussian"].free_symbols, key=str) if s.name[0] == "v")
    problem = ls.InverseProblem(model.forward, np.diag(cov), sigma).spectral()
    kappa = [ls.theory.gaussian.stieltjes.ridge_penalty(problem, size, x) for x in (mu, 1.3 * mu)]
    exact = rounding(1.0, CHAIN)
    z = [-argument(problem, size, x, y, exact) for x, y in zip((mu, 1.3 * mu), kappa, strict=True)]
    slope = (1 / kappa[0] - 1 / kappa[1]) / (z[0] - z[1])  # a12 = 1 - m1 m2 (z1 - z2)/(m1 - m2)
    a12 = 1 - 1 / (kappa[0] * kappa[1] * slope)
    v = [-x / y for x, y in zip(z, kappa, strict=True)]
    agree(a12 / (1 - a12), at(results["gaussian"], (z1, z2, v1, v2), (*z, *v)))
