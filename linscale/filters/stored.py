"""How a filter is written down: a word for its class and its fields, and back.

``{"filter": "heavy_ball", "step": 0.1, "momentum": 0.9, "iterations": [10, 100]}``, say. A class
of filters that has a ``word`` is found here from then on; ``import`` of the module that defines it
is all it takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from linscale.errors import InvalidArgument

if TYPE_CHECKING:
    from linscale.filters.base import Filter

FILTERS: dict[str, type[Filter]] = {}  # by word


def register(cls: type[Filter]) -> None:
    """Let ``cls.word`` stand for the class."""
    known = FILTERS.get(cls.word)
    if known is not None and _name(known) != _name(cls):  # a notebook's cell may be run again
        raise TypeError(f"{cls.__name__}: word = {cls.word!r} is that of {_name(known)}")
    FILTERS[cls.word] = cls


def scalars(filter: Filter) -> dict[str, Any]:
    """The fields of a filter besides its path, by name."""
    return {name: _plain(getattr(filter, name)) for name in scalar_names(type(filter))}


def scalar_names(cls: type[Filter]) -> tuple[str, ...]:
    """The fields of a class of filters besides its path."""
    if not hasattr(cls, "__dataclass_fields__"):
        return ()
    every: tuple[Field[Any], ...] = fields(cls)  # type: ignore[arg-type]
    return tuple(f.name for f in every if f.init and f.name != getattr(cls, "path", ""))


def has_default(cls: type[Filter], name: str) -> bool:
    """Whether a field may be left out."""
    field = cls.__dataclass_fields__[name]  # type: ignore[attr-defined]
    return bool(field.default is not MISSING or field.default_factory is not MISSING)


def described(filter: Filter) -> dict[str, Any]:
    """The filter as a mapping of plain values.

    Raises
    ------
    InvalidArgument
        A filter whose class has no word of its own, or a field that JSON cannot hold.
    """
    cls = type(filter)
    if not cls.__dict__.get("word"):
        raise InvalidArgument(
            "estimator", cls.__name__, "a filter whose class has a word of its own, such as "
            f'word = "{cls.__name__.lower()}", by which it can be stored'
        )  # fmt: skip
    said = scalars(filter)
    for name, value in said.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise InvalidArgument(
                f"estimator: {name}", repr(value)[:60], "a finite number, a word, or a list of "
                "them, to be stored",
            ) from None  # fmt: skip
    return {"filter": cls.word, **said, cls.path: filter.at.tolist()}


def made(description: Mapping[str, Any]) -> Filter:
    """The filter of a mapping as :func:`described` gives it."""
    given = dict(description)
    return FILTERS[given.pop("filter")](**given)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
