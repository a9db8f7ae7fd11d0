"""Learning curves of small CNNs on patches of photographs, into results.csv and results.json.

A run that is in the table is skipped: stop at any time, start again to go on.
"""

from __future__ import annotations

import argparse
import fnmatch
import math
import sys
import time
from pathlib import Path

import fit
import torch
from data import COUNT, Photographs
from fit import squared_errors
from grid import GRID, Run, curves, settings, versions
from measurements import TASKS
from model import count_parameters
from pairs import Pairs, pairs
from table import Row, Table

from linscale.cli.tools import guarded
from linscale.errors import InputError
from linscale.support.files import check_folder

SOURCE = "experiments/cnn"
REPRODUCED = 0.1  # dB


class Bench:
    """The photographs, and the held-out pairs of the task in hand."""

    def __init__(self) -> None:
        self.photographs = Photographs()
        self.held: dict[tuple[str, str], Pairs] = {}

    def train(self, run: Run) -> list[Row]:
        """Train and measure; the rows of the table."""
        task = TASKS[run.task]
        shown = {"train": pairs(task, self.photographs.train(run.n_train, run.seed))}
        for split in COUNT:
            if (run.task, split) not in self.held:
                self.held[run.task, split] = pairs(task, self.photographs.held_out(split))
            shown[split] = self.held[run.task, split]
        made = fit.fit(shown["train"], shown["val"], run.width, run.seed)
        shared = {
            "task": run.task, "n_train": run.n_train, "width": run.width, "seed": run.seed,
            "n_params": count_parameters(made.model), "source": SOURCE,
            "seconds": f"{made.seconds:.1f}", "steps": made.steps, "best_step": made.best_step,
        }  # fmt: skip
        return [
            shared | {"metric": metric, "value": f"{value:.8g}", "unit": unit, "split": split}
            for split in ("test", "val", "train")
            for metric, value, unit in metrics(squared_errors(made.model, shown[split]))
        ]


def metrics(errors: torch.Tensor) -> list[tuple[str, float, str]]:
    """PSNR of the mean square error, mean of the patches' PSNR, and the error; white is 1."""
    mse = float(errors.mean())
    mean = float((-10.0 * errors.log10()).mean())
    return [("psnr", -10.0 * math.log10(mse), "dB"), ("psnr_mean", mean, "dB"), ("mse", mse, "1")]


def main() -> int:
    """Train what is missing."""
    options = parse()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    def work() -> int:
        chosen = [run for run in GRID if fnmatch.fnmatchcase(run.name, options.only)]
        if not chosen:
            raise InputError(f"--only {options.only!r} names no run; --list shows them")
        check_folder(options.out)
        table = Table(options.out, settings(), versions(), curves())
        if options.list:
            done = table.done()
            for run in chosen:
                print(f"{'done' if run.key in done else 'to do':6}{run.name}")
            return 0
        return check(table, chosen) if options.check else train(table, chosen, options.limit)

    return guarded("train", work, kept="finished runs are kept")


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--only", default="*", metavar="PATTERN", help="such as 'denoising-w8-*'")
    parser.add_argument("--limit", type=positive, metavar="K", help="stop after K runs")
    parser.add_argument("--list", action="store_true", help="name the runs; train nothing")
    parser.add_argument(
        "--check", action="store_true",
        help=f"train the finished runs again; fail if a PSNR is off by {REPRODUCED} dB",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).resolve().parent, help="folder of the table"
    )
    return parser.parse_args()


def positive(text: str) -> int:
    """A count of at least 1."""
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{value}: at least 1 is needed")
    return value


def train(table: Table, chosen: list[Run], limit: int | None) -> int:
    """Train the runs that are not in the table, and add each."""
    done = table.done()
    missing = [run for run in chosen if run.key not in done][:limit]
    bench, start = Bench(), time.perf_counter()
    for count, run in enumerate(missing, 1):
        rows = bench.train(run)
        table.add(rows)
        elapsed = time.perf_counter() - start
        print(
            f"[{count}/{len(missing)}] {run.name}: {summary(rows)}, best at step "
            f"{rows[0]['best_step']} of {rows[0]['steps']}, {rows[0]['seconds']} s; "
            f"{elapsed / 60:.0f} min in all",
            flush=True,
        )
    return 0


def check(table: Table, chosen: list[Run]) -> int:
    """Train finished runs again and compare every PSNR with the table's."""
    done, bench, worst = table.done(), Bench(), 0.0
    again = [run for run in chosen if run.key in done]
    if not again:
        raise InputError("--check finds none of these runs in the table")
    for run in again:
        rows = bench.train(run)
        off = max(
            abs(float(new["value"]) - float(old["value"]))
            for new, old in zip(rows, done[run.key], strict=True)
            if new["unit"] == "dB"
        )
        worst = max(worst, off)
        print(f"{run.name}: {summary(rows)}; off by {off:.3g} dB at most", flush=True)
    return int(not worst <= REPRODUCED)


def summary(rows: list[Row]) -> str:
    """The PSNR of each split."""
    return (
        ", ".join(f"{r['split']} {float(r['value']):.2f}" for r in rows if r["metric"] == "psnr")
        + " dB"
    )


if __name__ == "__main__":
    sys.exit(main())
