"""A phase diagram as a process of its own, to be killed: python -m tests.sweep.phase_job STORE N.

It prints a line for each finished cell, of N workers. A third argument spoils it: see below.
"""

import sys
import time

import linscale as ls
from linscale.sweep.phase_store import PhaseStore

X, Y = {"sigma": {"from": 0.1, "to": 1.0, "count": 8}}, {"d": {"from": 1, "to": 10}}
CELLS = 80


def model_of(sigma, d):
    return ls.SubspaceModel(20, d, sigma)


def question(model):
    time.sleep(0.02)
    return ls.theory.floor(model)


def main(store, workers, spoilt=""):
    if spoilt == "one-transaction":
        notes = PhaseStore.check_question

        def begin(kept, *question):
            notes(kept, *question)
            kept._db.execute("BEGIN")

        PhaseStore.check_question = begin
    ls.phase(
        model_of, X, Y, question, store=store, name="slowly", workers=int(workers),
        progress=lambda: print("cell", flush=True),
    )  # fmt: skip
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
