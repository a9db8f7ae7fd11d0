"""Metrics pickles, read by an allow-list: whatever else a pickle asks for is refused, not run."""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from linscale.errors import InputError

LARGEST_FILE = 1 << 20  # bytes; a metrics file has a few thousand
LARGEST_NEST = 2_000  # tuples and sets; deeper ones could overflow the stack when hashed

# All that plain containers, numbers, texts and the classes below need. What is absent: opcodes
# that call by other ways (INST, OBJ, NEWOBJ_EX), persistent and extension objects, buffers.
_OPCODES = frozenset(
    {
        *("PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "NONE", "NEWTRUE", "NEWFALSE"),
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
        *("BYTEARRAY8", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("EMPTY_LIST", "APPEND", "APPENDS", "LIST", "EMPTY_DICT", "DICT", "SETITEM", "SETITEMS"),
        *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_SET", "ADDITEMS"),
        *("FROZENSET", "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET"),
        *("GLOBAL", "STACK_GLOBAL", "REDUCE", "NEWOBJ", "BUILD"),
    }
)
_NESTING = frozenset({"TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "FROZENSET"})
_DTYPES = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})


@dataclass(frozen=True)
class Statistics:
    """Mean and spread of ``count`` values: what stands in for ``runstats.Statistics``."""

    count: int
    mean: float
    squares: float
    minimum: float
    maximum: float

    @property
    def std(self) -> float:
        """Standard deviation with count - 1 below; NaN for fewer than two values."""
        return math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else math.nan


class Array:
    """What stands in for a NumPy array: its numbers, flat."""

    __slots__ = ("values",)
    values: tuple[float, ...]

    def __init__(self) -> None:
        self.values = ()

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, _, raw = state
        self.values = _numbers(dtype, raw, shape)


class Metrics:
    """What stands in for ``fastmri.evaluate.Metrics``: its statistics by the metric's name."""

    __slots__ = ("metrics",)
    metrics: dict[str, Statistics]

    def __new__(cls) -> Metrics:
        empty = super().__new__(cls)
        empty.metrics = {}
        return empty

    def __setstate__(self, state: Any) -> None:
        metrics = state["metrics"]
        if not all(isinstance(k, str) and isinstance(v, Statistics) for k, v in metrics.items()):
            raise TypeError("other than running statistics by name")
        self.metrics = dict(metrics)


class _Dtype:
    """What stands in for a NumPy dtype of plain numbers."""

    __slots__ = ("code", "order")

    def __init__(self, code: str, *_: Any) -> None:
        if code not in _DTYPES:
            raise TypeError(f"an array of dtype {code!r}, other than plain numbers")
        self.code, self.order = code, "<"

    def __setstate__(self, state: Any) -> None:
        if state[1] not in ("<", ">", "|", "="):
            raise TypeError("an unknown byte order")
        self.order = state[1]


class _Call:
    """A function that a pickle may call; unlike a real one, nothing can be set on it."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise TypeError("a function with attributes")


def _numbers(dtype: Any, raw: Any, shape: Any = ()) -> tuple[float, ...]:
    if not isinstance(dtype, _Dtype) or not isinstance(raw, bytes | bytearray):
        raise TypeError("an array of other than plain numbers")
    values = np.frombuffer(raw, np.dtype(dtype.order + dtype.code))
    if values.size != math.prod(shape):
        raise ValueError("an array whose shape is not that of its numbers")
    return tuple(float(value) for value in values)


def _statistics(state: Any) -> Statistics:
    count, mean, squares, _, _, minimum, maximum = map(float, state)
    if count < 1 or squares < 0:
        raise ValueError("statistics of no values")
    return Statistics(int(count), mean, squares, minimum, maximum)


def _from_buffer(raw: Any, dtype: Any, shape: Any, _: Any) -> Array:
    array = Array()
    array.__setstate__((1, shape, dtype, False, raw))
    return array


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise ValueError("an unknown encoding")
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "dtype"): _Call(_Dtype),
    ("numpy", "ndarray"): None,  # only ever handed to _reconstruct
    ("_codecs", "encode"): _Call(_encode),  # how old protocols spell bytes
    ("fastmri.evaluate", "Metrics"): Metrics,
    ("__main__", "Metrics"): Metrics,
}
for _core in ("numpy.core", "numpy._core"):
    _ALLOWED[f"{_core}.multiarray", "scalar"] = _Call(lambda d, raw: _numbers(d, raw)[0])
    _ALLOWED[f"{_core}.multiarray", "_reconstruct"] = _Call(lambda *_: Array())
    _ALLOWED[f"{_core}.numeric", "_frombuffer"] = _Call(_from_buffer)
for _module in ("runstats.core", "runstats._core", "runstats.fast"):
    _ALLOWED[_module, "make_statistics"] = _Call(_statistics)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise InputError(f"it asks for {f'{module}.{name}'!r}")
        return _ALLOWED[module, name]


def read_pickle(path: str | Path) -> Any:
    """What a metrics pickle holds: containers, numbers, texts, Array, Statistics and Metrics.

    No class or function of another package is ever looked up, let alone called: the few names
    that metrics files hold stand for the harmless classes here, and any other is an error.

    Raises
    ------
    InputError
        Naming what the pickle asks for; a file that is missing, cut off or too large.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    if len(content) > LARGEST_FILE:
        raise InputError(f"{path} has {len(content)} bytes: too large for a metrics pickle")
    try:
        _scan(content)
        return _Unpickler(io.BytesIO(content)).load()
    except InputError as error:
        raise InputError(
            f"{path} was refused and nothing of it was run: {error}, which is not on the list of "
            "what metrics files hold. If you trust the file, convert it to CSV where it was made"
        ) from None
    except Exception as error:  # damaged bytes can fail anywhere, and in any way
        raise InputError(
            f"{path} is not a whole metrics pickle ({type(error).__name__}: {error})"
        ) from None


def _scan(content: bytes) -> None:
    """Refuse opcodes that are not on the list, before the first one is carried out."""
    nested = 0
    argument: Any
    for opcode, argument, place in pickletools.genops(content):
        if opcode.name not in _OPCODES:
            raise InputError(f"it has the opcode {opcode.name} at byte {place}")
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument) > len(content):
            raise InputError(f"it numbers an object {argument} at byte {place}")
        nested += opcode.name in _NESTING
        if nested > LARGEST_NEST:
            raise InputError(f"it has more than {LARGEST_NEST} tuples")
