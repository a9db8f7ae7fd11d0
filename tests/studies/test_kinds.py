"""Kinds of studies are classes: what a file holds, what each says, and that a new one is one."""

import json
from pathlib import Path

import numpy as np
import pytest

import linscale as ls
from linscale import plotting
from linscale.errors import InputError, Unsupported
from linscale.images import Image
from linscale.studies import study as studies
from linscale.studies import tables
from linscale.studies.prediction_study import PredictionStudy
from linscale.studies.study import Study
from linscale.studies.subspace import SubspaceStudy, subspace_study
from linscale.studies.training import TrainingStudy, image_study

DATA = Path(__file__).resolve().parents[2] / "figures" / "data"
SAVED = {
    path: json.loads(str(data["header"]))["meta"]["kind"]
    for path in sorted(DATA.rglob("*.npz"))
    for data in [np.load(path)]
    if "header" in data and "meta" in json.loads(str(data["header"]))
}
CLASSES = {"subspace": SubspaceStudy, "images": TrainingStudy, "prediction": PredictionStudy}


def images(count=3):
    rng = np.random.default_rng(1)
    return [Image(f"i{k}", rng.random((20, 20))) for k in range(count)]


def predicted(**options):
    options = {
        "patch_size": 3,
        "n_train": [5, 50],
        "contrast": "constant",
        "resamples": 20,
    } | options
    return ls.predict(images(), **options)


def test_the_words_in_files_are_those_of_the_classes():
    assert CLASSES == studies.KINDS
    assert set(SAVED.values()) == {"subspace", "images"}
    assert len(SAVED) > 20


@pytest.mark.parametrize("path", SAVED, ids=lambda path: str(path.relative_to(DATA)))
def test_files_of_earlier_versions_load_as_what_they_are(path):
    study = Study.load(path)
    assert type(study) is CLASSES[SAVED[path]]
    with np.load(path) as data:
        header = json.loads(str(data["header"]))
        kept = {studies.META.get(name, name): value for name, value in header["meta"].items()}
        assert {"kind": study.kind, **study.meta} == kept
        for source, name, *_ in header["curves"]:
            value = getattr(study, source)[studies.WORDS.get(name, name)].value
            assert np.array_equal(value, data[f"{source}/{name}/value"], equal_nan=True)
    assert "nan" not in tables.text(study.columns())
    assert study.headline()
    assert study.footnote().startswith("Beyond N = ")


def test_what_is_written_again_is_what_was_read(tmp_path):
    path = next(iter(SAVED))
    Study.load(path).save(tmp_path / "again.npz")
    with np.load(path) as old, np.load(tmp_path / "again.npz") as new:

        def now(name):
            """What a format 2 array is called: theory/early-stopped/value, say."""
            source, *rest = name.split("/", 1)
            curve, *column = rest[0].rsplit("/", 1) if rest else ("",)
            return "/".join((source, studies.WORDS.get(curve, curve), *column)) if rest else name

        assert [now(name) for name in old.files] == new.files
        arrays = set(old.files) - {"header"}
        assert all(np.array_equal(old[k], new[now(k)], equal_nan=True) for k in arrays)


def test_the_class_that_is_asked_must_be_the_one_in_the_file(tmp_path):
    found = predicted()
    found.study.save(tmp_path / "p.npz")
    assert type(PredictionStudy.load(tmp_path / "p.npz")) is PredictionStudy
    with pytest.raises(InputError, match="a PredictionStudy, not a TrainingStudy"):
        TrainingStudy.load(tmp_path / "p.npz")


def test_a_saved_prediction_says_what_it_said(tmp_path):
    """Headline and footnote need nothing but what is in the file."""
    for resamples in (0, 20):
        found = predicted(resamples=resamples)
        found.study.save(tmp_path / "p.npz")
        again = Study.load(tmp_path / "p.npz")
        assert again.headline() == found.study.headline()
        assert again.footnote() == found.study.footnote()
        assert ("interval" in again.footnote()) == (resamples > 0)
    assert "Signals are taken as Gaussian" in again.footnote()
    varied = predicted(contrast=ls.Contrast([0.5, 2.0], [0.5, 0.5]), n_train=[9])
    assert f"variance {varied.model.contrast.spread:.2f}" in varied.study.footnote()


def test_a_study_without_its_curves_is_none():
    found = predicted().study
    parts = {k: getattr(found, k) for k in ("exponent", "floor", "saturation", "meta")}
    with pytest.raises(ValueError, match="curves are missing"):
        SubspaceStudy(theory=found.theory, simulated={}, **parts)
    with pytest.raises(ValueError, match="curves are missing"):
        PredictionStudy(theory={}, simulated={}, **parts)


@pytest.mark.parametrize("kind", ["subspace", "images"])
def test_simulation_carries_its_standard_error_as_its_error(kind):
    if kind == "subspace":
        study = subspace_study(ls.SubspaceModel(8, 2, 0.3), [3, 30], trials=5, rng=0)
    else:
        study = image_study(images(), None, [3, 30], 5, rng=0, patch_size=3, mixtures=False)
        assert study.meta["sigma"] == 25 / 255
    for curve in study.simulated.values():
        assert np.all(curve.sem > 0)
        assert np.array_equal(curve.error, curve.sem)


def test_another_kind_is_one_class(tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "KINDS", dict(studies.KINDS))

    class FloorStudy(Study, kind="floors"):
        simulates = False

        def columns(self):
            return [tables.Column("", "floor", "floor", "{:.3g}", [self.floor])]

        def headline(self):
            return "floors"

        def footnote(self):
            return ""

    found = predicted().study
    parts = {k: getattr(found, k) for k in ("theory", "exponent", "floor", "saturation", "meta")}
    FloorStudy(simulated={}, **parts).save(tmp_path / "f.npz")
    again = Study.load(tmp_path / "f.npz")
    assert type(again) is FloorStudy
    assert again.floor == found.floor
    with pytest.raises(Unsupported, match="FloorStudy"):
        plotting.draw(again)
