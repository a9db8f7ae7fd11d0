"""The figure of trained networks, and the experiment that lays them beside linear estimators."""

import csv
import json
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from linscale import plotting
from linscale.empirical import ResultTable, best_by_validation, read_csv
from linscale.errors import InvalidArgument
from tests.empirical.writers import result

EXPERIMENTS = Path(__file__).parent.parent / "experiments"
CNN = EXPERIMENTS / "cnn"


def networks(tasks=("denoising", "mri-4")):
    """Two sizes, two runs; the larger has no run at N = 100."""
    return ResultTable(
        result(task=task, n_train=N, n_params=P, seed=seed, split=split, value=value + seed)
        for task in tasks
        for N, P, value in ((10, 50, 20.0), (10, 90, 19.0), (30, 50, 22.0), (30, 90, 23.0),
                            (100, 50, 25.0))
        for seed in (0, 1)
        for split in ("val", "test")
    )  # fmt: skip


def drawn(figure, task):
    """The curves of a panel by label."""
    (axes,) = [a for a in figure.axes if a.get_title() == task]
    lines, labels = axes.get_legend_handles_labels()
    lines = [getattr(line, "lines", (line,))[0] for line in lines]
    return {
        label: np.asarray(line.get_xydata()).tolist()
        for label, line in zip(labels, lines, strict=True)
    }


def test_every_curve_is_drawn():
    table = networks()
    linear = ResultTable(
        result(task="mri-4", n_train=N, n_params=None, seed=seed, split="test", value=15.0 + seed)
        for N in (10, 100)
        for seed in (0, 1)
    )
    figure = plotting.draw_networks(table, {"linear": linear})
    curves = drawn(figure, "mri-4")
    best = best_by_validation(table.filter(task="mri-4"), "psnr")
    assert curves == {
        "networks of 50 parameters": [[10, 20.5], [30, 22.5], [100, 25.5]],
        "networks of 90 parameters": [[10, 19.5], [30, 23.5]],
        "network best on validation": [[row.n_train, row.value] for row in best],
        "linear": [[10, 15.5], [100, 15.5]],
    }
    assert curves["network best on validation"] == [[10, 21.0], [30, 24.0], [100, 26.0]]
    assert "linear" not in drawn(figure, "denoising")
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "networks of 50 parameters", "networks of 90 parameters", "network best on validation",
        "linear",
    ]  # fmt: skip
    assert figure.axes[0].get_ylabel() == "PSNR (dB)"


def test_the_legend_of_one_panel_is_inside_the_figure():
    figure = plotting.draw_networks(networks(("denoising",)))
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(InvalidArgument, match="ssim"):
        plotting.draw_networks(networks(), metric="ssim")
    five = {str(k): networks() for k in range(5)}
    with pytest.raises(InvalidArgument, match="at most 4"):
        plotting.draw_networks(networks(), five)


def run(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, timeout=120, cwd=cwd
    )


