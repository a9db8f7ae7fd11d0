"""Pickles: the few harmless ones are read, and a hostile one runs nothing."""

import collections
import os
import pickle
import struct
import sys

import numpy as np
import pytest

from linscale.empirical.pickles import Array, Metrics, Statistics, read_pickle
from linscale.errors import InputError
from tests.empirical.writers import FakeStatistics, metrics_pickle


@pytest.fixture
def reading(tmp_path):
    def read(content):
        path = tmp_path / "metrics.p"
        path.write_bytes(content)
        return read_pickle(path)

    return read


PLAIN = {
    "psnr_m": [27.5], "t": (1, -2, 2**70), "nested": {"a": [None, True, b"bytes", 1e-300]},
    "set": {1, 2}, "frozen": frozenset({3}), 5: "text, ü", "bytes": bytearray(b"x"),
}  # fmt: skip


@pytest.mark.parametrize("protocol", range(6))
def test_plain_containers(reading, protocol):
    plain = dict(PLAIN)
    if protocol < 4:  # older protocols make sets by calling a builtin, which is not on the list
        del plain["set"], plain["frozen"]
    if protocol < 5:
        del plain["bytes"]
    if protocol < 3:
        plain["nested"] = {"a": [b"\x80bytes"]}
    assert reading(pickle.dumps(plain, protocol)) == plain


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "f2", "i8", "u1", "?"])
def test_numbers_of_numpy(reading, protocol, dtype):
    array = np.array([[0, 1], [2, 3]]).astype(dtype)
    found = reading(pickle.dumps({"a": array, "s": array[1, 1], "f": array[::-1].T}, protocol))
    assert isinstance(found["a"], Array)
    assert found["a"].values == tuple(array.ravel().astype(float))
    assert found["s"] == float(array[1, 1])
    assert sorted(found["f"].values) == sorted(found["a"].values)


def test_names_of_older_numpy(reading):
    content = pickle.dumps(np.array([1.5]), 2)
    older = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert older != content
    assert reading(older).values == (1.5,)


def test_statistics(reading, monkeypatch):
    content = metrics_pickle(monkeypatch, {"SSIM": FakeStatistics(0.5, 0.75, 1.0)})
    metrics = reading(content)
    assert isinstance(metrics, Metrics)
    found = metrics.metrics["SSIM"]
    assert found == Statistics(3, 0.75, 0.125, 0.5, 1.0)
    assert found.std == 0.25  # sqrt(0.125/2)
    assert np.isnan(Statistics(1, 0.5, 0.0, 0.5, 0.5).std)


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def hostile(mark):
    """Pickles that would make a folder ``mark``, each in another way."""
    text = str(mark)
    for protocol in range(6):
        yield pickle.dumps({"psnr_m": [27.5], "x": Hostile(os.mkdir, text)}, protocol)
    yield pickle.dumps(Hostile(eval, f"__import__('os').mkdir({text!r})"))
    yield pickle.dumps(Hostile(exec, f"import os; os.mkdir({text!r})"))
    yield pickle.dumps([27.5, Hostile(os.makedirs, text)])
    here = os.mkdir.__module__.encode()
    yield b"(S'" + text.encode() + b"'\ni" + here + b"\nmkdir\n."  # INST
    yield b"(c" + here + b"\nmkdir\nS'" + text.encode() + b"'\no."  # OBJ
    name = struct.pack("<B", len(text)) + text.encode()
    short = struct.pack("<B", len(here)) + here
    yield b"\x80\x04\x8c" + short + b"\x8c\x05mkdir\x93\x8c" + name + b"\x85R."


def test_a_hostile_pickle_runs_nothing(reading, tmp_path):
    mark = tmp_path / "mark"
    contents = list(hostile(mark))
    assert len(contents) == 12
    for content in contents:
        pickle.loads(content)  # the same bytes do run here
        mark.rmdir()
        with pytest.raises(InputError, match="refused and nothing of it was run"):
            reading(content)
        assert not mark.exists()


