"""``linscale predict``: what it says of the scale and of what it read, on standard error."""

import numpy as np
import PIL.Image
import pytest

from linscale.cli import main
from linscale.studies.study import Study
from tests.images.writers import levels, tiff
from tests.tolerances import rounding

LEVELS = np.array([levels(k) for k in range(3)])  # 0 to 15
FEW = ["--patch-size", "4", "--n-train", "10", "--resamples", "0", "--contrast", "constant"]


@pytest.fixture
def predict(tmp_path, capsys, monkeypatch):
    """Runs the command on images that are written first; without figures."""
    monkeypatch.setattr("linscale.plotting.render", lambda figure, stem: {})
    monkeypatch.setattr("linscale.plotting.save", lambda figure, stem: [])
    folder = tmp_path / "images"
    folder.mkdir()

    def run(images, *options):
        for k, image in enumerate(images):
            np.save(folder / f"{k}.npy", image)
        status = main(["predict", str(folder), *FEW, *options, "--out", str(tmp_path / "out")])
        captured = capsys.readouterr()
        return status, captured.out, captured.err.splitlines()

    run.folder, run.saved = folder, tmp_path / "out" / "prediction.npz"
    return run


def test_one_line_says_what_was_read(predict):
    status, out, err = predict((17 * LEVELS).astype(np.uint8), "--sigma", "0.1")
    assert status == 0
    (line,) = err
    assert line.startswith(
        "read 3 images of 32 x 32, uint8 from 0 to 255 (white = 255); signal-to-noise about "
    )
    assert line.endswith(" dB at sigma = 0.1 of white (25.5/255)")
    assert "read" not in out
    assert Study.load(predict.saved).meta["read"] == line.removeprefix("read ")


def test_notes_are_lines_too(predict):
    (predict.folder / "._0.npy").write_bytes(b"nothing")
    status, _, err = predict(LEVELS / 15, "--task", "mri-3")
    assert status == 0
    assert err[1:] == [
        "note: hidden files skipped: 1 (._0.npy)",
        "note: mri-3 on 4 columns measures 1 of them, 4 times accelerated; exactly 3 times is had "
        "at a patch size of 3 or 6",
    ]


@pytest.mark.parametrize(
    ("images", "options", "typed"),
    [
        ((273 * LEVELS).astype(np.uint16), [], "--white 4095 if 12 bits were used"),
        ((LEVELS / 15 * 4e-4).astype(np.float32), [], "--white max"),
        (LEVELS / 15, ["--sigma", "25"], "--sigma 25/255"),
        (0.2 + LEVELS / 1000, ["--sigma", "0.9"], "--sigma 5/255 or --white max"),
    ],
)
def test_a_doubtful_scale_is_a_line_with_what_to_type(predict, images, options, typed):
    status, _, err = predict(images, *options)
    assert status == 0
    doubts = [line for line in err if line.startswith("warning: ")]
    assert len(doubts) == 1
    assert typed in doubts[0]
    assert not [line for line in err if not line.startswith(("warning: ", "read ", "note: "))]


def test_white_and_sigma_as_they_are_typed(predict):
    floors = []
    for images, options in (
        (LEVELS / 15, ["--sigma", str(25 / 255)]),
        (LEVELS / 15, []),
        ((273 * LEVELS).astype(np.uint16), ["--white", "4095", "--sigma", "25/255"]),
        (LEVELS * (2800 / 15), ["--white", "max"]),
        (LEVELS * (2800 / 15), ["--white", "2800"]),
    ):
        status, _, err = predict(images, *options)
        assert (status, len(err)) == (0, 1)
        floors.append(Study.load(predict.saved).floor)
    # Pixels are rounded, and with them the covariance S, of trace at most 16, in sums over patches.
    condition = 1.0 + 16 / (25 / 255) ** 2
    assert np.allclose(floors, floors[0], rtol=rounding(condition, 3 * 29**2), atol=0.0)


