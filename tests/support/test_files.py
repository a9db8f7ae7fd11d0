"""Files that are written whole or not at all."""

import os

import pytest

from linscale.errors import InputError
from linscale.support.files import replacing, write_together


def test_together_they_are_written_and_nothing_else(tmp_path):
    first, second = tmp_path / "new" / "a", tmp_path / "b"
    second.write_bytes(b"old")
    write_together({first: b"1", second: b"2"})
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    assert sorted(os.listdir(tmp_path)) == ["b", "new"]
    assert os.listdir(first.parent) == ["a"]
    plain = tmp_path / "plain"
    plain.touch()
    assert first.stat().st_mode == plain.stat().st_mode


def test_one_that_cannot_be_written_leaves_all_as_they_were(tmp_path):
    good, folder = tmp_path / "good", tmp_path / "folder"
    good.write_bytes(b"old")
    folder.mkdir()
    with pytest.raises(InputError, match=r"cannot write .*folder: there is a folder of that name"):
        write_together({good: b"new", folder: b"new"})
    below = good / "below"
    with pytest.raises(InputError, match=f"cannot write {below}: "):
        write_together({good: b"new", below: b"new"})
    assert good.read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["folder", "good"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_half_way_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "table"
    path.write_text("old")
    kind = InputError if isinstance(error, OSError) else KeyboardInterrupt

    def fail():
        with replacing(path) as new:
            new.write_text("half")
            raise error

    with pytest.raises(kind):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["table"]
