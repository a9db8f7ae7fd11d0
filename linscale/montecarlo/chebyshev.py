"""Chebyshev plans: how many leading blocks a filter sees, and with which weights.

A function of the sample covariance, seen from its leading block, is a sum of Chebyshev moments,
E_1' f(A) E_1 = sum_j c_j(f) E_1' T_j(2 A / end - 1) E_1, which stops where the c_j do: a
polynomial of degree k sees k blocks of a banded matrix, exp(-t l) about sqrt(t end log(1/eps)).
Since |T_j| <= 1 on [0, end], the error is at most the sum of the c_j left out, in norm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import dct

from linscale.errors import NotConverged
from linscale.filters import Filter
from linscale.support.validate import FloatArray

TOLERANCE = 1e-11
LARGEST_DEGREE = 2**17


@dataclass(frozen=True, eq=False)
class Plan:
    """Coefficients (T, degree + 1) of each function of a filter on [0, end].

    ``error`` bounds what was left out, relative to the largest value of each function.
    """

    end: float
    coefficients: dict[str, FloatArray]
    degree: int
    error: float


def plan(filter: Filter, end: float, drawn: bool, tolerance: float = TOLERANCE) -> Plan:
    """Chebyshev coefficients of what the risk needs: rho, rho^2 and h, or with g where drawn.

    Raises
    ------
    NotConverged
        If a function needs a degree above 2^17.
    """
    count = 64
    while count <= LARGEST_DEGREE:
        angles = (np.arange(count) + 0.5) * np.pi / count
        nodes = 0.5 * end * (1.0 + np.cos(angles))
        found = {
            name: dct(values, type=2, axis=1) / count
            for name, values in _functions(filter, nodes, drawn).items()
        }
        for c in found.values():
            c[:, 0] *= 0.5
        degree, error = _truncation(found, tolerance)
        if degree < count // 2:  # aliasing is then below the tolerance too
            kept = {name: np.ascontiguousarray(c[:, : degree + 1]) for name, c in found.items()}
            return Plan(end, kept, degree, error)
        count *= 2
    raise NotConverged(
        "the Chebyshev series of the filter", error, "stop earlier, or use engine='wishart'"
    )


def _functions(filter: Filter, nodes: FloatArray, drawn: bool) -> dict[str, FloatArray]:
    rho = filter.residual(nodes)
    if not drawn:
        return {"rho": rho, "rho2": rho**2, "h": filter.variance_filter(nodes)}
    g = filter.gain(nodes)
    return {"rho": rho, "rho2": rho**2, "g": g, "rho g": rho * g, "g2": g**2}


def _truncation(found: dict[str, FloatArray], tolerance: float) -> tuple[int, float]:
    """Smallest degree at which every function's tail is below tolerance, and the largest tail."""
    degree, tails = 1, []
    for c in found.values():
        size = np.abs(c).sum(axis=1, keepdims=True) + 1e-300
        tail = np.cumsum(np.abs(c[:, ::-1]), axis=1)[:, ::-1] / size  # tail[j] = sum from j on
        tails.append(tail.max(axis=0))
        above = np.flatnonzero(tails[-1] > tolerance)
        degree = max(degree, int(above[-1]) if above.size else 0)
    return degree, max(float(t[degree + 1]) if degree + 1 < t.size else 1.0 for t in tails)
