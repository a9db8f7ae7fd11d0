"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from linscale.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file to write, which takes the other's place when it is finished.

    Missing folders are made. A failure or a kill leaves what was there.
    """
    new = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(None, "there is a folder of that name")
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        new = Path(name)
        yield new
        umask = os.umask(0)
        os.umask(umask)
        new.chmod(0o666 & ~umask)
        new.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        if new is not None:
            new.unlink(missing_ok=True)


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write all beside their targets, then rename: a failure or a kill leaves no half of a file."""
    with ExitStack() as stack:
        for path, content in contents.items():
            stack.enter_context(replacing(path)).write_bytes(content)


def check_folder(path: Path) -> None:
    """Raise before any work is done if the folder cannot be written to; it is not made yet."""
    folder = path.absolute()
    try:
        while not folder.exists():
            folder = folder.parent
        problem = None if folder.is_dir() else f"{folder} is a file"
    except OSError as error:
        problem = error.strerror or str(error)
    if problem is None and not os.access(folder, os.W_OK | os.X_OK):
        problem = f"no permission to write in {folder}"
    if problem is not None:
        raise InputError(f"cannot write to the output folder {path}: {problem}; use --out")
