"""The command: what a person sees, for good input and bad."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from linscale.cli import main
from linscale.models.setups import SETUPS
from linscale.studies.study import Study

SCRIPT = Path(__file__).parents[2] / "experiments" / "risk_vs_n.py"
SMALL = ["--n", "12", "--d", "3", "--sigma", "0.3", "--n-train", "2", "12", "40", "--trials", "6"]
TINY = ["--n", "4", "--d", "2", "--sigma", "0.5", "--n-train", "2", "7", "--draws", "2"]


def run(*arguments):
    return main(["risk", *map(str, arguments)])


@pytest.fixture
def no_figures(monkeypatch):
    """Figures are drawn and not rendered, where they are not what is looked at."""
    monkeypatch.setattr(
        "linscale.plotting.render",
        lambda figure, stem: {Path(f"{stem}{suffix}"): b"" for suffix in (".png", ".svg")},
    )


def test_main_job(tmp_path, capsys):
    out = tmp_path / "deep" / "out"
    assert run(*SMALL, "--out", out) == 0
    printed = capsys.readouterr().out
    assert "less than 1 % is left to gain" in printed
    assert "mean is infinite" in printed
    assert {p.name for p in out.iterdir()} == {
        f"risk_vs_n.{s}" for s in ("npz", "csv", "png", "svg")
    }
    study = Study.load(out / "risk_vs_n.npz")
    assert study.meta["seed"] == 0
    assert study.meta["model"] == {"n": 12, "d": 3, "sigma": 0.3}
    assert {"python", "numpy", "scipy", "numba", "linscale"} <= set(study.meta["versions"])


def test_redraw_needs_no_simulation(tmp_path, capsys, monkeypatch, no_figures):
    run(*SMALL, "--out", tmp_path / "a")
    table = capsys.readouterr().out.split("wrote")[0]
    monkeypatch.setattr("linscale.cli.risk.subspace_study", None)
    assert run("--from", tmp_path / "a" / "risk_vs_n.npz", "--out", tmp_path / "b") == 0
    assert capsys.readouterr().out.split("wrote")[0] == table
    assert (tmp_path / "b" / "risk_vs_n.png").exists()


def test_same_seed_same_numbers_whatever_the_workers(tmp_path, no_figures):
    for workers in (1, 2, 3):
        run(*SMALL, "--workers", workers, "--out", tmp_path / str(workers))
    tables = {(tmp_path / str(w) / "risk_vs_n.csv").read_text() for w in (1, 2, 3)}
    assert len(tables) == 1
    run(*SMALL, "--seed", 1, "--out", tmp_path / "other")
    assert (tmp_path / "other" / "risk_vs_n.csv").read_text() not in tables


def test_images(tmp_path, capsys, no_figures):
    rng = np.random.default_rng(0)
    for k in range(3):
        np.save(tmp_path / f"{k}.npy", rng.random((24, 24)))
    assert run(
        "--images", tmp_path, "--patch-size", 4, "--n-train", 4, 9, "--draws", 4, "--out",
        tmp_path / "out",
    ) == 0  # fmt: skip
    printed = capsys.readouterr().out
    assert "images never trained on: 2.npy" in printed
    assert "PSNR of the mean risk" in printed
    run("--images", tmp_path / "0.npy", "--patch-size", 4, "--n-train", 4, "--draws", 4, "--out",
        tmp_path / "out")  # fmt: skip
    assert "same images that it was trained on" in capsys.readouterr().out
    assert run("--from", tmp_path / "out" / "images.npz", "--out", tmp_path / "again") == 0


@pytest.mark.parametrize(
    "setups", [sorted(SETUPS)[:2], pytest.param(sorted(SETUPS), marks=pytest.mark.slow)], ids=len
)
def test_all_eight_setups(setups, tmp_path, capsys, monkeypatch):
    assert len(SETUPS) == 8
    monkeypatch.setattr("linscale.cli.risk.SETUPS", {name: SETUPS[name] for name in setups})
    assert run("--all", "--n-train", 2, 5, "--draws", 2, "--out", tmp_path) == 0
    assert sorted(path.stem for path in tmp_path.glob("*.npz")) == setups
    assert (tmp_path / "all.png").exists()
    assert "sigma0.05-d10-n100" in capsys.readouterr().out


BAD = [
    (["--d", "200"], "d = 200"),
    (["--sigma", "0"], "sigma"),
    (["--sigma", "inf"], "sigma"),
    (["--sigma", "minus"], "invalid float value"),
    (["--n-train", "0"], "--n-train"),
    (["--n-train", "3.5"], "invalid int value"),
    (["--trials", "0"], "--trials"),
    (["--workers", "-1"], "--workers"),
    (["--seed", "-1"], "--seed"),
    (["--engine", "quantum"], "engine"),
    (["--setup", "nonsense"], "sigma0.05-d10-n100"),
    (["--setup", "sigma0.05-d10-n100", "--n", "5"], "--n = 5"),
    (["--all", "--images", "photographs"], "excludes"),
    (["--patch-size", "8"], "--images"),
    (["--images", "photographs", "--patch-size", "0"], "patch_size"),
    (["--images", "photographs", "--engine", "dense"], "--engine"),
    (["--images", "photographs", "--residual", "drawn"], "--residual"),
    (["--images", "photographs", "--patch-size", "4", "--n-train", "999999"], "n_train"),
    (["--from", "x.npz", "--all"], "excludes"),
    (["--from", "x.npz", "--n", "5"], "--n = 5"),
    (["--n-train", "99999999999999999999999999"], "n_train"),
    (["--sigma", "1e-9"], "sigma"),
    (["--sigma", "1e100"], "sigma"),
    (["--images", "no/such/folder"], "no such image"),
    (["--from", "no/such.npz"], "no such file"),
    (["--nonsense"], "unrecognized arguments"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_input_is_one_line_and_leaves_nothing(
    arguments, message, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    try:
        status = run(*arguments)
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    assert status == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("linscale")
    assert message in captured.err
    assert not list(tmp_path.rglob("*"))


def test_output_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert run(*SMALL, "--out", tmp_path / "file" / "out") == 2
    error = capsys.readouterr().err
    assert "--out" in error
    assert error.count("\n") == 1


FEW = ("--n", 12, "--d", 3, "--n-train", 1, 12, 14, 40)


@pytest.mark.parametrize(
    "model",
    [
        (*FEW, "--sigma", 1e-5), (*FEW, "--sigma", 1e5), ("--n", 20, "--d", 20),
        ("--n", 1, "--d", 1),
        *(pytest.param(("--sigma", s), marks=pytest.mark.slow) for s in (1e-5, 1e5)),
    ],
)  # fmt: skip
def test_extremes_finish_without_a_warning(tmp_path, model, capsys):
    """Warnings are errors in this suite."""
    assert run("--quick", "--draws", 4, *model, "--out", tmp_path) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "nan" not in printed.out


def test_nothing_is_half_written(tmp_path, capsys):
    (tmp_path / "risk_vs_n.png").mkdir()
    assert run(*SMALL, "--out", tmp_path) == 2
    assert "risk_vs_n.png" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["risk_vs_n.png"]


def test_results_are_kept_when_the_output_cannot_be_printed(tmp_path):
    """Standard output that is full or closed: the files are there already, and no traceback."""
    command = [sys.executable, "-m", "linscale", "risk", *TINY, "--out"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*command, str(tmp_path / "a")], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr.startswith("linscale risk: ")
    assert "Traceback" not in done.stderr
    assert (tmp_path / "a" / "risk_vs_n.npz").exists()
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*command, str(tmp_path / "b")], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert done.stderr == ""
    assert (tmp_path / "b" / "risk_vs_n.npz").exists()


STARTED = """
import sys
from contextlib import contextmanager
from pathlib import Path
from linscale import cli
from linscale.cli import risk as cli_risk
bar, started = cli_risk.progress_bar, Path(sys.argv[1])

