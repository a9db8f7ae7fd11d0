"""Formats of logs: what a reader has to say, and what it is shown of a file or folder."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from linscale.empirical.columns import Columns
from linscale.empirical.records import is_csv, json_records
from linscale.empirical.table import ResultTable
from linscale.errors import InputError

HEAD = 4096  # bytes
PICKLES = (".p", ".pkl")


@dataclass(frozen=True)
class Source:
    r"""A file or folder whose format is asked for; what readers look at is read once.

    Parameters
    ----------
    path : str or Path

    Attributes
    ----------
    head : bytes
        How a file begins; nothing of a folder.

    Raises
    ------
    InputError
        What is missing, cannot be read, or is an empty file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "metrics.csv")
    ...     _ = path.write_text("epoch,step,val_psnr\n0,99,20\n")
    ...     source = ls.empirical.Source(path)
    ...     sorted(source.header), dict(source.record), ls.empirical.Source(folder).holds("*.csv")
    (['epoch', 'step', 'val_psnr'], {}, True)
    """

    path: Path
    head: bytes

    def __init__(self, path: str | Path) -> None:
        place = Path(path)
        head = b""
        if not place.exists():
            raise InputError(f"no such file or folder: {path}")
        if not place.is_dir():
            try:
                with place.open("rb") as file:
                    head = file.read(HEAD)
            except OSError as error:
                raise InputError(f"cannot read {path}: {error.strerror or error}") from None
            if not head:
                raise InputError(f"{path} is empty")
        object.__setattr__(self, "path", place)
        object.__setattr__(self, "head", head)

    @property
    def is_folder(self) -> bool:
        """A file is never empty."""
        return not self.head

    @property
    def is_pickle(self) -> bool:
        """By its first byte, or else by its name."""
        return self.head[:1] == b"\x80" or (not self.is_folder and self.path.suffix in PICKLES)

    @cached_property
    def is_json(self) -> bool:
        """Whether it begins like an object or a list."""
        return not (self.is_folder or self.is_pickle or is_csv(self.path))

    @cached_property
    def header(self) -> frozenset[str]:
        """Names of the columns, as CSV has them; none of JSON and of what is no text."""
        binary = self.is_pickle or b"\0" in self.head[:8]  # such as a record's length
        if self.is_folder or self.is_json or binary:
            return frozenset()
        with self.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            try:
                return frozenset(name.strip() for name in next(csv.reader(file), []))
            except csv.Error:
                return frozenset()

    @cached_property
    def record(self) -> Mapping[str, Any]:
        """The first record of a JSON file, flattened; none of what is not JSON."""
        if not self.is_json:
            return {}
        try:
            records = json_records(self.path)
        except InputError:  # for the reader to say
            return {}
        return next((cells for _, cells in records if not isinstance(cells, str)), {})

    def holds(self, pattern: str) -> bool:
        r"""Whether it is a folder with such a file in it, or in a folder of it.

        Parameters
        ----------
        pattern : str
            Such as "*.csv".

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import linscale as ls
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Path(folder, "run_1").mkdir()
        ...     _ = Path(folder, "run_1", "metrics.csv").write_text("epoch,step,val_psnr\n")
        ...     ls.empirical.Source(folder).holds("metrics.csv")
        True
        """
        return self.is_folder and next(self.path.rglob(pattern), None) is not None


class Reader(ABC):
    r"""A format of logs: which files and folders are of it, and what table they hold.

    A reader of your own says both; :func:`linscale.empirical.read` and
    :func:`~linscale.empirical.detect` then know it by its word. Every reader is asked about a
    source, so :meth:`recognises` looks for what no other format has.

    Class attributes
    ----------------
    word : str
        What the format is called in Python and on the command line: "lightning".
    before : tuple of str
        Words of formats that recognise its logs too, and give way to it (default: "csv" and
        "json", which take whatever text nobody else knows).

    Examples
    --------
    A log of one run, a line for each number:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> from linscale.empirical.columns import Columns, to_table
    >>> from linscale.empirical.records import text_of
    >>> class Lines(ls.empirical.Reader):
    ...     word = "lines"
    ...
    ...     def recognises(self, source):
    ...         return source.head.startswith(b"n_train: ")
    ...
    ...     def read(self, path, columns=None, *, partial=False, **_):
    ...         cells = dict(line.split(": ") for line in text_of(path).splitlines())
    ...         return to_table([("the run", cells)], columns or Columns(), str(path), partial)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "run.log")
    ...     _ = path.write_text("n_train: 100\ntask: denoising\ntest_psnr: 27.5\n")
    ...     ls.empirical.detect(path)
    ...     ls.empirical.read(path)
    'lines'
    ResultTable(1 rows; tasks: denoising; metrics: psnr (dB))
    """

    word: ClassVar[str]
    before: ClassVar[tuple[str, ...]] = ("csv", "json")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not cls.__dict__.get("word"):
            return
        if cls.recognises is Reader.recognises or cls.read is Reader.read:
            raise TypeError(f"{cls.__name__}: needs recognises and read")
        known = READERS.get(cls.word)
        if known is not None and _name(known) != _name(cls):  # a notebook's cell may be run again
            raise TypeError(f"{cls.__name__}: word = {cls.word!r} is that of {_name(known)}")
        READERS[cls.word] = cls

    @abstractmethod
    def recognises(self, source: Source) -> bool:
        """Whether a file or folder is of this format, by its contents.

        Parameters
        ----------
        source : Source
        """

    @abstractmethod
    def read(
        self,
        path: str | Path,
        columns: Columns | None = None,
        *,
        at: str = "best",
        checkpoint: str = "best",
        partial: bool = False,
    ) -> ResultTable:
        """The table of a file or folder; arguments as in :func:`linscale.empirical.read`.

        A reader leaves out with ``**_`` those that say nothing to it.
        """


READERS: dict[str, type[Reader]] = {}  # by word, in the order in which messages name them


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
