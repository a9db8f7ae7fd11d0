"""TensorBoard event files: checksums, forms, damage, and the point of a curve that is taken."""

import numpy as np
import pytest

from linscale import empirical
from linscale.empirical import Columns, DamagedFile, tfrecord
from linscale.empirical.crc32c import crc32c as many_crc32c
from linscale.errors import InputError, InvalidArgument
from tests.empirical.writers import (
    CURVE,
    GIVEN,
    cells,
    crc32c,
    event,
    event_file,
    field,
    pack,
    record,
    run_events,
    simple,
    tensor,
    varint,
)


def test_checksums():
    """Against the check value of RFC 3720's polynomial and the bit-by-bit definition."""
    assert crc32c(b"123456789") == 0xE3069283
    rng = np.random.default_rng(5)
    data = rng.integers(0, 256, 40_000, dtype=np.uint8)
    length = np.array([*range(140), 255, 256, 257, 1023, 1024, 1025, 4096, 5000, 9999])
    start = rng.integers(0, data.size - length.max(), length.size)
    expected = [crc32c(data[s : s + n].tobytes()) for s, n in zip(start, length, strict=True)]
    assert many_crc32c(data, start, length).tolist() == expected


def test_checksums_as_google_has_them():
    google = pytest.importorskip("google_crc32c", reason="a second opinion, not needed")
    data = np.random.default_rng(6).integers(0, 256, 1_500_000, dtype=np.uint8)
    length = np.array([1_000_000, 65_535, 65_536, 65_537, 262_144])
    start = np.array([17, 0, 5, 9, 1000])
    expected = [google.value(data[s : s + n].tobytes()) for s, n in zip(start, length, strict=True)]
    assert many_crc32c(data, start, length).tolist() == expected


def test_event_file(tmp_path):
    path = event_file(tmp_path / "events.out.tfevents.1.host", *run_events())
    scalars = empirical.read_scalars(path)
    assert scalars.series["psnr/valid"].step.tolist() == [100, 200, 300, 400]
    assert scalars.series["psnr/valid"].value.tolist() == CURVE
    assert scalars.series["ssim/valid"].value.tolist() == [0.5] * 4
    best = empirical.read_tensorboard(path, GIVEN)
    assert sorted(cells(best, "metric", "split", "value")) == [
        ("psnr", "test", 20.75), ("psnr", "train", 32.0), ("psnr", "val", 22.0),
        ("ssim", "val", 0.5),
    ]  # fmt: skip
    notes = "\n".join(best.notes)
    assert "psnr/train taken at step 150, the last before the best on validation, 200" in notes
    assert "not read as metrics: lr" in notes
    assert "4 of 13 points taken, the best" in notes
    last = empirical.read_tensorboard(path, GIVEN, at="last").filter(metric="psnr")
    assert sorted(cells(last, "split", "value")) == [
        ("test", 20.75), ("train", 34.0), ("val", 21.5),
    ]  # fmt: skip


def test_runs_in_folders(tmp_path):
    for n_train in (10, 30):
        folder = tmp_path / "logs" / f"N{n_train}"
        folder.mkdir(parents=True)
        # A run that was resumed has two files.
        event_file(folder / "events.out.tfevents.1.a", event(1, simple("val_psnr", 20.0)))
        event_file(folder / "events.out.tfevents.2.a", event(2, simple("val_psnr", 20.0 + n_train)))
    columns = Columns(given={"task": "x"}, pattern=r"N(?P<n_train>\d+)")
    found = empirical.read_tensorboard(tmp_path / "logs", columns)
    assert cells(found, "n_train", "value", "source") == [
        (10, 30.0, "logs/N10"), (30, 50.0, "logs/N30"),
    ]  # fmt: skip
    (tmp_path / "bare").mkdir()
    with pytest.raises(InputError, match=r"no file \*tfevents\* in"):
        empirical.read_tensorboard(tmp_path / "bare")


@pytest.mark.parametrize(
    ("contents", "dtype", "expected"),
    [
        (field(5, pack(1.5)), 1, 1.5),
        (varint(5 << 3 | 5) + pack(1.5), 1, 1.5),  # not packed
        (field(4, pack(1.5)), 1, 1.5),
        (field(6, pack(0.1, code="d")), 2, 0.1),
        (varint(6 << 3 | 1) + pack(0.1, code="d"), 2, 0.1),
        (field(4, pack(0.1, code="d")), 2, 0.1),
        (field(5, pack(1.5, 2.5)), 1, None),  # a vector
        (field(8, b"text"), 7, None),
    ],
)
def test_tensor_forms(contents, dtype, expected, tmp_path):
    events = (
        event(3, tensor("psnr/test", dtype, contents)),
        event(-1, simple("x", 1.0)),
    )
    scalars = empirical.read_scalars(event_file(tmp_path / "e.tfevents", *events))
    assert scalars.series["x"].step.tolist() == [-1]
    if expected is None:
        assert "not scalars: psnr/test" in scalars.notes[0]
    else:
        assert scalars.series["psnr/test"].value.tolist() == [expected]


