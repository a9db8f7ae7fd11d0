"""The output folders of the paper's code: denoising of ImageNet, and MRI of fastMRI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from linscale.empirical.columns import Columns, Record, some, to_table
from linscale.empirical.pickles import Array, Metrics, read_pickle
from linscale.empirical.reader import Reader, Source
from linscale.empirical.table import ResultTable, concat
from linscale.errors import InputError, InvalidArgument
from linscale.support import validate

FOLDER = re.compile(r"E[^_]+_t(?P<n_train>\d+)_l(?P<layers>\d+)c(?P<channels>\d+)(_.*)?")
_RUN = re.compile(r"_run(?P<run>\d+)$")
_DENOISING = re.compile(
    r"(?P<split>val|test)_(?P<low>\d+(\.\d+)?)-(?P<high>\d+(\.\d+)?)"
    r"_metrics_(?P<checkpoint>best|last)\.p"
)
_MRI = re.compile(r"metrics_.*_(?P<split>val|test)_(?P<checkpoint>best|last)(_\d+ep)?\.pkl")
CHECKPOINTS = ("best", "last")
COLOURS = {"denoising": 3, "mri": 1}  # channels of the images


def unet_parameters(channels: int, pool_layers: int, image_channels: int) -> int:
    r"""Parameters of the paper's U-Net, which is fastMRI's: weights, and a bias for each colour.

    A block from a to b channels has two 3 x 3 convolutions, 9 a b + 9 b^2, and an upsampling from
    2 a to a a 2 x 2 one, 8 a^2. With c channels on top, L pool layers and i channels of the image,

        block(i, c) + sum_{k=1}^{L} block(2^{k-1} c, 2^k c)                         down
        + sum_{k=0}^{L-1} [8 (2^k c)^2 + block(2^{k+1} c, 2^k c)] + i c + i         up, and out.

    116,707 to 46,499,203 for c = 16 to 320 in denoising (L = 2, i = 3).

    Source: fastMRI's Unet (Zbontar et al., arXiv 1811.08839), as the paper's code has it.

    Parameters
    ----------
    channels : int
        c, at least 1.
    pool_layers : int
        L, at least 1.
    image_channels : int
        i, at least 1: 3 for colours, 1 for magnitudes.

    Returns
    -------
    int

    Raises
    ------
    InvalidArgument
        What is not an integer of at least 1.

    Examples
    --------
    >>> import linscale as ls
    >>> [ls.empirical.unet_parameters(c, pool_layers=2, image_channels=3) for c in (16, 64, 320)]
    [116707, 1861507, 46499203]
    """
    c = validate.integer("channels", channels, at_least=1)
    layers = validate.integer("pool_layers", pool_layers, at_least=1)
    i = validate.integer("image_channels", image_channels, at_least=1)

    def block(a: int, b: int) -> int:
        return 9 * a * b + 9 * b * b

    count = block(i, c) + i * c + i
    for k in range(layers):
        above, below = c << k, c << (k + 1)
        count += block(above, below) + 8 * above**2 + block(below, above)
    return count


def read_paper(
    path: str | Path,
    columns: Columns | None = None,
    *,
    checkpoint: str = "best",
    n_params: Mapping[int, int] | None = None,
    partial: bool = False,
) -> ResultTable:
    """A table from folders such as E001_t300_l2c16_bs1_lr0001_run2, or from a folder of them.

    The name gives N, the channels and the run, whose seed is 42 + 10 (run - 1). Denoising: the
    means over images (psnr, ssim, and their gain, psnr_delta) and spreads (psnr_std) in
    ``*_metrics_best.p``, one row for each noise level; the task is "denoising", with the level
    if there are several. MRI: mean and spread of MSE, NMSE, PSNR and SSIM over volumes in
    ``log_files/metrics_*``; the task is "mri".

    Source: Klug and Heckel, ICLR 2023, and the code beside it.

    Parameters
    ----------
    path : str or Path
        A folder.
    columns : Columns
        ``given`` for another name of the task, ``units`` for that of the MSE.
    checkpoint : "best" (on validation, as the paper has it) or "last"
    n_params : mapping of channels to parameters
        Where the network is not the paper's; by default :func:`unet_parameters`.
    partial : bool
        Leave out files that are no good and say so in the notes, instead of raising.

    Returns
    -------
    ResultTable

    Raises
    ------
    InputError
        No such folder, no metrics in any, or a file that is damaged or hostile.
    InvalidArgument
        Another checkpoint, or ``n_params`` without some of the channels.

    Examples
    --------
    >>> import pickle, tempfile
    >>> from pathlib import Path
    >>> import linscale as ls
    >>> metrics = {"psnr_m": [27.0], "psnr_s": [3.0], "ssim_m": [0.8], "ssim_s": [0.1]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = Path(folder, "E001_t100_l2c16_bs1_lr0001")
    ...     run.mkdir()
    ...     _ = (run / "test_25-25_metrics_best.p").write_bytes(pickle.dumps(metrics))
    ...     table = ls.empirical.read_paper(folder)
    >>> for row in table.filter(metric=["psnr", "psnr_std"]):
    ...     print(row.n_train, row.n_params, row.seed, row.split, row.metric, row.value, row.unit)
    100 116707 42 test psnr 27.0 dB
    100 116707 42 test psnr_std 3.0 dB
    """
    if checkpoint not in CHECKPOINTS:
        raise InvalidArgument("checkpoint", repr(checkpoint), " or ".join(map(repr, CHECKPOINTS)))
    columns = columns or Columns()
    tables: list[ResultTable] = []
    notes: list[str] = []
    bare: list[str] = []
    strangers: list[str] = []
    unread = 0
    for folder in experiments(path):
        files, strange = _metrics_files(folder)
        strangers += strange
        unread += sum(kind["checkpoint"] != checkpoint for _, _, kind in files)
        files = [entry for entry in files if entry[2]["checkpoint"] == checkpoint]
        if not files:
            bare.append(folder.name)
        for file, task, kind in files:
            try:
                tables.append(_table(folder, file, task, kind, columns, n_params))
            except InputError as error:
                if not partial:
                    raise
                notes.append(f"left out: {error}")
    if not tables:
        why = notes[0] if notes else f"no metrics of the {checkpoint} checkpoint in {some(bare)}"
        raise InputError(f"{path}: {why}")
    if bare:
        notes.append(f"no metrics of the {checkpoint} checkpoint in {some(bare)}")
    if strangers:
        notes.append(f"files of another name not read: {some(strangers)}")
    if unread:
        notes.append(f"{unread} files of the other checkpoint not read")
    table = concat(tables)
    return ResultTable(table, (*notes, *dict.fromkeys(table.notes)))


class PaperReader(Reader):
    """Folders of its names, which hold event files, too."""

    word, before = "paper", ("tensorboard", "lightning")

    def recognises(self, source: Source) -> bool:
        if not source.is_folder:
            return False
        inside = (p.name for p in source.path.iterdir() if p.is_dir())
        return any(map(FOLDER.fullmatch, (source.path.resolve().name, *inside)))

    def read(
        self,
        path: str | Path,
        columns: Columns | None = None,
        *,
        checkpoint: str = "best",
        partial: bool = False,
        **_: Any,
    ) -> ResultTable:
        return read_paper(path, columns, checkpoint=checkpoint, partial=partial)


def experiments(path: str | Path) -> list[Path]:
    """The experiment folders: the path itself, or those in it."""
    root = Path(path)
    if root.is_dir() and FOLDER.fullmatch(root.resolve().name):
        return [root]
    found = sorted(p for p in root.glob("E*") if p.is_dir() and FOLDER.fullmatch(p.name))
    if not found:
        raise InputError(f"no folder such as E001_t300_l2c16_bs1_lr0001 in {root}")
    return found


def _metrics_files(folder: Path) -> tuple[list[tuple[Path, str, dict[str, str]]], list[str]]:
    """The metrics files with what their names say, and the names that say something else."""
    files, others = [], []
    for task, pattern, place in (
        ("denoising", _DENOISING, folder),
        ("mri", _MRI, folder / "log_files"),
    ):
        for file in sorted(place.glob("*metrics*")):
            found = pattern.fullmatch(file.name)
            if found is not None:
                files.append((file, task, found.groupdict()))
            else:
                others.append(f"{folder.name}/{file.relative_to(folder).as_posix()}")
    return files, others


def _table(
    folder: Path,
    file: Path,
    task: str,
    kind: dict[str, str],
    columns: Columns,
    n_params: Mapping[int, int] | None,
) -> ResultTable:
    name = folder.resolve().name
    source = f"{name}/{file.relative_to(folder).as_posix()}"
    parts = FOLDER.fullmatch(name)
    assert parts is not None
    run = _RUN.search(name)
    channels = int(parts["channels"])
    if n_params is None:
        count = unet_parameters(channels, int(parts["layers"]), COLOURS[task])
    elif channels in n_params:
        count = n_params[channels]
    else:
        raise InvalidArgument("n_params", f"for {sorted(n_params)} channels", f"for {channels} too")
    cells: dict[str, Any] = {
        "n_train": int(parts["n_train"]),
        "n_params": count,
        "seed": 42 + 10 * (int(run["run"]) - 1 if run else 0),
        "split": kind["split"],
    }
    label = str(columns.given.get("task", task))
    given = {key: value for key, value in columns.given.items() if key != "task"}
    content = read_pickle(file)
    found = _running(content, label) if task == "mri" else _averages(content, label, kind)
    if found is None:
        raise InputError(f"{source} holds no metrics of {task}")
    records: list[Record] = [(row["metric"], cells | row) for row in found]
    return to_table(records, replace(columns, given=given), source)


def _running(content: Any, task: str) -> list[dict[str, Any]] | None:
    """Mean and, of two volumes or more, standard deviation of each metric."""
    if not isinstance(content, Metrics):
        return None
    rows = []
    for name, statistics in content.metrics.items():
        rows.append({"task": task, "metric": name.lower(), "value": statistics.mean})
        if statistics.count > 1:
            rows.append({"task": task, "metric": f"{name.lower()}_std", "value": statistics.std})
    return rows


def _averages(content: Any, task: str, kind: dict[str, str]) -> list[dict[str, Any]] | None:
    """Means (psnr_m) and spreads (psnr_s) over images, one for each noise level."""
    if not isinstance(content, dict) or "psnr_m" not in content:
        return None
    rows = []
    for key, numbers in content.items():
        values = numbers.values if isinstance(numbers, Array) else numbers
        if not isinstance(key, str) or not _are_numbers(values):
            return None
        name, _, what = key.rpartition("_")
        if what not in ("m", "s"):
            return None
        levels = np.linspace(float(kind["low"]), float(kind["high"]), len(values), dtype=int)
        for level, value in zip(levels, values, strict=True):
            label = task if len(values) == 1 else f"{task}, noise {level}/255"
            metric = name if what == "m" else f"{name}_std"
            rows.append({"task": label, "metric": metric, "value": value})
    return rows


def _are_numbers(values: Any) -> bool:
    if not isinstance(values, list | tuple) or not values:
        return False
    return all(isinstance(value, int | float) for value in values)
