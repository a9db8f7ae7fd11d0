"""The public face: every name is seen and typed, and what was called yesterday still works."""

import ast
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest

import linscale as ls
from linscale.sweep import Grid, Store

HERE = Path(__file__).resolve().parent
SCRIPT = HERE / "every_name.py"
ALIASES = {"t": "theory", "mc": "montecarlo", "f": "forward", "c": "covariances",
           "e": "empirical", "s": "sweep", "p": "plotting"}  # fmt: skip


def public(name):
    """The public names of a namespace: ``__all__``, or what is defined there."""
    module = getattr(ls, name)
    own = f"linscale.{name}" if name not in ("forward", "covariances") else module.__name__
    listed = getattr(module, "__all__", None)
    return set(listed) if listed is not None else {
        n for n, v in vars(module).items() if not n.startswith("_") and callable(v)
        and getattr(v, "__module__", "") == own
    }  # fmt: skip


def used(source):
    """Dotted names under ``ls`` that a script takes, its short names for namespaces spelled out."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            parts, inner = [node.attr], node.value
            while isinstance(inner, ast.Attribute):
                parts.append(inner.attr)
                inner = inner.value
            if isinstance(inner, ast.Name):
                root = ["ls"] if inner.id == "ls" else ["ls", ALIASES.get(inner.id, inner.id)]
                found.add(".".join([*root, *reversed(parts)]))
    return found


NAMESPACES = (
    "covariances", "empirical", "errors", "filters", "forward", "montecarlo", "plotting", "sweep",
    "symbolic", "theory",
)  # fmt: skip


def test_the_typed_script_uses_every_public_name():
    wanted = {f"ls.{name}" for name in set(ls.__all__) - set(NAMESPACES)}
    wanted |= {
        f"ls.{space}.{name}" for space in NAMESPACES for name in public(space) - set(ls.__all__)
    } | {f"ls.{space}.risk" for space in ("theory", "montecarlo")}
    assert wanted - used(SCRIPT.read_text()) == set()


def test_the_typed_script_runs():
    runpy.run_path(str(SCRIPT), run_name="__main__")


def test_names_are_seen():
    assert set(ls.__all__) <= set(dir(ls))
    assert {"RiskPoint", "RiskPath", "RiskCurve", "Filter", "Estimator", "predict"} <= set(dir(ls))
    assert all(getattr(ls, name) is not None for name in dir(ls))


def test_what_the_readme_once_said_still_works(tmp_path):
    """Calls of every README there was, on smaller models."""
    model = ls.SubspaceModel(n=20, d=4, sigma=0.05)
    best = ls.theory.early_stopped(model, n_train=30)
    assert best.status == "ok"
    assert ls.theory.saturation(model, tolerance=0.01) > 30
    flow = ls.GradientFlow(np.geomspace(1, 1000, 5))
    theory = ls.theory.risk(model, 30, flow)
    simulated = ls.montecarlo.risk(model, 30, flow, trials=20, rng=0)
    assert theory.best.value < 2.0 * simulated.best.value
    cov, A = np.eye(3), np.ones((2, 3))
    for other in (
        ls.InverseProblem(A, cov, 0.1), ls.InverseProblem(A, cov, 0.1, ls.Contrast.gamma(1.0)),
        ls.StationaryImages((3, 3), 0.1), model,
    ):  # fmt: skip
        assert ls.early_stopped(other, 50, trials=2).value > 0.0
    for filter in (
        ls.GradientDescent(0.1, [1]), ls.HeavyBall(0.1, 0.5, [1]), ls.Nesterov(0.1, [1]),
        ls.Ridge([0.1]), ls.Converged(),
    ):  # fmt: skip
        assert ls.risk(model, 100, filter).value.size == 1
    for ask in (ls.theory.pca, ls.theory.local_exponent, ls.theory.converged):
        assert ask(model, 100) is not None
    grid = ls.sweep.Grid(n=20, d=[2, 4], sigma=0.1, n_train=[10, 100], trials=2)
    assert ls.sweep.run(grid, tmp_path / "sweep.sqlite", workers=2, progress=False).computed == 4


def test_yesterdays_words_are_understood():
    assert (
        Grid(n=12, d=2, sigma=0.1, n_train=3, seed=7).cells
        == Grid(n=12, d=2, sigma=0.1, n_train=3, rng=7).cells
    )
    assert ls.sweep.Cell(12, 2, 0.1, 3, seed=7).seed == 7
    images = [np.tile(np.linspace(0, 1, 8) ** (k + 1), (8, 1)) for k in range(2)]
    options = {"sigma": 0.1, "patch_size": 2, "n_train": [9], "resamples": 0}
    old, new = (ls.predict(images, **options, **word) for word in ({"seed": 3}, {"rng": 3}))
    assert old.floor == new.floor
    with pytest.raises(ls.errors.InvalidArgument, match="seed"):
        ls.predict(images, **options, seed=3, rng=3)


OLD = HERE / "sweep" / "data" / "format1.sqlite"  # written when filters were listed in the sweep
OLD_GRID = {
    "n": 12, "d": 2, "sigma": 0.1, "n_train": [3, 30], "trials": 4, "rng": [0, 7],
    "method": ["theory", "montecarlo"],
    "estimator": [
        "early_stopped", "converged", "pca",
        ls.GradientFlow([1, 10]), ls.GradientDescent(0.1, 10), ls.HeavyBall(0.1, 0.9, 10),
        ls.Nesterov(0.1, 10), ls.Ridge(0.1),
        {"filter": "gradient_descent", "step": "reference", "iterations": [0, 10]},
    ],
}  # fmt: skip


def test_an_old_store_lacks_nothing_and_reads_as_it_was(tmp_path):
    path = shutil.copy(OLD, tmp_path / "old.sqlite")
    grid = Grid(**OLD_GRID)
    with Store(path) as store:
        assert len(store) == len(grid)
        assert store.missing(grid) == []
        kept = list(store)
        assert {outcome.cell for outcome in kept} == set(grid)
        # A new estimator is another question.
        more = Grid(**{**OLD_GRID, "estimator": "best_ridge"})
        assert store.missing(more) == list(more)
    # What theory says of these cells it still says, to the contour's promise.
    for outcome in kept[::7]:
        if outcome.cell.method == "theory":
            now = ls.sweep.compute(outcome.cell).path
            allowed = 1e-8 * np.abs(outcome.path.value)
            assert np.all(np.abs(now.value - outcome.path.value) <= allowed)
