"""Sums over eigenspaces and over the law of tau at pairs of points, as matrix products."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np

from linscale.filters.poles import Poles
from linscale.models.problem import MixtureProblem
from linscale.support.validate import FloatArray
from linscale.theory.mixture.blocks import ONES, Block, Series, powers
from linscale.theory.mixture.stieltjes import Resolvent


class Moments(ABC):
    """Series of T_j(z1)^a T_j(z2)^b and of d(z1)^a d(z2)^b; each is computed once.

    ``spaces`` sums over eigenspaces with weights n_j/N and f = (k_j, s2), ``targets`` with w_j/N
    and ``gains`` with g_j/N, g_j = w_j l_j^2; ``samples`` takes the mean over tau, f = (tau, 1).
    """

    U1: Block
    U2: Block
    delta1: Any
    delta2: Any

    def __init__(self, problem: MixtureProblem, n_train: float) -> None:
        self.problem, self.count = problem, float(n_train)
        self._known: dict[tuple[str, int, int], Series] = {}

    @abstractmethod
    def _sums(self, of: str, a: int, b: int, weights: FloatArray) -> list[Any]:
        """One sum for each row of weights; ``of`` is "T" or "d"."""

    def spaces(self, a: int, b: int) -> Series:
        return self._series("n", a, b)

    def targets(self, a: int, b: int) -> Series:
        return self._series("w", a, b)

    def gains(self, a: int, b: int) -> Series:
        key = ("g", a, b)
        if key not in self._known:
            self._known[key] = self.targets(a, b).times(ONES).times(ONES)
        return self._known[key]

    def samples(self, a: int, b: int) -> Series:
        return self._series("d", a, b)

    def _series(self, kind: str, a: int, b: int) -> Series:
        if (kind, a, b) not in self._known:
            weights, unit = self._weights[kind]
            highest = a + b + (kind == "w")
            sums = self._sums("d" if kind == "d" else "T", a, b, weights[: highest + 1])
            self._known[kind, a, b] = Series(sums, unit)
        return self._known[kind, a, b]

    @cached_property
    def _weights(self) -> dict[str, tuple[FloatArray, float]]:
        p, law = self.problem, self.problem.contrast
        s2, k = p.sigma**2, powers(p.power, HIGHEST + 1)
        return {
            "n": (k * (p.multiplicities / self.count), s2),
            "w": (k * (p.target_weights / self.count), s2),
            "d": (powers(law.atoms, HIGHEST + 1) * law.weights, 1.0),
        }


HIGHEST = 4  # a + b


class EqualMoments(Moments):
    """At z1 = z2: arrays (M,)."""

    def __init__(self, problem: MixtureProblem, n_train: float, at: Resolvent) -> None:
        super().__init__(problem, n_train)
        self._values = {"T": at.T, "d": at.d}
        self.U1 = self.U2 = Block([at.u, at.v])
        self.delta1 = self.delta2 = at.delta

    def _sums(self, of: str, a: int, b: int, weights: FloatArray) -> list[Any]:
        return list((self._values[of] ** (a + b) @ weights.T).T)


class Columns:
    """Points z2 with the powers of their T and d, (J, M2) and (K, M2), kept for every block."""

    def __init__(self, at: Resolvent) -> None:
        self.at = at
        self._known: dict[tuple[str, int], Any] = {}

    def power(self, of: str, b: int) -> Any:
        if (of, b) not in self._known:
            values = self.at.T if of == "T" else self.at.d
            self._known[of, b] = np.ascontiguousarray((values**b).T)
        return self._known[of, b]


class PairMoments(Moments):
    """At pairs of z1 and z2, some rows and some columns: (M1, M2), or (M1, 1) and (1, M2)."""

    def __init__(
        self,
        problem: MixtureProblem,
        n_train: float,
        at: Resolvent,
        columns: Columns,
        rows: slice,
        start: int,
    ) -> None:
        super().__init__(problem, n_train)
        self._rows = {"T": at.T[rows], "d": at.d[rows]}
        self._columns, self._start = columns, start
        self.U1 = Block([at.u[rows, None], at.v[rows, None]])
        self.U2 = Block([columns.at.u[None, start:], columns.at.v[None, start:]])
        self.delta1, self.delta2 = at.delta[rows, None], columns.at.delta[None, start:]

    def _sums(self, of: str, a: int, b: int, weights: FloatArray) -> list[Any]:
        first = self._rows[of]
        if b == 0:
            return list((first**a @ weights.T).T[:, :, None])
        second = self._columns.power(of, b)[:, self._start :]
        if a == 0:
            return list((weights @ second)[:, None, :])
        left = (first**a * weights[:, None, :]).reshape(-1, first.shape[1])
        return list((left @ second).reshape(len(weights), first.shape[0], -1))


class PoleMoments(Moments):
    """At a filter's pairs of poles: arrays (T, P), from the resolvent at the poles, (T K,)."""

    def __init__(
        self, problem: MixtureProblem, n_train: float, at: Resolvent, poles: Poles
    ) -> None:
        super().__init__(problem, n_train)
        self._shape, self._at = poles.z.shape, poles.pairs
        self._one = {"T": self._by_time(at.T), "d": self._by_time(at.d)}
        self._two = {of: _with_conjugates(values) for of, values in self._one.items()}
        self._known_powers: dict[tuple[str, int], Any] = {}
        (u1, u2), (v1, v2) = (self._ends(self._by_time(a)) for a in (at.u, at.v))
        self.U1, self.U2 = Block([u1, v1]), Block([u2, v2])
        self.delta1, self.delta2 = self._ends(self._by_time(at.delta))

    def _by_time(self, values: Any) -> Any:
        return values.reshape(*self._shape, *values.shape[1:])

    def _ends(self, values: Any) -> tuple[Any, Any]:
        """Of f at the poles: f(z1) and f(z2)."""
        return values[:, self._at.first], _with_conjugates(values)[:, self._at.second]

    def _columns(self, of: str, b: int) -> Any:
        """(T, L, 2 K)."""
        if (of, b) not in self._known_powers:
            power = np.ascontiguousarray((self._two[of] ** b).swapaxes(1, 2))
            self._known_powers[of, b] = power
        return self._known_powers[of, b]

    def _sums(self, of: str, a: int, b: int, weights: FloatArray) -> list[Any]:
        one, two = self._one[of], self._two[of]
        if b == 0:
            return list(np.moveaxis(one**a @ weights.T, -1, 0)[:, :, self._at.first])
        if a == 0:
            return list(np.moveaxis(two**b @ weights.T, -1, 0)[:, :, self._at.second])
        left = (one**a)[:, None] * weights[:, None, :]
        many = left.reshape(len(left), -1, left.shape[-1]) @ self._columns(of, b)
        sums = many.reshape(*left.shape[:3], -1)[:, :, self._at.first, self._at.second]
        return list(sums.swapaxes(0, 1))


def _with_conjugates(values: Any) -> Any:
    return np.concatenate((values, values.conj()), axis=1)
