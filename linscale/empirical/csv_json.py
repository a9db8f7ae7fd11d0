"""Results from CSV and JSON files of any layout, by a mapping of their columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linscale.empirical.columns import Columns, to_table
from linscale.empirical.reader import Reader, Source
from linscale.empirical.records import csv_records, json_records
from linscale.empirical.table import ResultTable


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


class CSVReader(Reader):
    """Whatever nobody else knows."""

    word, before = "csv", ()

    def recognises(self, source: Source) -> bool:
        return not (source.is_folder or source.is_pickle or source.is_json)

    def read(
        self,
        path: str | Path,
        columns: Columns | None = None,
        *,
        partial: bool = False,
        **_: Any,
    ) -> ResultTable:
        return read_csv(path, columns, partial=partial)


class JSONReader(Reader):
    """What begins like an object or a list."""

    word, before = "json", ()

    def recognises(self, source: Source) -> bool:
        return source.is_json

    def read(
        self,
        path: str | Path,
        columns: Columns | None = None,
        *,
        partial: bool = False,
        **_: Any,
    ) -> ResultTable:
        return read_json(path, columns, partial=partial)
