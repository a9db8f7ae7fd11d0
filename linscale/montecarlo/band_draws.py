"""Draws in the band form: by their spectrum when n is moderate, by leading blocks when it is not.

Both cost nothing that grows with N. The spectral draw finds every eigenvalue and the leading
coordinates of the eigenvectors, O(m^2 D) with m = min(n, N + D) and no m x m matrix. The moment
draw works on the leading blocks alone, and its cost does not grow with n either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_solve_banded, cholesky_banded, eigh, solve_banded

from linscale.errors import NotConverged
from linscale.filters import Converged, Filter
from linscale.models import SubspaceModel
from linscale.montecarlo import _numba_band
from linscale.montecarlo.band import BandFactor, WishartSubspace, leading_cross
from linscale.montecarlo.chebyshev import TOLERANCE, Plan, plan
from linscale.montecarlo.decomposed import SubspaceDraw
from linscale.montecarlo.spectra import symmetric
from linscale.support.validate import FloatArray

PROBES = 5  # one noise direction for each so many signal ones estimates the bulk trace
LARGEST_SPECTRUM = 6_000  # beyond it the spectral draw takes seconds
RITZ_TOLERANCE = 1e-6  # residual over gap; the overlap errs by its square


def draw_spectrum(
    model: SubspaceModel,
    n_train: int,
    rng: np.random.Generator,
    drawn: bool,
    lapack: bool = False,
) -> SubspaceDraw:
    """A draw by eigenvalues and the leading coordinates of the eigenvectors.

    ``lapack`` hands the full matrix to LAPACK instead, which wins when d is a fair part of n.
    """
    source = WishartSubspace(model, n_train, drawn)
    if lapack:
        return source.decompose(source.numbers(rng))
    ((lower, cross),) = source.numbers(rng)
    m, d = lower.shape[0], model.d
    kept = cross.shape[1]
    rows = np.zeros((m, kept))
    rows[:kept] = np.eye(kept)
    tridiagonal = _numba_band.tridiagonalise(lower, rows)
    if not _numba_band.tridiagonal_eigen(tridiagonal, rows):
        raise NotConverged("implicit QL", float("nan"), "use engine='wishart'")
    l = tridiagonal[:, 0]
    order = np.argsort(l)[m - min(model.n, n_train) :]  # the null space is the smallest ones
    l, rows = l[order], rows[order]
    l = np.maximum(l, np.finfo(float).eps * l[-1])
    residual = np.ascontiguousarray(rows @ cross.T) if drawn else None
    return SubspaceDraw(model, n_train, l, np.ascontiguousarray(rows[:, :d]), residual)


@dataclass(frozen=True, eq=False)
class MomentDraw:
    """A draw seen from its leading blocks only.

    The path, the converged risk and the PCA risk are drawn from streams of their own: each has its
    exact law, but they are not of one training set. With the residual averaged, the bulk trace is
    estimated from a few noise directions, without bias; its error is in the spread over draws.
    """

    model: SubspaceModel
    n_train: int
    drawn: bool
    plans: dict[Filter, Plan]
    stream: np.random.SeedSequence

    def path(self, filter: Filter) -> tuple[FloatArray, FloatArray]:
        """Learning error along the path, (bias, variance), each (T,); variance nan if drawn."""
        if type(filter) is Converged:
            return converged(self.model, self.n_train, self._rng(1), self.drawn)
        weights = self.plans[filter]
        while True:
            moments, cross = self._moments(weights)
            # |T_j| <= 1 on [0, end]: anything larger is an eigenvalue beyond it (rare).
            if np.abs(np.einsum("jaa->ja", moments)).max() <= 1.0 + 1e-9:
                break
            weights = plan(filter, 1.2 * weights.end, self.drawn, max(weights.error, TOLERANCE))
        block = moments.reshape(moments.shape[0], -1)
        values = {
            name: (c @ block).reshape(-1, *moments.shape[1:])
            for name, c in weights.coefficients.items()
        }
        return self._drawn_risk(values, cross) if self.drawn else self._averaged_risk(values)

    def pca(self) -> float:
        """Risk of the plug-in PCA estimator."""
        return pca(self.model, self.n_train, self._rng(2))

    @property
    def largest(self) -> float:
        """A bound on the largest eigenvalue; plans are made only for filters stable up to it."""
        return moment_end(self.model, self.n_train)

    def _rng(self, k: int) -> np.random.Generator:
        words = (*self.stream.spawn_key, k)
        return np.random.default_rng(np.random.SeedSequence(self.stream.entropy, spawn_key=words))

    def _factor(self) -> BandFactor:
        return BandFactor(self.model, self.n_train, self._rng(0), probes(self.model), self.drawn)

    def _moments(self, weights: Plan) -> tuple[FloatArray, FloatArray]:
        """Chebyshev moments of the leading block, and E Y'/N on it."""
        factor = self._factor()
        top, steps = factor.top, -(-weights.degree // 2)
        block = min(factor.leading, factor.n - top, factor.rows - top)
        rows = min(factor.rows, top + block + steps * factor.width)
        lower = _numba_band.gram(factor.columns(rows), rows, float(self.n_train))
        cross = leading_cross(lower, top, block)
        lower = np.ascontiguousarray(lower[top:])
        moments = _numba_band.chebyshev_moments(lower, block, steps, weights.end)
        return moments[: weights.degree + 1], cross

    def _averaged_risk(self, f: dict[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
        n, d, s2 = self.model.n, self.model.d, self.model.sigma**2
        b2, floor = 1.0 / (1.0 + s2) ** 2, s2 / (1.0 + s2)
        signal = f["rho"][:, :d, :d]
        squared = np.einsum("taa->t", f["rho2"][:, :d, :d])
        bias = b2 / d * (np.sum(signal**2, axis=(1, 2)) + s2 * squared)
        diagonal = np.einsum("taa->ta", f["h"])
        trace = (1.0 + s2) * diagonal[:, :d].sum(axis=1)
        if n > d:
            # Noise coordinates beyond the rows of a short factor carry no sample: h = 0 there.
            k = probes(self.model)
            trace = trace + s2 * (n - d) / k * diagonal[:, d : d + k].sum(axis=1)
        return bias, floor * trace / self.n_train

    def _drawn_risk(
        self, f: dict[str, FloatArray], cross: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        d, s2 = self.model.d, self.model.sigma**2
        b = 1.0 / (1.0 + s2)
        # W - B = -b U' rho + C g, with C = E Y'/N supported on the leading coordinates.
        size = (
            b * b * np.einsum("taa->t", f["rho2"][:, :d, :d])
            - 2.0 * b * np.einsum("tai,ai->t", f["rho g"][:, :d], cross)
            + np.einsum("ai,tij,aj->t", cross, f["g2"], cross, optimize=True)
        )
        left = cross @ f["g"][:, :, :d] - b * f["rho"][:, :d, :d]
        error = (np.sum(left**2, axis=(1, 2)) + s2 * size) / d
        return error, np.full(error.size, np.nan)


def probes(model: SubspaceModel) -> int:
    """Noise directions that estimate the bulk trace tr h(Sh); 0 where there is no noise space."""
    return min(max(1, model.d // PROBES), model.n - model.d)


def moment_end(model: SubspaceModel, n_train: int) -> float:
    """An end of the spectrum that few draws exceed; the moments of those that do show it.

    |S^{1/2} G|^2 is at most the sum over signal and noise rows; a Gaussian matrix of N columns
    has mean norm below sqrt(N) + sqrt(rows) and a standard deviation below 1 (Davidson and Szarek
    2001), here taken to be 1/2. Of 1,500 draws of nine problems at most 1.6 % went beyond this
    end; those are planned again, farther out.
    """
    s2, N = model.sigma**2, n_train
    signal = (1.0 + np.sqrt(model.d / N) + 0.5 / np.sqrt(N)) ** 2
    noise = (1.0 + np.sqrt(model.n / N) + 0.5 / np.sqrt(N)) ** 2
    return float((1.0 + s2) * signal + (s2 * noise if model.n > model.d else 0.0))


def moment_plan(
    model: SubspaceModel, n_train: int, filter: Filter, drawn: bool, tolerance: float = TOLERANCE
) -> Plan:
    """The plan of a filter, the same for every draw.

    Raises
    ------
    StepTooLarge
        Gradient descent that diverges at :func:`moment_end`: its polynomial is out of reach.
    """
    end = moment_end(model, n_train)
    filter.check_stable(end, "(2 / a bound on the sample spectrum)")
    return plan(filter, end, drawn, tolerance)


def converged(
    model: SubspaceModel, n_train: int, rng: np.random.Generator, drawn: bool
) -> tuple[FloatArray, FloatArray]:
    r"""Learning error of least squares by banded solves, O(min(n, N) d^2): (bias, variance).

    With YY' = F F', F of full column rank r = min(n, N), F_1 its first d rows and the null space
    seen from the signal N0 = I - F_1 (F'F)^{-1} F_1':

        bias     = b^2 (|N0|^2 + s2 tr N0) / d
        variance = floor (s2 tr (F'F)^{-1} + |(F'F)^{-1} F_1'|^2)

    For N >= n, N0 = 0 and the variance is floor tr (GG')^{-1}.
    """
    n, d, N, s2 = model.n, model.d, n_train, model.sigma**2
    b, floor = 1.0 / (1.0 + s2), s2 / (1.0 + s2)
    factor = BandFactor(model, N, rng)
    if N >= n:
        white = np.ascontiguousarray(factor.white())
        if not drawn:
            trace = _numba_band.trace_of_inverse(white)
            return np.zeros(1), np.array([floor * trace])
        e = np.sqrt(floor) * rng.standard_normal((n, d))
        upper = np.zeros((white.shape[1], n))
        for o in range(white.shape[1]):
            upper[-1 - o, o:] = white[: n - o, o]
        solved = solve_banded((0, white.shape[1] - 1), upper, e, check_finite=False)
        return np.array([np.sum(solved**2) / d]), np.full(1, np.nan)

    columns = factor.columns(factor.rank)
    try:
        cholesky = cholesky_banded(_numba_band.dual_gram(columns).T, lower=True)
    except LinAlgError:
        raise NotConverged(
            "the banded Cholesky factor", float("nan"), "n_train is too near n: use early stopping"
        ) from None
    first = np.zeros((N, d))  # F_1'
    for j in range(min(N, d)):
        first[j, j:] = columns[j, : d - j]
    x = cho_solve_banded((cholesky, True), first)
    null = np.eye(d) - first.T @ x
    bias = b * b * (np.sum(null**2) + s2 * np.trace(null)) / d
    if not drawn:
        trace = _numba_band.trace_of_inverse(np.ascontiguousarray(cholesky.T))
        return np.array([bias]), np.array([floor * (s2 * trace + np.sum(x**2))])
    e = np.sqrt(floor) * rng.standard_normal((N, d))
    solved = cho_solve_banded((cholesky, True), e)
    left = solved.T @ first - b * null
    error = np.sum(left**2) + s2 * (b * b * np.trace(null) + np.sum(solved * e))
    return np.array([error / d]), np.full(1, np.nan)


def pca(model: SubspaceModel, n_train: int, rng: np.random.Generator) -> float:
    """PCA risk from the top Ritz vectors of the leading blocks, more blocks until they settle.

    A spectral gap makes the top d eigenvectors decay along the blocks. Without one every block is
    needed: then, where n is moderate, the whole spectrum is found.
    """
    d = model.d
    factor = BandFactor(model, n_train, rng)
    size = max(12 * factor.leading, 60)
    while size < 0.7 * factor.rows and size <= LARGEST_SPECTRUM // 3:
        lower = _numba_band.gram(
            factor.columns(size + factor.width), size + factor.width, float(n_train)
        )
        dense = symmetric(lower, np)
        values, vectors = eigh(dense[:size, :size], subset_by_index=[size - d - 1, size - 1])
        residual = np.linalg.norm(dense[size:, :size] @ vectors[:, 1:], axis=0)
        if residual.max() <= RITZ_TOLERANCE * (values[1] - values[0]):
            draw = SubspaceDraw(model, n_train, values[1:], vectors[:d, 1:].T, None)
            return float(draw.pca())
        size *= 2
    if factor.rows > LARGEST_SPECTRUM:
        raise NotConverged(
            "PCA on the leading blocks", float("nan"),
            "signal and noise are not separated at this n_train; use a smaller n",
        )  # fmt: skip
    return float(draw_spectrum(model, n_train, rng, False).pca())
