"""Exports of Weights & Biases: a table of runs, a chart's curves, a run's summary or history."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from linscale.empirical.columns import Columns, Record, some, to_table
from linscale.empirical.reader import Reader, Source
from linscale.empirical.records import csv_records, is_csv, json_records
from linscale.empirical.series import Series, check_at, curves_of, series_to_table
from linscale.empirical.table import ResultTable, concat
from linscale.errors import InputError

_CURVE = re.compile(r"(?P<run>.+) - (?P<label>.+)")
_RANGE = ("__MIN", "__MAX")  # a chart's envelope, beside each curve
_STEP = "_step"  # in a history
_PARTS = ("config.", "summary.", "summaryMetrics.")


def read_wandb(
    path: str | Path,
    columns: Columns | None = None,
    *,
    at: str = "best",
    states: Collection[str] = ("finished",),
    partial: bool = False,
) -> ResultTable:
    r"""A table from a CSV or JSON export, told apart by their columns.

    - The table of runs (CSV with Name and State, or JSON with config and summary): a row for each
      run and metric of its summary; ``n_train`` and the like from its configuration.
    - A chart (CSV with "run - metric" columns): the ``at`` point of each run's curve; the envelope
      columns (__MIN, __MAX) are left out.
    - A history (JSON records with _step) of one run: likewise. A single record is a summary.

    Parameters
    ----------
    path : str or Path
        A file.
    columns : Columns
        Its ``pattern`` is searched in the run's name.
    at : "best" or "last"
        Which point of each curve. "best" is early stopping: the step at which the validation curve
        of the metric is best, and the last value of the other splits up to that step (a curve of
        one point, such as a test after training, is taken as it is). "last" is every curve's last
        point.
    states : collection of str
        Runs that ended otherwise (crashed, running) are left out, and named in the notes.
    partial : bool
        Leave out rows that are no good and say so in the notes, instead of raising.

    Returns
    -------
    ResultTable
        One row for each run, metric and split.

    Raises
    ------
    InputError
        As for :func:`linscale.empirical.read_csv`, if no run is in one of the states, and if there
        is no validation curve to choose the best step by.
    InvalidArgument
        Another word for ``at``.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> runs = "Name,State,n_train,test_psnr\na,finished,10,20\nb,finished,30,22\nc,crashed,30,5\n"
    >>> columns = ls.empirical.Columns(given={"task": "denoising"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "wandb_export.csv")
    ...     _ = path.write_text(runs)
    ...     table = ls.empirical.read_wandb(path, columns)
    >>> [(row.n_train, row.value) for row in table]
    [(10, 20.0), (30, 22.0)]
    >>> print(table.notes[0].replace(str(path), path.name))
    wandb_export.csv: 1 runs left out by their state: c (crashed)
    """
    check_at(at)
    columns = columns or Columns()
    is_json = not is_csv(path)
    records = json_records(path) if is_json else csv_records(path)
    first = next((dict(cells) for _, cells in records if not isinstance(cells, str)), {})
    if is_json and is_history(first) and len(records) > 1:
        curves, notes = curves_of(
            records, _STEP, str(path), partial, lambda name: columns.meaning(name) is not None
        )
        table = series_to_table(curves, columns, str(path), at, partial=partial)
        return ResultTable(table, (*notes, *table.notes))
    if not is_json and is_chart(first):
        return _chart(records, next(iter(first)), columns, str(path), at, partial)
    return _runs(records, columns, str(path), states, partial)


class WandbReader(Reader):
    """Files whose columns are those of its exports."""

    word, before = "wandb", ("csv", "json", "lightning")

    def recognises(self, source: Source) -> bool:
        if {"Name", "State"} <= source.header or is_chart(source.header):
            return True
        parts = {str(name).partition(".")[0] for name in source.record}
        return is_history(source.record) or {"config", "summary"} <= parts

    def read(
        self,
        path: str | Path,
        columns: Columns | None = None,
        *,
        at: str = "best",
        partial: bool = False,
        **_: Any,
    ) -> ResultTable:
        return read_wandb(path, columns, at=at, partial=partial)


def is_chart(names: Iterable[str]) -> bool:
    """Whether columns are those of a chart."""
    return any(map(_CURVE.fullmatch, names))


def is_history(names: Container[str]) -> bool:
    """Whether a record is of a history, or the summary at its end."""
    return _STEP in names


def _chart(
    records: list[Record], step: str, columns: Columns, source: str, at: str, partial: bool
) -> ResultTable:
    def wanted(name: str) -> bool:
        found = _CURVE.fullmatch(name)
        return found is not None and columns.meaning(found["label"]) is not None

    curves, notes = curves_of(records, step, source, partial, wanted)
    by_run: dict[str, dict[str, Series]] = {}
    for name, curve in curves.items():
        found = _CURVE.fullmatch(name)
        if found is not None and not name.endswith(_RANGE):
            by_run.setdefault(found["run"], {})[found["label"]] = curve
    tables = [
        series_to_table(series, columns, f"{source}: {run}", at, partial=partial)
        for run, series in by_run.items()
    ]
    table = concat(tables)
    return ResultTable(table, (*notes, *table.notes))


def _runs(
    records: list[Record], columns: Columns, source: str, states: Collection[str], partial: bool
) -> ResultTable:
    wanted = {state.lower() for state in states}
    kept: list[Record] = []
    others: list[str] = []
    for place, cells in records:
        if isinstance(cells, str):
            kept.append((place, cells))
            continue
        run = _plain(cells)
        name = next((run[k] for k in ("Name", "name", "displayName", "id") if run.get(k)), place)
        state = run.get("State", run.get("state"))
        if state is not None and str(state).lower() not in wanted:
            others.append(f"{name} ({state})")
            continue
        kept.append((place, {**run, "source": f"{source}: {name}"}))
    if not kept:
        raise InputError(f"{source}: no run is {' or '.join(states)}: {some(others)}")
    table = to_table(kept, columns, source, partial)
    left = [f"{source}: {len(others)} runs left out by their state: {some(others)}"]
    return ResultTable(table, (*(left if others else ()), *table.notes))


def _plain(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Without the prefixes of configuration and summary, where that leaves names distinct."""
    plain: dict[str, Any] = {}
    for name, value in cells.items():
        short = name
        for part in _PARTS:
            short = short.removeprefix(part)
        short = short.removesuffix(".value")  # of a raw configuration
        plain[name if short in plain else short] = value
    return plain
