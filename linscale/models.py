"""Models of signal and measurement; each reduces to a spectral problem by ``.spectral()``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from linscale import validate
from linscale.errors import InvalidArgument
from linscale.forward import as_operator, dense
from linscale.problem import LARGEST_CONDITION, SpectralProblem
from linscale.validate import FloatArray


@dataclass(frozen=True)
class SubspaceModel:
    r"""Denoising of signals in a d-dimensional subspace of R^n.

        y = x + z,   x = U c,   U'U = I_d,   c ~ N(0, I_d),   z ~ N(0, sigma^2 I_n).

    Risks are divided by d, so that the estimator W = 0 has risk 1 and the floor is
    sigma^2 / (1 + sigma^2).

    Source: Klug and Heckel, ICLR 2023, arXiv 2209.13435, Section 5.
    """

    n: int
    d: int
    sigma: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", validate.integer("n", self.n, at_least=1))
        object.__setattr__(self, "d", validate.integer("d", self.d, at_least=1))
        if self.d > self.n:
            raise InvalidArgument("d", self.d, f"at most n = {self.n} (a subspace of R^n)")
        object.__setattr__(self, "sigma", validate.real("sigma", self.sigma))
        if not 1e-5 <= self.sigma <= 1e5:
            raise InvalidArgument("sigma", self.sigma, "from 1e-5 to 1e5 (the signal's is 1)")

    def spectral(self) -> SpectralProblem:
        """l = (1+s2, s2), n = (d, n-d), w = (1/(1+s2)^2, 0), floor = s2/(1+s2); s2 = sigma^2."""
        s2 = self.sigma**2
        return SpectralProblem(
            eigenvalues=[1.0 + s2, s2],
            multiplicities=[self.d, self.n - self.d],
            target_weights=[1.0 / (1.0 + s2) ** 2, 0.0],
            floor=s2 / (1.0 + s2),
            scale=self.d,
        )


@dataclass(frozen=True, eq=False)
class InverseProblem:
    r"""A linear inverse problem y = A x + z with a Gaussian signal of known covariance.

        x ~ N(0, S_x) in R^p,   A of shape (n, p),   z ~ N(0, sigma^2 I_n).

    Risks are per pixel: divided by p.

    Parameters
    ----------
    forward : (n, p) array, operator or None
        A; None is denoising, A = I. Operators are those of :mod:`linscale.forward` and whatever
        :func:`linscale.forward.as_operator` takes; they are filled into a matrix.
    signal_cov : (p, p) array
        S_x, symmetric positive semidefinite.
    sigma : float
        Standard deviation of the noise, in units of y.
    """

    forward: FloatArray | None
    signal_cov: FloatArray
    sigma: float

    def __init__(self, forward: Any, signal_cov: ArrayLike, sigma: float) -> None:
        cov = _covariance("signal_cov", signal_cov)
        object.__setattr__(self, "signal_cov", cov)
        object.__setattr__(self, "sigma", validate.real("sigma", sigma))
        if not 1e-100 < self.sigma < 1e100:
            raise InvalidArgument("sigma", sigma, "between 1e-100 and 1e100")
        object.__setattr__(
            self, "forward", None if forward is None else _forward(forward, cov.shape[0])
        )

    @property
    def n(self) -> int:
        """Number of measurements."""
        return self.p if self.forward is None else int(self.forward.shape[0])

    @property
    def p(self) -> int:
        """Number of pixels."""
        return int(self.signal_cov.shape[0])

    def measurement_cov(self) -> FloatArray:
        """S = A S_x A' + sigma^2 I, shape (n, n)."""
        a = self.forward
        clean = self.signal_cov if a is None else a @ self.signal_cov @ a.T
        return 0.5 * (clean + clean.T) + self.sigma**2 * np.eye(self.n)

    def cross_cov(self) -> FloatArray:
        """Cov(x, y) = S_x A', shape (p, n)."""
        return self.signal_cov if self.forward is None else self.signal_cov @ self.forward.T

    def spectral(self) -> SpectralProblem:
        """l_j from S, w_j = ||S_x A' v_j||^2 / (l_j^2 p), floor = tr S_x / p - sum_j w_j l_j."""
        l, v = np.linalg.eigh(self.measurement_cov())
        l = np.maximum(l, self.sigma**2)
        if l[-1] > LARGEST_CONDITION * l[0]:
            least = np.sqrt(l[-1] / LARGEST_CONDITION)
            raise InvalidArgument(
                "sigma", self.sigma, f"at least {least:.2g}: rounding would swallow the noise"
            )
        w = np.sum((self.cross_cov() @ v) ** 2, axis=0) / l**2 / self.p
        l, counts, w = _merge_equal(l, w)
        return SpectralProblem(l, counts, w, floor=self._floor(), scale=self.p)

    def _floor(self) -> float:
        """tr(S_x - S_x A' S^{-1} A S_x) / p, without the cancellation that the difference has.

        For A = I it is sum_j k_j s2 / (k_j + s2) / p. In general, with S_x = F F' and
        T = A F, S_x - S_x A' S^{-1} A S_x = F (I + T'T / s2)^{-1} F' (Woodbury).
        """
        k, v = np.linalg.eigh(self.signal_cov)
        root = v * np.sqrt(np.maximum(k, 0.0))
        t = root if self.forward is None else self.forward @ root
        inner = np.eye(self.p) + t.T @ t / self.sigma**2
        return float(np.sum(root * np.linalg.solve(inner, root.T).T)) / self.p


