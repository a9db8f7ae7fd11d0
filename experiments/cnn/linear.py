"""The linear estimator learned from the networks' own pairs, and its theory, into results.csv.

No torch. Like the networks it is stopped by the validation patches and measured on the test images.
The theory speaks of fresh patches of the images that were learned from, so the same training sets
are judged on those too. What is in the table is skipped.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from data import PATCH, SPLIT, Patches, Photographs
from grid import SEVEN, curves, settings, versions
from measurements import MASK_SEED, TASKS, Task
from numpy.typing import NDArray
from table import Row, Table

from linscale import GradientFlow
from linscale.cli.tools import guarded
from linscale.montecarlo.draws import train
from linscale.montecarlo.laws import GaussianLaw, gaussian_law
from linscale.studies.prediction import Prediction, predict
from linscale.support.files import check_folder

SEEDS = (0, 1)
PATH_POINTS = 300
LEARNED, FRESH, THEORY = "linear", "linear, training images", "theory, training images"
Array = NDArray[np.float64]


class Learner:
    """All that the training sets of one task share."""

    def __init__(self, task: Task, photographs: Photographs) -> None:
        self.task, self.photographs = task, photographs
        self.held = {split: self.pairs(photographs.held_out(split)) for split in ("val", "test")}
        self.prediction = _predict(task, photographs)
        self.law = gaussian_law(self.prediction.model)
        slowest, fastest = 1e-2 * task.sigma**2, np.trace(self.law.measurement_cov)
        self.flow = GradientFlow(np.geomspace(1e-2 / fastest, 1.0 / slowest, PATH_POINTS))

    def pairs(self, patches: Patches) -> tuple[Array, Array]:
        """Clean patches and their measurements."""
        return patches.x, self.task.measure(patches)

    def theory(self) -> Iterator[list[Row]]:
        """The rows of every N."""
        curve = self.prediction.curve.at_n_train(SEVEN)
        for N, risk in zip(SEVEN, curve.value, strict=True):
            yield self.rows(THEORY, "test", float(risk), N, "")

    def learn(self, N: int, seed: int) -> list[Row]:
        """Weights and an offset for each pixel: centred pairs, and a learned mean."""
        start = time.perf_counter()
        x, y = self.pairs(self.photographs.train(N, seed))
        center = x.mean(axis=1, keepdims=True), y.mean(axis=1, keepdims=True)
        trained = train(self.law, x - center[0], y - center[1])

        def risks(law: GaussianLaw) -> Array:
            return np.asarray(trained.measured_by(law, self.flow))

        path = {split: risks(self.judge(*pair, center)) for split, pair in self.held.items()}
        fresh = float(risks(self.fresh(center)).min())
        stop = int(path["val"].argmin())
        rows = [
            row
            for split in ("test", "val")
            for row in self.rows(LEARNED, split, float(path[split][stop]), N, seed)
        ] + self.rows(FRESH, "test", fresh, N, seed)
        return [row | {"seconds": f"{time.perf_counter() - start:.1f}"} for row in rows]

    def judge(self, x: Array, y: Array, center: tuple[Array, Array]) -> GaussianLaw:
        """The second moments of these pairs, about the means that were learned."""
        x, y = x - center[0], y - center[1]
        return replace(
            self.law, measurement_cov=y @ y.T / y.shape[1], cross_cov=x @ y.T / y.shape[1],
            signal_trace=float(np.sum(x * x)) / x.shape[1],
        )  # fmt: skip

    def fresh(self, center: tuple[Array, Array]) -> GaussianLaw:
        """Those of any patch of the training images, with fresh noise."""
        mean, law = self.prediction.mean[:, None], self.law
        x, y = mean - center[0], self.task.forward @ mean - center[1]
        return replace(
            law, measurement_cov=law.measurement_cov + y @ y.T, cross_cov=law.cross_cov + x @ y.T,
            signal_trace=law.signal_trace + float(np.sum(x * x)),
        )  # fmt: skip

    def rows(self, source: str, split: str, mse: float, N: int, seed: int | str) -> list[Row]:
        """PSNR and mean square error."""
        n, p = self.task.forward.shape
        row = {
            "task": self.task.name, "n_train": N, "n_params": "" if seed == "" else p * (n + 1),
            "width": "", "seed": seed, "split": split, "source": source, "seconds": "",
            "steps": "", "best_step": "",
        }  # fmt: skip
        psnr = {"metric": "psnr", "value": f"{-10.0 * np.log10(mse):.8g}", "unit": "dB"}
        return [row | psnr, row | {"metric": "mse", "value": f"{mse:.8g}", "unit": "1"}]


def _predict(task: Task, photographs: Photographs) -> Prediction:
    """Covariance, contrast and learning curve from the images that are learned from."""
    images = [photographs.pixels[name] for name in SPLIT["train"]]
    return predict(
        images, task.name, task.sigma, patch_size=PATCH, n_train=SEVEN, mean="learned",
        resamples=0, seed=MASK_SEED,
    )  # fmt: skip


def main() -> int:
    """Add what is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--tasks", nargs="+", choices=tuple(TASKS), default=list(TASKS))
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).resolve().parent, help="folder of the table"
    )
    options = parser.parse_args()

    def work() -> None:
        check_folder(options.out)
        table = Table(options.out, settings(), versions(), curves())
        for name in options.tasks:
            _add(table, TASKS[name])

    return guarded("linear", work, kept="what is in the table is kept")


def _add(table: Table, task: Task) -> None:
    """The rows of one task."""
    done = table.done()
    missing = [
        (N, seed) for seed in SEEDS for N in SEVEN if (task.name, "", str(N), str(seed)) not in done
    ]
    predicted = (task.name, "", str(SEVEN[-1]), "") in done
    if predicted and not missing:
        return
    print(f"{task.name}: theory, some minutes", flush=True)
    learner = Learner(task, Photographs())
    if not predicted:
        table.add([row for rows in learner.theory() for row in rows])
    for N, seed in missing:
        rows = learner.learn(N, seed)
        table.add(rows)
        shown = ", ".join(
            f"{row['source']} {row['split']} {float(row['value']):.2f}"
            for row in rows
            if row["metric"] == "psnr"
        )
        print(f"{task.name}-linear-n{N}-s{seed}: {shown} dB, {rows[0]['seconds']} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
