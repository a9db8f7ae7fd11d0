"""One table type for results of trained networks, whichever tool logged them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from io import StringIO
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.empirical.metrics import FIXED, NAME, SPLITS, UNITS
from linscale.errors import InvalidArgument
from linscale.support import validate
from linscale.support.files import write_together
from linscale.support.frames import pandas_for

LARGEST_COUNT = 10**15


@dataclass(frozen=True, slots=True)
class Result:
    """One measured value: a row of a ResultTable.

    Parameters
    ----------
    task : str
        What was learned, such as "denoising".
    n_train : int
        Training examples, from 1 to 10^15.
    n_params : int or None
        Parameters of the network, from 1 to 10^15; None where there is none to count.
    seed : int or None
        Which run, from 0 to 10^15; None where there is only one, such as a value of the theory.
    metric, unit : str
        A lower-case name such as "psnr", and "dB"; "1" for what has no dimension. PSNR, SNR, SSIM,
        NMSE and NRMSE have their usual unit.
    value : float
        Finite.
    split : "train", "val" or "test"
        The images on which it was measured.
    source : str
        Where it comes from: a file, a run, or "theory".

    Raises
    ------
    InvalidArgument
        Naming the column, its value and what is allowed.

    Examples
    --------
    >>> import linscale as ls
    >>> row = ls.empirical.Result(
    ...     task="denoising", n_train=100, n_params=116707, seed=0, metric="psnr", value=27.5,
    ...     unit="dB", split="test", source="my run",
    ... )
    >>> f"{row.metric} {row.value} {row.unit} after {row.n_train} examples"
    'psnr 27.5 dB after 100 examples'
    """

    task: str
    n_train: int
    n_params: int | None
    seed: int | None
    metric: str
    value: float
    unit: str
    split: str
    source: str

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("task", "unit", "source"):
            put(self, name, _text(name, getattr(self, name)))
        put(self, "n_train", validate.n_train(self.n_train))
        for name, least in (("n_params", 1), ("seed", 0)):
            number = getattr(self, name)
            if number is not None:
                number = validate.integer(name, number, at_least=least, at_most=LARGEST_COUNT)
                put(self, name, number)
        if not isinstance(self.metric, str) or not NAME.fullmatch(self.metric):
            raise InvalidArgument("metric", repr(self.metric), "a lower-case name such as psnr")
        if isinstance(self.value, bool | np.bool_ | str):
            raise InvalidArgument("value", repr(self.value), "a finite number")
        put(self, "value", validate.finite("value", self.value))
        if self.metric in FIXED and self.unit != UNITS[self.metric]:
            raise InvalidArgument(
                "unit", repr(self.unit), f"{UNITS[self.metric]!r} for {self.metric}: convert first"
            )
        if self.split not in SPLITS:
            raise InvalidArgument("split", repr(self.split), " or ".join(map(repr, SPLITS)))


COLUMNS = tuple(f.name for f in fields(Result))
OPTIONAL = ("n_params", "seed")
_cells = attrgetter(*COLUMNS)
_ARRAYS: dict[str, Any] = {"n_train": np.int64, "value": np.float64}
_ORDER = ("task", "metric", "split", "n_train", "n_params", "seed", "source", "value")


@dataclass(frozen=True, repr=False)
class ResultTable:
    """Rows of results, each metric in one unit throughout.

    Two tables are equal if their rows are, in the same order. ``len`` counts the rows, and a loop
    goes over them.

    Parameters
    ----------
    rows : iterable of Result
    notes : tuple of str
        What the reader left out or chose, in words; not part of equality, nor of saved files.

    Raises
    ------
    InvalidArgument
        A metric in two units: naming the row (counted from 1), both units and the remedy. A row
        that is no Result.

    Examples
    --------
    >>> import linscale as ls
    >>> rows = [
    ...     ls.empirical.Result("denoising", n, None, 0, "psnr", value, "dB", "test", "my run")
    ...     for n, value in ((10, 20.0), (100, 25.5))
    ... ]
    >>> table = ls.empirical.ResultTable(rows)
    >>> table
    ResultTable(2 rows; tasks: denoising; metrics: psnr (dB))
    >>> len(table), [row.value for row in table]
    (2, [20.0, 25.5])
    """

    rows: tuple[Result, ...]
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __init__(self, rows: Iterable[Result], notes: Iterable[str] = ()) -> None:
        object.__setattr__(self, "rows", tuple(rows))
        object.__setattr__(self, "notes", tuple(notes))
        first: dict[str, tuple[int, str]] = {}
        for number, row in enumerate(self.rows, 1):
            if not isinstance(row, Result):
                raise InvalidArgument(f"row {number}", repr(row)[:60], "a Result")
            start, unit = first.setdefault(row.metric, (number, row.unit))
            if row.unit != unit:
                raise InvalidArgument(
                    f"row {number}, unit", repr(row.unit),
                    f"{unit!r} for {row.metric}, as in row {start}: convert one of the two, or "
                    "call one of them another metric",
                )  # fmt: skip

    @classmethod
    def from_columns(cls, columns: Mapping[str, Iterable[Any]]) -> ResultTable:
        """A table from one sequence for each column; n_params and seed may be left out.

        Parameters
        ----------
        columns : mapping of str to iterable
            By the names of a Result, all of one length. An empty text, None or NaN in n_params and
            seed is None.

        Returns
        -------
        ResultTable

        Raises
        ------
        InvalidArgument
            Columns that are unknown, missing or of different lengths; a cell that no Result takes,
            or a metric in two units.

        Examples
        --------
        >>> import linscale as ls
        >>> table = ls.empirical.ResultTable.from_columns({
        ...     "task": ["denoising"] * 2, "n_train": [10, 100], "metric": ["psnr"] * 2,
        ...     "value": [20.0, 25.5], "unit": ["dB"] * 2, "split": ["test"] * 2,
        ...     "source": ["mine"] * 2,
        ... })
        >>> table.rows[1].value, table.rows[1].seed
        (25.5, None)
        """
        _check_columns(list(columns), "columns")
        lists = {name: list(values) for name, values in columns.items()}
        lengths = {name: len(values) for name, values in lists.items()}
        if len(set(lengths.values())) > 1:
            raise InvalidArgument("columns", f"of lengths {lengths}", "all of one length")
        return cls(
            _row(f"row {number}", dict(zip(lists, cells, strict=True)))
            for number, cells in enumerate(zip(*lists.values(), strict=True), 1)
        )

    @classmethod
    def from_pandas(cls, frame: Any) -> ResultTable:
        """A table from a pandas DataFrame with columns of these names; missing is None.

        Parameters
        ----------
        frame : pandas.DataFrame
            n_params and seed may be left out; its index is not read.

        Returns
        -------
        ResultTable

        Raises
        ------
        InvalidArgument
            What is no DataFrame, and as :meth:`from_columns`.

        Examples
        --------
        >>> import pandas as pd
        >>> import linscale as ls
        >>> frame = pd.DataFrame({"n_train": [10, 100], "value": [20.0, 25.5]})
        >>> frame = frame.assign(
        ...     task="denoising", metric="psnr", unit="dB", split="test", source="mine", seed=None
        ... )
        >>> ls.empirical.ResultTable.from_pandas(frame)
        ResultTable(2 rows; tasks: denoising; metrics: psnr (dB))
        """
        try:
            columns = {str(name): frame[name].tolist() for name in frame.columns}
        except (AttributeError, TypeError):
            raise InvalidArgument("frame", type(frame).__name__, "a pandas DataFrame") from None
        return cls.from_columns(columns)

    def to_pandas(self) -> Any:
        """A pandas DataFrame; n_params and seed as Int64, with NA where there is none.

        Returns
        -------
        pandas.DataFrame
            A column for each field of a Result.

        Raises
        ------
        InputError
            No pandas.

        Examples
        --------
        >>> import linscale as ls
        >>> row = ls.empirical.Result("denoising", 10, None, 0, "psnr", 20.0, "dB", "test", "mine")
        >>> table = ls.empirical.ResultTable([row])
        >>> frame = table.to_pandas()
        >>> frame["n_train"].tolist(), frame["n_params"].isna().tolist(), frame["n_params"].dtype
        ([10], [True], Int64Dtype())
        >>> ls.empirical.ResultTable.from_pandas(frame) == table
        True
        """
        pandas = pandas_for("to_pandas", "pip install 'linscale[empirical]'")
        frame = pandas.DataFrame([_cells(row) for row in self.rows], columns=list(COLUMNS))
        kinds = {"n_train": "int64", "n_params": "Int64", "seed": "Int64", "value": "float64"}
        return frame.astype(kinds)

    def to_csv(self) -> str:
        """CSV with a header line; values to full precision, an empty cell for None.

        Returns
        -------
        str

        Examples
        --------
        >>> import linscale as ls
        >>> row = ls.empirical.Result("denoising", 10, None, 0, "psnr", 20.0, "dB", "test", "mine")
        >>> print(ls.empirical.ResultTable([row]).to_csv(), end="")
        task,n_train,n_params,seed,metric,value,unit,split,source
        denoising,10,,0,psnr,20.0,dB,test,mine
        """
        out = StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_cells(row) for row in self.rows)
        return out.getvalue()

    def save(self, path: str | Path) -> None:
        """Write as CSV, whole or not at all; ``linscale.empirical.read_csv`` reads it back.

        Parameters
        ----------
        path : str or Path
            Folders that are missing are made.

        Raises
        ------
        InputError
            A file that cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import linscale as ls
        >>> row = ls.empirical.Result("denoising", 10, None, 0, "psnr", 20.0, "dB", "test", "mine")
        >>> table = ls.empirical.ResultTable([row])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     table.save(Path(folder, "results.csv"))
        ...     again = ls.empirical.read_csv(Path(folder, "results.csv"))
        >>> again == table
        True
        """
        write_together({Path(path): self.to_csv().encode()})

    def column(self, name: str) -> NDArray[Any]:
        """One column as an array.

        Parameters
        ----------
        name : str
            A field of a Result.

        Returns
        -------
        array, one entry for each row
            n_train of integers, value of floats, others of objects.

        Raises
        ------
        InvalidArgument
            Another name.

        Examples
        --------
        >>> import linscale as ls
        >>> table = ls.empirical.ResultTable(
        ...     ls.empirical.Result("denoising", n, None, 0, "psnr", value, "dB", "test", "mine")
        ...     for n, value in ((10, 20.0), (100, 25.5))
        ... )
        >>> table.column("n_train"), table.column("value")
        (array([ 10, 100]), array([20. , 25.5]))
        """
        _check_name(name)
        return np.array([getattr(row, name) for row in self.rows], dtype=_ARRAYS.get(name, object))

    def filter(self, **wanted: Any) -> ResultTable:
        """The rows whose columns have a value, one of several values, or pass a test.

        Parameters
        ----------
        **wanted
            By the name of a column: a value; a collection of values; or a function of a value.

        Returns
        -------
        ResultTable
            With the same notes.

        Raises
        ------
        InvalidArgument
            A name that is no column.

        Examples
        --------
        >>> import linscale as ls
        >>> table = ls.empirical.ResultTable(
        ...     ls.empirical.Result("denoising", n, None, 0, "psnr", value, "dB", "test", f"E00{n}")
        ...     for n, value in ((1, 17.0), (3, 19.0), (9, 20.0))
        ... )
        >>> table.filter(task="denoising", n_train=[1, 3]).column("value")
        array([17., 19.])
        >>> table.filter(source=lambda name: name.endswith("9")).column("value")
        array([20.])
        """
        tests = {_check_name(name): _test(value) for name, value in wanted.items()}
        kept = [r for r in self.rows if all(test(getattr(r, n)) for n, test in tests.items())]
        return ResultTable(kept, self.notes)

    def sorted(self) -> ResultTable:
        """The same rows by task, metric, split, n_train, n_params, seed, source and value.

        None comes before numbers.

        Returns
        -------
        ResultTable
            With the same notes.

        Examples
        --------
        >>> import linscale as ls
        >>> table = ls.empirical.ResultTable(
        ...     ls.empirical.Result("denoising", n, None, 0, "psnr", value, "dB", "test", "mine")
        ...     for n, value in ((100, 25.5), (10, 20.0))
        ... )
        >>> table.sorted().column("n_train")
        array([ 10, 100])
        """

        def key(row: Result) -> tuple[Any, ...]:
            cells = [getattr(row, name) for name in _ORDER]
            return tuple(-1 if cell is None else cell for cell in cells)

        return ResultTable(sorted(self.rows, key=key), self.notes)

    def distinct(self, name: str) -> list[Any]:
        """The values that a column takes, in the order of their first row.

        Parameters
        ----------
        name : str
            A field of a Result.

        Returns
        -------
        list

        Raises
        ------
        InvalidArgument
            Another name.

        Examples
        --------
        >>> import linscale as ls
        >>> table = ls.empirical.ResultTable(
        ...     ls.empirical.Result("denoising", n, None, seed, "psnr", 20.0, "dB", "test", "mine")
        ...     for n in (100, 10) for seed in (0, 1)
        ... )
        >>> table.distinct("n_train"), table.distinct("seed")
        ([100, 10], [0, 1])
        """
        return list(dict.fromkeys(getattr(row, _check_name(name)) for row in self.rows))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Result]:
        return iter(self.rows)

    def __repr__(self) -> str:
        units = ", ".join(f"{r.metric} ({r.unit})" for r in {r.metric: r for r in self}.values())
        tasks = ", ".join(self.distinct("task"))
        return f"ResultTable({len(self)} rows; tasks: {tasks}; metrics: {units})"


def concat(tables: Iterable[ResultTable]) -> ResultTable:
    """One table with the rows and notes of all, in order.

    Parameters
    ----------
    tables : iterable of ResultTable

    Returns
    -------
    ResultTable

    Raises
    ------
    InvalidArgument
        What is no ResultTable, or a metric in two units.

    Examples
    --------
    The theory beside the networks:

    >>> import linscale as ls
    >>> def table(source, values):
    ...     return ls.empirical.ResultTable(
    ...         ls.empirical.Result("subspace", n, None, None, "mse", value, "1", "test", source)
    ...         for n, value in values.items()
    ...     )
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> networks = table("my run", {10: 0.22, 100: 0.012})
    >>> theory = table("theory", {n: ls.theory.early_stopped(model, n).value for n in (10, 100)})
    >>> both = ls.empirical.concat([networks, theory])
    >>> [f"{row.source}: {row.value:.3f}" for row in both.filter(n_train=100)]
    ['my run: 0.012', 'theory: 0.011']
    """
    tables = list(tables)
    for table in tables:
        if not isinstance(table, ResultTable):
            raise InvalidArgument("tables", repr(table)[:60], "ResultTables")
    return ResultTable(
        (row for table in tables for row in table), (n for table in tables for n in table.notes)
    )


def _row(place: str, cells: Mapping[str, Any]) -> Result:
    """A Result whose error says where it comes from; a missing optional cell is None."""
    values: dict[str, Any] = {name: cells.get(name) for name in COLUMNS}
    for name in OPTIONAL:
        if is_missing(values[name]):
            values[name] = None
    try:
        return Result(**values)
    except InvalidArgument as error:
        raise InvalidArgument(f"{place}, {error.argument}", error.value, error.allowed) from None


def is_missing(cell: Any) -> bool:
    """None, an empty text, or what pandas puts in their place (NA, NaN)."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return True
    return type(cell).__name__ in ("NAType", "NaTType") or (
        isinstance(cell, float) and cell != cell
    )


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InvalidArgument(name, repr(value)[:60], "a text of one line that is not empty")
    return str(value)


def _test(value: Any) -> Callable[[Any], bool]:
    if callable(value):
        return lambda cell: bool(value(cell))
    if isinstance(value, Collection) and not isinstance(value, str):
        return lambda cell: cell in value
    return lambda cell: bool(cell == value)


def _check_name(name: str) -> str:
    if name not in COLUMNS:
        raise InvalidArgument("column", repr(name), "one of " + ", ".join(COLUMNS))
    return name


def _check_columns(names: list[str], argument: str) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    lacking = [name for name in COLUMNS if name not in names and name not in OPTIONAL]
    if unknown or lacking or len(set(names)) != len(names):
        raise InvalidArgument(
            argument, ", ".join(names), f"{', '.join(COLUMNS)}, each once; missing: "
            f"{', '.join(lacking) or 'none'}; unknown: {', '.join(unknown) or 'none'}",
        )  # fmt: skip
