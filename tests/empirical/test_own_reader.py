"""A format of one's own: one class, found like the package's."""

import json

import pytest

from linscale import empirical
from linscale.empirical.columns import to_table
from linscale.empirical.records import text_of
from linscale.errors import InputError, InvalidArgument
from tests.empirical.writers import (
    CURVE,
    GIVEN,
    LIGHTNING,
    cells,
    record,
    write,
)

KNOWN = ", ".join(empirical.FORMATS)
LOG = "n_train: 30\ntask: denoising\nval_psnr: 22\ntest_psnr: 21.5\n"


@pytest.fixture(autouse=True)
def the_package_alone(monkeypatch):
    """What others have registered is not there, and what a test registers is gone after it."""
    known = {word: empirical.READERS[word] for word in empirical.FORMATS}
    monkeypatch.setattr(empirical.reader, "READERS", known)
    monkeypatch.setattr(empirical.sources, "READERS", known)
    monkeypatch.setattr(empirical, "READERS", known)


def lines_reader(word="lines", **changes):
    """A log of one run, a line for each number."""

    class Lines(empirical.Reader):
        def recognises(self, source):
            return source.head.startswith(b"n_train: ") or source.holds("*.lines")

        def read(self, path, columns=None, *, partial=False, **_):
            lines = [line.split(": ") for line in text_of(path).splitlines()]
            return to_table(
                [("the run", dict(lines))], columns or empirical.Columns(), str(path), partial
            )

    return type("Lines", (Lines,), {"word": word, **changes})


def test_it_is_recognised_and_read_as_any_other(tmp_path):
    path = write(tmp_path / "run.log", LOG)
    assert empirical.detect(path) == "csv"  # before anybody knows it
    lines_reader()
    assert empirical.detect(path) == "lines"
    for found in (empirical.read(path), empirical.read(path, format="lines", at="last")):
        assert cells(found, "n_train", "split", "value") == [(30, "val", 22.0), (30, "test", 21.5)]
    assert "lines" not in empirical.FORMATS
    with pytest.raises(InvalidArgument, match=f"auto, {KNOWN}, lines$"):
        empirical.read(path, format="xml")
    with pytest.raises(InputError, match="the run, n_train = 0"):
        empirical.read(write(path, LOG.replace("30", "0")))


def test_the_package_knows_its_own_as_before(tmp_path):
    lines_reader(recognises=lambda self, source: False)
    log = write(tmp_path / "metrics.csv", LIGHTNING)
    assert empirical.detect(log) == "lightning"
    assert empirical.read(log, GIVEN) == empirical.read_lightning(log, GIVEN)


def test_two_that_know_a_source_are_named_and_none_is_taken(tmp_path):
    path = write(tmp_path / "metrics.csv", LIGHTNING)
    lines_reader(recognises=lambda self, source: "val_psnr" in source.header)
    with pytest.raises(InputError, match="like a log of both lightning and lines: say which"):
        empirical.detect(path)
    assert empirical.read(path, GIVEN, format="lightning")
    lines_reader("first", recognises=lambda self, source: True, before=("csv", "lightning"))
    with pytest.raises(InputError, match="like a log of both lines and first: say which"):
        empirical.detect(path)
    lines_reader("second", recognises=lambda self, source: True)
    with pytest.raises(InputError, match="like a log of lines, first and second: say which"):
        empirical.detect(path)


def test_one_goes_before_those_that_it_names(tmp_path):
    path = write(tmp_path / "metrics.csv", LIGHTNING)
    lines_reader(
        recognises=lambda self, source: "val_psnr" in source.header, before=("csv", "lightning")
    )
    assert empirical.detect(path) == "lines"


def test_two_that_go_before_each_other_are_named(tmp_path):
    for one, other in (("first", "second"), ("second", "first")):
        lines_reader(one, recognises=lambda self, source: True, before=("csv", other))
    with pytest.raises(InputError, match="csv, first and second"):
        empirical.detect(write(tmp_path / "log", "a,b\n"))


def test_folders(tmp_path):
    write(tmp_path / "a.lines", LOG)
    with pytest.raises(InputError, match=f"no log that is known: formats: {KNOWN}$"):
        empirical.detect(tmp_path)
    lines_reader()
    assert empirical.detect(tmp_path) == "lines"
    write(tmp_path / "metrics.csv", LIGHTNING)
    with pytest.raises(InputError, match="holds logs of both lightning and lines: say which"):
        empirical.detect(tmp_path)


def test_of_the_formats_of_the_package_the_narrower_goes_first(tmp_path):
    """Exports of W&B may have the columns of Lightning, too; an event file is no text, whatever
    its records say and whatever byte its first length is."""
    both = "Name,State,epoch,step\na,finished,1,2\n"
    assert empirical.detect(write(tmp_path / "runs.csv", both)) == "wandb"
    path = tmp_path / "events"
    path.write_bytes(record(b"one run - psnr"))  # as a chart's columns
    assert empirical.detect(path) == "tensorboard"
    for first, name in ((b"{", "a.json"), (b"[", "b"), (b"\x80", "c"), (b"x", "d.pkl")):
        path = tmp_path / name
        path.write_bytes(record(b"." * first[0]))
        assert path.read_bytes()[:1] == first
        assert empirical.detect(path) == "tensorboard"


def test_what_looks_like_json_and_is_not_may_be_of_ones_own(tmp_path):
    """Such as a line of Python for each epoch: JSON's reader says what is wrong with it."""
    path = write(tmp_path / "log", "".join(f"{{'psnr': {value}}}\n" for value in CURVE))
    assert empirical.detect(path) == "json"
    with pytest.raises(InputError, match="line 1, column 2: not JSON"):
        empirical.read(path, GIVEN)
    lines_reader(recognises=lambda self, source: source.head.startswith(b"{'psnr': "))
    assert empirical.detect(path) == "lines"
    assert empirical.detect(write(path, json.dumps({"psnr": 20}))) == "json"


def test_what_a_class_lacks_is_said_when_it_is_made():
    with pytest.raises(TypeError, match="Half: needs recognises and read"):
        type("Half", (empirical.Reader,), {"word": "half", "read": lambda *_: None})
    with pytest.raises(TypeError, match=r"word = 'csv' is that of linscale\.empirical\.csv_json"):
        lines_reader("csv")
    lines_reader()
    lines_reader()  # the same again, as a notebook's cell
    assert list(empirical.READERS) == [*empirical.FORMATS, "lines"]
