"""The law of a bare spectral problem, in the eigenbasis of S: no n x n matrix anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from linscale.models.problem import SpectralProblem
from linscale.montecarlo.linear import LinearLaw, Put
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False)
class Diagonal:
    """A diagonal matrix by its entries, (n,), an array of any library."""

    entries: Any

    @property
    def shape(self) -> tuple[int, int]:
        n = int(self.entries.shape[0])
        return n, n

    def __matmul__(self, columns: Any) -> Any:
        """The product with (..., n, count)."""
        return self.entries[:, None] * columns

    def moved(self, put: Put) -> Diagonal:
        """The same with its entries on a device, where ``put`` takes them."""
        return Diagonal(put(self.entries))


@dataclass(frozen=True, eq=False)
class DiagonalLaw(LinearLaw):
    r"""y = S^{1/2} g and x = B y + s e with g, e ~ N(0, I_n), S and B diagonal.

    ||B P_j||^2 = scale w_j, and the residual is isotropic, n s^2 = scale floor: then the risk is
    that of the spectral problem. Matrices as for :class:`LinearLaw`, all of them diagonal.

    Attributes
    ----------
    residual_sd : float
        s.
    ranks : (n,) array of integers or None
        Where each coordinate comes among the eigenvalues in ascending order; None: where it is.
    """

    measurement_cov: Diagonal
    cross_cov: Diagonal
    best: Diagonal
    signal_trace: float
    floor: float
    scale: float
    residual_sd: float
    ranks: NDArray[np.intp] | None

    @classmethod
    def of(cls, problem: SpectralProblem) -> Self:
        n = problem.multiplicities.astype(int)
        l = np.repeat(problem.eigenvalues, n)
        b = np.repeat(np.sqrt(problem.target_weights * problem.scale / n), n)
        return cls(
            measurement_cov=Diagonal(l),
            cross_cov=Diagonal(b * l),
            best=Diagonal(b),
            signal_trace=problem.zero_risk * problem.scale,
            floor=problem.floor,
            scale=problem.scale,
            residual_sd=float(np.sqrt(problem.floor * problem.scale / problem.dimension)),
            ranks=_ranks(l),
        )

    @property
    def is_gaussian(self) -> bool:
        return True

    @property
    def measurement_root(self) -> Diagonal:
        return Diagonal(np.sqrt(self.measurement_cov.entries))

    @property
    def residual_root(self) -> Diagonal:
        return Diagonal(np.full(self.p, self.residual_sd))

    def roots(self, put: Put) -> tuple[Diagonal, Diagonal]:
        return self.measurement_root.moved(put), self.residual_root.moved(put)

    def arranged(self, factor: FloatArray) -> FloatArray:
        return factor if self.ranks is None else factor[self.ranks]

    def form(self, v: Any, xp: Any = np) -> Any:
        return (xp.matrix_transpose(v) * self.measurement_cov.entries) @ v

    def numbers(self, count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """g, and e."""
        return rng.standard_normal((self.n, count)), rng.standard_normal((self.p, count))

    def pairs(self, signal: Any, noise: Any, xp: Any = np) -> tuple[Any, Any]:
        y = xp.sqrt(self.measurement_cov.entries)[:, None] * signal
        return self.best @ y + self.residual_sd * noise, y

    def moved(self, put: Put) -> DiagonalLaw:
        matrices = {
            k: getattr(self, k).moved(put) for k in ("measurement_cov", "cross_cov", "best")
        }
        return replace(self, **matrices)


def _ranks(l: FloatArray) -> NDArray[np.intp] | None:
    """By selection sort, as LAPACK sorts the eigenvalues of a diagonal matrix.

    Among level eigenvalues too, the random numbers of a seed so go where they would go if S were a
    matrix and its root came from a decomposition.
    """
    if np.all(l[1:] >= l[:-1]):
        return None
    values, held = l.tolist(), list(range(l.size))  # held: the coordinate at each place
    waiting = list(zip(values, held, strict=True))
    heapify(waiting)
    for place in held[:]:
        value, found = heappop(waiting)
        while found < place or values[held[found]] != value:  # exchanged since
            value, found = heappop(waiting)
        if found != place:
            held[place], held[found] = held[found], held[place]
            heappush(waiting, (values[held[found]], found))
    ranks = np.empty(l.size, dtype=np.intp)
    ranks[held] = np.arange(l.size)
    return ranks
