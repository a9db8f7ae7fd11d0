"""The store: one SQLite file with a row for each finished cell.

It is in WAL mode with synchronous=NORMAL and every cell is a transaction of its own. A cell that
was added survives the death of the process, kill -9 included: the system has it. A power failure
may take the last few cells, never the file: what is lost is computed again, with the same numbers,
so that waiting for the disk at every cell (synchronous=FULL) would buy nothing. The process that
runs the sweep is the only writer, and holds a lock; others may read meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from linscale.errors import InputError, LinscaleError
from linscale.support.environment import environment
from linscale.sweep import estimators, rows
from linscale.sweep.cells import Cell
from linscale.sweep.connection import ERRORS, Lock, check_whole, connect, explain, journal_ahead
from linscale.sweep.outcome import Outcome

FORMAT = 1
APPLICATION = 0x6C73_7764  # "lswd": marks an SQLite file as ours

SCHEMA = f"""
PRAGMA application_id = {APPLICATION};
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, started TEXT NOT NULL, versions TEXT NOT NULL);
CREATE TABLE filters (label TEXT PRIMARY KEY, spec TEXT NOT NULL);
CREATE TABLE cells (
  key BLOB PRIMARY KEY, n INTEGER, d INTEGER, sigma REAL, n_train INTEGER, estimator TEXT,
  method TEXT, trials INTEGER, engine TEXT, residual TEXT, seed INTEGER, floor REAL, made_by TEXT,
  statuses TEXT, failed TEXT, arrays BLOB, checksum INTEGER, seconds REAL, session INTEGER
);
INSERT INTO meta VALUES ('format', '{FORMAT}');
"""


class Store:
    """A store's finished cells.

    Its length is their number, and iterating over it gives each as an :class:`Outcome`. It is a
    context manager, or is closed by :meth:`close`.

    Parameters
    ----------
    path : str or Path
    write : bool
        Make the file if it is missing, and let nobody else write until it is closed. Without it a
        missing file is an error, and nothing is changed.

    Attributes
    ----------
    path : Path
    notes : tuple of str
        What to know about the numbers in it: other versions that some were made with.

    Raises
    ------
    InputError
        A file that is missing, damaged, not a store, of another format, read-only, or written by
        another process now; a disk that is full. What is in the file is never touched then.

    Examples
    --------
    What :func:`run` does, by hand:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from linscale.sweep import Grid, Store, compute
    >>> cells = list(Grid(n=100, d=10, sigma=0.1, n_train=[30, 100, 300], method="theory"))
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name, "sweep.sqlite")
    >>> with Store(path, write=True) as store:
    ...     for cell in store.missing(cells)[:2]:
    ...         store.add(compute(cell))
    >>> store = Store(path)
    >>> len(store), [cell.n_train for cell in store.missing(cells)]
    (2, [300])
    >>> print(f"{store.get(cells[0]).point.value:.3f}")
    0.018
    >>> store.get(cells[2]) is None
    True
    >>> store.keys() == {cell.key() for cell in cells[:2]}
    True
    >>> [(method, n, estimator) for method, n, d, estimator, trials, seconds in store.timings()]
    [('theory', 100, 'early_stopped')]

    The same numbers have the same digest, whatever order they came in:

    >>> with Store(Path(folder.name, "other.sqlite"), write=True) as other:
    ...     for cell in cells[1::-1]:
    ...         other.add(compute(cell))
    ...     other.digest() == store.digest(), list(other.content()) == list(store.content())
    (True, True)
    >>> store.close()
    >>> folder.cleanup()
    """

    def __init__(self, path: str | Path, *, write: bool = False) -> None:
        self.path = Path(path)
        if self.path.is_dir():
            raise InputError(f"{self.path} is a folder: name a file in it")
        self.notes: tuple[str, ...] = ()
        self._lock = Lock(self.path) if write else None
        self._specs: dict[str, str] = {}
        try:
            self._db = connect(self.path, write)
            try:
                self._open(write)
            except BaseException:
                self._db.close()
                raise
        except BaseException as error:
            if self._lock is not None:
                self._lock.release()
            if isinstance(error, ERRORS):
                raise explain(error, self.path) from None
            raise

    def _open(self, write: bool) -> None:
        empty = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        if not empty:
            check_whole(self._db, self.path)
            self._check_format()
        elif not write:
            raise InputError(f"{self.path} holds no cells yet")
        if write:
            journal_ahead(self._db, self.path)  # not before it is known to be ours
        if empty:  # new, or killed before it held anything
            self._db.executescript(f"BEGIN IMMEDIATE;{SCHEMA}COMMIT;")
        self._specs = dict(self._db.execute("SELECT label, spec FROM filters"))
        if write:
            self._begin_session()

    def _check_format(self) -> None:
        ours = self._db.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
        if not ours:
            raise InputError(
                f"{self.path} is an SQLite file, but not a store of sweeps; name another file"
            )
        found = self._db.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
        if found is None or not str(found[0]).isdigit():
            raise explain(sqlite3.DatabaseError("its format is not stated"), self.path)
        format = int(found[0])
        if format > FORMAT:
            raise InputError(
                f"{self.path} was written by a newer linscale (format {format}, known up to "
                f"{FORMAT}): update linscale to use it"
            )
        if format < FORMAT:
            raise InputError(
                f"{self.path} was written by an older linscale (format {format}, now {FORMAT}): "
                "read it with that one, or run the sweep again into another file"
            )

    def _begin_session(self) -> None:
        """Note what the numbers to come are made with; the first write, which shows if one can."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        versions = estimators.dumps(environment()["versions"])
        before = {v for (v,) in self._db.execute("SELECT DISTINCT versions FROM sessions")}
        cursor = self._db.execute(
            "INSERT INTO sessions (started, versions) VALUES (?, ?)", (now, versions)
        )
        self._session = cursor.lastrowid
        try:
            others = [dict(json.loads(other)) for other in sorted(before - {versions})]
        except (TypeError, ValueError):
            raise self._damaged() from None
        self.notes = tuple(
            "some cells were made with other versions, whose last digits may differ: "
            + ", ".join(f"{k} {v}" for k, v in other.items() if v != json.loads(versions).get(k))
            for other in others
        )

    def add(self, outcome: Outcome) -> None:
        """Keep a finished cell, ``outcome``; it is safe from kill -9 when this returns.

        Raises
        ------
        LinscaleError
            A store that was opened for reading.
        InputError
            As for the class.
        """
        if self._lock is None:
            raise LinscaleError(f"{self.path} was opened for reading; use Store(path, write=True)")
        row = rows.to_row(outcome)
        label, text = estimators.label(outcome.cell.estimator), outcome.cell.estimator
        try:
            if label != text and label not in self._specs:
                self._db.execute("INSERT INTO filters VALUES (?, ?)", (label, text))
                self._specs[label] = text
            everything = (*row, rows.checksum(row), outcome.seconds, self._session)
            marks = ", ".join("?" * len(everything))
            self._db.execute(f"INSERT OR REPLACE INTO cells VALUES ({marks})", everything)
        except ERRORS as error:
            raise explain(error, self.path) from None

    def missing(self, cells: Iterable[Cell], *, retry_failed: bool = False) -> list[Cell]:
        """Those of ``cells`` that are not finished, in their order.

        With ``retry_failed`` those that are finished without a result are among them.
        """
        done = self.keys(failed=not retry_failed)
        return [cell for cell in cells if cell.key() not in done]

    def keys(self, *, failed: bool = True) -> set[bytes]:
        """Keys of finished cells: with ``failed``, those that have no result among them."""
        query = "SELECT key FROM cells" + ("" if failed else " WHERE failed IS NULL")
        return {key for (key,) in self._read(query)}

    def __len__(self) -> int:
        (count,) = next(self._read("SELECT count(*) FROM cells"))
        return int(count)

    def __iter__(self) -> Iterator[Outcome]:
        """Finished cells, sorted by key."""
        self._check_file()
        for row, seconds in self._rows("ORDER BY key"):
            yield self._outcome(row, seconds)

    def get(self, cell: Cell) -> Outcome | None:
        """What ``cell`` gave; None if it is not finished."""
        for row, seconds in self._rows("WHERE key = ?", (cell.key(),)):
            return self._outcome(row, seconds)
        return None

    def content(self) -> Iterator[bytes]:
        """Every row without its timings, sorted by key, byte for byte what a sweep must give."""
        self._check_file()
        for row, _ in self._rows("ORDER BY key"):
            named = dict(zip(rows.CONTENT, row, strict=True))
            yield rows.to_bytes(row) + self._spec(named["estimator"]).encode()

    def digest(self) -> str:
        """SHA-256 of :meth:`content`: two stores with the same numbers have the same."""
        found = hashlib.sha256()
        for line in self.content():
            found.update(len(line).to_bytes(8, "little") + line)
        return found.hexdigest()

    def timings(self) -> list[tuple[str, int, int, str, int | None, float]]:
        """Method, n, d, estimator label, trials and mean seconds, for every such group."""
        group = "method, n, d, estimator, trials"
        query = f"SELECT {group}, avg(seconds) FROM cells GROUP BY {group}"
        return list(self._read(query))

    def _rows(
        self, which: str, values: tuple[Any, ...] = ()
    ) -> Iterator[tuple[tuple[Any, ...], float]]:
        columns = ", ".join((*rows.CONTENT, "checksum", "seconds"))
        for found in self._read(f"SELECT {columns} FROM cells {which}", values):
            *row, checksum, seconds = found
            if self._sum(row) != checksum:
                raise self._damaged()
            yield tuple(row), seconds

    def _check_file(self) -> None:
        """Before all is read: a damaged index would leave rows out and say nothing."""
        (found,) = next(self._read("PRAGMA integrity_check(1)"))
        if found != "ok":
            raise explain(sqlite3.DatabaseError(" ".join(str(found).split())), self.path)

    def _sum(self, row: list[Any]) -> int | None:
        try:
            return rows.checksum(row)
        except (TypeError, ValueError, AttributeError):
            return None

    def _outcome(self, row: tuple[Any, ...], seconds: float) -> Outcome:
        spec = self._spec(dict(zip(rows.CONTENT, row, strict=True))["estimator"])
        try:
            return rows.from_row(row, spec, seconds)
        except (ValueError, KeyError, TypeError):
            raise self._damaged() from None

    def _spec(self, label: str) -> str:
        if " #" not in label:  # a word, and not a filter's label
            return label
        if label not in self._specs:  # added by the writer since this was opened
            self._specs = dict(self._read("SELECT label, spec FROM filters"))
        if label not in self._specs:
            raise self._damaged()
        return self._specs[label]

    def _damaged(self) -> InputError:
        return explain(sqlite3.DatabaseError("a row was changed"), self.path)

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
        try:
            yield from self._db.execute(query, values)
        except ERRORS as error:
            raise explain(error, self.path) from None

    def close(self) -> None:
        """Close the file, and let others write."""
        try:
            self._db.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
