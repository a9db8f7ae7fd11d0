"""Scalars from TensorBoard event files, without TensorFlow and without torch."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from linscale.empirical import protobuf, tfrecord
from linscale.empirical.columns import Columns, some
from linscale.empirical.protobuf import BYTES, FIXED32, FIXED64, VARINT, message, signed
from linscale.empirical.reader import Reader, Source
from linscale.empirical.series import Series, check_at, runs, series_to_table
from linscale.empirical.table import ResultTable, concat
from linscale.errors import InputError

EVENT_FILES = "*tfevents*"
_FLOAT, _DOUBLE = 1, 2  # of TensorFlow's DataType
_PLACED = {_FLOAT: (5, FIXED32, "<f"), _DOUBLE: (6, FIXED64, "<d")}  # field of TensorProto


@dataclass(frozen=True)
class Scalars:
    """The curves of a run by their tags, and in words what else there was.

    Attributes
    ----------
    series : dict of Series
        By tag.
    notes : tuple of str

    Examples
    --------
    >>> import linscale as ls
    >>> scalars = ls.empirical.Scalars({"psnr/val": ls.empirical.Series([100, 200], [20.0, 22.0])})
    >>> for tag, curve in scalars.series.items():
    ...     print(tag, curve.step, curve.value)
    psnr/val [100 200] [20. 22.]
    """

    series: dict[str, Series]
    notes: tuple[str, ...] = ()


def read_tensorboard(
    path: str | Path,
    columns: Columns | None = None,
    *,
    at: str = "best",
    partial: bool = False,
) -> ResultTable:
    r"""A table from an event file, or from a folder: every folder in it with event files is a run.

    Parameters
    ----------
    path : str or Path
    columns : Columns
        Tags by ``names``, such as {"psnr:test": "PSNR/kodak"}, where they do not say themselves
        what they are; n_train and the like by ``given`` or by ``pattern`` from the path.
    at : "best" or "last"
        Which point of each curve. "best" is early stopping: the step at which the validation curve
        of the metric is best, and the last value of the other splits up to that step (a curve of
        one point, such as a test after training, is taken as it is). "last" is every curve's last
        point.
    partial : bool
        Keep what is whole of damaged files, and say so in the notes.

    Returns
    -------
    ResultTable
        One row for each run, metric and split.

    Raises
    ------
    InputError
        No event file, no scalar, a DamagedFile, a row that is no good, or no validation curve to
        choose the best step by.
    InvalidArgument
        Another word for ``at``.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> from tensorboardX import SummaryWriter
    >>> columns = ls.empirical.Columns(
    ...     given={"task": "denoising"}, pattern=r"N(?P<n_train>\d+)_s(?P<seed>\d+)"
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with SummaryWriter(str(Path(folder, "N10_s0"))) as writer:
    ...         for step, value in ((100, 20.0), (200, 22.0), (300, 21.0)):
    ...             writer.add_scalar("psnr/val", value, step)
    ...             writer.add_scalar("psnr/test", value - 0.5, step)
    ...     table = ls.empirical.read_tensorboard(folder, columns)
    >>> [(row.n_train, row.seed, row.split, row.value) for row in table]  # at step 200
    [(10, 0, 'val', 22.0), (10, 0, 'test', 21.5)]
    """
    check_at(at)
    tables = []
    for source, files in runs(path, EVENT_FILES).items():
        scalars = read_scalars(files, partial=partial)
        table = series_to_table(scalars.series, columns or Columns(), source, at, partial=partial)
        tables.append(ResultTable(table, (*scalars.notes, *table.notes)))
    return concat(tables)


class TensorBoardReader(Reader):
    """Files whose first checksum is right, and folders with files of such a name."""

    word = "tensorboard"

    def recognises(self, source: Source) -> bool:
        return source.holds(EVENT_FILES) or tfrecord.looks_like(source.head)

    def read(
        self,
        path: str | Path,
        columns: Columns | None = None,
        *,
        at: str = "best",
        partial: bool = False,
        **_: Any,
    ) -> ResultTable:
        return read_tensorboard(path, columns, at=at, partial=partial)


def read_scalars(path: str | Path | list[Path], *, partial: bool = False) -> Scalars:
    """Every scalar of an event file, or of the event files of one run.

    Both forms are read: a float in the event, and a float tensor of one entry. Images, texts and
    histograms are left out, and counted in the notes.

    Source: the messages Event, Summary and TensorProto of tensorflow/core (event.proto,
    summary.proto, tensor.proto).

    Parameters
    ----------
    path : str, Path or list of Path
        A list is one run, in the order in which it was written.
    partial : bool
        Keep what is whole of damaged files, and say so in the notes.

    Returns
    -------
    Scalars

    Raises
    ------
    DamagedFile
        A file that is cut off or altered.
    InputError
        A file that is missing, empty, or without a scalar; a record that is no event.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> from tensorboardX import SummaryWriter
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with SummaryWriter(folder) as writer:
    ...         for step, value in ((100, 20.0), (200, 22.0), (300, 21.0)):
    ...             writer.add_scalar("psnr/val", value, step)
    ...     (path,) = Path(folder).iterdir()
    ...     curve = ls.empirical.read_scalars(path).series["psnr/val"]
    >>> curve.step, curve.value
    (array([100, 200, 300]), array([20., 22., 21.]))
    """
    files = path if isinstance(path, list) else [Path(path)]
    curves: dict[str, tuple[list[int], list[float]]] = {}
    others: dict[str, None] = {}
    notes: list[str] = []
    for file in files:
        content = _content(file)
        found = tfrecord.records(str(file), content, partial)
        notes += found.notes
        for start, length in zip(found.start.tolist(), found.length.tolist(), strict=True):
            try:
                _event(content, start, start + length, curves, others)
            except (protobuf.Malformed, UnicodeDecodeError):
                raise InputError(f"{file}: the record at byte {start - 12} is no event") from None
    if not curves:
        more = f"; it has {some(others)}, which are none" if others else ""
        raise InputError(f"{some(map(str, files))} holds no scalar{more}")
    if others:
        notes.append(f"{some(map(str, files))}: tags that are not scalars: {some(others)}")
    series = {tag: Series(np.array(s), np.array(v)) for tag, (s, v) in curves.items()}
    return Scalars(series, tuple(notes))


def _content(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from None
    if not content:
        raise InputError(f"{file} is empty")
    return content


def _event(
    data: bytes,
    start: int,
    end: int,
    curves: dict[str, tuple[list[int], list[float]]],
    others: dict[str, None],
) -> None:
    """Add the scalars of one Event: step (field 2) and summary (field 5)."""
    step = 0
    summaries = []
    for number, kind, first, stop in message(data, start, end):
        if number == 2 and kind == VARINT:
            step = signed(first)
        elif number == 5 and kind == BYTES:
            summaries.append((first, stop))
    for begin, finish in summaries:
        for number, kind, first, stop in message(data, begin, finish):
            if number != 1 or kind != BYTES:
                continue
            tag, value = _value(data, first, stop)
            if value is None:
                others[tag] = None
            else:
                steps, values = curves.setdefault(tag, ([], []))
                steps.append(step)
                values.append(value)


def _value(data: bytes, start: int, end: int) -> tuple[str, float | None]:
    """A Summary.Value: tag (field 1), simple_value (2) or tensor (8); None for other kinds."""
    tag, value = "", None
    for number, kind, first, stop in message(data, start, end):
        if number == 1 and kind == BYTES:
            tag = data[first:stop].decode()
        elif number == 2 and kind == FIXED32:
            value = struct.unpack_from("<f", data, first)[0]
        elif number == 8 and kind == BYTES:
            value = _tensor(data, first, stop)
    return tag, value


def _tensor(data: bytes, start: int, end: int) -> float | None:
    """A TensorProto of one float: dtype (1), tensor_content (4), float_val (5), double_val (6)."""
    fields = list(message(data, start, end))
    dtype = next((first for number, kind, first, _ in fields if (number, kind) == (1, VARINT)), 0)
    if dtype not in _PLACED:
        return None
    place, kind_of_one, code = _PLACED[dtype]
    numbers: list[float] = []
    for number, kind, first, stop in fields:
        if (number == 4 and kind == BYTES) or (number == place and kind in (BYTES, kind_of_one)):
            if (stop - first) % struct.calcsize(code):
                raise protobuf.Malformed
            numbers += [x for (x,) in struct.iter_unpack(code, data[first:stop])]
    return numbers[0] if len(numbers) == 1 else None
