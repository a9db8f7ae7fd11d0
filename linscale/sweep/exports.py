"""A store's finished cells for other programs: CSV, Parquet, or netCDF by xarray.

CSV and Parquet have a row for each point of each cell's path. xarray has an axis for each parameter
that takes several values, and one for the points of the paths.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from linscale.errors import InputError, InvalidArgument
from linscale.support.files import replacing
from linscale.sweep import estimators
from linscale.sweep.outcome import COLUMNS, Outcome
from linscale.sweep.store import Store

WHOLE = ("n", "d", "n_train", "trials", "seed")
PARAMETERS = (
    "n", "d", "sigma", "n_train", "estimator", "method", "trials", "engine", "residual", "seed",
)  # fmt: skip
HEAD = (*PARAMETERS, "parameter", *COLUMNS, "floor", "made_by", "status", "seconds")
REALS = ("sigma", *COLUMNS, "floor", "seconds")
RENAMED = {"method": "calculation"}
CHUNK = 2_000  # cells in memory at once
LARGEST_CUBE = 10**7  # values of one quantity


def export(store: Store, path: str | Path) -> None:
    """Write every finished cell to a .csv, .parquet or .nc file, whole or not at all.

    CSV and Parquet have a row for each point of each cell's path; netCDF holds what
    :func:`to_xarray` gives.

    Parameters
    ----------
    store : Store
    path : str or Path
        Named .csv, .parquet (needs pyarrow) or .nc (needs xarray).

    Raises
    ------
    InvalidArgument
        Another name.
    InputError
        A file that cannot be written, a package that is missing, or cells that are so far from a
        grid that netCDF would be mostly empty.

    Examples
    --------
    >>> import csv, tempfile
    >>> from pathlib import Path
    >>> from linscale.sweep import Grid, Store, export, run
    >>> grid = Grid(n=100, d=10, sigma=0.1, n_train=[30, 300], method="theory")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Store(Path(folder, "sweep.sqlite"), write=True) as store:
    ...         _ = run(grid, store, progress=False)
    ...         export(store, Path(folder, "sweep.csv"))
    ...     with open(Path(folder, "sweep.csv"), newline="") as file:
    ...         rows = list(csv.DictReader(file))
    >>> sorted((int(row["n_train"]), row["parameter"], row["status"]) for row in rows)
    [(30, 'time', 'ok'), (300, 'time', 'ok')]
    """
    path = Path(path)
    write = check(path)
    with replacing(path) as new:
        write(store, new)


def check(path: str | Path) -> Callable[[Store, Path], None]:
    """Raise before any work is done if :func:`export` could not write to such a file."""
    path = Path(path)
    kinds: dict[str, tuple[Callable[[Store, Path], None], str | None]] = {
        ".csv": (_to_csv, None), ".parquet": (_to_parquet, "pyarrow"), ".nc": (_to_netcdf, "xarray")
    }  # fmt: skip
    if path.suffix not in kinds:
        raise InvalidArgument("export", path, "a file named .csv, .parquet or .nc (netCDF)")
    write, needs = kinds[path.suffix]
    if needs is not None and find_spec(needs) is None:
        raise _absent(path.suffix, needs)
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file in it")
    return write


def to_xarray(store: Store) -> Any:
    """A Dataset over the parameters that take several values; nan where there is no cell.

    The axis of ``Cell.method`` is called ``calculation``, as xarray's own ``sel`` has a ``method``.
    Theory has no trials, engine, residual and seed: its value stands at each of them. Coordinates
    without an axis are what all cells share. ``status`` is empty where there is no cell; the
    attribute ``filters`` says in full what the filters among the estimators are.

    Parameters
    ----------
    store : Store

    Returns
    -------
    xarray.Dataset
        ``value``, ``bias``, ``variance``, ``error``, ``sem``, ``std``, ``oracle`` and ``at`` have
        an axis ``point`` besides, along the path; ``floor``, ``seconds``, ``made_by`` and
        ``status`` have not.

    Raises
    ------
    InputError
        Without xarray, or where the cells are so far from a grid that it would be mostly empty.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from linscale.sweep import Grid, Store, run, to_xarray
    >>> grid = Grid(n=100, d=[5, 10], sigma=0.1, n_train=[30, 100, 300], method="theory")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Store(Path(folder, "sweep.sqlite"), write=True) as store:
    ...         _ = run(grid, store, progress=False)
    ...         found = to_xarray(store)
    >>> dict(found["value"].sizes)
    {'d': 2, 'n_train': 3, 'point': 1}
    >>> found["value"].sel(d=10).isel(point=0).values.round(3)
    array([0.018, 0.011, 0.01 ])
    """
    try:
        import xarray
    except ImportError:
        raise _absent("xarray", "xarray") from None
    outcomes = list(store)
    points = max((o.values.shape[1] for o in outcomes), default=0)
    found = {name: sorted({_of(o, name) for o in outcomes} - {None}) for name in PARAMETERS}
    axes = {name: values for name, values in found.items() if len(values) > 1}
    shape = tuple(len(values) for values in axes.values())
    if np.prod(shape, dtype=float) * max(points, 1) > LARGEST_CUBE:
        size = " x ".join(map(str, shape))
        raise InputError(
            f"{len(outcomes):,} cells would be spread over a grid of {size}: export to .parquet "
            "instead"
        )
    numbers = {name: np.full((*shape, points), np.nan) for name in COLUMNS}
    single = {name: np.full(shape, np.nan) for name in ("floor", "seconds")}
    texts = {name: np.full(shape, "", dtype=object) for name in ("made_by", "status")}
    places = {name: {v: i for i, v in enumerate(values)} for name, values in axes.items()}
    for o in outcomes:
        at = tuple(place.get(_of(o, name), slice(None)) for name, place in places.items())
        for name, row in zip(COLUMNS, o.values, strict=True):
            numbers[name][(*at, slice(row.size))] = row
        single["floor"][at], single["seconds"][at] = o.floor, o.seconds
        texts["made_by"][at], texts["status"][at] = o.made_by, _status(o)
    axes, found = ({RENAMED.get(k, k): v for k, v in values.items()} for values in (axes, found))
    dims = tuple(axes)
    filters = {estimators.label(o.cell.estimator): o.cell.estimator for o in outcomes}
    return xarray.Dataset(
        data_vars={
            **{name: ((*dims, "point"), array) for name, array in numbers.items()},
            **{name: (dims, array) for name, array in single.items()},
            **{name: (dims, array.astype(str)) for name, array in texts.items()},
        },
        coords={
            **{name: (name, np.array(values)) for name, values in axes.items()},
            **{name: values[0] for name, values in found.items() if len(values) == 1},
        },
        attrs={
            "title": "sweep by linscale",
            "filters": json.dumps({k: json.loads(v) for k, v in filters.items() if k != v}),
        },
    )


def _to_netcdf(store: Store, path: Path) -> None:
    dataset = to_xarray(store)
    for name in WHOLE:  # the format has no longer integers; ours are exact as float64
        if name in dataset.coords and np.max(dataset[name].values) > np.iinfo(np.int32).max:
            dataset[name] = dataset[name].astype(float)
    dataset.to_netcdf(path, engine="scipy")


def _to_csv(store: Store, path: Path) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEAD)
        for outcome in store:
            writer.writerows(_rows(outcome))


def _to_parquet(store: Store, path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    kinds = {**dict.fromkeys(WHOLE, pyarrow.int64()), **dict.fromkeys(REALS, pyarrow.float64())}
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in HEAD])
    outcomes = iter(store)
    with parquet.ParquetWriter(path, schema) as writer:
        while chunk := [row for o in islice(outcomes, CHUNK) for row in _rows(o)]:
            columns = dict(zip(HEAD, map(list, zip(*chunk, strict=True)), strict=True))
            writer.write_table(pyarrow.table(columns, schema=schema))


def _rows(outcome: Outcome) -> Iterator[tuple[Any, ...]]:
    """One row for each point; one without numbers where there is no result."""
    head = tuple(_of(outcome, name) for name in PARAMETERS)
    parameter = estimators.parameter(outcome.cell.estimator)
    columns = outcome.values.T.tolist() or [[np.nan] * len(COLUMNS)]
    statuses = outcome.statuses or (_status(outcome),)
    for numbers, status in zip(columns, statuses, strict=True):
        yield (
            *head, parameter, *numbers, outcome.floor, outcome.made_by, status, outcome.seconds
        )  # fmt: skip


def _of(outcome: Outcome, name: str) -> Any:
    value = getattr(outcome.cell, name)
    return estimators.label(value) if name == "estimator" else value


def _status(outcome: Outcome) -> str:
    return outcome.path.status if outcome.failed is None else f"no result: {outcome.failed}"


def _absent(what: str, package: str) -> InputError:
    return InputError(f"export to {what} needs {package}: pip install 'linscale[sweep]'")