def _covariance(name: str, values: ArrayLike) -> FloatArray:
    try:
        if np.iscomplexobj(values):
            raise TypeError
        cov = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise InvalidArgument(name, type(values).__name__, "a matrix of real numbers") from None
    if cov.ndim != 2 or cov.shape[0] != cov.shape[1] or cov.size == 0:
        raise InvalidArgument(name, f"shape {cov.shape}", "a square matrix")
    if not np.all(np.isfinite(cov)):
        raise InvalidArgument(name, "NaN or infinite entries", "finite")
    size = float(np.abs(cov).max())
    asymmetry = float(np.abs(cov - cov.T).max())
    # Rounding in a product of p terms: p eps times the largest entry, with room to spare.
    rounding = 16 * cov.shape[0] * np.finfo(float).eps * size
    if asymmetry > rounding:
        raise InvalidArgument(
            name, f"a matrix with |C - C'| up to {asymmetry:.3g}", "symmetric; use (C + C') / 2"
        )
    cov = 0.5 * (cov + cov.T)
    smallest = float(np.linalg.eigvalsh(cov)[0])
    if smallest < -rounding * np.sqrt(cov.shape[0]):
        raise InvalidArgument(
            name, f"a matrix with eigenvalue {smallest:.3g}", "positive semidefinite"
        )
    return validate.frozen(np.asarray(cov, dtype=float))


def _forward(values: Any, p: int) -> FloatArray:
    if not isinstance(values, np.ndarray | list | tuple):
        operator = as_operator(values)
        if operator.shape[1] != p:
            raise InvalidArgument(
                "forward", f"shape {operator.shape}", f"of shape (n, {p}), to match signal_cov"
            )
        values = dense(operator)
    try:
        if np.iscomplexobj(values):
            raise TypeError
        a = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise InvalidArgument(
            "forward", type(values).__name__, "None or an (n, p) array of real numbers"
        ) from None
    if a.ndim != 2 or a.shape[1] != p or a.shape[0] == 0:
        raise InvalidArgument(
            "forward", f"shape {a.shape}", f"of shape (n, {p}), to match signal_cov"
        )
    if not np.all(np.isfinite(a)):
        raise InvalidArgument("forward", "NaN or infinite entries", "finite")
    return validate.frozen(a)


def _merge_equal(
    l: FloatArray,
    w: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Join eigenvalues equal to rounding (ascending order) into atoms; weights add up."""
    gap = 8 * l.size * np.finfo(float).eps * l[-1]
    first = np.concatenate(([True], np.diff(l) > gap))
    start = np.flatnonzero(first)
    counts = np.diff(np.append(start, l.size)).astype(float)
    return np.add.reduceat(l, start) / counts, counts, np.add.reduceat(w, start)
