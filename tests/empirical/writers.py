"""Files as the documented formats have them, written without the tools and without linscale."""

import pickle
import struct
import sys
import types

import numpy as np

from linscale.empirical import Columns, Result, ResultTable


def result(**changes):
    cells = {
        "task": "denoising", "n_train": 100, "n_params": 116707, "seed": 42, "metric": "psnr",
        "value": 27.5, "unit": "dB", "split": "test", "source": "E001",
    }  # fmt: skip
    return Result(**{**cells, **changes})


def table(*changes):
    return ResultTable(result(**change) for change in changes)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def cells(found, *names):
    return [tuple(getattr(row, name) for name in names) for row in found]


# For readers: what their files do not say.
GIVEN = Columns(given={"task": "denoising", "n_train": 100, "n_params": 116707, "seed": 42})


# TFRecord and Event, from their descriptions.


def crc32c(data):
    """Bit by bit, as RFC 3720 defines it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(data):
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked(length)) + data + struct.pack("<I", masked(data))


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def simple(tag, value):
    return field(1, tag.encode()) + varint(2 << 3 | 5) + struct.pack("<f", value)


def tensor(tag, dtype, contents):
    return field(1, tag.encode()) + field(8, field(1, dtype) + contents)


def event(step, *values):
    """wall_time, step and a summary of values."""
    clock = varint(1 << 3 | 1) + struct.pack("<d", 1.7e9)
    summary = b"".join(field(1, value) for value in values)
    return clock + field(2, step) + field(5, summary)


def event_file(path, *events):
    header = varint(1 << 3 | 1) + struct.pack("<d", 1.7e9) + field(3, b"brain.Event:2")
    path.write_bytes(b"".join(map(record, (header, *events))))
    return path


# Pickles of the paper's code: classes of packages that need not be here.


class FakeStatistics:
    """Pickles as runstats.Statistics does: a function of the module, and the state of seven."""

    def __init__(self, *values):
        mean = np.mean(values)
        squares = np.sum((np.array(values) - mean) ** 2)
        self.state = (float(len(values)), mean, squares, 0.0, 0.0, np.min(values), np.max(values))

    def __reduce__(self):
        return sys.modules["runstats._core"].make_statistics, (self.state,)


def make_statistics(state):
    raise AssertionError("the reader must not call what the pickle names")


class Metrics:
    def __init__(self, metrics):
        self.metrics = metrics


PRETENDED = {
    "runstats._core": {"make_statistics": make_statistics},
    "fastmri.evaluate": {"Metrics": Metrics},
}


def metrics_pickle(monkeypatch, statistics, protocol=4, pretended=tuple(PRETENDED)):
    """What ``pickle.dump(Metrics(...))`` writes where fastmri and runstats are installed."""
    with monkeypatch.context() as patch:
        for name in pretended:
            module = types.ModuleType(name)
            for key, value in PRETENDED[name].items():
                patch.setattr(value, "__module__", name)
                setattr(module, key, value)
            patch.setitem(sys.modules, name.partition(".")[0], types.ModuleType(name))
            patch.setitem(sys.modules, name, module)
        return pickle.dumps(Metrics(statistics), protocol)


# Logs of one run.

CURVE = [20.0, 22.0, 21.0, 21.5]


def run_events():
    """Validation best at step 200; train logged in between; a test at the end."""
    for k, value in enumerate(CURVE, 1):
        yield event(100 * k - 50, simple("psnr/train", 30.0 + k), simple("lr", 0.1))
        yield event(
            100 * k,
            simple("psnr/valid", value),
            tensor("ssim/valid", 1, field(5, pack(0.5))),
        )
    yield event(401, simple("psnr/test", 20.75))


def pack(*values, code="f"):
    return struct.pack(f"<{len(values)}{code}", *values)


# As CSVLogger of Lightning 2.6.6 wrote it in a run of three epochs and a test, with its hparams.
LIGHTNING = """epoch,loss/train,step,test_psnr,val_psnr,val_ssim
0,2.7097527980804443,1,,,
0,,3,,20.0,0.5
1,2.1947731971740723,5,,,
1,,7,,22.0,0.5
2,1.7781462669372559,9,,,
2,,11,,21.0,0.5
3,,12,21.5,,
"""


def lightning_run(root, version, hparams="n_params: 4\nn_train: 30\nname: 'x: y'\nseed: 1\n"):
    folder = root / "lightning_logs" / f"version_{version}"
    folder.mkdir(parents=True)
    write(folder / "hparams.yaml", hparams)
    return write(folder / "metrics.csv", LIGHTNING)


RUNS = (
    '"Name","State","Notes","User","Tags","Created","Runtime","Sweep","n_train","n_params","seed",'
    '"test_psnr","val_psnr"\n'
    '"N10-a","finished","-","me","","2024-01-01T00:00:00.000Z","60","","10","500","1","20","21"\n'
    '"N30-a","finished","-","me","","2024-01-01T00:00:00.000Z","60","","30","500","1","22","23"\n'
    '"N30-b","crashed","-","me","","2024-01-01T00:00:00.000Z","60","","30","500","2","5","6"\n'
)

CHART = (
    '"Step","N10-a - val_psnr","N10-a - val_psnr__MIN","N10-a - val_psnr__MAX","N30-a - val_psnr"\n'
    '"1","20","20","20","21"\n"2","22","22","22",""\n"3","21","21","21","25"\n'
)


def denoising_folder(root, name, values, kind=np.array):
    """``values`` by split; as the code beside the paper writes them, best and last."""
    folder = root / name
    folder.mkdir(parents=True)
    for split, psnr in values.items():
        for checkpoint, less in (("best", 0.0), ("last", 1.0)):
            metrics = {"psnr_m": psnr - less, "psnr_s": 3.0, "ssim_m": 0.8, "ssim_s": 0.1}
            content = {key: kind([value]) for key, value in metrics.items()}
            path = folder / f"{split}_25-25_metrics_{checkpoint}.p"
            path.write_bytes(pickle.dumps(content))
    return folder
