"""The output folders of the paper's code."""

import math
import pickle
from pathlib import Path

import numpy as np
import pytest

from linscale import empirical
from linscale.empirical import Columns
from linscale.errors import InputError, InvalidArgument
from tests.empirical.writers import FakeStatistics, cells, denoising_folder, metrics_pickle
from tests.tolerances import rounding


def test_network_sizes():
    """The seven of the plot beside the paper, and its MRI list, which is in millions."""
    channels = [16, 32, 64, 128, 192, 256, 320]
    sizes = [116707, 465859, 1861507, 7442179, 16742019, 29761027, 46499203]
    assert [empirical.unet_parameters(c, 2, 3) for c in channels] == sizes
    channels = [16, 32, 48, 64, 96, 112, 128, 144, 160, 176, 192, 208, 224, 256]
    millions = [2, 8, 18, 31, 70, 95, 124, 157, 193, 234, 279, 327, 380, 496]
    exact = [empirical.unet_parameters(c, 4, 1) / 1e6 for c in channels]
    assert np.abs(np.subtract(exact, millions)).max() < 1.0  # the list rounds up or down
    with pytest.raises(InvalidArgument, match="channels"):
        empirical.unet_parameters(0, 2, 3)


def test_denoising_folders(tmp_path):
    denoising_folder(tmp_path, "E001_t100_l2c16_bs1_lr0001", {"val": 26.0, "test": 27.0})
    denoising_folder(tmp_path, "E001_t100_l2c16_bs1_lr0001_run2", {"val": 26.5, "test": 27.5}, list)
    denoising_folder(tmp_path, "E002_t300_l2c320_bs1_lr0001", {"val": 28.0, "test": 29.0})
    (tmp_path / "E003_t1000_l2c320_bs1_lr0001").mkdir()
    (tmp_path / "Empirical_notes").mkdir()
    (tmp_path / "E002_t300_l2c320_bs1_lr0001" / "metrics_of_old.p").write_bytes(b"")
    found = empirical.read_paper(tmp_path)
    assert cells(
        found.filter(metric="psnr"), "n_train", "n_params", "seed", "split", "value", "unit"
    ) == [
        (100, 116707, 42, "test", 27.0, "dB"), (100, 116707, 42, "val", 26.0, "dB"),
        (100, 116707, 52, "test", 27.5, "dB"), (100, 116707, 52, "val", 26.5, "dB"),
        (300, 46499203, 42, "test", 29.0, "dB"), (300, 46499203, 42, "val", 28.0, "dB"),
    ]  # fmt: skip
    assert found.distinct("metric") == ["psnr", "psnr_std", "ssim", "ssim_std"]
    assert found.distinct("task") == ["denoising"]
    assert found.rows[0].source == "E001_t100_l2c16_bs1_lr0001/test_25-25_metrics_best.p"
    assert "no metrics of the best checkpoint in E003" in found.notes[0]
    assert "E002_t300_l2c320_bs1_lr0001/metrics_of_old.p" in found.notes[1]
    assert "6 files of the other checkpoint" in found.notes[2]
    last = empirical.read_paper(tmp_path / "E002_t300_l2c320_bs1_lr0001", checkpoint="last")
    assert cells(last.filter(metric="psnr"), "value") == [(28.0,), (27.0,)]
    other = empirical.read_paper(
        tmp_path, Columns(given={"task": "mine"}), n_params={16: 5, 320: 9}
    )
    assert other.distinct("n_params") == [5, 9]
    assert other.distinct("task") == ["mine"]
    for arguments, words in (({"n_params": {16: 5}}, "320"), ({"checkpoint": "first"}, "first")):
        with pytest.raises(InvalidArgument, match=words):
            empirical.read_paper(tmp_path, **arguments)


def test_several_noise_levels(tmp_path):
    folder = tmp_path / "E001_t100_l2c16_bs1_lr0001"
    folder.mkdir()
    content = {"psnr_m": np.array([30.0, 27.0, 25.0]), "psnr_s": np.array([3.0, 3.0, 3.0])}
    (folder / "test_15-25_metrics_best.p").write_bytes(pickle.dumps(content))
    found = empirical.read_paper(folder).filter(metric="psnr")
    assert cells(found, "task", "value") == [
        ("denoising, noise 15/255", 30.0), ("denoising, noise 20/255", 27.0),
        ("denoising, noise 25/255", 25.0),
    ]  # fmt: skip


