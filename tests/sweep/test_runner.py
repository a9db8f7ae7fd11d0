"""Running: the same table by whoever computes it, and only what is missing."""

import itertools
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from linscale import sweep
from linscale.errors import InvalidArgument, LinscaleError, MissingDevice
from linscale.sweep import Cell, Grid, Store
from linscale.sweep.forecast import forecast
from tests.tolerances import rounding

GRID = Grid(
    n=20, d=[2, 4], sigma=0.1, n_train=[3, 30], trials=10, rng=[0, 1],
    estimator=["early_stopped", "converged", "pca", {"filter": "ridge", "penalties": [0.1, 1]}],
    method=["theory", "montecarlo"],
)  # fmt: skip


def table(path):
    with Store(path) as store:
        return list(store.content())


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    path = tmp_path_factory.mktemp("expected") / "s"
    report = sweep.run(GRID, path, progress=False)
    assert (report.cells, report.found, report.computed) == (len(GRID), 0, len(GRID))
    return table(path)


@pytest.mark.parametrize("workers", [2, 4])
def test_the_same_table_by_any_number_of_workers(workers, tmp_path, expected):
    sweep.run(GRID, tmp_path / "s", workers=workers, progress=False)
    assert table(tmp_path / "s") == expected


def test_a_missing_device_is_no_answer(tmp_path, monkeypatch):
    """A machine that has one may go on from the same store."""
    monkeypatch.setitem(sys.modules, "cupy", None)
    elsewhere = Grid(n=20, d=2, sigma=0.1, n_train=[3, 30], trials=10, engine=["auto", "cupy"])
    with pytest.raises(MissingDevice, match="needs cupy"):
        sweep.run(elsewhere, tmp_path / "s", progress=False)
    with Store(tmp_path / "s") as store:
        missing = store.missing(elsewhere)
    assert [cell.engine for cell in missing] == ["cupy", "auto", "cupy"]  # the first is kept


def in_disorder(path):
    """The same cells, in another order and in two runs, the second with more cells around."""
    cells = list(GRID)
    random.Random(0).shuffle(cells)
    sweep.run(cells[:20], path, progress=False)
    extra = Grid(n=20, d=3, sigma=0.1, n_train=3, method="theory")
    report = sweep.run([*extra, *cells], path, progress=False)
    assert report.found == 20
    with Store(path) as store:
        return [line for line in store.content() if b'",20,3,' not in line]


def test_the_same_table_in_any_order(tmp_path, expected):
    assert in_disorder(tmp_path / "s") == expected


def test_streams_that_depended_on_the_order_would_be_noticed(tmp_path, expected, monkeypatch):
    count = itertools.count()
    monkeypatch.setattr(
        Cell, "stream", lambda cell: np.random.SeedSequence(cell.seed, spawn_key=(next(count),))
    )
    assert in_disorder(tmp_path / "s") != expected


def test_blas_threads_of_the_caller_do_not_matter(tmp_path, expected):
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=2):
        sweep.run(GRID, tmp_path / "s", progress=False)
    assert table(tmp_path / "s") == expected


def test_only_what_is_missing_is_computed(tmp_path, monkeypatch):
    few = Grid(n=20, d=2, sigma=0.1, n_train=[3, 30], method="theory")
    more = Grid(n=20, d=2, sigma=0.1, n_train=[3, 30, 300], method="theory")
    sweep.run(few, tmp_path / "s", progress=False)
    steps = []
    report = sweep.run(more, tmp_path / "s", progress=lambda: steps.append(1))
    assert (report.cells, report.found, report.computed, len(steps)) == (3, 2, 1, 1)
    assert "2 were finished before, 1 computed" in str(report)
    monkeypatch.setattr("linscale.sweep.pool.compute", None)
    assert sweep.run(more, tmp_path / "s", workers=2, progress=False).computed == 0


def test_an_open_store_is_left_open(tmp_path):
    few = Grid(n=20, d=2, sigma=0.1, n_train=3, method="theory")
    with Store(tmp_path / "s", write=True) as store:
        sweep.run(few, store, progress=False)
        assert len(store) == 1


def test_cells_without_a_result_do_not_stop_the_others(tmp_path):
    diverges = {"filter": "gradient_descent", "step": 5.0, "iterations": [1, 100]}
    grid = Grid(n=20, d=2, sigma=0.1, n_train=[3, 30], trials=5, estimator=[diverges, "pca"])
    report = sweep.run(grid, tmp_path / "s", progress=False)
    assert (report.computed, report.failed) == (4, 2)
    assert "2 of them without a result" in str(report)
    assert sweep.run(grid, tmp_path / "s", progress=False).computed == 0
    again = sweep.run(grid, tmp_path / "s", progress=False, retry_failed=True)
    assert (again.found, again.computed, again.failed) == (2, 2, 2)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_the_caller_leaves_what_is_finished(workers, tmp_path, expected):
    class Stop(Exception):
        pass

    steps = []

    def stop():
        steps.append(1)
        if len(steps) == 5:
            raise Stop

    with pytest.raises(Stop):
        sweep.run(GRID, tmp_path / "s", workers=workers, progress=stop)
    assert len(table(tmp_path / "s")) == 5
    assert sweep.run(GRID, tmp_path / "s", progress=False).found == 5
    assert table(tmp_path / "s") == expected


