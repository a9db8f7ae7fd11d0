"""What the threads of BLAS cost and give: processor time and time by the clock, one thread and all.

"Default" is what a user gets; "one thread" the same call with BLAS bound to one from outside, in
turn, several times, smallest values. Processor time is that of all threads until they are asleep
again: they wait for more work awake. The second part times matrices alone: a second thread pays
from the size on at which the time by the clock falls by more than the processor time rises.

Run ``python benchmarks/threads.py`` (about two minutes); it writes threads.csv and its section of
README.md beside itself.
"""

from __future__ import annotations

import os
import time

import numpy as np
import section
from threadpoolctl import threadpool_info, threadpool_limits

import linscale as ls

REPEAT = 3
REST = 0.3  # seconds after which threads that wait for more work have gone to sleep
ROWS = (100, 200, 400, 700, 1000, 1500, 2000)


def once(task):
    """Seconds of processor time, of all threads until they are asleep again, and by the clock."""
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    wall = time.perf_counter() - wall
    time.sleep(REST)
    return time.process_time() - cpu, wall


def in_turn(task):
    """Smallest (processor, clock) by default and on one thread."""
    task()
    default, single = [], []
    for _ in range(REPEAT):
        default.append(once(task))
        with threadpool_limits(limits=1, user_api="blas"):
            single.append(once(task))
    return np.min(default, axis=0), np.min(single, axis=0)


def matrices():
    rng = np.random.default_rng(0)
    for rows in ROWS:
        a = rng.standard_normal((rows, rows))
        s = a @ a.T
        for name, task in (("product", lambda a=a: a @ a), ("eigh", lambda s=s: np.linalg.eigh(s))):
            default, single = in_turn(task)
            yield f"{name}, {rows} rows: processor time, all threads / one", default[0] / single[0]
            yield f"{name}, {rows} rows: by the clock, one thread / all", single[1] / default[1]


def calls():
    model = ls.SubspaceModel(100, 10, 0.1)
    spectrum = np.geomspace(1e-3, 1.0, 400)
    many = ls.SpectralProblem(spectrum, np.ones(400), np.full(400, 1e-2), floor=0.1)
    rng = np.random.default_rng(0)
    images = [np.cumsum(np.cumsum(rng.standard_normal((64, 64)), 0), 1) for _ in range(4)]
    images = [(image - image.min()) / np.ptp(image) for image in images]
    return {
        "early_stopped": lambda: ls.theory.early_stopped(model, 30),
        "early_stopped, 400 atoms": lambda: ls.theory.early_stopped(many, 300),
        "best_ridge": lambda: ls.theory.best_ridge(model, 30),
        "saturation": lambda: ls.theory.saturation(model),
        "predict": lambda: ls.predict(
            images, sigma=0.1, patch_size=6, n_train=[10, 1000], resamples=20
        ),
    }


def main():
    before = os.getloadavg()[0]
    threads = max(lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas")
    table = [("threads by default", threads)]
    for name, task in calls().items():
        default, single = in_turn(task)
        table.append((f"{name}: processor time, default / one thread", default[0] / single[0]))
        table.append((f"{name}: by the clock, default / one thread", default[1] / single[1]))
    table += matrices()
    section.write("threads", "Threads of BLAS", __doc__, [*table, *section.machine(before)])


if __name__ == "__main__":
    main()
