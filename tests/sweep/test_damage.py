"""Whatever is wrong with a store's file is said in one line, and not made worse."""

import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from linscale.errors import InputError
from linscale.sweep import Store
from tests.sweep.stores import GRID, MORE, fill, made_up


def refused(path, word, write=True):
    """Opening or reading it is refused in one line, and every byte stays."""
    before = {p.name: p.read_bytes() for p in path.parent.iterdir() if p.is_file()}
    with pytest.raises(InputError, match=word) as error, Store(path, write=write) as store:
        list(store)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    after = {p.name: p.read_bytes() for p in path.parent.iterdir() if p.is_file()}
    assert {name: after.get(name) for name in before} == before
    # SQLite leaves these two beside a file that it cannot close properly; nothing is in them.
    assert after.get(f"{path.name}-wal", b"") == b""
    assert set(after) - set(before) <= {f"{path.name}-wal", f"{path.name}-shm"}


def edit(path, statement):
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


@pytest.mark.parametrize("write", [True, False])
def test_other_formats(path, write):
    edit(path, "UPDATE meta SET value = '2' WHERE name = 'format'")
    refused(path, "newer linscale .*update", write)
    edit(path, "UPDATE meta SET value = '0' WHERE name = 'format'")
    refused(path, "older linscale .*run the sweep again", write)
    edit(path, "DELETE FROM meta")
    refused(path, "damaged .its format is not stated", write)


def test_versions_that_are_no_json(path):
    edit(path, "UPDATE sessions SET versions = 'zz'")
    with pytest.raises(InputError, match="damaged"):
        Store(path, write=True)


@pytest.mark.parametrize("write", [True, False])
def test_other_files(tmp_path, write):
    path = tmp_path / "other"
    path.write_text("n,d,sigma\n" * 200)
    refused(path, "not a store", write)
    path.unlink()
    edit(path, "CREATE TABLE mine (x)")
    refused(path, "not a store of sweeps", write)
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "is a folder", write)


def test_no_file_and_an_empty_one(tmp_path):
    with pytest.raises(InputError, match="no such store"):
        Store(tmp_path / "none")
    assert not list(tmp_path.iterdir())
    (tmp_path / "empty").touch()  # as a kill at the first moment leaves it
    with pytest.raises(InputError, match="no cells yet"):
        Store(tmp_path / "empty")
    with Store(tmp_path / "empty", write=True) as store:
        assert len(store) == 0
    with Store(tmp_path / "deep" / "folder" / "s", write=True) as store:
        assert len(store) == 0


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("write", [True, False])
def test_a_truncated_file(path, share, write):
    os.truncate(path, int(share * path.stat().st_size))
    refused(path, "damaged", write)


def test_a_changed_number_is_noticed(path, outcomes):
    """SQLite itself would give it out as if nothing had happened."""
    cell = outcomes[0].cell
    array = outcomes[0].values.astype("<f8").tobytes()
    content = bytearray(path.read_bytes())
    place = content.find(array)
    content[place + 9] ^= 1
    path.write_bytes(content)
    db = sqlite3.connect(path)
    (found,) = db.execute("SELECT arrays FROM cells WHERE key = ?", (cell.key(),)).fetchone()
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    assert found != array
    refused(path, "damaged", write=False)
    with Store(path) as store, pytest.raises(InputError, match="damaged"):
        store.get(cell)


def test_no_damage_goes_unnoticed(path):
    """Somewhere in the file a few bytes are overwritten: the same content, or an error."""
    with Store(path) as store:
        expected = list(store.content())
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    noticed = 0
    for _ in range(150):
        content = bytearray(good)
        at = int(rng.integers(len(good)))
        content[at : at + 8] = rng.bytes(len(content[at : at + 8]))
        path.write_bytes(content)
        try:
            with Store(path) as store:
                assert [*store.content()] == expected
                assert len(list(store)) == len(expected)
        except InputError:
            noticed += 1
        for name in ("-wal", "-shm"):
            path.with_name(path.name + name).unlink(missing_ok=True)
    assert noticed > 50


