"""Which engine draws: by what was asked for, or by what costs least.

dense    actual data (x_i, y_i); any model. Cost grows with N.
wishart  Bartlett's triangular factor in the data's place, then LAPACK; any Gaussian model.
band     the band form; subspace models only. By spectrum (every eigenvalue, so the bulk trace is
         exact) where that is affordable, else by leading blocks, whose cost does not grow with n.
cupy     what wishart draws (scale mixtures: what dense draws), decomposed in stacks on a GPU. Only
         where it is asked for: nothing falls back to it, and it falls back to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from linscale.errors import InvalidArgument, Unsupported
from linscale.filters import Filter
from linscale.models.problem import Model
from linscale.montecarlo import laws, subspace  # noqa: F401  (they register themselves)
from linscale.montecarlo.chebyshev import TOLERANCE
from linscale.montecarlo.sampler import Drawing, Sampler, sampler_of
from linscale.montecarlo.stacks import Stacked

ENGINES = ("auto", "dense", "wishart", "band", "cupy")


def choose(
    model: Model | Sampler,
    n_train: int,
    residual: str,
    filters: Sequence[Filter],
    engine: str,
    tolerance: float = TOLERANCE,
) -> tuple[str, Drawing | Stacked]:
    """The engine's name, and a function that draws one training set with it, or draws in stacks.

    Raises
    ------
    InvalidArgument
        An engine or a residual that does not exist.
    Unsupported
        An engine or a residual that does not fit the problem, or an engine without its device; the
        message says what would do.
    """
    check_engine(engine)
    if residual not in ("averaged", "drawn"):
        raise InvalidArgument("residual", repr(residual), "'averaged' or 'drawn'")
    sampler, drawn = sampler_of(model), residual == "drawn"
    if not (drawn or sampler.averages):
        raise Unsupported(
            "residual = 'averaged' needs residuals that are independent of the measurements, and "
            "those of this model are not: use residual='drawn'"
        )
    return sampler.choose(sampler.examples(n_train), drawn, filters, engine, tolerance)


def check_engine(engine: str) -> None:
    """Raise InvalidArgument unless there is an engine of that name."""
    if engine not in ENGINES:
        raise InvalidArgument("engine", repr(engine), "one of " + ", ".join(map(repr, ENGINES)))
