"""Curves from the metrics.csv that Lightning's CSVLogger writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linscale.empirical.columns import Columns
from linscale.empirical.reader import Reader, Source
from linscale.empirical.records import csv_records
from linscale.empirical.series import Series, check_at, curves_of, runs, series_to_table
from linscale.empirical.table import ResultTable, concat
from linscale.errors import InputError

METRICS, HYPERPARAMETERS = "metrics.csv", "hparams.yaml"
_CELLS = ("task", "n_train", "n_params", "seed")  # that a hyperparameter may fill


def read_lightning(
    path: str | Path,
    columns: Columns | None = None,
    *,
    at: str = "best",
    partial: bool = False,
) -> ResultTable:
    r"""A table from a metrics.csv, or from a folder: every folder in it with one is a run.

    A line holds what was logged together, other cells are empty. Hyperparameters in the
    hparams.yaml beside it that are called task, n_train, n_params or seed (or as ``names`` says)
    fill those columns; nested ones are not looked into.

    Parameters
    ----------
    path : str or Path
    columns : Columns
        Columns of metrics by ``names`` where they do not say themselves what they are; task,
        n_train and the like by ``given`` or by ``pattern`` from the path.
    at : "best" or "last"
        Which point of each curve. "best" is early stopping: the step at which the validation curve
        of the metric is best, and the last value of the other splits up to that step (a curve of
        one point, such as a test after training, is taken as it is). "last" is every curve's last
        point.
    partial : bool
        Leave out lines that are no good and say so in the notes, instead of raising.

    Returns
    -------
    ResultTable
        One row for each run, metric and split.

    Raises
    ------
    InputError
        No metrics.csv, one without a column "step" or a metric, a line that is no good, or no
        validation curve to choose the best step by.
    InvalidArgument
        Another word for ``at``.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> log = "epoch,step,val_psnr,test_psnr\n0,99,20,\n1,199,22,\n2,299,21,\n2,300,,21.5\n"
    >>> columns = ls.empirical.Columns(given={"task": "denoising"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "metrics.csv").write_text(log)
    ...     _ = Path(folder, "hparams.yaml").write_text("n_train: 30\nseed: 1\n")
    ...     best = ls.empirical.read_lightning(folder, columns)
    ...     last = ls.empirical.read_lightning(folder, columns, at="last")
    >>> [(row.n_train, row.seed, row.split, row.value) for row in best]
    [(30, 1, 'val', 22.0), (30, 1, 'test', 21.5)]
    >>> [row.value for row in last]
    [21.0, 21.5]
    """
    check_at(at)
    columns = columns or Columns()
    tables = []
    for source, (file, *_) in runs(path, METRICS).items():
        curves, notes = _curves(file, columns, partial)
        found = _hyperparameters(file.with_name(HYPERPARAMETERS), columns)
        table = series_to_table(curves, columns, source, at, found, partial)
        tables.append(ResultTable(table, (*notes, *table.notes)))
    return concat(tables)


class LightningReader(Reader):
    """Files with its columns "epoch" and "step", and folders with a metrics.csv."""

    word = "lightning"

    def recognises(self, source: Source) -> bool:
        names = source.header
        named = "step" in names and source.path.name == METRICS
        return source.holds(METRICS) or {"epoch", "step"} <= names or named

    def read(
        self,
        path: str | Path,
        columns: Columns | None = None,
        *,
        at: str = "best",
        partial: bool = False,
        **_: Any,
    ) -> ResultTable:
        return read_lightning(path, columns, at=at, partial=partial)


def _curves(file: Path, columns: Columns, partial: bool) -> tuple[dict[str, Series], list[str]]:
    records = csv_records(file)
    if "step" not in next((cells for _, cells in records if not isinstance(cells, str)), {}):
        raise InputError(f"{file} has no column 'step': not a log of Lightning's CSVLogger")
    return curves_of(
        records, "step", str(file), partial, lambda name: columns.meaning(name) is not None
    )


def _hyperparameters(file: Path, columns: Columns) -> dict[str, Any]:
    """The plain top-level ``name: value`` lines for the cells of a row that nothing else fills."""
    wanted = {columns.names.get(name, name) for name in _CELLS}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.partition(": ")[::2] for line in lines)
    return {name: value.strip().strip("'\"") for name, value in pairs if name in wanted}
