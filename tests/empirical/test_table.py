"""The table type: what it refuses, what it keeps, and there and back again."""

import subprocess
import sys

import numpy as np
import pytest

from linscale import empirical
from linscale.empirical import COLUMNS, Result, ResultTable, concat
from linscale.errors import InputError, InvalidArgument
from tests.empirical.writers import result, table


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"task": ""}, "task = ''"),
        ({"task": "two\nlines"}, "task"),
        ({"task": 3}, "task = 3"),
        ({"n_train": 0}, "n_train = 0"),
        ({"n_train": 2.5}, "n_train = 2.5"),
        ({"n_train": None}, "n_train = None"),
        ({"n_train": True}, "n_train = True"),
        ({"n_params": 0}, "n_params = 0"),
        ({"n_params": "12"}, "n_params = 12"),
        ({"seed": -1}, "seed = -1"),
        ({"metric": "PSNR"}, "metric = 'PSNR'"),
        ({"value": np.nan}, "value = nan"),
        ({"value": np.inf}, "value = inf"),
        ({"value": "27.5"}, "value = '27.5'"),
        ({"value": None}, "value = None"),
        ({"unit": "db"}, "'dB' for psnr: convert"),
        ({"metric": "ssim", "unit": "dB"}, "'1' for ssim"),
        ({"split": "valid"}, "'train' or 'val' or 'test'"),
        ({"source": " "}, "source"),
    ],
)
def test_a_bad_cell_is_named(change, words):
    with pytest.raises(InvalidArgument) as caught:
        result(**change)
    assert words in str(caught.value)
    assert next(iter(change)) in caught.value.argument or "unit" in caught.value.argument


def test_numbers_of_numpy_become_plain():
    row = result(n_train=np.int32(7), n_params=1e6, value=np.float32(0.5), seed=None)
    assert (type(row.n_train), type(row.n_params), type(row.value)) == (int, int, float)
    assert row == result(n_train=7, n_params=10**6, value=0.5, seed=None)


def test_one_unit_for_each_metric():
    mixed = [{"metric": "mse", "unit": "1"}, {}, {"metric": "mse", "unit": "HU^2"}]
    with pytest.raises(InvalidArgument, match=r"row 3, unit = 'HU\^2': must be '1' for mse, as in"):
        table(*mixed)
    alike = table(*(change | {"unit": "HU^2"} if change else {} for change in mixed))
    assert alike.distinct("unit") == ["HU^2", "dB"]
    with pytest.raises(InvalidArgument, match="row 2, unit"):
        concat([table(mixed[0]), table(mixed[2])])


def test_rows_are_results():
    with pytest.raises(InvalidArgument, match="row 2"):
        ResultTable([result(), ("denoising", 3)])
    with pytest.raises(InvalidArgument, match="tables"):
        concat([table({}), [result()]])


SOME = table(
    {}, {"n_train": 10, "value": 1 / 3, "seed": None}, {"split": "val", "n_params": None},
    {"metric": "ssim", "unit": "1", "value": 1e-17, "source": 'a "name", with a comma'},
    {"task": "übersampling x2"},
)  # fmt: skip


def test_csv_and_back_to_the_last_digit(tmp_path):
    path = tmp_path / "deep" / "table.csv"
    SOME.save(path)
    assert empirical.read_csv(path) == SOME
    assert path.read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)
    rng = np.random.default_rng(1)
    many = table(*({"value": v} for v in 10.0 ** rng.uniform(-300, 300, 200)))
    many.save(path)
    assert empirical.read_csv(path) == many


def test_metrics_of_one_family_stay_apart_on_the_way_back(tmp_path):
    kinds = table({}, {"metric": "psnr_mean"}, {"metric": "val_psnr"}, {"metric": "psnr_epoch"})
    kinds.save(tmp_path / "table.csv")
    assert empirical.read_csv(tmp_path / "table.csv") == kinds


