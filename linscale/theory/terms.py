"""What an expansion in 1/N consists of, whatever the law: edges, and terms by order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linscale.filters import Descent, Filter
from linscale.support.validate import ComplexArray, FloatArray
from linscale.theory.contours import Contour

CANCELLED = 2e4  # times what is left: 1e-13 of each term may be lost
TOO_NEAR = 0.01
AROUND = 60  # iterations at which a swinging filter is looked at besides those asked for


@dataclass(frozen=True)
class Edges:
    """Edges of the limiting spectrum of YY'/N.

    ``low`` and ``high`` bound what a contour must enclose: ``low`` is 0 when N <= n (the sample
    covariance is then singular, or touches 0), else the lower edge of the spectrum. The nonzero
    part of the spectrum begins at ``lower_edge``. All three are in units of y squared.
    """

    low: float
    high: float
    lower_edge: float


@dataclass(frozen=True, eq=False)
class Terms:
    """Bias and variance along a path: one row for each order.

    Attributes
    ----------
    bias, variance : (2, T) arrays
        The leading order and the term of order 1/N, which order 1 adds to it; in units of risk.
    quadrature : (T,) array
        The relative error that the contour itself makes.
    ratios : (2, T) array
        |1/N term| / |leading term| of bias and of variance; its largest value along the latter half
        of the path up to there where the filter swings, and with it the sign of the 1/N term.
    """

    bias: FloatArray
    variance: FloatArray
    quadrature: FloatArray
    ratios: FloatArray

    @classmethod
    def of(
        cls, bias: FloatArray, variance: FloatArray, quadrature: FloatArray | None = None
    ) -> Terms:
        """With the ratios of each point alone; without ``quadrature`` no contour was needed."""
        learning = np.abs(bias).sum(axis=0) + np.abs(variance).sum(axis=0)
        tiny = 1e-8 * learning + 1e-300  # a part that has died out to rounding has no ratio
        ratios = [np.abs(p[-1]) / np.maximum(np.abs(p[0]), tiny) for p in (bias, variance)]
        missed = np.zeros(learning.size) if quadrature is None else quadrature
        return cls(bias, variance, missed, np.array(ratios))

    def part(self, of: slice) -> Terms:
        """Those of some points of the path."""
        return Terms(
            self.bias[:, of], self.variance[:, of], self.quadrature[of], self.ratios[:, of]
        )


class Equivalent(Protocol):
    """Deterministic equivalents on a contour: built once, evaluated for any filter inside."""

    def terms(self, filter: Filter) -> Terms:
        """Bias and variance by order, along the filter's path."""
        ...


def along_path(filter: Filter, terms_of: Callable[[Filter], Terms]) -> Terms:
    """The terms at the filter's points; a swinging filter is looked at around them too."""
    if not (isinstance(filter, Descent) and filter.oscillates):
        return terms_of(filter)
    own = filter.iterations
    grid = np.unique(np.round(np.geomspace(1.0, max(own.max(), 1.0), AROUND)))
    path: FloatArray = np.concatenate((own, grid))
    terms = terms_of(filter.along(path))
    near = (path >= 0.5 * own[:, None]) & (path <= own[:, None])
    ratios = np.where(near, terms.ratios[:, None, :], 0.0).max(axis=2)
    kept = slice(0, own.size)
    return Terms(terms.bias[:, kept], terms.variance[:, kept], terms.quadrature[kept], ratios)


def well_summed(size: FloatArray, learning: FloatArray, gap: float) -> NDArray[np.bool_]:
    """Where a sum over poles of such ``size`` is good to a contour's accuracy of what is left.

    A contour follows an integral down to where nothing is left of rho; terms at poles are about as
    large as what there was to learn, and cancel. Near N = n, ``gap`` = N/n - 1, they lose digits of
    their own: the spectrum comes down to 0, and the poles follow.
    """
    return (size <= CANCELLED * learning) & (abs(gap) > TOO_NEAR)


def quadrature(contour: Contour, spectrum: Edges, filter: Filter, rho: ComplexArray) -> FloatArray:
    """What Cauchy's formula for rho misses at the points of the spectrum and inside."""
    low, edge, high = spectrum.low, spectrum.lower_edge, spectrum.high
    points = np.array([low, edge, np.sqrt(max(edge, 1e-6 * high) * high), high])
    found = np.stack([contour.integrate(rho / (contour.z - x)) for x in points], axis=1)
    exact = filter.residual(points)
    size = np.maximum(np.abs(rho).max(axis=1, keepdims=True), np.abs(exact))
    return np.asarray((np.abs(found - exact) / (size + 1e-300)).max(axis=1))