@contextmanager
def no_superuser():
    """Permissions do not bind root, which continuous integration may be."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public(path):
    """The store in a folder that anybody may reach."""
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "inner" / path.name
        there.parent.mkdir()
        there.write_bytes(path.read_bytes())
        Path(folder).chmod(0o755)
        yield there
        there.parent.chmod(0o777)


def test_a_read_only_folder_can_be_read_and_not_written(public):
    public.chmod(0o444)
    public.parent.chmod(0o555)
    with no_superuser():
        with Store(public) as store:
            assert len(list(store)) == len(GRID)
        with pytest.raises(InputError, match="permissions"):
            Store(public, write=True)
        with pytest.raises(InputError, match="cannot"):
            Store(public.parent / "deeper" / "s", write=True)
    assert [p.name for p in public.parent.iterdir()] == [public.name]


def test_a_read_only_file_can_be_read_and_not_written(public):
    public.chmod(0o444)
    public.parent.chmod(0o777)
    with no_superuser():
        with Store(public) as store:
            assert len(list(store)) == len(GRID)
        with pytest.raises(InputError, match="permissions"):
            Store(public, write=True)
    assert stat.S_IMODE(public.stat().st_mode) == 0o444
    assert not public.with_name(public.name + "-lock").exists()


def test_a_full_disk_keeps_what_was_written(path):
    """SQLite's own limit on the file's pages: the same error as of a full disk."""
    with Store(path, write=True) as store:
        store._db.execute(f"PRAGMA max_page_count = {path.stat().st_size // 512 + 40}")
        with pytest.raises(InputError, match=r"no space left .*run the same sweep again"):
            fill(store)
        kept = len(store) - len(GRID)
    assert 5 < kept < len(MORE)
    with Store(path, write=True) as store:
        assert len(store.missing(MORE)) == len(MORE) - kept
        for cell in store.missing(MORE):
            store.add(made_up(cell))
        assert len(list(store)) == len(GRID) + len(MORE)


FILL = """
import sys
from linscale.errors import InputError
from linscale.sweep import Store
from tests.sweep.stores import fill
try:
    with Store(sys.argv[1], write=True) as store:
        fill(store, 200)
except InputError as error:
    print(error)
"""


def check_kept(path, told, word):
    assert word in told
    assert "is kept" in told
    with Store(path) as store:
        found = {outcome.cell for outcome in store}
    assert 5 < len(found) < len(MORE)
    assert found == set(MORE.cells[: len(found)])


def test_a_disk_that_refuses_keeps_what_was_written(tmp_path):
    """A limit on the size of files stands for it."""
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(tmp_path / "s")], capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)),
    )  # fmt: skip
    check_kept(tmp_path / "s", done.stdout, "run the same sweep again")


def test_a_disk_that_really_is_full(tmp_path):
    """A small one, mounted where no other process sees it."""
    small, copy = tmp_path / "small", tmp_path / "copy"
    small.mkdir()
    copy.mkdir()
    inside = f'mount -t tmpfs -o size=400k tmpfs {small} && "$@"; cp {small}/* {copy}'
    for unshare in (["unshare", "-m"], ["unshare", "-rm"]):
        allowed = (
            shutil.which("unshare")
            and not subprocess.run(
                [*unshare, "sh", "-c", f"mount -t tmpfs tmpfs {small}"], capture_output=True
            ).returncode
        )
        if allowed:
            break
    else:
        pytest.skip("mounting a small disk is not allowed here")
    done = subprocess.run(
        [*unshare, "sh", "-c", inside, "sh", sys.executable, "-c", FILL, str(small / "s")],
        capture_output=True,
        text=True,
    )
    check_kept(copy / "s", done.stdout, "no space left")
