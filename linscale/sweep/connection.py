"""Opening the store's file, and SQLite's errors in words that say what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from linscale.errors import InputError

PAGE = 512  # bytes: rows do not fill their last page, and a larger one would leave more empty
PATIENCE = 5.0  # seconds to wait for a reader


def connect(path: Path, write: bool) -> sqlite3.Connection:
    """An open connection in which every statement is a transaction of its own."""
    if write:
        db = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
        db.execute(f"PRAGMA page_size = {PAGE}")  # of a new file; others keep theirs
        db.execute("PRAGMA synchronous = NORMAL")
        return db
    if not path.exists():
        raise InputError(f"no such store: {path}")
    try:
        # Not mode=ro, which could not remove the files of the journal when it is done.
        return _reading(path, "mode=rw")
    except sqlite3.OperationalError:
        # In a folder that cannot be written SQLite has no place for its index of the journal; with
        # nothing in the journal the file alone is all there is.
        if _journal_holds_something(path):
            raise
        return _reading(path, "mode=ro&immutable=1")


def _reading(path: Path, how: str) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=PATIENCE
    )
    try:
        db.execute("PRAGMA query_only = 1")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _journal_holds_something(path: Path) -> bool:
    journal = path.with_name(path.name + "-wal")
    return journal.exists() and journal.stat().st_size > 0


def check_whole(db: sqlite3.Connection, path: Path) -> None:
    """Raise if the last page is cut off: SQLite notices only if more is missing."""
    (page,) = db.execute("PRAGMA page_size").fetchone()
    if path.stat().st_size % page and not _journal_holds_something(path):
        raise sqlite3.DatabaseError("its end is missing")


def journal_ahead(db: sqlite3.Connection, path: Path) -> None:
    """Put the file in WAL mode, which it keeps."""
    if db.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        raise InputError(
            f"{path} cannot be journalled here (a network folder?): put the store on a local disk"
        )


class Lock:
    """The right to be the only writer: held by the process, so a dead one holds nothing.

    It is SQLite's own lock, on an empty file beside the store, so that readers are not kept out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + "-lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._path, isolation_level=None, timeout=0.0)
        except sqlite3.Error as error:
            raise explain(error, path) from None
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror or error}") from None
        try:
            self._db.execute("PRAGMA journal_mode = MEMORY")  # nothing is written, so no file
            self._db.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._db.close()
            raise explain(error, path) from None

    def release(self) -> None:
        """Let others write, and leave no file behind."""
        try:
            # While it is held. Who opened it just before and locks it just after shares the store
            # with the next writer, which wastes work but harms nothing: rows are keyed.
            self._path.unlink(missing_ok=True)
        except OSError:  # an open file cannot be removed on every system
            pass
        finally:
            self._db.close()


KEPT = "every finished cell that was written is kept"


# SQLite's messages quote a damaged file, which need not be text.
ERRORS = (sqlite3.Error, UnicodeDecodeError)


def explain(error: Exception, path: Path) -> InputError:
    """The same error, naming the file and the remedy."""
    if isinstance(error, UnicodeDecodeError):
        error = sqlite3.DatabaseError("what it holds is not text")
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return InputError(
            f"another process is writing {path}: wait until it is done, or name another store"
        )
    if code == sqlite3.SQLITE_FULL:
        return InputError(
            f"no space left to write {path}: {KEPT}; make room and run the same sweep again"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return InputError(
            f"cannot open or write {path}: {error}; check the permissions of the file and its "
            "folder, or name another store"
        )
    if code == sqlite3.SQLITE_IOERR:
        return InputError(
            f"the disk refuses {path} ({error}): {KEPT}; mend that and run the same sweep again"
        )
    if code == sqlite3.SQLITE_NOTADB:
        return InputError(
            f"{path} is not a store of sweeps; it is left as it is: name another file"
        )
    return InputError(
        f"{path} is damaged ({error}); it is left as it is: move it away and run the sweep again, "
        f"or save what can be read by: sqlite3 {path.name} .recover | sqlite3 rescued.sqlite"
    )
