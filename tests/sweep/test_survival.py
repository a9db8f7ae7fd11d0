"""Sweeps that are killed: nothing is lost, nothing is left running, and the table is the same."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from linscale import sweep
from linscale.sweep import Store
from tests.sweep.job import grid
from tests.sweep.processes import descendants

ROOT = Path(__file__).parents[2]
CELLS = len(grid())


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The table of an uninterrupted run."""
    path = tmp_path_factory.mktemp("whole") / "s"
    sweep.run(grid(), path, progress=False)
    return table(path)


def table(path):
    with Store(path) as store:
        return list(store.content())


def start(path, workers=2, spoilt=""):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.sweep.job", str(path), str(workers), spoilt],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"}, start_new_session=True,
        # A suite that itself runs in the background hands down an ignored SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def finish(running, path):
    """Let it run to its end."""
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    found, computed = map(int, out.splitlines()[-1].split())
    assert found + computed == CELLS
    return found


def wait_for(running, cells):
    """Until so many more cells are finished."""
    for _ in range(cells):
        assert running.stdout.readline() == "cell\n", running.stderr.read()


def close(running):
    running.wait()
    running.stdout.close()
    running.stderr.close()


def killed_and_resumed(path, workers, rng):
    """Kill -9 at random moments, by time from the start or by cells finished; then finish.

    ``workers`` are those of each run, the last of which is left alone.
    """
    kept, seen = 0, []
    *killed, last = workers
    for i, count in enumerate(killed):
        running = start(path, count)
        if i % 3 == 0:
            time.sleep(rng.uniform(0.0, 1.5))
        else:
            wait_for(running, int(rng.integers(1, 1 + (CELLS - kept) // (len(killed) - i + 2))))
            time.sleep(rng.uniform(0.0, 0.1))
        running.kill()
        close(running)
        if path.exists():
            with Store(path, write=True) as store:
                assert len(store) >= kept
                kept = len(store)
        seen.append(kept)
    assert 0 < kept < CELLS
    assert finish(start(path, last), path) == kept
    return seen


def test_three_kills_leave_the_table_of_an_uninterrupted_run(tmp_path, expected):
    seen = killed_and_resumed(tmp_path / "s", (2, 2, 1, 1), np.random.default_rng(1))
    assert len(set(seen)) >= 2
    assert table(tmp_path / "s") == expected
    assert [p.name for p in tmp_path.iterdir()] == ["s"]


@pytest.mark.slow
def test_twenty_kills_leave_the_table_of_an_uninterrupted_run(tmp_path, expected):
    seen = killed_and_resumed(tmp_path / "s", [2] * 21, np.random.default_rng(2))
    assert len(set(seen)) >= 8
    assert table(tmp_path / "s") == expected
    assert [p.name for p in tmp_path.iterdir()] == ["s"]


def gone_within(seconds, processes):
    """Whether all of them have ended by then."""
    end = time.monotonic() + seconds
    while any(p.alive for p in processes):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("after", [0, 5])
def test_kill_9_of_the_parent_leaves_no_workers(after, tmp_path):
    """While they start, and while they work."""
    running = start(tmp_path / "s")
    others = []
    while not any("popen_loky" in p.command for p in others):
        others = descendants(running.pid)
        time.sleep(0.01)
    wait_for(running, after)
    others = descendants(running.pid)
    running.kill()
    assert gone_within(10.0, others)
    close(running)


@pytest.mark.slow
def test_workers_that_nobody_watches_live_on(tmp_path):
    """What the test above would see without the watch: loky's own workers."""
    running = start(tmp_path / "s", spoilt="nobody-watches")
    wait_for(running, 10)
    others = descendants(running.pid)
    running.kill()
    try:
        assert not gone_within(10.0, others)
    finally:
        for process in others:
            if process.alive:
                os.kill(process.pid, signal.SIGKILL)
        close(running)


@pytest.mark.parametrize(
    ("workers", "whole_group"),
    [(1, False), pytest.param(2, False, marks=pytest.mark.slow), (2, True)],
)
def test_a_real_interrupt_leaves_a_clean_store_and_no_workers(
    workers, whole_group, tmp_path, expected
):
    """A terminal sends Ctrl-C to the workers too."""
    running = start(tmp_path / "s", workers)
    wait_for(running, 1)
    others = descendants(running.pid)
    wait_for(running, 4)
    (os.killpg if whole_group else os.kill)(running.pid, signal.SIGINT)
    err = running.communicate(timeout=30)[1]
    assert running.returncode == -signal.SIGINT, err
    assert gone_within(3.0, others)
    chained = err.count("During handling of the above exception")  # inside somebody's except
    assert err.count("Traceback") - chained == 1, "workers say nothing"
    assert "KeyboardInterrupt" in err.splitlines()[-1]
    assert [p.name for p in tmp_path.iterdir()] == ["s"]
    kept = table(tmp_path / "s")
    assert 5 <= len(kept) < CELLS
    assert set(kept) <= set(expected)


def test_ctrl_c_while_workers_start_is_quiet_too(tmp_path):
    running = start(tmp_path / "s")
    while not any("popen_loky" in p.command for p in descendants(running.pid)):
        time.sleep(0.01)
    time.sleep(0.2)
    others = descendants(running.pid)
    os.killpg(running.pid, signal.SIGINT)
    err = running.communicate(timeout=30)[1]
    assert gone_within(3.0, others)
    assert err.count("Traceback") == 1
    assert "KeyboardInterrupt" in err.splitlines()[-1]
