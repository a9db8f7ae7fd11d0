"""Results in decibels, and as pandas tables that hold what the arrays do."""

import sys

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InputError
from linscale.results import RiskPath, RiskPoint
from linscale.results.decibels import psnr
from linscale.results.path import PATH_COLUMNS
from linscale.studies import tables
from linscale.studies.subspace import subspace_study
from tests.tolerances import rounding

MODEL = ls.SubspaceModel(n=100, d=10, sigma=0.05)
CURVE = (
    "n_train", "value", "floor", "bias", "variance", "at", "error", "sem", "std", "oracle",
    "method", "status",
)  # fmt: skip


@pytest.fixture(scope="module")
def curve():
    return ls.curve(MODEL, [10, 30, 100], trials=20)  # simulated, then theory


@pytest.fixture(scope="module")
def path():
    return ls.theory.risk(MODEL, 30, ls.GradientFlow([3, 10, 30]))


@pytest.fixture
def pandas():
    return pytest.importorskip("pandas", reason="pandas is optional")


def test_decibels(curve, path):
    assert tables.psnr is psnr
    for result in (curve, path):
        np.testing.assert_array_equal(result.psnr, -10.0 * np.log10(result.value))
    assert path.point(1).psnr == path.psnr[1]
    # A logarithm, a product, a quotient and a power, which turns absolute errors into relative.
    condition = 1.0 + np.log(10.0) / 10.0 * np.abs(curve.psnr).max()
    back = 10.0 ** (-curve.psnr / 10.0)
    np.testing.assert_allclose(back, curve.value, rtol=rounding(condition, 4), atol=0.0)
    none = RiskPoint(0.0, floor=0.0, error=0.0, method="theory")
    assert none.psnr == np.inf
    assert np.isnan(psnr(-1.0))


def test_decibels_lead_back_to_n_train():
    assert ls.theory.required_n_train(MODEL, psnr=ls.theory.early_stopped(MODEL, 57).psnr) == 57


def test_a_curve_as_a_table(curve, pandas):
    frame = curve.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert tuple(frame.columns) == CURVE
    for name in CURVE[:-2]:
        wanted = np.broadcast_to(getattr(curve, name), 3)
        np.testing.assert_array_equal(frame[name].to_numpy(), wanted)
    assert frame.n_train.dtype == np.int64
    assert tuple(frame.method) == curve.methods
    assert tuple(frame.status) == curve.statuses
    assert curve.statuses[0] != curve.statuses[-1]


def test_a_path_as_a_table(path, pandas):
    frame = path.to_frame()
    assert tuple(frame.columns) == (
        "time", "value", "floor", "bias", "variance", "error", "sem", "std", "method", "status",
    )  # fmt: skip
    np.testing.assert_array_equal(frame.time.to_numpy(), path.at)
    for name in PATH_COLUMNS[1:]:
        np.testing.assert_array_equal(frame[name].to_numpy(), getattr(path, name))
    assert set(frame.floor) == {path.floor}
    assert set(frame.method) == {path.method}
    assert tuple(frame.status) == path.statuses
    assert "penalty" in ls.theory.risk(MODEL, 30, ls.Ridge([0.1, 1.0])).to_frame()


def test_points_by_different_methods_keep_theirs(pandas):
    mixed = ls.risk(MODEL, 12, ls.GradientFlow([0.01, 100.0]), trials=20)
    assert len(set(mixed.methods)) == 2
    assert tuple(mixed.to_frame().method) == mixed.methods
    single = RiskPath.single(mixed.point(1)).to_frame()
    assert (len(single), single.method[0]) == (1, mixed.methods[1])


def test_a_study_as_a_table(pandas):
    study = subspace_study(ls.SubspaceModel(n=12, d=3, sigma=0.3), [4, 30], draws=5, seed=1)
    frame = study.to_frame()
    assert tuple(frame.columns) == ("source", "estimator", *CURVE)
    count = 0
    for source in ("theory", "simulated"):
        for name, curve in getattr(study, source).items():
            part = frame[(frame.source == source) & (frame.estimator == name)]
            np.testing.assert_array_equal(part.value.to_numpy(), curve.value)
            np.testing.assert_array_equal(part.n_train.to_numpy(), curve.n_train)
            assert tuple(part.status) == curve.statuses
            count += curve.n_train.size
    assert len(frame) == count


def test_without_pandas_it_says_how(curve, path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    for result in (curve, path):
        with pytest.raises(InputError, match="to_frame needs pandas: pip install pandas"):
            result.to_frame()
