"""Training sets already decomposed: everything needed to evaluate any filter's path on them.

One of them, or a stack on some device: leading axes, shown as ``...``, are carried along. Filters
are evaluated on the host; results are there too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from linscale.errors import Unsupported
from linscale.filters import Filter
from linscale.models import SubspaceModel
from linscale.montecarlo.backend import HOST, Array, Backend
from linscale.montecarlo.linear import LinearLaw
from linscale.support.validate import FloatArray


class Draw(Protocol):
    """One training set, or a stack of them: what every engine's draw can answer."""

    def path(self, filter: Filter) -> tuple[FloatArray, FloatArray]:
        """Learning error along the path, (bias, variance), each (..., T); variance nan if drawn."""
        ...

    def pca(self) -> float | FloatArray:
        """Risk of the plug-in PCA estimator, (...)."""
        ...

    @property
    def largest(self) -> float | FloatArray:
        """Largest eigenvalue of YY'/N, or a bound on it, (...)."""
        ...


@dataclass(frozen=True, eq=False)
class SubspaceDraw:
    """Draws of the subspace model, with U the first d coordinates (no loss: rotation).

    Attributes
    ----------
    eigenvalues : (..., r) array
        Of YY'/N, ascending, without the null space.
    rows : (..., r, d) array
        Row i holds the first d coordinates of eigenvector i.
    residual : (..., r, d) array or None
        Row i is (E Y'/N) v_i with E = X - B Y the drawn residual; None when it is averaged.
    on : Backend
        Where the arrays are.
    """

    model: SubspaceModel
    n_train: int
    eigenvalues: Array
    rows: Array
    residual: Array | None
    on: Backend = HOST

    def path(self, filter: Filter) -> tuple[FloatArray, FloatArray]:
        """Learning error along the path, (bias, variance), each (..., T); variance nan if drawn."""
        on, d, s2 = self.on, self.model.d, self.model.sigma**2
        l = on.to_host(self.eigenvalues)
        rho = on.put(_along(filter.residual, l))
        if self.residual is not None:
            gain = on.put(_along(filter.gain, l))
            error = on.to_host(on.subspace_path(rho, gain, self.rows, self.residual, s2)) / d
            return error, np.full(error.shape, np.nan)
        nothing = self.rows[..., :0]
        bias = on.to_host(on.subspace_path(rho, rho, self.rows, nothing, s2)) / d
        floor = s2 / (1.0 + s2)
        noise = s2 + on.xp.sum(self.rows**2, axis=-1)  # v_i' S v_i
        return bias, floor * _trace(on, filter, l, noise) / self.n_train

    @property
    def largest(self) -> FloatArray:
        """Largest eigenvalue of YY'/N, (...)."""
        return np.asarray(self.on.to_host(self.eigenvalues)[..., -1])

    def pca(self) -> FloatArray:
        """Risk of the plug-in PCA estimator, (...).

        For N < d the missing directions are averaged over the null space of YY'.
        """
        n, d, s2 = self.model.n, self.model.d, self.model.sigma**2
        a, r = 1.0 / (1.0 + s2), self.eigenvalues.shape[-1]
        top = self.rows[..., max(r - d, 0) :, :]
        found = self.on.to_host(self.on.xp.sum(top**2, axis=(-2, -1))) / d
        missing = d - r
        if missing > 0:
            found = found + (1.0 - found) * missing / (n - r)
        # 1 + (a^2 - 2a) c + s2 a^2, written as the floor and what is lost.
        lost = np.maximum(1.0 - found, 0.0)
        return np.asarray(s2 / (1.0 + s2) + (2.0 * a - a * a) * lost)


@dataclass(frozen=True, eq=False)
class LinearDraw:
    """Draws of any linear inverse problem: W = C g(l) V' for every filter, measured by a law.

    Attributes
    ----------
    eigenvalues : (..., r) array
        Of YY'/N, without the null space.
    coefficients : (..., p, r) array
        C = X Y' V / N; with the residual averaged, B V l in its place.
    vectors : (..., n, r) array
        V.
    averaged : bool
        Whether the target's residual was averaged: then its variance is added by formula.
    on : Backend
        Where the arrays are, those of ``law`` too.
    """

    law: LinearLaw
    n_train: int
    eigenvalues: Array
    coefficients: Array
    vectors: Array
    averaged: bool
    on: Backend = HOST

    def path(self, filter: Filter) -> tuple[FloatArray, FloatArray]:
        """Learning error along the path, (bias, variance), each (..., T); variance nan if drawn."""
        on, law = self.on, self.law
        error = self.measured_by(law, filter) - law.floor
        if not self.averaged:
            return error, np.full(error.shape, np.nan)
        noise = on.xp.sum(self.vectors * (law.measurement_cov @ self.vectors), axis=-2)
        trace = _trace(on, filter, on.to_host(self.eigenvalues), noise)
        return error, law.floor * trace / self.n_train

    @property
    def largest(self) -> FloatArray:
        """Largest eigenvalue of YY'/N, (...)."""
        return np.asarray(self.on.to_host(self.eigenvalues)[..., -1])

    def pca(self) -> FloatArray:
        """Not defined: nothing says how many directions to keep."""
        raise Unsupported("pca needs a SubspaceModel: only that says how many directions to keep")

    def measured_by(self, law: LinearLaw, filter: Filter) -> FloatArray:
        r"""Risk of W along the path under any law of (x, y) with these second moments, (..., T).

        [tr S_x - 2 tr(W Cov(y, x)) + tr(W S W')] / scale
        """
        on, c, v = self.on, self.coefficients, self.vectors
        transposed = on.xp.matrix_transpose
        gain = on.put(_along(filter.gain, on.to_host(self.eigenvalues)))
        linear = on.xp.sum(c * (law.cross_cov @ v), axis=-2)
        quadratic = (transposed(c) @ c) * law.form(v, on.xp)
        path = on.to_host(on.quadratic_path(gain, linear, quadratic))
        return np.asarray((law.signal_trace + path) / law.scale)


def _along(response: Callable[[FloatArray], FloatArray], l: FloatArray) -> FloatArray:
    """A filter's response to eigenvalues (..., r), as (..., T, r)."""
    path = response(l)
    return path if l.ndim == 1 else np.ascontiguousarray(np.moveaxis(path, 0, -2))


def _trace(on: Backend, filter: Filter, l: FloatArray, noise: Array) -> FloatArray:
    """tr S h(Sh) along the path, (..., T), with ``noise`` v_i' S v_i, (..., r)."""
    h = on.put(_along(filter.variance_filter, l))
    return on.to_host((h @ noise[..., None])[..., 0])
