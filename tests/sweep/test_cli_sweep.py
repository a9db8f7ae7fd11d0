"""``linscale sweep``: what a person sees, for good input and bad."""

import argparse
import shlex
from pathlib import Path

import pytest

from linscale.cli import main
from linscale.cli import sweep as cli_sweep
from linscale.errors import LinscaleError
from linscale.sweep import Store

SMALL = [
    "--n", 20, "--d", 2, "--sigma", 0.1, "--n-train", 3, 30, "--trials", 5, "--seeds", 0, 1,
    "--estimator", "pca", '{"filter": "ridge", "penalties": [0.1, 1]}', "--method", "theory",
    "montecarlo", "--workers", 1,
]  # fmt: skip
CELLS = 2 * 2 * 3


def parsed(*arguments):
    parser = argparse.ArgumentParser(exit_on_error=False)
    cli_sweep.add_to(parser.add_subparsers(required=True))
    return parser.parse_args(["sweep", *map(str, arguments)])


def run(*arguments):
    options = parsed(*arguments)
    return options.run(options)


def test_it_is_a_subcommand(tmp_path, capsys):
    one = ["--n", "20", "--d", "2", "--sigma", "0.1", "--n-train", "3", "--method", "theory"]
    store = tmp_path / "s"
    assert main(["sweep", *one, "--store", str(store)]) == 0
    assert capsys.readouterr().out.startswith("1 cell: 0 finished, 1 to compute\n1 computed in ")
    assert main(["sweep", *one[:4], "--store", str(store)]) == 2
    assert capsys.readouterr().err == (
        "linscale sweep: --sigma = missing: must be given, or --config FILE.toml\n"
    )


def test_the_command_of_the_readme():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (line,) = (line for line in readme.splitlines() if line.startswith("linscale sweep"))
    options = parsed(*shlex.split(line)[2:])
    assert len(cli_sweep._grid(options)) == 2 * 2 * 3 * 3
    assert options.export == Path("risks.csv")


def test_a_sweep_and_its_rerun(tmp_path, capsys):
    store, out = tmp_path / "deep" / "s.sqlite", tmp_path / "t.csv"
    assert run(*SMALL, "--store", store, "--export", out) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert f"{CELLS} cells: 0 finished, {CELLS} to compute" in printed.out
    assert f"{CELLS} computed in" in printed.out
    assert f"wrote {store}\nwrote {out}\n" in printed.out
    assert out.read_text().count("\n") == 1 + 2 * 3 + 2 * 3 * 2
    assert run(*SMALL, "--store", store, "--n-train", 3, 30, 300) == 0
    half = CELLS // 2
    assert f"{CELLS + half} cells: {CELLS} finished, {half} to compute" in (capsys.readouterr().out)


def test_export_alone_computes_nothing(tmp_path, capsys):
    store = tmp_path / "s"
    run(*SMALL, "--store", store, "--export", tmp_path / "a.csv")
    before = store.read_bytes()
    capsys.readouterr()
    assert run("--store", store, "--export", tmp_path / "b.csv") == 0
    assert capsys.readouterr().out == f"wrote {tmp_path / 'b.csv'}\n"
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()
    assert store.read_bytes() == before
    with pytest.raises(LinscaleError, match="no such store"):
        run("--store", tmp_path / "none", "--export", tmp_path / "c.csv")
    assert not (tmp_path / "c.csv").exists()


def test_the_same_grid_from_a_file(tmp_path, capsys):
    config = tmp_path / "grid.toml"
    config.write_text(
        "n = 20\nd = 2\nsigma = 0.1\nn_train = [3, 30]\ntrials = 5\nseed = [0, 1]\n"
        'estimator = ["pca", {filter = "ridge", penalties = [0.1, 1]}]\n'
        'method = ["theory", "montecarlo"]\n'
    )
    run(*SMALL, "--store", tmp_path / "a")
    run("--config", config, "--workers", 2, "--store", tmp_path / "b")
    with Store(tmp_path / "a") as a, Store(tmp_path / "b") as b:
        assert a.digest() == b.digest()


def test_a_dry_run_writes_nothing(tmp_path, capsys):
    assert run(*SMALL, "--store", tmp_path / "s", "--dry-run") == 0
    printed = capsys.readouterr().out
    assert f"{CELLS} cells: 0 finished, {CELLS} to compute" in printed
    assert "roughly" in printed
    assert "seconds with 1 worker" in printed
    assert not list(tmp_path.iterdir())
    run(*SMALL, "--store", tmp_path / "s")
    before = (tmp_path / "s").read_bytes()
    capsys.readouterr()
    assert run(*SMALL, "--store", tmp_path / "s", "--dry-run") == 0
    assert capsys.readouterr().out == f"{CELLS} cells: {CELLS} finished, 0 to compute\n"
    assert (tmp_path / "s").read_bytes() == before


def test_what_has_no_result_is_said(tmp_path, capsys):
    diverges = '{"filter": "gradient_descent", "step": 5.0, "iterations": [1, 100]}'
    arguments = [*SMALL, "--store", tmp_path / "s", "--estimator", diverges]
    run(*arguments)
    assert "6 of them have no result" in capsys.readouterr().out
    run(*arguments)
    assert "0 computed" in capsys.readouterr().out
    run(*arguments, "--retry-failed")
    assert "6 computed" in capsys.readouterr().out


def test_an_interrupt_says_what_is_kept(tmp_path, capsys, monkeypatch):
    def interrupted(cells, store, **options):
        from linscale.sweep import compute

        for cell in cells[:3]:
            store.add(compute(cell))
        raise KeyboardInterrupt

    monkeypatch.setattr("linscale.sweep.run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(*SMALL, "--store", tmp_path / "s")
    assert f"3 of {CELLS} cells are kept in" in capsys.readouterr().err
    with Store(tmp_path / "s") as store:
        assert len(store) == 3


BAD = [
    ([], "--n = missing"),
    (["--n", 20, "--d", 2, "--sigma", 0.1], "--n-train = missing"),
    ([*SMALL, "--d", 30], "d = 30"),
    ([*SMALL, "--workers", 0], "--workers"),
    ([*SMALL, "--seeds", -1], "--seed = -1"),
    ([*SMALL, "--estimator", "{}"], "estimator"),
    ([*SMALL, "--engine", "quantum"], "engine"),
    ([*SMALL, "--export", "t.xlsx"], "export"),
    ([*SMALL, "--config", "grid.toml"], "--n = "),
    (["--seeds", 3, "--config", "grid.toml"], "--seed = "),
    (["--config", "grid.toml"], "cannot read grid.toml"),
    ([*SMALL, "--store", "."], "folder"),
]


@pytest.mark.parametrize(("arguments", "word"), BAD, ids=[word for _, word in BAD])
def test_bad_input_is_one_line_and_leaves_nothing(arguments, word, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LinscaleError, match=word) as error:
        run(*arguments)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.rglob("*"))
