"""Which column of a log is which column of a ResultTable, and rows made by it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from linscale.empirical.metrics import NAME, SPLITS, meaning, split_of, unit_of
from linscale.empirical.table import COLUMNS, OPTIONAL, Result, ResultTable, is_missing
from linscale.errors import InputError, InvalidArgument

# Where it stands, such as "line 3", and its cells, or what is wrong with it.
Record = tuple[str, Mapping[str, Any] | str]
LARGEST_VALUE = 10**300
LISTED = 5  # so many examples in a message; the rest is counted


@dataclass(frozen=True)
class Columns:
    r"""How the columns of a table are found in a log.

    Each is looked for in ``names``, then in ``given``, then in ``pattern``, then under its own
    name in the log. ``source`` is the file otherwise, ``unit`` the usual one of the metric, and
    ``n_params`` and ``seed`` may be missing.

    Metrics are found as a column ``metric`` beside a column ``value``, or as columns (or tags) of
    their own whose name says the metric and mostly the split: ``test_psnr``, ``ssim/valid``.

    Parameters
    ----------
    names : mapping
        {"n_train": "N"} where the log calls it N; {"psnr:test": "PSNR (Kodak)"} for a column
        that holds one metric on one split, or {"psnr": "PSNR (Kodak)"} where the split is given.
    given : mapping
        {"task": "denoising"} for every row.
    pattern : str
        A regular expression with named groups, searched in the source (the path of the file from
        the folder read on, or the name of the run):
        ``r"N(?P<n_train>\d+)_s(?P<seed>\d+)"``.
    units : mapping
        {"mse": "HU^2"} where the unit is not the usual one.

    Raises
    ------
    InvalidArgument
        A name that is no column, a column that is in two of names, given and pattern, a ``value``
        that is given, a pattern that does not compile or has no groups.

    Examples
    --------
    A log that calls things by other names, and says nothing of the task:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> columns = ls.empirical.Columns(
    ...     names={"n_train": "N", "psnr:test": "PSNR (Kodak)"}, given={"task": "denoising"}
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "log.csv")
    ...     _ = path.write_text("N,PSNR (Kodak)\n100,27.5\n1000,29.0\n")
    ...     table = ls.empirical.read_csv(path, columns)
    >>> [(row.task, row.n_train, row.metric, row.value, row.split) for row in table]
    [('denoising', 100, 'psnr', 27.5, 'test'), ('denoising', 1000, 'psnr', 29.0, 'test')]
    """

    names: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    pattern: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for argument in ("names", "given", "units"):
            object.__setattr__(self, argument, dict(getattr(self, argument)))
        for name in self.names:
            metric, _, split = name.partition(":")
            if name not in COLUMNS and not (
                NAME.fullmatch(metric) and split_of(split) in ("", *SPLITS)
            ):
                raise InvalidArgument(
                    "names", repr(name), f"one of {', '.join(COLUMNS)}, or METRIC:SPLIT"
                )
        for name in self.given:
            if name not in COLUMNS or name == "value":
                raise InvalidArgument(
                    "given", repr(name), f"one of {', '.join(COLUMNS)}, not value"
                )
        groups = self._groups()
        twice = sorted((self.names.keys() | groups) & self.given.keys())
        twice += sorted(self.names.keys() & groups)
        if twice:
            raise InvalidArgument("columns", twice[0], "named, given or in the pattern, but once")

    def _groups(self) -> set[str]:
        if self.pattern is None:
            return set()
        try:
            groups = set(re.compile(self.pattern).groupindex)
        except (re.error, TypeError) as error:
            raise InvalidArgument(
                "pattern", repr(self.pattern), f"a regular expression ({error})"
            ) from None
        if not groups or not groups <= set(COLUMNS):
            raise InvalidArgument(
                "pattern", repr(self.pattern),
                "one with groups such as (?P<n_train>\\d+), named as columns of a table",
            )  # fmt: skip
        return groups

    def in_source(self, source: str) -> dict[str, str]:
        r"""What the pattern finds in a source.

        Parameters
        ----------
        source : str
            A path, or the name of a run.

        Returns
        -------
        dict of str
            Column to text; empty without a pattern.

        Raises
        ------
        InputError
            The pattern is not found.

        Examples
        --------
        >>> import linscale as ls
        >>> columns = ls.empirical.Columns(pattern=r"N(?P<n_train>\d+)_s(?P<seed>\d+)")
        >>> columns.in_source("runs/unet_N100_s3")
        {'n_train': '100', 'seed': '3'}
        """
        if self.pattern is None:
            return {}
        found = re.search(self.pattern, source)
        if found is None:
            raise InputError(f"the pattern {self.pattern!r} is not found in {source!r}")
        return {name: text for name, text in found.groupdict().items() if text is not None}

    def meaning(self, label: str) -> tuple[str, str | None] | None:
        """The metric and split of a column or tag, by ``names`` or else by its own words.

        Parameters
        ----------
        label : str

        Returns
        -------
        (str, str or None), or None
            The split is None where it is not said; None for what is no metric.

        Examples
        --------
        >>> import linscale as ls
        >>> columns = ls.empirical.Columns(names={"psnr:test": "PSNR (Kodak)"})
        >>> labels = ("PSNR (Kodak)", "ssim/valid", "mse", "learning_rate")
        >>> [columns.meaning(label) for label in labels]
        [('psnr', 'test'), ('ssim', 'val'), ('mse', None), None]
        """
        for name, column in self.names.items():
            if column == label and name not in COLUMNS:
                metric, _, split = name.partition(":")
                return metric, split_of(split) or None
        return None if label in self.names.values() else meaning(label)


def to_table(
    records: Iterable[Record], columns: Columns, source: str, partial: bool = False
) -> ResultTable:
    """A table of records, each of which holds one value or several metrics side by side.

    With ``partial``, records that are no good are left out, counted and shown in the notes; else
    the first one raises an InputError that names the source, the place, the column and its value.
    """
    rows: list[Result] = []
    bad: list[str] = []
    empty: list[str] = []
    unread: dict[str, None] = {}
    units: dict[str, tuple[str, str]] = {}
    for place, record in records:
        if isinstance(record, str):
            if not partial:
                raise InputError(f"{source}, {place}: {record}; partial=True leaves it out")
            bad.append(f"{place}: {record}")
            continue
        before = len(rows) + len(bad)
        for cells in _split_up(record, columns, unread):
            try:
                row = _result(place, record, cells, columns, source)
                rows.append(row)
            except (InvalidArgument, InputError) as error:
                if not partial:
                    raise InputError(f"{source}, {error}") from None
                bad.append(str(error))
                continue
            first, unit = units.setdefault(row.metric, (place, row.unit))
            if row.unit != unit:  # not a bad row: which of the two is right is not ours to say
                raise InputError(
                    f"{source}, {place}, unit = {row.unit!r}: {row.metric} has {unit!r} in "
                    f"{first}; convert one of the two, or call one of them another metric"
                )
        if len(rows) + len(bad) == before:
            empty.append(place)
    if not rows and not bad:
        found = f"; its columns are {some(unread)}" if unread else ""
        raise InputError(
            f"{source}: no value of a metric that is known{found}. Name the columns: 'value' and "
            "'metric', or 'psnr:test' and the like"
        )
    notes = []
    if unread:
        notes.append(f"{source}: columns not read as metrics: {some(unread)}")
    if empty:
        notes.append(f"{source}: {len(empty)} records hold no value: {some(empty)}")
    if bad:
        notes.append(f"{source}: {len(bad)} bad rows left out: {'; '.join(bad[:LISTED])}")
    return ResultTable(rows, notes)


def _split_up(
    record: Mapping[str, Any], columns: Columns, unread: dict[str, None]
) -> Iterator[dict[str, Any]]:
    """The metric, value and split of each value in a record; ``unread`` collects other columns."""
    if columns.names.get("value", "value") in record or "value" in columns.names:
        yield {}
        return
    taken = {columns.names.get(name, name) for name in COLUMNS}
    for label, cell in record.items():
        if label in taken:
            continue
        found = columns.meaning(label)
        if found is None:
            unread[label] = None
        elif not is_missing(cell) or isinstance(cell, float):
            metric, split = found
            yield {"metric": metric, "value": cell} | ({"split": split} if split else {})
    # A column that was asked for and is not there must not pass for an empty one.
    for name, label in columns.names.items():
        if name not in COLUMNS and label not in record:
            yield {"metric": name.partition(":")[0], "value": _Absent(label, record)}


@dataclass(frozen=True)
class _Absent:
    """Stands for a column that the record lacks."""

    label: str
    record: Mapping[str, Any]


def _result(
    place: str, record: Mapping[str, Any], cells: dict[str, Any], columns: Columns, source: str
) -> Result:
    own = record.get(columns.names.get("source", "source"))
    found = columns.in_source(own if isinstance(own, str) and own else source)
    values: dict[str, Any] = {}
    for name in COLUMNS:
        if name in cells:
            values[name] = cells[name]
        elif name in columns.names:
            label = columns.names[name]
            values[name] = record[label] if label in record else _Absent(label, record)
        elif name == "value":
            values[name] = record.get(name)
        else:
            options = (columns.given, found, record)
            values[name] = next((o[name] for o in options if not is_missing(o.get(name))), None)
        if isinstance(values[name], _Absent):
            raise InputError(
                f"{place}: no column {values[name].label!r}; there are {some(values[name].record)}"
            )
    # With a split and a unit of its own a row is in the terms of a table: its metric is as it says.
    own_terms = NAME.fullmatch(str(values["metric"])) and not (
        is_missing(values["split"]) or is_missing(values["unit"])
    )
    if "metric" not in cells and isinstance(values["metric"], str) and not own_terms:
        metric, split = meaning(values["metric"]) or (values["metric"].strip().lower(), None)
        values["metric"] = metric
        values["split"] = split if is_missing(values["split"]) else values["split"]
    values["split"] = split_of(values["split"])
    values["source"] = source if is_missing(values["source"]) else values["source"]
    for name, cell in values.items():
        if name == "value" and isinstance(cell, float):
            continue  # a NaN is there, and refused as what it is
        if is_missing(cell) and name not in (*OPTIONAL, "unit"):
            raise InvalidArgument(
                f"{place}, {name}", "missing", "there, or named, given or found by a pattern"
            )
    try:
        if is_missing(values["unit"]):
            metric = values["metric"]
            values["unit"] = columns.units.get(metric) or unit_of(metric)
        elif str(values["unit"]).lower() == "db":
            values["unit"] = "dB"
        for name in ("n_train", *OPTIONAL):
            values[name] = None if is_missing(values[name]) else _number(values[name])
        values["value"] = _number(values["value"])
        if isinstance(values["value"], int) and abs(values["value"]) > LARGEST_VALUE:
            values["value"] = math.inf  # which no table takes
        return Result(**values)
    except InvalidArgument as error:
        raise InvalidArgument(f"{place}, {error.argument}", error.value, error.allowed) from None


def _number(cell: Any) -> Any:
    """A text as the number it spells; what is none stays, for the table to refuse."""
    if isinstance(cell, str):
        for kind in (int, float):
            try:
                return cell if "_" in cell else kind(cell)
            except ValueError:
                pass
    return cell


def some(names: Iterable[str]) -> str:
    """The first few names of a list, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
