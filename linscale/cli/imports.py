"""``linscale import``: results of trained networks, wherever they were logged, as one table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from linscale import empirical
from linscale.errors import InputError, InvalidArgument
from linscale.support.files import check_folder

FORMATS = ("auto", *empirical.FORMATS)


def add_to(subcommands: Any) -> None:
    """Add the subcommand and its options."""
    parser = subcommands.add_parser(
        "import",
        help="results of trained networks, from their logs to one table",
        description="Read results of trained networks from CSV, JSON, TensorBoard, Lightning, "
        "Weights & Biases or the paper's folders, and write one CSV table: task, n_train, "
        "n_params, seed, metric, value, unit, split, source. Pickles cannot run anything.",
    )
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="a file or folder")
    parser.add_argument(
        "--format", choices=FORMATS, default="auto", help="of every source (default: by contents)"
    )
    parser.add_argument(
        "--map", nargs="+", action="extend", default=[], metavar="COLUMN=NAME",
        help="where the source calls a column otherwise: n_train=N; psnr:test=NAME for a column "
        "or tag that holds one metric on one split",
    )  # fmt: skip
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="COLUMN=VALUE",
        help="the same for every row: n_train=100, split=test",
    )  # fmt: skip
    parser.add_argument(
        "--pattern", metavar="REGEX",
        help=r"with groups such as (?P<n_train>\d+), searched in the path or the run's name",
    )  # fmt: skip
    parser.add_argument("--task", help="what was learned; short for --set task=")
    parser.add_argument(
        "--unit", nargs="+", action="extend", default=[], metavar="METRIC=UNIT",
        help="where it is not the usual one",
    )  # fmt: skip
    parser.add_argument(
        "--at", choices=("best", "last"), default="best",
        help="point of a training curve: best on validation (default), or last",
    )  # fmt: skip
    parser.add_argument(
        "--checkpoint", choices=("best", "last"), default="best", help="of the paper's folders"
    )
    parser.add_argument(
        "--partial", action="store_true", help="keep what is good of damaged sources, and say so"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="TABLE.csv")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Read every source before anything is written."""
    check_folder(options.out.parent)
    if options.out.is_dir():
        raise InputError(f"--out {options.out} is a folder: name a file in it")
    if any(options.out.resolve() == Path(source).resolve() for source in options.sources):
        raise InputError(f"--out {options.out} is one of the sources: name another file")
    given: dict[str, Any] = _pairs("--set", options.set)
    if options.task is not None:
        if "task" in given:
            raise InvalidArgument("--task", options.task, "left out, or task left out of --set")
        given["task"] = options.task
    columns = empirical.Columns(
        names=_pairs("--map", options.map),
        given=given,
        pattern=options.pattern,
        units=_pairs("--unit", options.unit),
    )
    tables = []
    for source in options.sources:
        kind = empirical.detect(source) if options.format == "auto" else options.format
        table = empirical.read(
            source, columns, format=kind, at=options.at, checkpoint=options.checkpoint,
            partial=options.partial,
        )  # fmt: skip
        told = " (by its contents)" if options.format == "auto" else ""
        print(f"{source}: {kind}{told}, {len(table)} rows")
        for note in table.notes:
            print(f"  note: {note}")
        tables.append(table)
    whole = empirical.concat(tables)
    whole.save(options.out)
    print(_summary(whole))
    print(f"wrote {options.out}")
    return 0


def _pairs(option: str, texts: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value) or name in pairs:
            raise InvalidArgument(option, text, "NAME=VALUE, each NAME once")
        pairs[name] = value
    return pairs


def _summary(table: Any) -> str:
    """How much there is of each task and metric."""
    lines = []
    for task in table.distinct("task"):
        part = table.filter(task=task)
        n_train, sizes = part.distinct("n_train"), part.distinct("n_params")
        lines.append(
            f"{task}: N from {min(n_train)} to {max(n_train)} ({len(n_train)} values), "
            f"{len([p for p in sizes if p is not None])} network sizes"
        )
        for metric in part.distinct("metric"):
            rows = part.filter(metric=metric)
            splits = ", ".join(f"{len(rows.filter(split=s))} {s}" for s in rows.distinct("split"))
            low, high = rows.column("value").min(), rows.column("value").max()
            lines.append(f"  {metric}: {low:.4g} to {high:.4g} {rows.rows[0].unit} ({splits})")
    return "\n".join(lines)