MAKE = b"\x80\x02crunstats._core\nmake_statistics\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pickle.dumps(Hostile(getattr, 1, "real")), "builtins.getattr"),
        (pickle.dumps(collections.OrderedDict(a=1)), "collections.OrderedDict"),
        (pickle.dumps(np.array([1], dtype=object)), "not a whole metrics pickle"),
        (pickle.dumps(np.array(["a"])), "not a whole metrics pickle"),
        (pickle.dumps(np.zeros(1, [("a", "f8")])), "not a whole metrics pickle"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n.", "torch._utils._rebuild_tensor_v2"),
        (b"\x80\x02cos.path\nos.system\n.", "os.path.os.system"),
        (b"\x80\x02cnumpy\ndtype\n}b.", "a function with attributes"),
        (b"\x80\x02cnumpy\ndtype\nN}X\x04\x00\x00\x00nameNs\x86b.", "a function with attributes"),
        (b"\x80\x02cfastmri.evaluate\nMetrics\n}X\x01\x00\x00\x00xNsb.", "not a whole"),
        (b"\x80\x02cnumpy\ndtype\nU\x02V8\x85R.", "other than plain numbers"),
        (MAKE + b")R.", "not a whole"),
        (b"\x80\x02crunstats._core\nRegression\n.", "runstats._core.Regression"),
        (MAKE + b"(K\x00" + b"K\x01" * 6 + b"t\x85R.", "of no values"),
        (MAKE + b"(K\x02K\x01J\xff\xff\xff\xff" + b"K\x01" * 4 + b"t\x85R.", "of no values"),
        (b"Pid\n.", "the opcode PERSID"),
        (b"\x80\x02\x82\x01.", "the opcode EXT1"),
        (b"\x80\x02Nr\xff\xff\xff\x7f.", "numbers an object 2147483647"),
        (b"\x80\x02" + b")" + b"\x85" * 50_000 + b"}" + b"00.", "more than 2000 tuples"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"x.", "not a whole metrics pickle"),
        (b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"N.", "not a whole metrics pickle"),
        (b"L" + b"9" * 10_000 + b"L\n.", "not a whole metrics pickle"),
        (b"\x80\x02.", "not a whole metrics pickle"),
        (b"N" * (1 << 20) + b"\n.", "too large"),
        (b"", "not a whole metrics pickle"),
        (b"psnr,27\n", "not a whole metrics pickle|opcode"),
    ],
)  # fmt: skip
def test_refused(reading, content, words):
    with pytest.raises(InputError, match=words) as caught:
        reading(content)
    assert "\n" not in str(caught.value)


def test_shapes_must_fit(reading):
    content = pickle.dumps(np.array([1.0, 2.0]), 4)
    shape = b"K\x01K\x02\x85"
    assert content.count(shape) == 1
    with pytest.raises(InputError, match="shape"):
        reading(content.replace(shape, b"K\x01K\x63\x85"))


def test_stand_ins_cannot_be_changed(reading):
    """A pickle that sets attributes on the stand-in class spoils nothing for the next one."""
    before = dict(vars(Metrics))
    setting = b"N}X\x08\x00\x00\x00__init__K\x01s\x86b."
    for name in (b"fastmri.evaluate\nMetrics", b"runstats._core\nmake_statistics"):
        with pytest.raises(InputError):
            reading(b"\x80\x02c" + name + b"\n" + setting)
    assert dict(vars(Metrics)) == before


def test_every_cut_and_every_change(reading, monkeypatch, rng):
    """Damaged bytes give a value or an InputError, and never another error."""
    content = metrics_pickle(monkeypatch, {"SSIM": FakeStatistics(0.5, 0.75)})
    for size in range(len(content)):
        with pytest.raises(InputError):
            reading(content[:size])
    refused = 0
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] = int(rng.integers(256))
        try:
            reading(bytes(changed))
        except InputError:
            refused += 1
    assert refused > 0.3 * len(content)


def test_no_other_module_is_imported(reading, monkeypatch):
    content = metrics_pickle(monkeypatch, {"SSIM": FakeStatistics(0.5, 0.75)})
    monkeypatch.setitem(sys.modules, "fastmri", None)  # an import would fail
    monkeypatch.setitem(sys.modules, "runstats", None)
    assert reading(content).metrics["SSIM"].mean == 0.625


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        read_pickle(tmp_path / "nothing.p")
