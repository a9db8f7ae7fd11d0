"""Who draws for the subspace model: as data, in the band form, or by its leading blocks alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linscale.errors import LinscaleError
from linscale.filters import Converged, Filter
from linscale.models import SubspaceModel
from linscale.models.problem import SpectralProblem
from linscale.montecarlo.band import WishartSubspace
from linscale.montecarlo.band_draws import (
    LARGEST_SPECTRUM,
    MomentDraw,
    draw_spectrum,
    moment_plan,
    probes,
)
from linscale.montecarlo.chebyshev import TOLERANCE, Plan
from linscale.montecarlo.decomposed import Draw
from linscale.montecarlo.diagonal import DiagonalLaw
from linscale.montecarlo.draws import DenseSubspace, Source
from linscale.montecarlo.linear import LinearLaw
from linscale.montecarlo.sampler import Drawing, Sampler, sampler_of
from linscale.montecarlo.stacks import Stacked

AFFORDABLE = 0.03  # seconds a draw, below which an exact bulk trace is always worth its price
FLOP = 1.5e-10  # seconds; only ratios matter


@sampler_of.register(SubspaceModel)
@dataclass(frozen=True, eq=False)
class SubspaceSampler(Sampler):
    """Draws whose cost does not grow with N, nor, by leading blocks, with n."""

    model: SubspaceModel

    @property
    def moments(self) -> SpectralProblem:
        return self.model.spectral()

    @property
    def engines(self) -> tuple[str, ...]:
        return ("wishart", "dense", "band")

    @property
    def has_pca(self) -> bool:
        return True

    def source(self, engine: str, n_train: int, drawn: bool) -> Source:
        if engine == "dense":
            return DenseSubspace(self.model, n_train, drawn)
        return WishartSubspace(self.model, n_train, drawn)

    def law(self) -> LinearLaw:
        """In the basis whose first d vectors are those of U."""
        return DiagonalLaw.of(self.moments)

    def choose(
        self,
        n_train: int,
        drawn: bool,
        filters: Sequence[Filter],
        engine: str,
        tolerance: float = TOLERANCE,
    ) -> tuple[str, Drawing | Stacked]:
        """ "auto" and "band" take what costs least: it depends on the filters.

        The spectrum gives every eigenvalue, so that the bulk trace is exact.
        """
        model, N = self.model, n_train
        width = (2 if drawn else 1) * model.d
        m = min(model.n, N + width)
        by_lapack, by_spectrum = FLOP * m**3, 30.0 * FLOP * m**2 * width
        if engine == "auto" and by_lapack < min(by_spectrum, AFFORDABLE):
            engine = "wishart"
        if engine not in ("auto", "band"):
            return super().choose(N, drawn, filters, engine, tolerance)
        spectrum = "band (spectrum)", lambda rng: draw_spectrum(model, N, rng, drawn)
        if by_spectrum <= AFFORDABLE:
            return spectrum
        try:
            plans = {f: moment_plan(model, N, f, drawn, tolerance) for f in filters if _has_plan(f)}
        except LinscaleError:
            if m > LARGEST_SPECTRUM:
                raise
            return spectrum
        by_moments = sum(_moment_cost(m, width, p) for p in plans.values())
        if m <= LARGEST_SPECTRUM and min(by_spectrum, by_lapack) < by_moments:
            if engine == "auto" and by_lapack < by_spectrum:
                return super().choose(N, drawn, filters, "wishart", tolerance)
            return spectrum
        degree = max((p.degree for p in plans.values()), default=0)
        error = max((p.error for p in plans.values()), default=0.0)
        bulk = "" if drawn else f", bulk trace from {probes(model)} noise directions"
        name = f"band (leading blocks, degree {degree}, truncation below {error:.0e}{bulk})"

        def draw(rng: np.random.Generator) -> Draw:
            stream = rng.bit_generator.seed_seq
            assert isinstance(stream, np.random.SeedSequence)
            return MomentDraw(model, N, drawn, plans, stream)

        return name, draw


def _has_plan(filter: Filter) -> bool:
    return type(filter) is not Converged


def _moment_cost(m: int, width: int, plan: Plan) -> float:
    """Products with the band and inner products, on as many rows as each step has reached."""
    steps = plan.degree / 2
    rows = min(0.5 * steps * width, m)
    return FLOP * steps * rows * width * width * 8.0
