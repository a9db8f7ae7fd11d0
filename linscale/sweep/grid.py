"""A grid: every combination of the values of each parameter."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from typing import Any

from linscale.errors import InputError, InvalidArgument
from linscale.support.renamed import renamed
from linscale.sweep.cells import Cell
from linscale.sweep.estimators import canonical
from linscale.sweep.ranges import expand

WHOLE = {"n", "d", "n_train", "trials", "rng"}
KEYS = tuple(field.name for field in fields(Cell))
FILES = {"seed": "rng"}  # what files and tables call it


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells for every combination of the values given; each question once.

    Every parameter of :class:`linscale.sweep.Cell` takes a value, a list, or a range as in
    :mod:`linscale.sweep.ranges`: ``n_train={"from": 1, "to": 10_000, "count": 30}``. All cells are
    made, and so checked, at once.

    Attributes
    ----------
    cells : tuple of Cell
        What iterating over the grid gives; its length is their number.

    Raises
    ------
    InvalidArgument
        Naming the parameter, its value and the allowed range.

    Examples
    --------
    >>> from linscale.sweep import Grid
    >>> grid = Grid(n=100, d=[5, 10], sigma=0.1, n_train={"from": 10, "to": 1000, "count": 3})
    >>> len(grid), [(cell.d, cell.n_train) for cell in grid][:4]
    (6, [(5, 10), (5, 100), (5, 1000), (10, 10)])

    Theory answers at each N once, however many seeds simulation is given:

    >>> both = {"n": 100, "d": 10, "sigma": 0.1, "n_train": [30, 300]}
    >>> len(Grid(**both, method=["theory", "montecarlo"], rng=[0, 1, 2]))
    8
    """

    cells: tuple[Cell, ...]

    @renamed(seed="rng")
    def __init__(
        self,
        *,
        n: Any,
        d: Any,
        sigma: Any,
        n_train: Any,
        estimator: Any = "early_stopped",
        method: Any = "montecarlo",
        trials: Any = 1000,
        engine: Any = "auto",
        residual: Any = "averaged",
        rng: Any = 0,
    ) -> None:
        given = {
            "n": n, "d": d, "sigma": sigma, "n_train": n_train, "trials": trials, "engine": engine,
            "residual": residual, "rng": rng, "method": method,
        }  # fmt: skip
        axes = {k: expand(k, values, whole=k in WHOLE) for k, values in given.items()}
        # A mapping is a filter here, and not a range.
        several = isinstance(estimator, list | tuple)
        axes["estimator"] = [canonical(e) for e in (estimator if several else [estimator])]
        if not axes["estimator"]:
            raise InvalidArgument("estimator", "empty", "an estimator or a list of them")
        made = (Cell(**dict(zip(axes, values, strict=True))) for values in product(*axes.values()))
        object.__setattr__(self, "cells", tuple(dict.fromkeys(made)))

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Grid:
        """The grid of a mapping such as a TOML file holds.

        Parameters
        ----------
        given : mapping
            Keys are parameters, ``seed`` standing for ``rng``. ``grid``, a list of mappings, holds
            several grids, whose cells are joined; keys beside it are shared by all.

        Raises
        ------
        InvalidArgument
            A key that is unknown or missing, or a value that cannot be.

        Examples
        --------
        >>> from linscale.sweep import Grid
        >>> shared = {"n": 100, "sigma": 0.1, "n_train": [30, 300], "seed": 7}
        >>> grid = Grid.from_dict({**shared, "grid": [{"d": 5}, {"d": 10, "method": "theory"}]})
        >>> [(cell.d, cell.n_train, cell.rng) for cell in grid]
        [(5, 30, 7), (5, 300, 7), (10, 30, None), (10, 300, None)]
        """
        shared = dict(given)
        blocks = shared.pop("grid", None)
        if blocks is None:
            return cls._of(shared)
        if not isinstance(blocks, list) or not all(isinstance(b, Mapping) for b in blocks):
            raise InvalidArgument("grid", repr(blocks)[:60], "tables, each under a line [[grid]]")
        grids = [cls._of({**shared, **block}) for block in blocks]
        return cls.joined(*grids)

    @classmethod
    def joined(cls, *grids: Grid) -> Grid:
        """The cells of several ``grids``, each question once.

        Examples
        --------
        >>> from linscale.sweep import Grid
        >>> model = {"n": 100, "d": 10, "sigma": 0.1}
        >>> few, many = Grid(**model, n_train=[10, 30]), Grid(**model, n_train=[30, 100])
        >>> [cell.n_train for cell in Grid.joined(few, many)]
        [10, 30, 100]
        """
        out = cls.__new__(cls)
        cells = dict.fromkeys(cell for grid in grids for cell in grid)
        object.__setattr__(out, "cells", tuple(cells))
        return out

    @classmethod
    def from_toml(cls, path: str | Path) -> Grid:
        """The grid of a TOML file; see :meth:`from_dict`.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        InputError
            A file that is missing or is not TOML, or a value that cannot be: with the file's name.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from linscale.sweep import Grid
        >>> text = "n = 100\\nd = [5, 10]\\nsigma = 0.1\\nn_train = {from = 8, to = 10}\\n"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "grid.toml")
        ...     _ = path.write_text(text)
        ...     grid = Grid.from_toml(path)
        >>> len(grid)
        6
        """
        try:
            given = tomllib.loads(Path(path).read_bytes().decode())
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror or error}") from None
        except ValueError as error:  # not TOML, or not text
            raise InputError(f"{path} is not a TOML file: {error}") from None
        try:
            return cls.from_dict(given)
        except InvalidArgument as error:
            raise InputError(f"{path}: {error}") from None

    @classmethod
    def _of(cls, given: Mapping[str, Any]) -> Grid:
        given = {FILES.get(key, key): value for key, value in given.items()}
        for key, value in given.items():
            if key not in KEYS:
                raise InvalidArgument(key, repr(value)[:60], "left out: keys are " + _listed(KEYS))
        for key in ("n", "d", "sigma", "n_train"):
            if key not in given:
                raise InvalidArgument(key, "missing", "given, as a value or a list")
        try:
            return cls(**given)
        except InvalidArgument as error:
            called = {name: word for word, name in FILES.items()}
            if error.argument not in called:
                raise
            raise InvalidArgument(called[error.argument], error.value, error.allowed) from None

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.cells)


def _listed(words: tuple[str, ...]) -> str:
    called = {name: word for word, name in FILES.items()}
    return ", ".join((*(called.get(word, word) for word in words), "grid"))
