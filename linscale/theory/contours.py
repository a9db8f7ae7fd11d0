r"""Contours around the sample spectrum, and quadrature on them.

The contour is a lens: two circular arcs through real points z_L < low and z_R > high that meet
the real axis at 45 degrees. Leaving at an angle, not vertically, lets exp(-t z) decay along the
arc, so one contour serves every time up to t_max; keeping a distance proportional to the distance
from the corner lets the nodes be graded geometrically. With tau = e^y,

    z(y) = (z_L + s z_R) / (1 + s),   s = tau exp(i pi/4),   y from +inf (z_R) to -inf (z_L),

which is counterclockwise. Nodes are Gauss-Legendre on panels: one next to each corner, linear in
tau, and panels of equal length in y between. Their number grows with log(t_max).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linscale.errors import InvalidArgument
from linscale.theory.stieltjes import ComplexArray
from linscale.validate import FloatArray

PANEL = 1.4  # length of a panel in log(tau); Legendre converges like (0.15)^nodes at 45 degrees
NODES = 14  # per panel: 1e-11 on smooth integrands
SMALLEST_CORNER = 1e-13  # relative to the contour; closer, rounding takes over
CORNER = np.exp(0.25j * np.pi)


@dataclass(frozen=True, eq=False)
class Contour:
    """The upper half of a closed contour, counterclockwise: nodes z and weights dz."""

    z: ComplexArray
    dz: ComplexArray

    def integrate(self, values: ComplexArray) -> FloatArray:
        """(1 / 2 pi i) times the closed integral of f, f(conj z) = conj f(z); values (..., M)."""
        return np.asarray((values @ self.dz).imag / np.pi)

    def integrate_twice(
        self, left: ComplexArray, same: ComplexArray, mirrored: ComplexArray
    ) -> FloatArray:
        r"""(1 / 2 pi i)^2 of the double integral of f(z1) f(z2) K(z1, z2), for T functions f.

        Parameters
        ----------
        left : (T, M) array
            f at the nodes.
        same, mirrored : (M, M) arrays
            K(z1, z2) and K(z1, conj z2).
        """
        f = left * self.dz
        both = np.einsum("ti,ti->t", f @ same, f) - np.einsum("ti,ti->t", f @ mirrored, f.conj())
        return np.asarray(-both.real / (2.0 * np.pi**2))


def lens(
    low: float,
    high: float,
    left: float,
    right: float,
    scale: float = np.inf,
    nodes: int = NODES,
) -> Contour:
    """The contour around [low, high] crossing the real axis at ``left`` and ``right``.

    At either corner the nodes resolve the distance to the spectrum, and ``scale``, the distance
    over which the integrand changes, if that is smaller.
    """
    x, w = np.polynomial.legendre.leggauss(nodes)
    unit_x, unit_w = 0.5 * (x + 1.0), 0.5 * w
    near_left = min(low - left, scale) / (right - left)
    near_right = min(right - high, scale) / (right - left)
    if min(near_left, near_right) < SMALLEST_CORNER:
        raise InvalidArgument(
            "filter", "a path whose last point varies too fast", "shorter; its end is Converged()"
        )
    y_low, y_high = np.log(near_left), -np.log(near_right)
    panels = max(1, int(np.ceil((y_high - y_low) / PANEL)))
    edges = np.linspace(y_low, y_high, panels + 1)
    step = np.diff(edges)[:, None]

    y = (edges[:-1, None] + step * unit_x).ravel()
    tau_middle, weight_middle = np.exp(y), (step * unit_w).ravel() * np.exp(y)
    tau_left, weight_left = near_left * unit_x, near_left * unit_w
    inverse = near_right * unit_x[::-1]  # 1 / tau on the last panel
    tau_right, weight_right = 1.0 / inverse, near_right * unit_w[::-1] / inverse**2

    # z - z_L and dz/dtau keep their relative precision at either corner in these forms.
    tau = np.concatenate((tau_left, tau_middle, tau_right))[::-1]
    weight = np.concatenate((weight_left, weight_middle, weight_right))[::-1]
    s = tau * CORNER
    z = left + (right - left) * (s / (1.0 + s))
    return Contour(z=z, dz=-weight * (right - left) * CORNER / (1.0 + s) ** 2)
