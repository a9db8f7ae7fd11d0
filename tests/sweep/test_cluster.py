"""Dask: the same table from a cluster, and what happens when parts of it die."""

import ast
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

import pytest

from linscale import sweep
from linscale.errors import InputError, LinscaleError
from linscale.sweep import Grid, Store

DOCS = Path(__file__).parents[2] / "docs" / "cluster.md"
GRID = Grid(
    n=20, d=[2, 4], sigma=0.1, n_train=[3, 30], trials=10, rng=[0, 1],
    estimator=["early_stopped", "pca", {"filter": "ridge", "penalties": [0.1, 1]}],
    method=["theory", "montecarlo"],
)  # fmt: skip


@pytest.fixture(scope="module")
def distributed():
    return pytest.importorskip("distributed", reason="Dask is optional")


@pytest.fixture(scope="module")
def shared(distributed):
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        yield cluster


@pytest.fixture
def cluster(shared):
    """One small worker process, and no other; tests add what they need."""
    failures = shared.scheduler.allowed_failures
    shared.scale(1)
    end = time.monotonic() + 30.0
    while len(shared.scheduler.workers) != 1 or len(shared.workers) != 1:
        assert time.monotonic() < end, "a worker too many, or too few"
        time.sleep(0.05)
    yield shared
    shared.scheduler.allowed_failures = failures


def table(path):
    with Store(path) as store:
        return list(store.content())


def test_a_cluster_gives_the_same_table(cluster, tmp_path):
    cluster.scale(2)
    sweep.run(GRID, tmp_path / "here", progress=False)
    report = sweep.run(
        GRID, tmp_path / "there", scheduler=cluster.scheduler_address, progress=False
    )
    assert report.computed == len(GRID)
    assert table(tmp_path / "there") == table(tmp_path / "here")


class Enough(Exception):
    pass


def test_a_worker_that_comes_later_is_used(cluster, tmp_path, monkeypatch):
    """And a cluster of one core is not taken as a reason to compute in this process."""
    grid = Grid(n=40, d=4, sigma=0.1, n_train=list(range(1, 1001)), trials=50)
    steps, busy, here = [], set(), []
    compute = sweep.compute
    monkeypatch.setattr("linscale.sweep.pool.compute", lambda cell: here.append(1) or compute(cell))

    def step():
        steps.append(1)
        if len(steps) == 5:
            cluster.scale(2)
        busy.update(w.address for w in cluster.scheduler.workers.values() if w.processing)
        if len(busy) == 2 and len(cluster.scheduler.workers) == 2:
            raise Enough

    with pytest.raises(Enough):
        sweep.run(grid, tmp_path / "s", scheduler=cluster.scheduler_address, progress=step)
    assert here == []
    assert len(table(tmp_path / "s")) == len(steps) > 5


def worker_pids(cluster):
    return [nanny.pid for nanny in cluster.workers.values()]


def test_cells_whose_worker_dies_go_to_another(cluster, tmp_path):
    grid = Grid(n=40, d=4, sigma=0.1, n_train=[3, 30], trials=50, rng={"from": 0, "to": 9})
    steps = []

    def step():
        steps.append(1)
        if len(steps) == 3:
            os.kill(worker_pids(cluster)[0], signal.SIGKILL)

    cluster.scale(2)
    sweep.run(grid, tmp_path / "there", scheduler=cluster.scheduler_address, progress=step)
    sweep.run(grid, tmp_path / "here", progress=False)
    assert table(tmp_path / "there") == table(tmp_path / "here")


def test_cells_that_kill_their_workers_are_said(distributed, cluster, tmp_path):
    """joblib's own backend waits for them for ever."""
    long = Grid(n=2000, d=10, sigma=0.1, n_train=100_000, engine="dense", trials=50)
    cluster.scheduler.allowed_failures = 0

    def kill():
        while not any(w.processing for w in cluster.scheduler.workers.values()):
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(worker_pids(cluster)[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(LinscaleError, match="died of the same cells"):
        sweep.run(long, tmp_path / "s", scheduler=cluster.scheduler_address, progress=False)
    killer.join()


def test_no_scheduler_there(distributed, tmp_path, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    monkeypatch.setattr("linscale.sweep.cluster.CONNECT", 0.5)
    with pytest.raises(InputError, match=f"no Dask scheduler answers at tcp://127.0.0.1:{port}"):
        sweep.run(GRID, tmp_path / "s", scheduler=f"tcp://127.0.0.1:{port}", progress=False)
    assert table(tmp_path / "s") == []


CLUSTER = """
from distributed import LocalCluster
with LocalCluster(
    n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0"
) as cluster:
    print(cluster.scheduler_address, flush=True)
    input()
"""


def test_a_scheduler_that_dies_is_said_in_one_line(distributed, tmp_path):
    """And not by Dask's tracebacks: it logs one when its client is closed."""
    grid = Grid(n=40, d=4, sigma=0.1, n_train=list(range(1, 1001)), trials=50)
    steps, said = [], []
    log, listener = logging.getLogger("distributed.client"), logging.Handler()
    listener.emit = said.append
    log.addHandler(listener)
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CLUSTER], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as cluster:  # fmt: skip
        address = cluster.stdout.readline().strip()

        def step():
            steps.append(1)
            if len(steps) == 3:
                cluster.kill()

        with pytest.raises(LinscaleError, match=f"scheduler at {address} is gone"):
            sweep.run(grid, tmp_path / "s", scheduler=address, progress=step)
    log.removeHandler(listener)
    assert 3 <= len(table(tmp_path / "s")) == len(steps) < len(grid)
    assert said == []


def test_dask_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'linscale\[cluster\]'"):
        sweep.run(GRID, tmp_path / "s", scheduler="tcp://127.0.0.1:1", progress=False)


def recipe():
    """The arguments of SLURMCluster in the documentation."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    (call,) = (
        node
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SLURMCluster"
    )
    return {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}


def test_the_job_script_of_the_documentation():
    jobqueue = pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is optional")
    given = recipe()
    with jobqueue.SLURMCluster(**given, scheduler_options={"dashboard_address": ":0"}) as cluster:
        script = cluster.job_script()
        address = cluster.scheduler_address
    assert script.startswith("#!/usr/bin/env bash\n")
    assert f"#SBATCH -p {given['queue']}\n" in script
    assert f"#SBATCH -A {given['account']}\n" in script
    assert "#SBATCH --cpus-per-task=16\n" in script
    assert "#SBATCH -t 04:00:00\n" in script
    *_, prologue, worker = script.rstrip().split("\n")
    assert prologue == given["job_script_prologue"][0]
    assert f"dask_worker {address} " in worker
    assert "--nthreads 1 " in worker
    assert "--nworkers 16 " in worker
    assert "--lifetime 230m " in worker


def test_the_documentation_calls_what_there_is():
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    calls = {ast.unparse(n.func): n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Call)}
    assert {k.arg for k in calls["sweep.run"].keywords} <= set(sweep.run.__kwdefaults__)
    assert callable(sweep.Grid.from_toml)


def test_the_grid_of_the_documentation():
    (text,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    cells = list(Grid.from_dict(tomllib.loads(text)))
    theory = 2 * 2 * 13 * 2  # d, sigma, n_train, estimator; the same in both blocks
    assert len(cells) == theory + 5 * theory + 5 * theory // 2
