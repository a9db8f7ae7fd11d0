"""Curves over training steps, and the one point of each that goes into a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linscale.empirical.columns import Columns, Record, some, to_table
from linscale.empirical.metrics import larger_is_better
from linscale.empirical.table import ResultTable
from linscale.errors import InputError, InvalidArgument
from linscale.support.validate import FloatArray

AT = ("best", "last")
LARGEST_STEP = 2**53  # beyond it steps are not told apart


@dataclass(frozen=True, eq=False)
class Series:
    """One logged quantity over training steps, as written.

    Parameters
    ----------
    step : (K,) array of int
        Training steps, in the order of the log; K at least 1.
    value : (K,) array
        In whatever unit was logged; NaN is kept.

    Raises
    ------
    InvalidArgument
        Not one value for each step, or none at all.

    Examples
    --------
    >>> import linscale as ls
    >>> curve = ls.empirical.Series(step=[100, 200, 300], value=[20.0, 22.0, 21.0])
    >>> int(curve.step[curve.value.argmax()])
    200
    """

    step: NDArray[np.int64]
    value: FloatArray

    def __init__(self, step: ArrayLike, value: ArrayLike) -> None:
        object.__setattr__(self, "step", np.asarray(step, dtype=np.int64))
        object.__setattr__(self, "value", np.asarray(value, dtype=np.float64))
        if self.step.shape != self.value.shape or self.step.ndim != 1 or self.step.size == 0:
            raise InvalidArgument("value", f"shape {self.value.shape}", "one for each step")


def check_at(at: str) -> str:
    """Which point of a curve is wanted."""
    if at not in AT:
        raise InvalidArgument("at", repr(at), " or ".join(map(repr, AT)))
    return at


def runs(path: str | Path, files: str) -> dict[str, list[Path]]:
    """The log files of each run below a folder, by the folder's path from it on."""
    root = Path(path)
    if not root.exists():
        raise InputError(f"no such file or folder: {root}")
    if root.is_file():
        return {str(path): [root]}
    found: dict[str, list[Path]] = {}
    for file in sorted(p for p in root.rglob(files) if p.is_file()):
        name = Path(root.resolve().name, file.parent.relative_to(root)).as_posix()
        found.setdefault(name, []).append(file)
    if not found:
        raise InputError(f"no file {files} in {root} or in a folder of it")
    return found


def curves_of(
    records: list[Record],
    step: str,
    source: str,
    partial: bool,
    wanted: Callable[[str], bool],
) -> tuple[dict[str, Series], list[str]]:
    """One curve for each column of numbers beside the column of steps, and notes on bad lines.

    An empty cell is a quantity that was not logged then. A word is an error in a ``wanted``
    column, of a metric; other columns may hold words, and are left out.
    """
    points: dict[str, tuple[list[int], list[float]]] = {}
    bad: list[str] = []
    for place, cells in records:
        try:
            at, numbers = _numbers(cells, step, wanted)
        except InputError as error:
            if not partial:
                raise InputError(
                    f"{source}, {place}: {error}; partial=True leaves it out"
                ) from None
            bad.append(f"{place}: {error}")
            continue
        for name, value in numbers.items():
            steps, values = points.setdefault(name, ([], []))
            steps.append(at)
            values.append(value)
    notes = [f"{source}: {len(bad)} bad rows left out: {some(bad)}"] if bad else []
    return {name: Series(*point) for name, point in points.items()}, notes


def _numbers(
    cells: Mapping[str, Any] | str, step: str, wanted: Callable[[str], bool]
) -> tuple[int, dict[str, float]]:
    """The step of a line and the numbers logged at it."""
    if isinstance(cells, str):
        raise InputError(cells)
    numbers: dict[str, float] = {}
    for name, cell in cells.items():
        if cell is None or cell == "":
            continue
        try:
            numbers[name] = float(cell)
        except (TypeError, ValueError, OverflowError):
            if wanted(name):
                raise InputError(f"{name} = {cell!r}: must be a number") from None
    at = numbers.pop(step, None)
    if at is None or not at.is_integer() or abs(at) > LARGEST_STEP:
        raise InputError(f"{step} = {cells.get(step)!r}: must be an integer")
    return int(at), numbers


def series_to_table(
    series: Mapping[str, Series],
    columns: Columns,
    source: str,
    at: str = "best",
    found: Mapping[str, Any] | None = None,
    partial: bool = False,
) -> ResultTable:
    """One row for each metric and split of one run.

    Parameters
    ----------
    at : "best" or "last"
        "best" is early stopping: the step at which the validation curve of the metric is best,
        and there also the other splits, as the last value logged at or before that step; a curve
        of one point, such as a test after training, is taken as it is. "last" is the last point
        of every curve.
    found : mapping
        Other cells of the row, such as hyperparameters beside the log.
    """
    check_at(at)
    curves: dict[tuple[str, str | None], tuple[str, Series]] = {}
    others: list[str] = []
    for label, curve in series.items():
        key = columns.meaning(label)
        if key is None:
            others.append(label)
            continue
        if key in curves:
            raise InputError(
                f"{source}: {curves[key][0]!r} and {label!r} are both {_words(key)}: name the one "
                f"wanted, as {_words(key, ':')}"
            )
        curves[key] = label, curve
    records = []
    notes = []
    for (metric, split), (label, curve) in curves.items():
        if at == "last" or curve.step.size == 1:
            value = float(curve.value[-1])
        else:
            step = _best_step(metric, curves, source)
            value, note = _value_at(curve, step, f"{source}: {label}")
            notes += note
        record = {**(found or {}), "metric": metric, "value": value}
        records.append((label, record | ({} if split is None else {"split": split})))
    if not records:
        raise InputError(
            f"{source}: no curve of a metric that is known among {some(series)}; name them, such "
            "as 'psnr:test'"
        )
    table = to_table(records, columns, source, partial)
    if others:
        notes.append(f"{source}: curves not read as metrics: {some(others)}")
    points = sum(curve.step.size for _, curve in curves.values())
    if points > len(records):
        notes.append(f"{source}: {len(records)} of {points} points taken, the {at} of each curve")
    return ResultTable(table, (*notes, *table.notes))


def _best_step(
    metric: str, curves: Mapping[tuple[str, str | None], tuple[str, Series]], source: str
) -> int:
    """The step at which the metric is best on validation, the first one in a tie."""
    if (metric, "val") not in curves:
        raise InputError(
            f"{source}: no validation curve of {metric}, to choose the step by: name it, as "
            f"{metric}:val, or take the last point with at='last'"
        )
    label, curve = curves[metric, "val"]
    sign = 1.0 if larger_is_better(metric) else -1.0
    ranked = np.where(np.isfinite(curve.value), sign * curve.value, -np.inf)
    if not np.isfinite(ranked).any():
        raise InputError(f"{source}: {label} has no finite value")
    return int(curve.step[np.argmax(ranked)])


def _value_at(curve: Series, step: int, label: str) -> tuple[float, list[str]]:
    before = np.flatnonzero(curve.step <= step)
    if not before.size:
        raise InputError(f"{label} begins after step {step}, the best on validation: at='last'?")
    place = before[np.argmax(curve.step[before])]
    # Of several values at the same step, such as after a restart, the one written last.
    place = int(np.flatnonzero(curve.step == curve.step[place])[-1])
    note = [] if curve.step[place] == step else [
        f"{label} taken at step {curve.step[place]}, the last before the best on validation, {step}"
    ]  # fmt: skip
    return float(curve.value[place]), note


def _words(key: tuple[str, str | None], joint: str = " ") -> str:
    return joint.join(word for word in key if word)
