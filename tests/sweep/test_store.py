"""The store: what goes in comes out, safe from kill -9, with one writer and many readers."""

import subprocess
import sys
import time

import numpy as np
import pytest

from linscale.errors import InputError, LinscaleError
from linscale.sweep import Grid, Store, compute
from linscale.sweep import store as store_module
from linscale.sweep.outcome import Outcome
from tests.sweep.stores import GRID, MORE, made_up


def test_what_goes_in_comes_out(path, outcomes):
    with Store(path) as store:
        assert len(store) == len(outcomes) == len(list(store))
        for outcome in outcomes:
            found = store.get(outcome.cell)
            assert found.cell == outcome.cell
            assert np.array_equal(found.values, outcome.values, equal_nan=True)
            for name in ("floor", "made_by", "statuses", "failed", "seconds"):
                assert getattr(found, name) == getattr(outcome, name)
        assert [o.cell.key() for o in store] == sorted(cell.key() for cell in GRID)
        assert store.missing(GRID) == []
        other = Grid(n=20, d=2, sigma=0.1, n_train=[3, 31], trials=5)
        assert [cell.n_train for cell in store.missing(other)] == [31]
        assert store.get(other.cells[1]) is None
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_results_are_those_of_the_package(path):
    import linscale as ls

    model, ridge = ls.SubspaceModel(20, 2, 0.1), ls.Ridge([0.01, 0.1, 1])
    with Store(path) as store:
        for outcome in store:
            cell = outcome.cell
            filter = None if cell.estimator in ("early_stopped", "pca") else ridge
            if cell.method == "theory":
                ask, options = ls.theory, {}
            else:
                ask, options = ls.montecarlo, {"trials": 5, "rng": cell.stream()}
            if filter is None:
                expected = getattr(ask, cell.estimator)(model, cell.n_train, **options)
                assert outcome.point.value == expected.value
                assert outcome.point.sem == expected.sem
                assert outcome.point.status == expected.status
            else:
                expected = ask.risk(model, cell.n_train, ridge, **options)
                assert np.array_equal(outcome.path.value, expected.value)
                assert outcome.path.parameter == "penalty"
                assert outcome.path.statuses == expected.statuses
                assert outcome.point.value == expected.best.value


def test_a_cell_without_a_result_is_kept_and_can_be_tried_again(tmp_path):
    (cell,) = Grid(
        n=20, d=2, sigma=0.1, n_train=30, trials=5,
        estimator={"filter": "gradient_descent", "step": 5.0, "iterations": [1, 100]},
    )  # fmt: skip
    with Store(tmp_path / "s", write=True) as store:
        store.add(compute(cell))
        found = store.get(cell)
        assert "step = 5" in found.failed
        with pytest.raises(LinscaleError, match="step = 5"):
            _ = found.path
        assert store.missing([cell]) == []
        assert store.missing([cell], retry_failed=True) == [cell]
        assert b"step = 5" in next(store.content())


def test_content_leaves_timings_out_and_nothing_else(tmp_path, outcomes):
    def content(change):
        with Store(tmp_path / "s", write=True) as store:
            for outcome in outcomes:
                store.add(change(outcome))
            return list(store.content()), store.digest()

    def with_values(o, **changes):
        return Outcome(**{**vars(o), **changes})

    base = content(lambda o: o)
    assert content(lambda o: with_values(o, seconds=o.seconds + 1)) == base
    for changes in ({"floor": 0.5}, {"made_by": "x"}, {"failed": "y"}):
        changed = content(lambda o, changes=changes: with_values(o, **changes))
        assert all(a != b for a, b in zip(base[0], changed[0], strict=True))
        assert changed[1] != base[1]
    nudged = content(lambda o: with_values(o, values=np.nextafter(o.values, 9)))
    assert all(a != b for a, b in zip(base[0], nudged[0], strict=True))


