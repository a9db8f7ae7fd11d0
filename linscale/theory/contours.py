r"""Contours around the sample spectrum, and quadrature on them.

The contour is a lens: two circular arcs through real points z_L < low and z_R > high that meet
the real axis at an angle. Leaving at 45 degrees, not vertically, lets exp(-t z) decay along the
arc, so one contour serves every time up to t_max; keeping a distance proportional to the distance
from the corner lets the nodes be graded geometrically. With tau = e^y,

    z(y) = (z_L + s z_R) / (1 + s),   s = tau exp(i angle),   y from +inf (z_R) to -inf (z_L),

which is counterclockwise. Nodes are Gauss-Legendre on panels: one next to each corner, linear in
tau, and panels of equal length in y between. Their number grows with log(t_max). Momentum needs
flatter lenses, and shorter panels where its residual still oscillates.

Derivation: `contours`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linscale.errors import InvalidArgument
from linscale.filters import Filter, Lens
from linscale.support.validate import ComplexArray, FloatArray

PANEL = 2.0  # length of a panel in log(tau) over sin(angle): (0.15)^nodes at 45 degrees
NODES = 14  # per panel: 1e-11 on smooth integrands
SMALLEST_CORNER = 1e-13  # relative to the contour; closer, rounding takes over
LARGEST = 6000  # nodes: beyond it the kernels take gigabytes
TURN = 10.0  # radians that an oscillating residual may turn along one panel
NEGLIGIBLE = -25.0  # log |rho| below which nothing is left to resolve


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
        return self.integrate_product(left, left, same, mirrored)

    def integrate_product(
        self, left: ComplexArray, right: ComplexArray, same: ComplexArray, mirrored: ComplexArray
    ) -> FloatArray:
        """The same of f(z1) h(z2) K(z1, z2), with h in ``right``."""
        f, h = left * self.dz, right * self.dz
        both = np.einsum("ti,ti->t", f @ same, h) - np.einsum("ti,ti->t", f @ mirrored, h.conj())
        return np.asarray(-both.real / (2.0 * np.pi**2))


def lens(low: float, high: float, shape: Lens, nodes: int = NODES) -> Contour:
    """The contour around [low, high] of that shape.

    At either corner the nodes resolve the distance to the spectrum, and ``shape.scale``, the
    distance over which the integrand changes, if that is smaller.
    """
    left, right = shape.left, shape.right
    x, w = np.polynomial.legendre.leggauss(nodes)
    unit_x, unit_w = 0.5 * (x + 1.0), 0.5 * w
    flat = 1.0 if shape.angle > 0.5 else 0.5  # a flat lens comes nearer to ``low`` at once
    near_left = flat * min(low - left, shape.scale) / (right - left)
    scale_right = shape.scale if shape.scale_right is None else shape.scale_right
    near_right = flat * min(right - high, scale_right) / (right - left)
    if min(near_left, near_right) < SMALLEST_CORNER:
        raise InvalidArgument(
            "filter", "a path whose last point varies too fast", "shorter; its end is Converged()"
        )
    turn = np.exp(1j * shape.angle)
    y_low, y_high = np.log(near_left), -np.log(near_right)
    panels = max(1, int(np.ceil((y_high - y_low) / (PANEL * np.sin(shape.angle)))))
    edges = np.linspace(y_low, y_high, panels + 1)
    if shape.log_residual is not None:
        s = np.exp(edges) * turn
        z = left + (right - left) * (s / (1.0 + s))
        edges = _subdivide(edges, shape.log_residual(z))
    if edges.size * nodes > LARGEST:
        raise InvalidArgument(
            "filter", "too many iterations for a contour", "fewer; its end is Converged()"
        )
    step = np.diff(edges)[:, None]

    y = (edges[:-1, None] + step * unit_x).ravel()
    tau_middle, weight_middle = np.exp(y), (step * unit_w).ravel() * np.exp(y)
    tau_left, weight_left = near_left * unit_x, near_left * unit_w
    inverse = near_right * unit_x[::-1]  # 1 / tau on the last panel
    tau_right, weight_right = 1.0 / inverse, near_right * unit_w[::-1] / inverse**2

    # z - z_L and dz/dtau keep their relative precision at either corner in these forms.
    tau = np.concatenate((tau_left, tau_middle, tau_right))[::-1]
    weight = np.concatenate((weight_left, weight_middle, weight_right))[::-1]
    s = tau * turn
    z = left + (right - left) * (s / (1.0 + s))
    return Contour(z=z, dz=-weight * (right - left) * turn / (1.0 + s) ** 2)


def _subdivide(edges: FloatArray, log_residual: ComplexArray) -> FloatArray:
    """Panels on which rho, where it is not negligible, turns by no more than TURN."""
    turns = np.abs(np.diff(np.unwrap(log_residual.imag)))
    alive = np.maximum(log_residual.real[1:], log_residual.real[:-1]) > NEGLIGIBLE
    parts = np.where(alive, np.ceil(turns / TURN), 1.0).clip(1, LARGEST).astype(int)
    pieces = [
        np.linspace(a, b, k, endpoint=False)
        for a, b, k in zip(edges[:-1], edges[1:], parts, strict=True)
    ]
    return np.append(np.concatenate(pieces), edges[-1])


def around(low: float, high: float, filter: Filter, nodes: int = NODES) -> Contour:
    """A contour around [low, high] on which every point of the filter's path stays bounded."""
    shape = filter.confine(low, high)
    # Beyond half the spectrum's upper end nothing is gained by going farther out.
    room = 0.5 * high
    left, right = max(shape.left, low - room), min(shape.right, high + room)
    return lens(low, high, shape._replace(left=left, right=right), nodes)