KILLED = """
import os, signal, sys
from linscale import sweep
from linscale.errors import LinscaleError
from tests.sweep.processes import descendants

def kill_a_worker():
    workers = [p for p in descendants(os.getpid()) if "popen_loky" in p.command]
    os.kill(workers[0].pid, signal.SIGKILL)

grid = sweep.Grid(n=30, d=3, sigma=0.1, n_train=list(range(1, 200)), trials=60)
try:
    sweep.run(grid, sys.argv[1], workers=2, progress=kill_a_worker)
except LinscaleError as error:
    print(error)
"""


def test_a_worker_that_is_killed_is_said(tmp_path):
    pytest.importorskip("tests.sweep.processes", reason="reads /proc")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "s")], capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.stdout.startswith("a worker process was killed")
    assert 1 <= len(table(tmp_path / "s")) < 199


def test_what_a_run_would_do(tmp_path):
    grid = Grid(n=20, d=2, sigma=0.1, n_train=[3, 30], trials=100, rng=[0, 1])
    before = forecast(grid, tmp_path / "s")
    assert (before.cells, before.found, before.missing) == (4, 0, 4)
    assert before.timed == 1
    assert before.seconds > 0
    assert not list(tmp_path.iterdir())
    sweep.run(grid.cells[:2], tmp_path / "s", progress=False)
    after = forecast(grid, tmp_path / "s")
    assert (after.found, after.missing, after.timed) == (2, 2, 0)
    with Store(tmp_path / "s") as store:
        # The mean of the two that are there, times the two that are missing.
        known = sum(o.seconds for o in store)
    assert after.seconds == pytest.approx(known, rel=rounding(1.0, 4), abs=0.0)
    sweep.run(grid, tmp_path / "s", progress=False)
    assert forecast(grid, tmp_path / "s").seconds == 0


def test_a_bar_is_hidden_without_a_terminal(tmp_path, capsys):
    sweep.run(Grid(n=20, d=2, sigma=0.1, n_train=3, method="theory"), tmp_path / "s")
    assert capsys.readouterr().err == ""


def test_a_bar_has_rate_and_time_left(tmp_path):
    """On a terminal of its own."""
    pty = pytest.importorskip("pty", reason="terminals are those of POSIX")
    termios = pytest.importorskip("termios", reason="terminals are those of POSIX")
    code = (
        "import sys; from linscale import sweep\n"
        "grid = sweep.Grid(n=20, d=2, sigma=0.1, n_train=list(range(1, 30)), trials=40)\n"
        "sweep.run(grid, sys.argv[1])"
    )
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    running = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "s")], stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # the terminal's other end is closed
        pass
    os.close(ours)
    assert running.wait() == 0
    assert b"of 29" in shown
    assert b"cells/s" in shown
    assert b"left" in shown


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"workers": 0}, "workers"),
        ({"progress": 3}, "progress"),
        ({"grid": ["early_stopped"]}, "grid"),
        ({"scheduler": "localhost"}, "scheduler"),
    ],
)
def test_bad_arguments_are_named(change, word, tmp_path):
    with pytest.raises(InvalidArgument, match=word):
        sweep.run(**{"grid": GRID, "store": tmp_path / "s", "progress": False, **change})


def test_an_interrupt_while_workers_start_is_not_lost(tmp_path):
    """The mask that workers inherit is lifted here, with what came meanwhile."""
    if os.name != "posix":
        pytest.skip("signals are those of POSIX")
    from linscale.support.interrupts import without_interrupts

    def interrupted():
        with without_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
        time.sleep(1.0)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_errors_are_not_hidden(tmp_path, monkeypatch):
    def broken(cell):
        raise ZeroDivisionError

    monkeypatch.setattr("linscale.sweep.outcome._ask", broken)
    with pytest.raises(ZeroDivisionError):
        sweep.run(GRID, tmp_path / "s", progress=False)
    monkeypatch.setattr("linscale.sweep.outcome._ask", lambda cell: (_ for _ in ()).throw(
        LinscaleError("no")))  # fmt: skip
    assert sweep.run(GRID, tmp_path / "s", progress=False).failed == len(GRID)
