"""What a cell gave: its numbers, how they were made, and what to know about them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from linscale import theory
from linscale.errors import LinscaleError, MissingDevice
from linscale.filters import Filter
from linscale.results.risk import CURVE_COLUMNS, PATH_COLUMNS, RiskPath, RiskPoint
from linscale.support.validate import FloatArray
from linscale.sweep import estimators
from linscale.sweep.cells import Cell

COLUMNS = CURVE_COLUMNS


@dataclass(frozen=True, eq=False)
class Outcome:
    """A finished cell.

    Attributes
    ----------
    cell : Cell
        What was asked.
    values : (8, T) array
        ``at``, ``value``, ``bias``, ``variance``, ``error``, ``sem``, ``std`` and ``oracle`` as in
        :class:`linscale.results.risk.RiskPoint`, one column for each point of the path
        (T = 1 for words; 0 where the cell failed).
    floor : float
        Risk of the best linear estimator, divided by d as all risks here.
    made_by : str
        The result's ``method``.
    statuses : tuple of str
        T remarks: "ok", or what to know before trusting the value.
    failed : str or None
        The error's message, where the question has no answer: a step that diverges, say.
    seconds : float
        Time that it took.

    Examples
    --------
    ``point`` is the result of a word, or the lowest point of a filter's ``path``:

    >>> from linscale.sweep import Cell, compute
    >>> model = {"n": 100, "d": 10, "sigma": 0.1, "n_train": 30, "method": "theory"}
    >>> flow = {"filter": "gradient_flow", "times": [1, 10, 100]}
    >>> path = compute(Cell(**model, estimator=flow))
    >>> path.values.shape, path.path.value.shape, path.point.at
    ((8, 3), (3,), 100.0)

    A step at which descent diverges has no answer, here or anywhere:

    >>> descent = {"filter": "gradient_descent", "step": 3, "iterations": [10]}
    >>> print(compute(Cell(**model, estimator=descent)).failed)  # doctest: +ELLIPSIS
    step = 3: must be below 0.78... (at the edge of the sample spectrum, n_train = 30)
    """

    cell: Cell
    values: FloatArray
    floor: float
    made_by: str
    statuses: tuple[str, ...]
    failed: str | None = None
    seconds: float = 0.0

    @property
    def path(self) -> RiskPath:
        """The result of a filter; of a word, a path of one point."""
        self._answered()
        columns = {name: self.values[COLUMNS.index(name)] for name in PATH_COLUMNS}
        return RiskPath(
            **columns, floor=self.floor, statuses=self.statuses, method=self.made_by,
            parameter=estimators.parameter(self.cell.estimator),
        )  # fmt: skip

    @property
    def point(self) -> RiskPoint:
        """The result of a word; of a filter, the lowest point of its path."""
        if not estimators.is_word(self.cell.estimator):
            return self.path.best
        self._answered()
        columns = dict(zip(COLUMNS, self.values[:, 0].tolist(), strict=True))
        return RiskPoint(**columns, floor=self.floor, method=self.made_by, status=self.statuses[0])

    def _answered(self) -> None:
        if self.failed is not None:
            raise LinscaleError(f"this cell has no result: {self.failed}")


def compute(cell: Cell) -> Outcome:
    """Answer a cell's question, in this thread.

    Parameters
    ----------
    cell : Cell

    Returns
    -------
    Outcome
        ``failed`` says why where the question has no answer.

    Raises
    ------
    MissingDevice
        Its engine needs one: that is no answer, since another machine may have it.

    Examples
    --------
    As asked directly, but that a cell's random numbers are its own:

    >>> import linscale as ls
    >>> from linscale.sweep import Cell, compute
    >>> cell = Cell(n=20, d=2, sigma=0.1, n_train=30, trials=20)
    >>> asked = ls.montecarlo.early_stopped(cell.model, 30, trials=20, rng=cell.stream())
    >>> compute(cell).point.value == asked.value
    True
    """
    start = time.perf_counter()
    failed = None
    try:
        answer = _ask(cell)
    except MissingDevice:
        raise
    except (LinscaleError, np.linalg.LinAlgError) as error:  # it would be the same another time
        failed = str(error)
        nothing: dict[str, Any] = {name: np.empty(0) for name in PATH_COLUMNS}
        floor = cell.model.spectral().floor
        answer = RiskPath(**nothing, floor=floor, statuses=(), method=cell.method)
    seconds = time.perf_counter() - start
    path = RiskPath.single(answer) if isinstance(answer, RiskPoint) else answer
    unknown = np.full(path.at.shape, getattr(answer, "oracle", np.nan))
    values = np.array([getattr(path, name) for name in PATH_COLUMNS] + [unknown], dtype=float)
    values[np.isnan(values)] = np.nan  # one spelling of it, whatever made it
    return Outcome(cell, values, float(path.floor), path.method, path.statuses, failed, seconds)


def _ask(cell: Cell) -> RiskPath | RiskPoint:
    model, N = cell.model, cell.n_train
    asked = estimators.build(cell.estimator, model, N)
    if cell.method == "theory":
        if isinstance(asked, Filter):
            return theory.risk(model, N, asked)
        return asked.theory(model, N)
    options: dict[str, Any] = {
        "trials": cell.trials, "rng": cell.stream(), "engine": cell.engine,
        "residual": cell.residual,
    }  # fmt: skip
    if isinstance(asked, Filter):
        from linscale import montecarlo

        return montecarlo.risk(model, N, asked, **options)
    return asked.simulation(model, N, **options)
