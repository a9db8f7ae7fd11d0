"""Laws of pairs (x, y) whose estimators are matrices W, judged by second moments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from linscale.models.contrast import Contrast
from linscale.support.blas import eigh, threads_for
from linscale.support.validate import FloatArray

Put = Callable[[FloatArray], Any]


class LinearLaw(ABC):
    """A zero-mean law of (x, y), drawn pair by pair.

    Its matrices are arrays, or whatever stands for one: it has a ``shape``, and is multiplied from
    the left with columns (m, count) or stacks of them.

    Attributes
    ----------
    measurement_cov : (n, n) matrix
        S = Cov(y).
    cross_cov : (p, n) matrix
        Cov(x, y).
    best : (p, n) matrix
        B = Cov(x, y) S^{-1}.
    signal_trace, floor, scale : float
        tr S_x (not divided), the floor (divided by scale), and scale.
    """

    measurement_cov: Any
    cross_cov: Any
    best: Any
    signal_trace: float
    floor: float
    scale: float

    @property
    @abstractmethod
    def is_gaussian(self) -> bool:
        """Whether x - B y is independent of y, and data may be drawn by Wishart's law."""

    @property
    @abstractmethod
    def measurement_root(self) -> Any:
        """A square root of S, (n, n)."""

    @property
    @abstractmethod
    def residual_root(self) -> Any:
        """A square root of Cov(x | y) = S_x - B S B', (p, q)."""

    @abstractmethod
    def numbers(self, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """What is random in ``count`` pairs: of signals, and of noise or residual, white."""

    @abstractmethod
    def pairs(self, signal: Any, noise: Any, xp: Any = np) -> tuple[Any, Any]:
        """The pairs behind those numbers, or stacks of them, (..., p, count) and (..., n, count).

        In the array library ``xp``, where the law's own arrays are (:meth:`moved`).
        """

    @abstractmethod
    def moved(self, put: Put) -> LinearLaw:
        """The same with its arrays on a device, where ``put`` takes them."""

    def roots(self, put: Put) -> tuple[Any, Any]:
        """The roots of S and of Cov(x | y), there."""
        return put(self.measurement_root), put(self.residual_root)

    def arranged(self, factor: FloatArray) -> FloatArray:
        """Rows of Bartlett's factor of S, (n, r), in the order that ``measurement_root`` takes."""
        return factor

    def form(self, v: Any, xp: Any = np) -> Any:
        """V' S V, (..., r, r), of V (..., n, r)."""
        return xp.matrix_transpose(v) @ self.measurement_cov @ v

    @property
    def n(self) -> int:
        return int(self.measurement_cov.shape[0])

    @property
    def p(self) -> int:
        return int(self.cross_cov.shape[0])

    def sample(self, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """``count`` pairs: x of shape (p, count), y of shape (n, count)."""
        return self.pairs(*self.numbers(count, rng))


@dataclass(frozen=True, eq=False)
class GaussianLaw(LinearLaw):
    """x = sqrt(tau) F g, y = A x + sigma z; matrices as for :class:`LinearLaw`, all of them arrays.

    Attributes
    ----------
    forward, sigma, signal_root
        A (None: identity), the noise, and F, a root of S_x, (p, q).
    contrast : Contrast
        The law of tau; where it is constant the law is Gaussian.
    """

    measurement_cov: FloatArray
    cross_cov: FloatArray
    best: FloatArray
    signal_trace: float
    floor: float
    scale: float
    forward: FloatArray | None
    sigma: float
    signal_root: FloatArray
    contrast: Contrast

    @property
    def is_gaussian(self) -> bool:
        return self.contrast.is_constant

    @cached_property
    def measurement_root(self) -> FloatArray:
        l, v = eigh(self.measurement_cov)
        return np.asarray(v * np.sqrt(np.maximum(l, 0.0)))

    @cached_property
    def residual_root(self) -> FloatArray:
        # F (I + T'T / s2)^{-1} F', T = A F: positive by construction.
        root = self.signal_root
        with threads_for(self.p):
            t = root if self.forward is None else self.forward @ root
            inner = np.eye(root.shape[1]) + t.T @ t / self.sigma**2
            return np.asarray(np.linalg.solve(np.linalg.cholesky(inner), root.T).T)

    def numbers(self, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """sqrt(tau) g, and z."""
        signal = rng.standard_normal((self.signal_root.shape[1], count))
        if not self.contrast.is_constant:
            signal *= np.sqrt(self.contrast.sample(count, rng))
        return signal, rng.standard_normal((self.n, count))

    def pairs(self, signal: Any, noise: Any, xp: Any = np) -> tuple[Any, Any]:
        x = self.signal_root @ signal
        clean = x if self.forward is None else self.forward @ x
        return x, clean + self.sigma * noise

    def moved(self, put: Put) -> GaussianLaw:
        return replace(
            self,
            measurement_cov=put(self.measurement_cov),
            cross_cov=put(self.cross_cov),
            best=put(self.best),
            forward=None if self.forward is None else put(self.forward),
            signal_root=put(self.signal_root),
        )
