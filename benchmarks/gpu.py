"""Draws per second on a GPU (engine="cupy") and on all the cores beside it, in one run.

Run ``python benchmarks/gpu.py`` where a GPU is (a few minutes); it writes gpu.csv and gpu.md beside
itself. Where there is none it says what is missing, and writes nothing. Every rate is that of
``early_stopped``, 200 stopping times, with as many workers as there are cores; ``difference`` is
the largest relative one between the two results. Below: what the parts cost on the device.
"""

from __future__ import annotations

import csv
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np

import linscale as ls
from linscale.errors import LinscaleError, Unsupported
from linscale.montecarlo import _cupy, paths

HERE = Path(__file__).parent
ENOUGH = 2.0  # seconds that a rate is taken over
MOST = 20_000  # draws
CONTRAST = ls.Contrast.lognormal(1.0)


def patches(side, contrast=None):
    """Denoising of patches with the spectrum of natural images."""
    return ls.InverseProblem(None, ls.covariances.stationary((side, side)), 0.1, contrast)


CASES = [
    ("subspace, d = 10", ls.SubspaceModel(100, 10, 0.1), 300),
    ("subspace, d = 100", ls.SubspaceModel(1000, 100, 0.1), 2000),
    ("patches", patches(8), 200),
    ("patches", patches(16), 100),
    ("patches", patches(16), 1000),
    ("patches", patches(32), 500),
    ("patches", patches(32), 4000),
    ("patches of varying contrast", patches(16, CONTRAST), 1000),
    ("patches of varying contrast", patches(32, CONTRAST), 2000),
]


def rate(model, n_train, engine, workers):
    """Draws per second; kernels are compiled and pools filled before the clock starts."""
    trials = workers
    while True:
        start = time.perf_counter()
        ls.montecarlo.early_stopped(model, n_train, trials=trials, engine=engine, workers=workers)
        seconds = time.perf_counter() - start
        if (seconds > ENOUGH and trials > workers) or trials >= MOST:
            return trials / seconds
        grow = 1.2 * ENOUGH / seconds
        trials = min(MOST, max(2 * trials, int(grow * trials)))


def difference(model, n_train, engine):
    """Largest relative one between the GPU's numbers and the same draws on the CPU."""
    two = [
        ls.montecarlo.early_stopped(model, n_train, trials=4, engine=e) for e in ("cupy", engine)
    ]
    return max(abs(getattr(two[0], k) / getattr(two[1], k) - 1) for k in ("value", "oracle"))


def compared(cases, workers):
    """A row for each case."""
    rows = []
    for name, model, N in cases:
        same = "dense" if getattr(model, "contrast", None) is CONTRAST else "wishart"
        row = {"problem": name, "n": model.n, "N": N}
        for engine in ("cupy", same, "auto"):
            key = {"cupy": "GPU", "auto": "best on CPU"}.get(engine, "same on CPU")
            try:
                row[key] = rate(model, N, engine, workers)
            except LinscaleError as error:
                print(f"{name}, n = {model.n}, engine {engine}: {error}", file=sys.stderr)
                row[key] = float("nan")
        row["GPU / best"] = row["GPU"] / row["best on CPU"]
        row["difference"] = difference(model, N, same)
        rows.append(row)
        print(row, flush=True)
    return rows


def seconds(on, task, repeat=3):
    """Smallest of a few, until the result is on the host."""
    times = []
    for _ in range(repeat + 1):  # the first compiles
        start = time.perf_counter()
        on.to_host(task())
        times.append(time.perf_counter() - start)
    return min(times[1:])


def parts(on, sizes=((64, 256), (128, 128), (256, 64), (512, 16), (1024, 8))):
    """Milliseconds a draw: solvers, together and alone, and the path by kernel and array code."""
    rng, rows, points, d = np.random.default_rng(0), [], 200, 10
    for m, draws in sizes:
        root = rng.standard_normal((draws, m, 2 * m))
        gram = on.put(root @ np.swapaxes(root, 1, 2) / (2 * m))
        filters = on.put(rng.random((draws, points, m)))
        vectors = on.put(rng.standard_normal((draws, m, d)) / np.sqrt(m))
        arguments = filters, filters, vectors, vectors, 0.01
        solve = on.xp.linalg.eigh

        def alone(gram=gram, solve=solve):
            return on.xp.stack([solve(one)[0] for one in gram])

        tasks = {
            "eigh together": lambda gram=gram, solve=solve: solve(gram)[0],
            "eigh alone": alone,
            "path kernel": lambda arguments=arguments: on.subspace_path(*arguments),
            "array code": lambda arguments=arguments: paths.subspace_path(*arguments, xp=on.xp),
        }
        row = {"m": m, "draws": draws}
        with on.active():
            row |= {k: 1e3 * seconds(on, task) / draws for k, task in tasks.items()}
        rows.append(row)
        print(row, flush=True)
    return rows


def table(rows):
    """As Markdown."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + " --- |" * len(rows[0])]
    for row in rows:
        cells = [f"{v:.3g}" if isinstance(v, float) else str(v) for v in row.values()]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def main(cases=CASES, folder=HERE, **options):
    try:
        on = _cupy.backend()
    except Unsupported as missing:
        print(f"nothing measured: {missing}", file=sys.stderr)
        return 1
    workers = os.cpu_count() or 1
    rows, costs = compared(cases, workers), parts(on, **options)
    with open(folder / "gpu.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    where = f"{on.name}, {workers} cores, Python {platform.python_version()}, {platform.machine()}"
    lines = ["# On a GPU", "", __doc__.strip(), "", "## Draws per second", "", *table(rows), ""]
    lines += ["## Milliseconds a draw", "", *table(costs), "", f"{where}.", ""]
    (folder / "gpu.md").write_text("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
