"""Lightning and Weights & Biases."""

import json

import pytest

from linscale import empirical
from linscale.empirical import Columns
from linscale.errors import InputError
from tests.empirical.writers import (
    CHART,
    CURVE,
    GIVEN,
    LIGHTNING,
    RUNS,
    cells,
    lightning_run,
    write,
)


def test_lightning(tmp_path):
    lightning_run(tmp_path, 0)
    lightning_run(tmp_path, 1, "n_train: 100\n")
    found = empirical.read_lightning(tmp_path, Columns(given={"task": "x"}))
    thirty = found.filter(n_train=30).sorted()
    assert cells(thirty, "metric", "split", "value", "n_params", "seed") == [
        ("psnr", "test", 21.5, 4, 1), ("psnr", "val", 22.0, 4, 1), ("ssim", "val", 0.5, 4, 1),
    ]  # fmt: skip
    assert len(found.filter(n_train=100)) == 3
    assert found.distinct("source")[1] == f"{tmp_path.name}/lightning_logs/version_1"
    assert "not read as metrics: epoch, loss/train" in found.notes[0]
    last = empirical.read_lightning(tmp_path, Columns(given={"task": "x"}), at="last")
    assert cells(last.filter(split="val", metric="psnr"), "value") == [(21.0,)] * 2


def test_lightning_damaged(tmp_path):
    path = lightning_run(tmp_path, 0)
    columns = Columns(given={"task": "x"})
    for spoilt, words in (
        (LIGHTNING[:-6], "line 8: 4 cells under 6 headings"),
        (LIGHTNING.replace("22.0", "2z.0"), "line 5: val_psnr = '2z.0'"),
        (LIGHTNING.replace("1,,7,", "1,,7.5,"), "line 5: step = '7.5'"),
        (LIGHTNING.replace("1,,7,", "1,,,"), "line 5: step = ''"),
        (LIGHTNING.replace("1,,7,", "1,,1e300,"), "line 5: step = '1e300'"),
    ):
        write(path, spoilt)
        with pytest.raises(InputError, match=words):
            empirical.read_lightning(path, columns)
        kept = empirical.read_lightning(path, columns, partial=True)
        assert words in kept.notes[0]
    for text, words in (("", "is empty"), ("a,b\n1,2\n", "no column 'step'")):
        with pytest.raises(InputError, match=words):
            empirical.read_lightning(write(path, text), columns)


def test_lightning_by_its_own_logger(tmp_path):
    loggers = pytest.importorskip(
        "lightning.pytorch.loggers", reason="Lightning needs torch; the real writer is not needed"
    )
    logger = loggers.CSVLogger(str(tmp_path))
    logger.log_hyperparams({"n_train": 30, "n_params": 4, "seed": 1, "optimiser": {"lr": 0.1}})
    for k, value in enumerate(CURVE):
        logger.log_metrics({"val_psnr": value, "epoch": k}, step=10 * k)
        logger.log_metrics({"loss/train": 1.0, "epoch": k}, step=10 * k + 5)
    logger.log_metrics({"test_psnr": 21.25}, step=99)
    logger.save()
    found = empirical.read_lightning(tmp_path, Columns(given={"task": "x"}))
    assert sorted(cells(found, "n_train", "n_params", "seed", "split", "value")) == [
        (30, 4, 1, "test", 21.25), (30, 4, 1, "val", 22.0),
    ]  # fmt: skip


def test_wandb_runs(tmp_path):
    path = write(tmp_path / "wandb_export.csv", RUNS)
    found = empirical.read_wandb(path, Columns(given={"task": "x"}))
    assert cells(found, "n_train", "seed", "split", "value") == [
        (10, 1, "test", 20.0), (10, 1, "val", 21.0), (30, 1, "test", 22.0), (30, 1, "val", 23.0),
    ]  # fmt: skip
    assert found.distinct("source") == [f"{path}: N10-a", f"{path}: N30-a"]
    assert "1 runs left out by their state: N30-b (crashed)" in found.notes[0]
    both = empirical.read_wandb(path, Columns(given={"task": "x"}), states=("finished", "crashed"))
    assert len(both) == 6
    with pytest.raises(InputError, match="no run is running"):
        empirical.read_wandb(path, Columns(given={"task": "x"}), states=["running"])


def test_wandb_json(tmp_path):
    runs = [
        {"name": "a", "state": "finished", "config": {"n_train": {"value": 10, "desc": None}},
         "summary": {"test_psnr": 20.0, "_step": 5}},
        {"name": "b", "state": "finished", "config": {"n_train": {"value": 30, "desc": None}},
         "summary": {"test_psnr": 21.0, "_step": 5}},
    ]  # fmt: skip
    columns = Columns(given={"task": "x"})
    path = write(tmp_path / "runs.json", json.dumps(runs))
    assert cells(empirical.read_wandb(path, columns), "n_train", "value") == [
        (10, 20.0), (30, 21.0),
    ]  # fmt: skip
    history = [{"_step": k, "_runtime": 1.0, "val_psnr": v} for k, v in enumerate(CURVE)]
    history.append({"_step": 9, "val_psnr": None, "test_psnr": 20.0})
    write(path, "\n".join(map(json.dumps, history)))
    assert cells(empirical.read_wandb(path, GIVEN), "split", "value") == [
        ("val", 22.0), ("test", 20.0),
    ]  # fmt: skip
    write(
        path, json.dumps({"_step": 9, "_runtime": 3.0, "val_psnr": 21.0, "_wandb": {"runtime": 3}})
    )
    assert cells(empirical.read_wandb(path, GIVEN), "split", "value") == [("val", 21.0)]


def test_wandb_chart(tmp_path):
    path = write(tmp_path / "chart.csv", CHART)
    columns = Columns(given={"task": "x"}, pattern=r"N(?P<n_train>\d+)-")
    found = empirical.read_wandb(path, columns)
    assert not any("__MIN" in note for note in found.notes)
    assert cells(found, "n_train", "split", "value") == [
        (10, "val", 22.0), (30, "val", 25.0),
    ]  # fmt: skip
    with pytest.raises(InputError, match="N10-a - val_psnr = 'x'"):
        empirical.read_wandb(write(path, CHART.replace('"20"', '"x"', 1)), columns)
