import numpy as np

import linscale as ls
from derivations import reduction as made
from linscale.montecarlo.draws import train
from linscale.montecarlo.laws import gaussian_law
from tests.tolerances import CONTRACT, rounding

from . import CHAIN, EPS, Known, agree, evaluated, moved


def eigenvectors(values, vectors):
    """Known to rounding of the largest eigenvalue over the gap."""
    return Known(vectors, CHAIN * EPS * values[-1] / np.diff(values).min())


def product(*factors):
    """Of 2 x 2 matrices, some of them known."""
    out = factors[0]
    for x in factors[1:]:
        out = Known(out.value, out.error) if isinstance(out, Known) else Known(out)
        x = x if isinstance(x, Known) else Known(x)
        error = out.error + 0 * np.abs(out.value), x.error + 0 * np.abs(x.value)
        sizes = np.abs(out.value), np.abs(x.value)
        lost = error[0] @ sizes[1] + sizes[0] @ (error[1] + 2 * EPS * sizes[1])
        out = Known(out.value @ x.value, lost)
    return out


def check(results, rng):
    A, root = rng.standard_normal((2, 2)), rng.standard_normal((2, 2))
    cov, sigma, N = root @ root.T, rng.uniform(0.3, 1.0), int(rng.integers(2, 6))
    model = ls.InverseProblem(A, cov, sigma)
    law = gaussian_law(model)
    S, B = law.measurement_cov, law.best
    Y = law.measurement_root @ rng.standard_normal((2, N))
    lam, V = np.linalg.eigh(Y @ Y.T / N)

    def matrices(**given):
        out = {}
        for k, m in given.items():
            m = moved(m)
            places = np.ndindex(m.value.shape)
            out |= {s: m[at] for s, at in zip(getattr(made, k), places, strict=True)}
        return out

    floor = evaluated(results["floor"], matrices(B=B, S=S, Sx=cov)) / law.scale
    agree(law.floor, floor)
    agree(model.spectral().floor, floor)

    filters = (
        ls.GradientFlow(rng.uniform(0.1, 3.0)),
        ls.GradientDescent(0.9 / lam[-1], int(rng.integers(1, 9))),
        ls.Ridge(rng.uniform(0.1, 1.0)),
    )
    residual = law.residual_root @ law.residual_root.T
    lost, turn = CHAIN * EPS * lam[-1], eigenvectors(lam, V)
    for filter in filters:
        values = matrices(B=product(B, turn), rest=residual)
        values |= matrices(S=product(Known(turn.value.T, turn.error), S, turn))
        # The filter's slope, by a step of 1e-6.
        rho, near = (filter.residual(x)[0] for x in (lam, lam + 1e-6 * lam[-1]))
        rho = Known(rho, EPS + lost * np.abs(near - rho) / (1e-6 * lam[-1]))
        values |= dict(zip(made.rho, (rho[0], rho[1]), strict=True))
        values |= dict(zip(made.lam, (Known(x, lost) for x in lam), strict=True)) | {made.N: N}
        bias, variance = (evaluated(results[k], values) / law.scale for k in ("bias", "variance"))
        found = train(law, B @ Y, Y, averaged=True).path(filter)
        # Measured as tr S_x - 2 tr(W Cov(y, x)) + tr(W S W') - floor.
        off = rounding(4 * law.signal_trace / law.scale, CHAIN)
        agree(found[0][0], bias, also=off)
        agree(found[1][0], variance)

        # All +-E with one entry (of a root) different from 0: its first two moments are exact.
        errors = []
        for at in np.ndindex(2, N):
            E = np.zeros((2, N))
            E[at] = np.sqrt(2 * N)
            E = law.residual_root @ E
            errors += [train(law, B @ Y + s * E, Y).path(filter)[0][0] for s in (-1, 1)]
        agree(np.mean(errors), bias + variance, also=off + rounding(np.mean(errors), CHAIN))

    # Weights of an eigenspace, and the limit of many examples.
    l, v = np.linalg.eigh(S)
    problem = model.spectral()
    turn = matrices(B=product(B, eigenvectors(l, v)))
    w = [evaluated(results[f"weight_{j}"], turn) for j in (1, 2)]
    order = np.argsort(problem.eigenvalues)
    for found, expected in zip(problem.target_weights[order] * 2, w, strict=True):
        agree(found, expected)
    rho = filters[0].residual(l)[0]
    values = dict(zip((*made.w, *made.L, *made.rho), (*w, *l, *rho), strict=True))
    many = ls.theory.large_n(problem, 10**13, filters[0])
    limit = evaluated(results["limit"], values)
    agree(many.bias[0] * 2, limit, also=CONTRACT * limit.value)
