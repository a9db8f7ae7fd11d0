"""What a value is, as JSON that another process, on another processor, can compare with its own.

A kept number belongs to the model and to the question that gave it. Their fingerprints are kept
beside it, and tell when a call means others under the same name. Numbers that differ by rounding
alone are alike.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from hashlib import sha256
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from linscale.models.problem import moments_of, reduced

CLOSE = 1e-9  # relative: far above rounding, and below what a person changes
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
PYTHON = (
    f"{sys.version_info[0]}.{sys.version_info[1]}"  # the code of functions differs between them
)

PUBLIC = ("linscale", "linscale.theory", "linscale.montecarlo")

Plain = bool | int | float | str | None
Seen = frozenset[int]  # functions and objects that are being looked at: they may hold one another


def fingerprint(value: Any, seen: Seen = frozenset()) -> Any:
    """Of numbers, texts, arrays, containers, dataclasses, models, functions; of others, ``repr``.

    Examples
    --------
    >>> import linscale as ls
    >>> from linscale.sweep.fingerprint import alike, fingerprint
    >>> one, other = (fingerprint(ls.SubspaceModel(100, 10, s)) for s in (0.1, 0.1 + 1e-15))
    >>> alike(one, other), alike(one, fingerprint(ls.SubspaceModel(100, 10, 0.1001)))
    (True, False)
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int | float | np.bool_ | np.integer | np.floating):
        return _plain(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return _array(value)
    if isinstance(value, Mapping):
        pairs = [[fingerprint(part, seen) for part in pair] for pair in value.items()]
        return {"mapping": sorted(pairs, key=str)}
    if isinstance(value, tuple | list):
        return [fingerprint(part, seen) for part in value]
    if isinstance(value, type):
        return {"class": f"{value.__module__}.{value.__qualname__}"}
    if callable(getattr(value, "spectral", None)):
        return _model(value, seen)
    if isinstance(value, partial):
        return {"partial": [fingerprint(v, seen) for v in (value.func, value.args, value.keywords)]}
    if isinstance(value, MethodType):
        return {"method": [fingerprint(v, seen) for v in (value.__func__, value.__self__)]}
    if isinstance(value, FunctionType):
        return _function(value, seen)
    if is_dataclass(value):
        return _fields(value, seen)
    if getattr(value, "__dict__", None) and id(value) not in seen:
        parts = fingerprint(vars(value), seen | {id(value)})
        return {"object": type(value).__qualname__, "fields": parts}
    return said(ADDRESS.sub("", repr(value)))


def said(text: str) -> dict[str, Any]:
    """A text in which numbers may be rounded otherwise."""
    return {"said": NUMBER.sub("#", text), "numbers": [float(x) for x in NUMBER.findall(text)]}


def alike(one: Any, other: Any) -> bool:
    """Whether two fingerprints are those of the same value, but for rounding."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if "about" in one and "about" in other:
            return _near(one["about"], other["about"], max(one["within"], other["within"]))
        if "python" in one and "python" in other and one["python"] != other["python"]:
            return True  # the same source has another code there: nothing can be said
        return one.keys() == other.keys() and all(alike(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if float in (kinds := {type(one), type(other)}) and kinds <= {int, float}:
        return _near(one, other)
    return type(one) is type(other) and bool(one == other)


def name_of(function: Any) -> str | None:
    """Where a function is found again, in any process; None of lambdas, local ones, and others.

    Functions of linscale go by their public names, which stay when files move.
    """
    if isinstance(function, partial):
        name = name_of(function.func)
        given = [_written(v) for v in function.args]
        given += [f"{k}={_written(v)}" for k, v in sorted(function.keywords.items())]
        return None if name is None else f"{name}({', '.join(given)})"
    if isinstance(function, MethodType) and not isinstance(function.__self__, type):
        return None  # what its object holds is not in its name
    name = getattr(function, "__qualname__", None)
    module = getattr(function, "__module__", None)
    if not isinstance(name, str) or not isinstance(module, str) or "<" in name:
        return None
    for room in PUBLIC if module.startswith("linscale.") else ():
        if getattr(sys.modules.get(room), name, None) is function:
            return f"{room}.{name}"
    return f"{module}.{name}"


def _written(value: Any) -> str:
    """An argument, in a name."""
    if isinstance(value, Plain):
        return repr(value)
    digest = sha256(json.dumps(fingerprint(value)).encode()).hexdigest()
    return f"{type(value).__qualname__}-{digest[:8]}"


def _near(one: float, other: float, within: float = 0.0) -> bool:
    if one == other or (one != one and other != other):
        return True
    if not (math.isfinite(one) and math.isfinite(other)):
        return False
    return abs(one - other) <= max(CLOSE * max(abs(one), abs(other)), within)


def _plain(value: Any) -> Plain:
    for kinds, kind in (((bool, np.bool_), bool), ((int, np.integer), int)):
        if isinstance(value, kinds):
            return kind(value)
    return float(value)


def _about(number: float, within: float) -> dict[str, float]:
    """A number that rounding moves by more than a share of itself."""
    return {"about": float(number), "within": float(within)}


def _array(values: Any) -> dict[str, Any]:
    """Shape, size, and two sums in which every entry has a weight of its own."""
    flat = np.asarray(values).ravel()
    flat = np.concatenate((flat.real, flat.imag)) if np.iscomplexobj(flat) else flat.astype(float)
    size = float(np.sum(np.abs(flat)))
    weights = np.arange(flat.size) + 1.0
    sums = [float(np.sum(flat * np.cos(w))) for w in (weights, np.sqrt(2.0) * weights)]
    return {
        "shape": list(values.shape),
        "size": size,
        "sums": [_about(s, CLOSE * size) for s in sums],
    }


def _model(model: Any, seen: Seen) -> dict[str, Any]:
    """By its spectrum: sums over it that do not ask how eigenvalues that are equal are split."""
    moments = moments_of(model)
    l, n, w = moments.eigenvalues, moments.multiplicities, moments.target_weights
    # Of a matrix every l is known to eps of the largest, and S_x in p directions to eps of it all.
    relative = 8.0 * moments.dimension * np.finfo(float).eps
    found: dict[str, Any] = {
        "model": type(model).__qualname__,
        "dimension": moments.dimension,
        "scale": moments.scale,
        "sums": [float(sum_) for sum_ in (n @ l, n @ l**2, w @ l, w @ l**2)],
        "smallest": _about(float(l.min()), relative * float(l.max())),
        "floor": _about(moments.floor, relative * moments.zero_risk),
    }
    problem = reduced(model)
    if type(problem) is not type(moments):  # data of another law than Gaussian
        found["problem"] = _fields(problem, seen) if is_dataclass(problem) else repr(type(problem))
    return found


def _fields(value: Any, seen: Seen) -> dict[str, Any]:
    parts = {f.name: fingerprint(getattr(value, f.name, None), seen) for f in fields(value)}
    return {"kind": type(value).__qualname__, "fields": parts}


def _function(function: FunctionType, seen: Seen) -> dict[str, Any]:
    """Its code, and what it is given by the place where it was made; linscale's by name alone."""
    if function.__module__.startswith("linscale.") or id(function) in seen:
        return {"function": name_of(function)}
    code, used = function.__code__, dict[str, Any]()
    for variable in _names(code) & set(function.__globals__):
        used[variable] = function.__globals__[variable]
    for variable, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        used[variable] = cell.cell_contents
    for place, value in enumerate(function.__defaults__ or ()):
        used[f"default {place}"] = value
    used |= function.__kwdefaults__ or {}
    seen = seen | {id(function)}
    told = {k: fingerprint(v, seen) for k, v in used.items() if _lasts(v, function.__module__)}
    digest = sha256(repr(_content(code, function.__doc__)).encode()).hexdigest()
    return {"python": PYTHON, "code": digest, "used": told}


def _lasts(value: Any, module: str) -> bool:
    """Whether it says something: lists and others may be written to from one call to the next."""
    if isinstance(value, FunctionType):
        return value.__module__ == module
    if isinstance(value, dict):  # of settings, say
        return all(isinstance(part, Plain) for pair in value.items() for part in pair)
    plain = isinstance(value, Plain | tuple | np.ndarray | partial)
    return plain or (is_dataclass(value) and not isinstance(value, type))


def _content(code: CodeType, doc: str | None) -> list[Any]:
    """Instructions, names and constants; not the lines they stand in, nor what is said of them."""
    constants: list[Any] = []
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            constants.append(_content(constant, None))
        elif isinstance(constant, frozenset):
            constants.append(sorted(map(repr, constant)))
        else:
            constants.append(repr(constant) if constant is None or constant != doc else "None")
    return [code.co_code.hex(), code.co_names, constants]


def _names(code: CodeType) -> set[str]:
    inner = [c for c in code.co_consts if isinstance(c, CodeType)]
    return set(code.co_names).union(*map(_names, inner))
