"""What the machinery of a sweep costs, beside the same cells without it.

Cells are real simulations of about 0.2 s, their trials calibrated before. "Bare" is a loop over
them in a process: one, or two at once with half of them each. What is compared is run in turn,
several times, and medians are given, since other processes may be running: the load is in the
table too.

Run ``python benchmarks/sweep.py`` (about four minutes on two idle cores); it writes sweep.csv and
its section of README.md beside itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

import numpy as np
import section

from linscale import sweep
from linscale.sweep.outcome import COLUMNS, Outcome

HERE = Path(__file__).parent
CELL = 0.2  # seconds
CELLS = 40
REPEATS = 5
MANY = 100_000
MODEL = {"n": 100, "d": 10, "sigma": 0.1, "n_train": 300}
seeds = count()  # new cells every time


def cells(trials, number=CELLS):
    return [sweep.Cell(**MODEL, trials=trials, seed=next(seeds)) for _ in range(number)]


def bare(work):
    for cell in work:
        sweep.compute(cell)


def calibrated():
    """Trials that take CELL seconds of this process's own time."""
    bare(cells(100, 2))
    start = time.process_time()
    bare(cells(1000, 2))
    return round(1000 * CELL / (0.5 * (time.process_time() - start)))


def swept(work, workers, folder):
    """Wall seconds and this process's own seconds of a run, and the cells' own seconds."""
    path = Path(folder) / f"{next(seeds)}.sqlite"
    wall, own = time.perf_counter(), time.process_time()
    sweep.run(work, path, workers=workers, progress=False)
    wall, own = time.perf_counter() - wall, time.process_time() - own
    with sweep.Store(path) as store:
        return wall, own, sum(outcome.seconds for outcome in store)


BARE = """
import sys
sys.path.insert(0, {here!r})
from sweep import MODEL, bare
from linscale.sweep import Cell
bare([Cell(**MODEL, trials=10)])
print("ready", flush=True)
sys.stdin.readline()
bare([Cell(**MODEL, trials={trials}, seed=seed) for seed in {seeds}])
print("done", flush=True)
"""


def two_bare(trials):
    """Wall seconds of two processes that share the cells and know nothing of one another."""
    chosen = [next(seeds) for _ in range(CELLS)]
    halves = [chosen[::2], chosen[1::2]]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", BARE.format(here=str(HERE), trials=trials, seeds=half)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        for half in halves
    ]  # fmt: skip
    for process in started:
        process.stdout.readline()
    start = time.perf_counter()
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        process.stdout.readline()
    wall = time.perf_counter() - start
    for process in started:
        process.communicate()
    return wall


def costs(folder):
    trials = calibrated()
    walls = {"bare 1": [], "bare 2": [], "sweep 1": [], "sweep 2": [], "cold 2": []}
    overhead, idle, parent = [], [], []
    swept(cells(10, 20), 2, folder)  # starts the workers
    for _ in range(REPEATS):
        work = cells(trials)
        wall, own = time.perf_counter(), time.process_time()
        bare(work)
        walls["bare 1"].append(time.perf_counter() - wall)
        own = time.process_time() - own
        wall, swept_own, _ = swept(work, 1, folder)
        walls["sweep 1"].append(wall)
        overhead.append(swept_own / own - 1)
        wall, swept_own, work_seconds = swept(cells(trials), 2, folder)
        walls["sweep 2"].append(wall)
        idle.append(1 - work_seconds / (2 * wall))
        parent.append(swept_own / own)
        walls["bare 2"].append(two_bare(trials))
    # Fewer workers, then more, makes joblib start them anew.
    from joblib.externals.loky import get_reusable_executor

    for _ in range(REPEATS):
        get_reusable_executor().shutdown(wait=True)
        walls["cold 2"].append(swept(cells(trials), 2, folder)[0])
    walls = {name: np.array(values) for name, values in walls.items()}

    def ratio(above, below):
        return float(np.median(walls[above] / walls[below]))

    return [
        ("seconds of a cell, bare", float(np.median(walls["bare 1"])) / CELLS),
        ("overhead of one worker, by processor time", float(np.median(overhead))),
        ("overhead of one worker, by the clock", ratio("sweep 1", "bare 1") - 1),
        ("share of time in which two workers wait", float(np.median(idle))),
        ("the parent's own time / the cells', two workers", float(np.median(parent))),
        ("one worker / two", ratio("sweep 1", "sweep 2")),
        ("one worker / two, starting them included", ratio("sweep 1", "cold 2")),
        ("one bare process / two: what the machine allowed", ratio("bare 1", "bare 2")),
        ("two workers / two bare processes, by the clock", ratio("sweep 2", "bare 2")),
    ]


FIRST = """
import sys, time
start = time.perf_counter()
from linscale import sweep
sys.path.insert(0, {here!r})
from sweep import many

class First(Exception):
    pass

def stop():
    print(time.perf_counter() - start, time.process_time(), flush=True)
    raise First

try:
    sweep.run(many(1), {path!r}, workers={workers}, progress=stop)
except First:
    pass
"""


def many(more=0):
    return sweep.Grid(
        n=100, d=10, sigma=[0.05, 0.1], trials=10, n_train=list(range(1, 101)),
        seed={"from": 0, "to": MANY // 200 - 1 + more},
    )  # fmt: skip


def resuming(folder):
    """A store with many finished cells."""
    path = Path(folder) / "many.sqlite"
    values = np.zeros((len(COLUMNS), 1))
    made_by = "montecarlo, engine wishart, residual averaged, 10 draws"
    start = time.perf_counter()
    with sweep.Store(path, write=True) as store:
        for cell in many():
            store.add(Outcome(cell, values, 0.01, made_by, ("ok",)))
        adding = time.perf_counter() - start
    table = [
        ("milliseconds to keep a cell", 1e3 * adding / MANY),
        ("bytes of a cell beyond its array", path.stat().st_size / MANY - values.nbytes),
    ]
    for workers in (1, 2):
        code = FIRST.format(here=str(HERE), path=str(path), workers=workers)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        wall, own = map(float, done.stdout.split())
        who = "one worker" if workers == 1 else "two workers"
        what = f"{MANY:,} finished cells: seconds from import to the first new one, {who}"
        table += [(what, wall), (f"{what}: of the parent's own time", own)]
    return table


def main():
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        table = [*costs(folder), *resuming(folder)]
    section.write("sweep", "What a sweep costs", __doc__, [*table, *section.machine(before)])


if __name__ == "__main__":
    main()