def mri_folder(root, name, contents):
    folder = root / name / "log_files"
    folder.mkdir(parents=True)
    for tail, content in contents.items():
        (folder / f"metrics_{name}_{tail}.pkl").write_bytes(content)


MRI_NAME = "E001_t50_l4c32_bs1_lr001"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_mri_folders(tmp_path, monkeypatch, protocol):
    def content(*values):
        names = ("MSE", "NMSE", "PSNR", "SSIM")
        statistics = {name: FakeStatistics(*values) for name in names}
        return metrics_pickle(monkeypatch, statistics, protocol)

    mri_folder(
        tmp_path, MRI_NAME,
        {"val_best_12ep": content(0.5, 0.75), "test_best_12ep": content(0.25), "val_last": b"?"},
    )  # fmt: skip
    found = empirical.read_paper(tmp_path)
    assert cells(found.filter(metric="ssim"), "split", "value", "n_train", "n_params") == [
        ("test", 0.25, 50, 7756097), ("val", 0.625, 50, 7756097),
    ]  # fmt: skip
    assert cells(found.filter(metric="nmse_std"), "value", "unit") == [
        (math.sqrt(2 * 0.125**2), "1"),
    ]  # fmt: skip
    assert found.distinct("task") == ["mri"]
    assert len(found) == 4 + 8


def test_mri_folder_of_runstats(tmp_path, monkeypatch):
    runstats = pytest.importorskip("runstats", reason="the real class, not needed to read")
    values = np.random.default_rng(3).normal(0.7, 0.1, 20)
    statistics = {name: runstats.Statistics() for name in ("MSE", "NMSE", "PSNR", "SSIM")}
    for name in statistics:
        for value in values:
            statistics[name].push(value)
    content = metrics_pickle(monkeypatch, statistics, pretended=["fastmri.evaluate"])
    assert b"make_statistics" in content
    mri_folder(tmp_path, MRI_NAME, {"test_best_3ep": content})
    found = empirical.read_paper(tmp_path)
    mean, std = values.mean(), values.std(ddof=1)
    close = {"rel": rounding(1.0, values.size), "abs": 0.0}  # a sum of positive numbers
    assert found.filter(metric="ssim").rows[0].value == pytest.approx(mean, **close)
    # The condition number of a variance, in the square root (Chan, Golub and LeVeque, 1983).
    close["rel"] *= np.hypot(1.0, mean / std)
    assert found.filter(metric="ssim_std").rows[0].value == pytest.approx(std, **close)


def test_paper_folders_that_are_no_good(tmp_path):
    folder = denoising_folder(tmp_path, "E001_t100_l2c16_bs1_lr0001", {"val": 26.0, "test": 27.0})
    spoilt = folder / "val_25-25_metrics_best.p"
    for content, words in (
        (spoilt.read_bytes()[:-9], "not a whole metrics pickle"),
        (b"", "not a whole metrics pickle"),
        (pickle.dumps({"loss": [1.0]}), "holds no metrics of denoising"),
        (pickle.dumps({"psnr_m": []}), "holds no metrics of denoising"),
        (pickle.dumps({"psnr_m": [np.nan]}), "value = nan"),
        (pickle.dumps({"psnr_m": ["27"]}), "holds no metrics of denoising"),
        (pickle.dumps({"psnr_m": [10**400]}), "value = inf"),
        (pickle.dumps(Path("x")), "refused and nothing of it was run"),
    ):
        spoilt.write_bytes(content)
        with pytest.raises(InputError, match=words):
            empirical.read_paper(tmp_path)
        kept = empirical.read_paper(tmp_path, partial=True)
        assert kept.distinct("split") == ["test"]
        assert words in kept.notes[0]
    with pytest.raises(InputError, match="no folder such as E001"):
        empirical.read_paper(tmp_path / "nothing")
