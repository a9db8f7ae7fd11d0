"""A small sweep as a process of its own, to be killed: python -m tests.sweep.job STORE WORKERS.

It prints a line for each finished cell. A third argument spoils it: see below.
"""

import sys

from linscale import sweep
from linscale.sweep import parallel


def grid():
    return sweep.Grid(
        n=30, d=[3, 6], sigma=0.1, n_train=[2, 10, 50, 200], rng=[0, 1, 2], trials=60,
        estimator=["early_stopped", "converged", {"filter": "ridge", "penalties": [0.01, 0.1]}],
        method=["montecarlo", "theory"],
    )  # fmt: skip


def main(store, workers, spoilt=""):
    if spoilt == "nobody-watches":
        parallel._begin_worker = str
    done = sweep.run(
        grid(), store, workers=int(workers), progress=lambda: print("cell", flush=True)
    )
    print(done.found, done.computed, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
