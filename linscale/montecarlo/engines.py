"""Which engine draws: by what was asked for, or by what costs least.

dense    actual data (x_i, y_i); any model. Cost grows with N.
wishart  Bartlett's triangular factor in the data's place, then LAPACK; any Gaussian model.
band     the band form; subspace models only. By spectrum (every eigenvalue, so the bulk trace is
         exact) where that is affordable, else by leading blocks, whose cost does not grow with n.
cupy     what wishart draws (scale mixtures: what dense draws), decomposed in stacks on a GPU. Only
         where it is asked for: nothing falls back to it, and it falls back to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from linscale.errors import InvalidArgument, LinscaleError, Unsupported
from linscale.filters import Converged, Filter
from linscale.models import InverseProblem, SubspaceModel
from linscale.models.problem import MixtureProblem, Model, reduced
from linscale.montecarlo import _cupy
from linscale.montecarlo.band import WishartSubspace
from linscale.montecarlo.band_draws import (
    LARGEST_SPECTRUM,
    MomentDraw,
    draw_spectrum,
    moment_plan,
    probes,
)
from linscale.montecarlo.chebyshev import TOLERANCE, Plan
from linscale.montecarlo.draws import (
    DenseLinear,
    Source,
    WishartLinear,
    draw_linear,
    draw_subspace,
    draw_wishart,
)
from linscale.montecarlo.laws import gaussian_law
from linscale.montecarlo.stacks import Stacked
from linscale.support.validate import FloatArray

ENGINES = ("auto", "dense", "wishart", "band", "cupy")
AFFORDABLE = 0.03  # seconds a draw, below which an exact bulk trace is always worth its price
FLOP = 1.5e-10  # seconds; only ratios matter


class Draw(Protocol):
    """What every engine's draw can answer."""

    def path(self, filter: Filter) -> tuple[FloatArray, FloatArray]:
        """Learning error along the path, (bias, variance)."""
        ...

    def pca(self) -> float | FloatArray:
        """Risk of the plug-in PCA estimator."""
        ...

    @property
    def largest(self) -> float | FloatArray:
        """Largest eigenvalue of YY'/N, or a bound on it."""
        ...


Sampler = Callable[[np.random.Generator], Draw]


def choose(
    model: Model,
    n_train: int,
    residual: str,
    filters: Sequence[Filter],
    engine: str,
    tolerance: float = TOLERANCE,
) -> tuple[str, Sampler | Stacked]:
    """The engine's name, and a function that draws one training set with it, or draws in stacks.

    Raises
    ------
    InvalidArgument
        An engine or a residual that does not exist.
    Unsupported
        An engine that does not fit the problem, or has no device; the message says what would do.
    """
    check_engine(engine)
    if residual not in ("averaged", "drawn"):
        raise InvalidArgument("residual", repr(residual), "'averaged' or 'drawn'")
    drawn = residual == "drawn"
    if isinstance(reduced(model), MixtureProblem):
        return _mixture(model, n_train, drawn, engine)
    if engine == "cupy":
        return _on_gpu(model, n_train, drawn)
    if isinstance(model, SubspaceModel):
        return _subspace(model, n_train, drawn, filters, engine, tolerance)
    if engine == "band":
        raise Unsupported(
            "engine = 'band' needs a SubspaceModel: use engine='wishart' or 'dense' here"
        )
    law = gaussian_law(model)
    if engine == "dense":
        return "dense", lambda rng: draw_linear(law, n_train, rng, drawn)
    return "wishart", lambda rng: draw_wishart(law, n_train, rng, drawn)


def _on_gpu(model: Model, N: int, drawn: bool) -> tuple[str, Stacked]:
    """Without data; of one law and with the same numbers as engine="wishart"."""
    on = _cupy.backend()
    source: Source
    if isinstance(model, SubspaceModel):
        source = WishartSubspace(model, N, drawn)
    else:
        source = WishartLinear.of(gaussian_law(model), N, drawn)
    return f"cupy (wishart on {on.name})", Stacked(source, on)


def _mixture(model: Model, N: int, drawn: bool, engine: str) -> tuple[str, Sampler | Stacked]:
    """Contrast ties the residual to the measurement, so that only data themselves will do."""
    if engine not in ("auto", "dense", "cupy"):
        raise Unsupported(
            f"engine = {engine!r} draws Gaussian data, and the contrast of this model is not "
            "constant: use engine='dense'"
        )
    if not drawn:
        raise Unsupported(
            "residual = 'averaged' holds for Gaussian data, and the contrast of this model is not "
            "constant: use residual='drawn'"
        )
    if not isinstance(model, InverseProblem):
        raise InvalidArgument("model", type(model).__name__, "an InverseProblem, to draw data from")
    law = gaussian_law(model)
    if engine == "cupy":
        on = _cupy.backend()
        return f"cupy (dense on {on.name})", Stacked(DenseLinear(law, N, drawn=True), on)
    return "dense", lambda rng: draw_linear(law, N, rng, drawn=True)


def check_engine(engine: str) -> None:
    """Raise InvalidArgument unless there is an engine of that name."""
    if engine not in ENGINES:
        raise InvalidArgument("engine", repr(engine), "one of " + ", ".join(map(repr, ENGINES)))


def _subspace(
    model: SubspaceModel,
    N: int,
    drawn: bool,
    filters: Sequence[Filter],
    engine: str,
    tolerance: float,
) -> tuple[str, Sampler]:
    if engine == "dense":
        return "dense", lambda rng: draw_subspace(model, N, rng, drawn)
    width = (2 if drawn else 1) * model.d
    m = min(model.n, N + width)
    by_lapack, by_spectrum = FLOP * m**3, 30.0 * FLOP * m**2 * width
    if engine == "wishart" or (engine == "auto" and by_lapack < min(by_spectrum, AFFORDABLE)):
        return "wishart", lambda rng: draw_spectrum(model, N, rng, drawn, lapack=True)
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
            return "wishart", lambda rng: draw_spectrum(model, N, rng, drawn, lapack=True)
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
    return not isinstance(filter, Converged)


def _moment_cost(m: int, width: int, plan: Plan) -> float:
    """Products with the band and inner products, on as many rows as each step has reached."""
    steps = plan.degree / 2
    rows = min(0.5 * steps * width, m)
    return FLOP * steps * rows * width * width * 8.0
