r"""Where a contour around a spectrum may run: lenses, and the widest on which rho stays bounded.

A lens is bounded by two circular arcs through real points ``left`` and ``right`` that meet the real
axis at ``angle``; points of the upper one are (left + s right)/(1 + s), s = tau exp(i angle),
tau > 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from linscale.errors import Unsupported
from linscale.support.validate import ComplexArray, FloatArray

Spectrum = NDArray[Any]  # real or complex eigenvalues, any shape

GROWTHS = (float(np.e), 10.0, 100.0, 1e3)  # of rho from the spectrum to the lens, in this order
ANGLES = (0.25 * np.pi, 0.15 * np.pi, 0.08 * np.pi, 0.04 * np.pi)
OUTWARD = np.array([0.5, 0.1, 0.02, 0.004])  # how far beyond ``high`` to try, of ``high``
NEAREST = 1e-12  # distance from the spectrum, of ``high``, below which rounding takes over
HALVINGS = 24
TAU = np.geomspace(1e-9, 1e9, 181)  # where along the arc rho is looked at
ROWS = 12  # points of a path that are looked at


class Lens(NamedTuple):
    """A lens with corners at ``left`` and ``right`` on which \\|rho\\| stays near its maximum.

    ``scale`` is the distance over which rho changes by about a factor e at the corners (at the
    right one ``scale_right``, where it is another), and ``angle`` the one between the real axis and
    the lens there. ``log_residual`` gives log rho at
    the path's last point, up to a slowly varying term, where rho oscillates on the lens.

    Examples
    --------
    >>> import linscale as ls
    >>> lens = ls.GradientFlow(10.0).confine(low=0.5, high=2.0)
    >>> round(lens.left, 3), round(lens.scale, 3)
    (0.4, 0.1)

    Its upper arc begins in the left corner, at 45 degrees:

    >>> import numpy as np
    >>> from linscale.filters import Lens
    >>> Lens(left=1.0, right=3.0, scale=0.1).arc(np.array([0.0, 1.0])).round(3)
    array([1.+0.j   , 2.+0.414j])
    """

    left: float
    right: float
    scale: float
    angle: float = 0.25 * np.pi
    log_residual: Callable[[Spectrum], Spectrum] | None = None
    scale_right: float | None = None

    def arc(self, tau: FloatArray) -> ComplexArray:
        """Points of the upper arc at ``tau`` from 0, the left corner, to inf, the right one."""
        s = tau * np.exp(1j * self.angle)
        return np.asarray(self.left + (self.right - self.left) * (s / (1.0 + s)))


class Bounded(Protocol):
    """What is asked of a filter here."""

    @property
    def at(self) -> FloatArray: ...
    def along(self, values: FloatArray) -> Any: ...
    def residual(self, l: Spectrum) -> Spectrum: ...
    def domain(self) -> tuple[float, float]: ...


def widest(filter: Bounded, low: float, high: float) -> Lens:
    """The lens that needs fewest nodes among those on which every rho grows by e at most.

    The growth is measured, on points of the lens and of the spectrum; where no lens keeps to it, as
    of filters that swing, more is allowed. Both corners keep away from
    where the formula breaks down by more than half of the way.

    Raises
    ------
    Unsupported
        If there is none, as where the formula breaks down on the spectrum itself.
    """
    few = filter.along(filter.at[evenly(filter.at.size)])
    start, end = filter.domain()
    on_spectrum = np.concatenate((np.linspace(low, high, 200), np.geomspace(1e-12, 1.0, 60) * high))
    with np.errstate(all="ignore"):
        inside = np.abs(few.residual(on_spectrum[on_spectrum >= low])).max(axis=1)
        for growth in GROWTHS:
            found = _lenses(few, low, high, (start, end), growth * inside)
            if found:
                return min(found, key=lambda lens: _cost(lens, low, high))
    raise Unsupported(
        f"{type(filter).__name__}: no contour around the spectrum from {low:.3g} to {high:.3g} on "
        "which its residual stays bounded: name in domain() where the formula breaks down, and in "
        "stable_below from where on the path diverges. Where it does neither, its residual grows "
        "too fast off the real axis: override confine()"
    )


def _lenses(
    few: Bounded, low: float, high: float, domain: tuple[float, float], allowed: FloatArray
) -> list[Lens]:
    """Of every angle and right corner that is tried, the lens on which no rho exceeds its bound."""
    start, end = domain

    def bounded(lens: Lens) -> bool:
        corners = np.array([lens.left, lens.right], dtype=complex)
        rho = np.abs(few.residual(np.concatenate((corners, lens.arc(TAU)))))
        return bool(np.all(rho <= allowed[:, None]))  # nan is not

    outward = np.minimum(OUTWARD * high, 0.4 * (end - high))
    return [
        lens
        for angle in ANGLES
        for out in np.unique(outward[outward > NEAREST * high])
        if (lens := _nearest_corner(bounded, low, high, start, float(out), angle)) is not None
    ]


def _nearest_corner(
    bounded: Callable[[Lens], bool],
    low: float,
    high: float,
    start: float,
    out: float,
    angle: float,
) -> Lens | None:
    """The lens whose left corner is as far from the spectrum as the bound allows."""
    nearest = NEAREST * high
    far = min(0.5 * high, 0.4 * (low - start))

    def at(gap: float) -> Lens:
        return Lens(low - gap, high + out, min(gap, out), angle)

    if far <= nearest or not bounded(at(nearest)):
        return None
    if bounded(at(far)):
        return at(far)
    good, bad = np.log(nearest), np.log(far)
    for _ in range(HALVINGS):
        middle = 0.5 * (good + bad)
        good, bad = (middle, bad) if bounded(at(float(np.exp(middle)))) else (good, middle)
    return at(float(np.exp(good)))


def _cost(lens: Lens, low: float, high: float) -> float:
    """How many panels a contour takes, but for a factor."""
    width = lens.right - lens.left
    nodes = np.log(width / (low - lens.left)) + np.log(width / (lens.right - high))
    return float(nodes / np.sin(lens.angle))


def evenly(size: int) -> NDArray[np.intp]:
    """Places of a few points of a path, its first and last among them."""
    return np.unique(np.linspace(0, size - 1, ROWS).astype(np.intp))
