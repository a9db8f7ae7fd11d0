"""Grids: every combination once, from Python or TOML, and what is wrong named."""

import pytest

from linscale.errors import InputError, InvalidArgument
from linscale.sweep import Cell, Grid

BASE = {"n": 20, "d": 2, "sigma": 0.1, "n_train": 5}


def test_every_combination_once():
    grid = Grid(n=[20, 30], d=[2, 3], sigma=[0.1], n_train=[1, 2, 2], rng=[0, 1], trials=3)
    assert len(grid) == 2 * 2 * 1 * 2 * 2
    assert len({cell.key() for cell in grid}) == len(grid)
    assert Cell(30, 2, 0.1, 2, trials=3, rng=1) in set(grid)


def test_theory_stands_once_beside_many_seeds():
    grid = Grid(**BASE, method=["theory", "montecarlo"], rng={"from": 0, "to": 9})
    assert [cell.method for cell in grid].count("theory") == 1
    assert len(grid) == 11


def test_ranges():
    grid = Grid(**{**BASE, "n_train": {"from": 1, "to": 1000, "count": 4}})
    assert [cell.n_train for cell in grid] == [1, 10, 100, 1000]
    few = Grid(**{**BASE, "n_train": {"from": 1, "to": 3, "count": 50}})
    assert [cell.n_train for cell in few] == [1, 2, 3]


TOML = """
n = 20
d = [2, 4]
sigma = 0.1
n_train = { from = 1, to = 100, count = 3 }
estimator = ["pca", { filter = "ridge", penalties = [0.1, 1] }]
method = ["theory", "montecarlo"]
seed = { from = 0, to = 1 }
"""


def test_toml(tmp_path):
    path = tmp_path / "grid.toml"
    path.write_text(TOML)
    ridge = {"filter": "ridge", "penalties": [0.1, 1.0]}
    shared = {
        "n": 20, "d": [2, 4], "sigma": 0.1, "n_train": [1, 10, 100], "estimator": ["pca", ridge],
        "method": ["theory", "montecarlo"], "rng": [0, 1],
    }  # fmt: skip
    assert Grid.from_toml(path).cells == Grid(**shared).cells
    blocks = "\n[[grid]]\nn_train = 7\n[[grid]]\nd = 20\nmethod = 'theory'\n[[grid]]\nn_train = 7\n"
    path.write_text(TOML + blocks)
    parts = [
        Grid(**{**shared, **block}) for block in ({"n_train": 7}, {"d": 20, "method": "theory"})
    ]
    assert Grid.from_toml(path).cells == Grid.joined(*parts).cells


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("n = [", "not a TOML file"),
        ("n = 20\n", "d = missing"),
        (TOML + "sigam = 2", "sigam"),
        (TOML.replace("n = 20", "n = 0"), "n = 0"),
        (TOML.replace("n = 20", "n = []"), "n = empty"),
        (TOML.replace("n = 20", "n = '20'"), "n = 20: must be an integer"),
        (TOML.replace("d = [2, 4]", "d = [2, 40]"), "d = 40"),
        (TOML.replace("count = 3", "cuont = 3"), "n_train"),
        (TOML.replace("count = 3", "count = 0"), "n_train: count"),
        (TOML.replace("from = 1,", "from = 0,"), "n_train: from"),
        (TOML.replace('"ridge"', '"rigde"'), "rigde"),
        (TOML.replace("penalties", "penalty"), "penalty"),
        (TOML.replace('"pca",', '"pac",'), "pac"),
        (TOML.replace('"montecarlo"', '"both"'), "both"),
        (TOML + "grid = 3", "grid = 3"),
        (TOML + "[[grid]]\nnn = 3", "nn"),
        (TOML + "[grid]\nn = 3", "grid"),
    ],
)
def test_bad_toml_names_file_key_and_remedy(text, word, tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=word) as error:
        Grid.from_toml(path)
    assert "bad.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        Grid.from_toml(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a TOML file"):
        Grid.from_toml(tmp_path / "binary.toml")


def test_an_estimator_must_be_there():
    with pytest.raises(InvalidArgument, match="estimator"):
        Grid(**BASE, estimator=[])
