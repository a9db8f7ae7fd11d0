"""Results from CSV and JSON files of any layout, by a mapping of their columns."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from linscale.empirical.columns import Columns, Record, to_table
from linscale.empirical.table import ResultTable
from linscale.errors import InputError


def read_csv(
    path: str | Path, columns: Columns | None = None, *, partial: bool = False
) -> ResultTable:
    r"""A table from a CSV file with a header line.

    What ``ResultTable.save`` wrote needs no mapping of columns.

    Parameters
    ----------
    path : str or Path
        UTF-8; cells parted by commas, semicolons or tabs.
    columns : Columns
        Which column is which; by default they have the names of a ResultTable, or are metrics.
    partial : bool
        Leave out rows that are no good and say so in the notes, instead of raising.

    Returns
    -------
    ResultTable
        A row for each value; its notes name the columns that were not read.

    Raises
    ------
    InputError
        A file that is missing, empty or not text; a row that is no good: naming the file, the
        line, the column, its value and the remedy.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> columns = ls.empirical.Columns(given={"task": "denoising"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "results.csv")
    ...     _ = path.write_text("n_train,val_psnr,test_psnr\n100,27.0,27.5\n1000,28.9,29.0\n")
    ...     table = ls.empirical.read_csv(path, columns)
    >>> table
    ResultTable(4 rows; tasks: denoising; metrics: psnr (dB))
    >>> [(row.n_train, row.value) for row in table.filter(split="test")]
    [(100, 27.5), (1000, 29.0)]
    """
    return to_table(csv_records(path), columns or Columns(), str(path), partial)


def read_json(
    path: str | Path, columns: Columns | None = None, *, partial: bool = False
) -> ResultTable:
    """A table from JSON: a list of records, an object of equally long lists, or one record a line.

    Nested objects are flattened: {"config": {"n_train": 10}} has a column "config.n_train". An
    object of other things is one record.

    Parameters
    ----------
    path, columns, partial
        As for :func:`read_csv`.

    Returns
    -------
    ResultTable

    Raises
    ------
    InputError
        As for :func:`read_csv`, and what is not JSON, or a column longer than another.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> log = [{"config": {"n_train": n}, "test_psnr": v} for n, v in ((100, 27.5), (1000, 29.0))]
    >>> columns = ls.empirical.Columns(
    ...     names={"n_train": "config.n_train"}, given={"task": "denoising"}
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "log.json")
    ...     _ = path.write_text(json.dumps(log))
    ...     table = ls.empirical.read_json(path, columns)
    >>> table.column("n_train"), table.column("value")
    (array([ 100, 1000]), array([27.5, 29. ]))
    """
    return to_table(json_records(path), columns or Columns(), str(path), partial)


def text_of(path: str | Path) -> str:
    """The text of a file, not empty."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"no such file: {path}") from None
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text (byte {error.start})") from None
    if not text.strip():
        raise InputError(f"{path} is empty")
    return text


def csv_records(path: str | Path) -> list[Record]:
    """The lines of a CSV file under its header; commas, semicolons or tabs part the cells."""
    text = text_of(path)
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(StringIO(text), delimiter=max(",;\t", key=first.count), strict=True)
    header: list[str] = []
    records: list[Record] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            place = f"line {reader.line_num}"
            if not header:
                header = [cell.strip() for cell in cells]
            elif len(cells) == len(header):
                records.append((place, dict(zip(header, cells, strict=True))))
            else:
                wrong = f"{len(cells)} cells under {len(header)} headings (cut off?)"
                records.append((place, wrong))
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not CSV ({error})") from None
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"{path}: two columns are called {twice[0]!r}: rename one")
    if not records:
        raise InputError(f"{path} has a header and no rows")
    return records


def json_records(path: str | Path) -> list[Record]:
    """The records of a JSON or JSON Lines file, flattened."""
    text = text_of(path)
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    try:
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            if len(lines) < 2 or not _is_object(lines[0][1]):
                raise InputError(
                    f"{path}, line {error.lineno}, column {error.colno}: not JSON ({error.msg}; "
                    "cut off?)"
                ) from None
            return [_line(f"line {number}", line) for number, line in lines]
        return _records(data, path)
    except RecursionError:
        raise InputError(f"{path} is nested too deeply") from None
    except ValueError as error:  # a number of thousands of digits
        raise InputError(f"{path}: {error}") from None


def _records(data: Any, path: str | Path) -> list[Record]:
    if isinstance(data, list):
        return [_record(f"record {k}", item) for k, item in enumerate(data, 1)]
    if isinstance(data, dict) and data and all(isinstance(v, list) for v in data.values()):
        lengths = {name: len(values) for name, values in data.items()}
        if len(set(lengths.values())) > 1:
            raise InputError(f"{path}: columns of different lengths, {lengths}")
        rows = zip(*data.values(), strict=True)
        return [(f"record {k}", dict(zip(data, r, strict=True))) for k, r in enumerate(rows, 1)]
    return [_record("the only record", data)]


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except json.JSONDecodeError:
        return False


def _line(place: str, line: str) -> Record:
    try:
        return _record(place, json.loads(line))
    except json.JSONDecodeError as error:
        return place, f"not JSON ({error.msg}; cut off?)"


def _record(place: str, item: Any) -> Record:
    if not isinstance(item, dict):
        return place, f"a {type(item).__name__}, where an object should be"
    return place, _flat(item)


def _flat(item: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
