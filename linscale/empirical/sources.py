"""Any source of results, told apart by what is in it."""

from __future__ import annotations

from pathlib import Path

from linscale.empirical.columns import Columns
from linscale.empirical.reader import READERS, Source
from linscale.empirical.table import ResultTable
from linscale.errors import InputError, InvalidArgument


def read(
    path: str | Path,
    columns: Columns | None = None,
    *,
    format: str = "auto",
    at: str = "best",
    checkpoint: str = "best",
    partial: bool = False,
) -> ResultTable:
    r"""A table from any file or folder that one of the readers can read.

    Parameters
    ----------
    path : str or Path
    columns : Columns
        What the log does not say, or calls by another name.
    format : "auto", "csv", "json", "tensorboard", "lightning", "wandb" or "paper"
        "auto" asks :func:`detect`. Or the word of a :class:`Reader` of your own.
    at : "best" or "last"
        Which point of a curve: tensorboard, lightning, wandb.
    checkpoint : "best" or "last"
        Which metrics files: paper.
    partial : bool
        Leave out what is no good and say so in the notes, instead of raising.

    Returns
    -------
    ResultTable

    Raises
    ------
    InputError
        As the reader has it, and if the format cannot be told.
    InvalidArgument
        Another format; another word for ``at`` or ``checkpoint``, from a reader that has it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> columns = ls.empirical.Columns(given={"task": "denoising"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "log.jsonl")
    ...     _ = path.write_text('{"n_train": 10, "test_mse": 1}\n{"n_train": 30, "test_mse": 0.5}')
    ...     table = ls.empirical.read(path, columns)
    >>> table
    ResultTable(2 rows; tasks: denoising; metrics: mse (1))
    """
    known = ("auto", *READERS)
    if format not in known:
        raise InvalidArgument("format", repr(format), ", ".join(known))
    reader = READERS[detect(path) if format == "auto" else format]()
    return reader.read(path, columns, at=at, checkpoint=checkpoint, partial=partial)


def detect(path: str | Path) -> str:
    r"""The format of a file or folder, by its contents and not by its name alone.

    A folder is the paper's if it has its experiments (which hold event files, too), else by the
    logs in it. A file is an event file if its first checksum is right; else JSON or CSV, by its
    first character, of Lightning or Weights & Biases by the names of its columns. A
    :class:`Reader` of your own is asked with the others.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    str
        One of ``FORMATS``, or the word of a Reader of your own.

    Raises
    ------
    InputError
        A file that is missing, empty or a pickle; a folder with logs of no kind; a file or folder
        of two kinds.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> contents = ("n_train,psnr\n10,20\n", "epoch,step,val_psnr\n0,99,20\n", '{"psnr": 20}')
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "log")
    ...     for text in contents:
    ...         _ = path.write_text(text)
    ...         print(ls.empirical.detect(path))
    csv
    lightning
    json
    """
    source = Source(path)
    found = [word for word, reader in READERS.items() if reader().recognises(source)]
    given_way = {word for other in found for word in READERS[other].before}
    left = [word for word in found if word not in given_way] or found
    if len(left) != 1:
        raise InputError(_undecided(source, left))
    return left[0]


def _undecided(source: Source, found: list[str]) -> str:
    """What to do about a source that is of no format that is known, or of several."""
    place = source.path
    if found:
        both = "both " if len(found) == 2 else ""
        words = f"{', '.join(found[:-1])} and {found[-1]}"
        what = f"holds logs of {both}" if source.is_folder else f"looks like a log of {both}"
        return f"{place} {what}{words}: say which format"
    if source.is_folder:
        return f"{place} holds no log that is known: formats: {', '.join(READERS)}"
    # Any other file is taken for CSV.
    return f"{place} is a pickle: give the experiment's folder, whose name says N and the network"
