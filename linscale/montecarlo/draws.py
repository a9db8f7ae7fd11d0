"""One training set, decomposed once: everything needed to evaluate any filter's path on it.

Never n x n gradient descent: the smaller of the two Gram matrices is decomposed, and a filter acts
on its r = min(n, N) eigenvalues.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linscale.errors import Unsupported
from linscale.filters import Filter
from linscale.models import SubspaceModel
from linscale.montecarlo import _numba
from linscale.montecarlo.laws import GaussianLaw
from linscale.validate import FloatArray

CHUNK = 2**21  # random numbers held at once while a Gram matrix is summed (16 MB)


@dataclass(frozen=True, eq=False)
class SubspaceDraw:
    """A draw of the subspace model, with U the first d coordinates (no loss: rotation).

    Attributes
    ----------
    eigenvalues : (r,) array
        Of YY'/N, ascending, without the null space.
    rows : (r, d) array
        Row i holds the first d coordinates of eigenvector i.
    residual : (r, d) array or None
        Row i is (E Y'/N) v_i with E = X - B Y the drawn residual; None when it is averaged.
    """

    model: SubspaceModel
    n_train: int
    eigenvalues: FloatArray
    rows: FloatArray
    residual: FloatArray | None

    def path(self, filter: Filter) -> tuple[FloatArray, FloatArray]:
        """Learning error along the path, (bias, variance), each (T,); variance nan if drawn."""
        l, d = self.eigenvalues, self.model.d
        s2 = self.model.sigma**2
        rho = np.ascontiguousarray(filter.residual(l))
        if self.residual is not None:
            gain = np.ascontiguousarray(filter.gain(l))
            error = _numba.subspace_path(rho, gain, self.rows, self.residual, s2)
            return error / d, np.full(rho.shape[0], np.nan)
        nothing = np.zeros((l.size, 0))
        bias = _numba.subspace_path(rho, np.zeros((1, 0)), self.rows, nothing, s2) / d
        floor = s2 / (1.0 + s2)
        noise = s2 + np.sum(self.rows**2, axis=1)  # v_i' S v_i
        return bias, floor * (filter.variance_filter(l) @ noise) / self.n_train

    @property
    def largest(self) -> float:
        """Largest eigenvalue of YY'/N."""
        return float(self.eigenvalues[-1])

    def pca(self) -> float:
        """Risk of the plug-in PCA estimator.

        For N < d the missing directions are averaged over the null space of YY'.
        """
        n, d, s2 = self.model.n, self.model.d, self.model.sigma**2
        a = 1.0 / (1.0 + s2)
        found = float(np.sum(self.rows[-d:] ** 2)) / d
        missing = d - self.eigenvalues.size
        if missing > 0:
            found += (1.0 - found) * missing / (n - self.eigenvalues.size)
        # 1 + (a^2 - 2a) c + s2 a^2, written as the floor and what is lost.
        return s2 / (1.0 + s2) + (2.0 * a - a * a) * max(1.0 - found, 0.0)


def draw_subspace(
    model: SubspaceModel, n_train: int, rng: np.random.Generator, drawn: bool
) -> SubspaceDraw:
    """Draw N pairs (x, y) and decompose; memory is min(n, N)^2 plus a chunk of the data."""
    n, d, N, sigma = model.n, model.d, n_train, model.sigma
    if N < n:
        codes = rng.standard_normal((d, N))
        signal = codes + sigma * rng.standard_normal((d, N))
        gram = signal.T @ signal
        for rows in _chunks(n - d, N):
            noise = rng.standard_normal((rows, N))
            gram += sigma**2 * (noise.T @ noise)
        l, u = np.linalg.eigh(gram / N)
        l = _not_negative(l)
        # v_i = Y u_i / sqrt(N l_i): only its first d coordinates are formed.
        rows_of_v = (signal @ u / np.sqrt(N * l)).T
        residual = None
        if drawn:
            e = codes - signal / (1.0 + sigma**2)
            residual = ((e @ u) * np.sqrt(l / N)).T
        return SubspaceDraw(model, N, l, np.ascontiguousarray(rows_of_v), _contiguous(residual))

    gram, cross = np.zeros((n, n)), np.zeros((d, n))
    for columns in _chunks(N, n):
        y = sigma * rng.standard_normal((n, columns))
        codes = rng.standard_normal((d, columns))
        y[:d] += codes
        gram += y @ y.T
        if drawn:
            cross += (codes - y[:d] / (1.0 + sigma**2)) @ y.T
    l, v = np.linalg.eigh(gram / N)
    residual = (cross @ v / N).T if drawn else None
    return SubspaceDraw(
        model, N, _not_negative(l), np.ascontiguousarray(v[:d].T), _contiguous(residual)
    )


@dataclass(frozen=True, eq=False)
class LinearDraw:
    """A draw of any linear inverse problem: W = C g(l) V' for every filter, measured by a law.

    Attributes
    ----------
    eigenvalues : (r,) array
        Of YY'/N, without the null space.
    coefficients : (p, r) array
        C = X Y' V / N; with the residual averaged, B V l in its place.
    vectors : (n, r) array
        V.
    averaged : bool
        Whether the target's residual was averaged: then its variance is added by formula.
    """

    law: GaussianLaw
    n_train: int
    eigenvalues: FloatArray
    coefficients: FloatArray
    vectors: FloatArray
    averaged: bool

    def path(self, filter: Filter) -> tuple[FloatArray, FloatArray]:
        """Learning error along the path, (bias, variance), each (T,); variance nan if drawn."""
        law = self.law
        error = self.measured_by(law, filter) - law.floor
        if not self.averaged:
            return error, np.full(error.size, np.nan)
        h = filter.variance_filter(self.eigenvalues)
        noise = np.sum(self.vectors * (law.measurement_cov @ self.vectors), axis=0)
        return error, law.floor * (h @ noise) / self.n_train

    @property
    def largest(self) -> float:
        """Largest eigenvalue of YY'/N."""
        return float(self.eigenvalues[-1])

    def pca(self) -> float:
        """Not defined: nothing says how many directions to keep."""
        raise Unsupported("pca needs a SubspaceModel: only that says how many directions to keep")

    def measured_by(self, law: GaussianLaw, filter: Filter) -> FloatArray:
        r"""Risk of W along the path under any law of (x, y) with these second moments, (T,).

        [tr S_x - 2 tr(W Cov(y, x)) + tr(W S W')] / scale
        """
        c, v = self.coefficients, self.vectors
        gain = np.ascontiguousarray(filter.gain(self.eigenvalues))
        linear = np.sum(c * (law.cross_cov @ v), axis=0)
        quadratic = np.ascontiguousarray((c.T @ c) * (v.T @ law.measurement_cov @ v))
        path = _numba.quadratic_path(gain, linear, quadratic)
        return np.asarray((law.signal_trace + path) / law.scale)


def draw_linear(
    law: GaussianLaw, n_train: int, rng: np.random.Generator, drawn: bool
) -> LinearDraw:
    """Draw N pairs (x, y) from a Gaussian law and decompose."""
    n, N = law.n, n_train
    if N < n:
        return train(law, *law.sample(N, rng), averaged=not drawn)
    gram, cross = np.zeros((n, n)), np.zeros((law.p, n))
    for columns in _chunks(N, n + law.p):
        x, y = law.sample(columns, rng)
        gram += y @ y.T
        if drawn:
            cross += x @ y.T
    l, v = np.linalg.eigh(gram / N)
    l = _not_negative(l)
    c = cross @ v / N if drawn else (law.best @ v) * l
    return LinearDraw(law, N, l, c, v, averaged=not drawn)


def draw_wishart(
    law: GaussianLaw, n_train: int, rng: np.random.Generator, drawn: bool
) -> LinearDraw:
    """Draw YY' and XY' without data: Bartlett's factor, O(n min(n, N)) random numbers.

    A Gaussian Y of covariance S is S^{1/2} T Q with T (n, r) lower triangular, T[j, j] ~
    chi(N - j), normal below, and Q (r, N) orthonormal rows independent of T; then X Q' = B Y Q' + E
    with E of r columns.
    """
    n, r = law.n, min(law.n, n_train)
    t = np.tril(rng.standard_normal((n, r)), -1)
    t[np.arange(r), np.arange(r)] = np.sqrt(rng.chisquare(n_train - np.arange(r)))
    y = law.measurement_root @ t
    x = law.best @ y
    if drawn:
        x += law.residual_root @ rng.standard_normal((law.residual_root.shape[1], r))
    return train(law, x, y, averaged=not drawn, count=n_train)


def train(
    law: GaussianLaw,
    x: FloatArray,
    y: FloatArray,
    averaged: bool = False,
    count: int | None = None,
) -> LinearDraw:
    """Decompose a training set given as arrays, x of shape (p, N) and y of shape (n, N).

    ``count`` is the number of samples behind the columns where it is not their number.
    """
    n, r = y.shape
    N = r if count is None else count
    if r < n:
        l, u = np.linalg.eigh(y.T @ y / N)
        keep = l > r * np.finfo(float).eps * l[-1]  # repeated or zero measurements have no v_i
        l, u = l[keep], u[:, keep]
        v = y @ u / np.sqrt(N * l)
        c = (x @ u) * np.sqrt(l / N)
    else:
        l, v = np.linalg.eigh(y @ y.T / N)
        l = _not_negative(l)
        c = x @ (y.T @ v) / N
    if averaged:
        c = (law.best @ v) * l
    return LinearDraw(law, N, l, c, v, averaged)


def _chunks(total: int, width: int) -> list[int]:
    """Sizes that sum to ``total``, each holding about CHUNK numbers ``width`` wide."""
    size = max(1, CHUNK // width)
    return [min(size, total - start) for start in range(0, total, size)]


def _not_negative(l: FloatArray) -> FloatArray:
    """Eigenvalues of a Gram matrix lost below rounding are set to the rounding level."""
    return np.asarray(np.maximum(l, np.finfo(float).eps * l[-1]))


def _contiguous(array: FloatArray | None) -> FloatArray | None:
    return None if array is None else np.ascontiguousarray(array)
