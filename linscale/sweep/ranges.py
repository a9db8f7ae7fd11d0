"""Lists of values: written out, a single one, or ``{from, to, count}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from linscale.errors import InvalidArgument
from linscale.support import validate

LONGEST = 10**6  # values that a range may stand for
SHAPE = "{from = ..., to = ..., count = ...}, spaced evenly in the logarithm"


def expand(name: str, given: Any, *, whole: bool) -> list[Any]:
    """The values that ``given`` stands for, not yet checked.

    Parameters
    ----------
    name : str
        What the values are of, for errors.
    given : a value, a list of values, or a mapping
        ``{from, to, count}`` is spaced evenly in the logarithm, integers rounded and each once;
        ``{from, to}`` is every integer.
    whole : bool
        Whether the values are integers.

    Returns
    -------
    list
        At least one value.

    Raises
    ------
    InvalidArgument
        Naming ``name``, what was given and what may be.

    Examples
    --------
    >>> from linscale.sweep.ranges import expand
    >>> expand("n_train", {"from": 1, "to": 1000, "count": 4}, whole=True)
    [1, 10, 100, 1000]
    >>> expand("rng", {"from": 0, "to": 3}, whole=True)
    [0, 1, 2, 3]
    >>> expand("sigma", 0.1, whole=False)
    [0.1]
    """
    if isinstance(given, Mapping):
        return _range(name, given, whole)
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        return [given]
    values = list(given)
    if not values:
        raise InvalidArgument(name, "empty", "a value or a list of values")
    return values


def _range(name: str, given: Mapping[str, Any], whole: bool) -> list[Any]:
    keys = set(given)
    if keys == {"from", "to"} and whole:
        low = validate.integer(f"{name}: from", given["from"], at_least=0)
        high = validate.integer(f"{name}: to", given["to"], at_least=low, at_most=low + LONGEST)
        return list(range(low, high + 1))
    if keys != {"from", "to", "count"}:
        every = ", or {from = ..., to = ...} for every integer" if whole else ""
        raise InvalidArgument(name, dict(given), f"a list, or {SHAPE}{every}")
    count = validate.integer(f"{name}: count", given["count"], at_least=1, at_most=LONGEST)
    first, last = (validate.real(f"{name}: {end}", given[end]) for end in ("from", "to"))
    if last < first:
        raise InvalidArgument(f"{name}: to", given["to"], f"at least from = {given['from']}")
    values = np.geomspace(first, last, count)
    if not whole:
        return [float(value) for value in values]
    return list(dict.fromkeys(round(float(value)) for value in values))
