"""Any source of results, told apart by what is in it."""

from __future__ import annotations

import csv
from pathlib import Path

from linscale.empirical import lightning, tensorboard, tfrecord
from linscale.empirical.columns import Columns
from linscale.empirical.csv_json import json_records, read_csv, read_json
from linscale.empirical.lightning import read_lightning
from linscale.empirical.paper import FOLDER, read_paper
from linscale.empirical.table import ResultTable
from linscale.empirical.tensorboard import read_tensorboard
from linscale.empirical.wandb import is_chart, is_csv, is_history, read_wandb
from linscale.errors import InputError, InvalidArgument

FORMATS = ("csv", "json", "tensorboard", "lightning", "wandb", "paper")


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
        "auto" asks :func:`detect`.
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
    if format not in ("auto", *FORMATS):
        raise InvalidArgument("format", repr(format), ", ".join(("auto", *FORMATS)))
    kind = detect(path) if format == "auto" else format
    if kind == "csv":
        return read_csv(path, columns, partial=partial)
    if kind == "json":
        return read_json(path, columns, partial=partial)
    if kind == "tensorboard":
        return read_tensorboard(path, columns, at=at, partial=partial)
    if kind == "lightning":
        return read_lightning(path, columns, at=at, partial=partial)
    if kind == "wandb":
        return read_wandb(path, columns, at=at, partial=partial)
    return read_paper(path, columns, checkpoint=checkpoint, partial=partial)


def detect(path: str | Path) -> str:
    r"""The format of a file or folder, by its contents and not by its name alone.

    A folder is the paper's if it has its experiments (which hold event files, too), else by the
    logs in it. A file is an event file if its first checksum is right; else JSON or CSV, by its
    first character, of Lightning or Weights & Biases by the names of its columns.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    str
        One of ``FORMATS``.

    Raises
    ------
    InputError
        A file that is missing, empty or a pickle; a folder with logs of no kind, or of two.

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
    place = Path(path)
    if not place.exists():
        raise InputError(f"no such file or folder: {path}")
    if place.is_dir():
        return _folder(place)
    try:
        with place.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    if not head:
        raise InputError(f"{path} is empty")
    if tfrecord.looks_like(head):
        return "tensorboard"
    if head[0] == 0x80 or place.suffix in (".p", ".pkl"):
        raise InputError(
            f"{path} is a pickle: give the experiment's folder, whose name says N and the network"
        )
    return _csv(place) if is_csv(place) else _json(place)


def _folder(place: Path) -> str:
    names = [place.resolve().name, *(p.name for p in place.iterdir() if p.is_dir())]
    if any(map(FOLDER.fullmatch, names)):
        return "paper"
    logs = {"tensorboard": tensorboard.EVENT_FILES, "lightning": lightning.METRICS}
    found = [name for name, files in logs.items() if next(place.rglob(files), None) is not None]
    if len(found) != 1:
        what = "logs of both tensorboard and lightning" if found else "no log that is known"
        more = "say which format" if found else f"formats: {', '.join(FORMATS)}"
        raise InputError(f"{place} holds {what}: {more}")
    return found[0]


def _csv(place: Path) -> str:
    with place.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            header = next(csv.reader(file), [])
        except csv.Error:
            return "csv"
    names = {name.strip() for name in header}
    if {"Name", "State"} <= names or is_chart(names):
        return "wandb"
    if {"epoch", "step"} <= names or ("step" in names and place.name == lightning.METRICS):
        return "lightning"
    return "csv"


def _json(place: Path) -> str:
    first = next((cells for _, cells in json_records(place) if not isinstance(cells, str)), {})
    parts = {str(name).partition(".")[0] for name in first}
    return "wandb" if is_history(first) or {"config", "summary"} <= parts else "json"
