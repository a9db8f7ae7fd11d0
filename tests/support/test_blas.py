"""One thread for small matrices, all for large ones, and nothing of it left behind."""

import os
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import linscale as ls
from linscale.support import blas


def threads():
    """Of every BLAS that is loaded, the most."""
    return max(lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas")


@pytest.fixture
def two_threads():
    """What a user's session has; a BLAS without threads cannot be told to have two."""
    with threadpool_limits(limits=2, user_api="blas"):
        if threads() != 2:
            pytest.skip("this BLAS has one thread only")
        yield


def test_one_thread_within_and_as_many_as_before_after(two_threads):
    with blas.one_thread():
        assert threads() == 1
        with blas.one_thread():
            assert threads() == 1
        assert threads() == 1
    assert threads() == 2
    with pytest.raises(KeyError), blas.one_thread():
        raise KeyError
    assert threads() == 2


def test_large_matrices_get_all_threads(two_threads):
    for rows, count in ((blas.WORTH_THREADS - 1, 1), (blas.WORTH_THREADS, 2)):
        with blas.threads_for(rows):
            assert threads() == count
        with blas.one_thread():
            with blas.threads_for(rows):
                assert threads() == count
                with blas.one_thread():
                    assert threads() == 1
                assert threads() == count
            assert threads() == 1
    assert threads() == 2


OVERLAP = """
import threading
import numpy as np
from threadpoolctl import threadpool_info
import linscale as ls
from linscale.support import blas

def threads():
    return max(lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas")

blas._controller()
before, (inside, leave) = threads(), (threading.Event(), threading.Event())

def other():
    with blas.one_thread(), blas.threads_for(blas.WORTH_THREADS):
        inside.set()
        leave.wait(60)

worker = threading.Thread(target=other)
with blas.one_thread():
    worker.start()
    assert inside.wait(60)
    within = threads()  # the draws of one are not given threads by another
leave.set()
worker.join()
print(before, within, threads())
model = ls.SubspaceModel(20, 4, 0.3)
asked = [threading.Thread(target=ls.theory.early_stopped, args=(model, N)) for N in range(3, 9)]
for thread in asked:
    thread.start()
for thread in asked:
    thread.join()
print(threads())
"""


def test_threads_of_python_do_not_undo_each_other():
    """Entered and left in any order: lifted under another, or never put back, would be seen."""
    run = subprocess.run(
        [sys.executable, "-c", OVERLAP], capture_output=True, text=True, check=True, timeout=120,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"},
    )  # fmt: skip
    before, within, after, end = map(int, run.stdout.split())
    if before != 2:
        pytest.skip("this BLAS has one thread only")
    assert (within, after, end) == (1, 2, 2)


ASKED = {
    "early_stopped": lambda model: ls.theory.early_stopped(model, 30),
    "best_ridge": lambda model: ls.theory.best_ridge(model, 30),
    "saturation": lambda model: ls.theory.saturation(model, 0.3),
    "risk": lambda model: ls.risk(model, 30, ls.GradientFlow(1.0), method="theory"),
    "simulation": lambda model: ls.montecarlo.risk(model, 30, ls.GradientFlow(1.0), trials=3),
}


@pytest.mark.parametrize("question", ASKED)
def test_public_calls_compute_on_one_thread(two_threads, question, monkeypatch):
    """Seen from inside, at every evaluation of the filter."""
    seen = []
    for kind in (ls.GradientFlow, ls.Ridge):
        whole = kind.learned

        def learned(self, l, whole=whole):
            seen.append(threads())
            return whole(self, l)

        monkeypatch.setattr(kind, "learned", learned)
    ASKED[question](ls.SubspaceModel(20, 4, 0.3))
    assert seen
    assert set(seen) == {1}
    assert threads() == 2


def test_eigh_is_that_of_numpy():
    a = np.random.default_rng(0).standard_normal((30, 30))
    l, v = blas.eigh(a + a.T)
    assert np.array_equal(l, np.linalg.eigh(a + a.T)[0])
    assert v.shape == (30, 30)