@contextmanager
def marked(*arguments):
    with bar(*arguments) as step:
        yield lambda N=None: (started.touch(), step(N))

cli_risk.progress_bar = marked
sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.mark.parametrize("workers", [1, 3])
def test_a_real_interrupt_stops_quickly_and_leaves_nothing(tmp_path, workers):
    started = tmp_path / "started"
    running = subprocess.Popen(
        [sys.executable, "-c", STARTED, str(started), "risk", "--draws", "100000",
         "--workers", str(workers), "--out", str(tmp_path / "out")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A suite that itself runs in the background hands down an ignored SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    try:
        while not started.exists() and running.poll() is None:  # a draw is finished
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    finally:
        running.kill()
    assert running.returncode == 130
    assert out == ""
    assert err == "linscale risk: interrupted\n"
    assert not (tmp_path / "out").exists()


def test_one_draw_and_one_n_train_can_be_drawn(tmp_path, capsys):
    assert (
        run("--n", 4, "--d", 2, "--sigma", 0.5, "--n-train", 1, "--draws", 1, "--out", tmp_path)
        == 0
    )
    assert "nan" not in capsys.readouterr().out


def test_interrupt_is_quiet_and_leaves_nothing(tmp_path, capsys, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("linscale.cli.risk.subspace_study", interrupt)
    assert run(*SMALL, "--out", tmp_path) == 130
    assert "interrupted" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_script_and_command_are_the_same(tmp_path):
    for command in ([sys.executable, str(SCRIPT)], [sys.executable, "-m", "linscale", "risk"]):
        done = subprocess.run(
            [*command, *TINY, "--out", str(tmp_path)], capture_output=True, text=True, timeout=300,
            check=True,
        )  # fmt: skip
        assert "wrote risk_vs_n.npz" in done.stdout
        assert done.stderr == ""
