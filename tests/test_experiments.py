"""Experiments: what they save is read back, and every figure is redrawn from it by one command."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from linscale.errors import InputError

ROOT = Path(__file__).parent.parent
EXPERIMENTS, FIGURES = ROOT / "experiments", ROOT / "figures"


@pytest.fixture(autouse=True)
def as_scripts_are_run(monkeypatch):
    """Beside each other on the path; and not left behind, as their names are short."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    yield
    for name in set(sys.modules) - before:
        if name in {path.stem for path in EXPERIMENTS.glob("*.py")}:
            del sys.modules[name]


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_figure_is_drawn_from_saved_arrays(monkeypatch):
    """By the experiment that it is of, without simulation; and no experiment is left out."""
    build = loaded(FIGURES / "build.py")
    scripts = {p.stem for p in EXPERIMENTS.glob("*.py") if '"__main__"' in p.read_text()}
    assert set(build.EXPERIMENTS) == scripts
    monkeypatch.setattr("linscale.montecarlo.simulated.simulate", None)
    drawn = []
    monkeypatch.setattr(build.plotting, "save", lambda figure, stem: drawn.append(stem.name))
    build.main()
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == {path.stem for path in FIGURES.glob("*.png")}


def test_arrays_are_read_back_with_what_they_were_made_from(tmp_path):
    arrays = loaded(EXPERIMENTS / "arrays.py")
    path = tmp_path / "a.npz"
    values = {"n_train": np.array([10, 100]), "risk": np.array([[0.1, np.nan], [np.inf, 1e-300]])}
    path.write_bytes(arrays.to_bytes(values, {"sigma": 0.1, "seed": 3}))
    found, meta = arrays.load(path, "n_train", "risk")
    for name, array in values.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array, equal_nan=name == "risk")
    assert (meta["sigma"], meta["seed"]) == (0.1, 3)
    assert {"python", "linscale", "numpy"} <= set(meta["versions"])
    whole = path.read_bytes()
    for content, words in (
        (whole[: len(whole) // 2], "does not hold n_train, risk"),
        (arrays.to_bytes({"n_train": [1]}, {}), "does not hold n_train, risk .*risk"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=words):
            arrays.load(path, "n_train", "risk")
    with pytest.raises(InputError, match="no such file"):
        arrays.load(tmp_path / "none.npz", "risk")
    with pytest.raises(TypeError):  # what JSON does not know is no parameter
        arrays.to_bytes(values, {"model": object()})
