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
from scipy.optimize import brentq

from linscale.errors import NotConverged
from linscale.models.problem import MixtureProblem
from linscale.support.validate import FloatArray
from linscale.theory.mixture.stieltjes import profile_of
from linscale.theory.terms import Edges

FIRST = 1e-2  # x at the start, as a share of where the curve begins to bend
GROWTH = 2.0  # of x at each step
TURNED = 1e-8  # relative step at which x is as far as it goes; z is then good to its square
TURN = 1e-13  # relative accuracy of x where it turns
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
    """A point of the curve; ``turning`` is above 0 before it turns and below 0 beyond."""

    x: float
    rho: float
    zeta: float
    turning: float = 1.0


def _edge(inner: _Side, outer: _Side, sign: float) -> float:
    """z where the curve turns."""
    mean, most = outer.f @ outer.weights, float(np.max((inner.f @ inner.weights) @ outer.f))
    start = FIRST * mean[1] * min(1.0 / float(np.max(mean @ inner.f)), 1.0 / most)
    at = before = _Point(0.0, mean[0] / mean[1], mean[1])
    x, factor = sign * start, GROWTH
    for _ in range(LARGEST_STEPS):
        found = _solve(inner, outer, _along(before, at, x))
        if found is not None and found.turning <= 0.0:
            edge = _turn(inner, outer, at, found)
            if edge is not None:
                return edge
        if found is None or found.turning <= 0.0:
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


def _turn(inner: _Side, outer: _Side, at: _Point, beyond: _Point) -> float | None:
    """The same between a point before the turn and one beyond it; None if the curve is lost."""

    def point(x: float) -> _Point:
        found = _solve(inner, outer, _along(at, beyond, x))
        if found is None:
            raise _Lost
        return found

    try:
        ends = {at.x: at.turning, beyond.x: beyond.turning}
        x = brentq(
            lambda x: ends[x] if x in ends else point(x).turning, at.x, beyond.x,
            xtol=TURN * abs(at.x), rtol=TURN,
        )  # fmt: skip
        last = point(x)
    except _Lost:
        return None
    return -last.zeta / last.x


class _Lost(Exception):
    """No point of the curve was found."""


def _along(first: _Point, second: _Point, x: float) -> _Point:
    """On the straight line through two points."""
    share = (x - second.x) / (second.x - first.x) if second.x != first.x else 0.0
    rho, zeta = (
        new + share * (new - old)
        for new, old in ((second.rho, first.rho), (second.zeta, first.zeta))
    )
    return _Point(x, rho, zeta)


def _solve(inner: _Side, outer: _Side, guess: _Point) -> _Point | None:
    """The point of the curve at x, or None; the guess is near it."""
    x, rho, zeta = guess.x, guess.rho, guess.zeta
    close = False
    for _ in range(NEWTON):
        inside = 1.0 + x * (rho * inner.f[0] + inner.f[1])
        if not inside.min() > 0.0:
            return None
        weights = inner.weights / inside
        y = inner.f @ weights
        slope = -(inner.f * (weights / inside)) @ inner.f.T  # dY/dX
        below = x * (y @ outer.f) + zeta
        if not below.min() > 0.0:
            return None
        share = outer.weights / below
        square = (outer.f * (share / below)) @ outer.f.T
        f = outer.f @ share - (rho, 1.0)
        # d below = x^2 f'(dY/dX)[:, 0] drho + dzeta
        by_rho = -x * x * (square @ slope[:, 0]) - (1.0, 0.0)
        by_zeta = -outer.f @ (share / below)
        det = by_rho[0] * by_zeta[1] - by_rho[1] * by_zeta[0]
        step_rho = float(by_zeta[0] * f[1] - by_zeta[1] * f[0]) / det
        step_zeta = float(by_rho[1] * f[0] - by_rho[0] * f[1]) / det
        rho, zeta = rho + step_rho, zeta + step_zeta
        if close:
            break
        close = abs(step_rho) < CLOSE * (abs(rho) + 1e-300)
        close = close and abs(step_zeta) < CLOSE * (abs(zeta) + float(below.max()))
    else:
        return None
    # The Jacobian at fixed z, where f'Y - z = below / x, changes sign where the curve turns.
    m = np.eye(2) + x * x * (square @ slope)
    return _Point(x, rho, zeta, float(m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0]))