@pytest.mark.parametrize("points", [1, 5, 37, 60, 200])
def test_a_cell_takes_less_than_a_kilobyte_beyond_its_array(points, tmp_path):
    times = {"from": 1, "to": 1000, "count": points}
    grid = Grid(
        n=1000, d=10, sigma=0.123456789, n_train={"from": 1, "to": 10_000, "count": 40},
        rng={"from": 0, "to": 19}, estimator={"filter": "gradient_flow", "times": times},
    )  # fmt: skip
    with Store(tmp_path / "s", write=True) as store:
        for cell in grid:
            store.add(made_up(cell, points))
    beyond = (tmp_path / "s").stat().st_size / len(grid) - 64 * points
    assert 100 < beyond < 1000


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_hundred_thousand_cells_are_resumed_within_seconds(workers, tmp_path):
    from linscale import sweep

    axes = {"n": 100, "d": 10, "sigma": [0.05, 0.1], "trials": 10}
    n_train = list(range(1, 101))
    with Store(tmp_path / "s", write=True) as store:
        for cell in Grid(**axes, n_train=n_train, rng={"from": 0, "to": 499}):
            store.add(made_up(cell))
        assert len(store) == 100_000
    assert (tmp_path / "s").stat().st_size < 1000 * 100_000

    class FirstResult(Exception):
        pass

    def stop():
        raise FirstResult

    # Processor time: what else the machine does is not the store's.
    start = time.process_time()
    with pytest.raises(FirstResult):
        sweep.run(
            Grid(**axes, n_train=n_train, rng={"from": 0, "to": 500}), tmp_path / "s",
            workers=workers, progress=stop,
        )  # fmt: skip
    assert time.process_time() - start < 5.0


WRITE = """
import sys
from linscale.sweep import Store
from tests.sweep.stores import fill
with Store(sys.argv[1], write=True) as store:
    fill(store, 200, done=lambda: (print("kept", flush=True), sys.stdin.readline()))
"""


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_what_was_added_survives_kill_9(kills, tmp_path):
    """At any moment: the arrays are so large that SQLite moves its journal every 40 cells.

    The writer is let go no more than three cells ahead, or it would be done before it is killed.
    """
    rng = np.random.default_rng(0)
    for wait in rng.integers(1, len(MORE), kills):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE, str(tmp_path / "s")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        writer.stdin.write(b"\n" * (wait + 2))
        writer.stdin.flush()
        for _ in range(wait):
            writer.stdout.readline()
        writer.kill()
        told = wait + len(writer.communicate()[0].splitlines())
        with Store(tmp_path / "s") as store:
            assert told <= len(list(store)) <= wait + 4
            assert store.missing(MORE) == list(MORE)[len(store) :]
        (tmp_path / "s").unlink()
        for name in ("s-wal", "s-shm"):
            (tmp_path / name).unlink(missing_ok=True)


def test_one_writer_and_many_readers(path):
    with Store(path, write=True) as store:
        for _ in range(2):
            with pytest.raises(InputError, match="another process is writing"):
                Store(path, write=True)
        with Store(path) as reader:
            store.add(made_up(MORE.cells[0]))
            assert len(reader) == len(GRID) + 1
            with pytest.raises(LinscaleError, match="write=True"):
                reader.add(made_up(MORE.cells[1]))
    with Store(path, write=True) as store:
        assert len(store) == len(GRID) + 1


def test_a_writer_elsewhere_is_noticed_and_its_death_too(path):
    code = (
        "import sys, time; from linscale.sweep import Store\n"
        "store = Store(sys.argv[1], write=True); print('open', flush=True); time.sleep(100)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(InputError, match="another process is writing"):
            Store(path, write=True)
        with Store(path) as reader:
            assert len(list(reader)) == len(GRID)
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    with Store(path, write=True) as store:
        assert len(list(store)) == len(GRID)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_versions_are_noted(path, monkeypatch):
    with Store(path, write=True) as store:
        assert store.notes == ()
    made_with = store_module.environment()["versions"]
    other = {**made_with, "numpy": "0.0.1"}
    monkeypatch.setattr(store_module, "environment", lambda: {"versions": other})
    with Store(path, write=True) as store:
        (note,) = store.notes
    assert f"numpy {made_with['numpy']}" in note
    assert "scipy" not in note
