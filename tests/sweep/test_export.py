"""What other programs are given: the same numbers, with the parameters that they belong to."""

import csv
import json

import numpy as np
import pytest

from linscale import sweep
from linscale.errors import InputError, InvalidArgument
from linscale.sweep import Cell, Grid, Store, estimators, export, exports, to_xarray
from linscale.sweep.exports import HEAD

RIDGE = {"filter": "ridge", "penalties": [0.01, 0.1, 1]}
DIVERGES = {"filter": "gradient_descent", "step": 5.0, "iterations": [1, 100]}
GRID = Grid(
    n=20, d=2, sigma=0.1, n_train=[3, 30], trials=5, rng=[0, 1], method=["theory", "montecarlo"],
    estimator=["early_stopped", "converged", RIDGE, DIVERGES],
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "s"
    sweep.run(GRID, path, progress=False)
    with Store(path) as opened:
        yield opened


def rows(store):
    """What must be in a table: a row for each point, by hand."""
    for o in store:
        c = o.cell
        label = estimators.label(c.estimator)
        head = [c.n, c.d, c.sigma, c.n_train, label, c.method, c.trials, c.engine, c.residual,
                c.seed, estimators.parameter(c.estimator)]  # fmt: skip
        if o.failed is not None:
            yield [*head, *[np.nan] * 8, o.floor, o.made_by, f"no result: {o.failed}", o.seconds]
            continue
        p = o.path
        for i in range(p.at.size):
            oracle = o.values[-1, i]
            numbers = [p.at, p.value, p.bias, p.variance, p.error, p.sem, p.std]
            yield [*head, *(a[i] for a in numbers), oracle, p.floor, p.method, p.statuses[i],
                   o.seconds]  # fmt: skip


def same(a, b):
    if isinstance(b, float) and np.isnan(b):
        return a is None or np.isnan(a)
    return a == b


def test_csv_to_the_last_digit(store, tmp_path):
    export(store, tmp_path / "deep" / "t.csv")
    with open(tmp_path / "deep" / "t.csv", newline="") as file:
        head, *found = csv.reader(file)
    assert tuple(head) == HEAD
    expected = list(rows(store))
    assert len(found) == len(expected) == len({tuple(map(str, row)) for row in expected})
    for row, wanted in zip(found, expected, strict=True):
        for text, value in zip(row, wanted, strict=True):
            assert text == ("" if value is None else str(value))
            if isinstance(value, float):
                assert same(float(text), value)


@pytest.mark.parametrize("chunk", [5, 2000])
def test_parquet(store, tmp_path, monkeypatch, chunk):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is optional")
    monkeypatch.setattr(exports, "CHUNK", chunk)
    export(store, tmp_path / "t.parquet")
    table = parquet.read_table(tmp_path / "t.parquet")
    assert tuple(table.column_names) == HEAD
    assert str(table.schema.field("n_train").type) == "int64"
    assert str(table.schema.field("value").type) == "double"
    found = zip(*(column.to_pylist() for column in table.columns), strict=True)
    for row, wanted in zip(found, rows(store), strict=True):
        assert all(same(a, b) for a, b in zip(row, wanted, strict=True))


def check(dataset):
    """Every cell's numbers are where its parameters say."""
    assert dict(dataset.sizes) == {
        "n_train": 2, "estimator": 4, "calculation": 2, "seed": 2, "point": 3
    }  # fmt: skip
    assert dataset.n == 20
    assert dataset.sigma == 0.1
    for cell in GRID:
        where = {
            "n_train": cell.n_train,
            "estimator": estimators.label(cell.estimator),
            "calculation": cell.method,
        }
        outcome = sweep.compute(cell)
        seeds = [0, 1] if cell.method == "theory" else [cell.seed]
        for seed in seeds:
            found = dataset.sel(**where, seed=seed)
            for name, expected in zip(sweep.outcome.COLUMNS, outcome.values, strict=True):
                values = found[name].values
                assert np.array_equal(values[: expected.size], expected, equal_nan=True)
                assert np.all(np.isnan(values[expected.size :]))
            assert found.floor == outcome.floor
            assert str(found.made_by.values) == outcome.made_by
            said = outcome.path.status if outcome.failed is None else "no result: " + outcome.failed
            assert str(found.status.values) == said
    filters = json.loads(dataset.attrs["filters"])
    assert filters[estimators.label(estimators.canonical(RIDGE))] == RIDGE


def test_xarray(store):
    pytest.importorskip("xarray", reason="xarray is optional")
    check(to_xarray(store))


def test_netcdf(store, tmp_path):
    xarray = pytest.importorskip("xarray", reason="xarray is optional")
    export(store, tmp_path / "t.nc")
    with xarray.open_dataset(tmp_path / "t.nc", engine="scipy") as dataset:
        check(dataset.load())


def test_netcdf_of_large_integers_and_holes(tmp_path):
    xarray = pytest.importorskip("xarray", reason="xarray is optional")
    cells = [
        Cell(20, 2, 0.1, 3, method="theory"),
        Cell(30, 2, 0.1, 10**12, method="theory"),
    ]
    sweep.run(cells, tmp_path / "s", progress=False)
    with Store(tmp_path / "s") as store:
        export(store, tmp_path / "t.nc")
    with xarray.open_dataset(tmp_path / "t.nc", engine="scipy") as dataset:
        assert dataset.n_train.values.tolist() == [3, 10**12]
        assert np.isfinite(dataset.value.values[..., 0]).tolist() == [[True, False], [False, True]]
        assert (dataset.status.values != "").tolist() == [[True, False], [False, True]]


def test_cells_that_are_no_grid_are_refused(store, monkeypatch):
    pytest.importorskip("xarray", reason="xarray is optional")
    monkeypatch.setattr(exports, "LARGEST_CUBE", 50)
    with pytest.raises(InputError, match="parquet"):
        to_xarray(store)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".nc"])
def test_an_empty_store(suffix, tmp_path):
    pytest.importorskip("xarray", reason="xarray is optional")
    pytest.importorskip("pyarrow", reason="pyarrow is optional")
    with Store(tmp_path / "s", write=True) as store:
        export(store, tmp_path / f"t{suffix}")
    assert (tmp_path / f"t{suffix}").exists()


@pytest.mark.parametrize(("suffix", "package"), [(".parquet", "pyarrow"), (".nc", "xarray")])
def test_a_package_that_is_missing_is_named(suffix, package, store, tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=f"{package}: pip install 'linscale\\[sweep\\]'"):
        export(store, tmp_path / f"t{suffix}")
    assert not list(tmp_path.iterdir())


def test_nothing_is_half_written(store, tmp_path, monkeypatch):
    with pytest.raises(InvalidArgument, match=r"\.csv, \.parquet or \.nc"):
        export(store, tmp_path / "t.xlsx")
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(InputError, match="folder"):
        export(store, tmp_path / "t.csv")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        export(store, tmp_path / "file" / "t.csv")
    (tmp_path / "old.csv").write_text("old")

    def broken(outcome):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exports, "_rows", broken)
    with pytest.raises(InputError, match="No space left"):
        export(store, tmp_path / "old.csv")
    assert (tmp_path / "old.csv").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "old.csv", "t.csv"]
