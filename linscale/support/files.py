"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from linscale.errors import InputError


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write all beside their targets, then rename: a failure or a kill leaves no half of a file.

    Missing folders are made.
    """
    ready: list[tuple[str, Path]] = []
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(None, "there is a folder of that name")
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            ready.append((name, path))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(name, 0o666 & ~umask)
        while ready:
            name, path = ready[0]
            os.replace(name, path)
            ready.pop(0)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        for name, _ in ready:
            Path(name).unlink(missing_ok=True)


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