def test_magnitudes(predict):
    images = LEVELS / 15 * np.exp(1j * LEVELS)
    status, out, err = predict(images)
    assert (status, out, len(err)) == (2, "", 1)
    assert "0.npy: complex pixels (complex128); ask for the magnitude, --magnitude" in err[0]
    status, _, err = predict(images, "--magnitude")
    assert status == 0
    assert "complex128 magnitudes from 0 to 1" in err[0]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--sigma", "25/0"], "--sigma = '25/0'"), (["--sigma", "much"], "--sigma = 'much'"),
        (["--white", "bright"], "white = 'bright'"), (["--white", "0"], "white = '0'"),
        (["--white", "nan"], "white = 'nan'"),
    ],
)  # fmt: skip
def test_what_is_typed_wrongly_is_one_line(predict, options, word):
    status, out, err = predict(LEVELS / 15, *options)
    assert (status, out, len(err)) == (2, "", 1)
    assert word in err[0]


def test_floats_of_another_unit_are_refused_with_the_remedy(predict):
    status, out, err = predict(LEVELS * (2800 / 15))
    assert (status, out, len(err)) == (2, "", 1)
    assert (
        "0.npy: float64 values from 0 to 2800, but floats have white at 1: type --white 2800"
        in (err[0])
    )


def test_subjects_with_the_same_file_name(tmp_path, capsys, monkeypatch):
    """Four images and an interval."""
    monkeypatch.setattr("linscale.plotting.render", lambda figure, stem: {})
    monkeypatch.setattr("linscale.plotting.save", lambda figure, stem: [])
    folders = []
    for k in range(4):
        folders.append(tmp_path / f"subject{k}")
        folders[-1].mkdir()
        PIL.Image.fromarray((17 * levels(k)).astype(np.uint8)).save(folders[-1] / "slice.png")
    few = [*FEW, "--resamples", "20"]
    out = tmp_path / "out"
    assert main(["predict", *map(str, folders), *few, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "of 4 images" in printed
    assert "90 % interval over images" in printed
    names = Study.load(out / "prediction.npz").meta["images"]
    assert names == [f"subject{k}/slice.png" for k in range(4)]


def test_risk_takes_white_too(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("linscale.plotting.render", lambda figure, stem: {})
    np.save(tmp_path / "a.npy", (273 * LEVELS[0]).astype(np.uint16))
    np.save(tmp_path / "b.npy", (273 * LEVELS[1]).astype(np.uint16) * np.exp(1j))
    few = ["--patch-size", "4", "--n-train", "4", "--draws", "2", "--out", str(tmp_path / "out")]
    assert main(["risk", "--images", str(tmp_path / "a.npy"), *few]) == 0
    assert "warning: the brightest pixel is 4095" in capsys.readouterr().err
    told = ["--white", "4095", "--magnitude"]
    assert main(["risk", "--images", str(tmp_path), *told, *few]) == 0
    assert capsys.readouterr().err == ""
    assert main(["risk", *told]) == 2
    assert "--white = 4095: must be left out without --images" in capsys.readouterr().err


def test_a_stack_is_worth_its_pages(predict):
    """One group, so no interval; else the same numbers as three files."""
    pages = (17 * LEVELS).astype(np.uint8)
    predict(pages, "--sigma", "0.1", "--resamples", "20")
    files = Study.load(predict.saved)
    for k in range(3):
        (predict.folder / f"{k}.npy").unlink()
    tiff(predict.folder / "vol.tif", pages)
    status, _, err = predict([], "--sigma", "0.1", "--resamples", "20")
    stack = Study.load(predict.saved)
    assert status == 0
    assert err[0].startswith("read 3 images of 32 x 32 in 1 group, uint8")
    assert (stack.floor, stack.saturation) == (files.floor, files.saturation)
    assert files.meta["floor_interval"] is not None
    assert stack.meta["floor_interval"] is None