@pytest.fixture
def comparison(monkeypatch):
    """The experiment in this process, its figure drawn and not rendered; returns the status."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["cnn_comparison.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(EXPERIMENTS / "cnn_comparison.py"), run_name="__main__")
        return stop.value.code

    monkeypatch.setattr(plotting, "render", lambda figure, stem: {})
    return call


def test_the_comparison_runs_on_its_table(tmp_path, comparison, capsys):
    done = run(EXPERIMENTS / "cnn_comparison.py", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert {p.name for p in tmp_path.iterdir()} == {
        f"cnn_comparison{suffix}" for suffix in (".csv", ".png", ".svg")
    }
    with (tmp_path / "cnn_comparison.csv").open() as file:
        rows = list(csv.DictReader(file))
    best = best_by_validation(
        read_csv(CNN / "results.csv").filter(source="experiments/cnn"), "psnr"
    )
    assert [float(row["psnr_best"]) for row in rows] == [row.value for row in best]
    for metric, digits in (("mse", " 0.001"), ("psnr_mean", "30.")):
        assert comparison("--metric", metric, "--out", tmp_path) == 0
        assert digits in capsys.readouterr().out
    assert all(
        np.isfinite(float(row[name]))
        for row in rows
        for name in ("psnr_linear", "psnr_linear_training_images", "psnr_theory_training_images")
    )


def test_the_comparison_takes_another_table_and_says_what_is_wrong_with_it(
    tmp_path, comparison, capsys
):
    own = tmp_path / "own.csv"
    networks().save(own)
    assert comparison("--table", own, "--out", tmp_path / "out") == 0
    ResultTable(row for row in networks() if row.split == "test").save(own)
    for table, words in ((own, "validation"), (tmp_path / "none.csv", "no such file")):
        assert comparison("--table", table, "--out", tmp_path / "out") == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1


WHOLE = """
import json
from grid import GRID, SEVEN, settings
from linear import FRESH, LEARNED, SEEDS, THEORY
from measurements import TASKS
from pathlib import Path
from table import Table
settings = json.loads(json.dumps(settings()))
print(json.dumps({
    "same settings": json.loads(Path("results.json").read_text())["settings"] == settings,
    "networks": sorted(run.key for run in GRID),
    "linear": sorted((task, "", str(N), str(s)) for task in TASKS for N in SEVEN for s in SEEDS),
    "theory": sorted((task, "", str(N), "") for task in TASKS for N in SEVEN),
}))
"""


def test_the_table_of_networks_is_whole():
    """Every run that is meant to be there, once, with all its rows, made with these settings."""
    done = run("-B", "-c", WHOLE, cwd=CNN)
    assert done.returncode == 0, done.stderr
    meant = json.loads(done.stdout)
    assert meant.pop("same settings")
    with (CNN / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    for kind, each in (("networks", 9), ("linear", 6), ("theory", 2)):
        of_kind = {
            "networks": lambda row: row["width"],
            "linear": lambda row: row["source"].startswith("linear"),
            "theory": lambda row: row["source"].startswith("theory"),
        }[kind]
        keys = [(r["task"], r["width"], r["n_train"], r["seed"]) for r in filter(of_kind, rows)]
        assert sorted(set(keys)) == [tuple(key) for key in meant[kind]], kind
        assert len(keys) == each * len(set(keys)), kind
        rows = [row for row in rows if not of_kind(row)]
    assert rows == []


PAIRS = """
import numpy as np
from data import Photographs
from measurements import TASKS
photographs, task = Photographs(), TASKS["denoising"]
train = photographs.train(10, 0)
val, test = photographs.held_out("val"), photographs.held_out("test")
np.savez("{out}", **{{
    name + k: a for name, p in (("train", train), ("val", val), ("test", test))
    for k, a in (("x", p.x), ("y", task.measure(p)))
}})
"""


def test_the_linear_rows_are_what_their_pairs_give(tmp_path):
    """Descent on the pairs' own span, patch by patch, stopped by the validation patches."""
    pytest.importorskip("skimage", reason="the photographs are scikit-image's")
    done = run("-B", "-c", PAIRS.format(out=tmp_path / "pairs.npz"), cwd=CNN)
    assert done.returncode == 0, done.stderr
    data = np.load(tmp_path / "pairs.npz")
    mean_x, mean_y = data["trainx"].mean(axis=1), data["trainy"].mean(axis=1)
    x, y = data["trainx"] - mean_x[:, None], data["trainy"] - mean_y[:, None]
    u, s, vt = np.linalg.svd(y, full_matrices=False)
    u, s, vt = u[:, :9], s[:9], vt[:9]  # a mean was subtracted

    def errors(split, times):
        inside = u.T @ (data[split + "y"] - mean_y[:, None])
        for t in times:
            learned = x @ (vt.T * (-np.expm1(-t * s**2 / 10) / s)) @ inside + mean_x[:, None]
            yield np.mean((learned - data[split + "x"]) ** 2)

    times = np.geomspace(1e-2, 1e4, 300)
    on_val = list(errors("val", times))
    best = int(np.argmin(on_val))
    rows = read_csv(CNN / "results.csv").filter(
        task="denoising", n_train=10, seed=0, source="linear", metric="mse"
    )
    table = {row.split: row.value for row in rows}
    # The table has 8 digits. Its grid of times is another, of steps as small: the errors differ by
    # less than they change over a step to either side.
    near, digits = slice(max(best - 1, 0), best + 2), 0.5e-7
    for split in ("val", "test"):
        found = list(errors(split, times[near]))
        allowed = np.ptp(found) + digits * max(found)
        assert table[split] == pytest.approx(found[best - near.start], rel=0.0, abs=allowed)
