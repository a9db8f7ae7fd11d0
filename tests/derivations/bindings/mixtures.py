import numpy as np
import pytest
import sympy as sp

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

SPECTRUM = (*tau, *pi, *k, *n, *g, N, sigma2, trace)


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
    spectrum = (
        *atoms, *weights, *eigenvalues, *counts, *(counts * (gain * power) ** 2),
        size, sigma**2, cov.sum(),
    )  # fmt: skip

    def function(name, *arguments):
        known = sp.lambdify((*SPECTRUM, *arguments), results[name])
        return lambda *values: np.squeeze(known(*spectrum, *values))

    q_of, ab_of = function("q", A, B), function("ab", *q1)
    Q_of, M_of = function("Q", z1, *q1), function("M", *P, *R, r, w)
    swap = dict(zip(k, reversed(k), strict=True))  # the same on the other eigenspace
    other = {name: results[name].subs(swap, simultaneous=True) for name in ("Q", "M")}
    second = sp.lambdify((*SPECTRUM, z1, *q1), other["Q"])
    swapped_q = sp.lambdify((*SPECTRUM, A, B), results["q"].subs(tau[0], tau[1]))

    moments = np.array([0.1, 0.1])
    for _ in range(20_000):  # the fixed point of the derived equations
        q = (q_of(*moments), swapped_q(*spectrum, *moments))
        Q = np.array([Q_of(-mu, *q), second(*spectrum, -mu, *q)])
        old, moments = moments, np.array([counts * eigenvalues @ Q, counts @ Q]) / size
        if np.allclose(moments, old, rtol=1e-14, atol=0):
            break
    else:
        raise AssertionError("the derived equations have no fixed point")
    lines = (*q, *q, *Q, *Q)
    system = function("system", *q1, *q2, *P, *R, r, w)
    start = system(*lines, 0, 0)
    matrix = np.column_stack([system(*lines, *unit) - start for unit in np.eye(2)])
    found = np.linalg.solve(matrix, -start)
    swapped = sp.lambdify(
        (*P, *R, k[0], sigma2, r, w),
        results["M"].subs({P[0]: P[1], R[0]: R[1]}, simultaneous=True),
    )
    M = M_of(*Q, *Q, *found), swapped(*Q, *Q, eigenvalues[1], sigma**2, *found)
    names = sorted((x for x in results["quadratic"].free_symbols if x.name[0] in "aM"), key=str)
    assert [x.name for x in names] == ["M_1", "M_2", "a(z_1)", "a(z_2)"]
    a = ab_of(*q)[0]
    quadratic = function("quadratic", *P, *R, r, *names)(*Q, *Q, found[0], *M, a, a)
    linear = function("linear", *q1, *P)(*q, *Q)
    expected = (cov.sum() - 2 * linear + quadratic) / cov.size
    path = ls.theory.risk(model, size, ls.Ridge(mu), order=0)
    assert path.value[0] == pytest.approx(expected, rel=1e-9)
    # r of constant contrast, by `two_resolvents`: 1 + r = 1/(1 - a12).
    v1, v2 = (s for s in sorted(results["gaussian"].free_symbols, key=str) if s.name[0] == "v")
    z = -mu, -1.3 * mu
    known = sp.lambdify((*SPECTRUM, z1, z2, v1, v2), results["gaussian"])
    problem = ls.InverseProblem(model.forward, np.diag(cov), sigma).spectral()
    kappa = [ls.theory.stieltjes.ridge_penalty(problem, size, -x) for x in z]
    slope = (1 / kappa[0] - 1 / kappa[1]) / (z[0] - z[1])  # a12 = 1 - m1 m2 (z1 - z2)/(m1 - m2)
    a12 = 1 - 1 / (kappa[0] * kappa[1] * slope)
    v = [-x / kappa_x for x, kappa_x in zip(z, kappa, strict=True)]
    assert known(*spectrum, *z, *v) == pytest.approx(a12 / (1 - a12), rel=1e-8)
