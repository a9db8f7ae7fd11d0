r"""Exact draws of the subspace model without data: the band form of Bloemendal and Virag.

By rotation invariance YY' has the law of S^{1/2} G G' S^{1/2}, up to a rotation inside the noise
space, with G lower banded of width D (the number of leading coordinates that are kept in place):

    G[j, j] ~ chi(N - j),   G[j+1 .. j+D-1, j] ~ N(0, 1),   G[j+D, j] ~ chi(n - D - j)

for j = 0 .. min(n, N) - 1, rows from n on dropped. So YY'/N is banded, costs O(n D) random numbers
whatever N, and everything the risk needs is seen from its leading block. The leading coordinates
are the signal subspace, and with it

- averaged residual: a few noise directions, whose diagonal of h(Sh) estimates the bulk trace;
- drawn residual: d rows more on top of G for the residual E, so that E Y'/N is banded too.

Derivation: `band`.

Source: Bloemendal and Virag, Ann. Probab. 44 (2016) 2726, Section 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from linscale.models import SubspaceModel
from linscale.montecarlo import _numba_band, spectra
from linscale.montecarlo.backend import HOST, Array, Backend
from linscale.montecarlo.decomposed import SubspaceDraw
from linscale.montecarlo.draws import Pieces, footprint, subspace_draw
from linscale.support.validate import FloatArray

CHUNK = 256  # columns drawn at once: a longer factor begins with the same numbers as a shorter one


class BandFactor:
    """Columns of F = S^{1/2} G, drawn on demand; ``factor[j, o] = F[j + o, j]``.

    Parameters
    ----------
    model, n_train
        n, d, sigma and N.
    extra : int
        Leading coordinates besides the d of the signal: noise directions, or with ``drawn`` the
        d rows of the residual on top.
    drawn : bool
        Whether the first d rows are those of the residual E, of variance s2/(1+s2).
    """

    def __init__(
        self,
        model: SubspaceModel,
        n_train: int,
        rng: np.random.Generator,
        extra: int = 0,
        drawn: bool = False,
    ) -> None:
        d, s2 = model.d, model.sigma**2
        self.rng, self.n_train = rng, n_train
        self.top = d if drawn else 0
        self.n = model.n + self.top
        self.leading = min(self.top + d + (0 if drawn else extra), self.n)
        self.width = min(self.leading, self.n - 1)
        self.rank = min(self.n, n_train)
        # Rows below are zero when N < n.
        self.rows = min(self.n, self.rank + self.width)
        self.scale = np.full(self.leading + 1, model.sigma)  # the last one holds for all below
        self.scale[: self.top] = np.sqrt(s2 / (1.0 + s2))
        self.scale[self.top : self.top + d] = np.sqrt(1.0 + s2)
        self._chunks: list[FloatArray] = []

    def columns(self, count: int) -> FloatArray:
        """The first ``count`` columns (fewer if the rank is less), shape (count, width + 1)."""
        count = min(count, self.rank)
        while len(self._chunks) * CHUNK < count:
            self._chunks.append(self._draw(len(self._chunks) * CHUNK))
        return np.concatenate(self._chunks)[:count]

    def white(self) -> FloatArray:
        """All columns of G itself."""
        factor = self.columns(self.rank)
        return factor / self._scales(0, factor.shape[0])

    def _draw(self, start: int) -> FloatArray:
        j = np.arange(start, min(start + CHUNK, self.rank))[:, None]
        out = self.rng.standard_normal((j.size, self.width + 1))
        out[:, 0] = np.sqrt(self.rng.chisquare(self.n_train - j[:, 0]))
        if self.width == self.leading:  # else every coordinate is a leading one
            left = self.n - self.width - j[:, 0]
            out[:, -1] = np.sqrt(self.rng.chisquare(np.maximum(left, 1))) * (left > 0)
        out[j + np.arange(self.width + 1) >= self.n] = 0.0
        return out * self._scales(start, j.size)

    def _scales(self, start: int, count: int) -> FloatArray:
        row = np.arange(start, start + count)[:, None] + np.arange(self.width + 1)
        return np.asarray(self.scale[np.minimum(row, self.scale.size - 1)])


@dataclass(frozen=True, eq=False)
class WishartSubspace:
    """YY'/N as a band, the Wishart form of the subspace model: its random numbers and its spectrum.

    The band is summed on the host, O(n D^2); as a full matrix it is decomposed by LAPACK's kind.
    """

    model: SubspaceModel
    n_train: int
    drawn: bool
    on: Backend = HOST

    def numbers(self, rng: np.random.Generator) -> Pieces:
        """The lower band (m, width + 1), and E Y'/N on the leading coordinates."""
        factor = BandFactor(self.model, self.n_train, rng, drawn=self.drawn)
        lower = _numba_band.gram(factor.columns(factor.rank), factor.rows, float(self.n_train))
        cross = leading_cross(lower, factor.top, factor.leading)
        yield np.ascontiguousarray(lower[factor.top :]), cross

    def decompose(self, pieces: Iterable[tuple[Array, ...]]) -> SubspaceDraw:
        ((band, cross),) = pieces
        gram, rank = spectra.symmetric(band, self.on.xp), min(self.model.n, self.n_train)
        cross = cross if self.drawn else None
        found = spectra.of_many(self.on, gram, cross, rank, self.model.d)
        return subspace_draw(self.model, self.n_train, found, self.on)

    def moved(self, on: Backend) -> Self:
        return replace(self, on=on)

    def footprint(self, points: int) -> int:
        width = (2 if self.drawn else 1) * self.model.d
        m = min(self.model.n, self.n_train + width)
        return footprint(m * (width + 1), self.model.d, self.model.d, m, points)


def leading_cross(lower: FloatArray, top: int, block: int) -> FloatArray:
    """E Y'/N on the leading coordinates of Y, (top, block), from the band of the joint matrix."""
    width = lower.shape[1] - 1
    cross = np.zeros((top, min(block, lower.shape[0] - top)))
    for a in range(top):
        reach = min(width - (top - a) + 1, cross.shape[1])
        cross[a, :reach] = lower[a, top - a : top - a + reach]
    return cross
