"""What a run would do: cells there, finished and missing, and roughly how long it would take."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from linscale.support.blas import one_thread
from linscale.sweep import estimators
from linscale.sweep.cells import Cell
from linscale.sweep.outcome import compute
from linscale.sweep.store import Store

PATIENCE = 5.0  # seconds for timing cells
FEW = 10  # trials of a cell that is timed

Group = tuple[str, int, int, str, int | None]


@dataclass(frozen=True)
class Forecast:
    """What a run would do.

    Attributes
    ----------
    cells, found, missing : int
        Cells asked for, finished and not.
    seconds : float
        One core's work on what is missing. Rough: cells that differ in n_train or seed alone are
        taken to cost the same.
    timed : int
        Kinds of cells that were timed for it now, on a few trials; the rest is known from finished
        cells, or taken as their mean.
    """

    cells: int
    found: int
    missing: int
    seconds: float
    timed: int


def forecast(grid: Iterable[Cell], store: str | Path, *, retry_failed: bool = False) -> Forecast:
    """Compare a grid with a store, which need not exist and is not written."""
    cells = list(dict.fromkeys(grid))
    known: dict[Group, float] = {}
    missing = cells
    if Path(store).exists():
        with Store(store) as opened:
            missing = opened.missing(cells, retry_failed=retry_failed)
            known = {(*group,): seconds for *group, seconds in opened.timings()}  # type: ignore[misc]
    groups: dict[Group, list[Cell]] = {}
    for cell in missing:
        group = (cell.method, cell.n, cell.d, estimators.label(cell.estimator), cell.trials)
        groups.setdefault(group, []).append(cell)
    unknown = {group: members for group, members in groups.items() if group not in known}
    timed = _timed(unknown)
    costs = known | timed
    mean = sum(costs.values()) / len(costs) if costs else 0.0
    seconds = sum(costs.get(group, mean) * len(members) for group, members in groups.items())
    return Forecast(len(cells), len(cells) - len(missing), len(missing), seconds, len(timed))


def _timed(groups: dict[Group, list[Cell]]) -> dict[Group, float]:
    """Seconds of a cell of each group, for as many groups as there is patience."""
    found: dict[Group, float] = {}
    start = time.perf_counter()
    with one_thread():
        for group, members in groups.items():
            middle = sorted(members, key=lambda cell: cell.n_train)[len(members) // 2]
            share = 1.0
            if middle.trials is not None and middle.trials > FEW:
                share = middle.trials / FEW
                middle = replace(middle, trials=FEW)
            compute(middle if middle.trials is None else replace(middle, trials=1))  # warms up
            found[group] = share * compute(middle).seconds
            if time.perf_counter() - start > PATIENCE:
                break
    return found
