"""A cell: one question of a sweep, its key, and its own random stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any

import numpy as np

from linscale.errors import InvalidArgument
from linscale.models import SubspaceModel
from linscale.support import validate
from linscale.support.renamed import renamed
from linscale.sweep import estimators
from linscale.sweep.estimators import dumps, learns_targets

METHODS = ("theory", "montecarlo")
RESIDUALS = ("averaged", "drawn")
ENGINES = ("auto", "band", "wishart", "dense")  # any other name is asked of linscale.montecarlo
LARGEST_SEED = 2**53  # kept exactly by JSON, SQLite and netCDF
LARGEST_SIZE = 2**53


@dataclass(frozen=True)
class Cell:
    """One risk, or one path of risks, of a subspace model.

    The question is brought to one spelling, so that equal questions are equal cells: theory has no
    trials, engine, residual and rng (None), and PCA learns no targets, so has no residual to draw.

    Parameters
    ----------
    n, d, sigma : int, int, float
        Of :class:`linscale.SubspaceModel`.
    n_train : int
        N >= 1.
    estimator : str, mapping, Estimator or Filter
        An estimator's word, such as "early_stopped", or a filter, as in
        :mod:`linscale.sweep.estimators`; kept as its canonical text.
    method : "theory" or "montecarlo"
    trials, engine, residual :
        Of :func:`linscale.montecarlo.risk`.
    rng : int
        From 0 to 2^53: the cell's random numbers depend on it and on the question alone. A seed,
        and nothing else that SPEC 7 allows, as a cell is known by it; tables call it "seed".

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.

    Examples
    --------
    Equal questions are equal cells, with one key and one random stream:

    >>> import numpy as np
    >>> from linscale.sweep import Cell
    >>> cell = Cell(n=100, d=10, sigma=0.1, n_train=30, estimator="early-stopped", trials=50)
    >>> again = Cell(100, 10, 0.1, 30, trials=np.int64(50))
    >>> cell == again and cell.key() == again.key()
    True
    >>> bool((cell.stream().generate_state(2) == again.stream().generate_state(2)).all())
    True

    Theory draws nothing, so that it has no trials:

    >>> Cell(n=100, d=10, sigma=0.1, n_train=30, method="theory").trials is None
    True
    >>> cell.parameters()[:51]
    '{"d":10,"engine":"auto","estimator":"early_stopped"'
    """

    n: int
    d: int
    sigma: float
    n_train: int
    estimator: str = "early_stopped"
    method: str = "montecarlo"
    trials: int | None = 1000
    engine: str | None = "auto"
    residual: str | None = "averaged"
    rng: int | None = 0

    def __post_init__(self) -> None:
        model = SubspaceModel(self.n, self.d, self.sigma)
        validate.integer("n", model.n, at_least=1, at_most=LARGEST_SIZE)
        checked: dict[str, Any] = {
            "n": model.n, "d": model.d, "sigma": model.sigma,
            "n_train": validate.n_train(self.n_train),
            "estimator": estimators.canonical(self.estimator),
            "method": one_of("method", self.method, METHODS),
            "trials": None, "engine": None, "residual": None, "rng": None,
        }  # fmt: skip
        if self.method == "montecarlo":
            residual = one_of("residual", self.residual, RESIDUALS)
            checked |= {
                "trials": validate.integer("trials", self.trials, at_least=1, at_most=LARGEST_SIZE),
                "engine": _engine(self.engine),
                "residual": residual if learns_targets(checked["estimator"]) else "averaged",
                "rng": validate.integer("rng", self.rng, at_least=0, at_most=LARGEST_SEED),
            }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def as_kept(cls, values: Mapping[str, Any]) -> Cell:
        """The cell that a store's row was made from: its values have been checked then.

        Its estimator need not be known here, so that ``values`` of anybody's sweep can be read.

        Parameters
        ----------
        values : mapping
            Every parameter by name.

        Returns
        -------
        Cell

        Examples
        --------
        >>> import linscale as ls
        >>> cell = ls.sweep.Cell(20, 2, 0.1, 30)
        >>> kept = {name: getattr(cell, name) for name in cell.__dataclass_fields__}
        >>> ls.sweep.Cell.as_kept({**kept, "estimator": "somebody's"}).estimator
        "somebody's"
        """
        cell = cls.__new__(cls)
        for name in (*PARAMETERS, "rng"):
            object.__setattr__(cell, name, values[name])
        return cell

    @property
    def model(self) -> SubspaceModel:
        """The model that is asked about."""
        return SubspaceModel(self.n, self.d, self.sigma)

    @property
    def seed(self) -> int | None:
        """``rng``, as tables call it."""
        return self.rng

    def parameters(self) -> str:
        """Canonical JSON of all but the seed."""
        return dumps({name: getattr(self, name) for name in PARAMETERS})

    def key(self) -> bytes:
        """What the store knows the cell by: SHA-256 of its parameters and seed, 32 bytes."""
        return sha256(f"{self.parameters()}{self.rng}".encode()).digest()

    def stream(self) -> np.random.SeedSequence:
        """The cell's own stream, from its parameters and seed alone.

        Neither the order of the cells nor the workers, nor what else is in the sweep, touch it.
        """
        digest = sha256(self.parameters().encode()).digest()
        words = np.frombuffer(digest, dtype="<u4").tolist()
        return np.random.SeedSequence(self.rng, spawn_key=tuple(words))


PARAMETERS = tuple(field.name for field in fields(Cell) if field.name != "rng")
Cell.__init__ = renamed(seed="rng")(Cell.__init__)  # type: ignore[method-assign]


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """``value`` if it is among the allowed words."""
    if not isinstance(value, str) or value not in allowed:
        raise InvalidArgument(name, repr(value)[:60], "one of " + ", ".join(map(repr, allowed)))
    return value


def _engine(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidArgument("engine", repr(value)[:60], "a word such as 'auto'")
    if value not in ENGINES:
        from linscale.montecarlo.engines import check_engine  # slow to load, so only where needed

        check_engine(value)
    return value
