"""``linscale sweep``: many risks at once, kept in a store that survives whatever happens."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from linscale.cli.tools import cores
from linscale.errors import InputError, InvalidArgument

OPTIONS = (
    "n", "d", "sigma", "n_train", "estimator", "method", "trials", "engine", "residual", "rng",
)  # fmt: skip


def add_to(subcommands: Any) -> None:
    """Add the subcommand and its options."""
    parser = subcommands.add_parser(
        "sweep",
        help="risks for every combination of parameters, resumable",
        description="Compute the risk for every combination of the values given, by theory or "
        "simulation, on all cores or on a Dask cluster. Every finished combination (a cell) is "
        "kept in the store at once; the same command goes on from there, whatever stopped it.",
    )
    grid = parser.add_argument_group("grid", "each takes one or several values")
    grid.add_argument("--config", type=Path, metavar="FILE.toml", help="the grid, instead of these")
    grid.add_argument("--n", type=int, nargs="+", help="dimension of the signal")
    grid.add_argument("--d", type=int, nargs="+", help="dimension of the subspace")
    grid.add_argument("--sigma", type=float, nargs="+", help="noise")
    grid.add_argument("--n-train", type=int, nargs="+", metavar="N", help="training examples")
    grid.add_argument(
        "--estimator", nargs="+", metavar="E",
        help="early_stopped (default), converged, pca, best_ridge, or a filter as JSON: "
        '\'{"filter": "ridge", "penalties": [0.01, 0.1]}\'',
    )  # fmt: skip
    grid.add_argument("--method", nargs="+", help="montecarlo (default), theory")
    grid.add_argument("--trials", type=int, nargs="+", help="training sets a cell (default 1000)")
    grid.add_argument("--engine", nargs="+", help="auto (default), band, wishart, dense, cupy")
    grid.add_argument("--residual", nargs="+", help="averaged (default), drawn")
    grid.add_argument(
        "--seed", "--seeds", dest="rng", metavar="SEED", type=int, nargs="+",
        help="a cell's numbers depend on its own alone",
    )  # fmt: skip
    grid.add_argument(
        "--with", dest="modules", metavar="MODULE", action="append", default=[],
        help="import it first, as it defines filters or estimators that are asked for or stored",
    )  # fmt: skip
    run_group = parser.add_argument_group("running")
    run_group.add_argument(
        "--store", type=Path, metavar="FILE", default=Path("results/sweep/sweep.sqlite"),
        help="where finished cells are kept (default: %(default)s)",
    )  # fmt: skip
    run_group.add_argument("--workers", type=int, default=cores(), help="processes (default: all)")
    run_group.add_argument("--scheduler", metavar="ADDRESS", help="Dask: tcp://HOST:PORT")
    run_group.add_argument(
        "--retry-failed", action="store_true", help="compute again what had no result"
    )
    run_group.add_argument(
        "--dry-run", action="store_true", help="say what is there and missing, and roughly how long"
    )
    run_group.add_argument(
        "--export", type=Path, metavar="FILE",
        help="write all that the store holds to a .csv, .parquet or .nc (netCDF) file; without a "
        "grid, do only that",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Carry out the parsed options."""
    from linscale import sweep
    from linscale.sweep import exports

    for module in options.modules:
        _import(module)
    if options.workers < 1:
        raise InvalidArgument("--workers", options.workers, "at least 1")
    if options.export is not None:
        exports.check(options.export)
        if options.config is None and not _given(options) and not options.dry_run:
            with sweep.Store(options.store) as store:
                _export(store, options.export)
            return 0
    grid = _grid(options)
    if options.dry_run:
        _say_what_there_is(grid, options)
        return 0
    with sweep.Store(options.store, write=True) as store:
        missing = store.missing(grid, retry_failed=options.retry_failed)
        print(_counts(len(grid), len(missing)), flush=True)
        try:
            report = sweep.run(
                missing, store, workers=options.workers, scheduler=options.scheduler,
                retry_failed=options.retry_failed,
            )  # fmt: skip
        except KeyboardInterrupt:
            left = len(store.missing(missing, retry_failed=options.retry_failed))
            print(
                f"{len(grid) - left:,} of {len(grid):,} cells are kept in {options.store}; the "
                "same command goes on from there",
                file=sys.stderr,
            )
            raise
        print(f"{report.computed:,} computed in {report.seconds:.1f} s")
        if report.failed:
            print(f"{report.failed:,} of them have no result; the store's column 'failed' says why")
        for note in report.notes:
            print(f"note: {note}")
        print(f"wrote {options.store}")
        if options.export is not None:
            _export(store, options.export)
    return 0


def _import(module: str) -> None:
    """A module of the user's, from the folder the command runs in or from what is installed."""
    sys.path.insert(0, "")
    try:
        import_module(module.removesuffix(".py"))
    except Exception as error:  # whatever the module does is the user's
        raise InputError(f"--with {module}: {type(error).__name__}: {error}") from None


def _export(store: Any, path: Path) -> None:
    from linscale.sweep import export

    export(store, path)
    print(f"wrote {path}")


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """The grid's options that were used."""
    return {k: getattr(options, k) for k in OPTIONS if getattr(options, k) is not None}


def _grid(options: argparse.Namespace) -> Any:
    from linscale.sweep import Grid

    given = _given(options)
    if options.config is None:
        for name in ("n", "d", "sigma", "n_train"):
            if name not in given:
                flag = "--" + name.replace("_", "-")
                raise InvalidArgument(flag, "missing", "given, or --config FILE.toml")
        try:
            return Grid(**given)
        except InvalidArgument as error:
            if error.argument != "rng":
                raise
            raise InvalidArgument("--seed", error.value, error.allowed) from None
    if given:
        name = next(iter(given))
        flag = "--seed" if name == "rng" else "--" + name.replace("_", "-")
        raise InvalidArgument(flag, given[name], "left out with --config, which holds the grid")
    return Grid.from_toml(options.config)


def _say_what_there_is(grid: Any, options: argparse.Namespace) -> None:
    from linscale.sweep.forecast import forecast

    found = forecast(grid, options.store, retry_failed=options.retry_failed)
    print(_counts(found.cells, found.missing))
    if found.missing:
        where = f"{options.workers} workers" if options.workers > 1 else "1 worker"
        print(
            f"roughly {_duration(found.seconds / options.workers)} with {where} here ("
            + ("from finished cells" if not found.timed else "from cells timed now on few trials")
            + ")"
        )


def _counts(cells: int, missing: int) -> str:
    word = "cell" if cells == 1 else "cells"
    return f"{cells:,} {word}: {cells - missing:,} finished, {missing:,} to compute"


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} seconds"
