"""Phase diagrams that are killed: nothing is lost, and nothing is left running."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import linscale as ls
from tests.sweep.phase_job import CELLS, X, Y, model_of
from tests.sweep.processes import descendants
from tests.sweep.test_survival import close, gone_within

ROOT = Path(__file__).parents[2]


def start(path, workers, spoilt=""):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.sweep.phase_job", str(path), str(workers), spoilt],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"}, start_new_session=True,
        # A suite that itself runs in the background hands down an ignored SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def wait_for(running, cells):
    for _ in range(cells):
        assert running.stdout.readline() == "cell\n", running.stderr.read()


def rows(path):
    """What is in the file, but for when and by what it was made."""
    db = sqlite3.connect(path)
    try:
        found = db.execute("SELECT key, value, status, model, checksum FROM cells ORDER BY key")
        return found.fetchall()
    finally:
        db.close()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The rows of an uninterrupted run."""
    path = tmp_path_factory.mktemp("whole") / "p"
    ls.phase(model_of, X, Y, ls.theory.floor, store=path, name="slowly", progress=False)
    return rows(path)


@pytest.mark.parametrize("workers", [1, 2])
def test_kill_9_loses_nothing_that_was_finished(workers, tmp_path, expected):
    path = tmp_path / "p"
    kept = 0
    for cells in (5, 12):
        running = start(path, workers)
        wait_for(running, cells)
        others = descendants(running.pid)
        running.kill()
        close(running)
        assert gone_within(10.0, others)
        found = rows(path)
        assert len(found) >= kept + cells
        assert set(found) <= set(expected)
        kept = len(found)
    assert kept < CELLS
    out, err = start(path, workers).communicate(timeout=120)
    assert out.splitlines() == ["cell"] * (CELLS - kept) + ["done"], err
    assert rows(path) == expected
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


def test_kill_9_while_workers_start_leaves_none(tmp_path):
    running = start(tmp_path / "p", 2)
    others = []
    while not any("popen_loky" in p.command for p in others):
        others = descendants(running.pid)
        time.sleep(0.01)
    running.kill()
    close(running)
    assert gone_within(10.0, others)


@pytest.mark.parametrize(("workers", "whole_group"), [(1, False), (2, True)])
def test_ctrl_c_leaves_a_clean_store_and_no_workers(workers, whole_group, tmp_path, expected):
    """A terminal sends Ctrl-C to the workers too."""
    running = start(tmp_path / "p", workers)
    wait_for(running, 3)
    others = descendants(running.pid)
    (os.killpg if whole_group else os.kill)(running.pid, signal.SIGINT)
    err = running.communicate(timeout=30)[1]
    assert running.returncode == -signal.SIGINT, err
    assert gone_within(3.0, others)
    assert err.count("Traceback") == 1, "workers say nothing"
    assert "KeyboardInterrupt" in err.splitlines()[-1]
    assert [p.name for p in tmp_path.iterdir()] == ["p"]
    kept = rows(tmp_path / "p")
    assert 3 <= len(kept) < CELLS
    assert set(kept) <= set(expected)


KILLED = """
import os, signal, sys
import linscale as ls
from linscale.errors import LinscaleError
from tests.sweep.phase_job import X, Y, model_of, question
from tests.sweep.processes import descendants

def kill_a_worker():
    workers = [p for p in descendants(os.getpid()) if "popen_loky" in p.command]
    os.kill(workers[0].pid, signal.SIGKILL)

try:
    ls.phase(model_of, X, Y, question, store=sys.argv[1], name="slowly", workers=2,
             progress=kill_a_worker)
except LinscaleError as error:
    print(error)
"""


def test_a_worker_that_is_killed_is_said(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "p")], capture_output=True, text=True,
        timeout=60, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout.startswith("a worker process was killed"), done.stderr
    assert 1 <= len(rows(tmp_path / "p")) < CELLS


def test_a_store_that_wrote_at_the_end_would_be_seen(tmp_path):
    """Planted error: all cells are one transaction."""
    running = start(tmp_path / "p", 1, "one-transaction")
    wait_for(running, 5)
    running.kill()
    close(running)
    assert rows(tmp_path / "p") == []
