"""``linscale import``: what a person sees, for good input and bad."""

import argparse

import pytest

from linscale import empirical
from linscale.cli import imports as cli_import
from linscale.errors import LinscaleError
from tests.empirical.writers import (
    LIGHTNING,
    cells,
    denoising_folder,
    event_file,
    lightning_run,
    run_events,
    table,
    write,
)


def run(*arguments):
    parser = argparse.ArgumentParser(exit_on_error=False)
    cli_import.add_to(parser.add_subparsers(required=True))
    options = parser.parse_args(["import", *map(str, arguments)])
    return options.run(options)


def test_formats_agree_with_the_package():
    assert cli_import.FORMATS == ("auto", *empirical.FORMATS)


def test_several_sources_in_one_table(tmp_path, capsys):
    denoising_folder(tmp_path / "runs", "E001_t100_l2c16_bs1_lr0001", {"val": 26.0, "test": 27.0})
    table({"n_train": 300, "value": 28.0}).save(tmp_path / "more.csv")
    out = tmp_path / "deep" / "table.csv"
    assert run(tmp_path / "runs", tmp_path / "more.csv", "--out", out) == 0
    found = empirical.read_csv(out)
    assert len(found) == 9
    assert cells(found.filter(metric="psnr", split="test"), "n_train", "value") == [
        (100, 27.0), (300, 28.0),
    ]  # fmt: skip
    printed = capsys.readouterr().out
    assert "runs: paper (by its contents), 8 rows" in printed
    assert "note: 2 files of the other checkpoint not read" in printed
    assert "more.csv: csv (by its contents), 1 rows" in printed
    assert "denoising: N from 100 to 300 (2 values), 1 network sizes" in printed
    assert "psnr: 26 to 28 dB (2 test, 1 val)" in printed
    assert f"wrote {out}" in printed


def test_a_source_is_never_written_over(tmp_path):
    path = write(tmp_path / "r.csv", "N,test_psnr,notes\n10,20,kept\n")
    before = path.read_bytes()
    with pytest.raises(LinscaleError, match="one of the sources"):
        run(path, "--map", "n_train=N", "--task", "x", "--out", tmp_path / "." / "r.csv")
    assert path.read_bytes() == before


def test_mapping(tmp_path, capsys):
    path = write(tmp_path / "s3_r.csv", "N,Kodak,err\n10,20,0.5\n")
    out = tmp_path / "table.csv"
    run(
        path, "--map", "n_train=N", "psnr:test=Kodak", "--map", "mse:val=err", "--set",
        "n_params=500", "--pattern", r"s(?P<seed>\d)_", "--task", "x", "--unit", "mse=HU^2",
        "--format", "csv", "--out", out,
    )  # fmt: skip
    found = empirical.read_csv(out)
    assert cells(found, "n_train", "n_params", "seed", "metric", "value", "unit", "split") == [
        (10, 500, 3, "psnr", 20.0, "dB", "test"), (10, 500, 3, "mse", 0.5, "HU^2", "val"),
    ]  # fmt: skip
    assert ": csv, 2 rows" in capsys.readouterr().out


def test_curves(tmp_path):
    path = event_file(tmp_path / "events.out.tfevents.1", *run_events())
    out = tmp_path / "table.csv"
    given = ["--task", "x", "--set", "n_train=10", "--out", out]
    run(path, *given)
    best = empirical.read_csv(out)
    run(path, *given, "--at", "last")
    last = empirical.read_csv(out)
    for found, value in ((best, 22.0), (last, 21.5)):
        assert cells(found.filter(metric="psnr", split="val"), "value") == [(value,)]


def test_partial(tmp_path, capsys):
    path = lightning_run(tmp_path, 0)
    write(path, LIGHTNING[:-6])
    out = tmp_path / "table.csv"
    with pytest.raises(LinscaleError, match="line 8"):
        run(path, "--task", "x", "--out", out)
    assert not out.exists()
    assert run(path, "--task", "x", "--partial", "--out", out) == 0
    assert "note: " in capsys.readouterr().out
    assert len(empirical.read_csv(out)) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{csv}", "--map", "n_train"], "--map = n_train"),
        (["{csv}", "--map", "N=n_train"], "names = 'N'"),
        (["{csv}", "--set", "task=x", "task=y"], "--set = task=y"),
        (["{csv}", "--set", "task=x", "--task", "y"], "--task = y"),
        (["{csv}", "--unit", "dB"], "--unit = dB"),
        (["{csv}", "--pattern", "("], "pattern"),
        (["{csv}", "--format", "json"], "not JSON"),
        (["{csv}"], "task = missing"),
        (["nothing.csv"], "no such file"),
    ],
)
def test_bad_input_leaves_nothing(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "r.csv", "n_train,test_psnr\n10,20\n")
    arguments = [a.format(csv="r.csv") for a in arguments]
    with pytest.raises(LinscaleError) as caught:
        run(*arguments, "--out", "table.csv")
    assert words in str(caught.value)
    assert not (tmp_path / "table.csv").exists()
    with pytest.raises(LinscaleError, match="is a folder"):
        run("r.csv", "--task", "x", "--out", tmp_path)
