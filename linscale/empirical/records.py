"""Records of CSV and JSON files, whatever their columns."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from linscale.empirical.columns import Record
from linscale.errors import InputError


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


def is_csv(path: str | Path) -> bool:
    """Whether a file begins like neither an object nor a list of JSON."""
    try:
        with Path(path).open(encoding="utf-8-sig", errors="replace") as file:
            return file.read(1000).lstrip()[:1] not in ("{", "[")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None


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
