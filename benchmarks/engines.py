"""Cost of one draw of a learning path, every way there is, side by side in one run.

    literal   the loop of the reference code: W <- W - step (W Y - X) Y', n x n, 100 iterations
    eigh      numpy.linalg.eigh alone on the n x n Gram matrix (data and path not counted)
    dense     actual data, the smaller Gram matrix decomposed once, the path by compiled kernels
    wishart   a triangular (here banded) factor in the data's place, then LAPACK
    band      the band form: spectrum or leading blocks, whichever is cheaper

Run ``python benchmarks/engines.py`` (about three minutes, one BLAS thread); it writes results.csv,
results.png and the tables of README.md beside itself. Only ratios within a run mean anything.
"""

from __future__ import annotations

import csv
import platform
import resource
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

import linscale as ls
from linscale.montecarlo.engine import run
from linscale.montecarlo.engines import choose

HERE = Path(__file__).parent
SIGMA = 0.1
ITERATIONS = np.arange(1, 101)
LITERAL_MEASURED = 3  # iterations timed; each costs the same, and 100 are reported


def seconds(task, repeat=3):
    """Smallest time of a few, after one run to warm up."""
    task()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return min(times)


def data(model, N):
    rng = np.random.default_rng(0)
    x = np.zeros((model.n, N))
    x[: model.d] = rng.standard_normal((model.d, N))
    return x, x + model.sigma * rng.standard_normal((model.n, N))


def literal(model, N):
    """100 iterations, from a few."""
    x, y = data(model, N)
    step = ls.GradientDescent.reference_step(model, N) / N
    W = np.zeros((model.n, model.n))
    start = time.perf_counter()
    for _ in range(LITERAL_MEASURED):
        W -= step * (W @ y - x) @ y.T
    return (time.perf_counter() - start) / LITERAL_MEASURED * ITERATIONS.size


def lapack(model, N):
    _, y = data(model, N)
    gram = y @ y.T / N
    return seconds(lambda: np.linalg.eigh(gram), repeat=1 if model.n > 2000 else 3)


def draw(model, N, engine, filter=None, count=5):
    """One draw and its path, choosing the engine not counted."""
    filter = filter or ls.GradientDescent(ls.GradientDescent.reference_step(model, N), ITERATIONS)
    _, sampler = choose(model, N, "averaged", [filter], engine)
    return seconds(lambda: run(lambda rng: sampler(rng).path(filter), count, 0)) / count


def ratios():
    """The promises of the engines, each in its own units."""
    table = []
    model = ls.SubspaceModel(1000, 10, SIGMA)
    slow, fast = literal(model, 16_384), draw(model, 16_384, "band", count=50)
    table.append(("100 literal iterations / band path, n = 1,000, N = 16,384", slow / fast))
    model = ls.SubspaceModel(4000, 10, SIGMA)
    slow, fast = lapack(model, 4096), draw(model, 4096, "band", count=20)
    table.append(("numpy.linalg.eigh alone / band path, n = 4,000, N = 4,096", slow / fast))
    model = ls.SubspaceModel(10**6, 10, SIGMA)
    k = np.unique(np.geomspace(1, 10_000, 200).astype(int))
    long = ls.GradientDescent(ls.GradientDescent.reference_step(model, 10**6), k)
    table.append(
        (
            "seconds a draw, n = N = 1,000,000, up to iteration 10,000",
            draw(model, 10**6, "band", long),
        )
    )
    for n in (1000, 10_000, 1_000_000):
        model = ls.SubspaceModel(n, 10, SIGMA)
        times = [draw(model, int(N), "band", FIXED, 200) for N in np.geomspace(n, 1e12, 7)]
        worst = max(abs(t / np.median(times) - 1) for t in times)
        table.append((f"largest distance from the median time, n = {n:,}, N from n to 1e12", worst))
    growth = [draw(ls.SubspaceModel(n, 10, SIGMA), n, "band", FIXED, 50) for n in (10**4, 10**6)]
    table.append(("time at n = N = 1e6 / time at n = N = 1e4", growth[1] / growth[0]))
    for n, N in ((100, 16), (100, 1000), (1000, 30)):
        model = ls.SubspaceModel(n, 10, SIGMA)
        times = [many(model, N, workers) for workers in (2, 1, 2)][1:]  # the first starts processes
        what = f"one worker / two, early_stopped of 20,000 draws, n = {n:,}, N = {N:,}"
        table.append((what, times[0] / times[1]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return table, peak


def many(model, N, workers):
    start = time.perf_counter()
    ls.montecarlo.early_stopped(model, N, trials=20_000, workers=workers)
    return time.perf_counter() - start


FIXED = ls.GradientFlow(np.geomspace(0.1, 100, 60))
SWEEPS = {
    "n": [(n, 2 * n, 10) for n in (100, 200, 500, 1000, 2000)],
    "N": [(500, N, 10) for N in (500, 2000, 8000, 32_000)],
    "d": [(1000, 2000, d) for d in (2, 5, 10, 20, 50, 100, 200)],
}


def sweeps():
    rows = []
    for axis, points in SWEEPS.items():
        for n, N, d in points:
            model = ls.SubspaceModel(n, d, SIGMA)
            row = {"axis": axis, "n": n, "N": N, "d": d, "literal": literal(model, N)}
            row["eigh"] = lapack(model, N)
            for engine in ("dense", "wishart", "band", "auto"):
                row[engine] = draw(model, N, engine, count=2 if n * N > 10**6 else 5)
            rows.append(row)
            print(axis, row, flush=True)
    return rows


def plot(rows):
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    for axes, axis in zip(figure.subplots(1, 3, sharey=True), SWEEPS, strict=True):
        chosen = [r for r in rows if r["axis"] == axis]
        for name, color in zip(
            ("literal", "eigh", "dense", "wishart", "band"),
            ("0.6", "0.3", "#D55E00", "#009E73", "#0072B2"), strict=True,
        ):  # fmt: skip
            axes.loglog(
                [r[axis] for r in chosen],
                [r[name] for r in chosen],
                "o-",
                ms=4,
                color=color,
                label=name,
            )
        fixed = {"n": "N = 2n, d = 10", "N": "n = 500, d = 10", "d": "n = 1,000, N = 2,000"}[axis]
        axes.set(xlabel=axis, title=fixed)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="0.93")
    figure.axes[0].set_ylabel("seconds for one path")
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=5,
        frameon=False,
    )
    figure.savefig(HERE / "results.png", dpi=150)


def main():
    with threadpool_limits(limits=1):
        promised, peak = ratios()
        rows = sweeps()
    with open(HERE / "results.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    plot(rows)
    lines = [
        "# Benchmarks",
        "",
        __doc__.strip(),
        "",
        "## Ratios",
        "",
        "| what | value |",
        "| --- | --- |",
    ]
    lines += [f"| {what} | {value:,.3g} |" for what, value in promised]
    lines += [f"| peak memory of the process up to there, GB | {peak:.2f} |", ""]
    lines += ["## One path, in seconds", "", "![cost](results.png)", ""]
    names = list(rows[0])
    lines += ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    for row in rows:
        cells = [f"{v:.3g}" if isinstance(v, float) else str(v) for v in row.values()]
        lines.append("| " + " | ".join(cells) + " |")
    where = f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}"
    lines += ["", f"{where}, one thread.", ""]
    readme = HERE / "README.md"
    _, mark, rest = readme.read_text().partition("<!-- by sweep.py -->\n")
    readme.write_text("\n".join(lines) + (f"\n{mark}{rest}" if mark else ""))


if __name__ == "__main__":
    main()
