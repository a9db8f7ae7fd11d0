"""What is estimated in a cell: a word, or a filter written as a small JSON object.

    early_stopped, converged, pca
    {"filter": "gradient_flow", "times": [1, 10, 100]}
    {"filter": "gradient_descent", "step": 0.1, "iterations": [0, 10, 100]}   step: or "reference"
    {"filter": "heavy_ball", "step": 0.1, "momentum": 0.9, "iterations": [10, 100]}
    {"filter": "nesterov", "step": 0.1, "iterations": [10, 100]}
    {"filter": "ridge", "penalties": [0.01, 0.1, 1]}

The list may be a range as in :mod:`linscale.sweep.ranges`. A cell keeps the canonical text: the
word, or JSON in one fixed spelling, so that one question has one key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from linscale.errors import InvalidArgument
from linscale.filters import (
    Converged,
    Filter,
    GradientDescent,
    GradientFlow,
    HeavyBall,
    Nesterov,
    Ridge,
)
from linscale.models import SubspaceModel
from linscale.sweep.ranges import expand

WORDS = ("early_stopped", "converged", "pca")
REFERENCE = "reference"  # the step of the paper's code, which depends on model and n_train


class Kind(NamedTuple):
    """A filter's class, its scalar arguments, and the one that its path runs over."""

    make: type[Filter]
    scalars: tuple[str, ...]
    path: str


KINDS = {
    "gradient_flow": Kind(GradientFlow, (), "times"),
    "gradient_descent": Kind(GradientDescent, ("step",), "iterations"),
    "heavy_ball": Kind(HeavyBall, ("step", "momentum"), "iterations"),
    "nesterov": Kind(Nesterov, ("step",), "iterations"),
    "ridge": Kind(Ridge, (), "penalties"),
}
ALLOWED = (
    ", ".join(map(repr, WORDS))
    + " or a filter such as {'filter': 'gradient_flow', 'times': [1, 10, 100]} ("
    + ", ".join(KINDS)
    + ")"
)


def canonical(given: Any) -> str:
    """The canonical text of a word, a description, its JSON or a filter object.

    Raises
    ------
    InvalidArgument
        Naming the part that is wrong.
    """
    if isinstance(given, str):
        return _canonical_text(given)
    if isinstance(given, Converged):
        return "converged"
    if isinstance(given, Filter):
        given = _described(given)
    if not isinstance(given, Mapping):
        raise InvalidArgument("estimator", repr(given)[:60], ALLOWED)
    return _canonical_json(given)


@lru_cache(maxsize=4096)
def _canonical_text(text: str) -> str:
    if text in WORDS:
        return text
    try:
        described = json.loads(text)
    except ValueError:
        described = None
    if not isinstance(described, dict):
        raise InvalidArgument("estimator", repr(text)[:60], ALLOWED)
    return _canonical_json(described)


def _canonical_json(given: Mapping[str, Any]) -> str:
    name = given.get("filter")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InvalidArgument("estimator: filter", repr(name)[:60], "one of " + ", ".join(KINDS))
    wanted = {"filter", *kind.scalars, kind.path}
    if set(given) != wanted:
        odd = ", ".join(sorted(map(str, set(given) ^ wanted)))
        raise InvalidArgument(
            f"estimator: {odd}", "missing" if set(given) < wanted else "not understood",
            f"left out, or given, so that {name} has {', '.join(sorted(wanted))}",
        )  # fmt: skip
    whole = kind.path == "iterations"
    path = expand(f"estimator: {kind.path}", given[kind.path], whole=whole)
    scalars = {key: given[key] for key in kind.scalars}
    reference = kind.make is GradientDescent and scalars["step"] == REFERENCE
    trial = {**scalars, "step": 1.0} if reference else scalars
    made = kind.make(**trial, **{kind.path: path})
    at = made.at + 0.0  # 0.0 and -0.0 are the same question
    canon: dict[str, Any] = {
        "filter": name,
        kind.path: [int(k) for k in at] if whole else at.tolist(),
    }
    for key in kind.scalars:
        canon[key] = float(getattr(made, key)) + 0.0
    if reference:
        canon["step"] = REFERENCE
    return dumps(canon)


def _described(filter: Filter) -> dict[str, Any]:
    for name, kind in KINDS.items():
        if type(filter) is kind.make:
            scalars = {key: getattr(filter, key) for key in kind.scalars}
            return {"filter": name, **scalars, kind.path: np.asarray(filter.at).tolist()}
    raise InvalidArgument("estimator", type(filter).__name__, ALLOWED)


def dumps(value: Any) -> str:
    """JSON in one spelling: sorted keys, no spaces, numbers to full precision."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def build(text: str, model: SubspaceModel, n_train: int) -> Filter | None:
    """The filter of a canonical text; None of a word."""
    if text in WORDS:
        return None
    spec = json.loads(text)
    make = KINDS[spec.pop("filter")].make
    if spec.get("step") == REFERENCE:
        spec["step"] = GradientDescent.reference_step(model, n_train)
    return make(**spec)


@lru_cache(maxsize=4096)
def label(text: str) -> str:
    """A short name: the word, or the filter with its scalars and the first digits of its hash."""
    if text in WORDS:
        return text
    spec = json.loads(text)
    kind = KINDS[spec["filter"]]
    said = [spec["filter"], *(f"{key}={spec[key]}" for key in kind.scalars)]
    return " ".join(said) + " #" + sha256(text.encode()).hexdigest()[:12]


def parameter(text: str) -> str:
    """What the path's values count: "time", "iteration" or "penalty"."""
    return "time" if text in WORDS else KINDS[json.loads(text)["filter"]].make.parameter
