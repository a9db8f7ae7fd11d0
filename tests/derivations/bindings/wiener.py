import numpy as np
import sympy as sp

import linscale as ls

from . import CHAIN, EPS, Known, agree, evaluated


def check(results, rng):
    sigma = sp.Symbol("sigma", positive=True)
    s = rng.uniform(0.05, 2.0)
    model = ls.SubspaceModel(n=7, d=3, sigma=s)
    problem = model.spectral()
    for name, found in (("eigenvalues", problem.eigenvalues), ("weights", problem.target_weights)):
        for expr, one in zip(results[f"subspace_{name}"], found, strict=True):
            agree(one, evaluated(expr, {sigma: s}))
    floor = evaluated(results["subspace_floor"], {sigma: s})
    agree(problem.floor, floor)
    agree(ls.theory.floor(model), floor)

    # A general forward operator, its directions one by one.
    A, root = rng.standard_normal((4, 5)), rng.standard_normal((5, 5))
    cov = root @ root.T
    problem = ls.InverseProblem(A, cov, s).spectral()
    k, v = np.linalg.eigh(A @ cov @ A.T)
    # Eigenvalues to rounding of the largest, eigenvectors to that over the gap.
    lost = CHAIN * EPS * k[-1]
    side = cov @ A.T
    parts = side @ v
    turned = lost / np.diff(k).min() * np.linalg.norm(side)
    gamma = np.ones(len(cov)) @ Known(parts, turned) ** 2
    names = sp.symbols("k gamma", positive=True)

    def at(name):
        given = dict(zip((*names, sigma), (Known(k, lost), gamma, s), strict=True))
        return evaluated(results[name], given)

    order = np.argsort(problem.eigenvalues)
    agree(problem.eigenvalues[order], at("eigenvalue"))
    agree(problem.target_weights[order] * 5, at("weight"))
    explained = np.ones(k.size) @ at("explained")
    agree(problem.floor * 5, np.trace(cov) - explained)