def test_pandas_and_back():
    pandas = pytest.importorskip("pandas", reason="pandas is optional")
    frame = SOME.to_pandas()
    assert list(frame.columns) == list(COLUMNS)
    assert [str(frame[c].dtype) for c in ("n_train", "n_params", "seed", "value")] == [
        "int64", "Int64", "Int64", "float64",
    ]  # fmt: skip
    assert ResultTable.from_pandas(frame) == SOME
    # Floats with NaN, as pandas makes of a column of integers with a gap.
    assert ResultTable.from_pandas(frame.astype({"seed": float, "n_params": float})) == SOME
    assert ResultTable.from_pandas(frame.drop(columns="seed")).distinct("seed") == [None]
    assert ResultTable.from_pandas(ResultTable(()).to_pandas()) == ResultTable(())
    bad = frame.copy()
    bad.loc[2, "value"] = np.nan
    with pytest.raises(InvalidArgument, match="row 3, value = nan"):
        ResultTable.from_pandas(bad)
    with pytest.raises(InvalidArgument, match="missing: value; unknown: score"):
        ResultTable.from_pandas(frame.rename(columns={"value": "score"}))
    with pytest.raises(InvalidArgument, match="frame"):
        ResultTable.from_pandas([1, 2])
    assert isinstance(pandas.DataFrame(), type(frame))


def test_columns_and_back():
    columns = {name: SOME.column(name) for name in COLUMNS}
    assert ResultTable.from_columns(columns) == SOME
    assert SOME.column("value").dtype == float
    assert SOME.column("n_train").tolist() == [100, 10, 100, 100, 100]
    with pytest.raises(InvalidArgument, match="lengths"):
        ResultTable.from_columns(columns | {"value": [1.0]})


def test_filter():
    assert len(SOME.filter(metric="psnr", n_train=[100, 7])) == 3
    assert SOME.filter(n_params=None).rows == (SOME.rows[2],)
    assert SOME.filter(value=lambda v: v < 0.5).distinct("metric") == ["psnr", "ssim"]
    assert len(SOME.filter(task="nothing")) == 0
    assert SOME.filter(split="test").filter(split="val") == ResultTable(())
    with pytest.raises(InvalidArgument, match="'n'"):
        SOME.filter(n=100)


def test_sorted_is_an_order_of_the_same_rows():
    ordered = SOME.sorted()
    assert sorted(map(repr, ordered)) == sorted(map(repr, SOME))
    assert ordered == ResultTable(reversed(SOME.rows)).sorted()
    assert ordered != SOME
    assert [r.n_train for r in ordered.filter(metric="psnr", task="denoising", split="test")] == [
        10, 100,
    ]  # fmt: skip


def test_equality_and_notes():
    assert table({}) == table({})
    assert table({}) != table({"value": np.nextafter(27.5, 30)})
    assert hash(table({})) == hash(table({}))
    noted = ResultTable([result()], ["one file left out"])
    assert noted == table({})
    assert concat([noted, noted]).notes == ("one file left out",) * 2
    assert noted.filter(task="x").notes == noted.sorted().notes == noted.notes
    assert "2 rows; tasks: denoising; metrics: psnr (dB)" in repr(concat([noted, noted]))


def test_frozen():
    with pytest.raises(AttributeError):
        result().value = 3.0
    with pytest.raises(AttributeError):
        table({}).rows = ()


def test_nothing_heavy_is_loaded():
    code = "import sys, linscale.empirical; print(' '.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(run.stdout.split())
    assert "linscale.empirical.pickles" in loaded
    heavy = {"pandas", "torch", "tensorflow", "lightning", "tensorboardX", "runstats", "numba"}
    assert not heavy & loaded


def test_without_pandas_it_says_how(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match="pip install"):
        SOME.to_pandas()


def test_row_is_its_cells():
    assert Result(*(getattr(result(), name) for name in COLUMNS)) == result()
