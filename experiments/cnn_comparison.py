"""Learning curves of trained networks beside the linear estimator learned from the same pairs.

For each task: a metric against N for each network size, for the network best on validation, for the
linear estimator, and for its theory. Reads a table of results; trains nothing.

Run ``python experiments/cnn_comparison.py --help`` for the options.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from matplotlib.figure import Figure

from linscale import plotting
from linscale.cli.tools import guarded
from linscale.empirical import ResultTable, best_by_validation, grid, read_csv
from linscale.errors import InputError
from linscale.studies import tables
from linscale.support.files import check_folder, write_together

TABLE = Path(__file__).resolve().parent / "cnn" / "results.csv"
# Sources of rows that are no networks, and what a legend calls them.
REFERENCES = {
    "linear": "linear estimator, same pairs",
    "linear, training images": "linear, fresh patches of training images",
    "theory, training images": "theory of that, nothing trained",
}


def main() -> int:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument(
        "--table", type=Path, default=TABLE,
        help="CSV as linscale import writes it (default: the networks trained in experiments/cnn)",
    )  # fmt: skip
    parser.add_argument("--metric", default="psnr")
    parser.add_argument("--out", type=Path, default=Path("results/cnn_comparison"))
    options = parser.parse_args()

    def work() -> None:
        check_folder(options.out)
        run(options.table, options.metric, options.out)

    return guarded("cnn_comparison", work)


def run(path: Path, metric: str, out: Path) -> None:
    """One table, one figure."""
    networks, references = split(read_csv(path))
    if not len(networks):
        raise InputError(f"{path}: no rows of networks: every source is one of {list(REFERENCES)}")
    figure = plotting.draw_networks(networks, references, metric)
    table = compare(networks, references, metric)
    stem = out / "cnn_comparison"
    write_together(
        {stem.with_suffix(".csv"): tables.to_csv(table).encode(), **plotting.render(figure, stem)}
    )
    print(tables.text(table))
    print(f"\nwrote cnn_comparison.csv, .png and .svg in {out}")


def split(table: ResultTable) -> tuple[ResultTable, dict[str, ResultTable]]:
    """The networks' rows, and the test rows of each reference under its label."""
    networks = table.filter(source=lambda source: source not in REFERENCES)
    return networks, {
        label: table.filter(source=source, split="test") for source, label in REFERENCES.items()
    }


def compare(
    networks: ResultTable, references: dict[str, ResultTable], metric: str
) -> list[tables.Column]:
    """Rows over tasks and N: each size (mean over runs), the best on validation, references."""
    best = list(best_by_validation(networks, metric))
    grids = {
        task: grid(networks.filter(task=task), metric, "test")
        for task in dict.fromkeys(row.task for row in best)
    }
    sizes = sorted({int(size) for found in grids.values() for size in found.n_params})

    def mean(task: str, N: int, size: int) -> float:
        found = grids[task]
        at = found.mean[found.n_train == N][:, found.n_params == size]
        return float(at[0, 0]) if at.size else float("nan")

    def reference(table: ResultTable, task: str, N: int) -> float:
        values = table.filter(task=task, n_train=N, metric=metric).column("value")
        return float(values.mean()) if values.size else float("nan")

    form = "{:.2f}" if best[0].unit == "dB" else "{:.4g}"
    columns = [
        tables.Column("", "task", "task", "{}", [row.task for row in best]),
        tables.Column("", "N", "n_train", "{:,d}", [row.n_train for row in best]),
    ]
    columns += [
        tables.Column("params", f"{size:,}", f"{metric}_{size}", form,
                      [mean(row.task, row.n_train, size) for row in best])
        for size in sizes
    ]  # fmt: skip
    columns.append(
        tables.Column("best on", "val.", f"{metric}_best", form, [row.value for row in best])
    )
    heads = (("linear", "test im."), ("linear", "train im."), ("theory", "train im."))
    for (group, head), (source, label) in zip(heads, REFERENCES.items(), strict=True):
        values = [reference(references[label], row.task, row.n_train) for row in best]
        name = f"{metric}_{source.replace(', ', '_').replace(' ', '_')}"
        columns.append(tables.Column(group, head, name, form, values))
    return columns


def figures(data: Path) -> dict[str, Figure]:
    """The networks of ``TABLE``, which is here and not in the folder."""
    return {"networks": plotting.draw_networks(*split(read_csv(TABLE)))}


if __name__ == "__main__":
    sys.exit(main())
