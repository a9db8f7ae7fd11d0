"""Selection as the paper does it: the best network on validation, reported on test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.empirical import metrics
from linscale.empirical.columns import some
from linscale.empirical.table import Result, ResultTable
from linscale.errors import InvalidArgument
from linscale.support.validate import FloatArray


def best_by_validation(
    table: ResultTable,
    metric: str,
    *,
    report: str = "test",
    as_plotted: bool = False,
    larger_is_better: bool | None = None,
) -> ResultTable:
    """For each task and N the network size and run that is best on validation, by its test value.

    Every row of the metric takes part: filter the table first where it holds more than the
    networks to choose from.

    Parameters
    ----------
    table : ResultTable
    metric : str
        Chosen by, and reported.
    report : "test", "train" or "val"
        The split whose rows are returned.
    as_plotted : bool
        As the plots beside the paper: validation chooses the size only (that of the best run),
        and the best test value of all its runs is taken. That one is biased upwards.
    larger_is_better : bool
        Needed for a metric that is not known.

    Returns
    -------
    ResultTable
        One row for each task and N, sorted. In a tie the smaller network, then the smaller seed.

    Raises
    ------
    InvalidArgument
        A metric that the table lacks, or one that is not known without ``larger_is_better``;
        another split; a run with two values on one split, a task and N without validation, or a
        chosen run without its value on ``report``: nothing is left out in silence.

    Examples
    --------
    Two networks at each of two training-set sizes:

    >>> import linscale as ls
    >>> table = ls.empirical.ResultTable.from_columns({
    ...     "task": ["denoising"] * 8, "metric": ["psnr"] * 8, "unit": ["dB"] * 8,
    ...     "source": ["mine"] * 8, "split": ["val", "test"] * 4,
    ...     "n_train": [10] * 4 + [100] * 4, "n_params": [1000, 1000, 9000, 9000] * 2,
    ...     "value": [21.0, 19.5, 20.5, 20.0, 23.0, 23.5, 25.0, 25.5],
    ... })
    >>> best = ls.empirical.best_by_validation(table, "psnr")
    >>> [(row.n_train, row.n_params, row.value) for row in best]
    [(10, 1000, 19.5), (100, 9000, 25.5)]
    """
    if report not in metrics.SPLITS:
        raise InvalidArgument("report", repr(report), " or ".join(map(repr, metrics.SPLITS)))
    sign = -1.0 if metrics.larger_is_better(metric, larger_is_better) else 1.0
    rows = _rows(table, metric)
    validation = _by_run(rows, "val")
    reported = validation if report == "val" else _by_run(rows, report)
    cells: dict[tuple[str, int], list[Result]] = defaultdict(list)
    for row in rows:
        cells[row.task, row.n_train]  # a cell without validation must be seen
    for row in validation.values():
        cells[row.task, row.n_train].append(row)
    chosen = []
    for (task, n_train), candidates in cells.items():
        if not candidates:
            raise InvalidArgument(
                "table", f"no {metric} on validation for {task}, n_train = {n_train}",
                "given a 'val' row for each network, or filtered to the N that have one",
            )  # fmt: skip
        best = min(candidates, key=lambda r: (sign * r.value, r.n_params or 0, _seed(r)))
        taken = reported.get(_run(best))
        if as_plotted:
            runs = [row for row in reported.values() if _cell(row) == _cell(best)]
            taken = min(runs, key=lambda r: (sign * r.value, _seed(r)), default=None)
        if taken is None:
            raise InvalidArgument(
                "table", f"no {metric} on {report} for {_words(best)}, the best on validation",
                f"given its {report!r} row too",
            )  # fmt: skip
        chosen.append(taken)
    return ResultTable(chosen, table.notes).sorted()


@dataclass(frozen=True, eq=False)
class Grid:
    """A metric over training-set sizes and network sizes, as :func:`grid` makes it.

    Attributes
    ----------
    metric, unit, split : str
    n_train : (A,) array of int
        Ascending.
    n_params : (B,) array of int
        Ascending.
    mean, lowest, highest : (A, B) arrays
        Over runs, in ``unit``; NaN where there is no run.
    runs : (A, B) array of int
        How many there are.

    Examples
    --------
    >>> import linscale as ls
    >>> table = ls.empirical.ResultTable.from_columns({
    ...     "task": ["denoising"] * 3, "metric": ["psnr"] * 3, "unit": ["dB"] * 3,
    ...     "source": ["mine"] * 3, "split": ["test"] * 3, "n_train": [10, 10, 100],
    ...     "n_params": [1000] * 3, "seed": [0, 1, 0], "value": [19.0, 20.0, 23.5],
    ... })
    >>> grid = ls.empirical.grid(table, "psnr", "test")
    >>> for n, mean, low, high in zip(grid.n_train, grid.mean, grid.lowest, grid.highest):
    ...     print(f"{n} examples: {mean[0]} {grid.unit}, {low[0]} to {high[0]}")
    10 examples: 19.5 dB, 19.0 to 20.0
    100 examples: 23.5 dB, 23.5 to 23.5
    """

    metric: str
    unit: str
    split: str
    n_train: NDArray[np.int64]
    n_params: NDArray[np.int64]
    mean: FloatArray
    lowest: FloatArray
    highest: FloatArray
    runs: NDArray[np.int64]


def grid(table: ResultTable, metric: str, split: str) -> Grid:
    """The whole grid of N and P of one task; rows without a network size have no place in it.

    Parameters
    ----------
    table : ResultTable
    metric : str
    split : "train", "val" or "test"

    Returns
    -------
    Grid

    Raises
    ------
    InvalidArgument
        No such rows, several tasks, a row without n_params, or a run with two values: filter first.

    Examples
    --------
    >>> import linscale as ls
    >>> table = ls.empirical.ResultTable.from_columns({
    ...     "task": ["denoising"] * 3, "metric": ["psnr"] * 3, "unit": ["dB"] * 3,
    ...     "source": ["mine"] * 3, "split": ["test"] * 3, "n_train": [10, 10, 100],
    ...     "n_params": [1000, 9000, 9000], "value": [19.5, 20.0, 25.5],
    ... })
    >>> found = ls.empirical.grid(table, "psnr", "test")
    >>> found.n_train, found.n_params
    (array([ 10, 100]), array([1000, 9000]))
    >>> found.mean
    array([[19.5, 20. ],
           [ nan, 25.5]])
    """
    rows = list(_by_run(_rows(table, metric), split).values())
    tasks = sorted({row.task for row in rows})
    bare = [row for row in rows if row.n_params is None]
    if len(tasks) != 1 or bare:
        found = f"{len(bare)} rows without n_params, of {some({r.source for r in bare})}"
        raise InvalidArgument(
            "table", found if bare else f"{metric} on {split} of {len(tasks)} tasks: {some(tasks)}",
            "filtered to rows with a network size" if bare else "filtered to one task",
        )  # fmt: skip
    values: dict[tuple[int, int], list[float]] = defaultdict(list)
    for row in rows:
        values[row.n_train, row.n_params or 0].append(row.value)
    n_train = sorted({n for n, _ in values})
    n_params = sorted({p for _, p in values})

    def over(statistic: Callable[[list[float]], Any], empty: float) -> NDArray[Any]:
        cells = [[values.get((n, p)) for p in n_params] for n in n_train]
        return np.array([[empty if c is None else statistic(c) for c in line] for line in cells])

    return Grid(
        metric, rows[0].unit, split, np.array(n_train), np.array(n_params),
        over(np.mean, np.nan), over(min, np.nan), over(max, np.nan), over(len, 0),
    )  # fmt: skip


def _rows(table: ResultTable, metric: str) -> list[Result]:
    rows = list(table.filter(metric=metric))
    if not rows:
        raise InvalidArgument(
            "metric", repr(metric), f"one of the table: {some(table.distinct('metric')) or 'none'}"
        )
    return rows


def _by_run(rows: Iterable[Result], split: str) -> dict[tuple[Any, ...], Result]:
    """The rows of a split by run; two for the same run would make the choice arbitrary."""
    found: dict[tuple[Any, ...], Result] = {}
    for row in rows:
        if row.split != split:
            continue
        other = found.setdefault(_run(row), row)
        if other is not row:
            raise InvalidArgument(
                "table",
                f"two values of {row.metric} on {split} for {_words(row)}: {other.value:.6g} from "
                f"{other.source} and {row.value:.6g} from {row.source}",
                "filtered to one of them, or given different seeds",
            )
    return found


def _cell(row: Result) -> tuple[Any, ...]:
    return row.task, row.n_train, row.n_params


def _run(row: Result) -> tuple[Any, ...]:
    return (*_cell(row), row.seed)


def _seed(row: Result) -> int:
    return -1 if row.seed is None else row.seed


def _words(row: Result) -> str:
    return f"{row.task}, n_train = {row.n_train}, n_params = {row.n_params}, seed = {row.seed}"
