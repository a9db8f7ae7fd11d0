"""The store of phase diagrams: one SQLite file with a row for each finished cell.

It is written as a sweep's store is (:mod:`linscale.sweep.store`): a cell survives kill -9 once it
is added, and the process that adds is the only writer. The file is one of its own. A sweep's rows
are questions that linscale can spell out, whatever process reads them; here model and question are
Python code, of which only a fingerprint can be kept, and a reader of sweeps could do nothing with
such rows. Any number of diagrams may share a file: a cell is known by the question's name and by
names and values of its two parameters, in either order.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from linscale.errors import InputError, InvalidArgument
from linscale.support.environment import environment
from linscale.sweep.connection import ERRORS, Lock, check_whole, connect, explain, journal_ahead
from linscale.sweep.fingerprint import alike
from linscale.sweep.phase_cells import Answer, At

FORMAT = 1
APPLICATION = 0x6C73_7068  # "lsph": marks an SQLite file as ours

SCHEMA = f"""
PRAGMA application_id = {APPLICATION};
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, started TEXT NOT NULL, versions TEXT NOT NULL);
CREATE TABLE questions (name TEXT PRIMARY KEY, code TEXT NOT NULL);
CREATE TABLE cells (
  key BLOB PRIMARY KEY, question TEXT, at TEXT, value REAL, error REAL, status TEXT,
  failed INTEGER, model TEXT, checksum INTEGER, session INTEGER
);
INSERT INTO meta VALUES ('format', '{FORMAT}');
"""


class PhaseStore:
    """Finished cells of phase diagrams, open for writing.

    Parameters
    ----------
    path : str or Path
        Made if it is missing; nobody else writes it until it is closed.

    Raises
    ------
    InputError
        A file that is damaged, not a store of phase diagrams, of another format, read-only, or
        written by another process now; a disk that is full. What is in it is not touched then.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.is_dir():
            raise InputError(f"{self.path} is a folder: name a file in it")
        self._session: int | None = None
        self._lock = Lock(self.path)
        try:
            self._db = connect(self.path, True)
            try:
                self._open()
            except BaseException:
                self._db.close()
                raise
        except BaseException as error:
            self._lock.release()
            if isinstance(error, ERRORS):
                raise explain(error, self.path) from None
            raise

    def _open(self) -> None:
        empty = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        if not empty:
            check_whole(self._db, self.path)
            self._check_format()
        journal_ahead(self._db, self.path)  # not before it is known to be ours
        if empty:  # new, or killed before it held anything
            self._db.executescript(f"BEGIN IMMEDIATE;{SCHEMA}COMMIT;")

    def _check_format(self) -> None:
        if self._db.execute("PRAGMA application_id").fetchone() != (APPLICATION,):
            raise InputError(
                f"{self.path} is an SQLite file, but not a store of phase diagrams; name another "
                "file"
            )
        found = self._db.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
        if found != (str(FORMAT),):
            raise InputError(
                f"{self.path} is of format {found and found[0]}, and this linscale reads {FORMAT}: "
                "use the one that wrote it, or name another file"
            )

    def check_question(self, name: str, code: Any) -> None:
        """Note the question's fingerprint.

        Raises
        ------
        InvalidArgument
            Where the name is that of another question.
        """
        for (text,) in self._read("SELECT code FROM questions WHERE name = ?", (name,)):
            if not alike(self._json(text), code):
                raise InvalidArgument(
                    "question", f"other code than that which {self.path} knows as {name!r}",
                    "the same under one name: give name=..., or another store",
                )  # fmt: skip
            return
        self._write("INSERT INTO questions VALUES (?, ?)", (name, json.dumps(code)))

    def find(self, question: str, cells: Sequence[At]) -> list[Answer | None]:
        """The answer of each cell, in order; None where it is not there."""
        (whole,) = next(self._read("PRAGMA integrity_check(1)"))
        if whole != "ok":  # a damaged index would leave rows out and say nothing
            raise explain(sqlite3.DatabaseError(" ".join(str(whole).split())), self.path)
        columns = "key, question, at, value, error, status, failed, model"
        query = f"SELECT {columns}, checksum FROM cells WHERE question = ?"
        found = {}
        for *row, checksum in self._read(query, (question,)):
            if _checksum(row) != checksum:
                raise self._damaged()
            key, _, _, value, error, status, failed, model = row
            value, error = (np.nan if number is None else number for number in (value, error))
            found[key] = Answer(value, error, status, bool(failed), self._json(model))
        return [found.get(_key(question, at)) for at in cells]

    def add(self, question: str, at: At, answer: Answer) -> None:
        """Keep a finished cell; it is safe from kill -9 when this returns."""
        if self._session is None:
            self._session = self._begin_session()
        row = (
            _key(question, at), question, json.dumps(at, sort_keys=True),
            _null(answer.value), _null(answer.error), answer.status, int(answer.failed),
            json.dumps(answer.model),
        )  # fmt: skip
        marks = ", ".join("?" * (len(row) + 2))
        everything = (*row, _checksum(row), self._session)
        self._write(f"INSERT OR REPLACE INTO cells VALUES ({marks})", everything)

    def _begin_session(self) -> int | None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        values = (now, json.dumps(environment()["versions"], sort_keys=True))
        return self._write("INSERT INTO sessions (started, versions) VALUES (?, ?)", values)

    def notes(self, question: str) -> tuple[str, ...]:
        """What to know of a question's cells: those that were made with other versions."""
        now = environment()["versions"]
        query = (
            "SELECT DISTINCT versions FROM sessions JOIN cells ON sessions.id = cells.session "
            "WHERE question = ? ORDER BY versions"
        )
        others = [self._json(text) for (text,) in self._read(query, (question,))]
        return tuple(
            "some cells were made with other versions, whose last digits may differ: "
            + ", ".join(f"{k} {v}" for k, v in other.items() if v != now.get(k))
            for other in others
            if other != now
        )

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
        try:
            yield from self._db.execute(query, values)
        except ERRORS as error:
            raise explain(error, self.path) from None

    def _write(self, statement: str, values: tuple[Any, ...]) -> int | None:
        try:
            return self._db.execute(statement, values).lastrowid
        except ERRORS as error:
            raise explain(error, self.path) from None

    def _json(self, text: Any) -> Any:
        try:
            return json.loads(text)
        except (TypeError, ValueError):
            raise self._damaged() from None

    def _damaged(self) -> InputError:
        return explain(sqlite3.DatabaseError("a row was changed"), self.path)

    def close(self) -> None:
        """Close the file, and let others write."""
        try:
            self._db.close()
        finally:
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


def _key(question: str, at: At) -> bytes:
    """1 and 1.0 are one value."""
    values = {k: int(v) if v == int(v) else v for k, v in at.items()}
    return sha256(json.dumps([question, values], sort_keys=True).encode()).digest()


def _checksum(row: Sequence[Any]) -> int | None:
    """CRC-32 of a row: SQLite does not notice a changed number."""
    try:
        key, *rest = row
        return zlib.crc32(json.dumps([key.hex(), *rest]).encode())
    except (AttributeError, TypeError, ValueError):
        return None


def _null(number: float) -> float | None:
    """SQLite has no nan."""
    return None if number != number else number
