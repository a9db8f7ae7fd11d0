"""Saved studies, tables and figures."""

import numpy as np
import pytest

import linscale as ls
import linscale.studies.study
from linscale import plotting
from linscale.errors import InputError
from linscale.studies import tables
from linscale.studies.study import Study, theory_grid
from linscale.studies.subspace import subspace_study
from tests.tolerances import rounding

MODEL = ls.SubspaceModel(n=12, d=3, sigma=0.3)


@pytest.fixture(scope="module")
def study():
    return subspace_study(MODEL, [1, 4, 11, 12, 15, 100], trials=20, rng=3)


def test_save_and_load_give_the_same_study(study, tmp_path):
    study.save(str(tmp_path / "a.npz"))
    again = Study.load(str(tmp_path / "a.npz"))
    assert again.meta == study.meta
    assert (again.floor, again.saturation) == (study.floor, study.saturation)
    assert np.array_equal(again.exponent, study.exponent)
    for kind in ("theory", "simulated"):
        for name, curve in getattr(study, kind).items():
            other = getattr(again, kind)[name]
            assert other.statuses == curve.statuses
            for column in ("n_train", "value", "sem", "std", "at", "oracle"):
                a, b = getattr(curve, column), getattr(other, column)
                assert np.array_equal(a, b, equal_nan=True)
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_loading_anything_else_is_one_clear_error(tmp_path, content):
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a saved study"):
        Study.load(path)
    np.savez(path, x=np.zeros(2))
    with pytest.raises(InputError, match="not a saved study"):
        Study.load(path)
    np.savez(path, header=np.array('{"format": 2, "curves": [], "meta": {"kind": "images"}}'))
    with pytest.raises(InputError, match="not a saved study"):
        Study.load(path)
    with pytest.raises(InputError, match="no such file"):
        Study.load(tmp_path / "missing.npz")


def test_damaged_files_are_one_clear_error(study, tmp_path):
    rng, whole = np.random.default_rng(0), study.to_bytes()
    refused = 0
    for _ in range(40):
        damaged = bytearray(whole)
        for place in rng.integers(len(whole), size=3):
            damaged[place] ^= 0xFF
        (tmp_path / "d.npz").write_bytes(damaged)
        try:
            Study.load(tmp_path / "d.npz")
        except InputError:
            refused += 1
    assert refused > 20


@pytest.mark.parametrize(("change", "word"), [(1, "newer"), (-1, "older")])
def test_another_format_says_so(study, tmp_path, monkeypatch, change, word):
    own, oldest = linscale.studies.study.FORMAT, linscale.studies.study.OLDEST
    other = own + 1 if change > 0 else oldest - 1
    monkeypatch.setattr("linscale.studies.study.FORMAT", other)
    study.save(tmp_path / "other.npz")
    monkeypatch.setattr("linscale.studies.study.FORMAT", own)
    with pytest.raises(InputError, match=f"{word} linscale"):
        Study.load(tmp_path / "other.npz")


def test_a_point_does_not_change_when_others_are_added(study):
    alone = subspace_study(MODEL, [4], trials=20, rng=3)
    for name in ("early_stopped", "pca"):
        assert alone.simulated[name].value[0] == study.simulated[name].value[1]


def test_theory_grid_holds_what_was_asked_and_closes_in_on_the_peak():
    grid = theory_grid([1, 7, 1000], peak=100)
    assert {1, 7, 98, 99, 100, 101, 102, 1000} <= set(grid)
    assert grid == sorted(set(grid))
    assert theory_grid([5]) == [5]


def test_table_and_csv(study):
    table = study.columns()
    text = tables.text(table)
    lines = text.splitlines()
    assert len(lines) == 3 + 6
    assert len({len(line) for line in lines}) == 1
    assert "inf" in lines[3 + 3]  # N = n = 12: infinite, with no standard error
    assert " - " in lines[3 + 3]
    assert "nan" not in text
    csv = tables.to_csv(table).splitlines()
    assert csv[0].split(",")[:3] == ["n_train", "floor", "early-stopped theory"]
    row = dict(zip(csv[0].split(","), csv[2].split(","), strict=True))
    measured = study.simulated["early_stopped"]
    assert float(row["early-stopped simulated"]) == measured.value[1]
    part = study.floor / float(row["early-stopped theory"])
    relative = rounding((1 + part) / (1 - part), 4)
    assert float(row["learning error %"]) == pytest.approx(100 * (1 - part), rel=relative, abs=0.0)


def test_figure_shows_what_it_should(study, tmp_path):
    figure = plotting.draw(study)
    top, bottom = figure.axes
    assert top.get_xscale() == top.get_yscale() == "log"
    labels = [t.get_text() for t in top.get_legend().get_texts()]
    assert len(labels) == 4
    for line in (*top.lines, *bottom.lines):
        assert not np.any(np.isinf(line.get_ydata()))
    paths = plotting.save(figure, tmp_path / "x")
    assert [p.suffix for p in paths] == [".png", ".svg"]
    assert all(p.stat().st_size > 5000 for p in paths)
    panels = plotting.draw_all({"a": study, "b": study}).axes
    assert sum(a.get_visible() for a in panels) == 2


def test_psnr_of_a_risk():
    found = tables.psnr(np.array([1e-2, 1.0])).tolist()
    assert found == pytest.approx([20.0, 0.0], rel=rounding(1.0, 4), abs=0.0)