def test_every_cut_is_noticed(tmp_path):
    """At any byte but between records; what is whole can be kept."""
    path = event_file(tmp_path / "e.tfevents", *run_events())
    content = path.read_bytes()
    whole = tfrecord.records("", content)
    ends = [0, *(whole.start + whole.length + 4).tolist()]
    assert ends[-1] == len(content)
    for size in range(1, len(content)):
        before = max(k for k, end in enumerate(ends) if end <= size)
        if size in ends:
            assert len(tfrecord.records("", content[:size]).start) == before
            continue
        with pytest.raises(DamagedFile, match=f"cut off in the record at byte {ends[before]}") as e:
            tfrecord.records("", content[:size])
        assert (e.value.offset, e.value.whole) == (ends[before], before)
        kept = tfrecord.records("", content[:size], partial=True)
        assert kept.start.tolist() == whole.start[:before].tolist()
        assert f"at byte {ends[before]}" in kept.notes[0]


def test_every_changed_byte_is_noticed(tmp_path, rng):
    path = event_file(tmp_path / "e.tfevents", *run_events())
    content = path.read_bytes()
    whole = tfrecord.records("", content)
    ends = [0, *(whole.start + whole.length + 4).tolist()]
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << int(rng.integers(8))
        hit = max(k for k, end in enumerate(ends[:-1]) if end <= place)
        with pytest.raises(DamagedFile, match=f"wrong checksum at byte {ends[hit]}"):
            tfrecord.records("", bytes(changed))
        kept = tfrecord.records("", bytes(changed), partial=True)
        # Behind a length that cannot be trusted nothing is; behind bad contents all is.
        in_length = place - ends[hit] < 12
        left = list(range(hit)) + ([] if in_length else list(range(hit + 1, len(ends) - 1)))
        assert kept.start.tolist() == whole.start[left].tolist()
        assert len(kept.notes) == 1


def test_damage_reaches_the_reader_of_tables(tmp_path):
    path = event_file(tmp_path / "e.tfevents", *run_events())
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(InputError, match="9 whole records: copy it again, or read with partial"):
        empirical.read_tensorboard(path, GIVEN)
    kept = empirical.read_tensorboard(path, GIVEN, partial=True)
    assert kept.distinct("split") == ["train", "val"]
    assert "cut off" in kept.notes[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"n_train,test_psnr\n10,20\n", "wrong checksum"),
        (record(field(3, b"brain.Event:2")), "holds no scalar"),
        (record(b"\xff\xff\xff"), "record at byte 0 is no event"),
        (record(field(5, b"\x0a\x7f")), "record at byte 0 is no event"),
        (record(event(1, tensor("x", 1, field(5, b"abc")))), "is no event"),
        (
            record(event(1, tensor("image", 7, field(8, b"png")))),
            "no scalar; it has image",
        ),
    ],
)
def test_files_that_are_no_events(content, words, tmp_path):
    path = tmp_path / "e.tfevents"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        empirical.read_tensorboard(path, GIVEN)


def test_no_number_for_early_stopping(tmp_path):
    path = tmp_path / "e.tfevents"
    event_file(path, *(event(k, simple("psnr/test", 20.0)) for k in range(3)))
    with pytest.raises(InputError, match="no validation curve of psnr"):
        empirical.read_tensorboard(path, GIVEN)
    assert cells(empirical.read_tensorboard(path, GIVEN, at="last"), "value") == [(20.0,)]
    event_file(path, *(event(k, simple("psnr/val", np.nan)) for k in range(3)))
    with pytest.raises(InputError, match="no finite value"):
        empirical.read_tensorboard(path, GIVEN)
    with pytest.raises(InputError, match="value = nan"):
        empirical.read_tensorboard(path, GIVEN, at="last")
    event_file(path, event(1, simple("psnr/val", 20.0), simple("val_psnr", 21.0)))
    with pytest.raises(InputError, match="are both psnr val: name the one wanted, as psnr:val"):
        empirical.read_tensorboard(path, GIVEN)
    with pytest.raises(InvalidArgument, match="at = 'first'"):
        empirical.read_tensorboard(path, GIVEN, at="first")
    # An error metric is best where it is smallest.
    event_file(path, *(event(k, simple("mse/val", v)) for k, v in enumerate((3, 1, 2))))
    assert cells(empirical.read_tensorboard(path, GIVEN), "value") == [(1.0,)]


def test_event_file_of_tensorboardx(tmp_path):
    tool = pytest.importorskip("tensorboardX", reason="the real writer, not needed to read")
    writer = tool.SummaryWriter(str(tmp_path / "run"))
    for k, value in enumerate(CURVE):
        writer.add_scalar("psnr/valid", value, k)
        writer.add_scalar("lr", 0.1, k)
    writer.add_text("remarks", "none")
    writer.add_histogram("weights", np.arange(10.0), 3)
    writer.close()
    found = empirical.read_tensorboard(tmp_path / "run", GIVEN)
    assert cells(found, "metric", "split", "value") == [("psnr", "val", 22.0)]
    notes = "\n".join(found.notes)
    assert all(tag in notes for tag in ("remarks", "weights", "lr"))
    (file,) = (tmp_path / "run").iterdir()
    assert empirical.read_scalars(file).series["psnr/valid"].value.tolist() == CURVE
