"""A finished cell as a row of the store, and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from linscale.sweep import estimators
from linscale.sweep.cells import Cell
from linscale.sweep.outcome import COLUMNS, Outcome

# What the numbers are, in the order of the table's columns; timings and sessions are not in it.
CONTENT = (
    "key", "n", "d", "sigma", "n_train", "estimator", "method", "trials", "engine", "residual",
    "seed", "floor", "made_by", "statuses", "failed", "arrays",
)  # fmt: skip


def to_row(outcome: Outcome) -> tuple[Any, ...]:
    """The columns of :data:`CONTENT`.

    ``estimator`` is the short label; the store keeps the full text of a filter once for all cells.
    ``statuses`` is JSON of [text, how many points in a row], or NULL where all are "ok". ``arrays``
    is the (8, T) array as little-endian float64.
    """
    cell = outcome.cell
    runs = [[text, len(list(group))] for text, group in groupby(outcome.statuses)]
    statuses = None if all(text == "ok" for text, _ in runs) else estimators.dumps(runs)
    return (
        cell.key(), cell.n, cell.d, cell.sigma, cell.n_train, estimators.label(cell.estimator),
        cell.method, cell.trials, cell.engine, cell.residual, cell.rng, outcome.floor,
        outcome.made_by, statuses, outcome.failed,
        np.ascontiguousarray(outcome.values, dtype="<f8").tobytes(),
    )  # fmt: skip


def from_row(row: Sequence[Any], estimator: str, seconds: float) -> Outcome:
    """The finished cell of a row; ``estimator`` is the full text that its label stands for.

    Raises
    ------
    ValueError, InvalidArgument
        If it is not the row of any cell.
    """
    named = dict(zip(CONTENT, row, strict=True))
    parameters = ("n", "d", "sigma", "n_train", "method", "trials", "engine", "residual")
    of_the_cell = {name: named[name] for name in parameters}
    of_the_cell |= {"estimator": estimator, "rng": named["seed"]}
    # What another process defined and kept is read all the same; its key shows that it is whole.
    known = estimators.is_known(estimator)
    cell = Cell(**of_the_cell) if known else Cell.as_kept(of_the_cell)
    values = np.frombuffer(named["arrays"], dtype="<f8").astype(float).reshape(len(COLUMNS), -1)
    points = values.shape[1]
    statuses = ("ok",) * points
    if named["statuses"] is not None:
        runs = json.loads(named["statuses"])
        statuses = tuple(text for text, count in runs for _ in range(count))
    if len(statuses) != points or cell.key() != named["key"]:
        raise ValueError("a row that does not fit together")
    return Outcome(
        cell, values, named["floor"], named["made_by"], statuses, named["failed"], seconds
    )


def to_bytes(row: Sequence[Any]) -> bytes:
    """A row as bytes that differ whenever any of its content does."""
    head = estimators.dumps([row[0].hex(), *row[1:-1]])
    return head.encode() + b"\n" + bytes(row[-1])


def checksum(row: Sequence[Any]) -> int:
    """CRC-32 of a row: SQLite does not notice a changed number."""
    return zlib.crc32(to_bytes(row))
