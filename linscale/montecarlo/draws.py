"""Drawing training sets: random numbers on the host, linear algebra wherever the arrays are.

Each source draws the random numbers of one training set, in pieces, from its own stream, and knows
how to decompose them: by NumPy one at a time, or a stack of them on a device. So the numbers of a
draw depend on its stream alone, not on where it is decomposed, nor on what else is in the stack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from linscale.models import SubspaceModel
from linscale.montecarlo import spectra
from linscale.montecarlo.backend import HOST, Array, Backend
from linscale.montecarlo.decomposed import Draw, LinearDraw, SubspaceDraw
from linscale.montecarlo.linear import LinearLaw
from linscale.support.validate import FloatArray

CHUNK = 2**21  # random numbers held at once while a Gram matrix is summed (16 MB)

Pieces = Iterator[tuple[FloatArray, ...]]


class Source(Protocol):
    """One way to draw a training set."""

    def numbers(self, rng: np.random.Generator) -> Pieces:
        """What is random in it, on the host, in pieces: each may be as large as CHUNK."""
        ...

    def decompose(self, pieces: Iterable[tuple[Array, ...]]) -> Draw:
        """The draw behind the numbers, or the stack of draws where they are stacked."""
        ...

    def moved(self, on: Backend) -> Self:
        """The same, decomposing on a device."""
        ...

    def footprint(self, points: int) -> int:
        """Numbers held on the device for each draw, about, on a path of ``points``."""
        ...


@dataclass(frozen=True, eq=False)
class DenseSubspace:
    """N pairs (x, y) of the subspace model; memory is min(n, N)^2 plus a piece of the data."""

    model: SubspaceModel
    n_train: int
    drawn: bool
    on: Backend = HOST

    def numbers(self, rng: np.random.Generator) -> Pieces:
        n, d, N = self.model.n, self.model.d, self.n_train
        if N < n:
            yield rng.standard_normal((d, N)), rng.standard_normal((d, N))
            for rows in _chunks(n - d, N):
                yield (rng.standard_normal((rows, N)),)
            return
        for columns in _chunks(N, n):
            yield rng.standard_normal((n, columns)), rng.standard_normal((d, columns))

    def decompose(self, pieces: Iterable[tuple[Array, ...]]) -> SubspaceDraw:
        on, d, N, sigma = self.on, self.model.d, self.n_train, self.model.sigma
        transposed, best = on.xp.matrix_transpose, 1.0 / (1.0 + sigma**2)
        if N < self.model.n:
            pieces = iter(pieces)
            codes, noise = next(pieces)
            signal = codes + sigma * noise
            gram = transposed(signal) @ signal
            for (noise,) in pieces:
                gram += sigma**2 * (transposed(noise) @ noise)
            residual = codes - best * signal if self.drawn else None
            found = spectra.of_few(on, gram, signal, residual, N)
        else:
            gram = cross = 0.0
            for noise, codes in pieces:
                y = sigma * noise
                y[..., :d, :] += codes
                gram += y @ transposed(y)
                if self.drawn:
                    cross += (codes - best * y[..., :d, :]) @ transposed(y)
            found = spectra.of_many(on, gram / N, cross / N if self.drawn else None, rows=d)
        return subspace_draw(self.model, N, found, on)

    def moved(self, on: Backend) -> Self:
        return replace(self, on=on)

    def footprint(self, points: int) -> int:
        n, d, N = self.model.n, self.model.d, self.n_train
        return footprint(min(n * N, CHUNK), d, d, min(n, N), points)


@dataclass(frozen=True, eq=False)
class DenseLinear:
    """N pairs (x, y) from a law, Gaussian or a scale mixture."""

    law: LinearLaw
    n_train: int
    drawn: bool
    on: Backend = HOST

    def numbers(self, rng: np.random.Generator) -> Pieces:
        n, N = self.law.n, self.n_train
        for columns in [N] if N < n else _chunks(N, n + self.law.p):
            yield self.law.numbers(columns, rng)

    def decompose(self, pieces: Iterable[tuple[Array, ...]]) -> LinearDraw:
        on, law, N = self.on, self.law, self.n_train
        transposed = on.xp.matrix_transpose
        if N < law.n:
            ((signal, noise),) = pieces
            x, y = law.pairs(signal, noise, on.xp)
            found = spectra.of_few(on, transposed(y) @ y, y, x if self.drawn else None, N)
        else:
            gram = cross = 0.0
            for signal, noise in pieces:
                x, y = law.pairs(signal, noise, on.xp)
                gram += y @ transposed(y)
                if self.drawn:
                    cross += x @ transposed(y)
            found = spectra.of_many(on, gram / N, cross / N if self.drawn else None)
        return _measured(law, N, found, on)

    def moved(self, on: Backend) -> Self:
        return replace(self, law=self.law.moved(on.put), on=on)

    def footprint(self, points: int) -> int:
        n, p, N = self.law.n, self.law.p, self.n_train
        data = (n + p) * N
        return footprint(data if N < n else min(data, CHUNK), n, p, min(n, N), points)


@dataclass(frozen=True, eq=False)
class WishartLinear:
    """YY' and XY' without data: Bartlett's factor, O(n min(n, N)) random numbers.

    A Gaussian Y of covariance S is S^{1/2} T Q with T (n, r) lower triangular, T[j, j] ~
    chi(N - j), normal below, and Q (r, N) orthonormal rows independent of T; then X Q' = B Y Q' + E
    with E of r columns.
    """

    law: LinearLaw
    n_train: int
    drawn: bool
    root: Array
    residual_root: Array
    on: Backend = HOST

    @classmethod
    def of(cls, law: LinearLaw, n_train: int, drawn: bool) -> Self:
        return cls(law, n_train, drawn, *law.roots(np.asarray))

    def numbers(self, rng: np.random.Generator) -> Pieces:
        n, r = self.law.n, min(self.law.n, self.n_train)
        t = np.tril(rng.standard_normal((n, r)), -1)
        t[np.arange(r), np.arange(r)] = np.sqrt(rng.chisquare(self.n_train - np.arange(r)))
        columns = self.residual_root.shape[1] if self.drawn else 0
        yield self.law.arranged(t), rng.standard_normal((columns, r))

    def decompose(self, pieces: Iterable[tuple[Array, ...]]) -> LinearDraw:
        ((t, e),) = pieces
        y = self.root @ t
        x = self.law.best @ y + self.residual_root @ e if self.drawn else None
        return _learned(self.law, x, y, self.n_train, self.on)

    def moved(self, on: Backend) -> Self:
        root, residual_root = self.law.roots(on.put)
        law = self.law.moved(on.put)
        return replace(self, law=law, root=root, residual_root=residual_root, on=on)

    def footprint(self, points: int) -> int:
        n, p, r = self.law.n, self.law.p, min(self.law.n, self.n_train)
        return footprint((n + p) * r, n, p, r, points)


def draw_subspace(
    model: SubspaceModel, n_train: int, rng: np.random.Generator, drawn: bool
) -> SubspaceDraw:
    """Draw N pairs (x, y) and decompose; memory is min(n, N)^2 plus a chunk of the data."""
    source = DenseSubspace(model, n_train, drawn)
    return source.decompose(source.numbers(rng))


def draw_linear(law: LinearLaw, n_train: int, rng: np.random.Generator, drawn: bool) -> LinearDraw:
    """Draw N pairs (x, y) from a law and decompose."""
    source = DenseLinear(law, n_train, drawn)
    return source.decompose(source.numbers(rng))


def draw_wishart(law: LinearLaw, n_train: int, rng: np.random.Generator, drawn: bool) -> LinearDraw:
    """Draw from the same law without data."""
    source = WishartLinear.of(law, n_train, drawn)
    return source.decompose(source.numbers(rng))


def train(
    law: LinearLaw,
    x: FloatArray,
    y: FloatArray,
    averaged: bool = False,
    count: int | None = None,
) -> LinearDraw:
    """Decompose a training set given as arrays, x of shape (p, N) and y of shape (n, N).

    ``count`` is the number of samples behind the columns where it is not their number.
    """
    N = y.shape[1] if count is None else count
    return _learned(law, None if averaged else x, y, N, HOST)


def footprint(data: int, n: int, p: int, r: int, points: int) -> int:
    """Numbers held for a draw whose r x r Gram matrix is decomposed, generously.

    Its random numbers and what is made of them; the matrix, its copy, its eigenvectors and the
    solver's workspace; V, C and their products with covariances; the filter's path.
    """
    return 3 * data + 6 * r * r + 4 * (n + p) * r + 3 * points * r


def _learned(law: LinearLaw, x: Array | None, y: Array, n_train: int, on: Backend) -> LinearDraw:
    """Decompose columns; x is None where its residual is averaged."""
    transposed, N = on.xp.matrix_transpose, n_train
    if y.shape[-1] < y.shape[-2]:
        found = spectra.of_few(on, transposed(y) @ y, y, x, N)
    else:
        cross = None if x is None else x @ transposed(y) / N
        found = spectra.of_many(on, y @ transposed(y) / N, cross)
    return _measured(law, N, found, on)


def _measured(law: LinearLaw, n_train: int, found: spectra.Spectrum, on: Backend) -> LinearDraw:
    """With the residual averaged, C is B V l."""
    l, v, c = found
    averaged = c is None
    if averaged:
        c = (law.best @ v) * l[..., None, :]
    return LinearDraw(law, n_train, l, c, v, averaged, on)


def subspace_draw(
    model: SubspaceModel, n_train: int, found: spectra.Spectrum, on: Backend
) -> SubspaceDraw:
    """Vectors and residuals as rows."""
    l, v, c = found
    rows, residual = (None if x is None else on.xp.matrix_transpose(x) for x in (v, c))
    return SubspaceDraw(model, n_train, l, rows, residual, on)


def _chunks(total: int, width: int) -> list[int]:
    """Sizes that sum to ``total``, each holding about CHUNK numbers ``width`` wide."""
    size = max(1, CHUNK // width)
    return [min(size, total - start) for start in range(0, total, size)]
