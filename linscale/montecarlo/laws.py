"""The joint law of signal and measurement, as covariances and a sampler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from linscale.models import InverseProblem
from linscale.models.contrast import Contrast
from linscale.models.problem import Model, SpectralProblem, moments_of, problem_of
from linscale.support.blas import eigh, threads_for
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False)
class GaussianLaw:
    """Zero-mean (x, y) with x = sqrt(tau) signal_root g, or x = B y + residual_root g.

    Attributes
    ----------
    measurement_cov : (n, n) array
        S = Cov(y).
    cross_cov : (p, n) array
        Cov(x, y).
    best : (p, n) array
        B = Cov(x, y) S^{-1}.
    signal_trace, floor, scale : float
        tr S_x (not divided), the floor (divided by scale), and scale.
    forward, sigma, signal_root
        A (None: identity), the noise, and a root of S_x, (p, q): how actual data are drawn.
    residual_sd : float
        Where signal_root is None (a bare spectral problem): the residual is isotropic, and S and B
        are diagonal.
    contrast : Contrast
        The law of tau; where it is constant the law is Gaussian, and x - B y independent of y.
    """

    measurement_cov: FloatArray
    cross_cov: FloatArray
    best: FloatArray
    signal_trace: float
    floor: float
    scale: float
    forward: FloatArray | None
    sigma: float
    signal_root: FloatArray | None
    residual_sd: float
    contrast: Contrast

    @cached_property
    def measurement_root(self) -> FloatArray:
        """A square root of S, (n, n)."""
        l, v = eigh(self.measurement_cov)
        return np.asarray(v * np.sqrt(np.maximum(l, 0.0)))

    @cached_property
    def residual_root(self) -> FloatArray:
        """A square root of Cov(x | y) = S_x - B S B', (p, q)."""
        if self.signal_root is None:
            return self.residual_sd * np.eye(self.p)
        # F (I + T'T / s2)^{-1} F', T = A F: positive by construction.
        root = self.signal_root
        t = root if self.forward is None else self.forward @ root
        inner = np.eye(root.shape[1]) + t.T @ t / self.sigma**2
        with threads_for(self.p):
            return np.asarray(np.linalg.solve(np.linalg.cholesky(inner), root.T).T)

    @property
    def n(self) -> int:
        return int(self.measurement_cov.shape[0])

    @property
    def p(self) -> int:
        return int(self.cross_cov.shape[0])

    def numbers(self, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """What is random in ``count`` pairs: sqrt(tau) g, and the noise or the residual, white."""
        inner = self.n if self.signal_root is None else self.signal_root.shape[1]
        signal = rng.standard_normal((inner, count))
        if not self.contrast.is_constant:
            signal *= np.sqrt(self.contrast.sample(count, rng))
        rest = self.p if self.signal_root is None else self.n
        return signal, rng.standard_normal((rest, count))

    def pairs(self, signal: Any, noise: Any, xp: Any = np) -> tuple[Any, Any]:
        """The pairs behind those numbers, or stacks of them, (..., p, count) and (..., n, count).

        In the array library ``xp``, where the law's own arrays are (:meth:`moved`).
        """
        if self.signal_root is None:  # a spectral problem, in the eigenbasis of S
            diagonal = xp.linalg.diagonal
            y = xp.sqrt(diagonal(self.measurement_cov))[:, None] * signal
            return diagonal(self.best)[:, None] * y + self.residual_sd * noise, y
        x = self.signal_root @ signal
        clean = x if self.forward is None else self.forward @ x
        return x, clean + self.sigma * noise

    def sample(self, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """``count`` pairs: x of shape (p, count), y of shape (n, count)."""
        return self.pairs(*self.numbers(count, rng))

    def moved(self, put: Callable[[FloatArray], Any]) -> GaussianLaw:
        """The same with its arrays on a device, where ``put`` takes them."""
        return replace(
            self,
            measurement_cov=put(self.measurement_cov),
            cross_cov=put(self.cross_cov),
            best=put(self.best),
            forward=None if self.forward is None else put(self.forward),
            signal_root=None if self.signal_root is None else put(self.signal_root),
        )


def gaussian_law(model: Model) -> GaussianLaw:
    """The law behind a model; a bare spectral problem gets one in its own eigenbasis."""
    if isinstance(model, InverseProblem):
        return _inverse_problem_law(model)
    return _spectral_law(problem_of(model))


def _inverse_problem_law(model: InverseProblem) -> GaussianLaw:
    with threads_for(model.p):
        s, cross = model.measurement_cov(), model.cross_cov()
        best = np.linalg.solve(s, cross.T).T
    return GaussianLaw(
        measurement_cov=s,
        cross_cov=cross,
        best=np.asarray(best, dtype=float),
        signal_trace=float(np.trace(model.signal_cov)),
        floor=moments_of(model).floor,
        scale=float(model.p),
        forward=model.forward,
        sigma=model.sigma,
        signal_root=model.signal_root,
        residual_sd=0.0,
        contrast=model.contrast,
    )


def _spectral_law(problem: SpectralProblem) -> GaussianLaw:
    """S diagonal, B diagonal with ||B P_j||^2 = scale w_j, residual isotropic of trace floor."""
    n = problem.multiplicities.astype(int)
    l = np.repeat(problem.eigenvalues, n)
    b = np.repeat(np.sqrt(problem.target_weights * problem.scale / n), n)
    return GaussianLaw(
        measurement_cov=np.diag(l),
        cross_cov=np.diag(b * l),
        best=np.diag(b),
        signal_trace=problem.zero_risk * problem.scale,
        floor=problem.floor,
        scale=problem.scale,
        forward=None,
        sigma=0.0,
        signal_root=None,
        residual_sd=float(np.sqrt(problem.floor * problem.scale / problem.dimension)),
        contrast=Contrast.constant(),
    )
