r"""Scale mixtures: edges of the limiting spectrum of YY'/N.

Outside the spectrum the resolvent is real and monotone in z, so that a real number x stands for z:
x = s2 v (the trace of the companion) right of the spectrum, where it is negative, and left of its
nonzero part where N < n; x = B = beta/(-z) left of it where N > n. Either way, with the pairs
f = (k_j, 1), weights n_j/N, and f = (tau, s2), weights pi, in either role,

    Y = sum_in w f / (1 + f'X),      X = sum_out w f / (f'Y - z),      X = (rho x, x)

are two equations in rho and zeta = -z x. From x = 0, z infinite, the curve is followed until z
turns round: that is the edge, where the Jacobian of the equations at fixed z is singular.

Derivation: `mixtures`.

Source: Silverstein and Choi, J. Multivariate Anal. 54 (1995) 295, for one sample covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linscale.errors import NotConverged
from linscale.models.problem import MixtureProblem
from linscale.support.validate import FloatArray
from linscale.theory.mixture.stieltjes import profile_of
from linscale.theory.terms import Edges

FIRST = 1e-2  # x at the start, as a share of where the curve begins to bend
GROWTH = 1.5  # of x at each step
TURNED = 1e-8  # relative step at which x is as far as it goes; z is then good to its square
LARGEST_STEPS = 2000
NEWTON = 30
CLOSE = 1e-7  # relative; one step more is then exact to rounding


def mixture_spectrum(problem: MixtureProblem, n_train: float) -> Edges:
    """Edges of the limiting spectrum of YY'/N."""
    p, n = profile_of(problem, n_train), problem.dimension
    spaces = _Side(np.stack([p.power, np.ones_like(p.power)]), p.share)
    samples = _Side(np.stack([p.tau, np.full_like(p.tau, p.noise)]), p.weights)
    high = _edge(spaces, samples, -1.0)
    lower = 0.0
    if n_train > n:
        lower = max(_edge(samples, spaces, 1.0), 0.0)
    elif n_train < n:
        lower = max(_edge(spaces, samples, 1.0), 0.0)
    return Edges(low=lower if n_train > n else 0.0, high=high, lower_edge=lower)


@dataclass(frozen=True, eq=False)
class _Side:
    """Pairs f, (2, L), and their weights."""

    f: FloatArray
    weights: FloatArray


@dataclass(frozen=True, eq=False)
class _Point:
    """A point of the curve."""

    x: float
    rho: float
    zeta: float


def _edge(inner: _Side, outer: _Side, sign: float) -> float:
    """z where the curve turns."""
    mean, most = outer.f @ outer.weights, float(np.max((inner.f @ inner.weights) @ outer.f))
    start = FIRST * mean[1] * min(1.0 / float(np.max(mean @ inner.f)), 1.0 / most)
    at = before = _Point(0.0, mean[0] / mean[1], mean[1])
    x, factor = sign * start, GROWTH
    for _ in range(LARGEST_STEPS):
        # A straight line through the last two points, in x.
        along = (x - at.x) / (at.x - before.x) if at.x != before.x else 0.0
        rho, zeta = (
            new + along * (new - old) for new, old in ((at.rho, before.rho), (at.zeta, before.zeta))
        )
        found = _solve(inner, outer, _Point(x, rho, zeta))
        if found is None:
            factor = np.sqrt(factor)
        else:
            before, at = at, found
            factor = min(factor**1.1, GROWTH)
        if factor - 1.0 < TURNED:
            return -at.zeta / at.x
        x = at.x * factor if at.x != 0.0 else x * 0.5
    raise NotConverged(
        "an edge of the sample spectrum", factor - 1.0, "rescale the problem to eigenvalues near 1"
    )


def _solve(inner: _Side, outer: _Side, guess: _Point) -> _Point | None:
    """The point of the curve at x before it turns, or None; the guess is near it."""
    x, rho, zeta = guess.x, guess.rho, guess.zeta
    close = False
    for _ in range(NEWTON):
        inside = 1.0 + x * (rho * inner.f[0] + inner.f[1])
        if not np.all(inside > 0.0):
            return None
        y = inner.f @ (inner.weights / inside)
        slope = -(inner.f * (inner.weights / inside**2)) @ inner.f.T  # dY/dX
        below = x * (y @ outer.f) + zeta
        if not np.all(below > 0.0):
            return None
        share = outer.weights / below
        square = (outer.f * (share / below)) @ outer.f.T
        f = outer.f @ share - (rho, 1.0)
        # d below = x^2 f'(dY/dX)[:, 0] drho + dzeta
        by_rho = -x * x * (square @ slope[:, 0]) - (1.0, 0.0)
        by_zeta = -outer.f @ (share / below)
        step = np.linalg.solve(np.column_stack((by_rho, by_zeta)), -f)
        rho, zeta = rho + float(step[0]), zeta + float(step[1])
        if close:
            break
        size = (abs(rho) + 1e-300, abs(zeta) + float(below.max()))
        close = bool(np.all(np.abs(step) < CLOSE * np.array(size)))
    else:
        return None
    # The Jacobian at fixed z, where f'Y - z = below / x, changes sign where the curve turns.
    turned = np.linalg.det(np.eye(2) + x * x * (square @ slope)) <= 0.0
    return None if turned else _Point(x, rho, zeta)
