"""Keywords that had another name: the old one is still understood."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from linscale.errors import InvalidArgument

P = ParamSpec("P")
R = TypeVar("R")


def renamed(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator that takes each old keyword for the new one: ``renamed(seed="rng")``.

    Examples
    --------
    >>> from linscale.support.renamed import renamed
    >>> @renamed(seed="rng")
    ... def draw(rng=0):
    ...     return rng
    >>> draw(seed=5)
    5
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            given: dict[str, Any] = dict(kwargs)
            for old, new in names.items():
                if old in given:
                    if new in given:
                        raise InvalidArgument(old, given[old], f"left out: {new} is given too")
                    given[new] = given.pop(old)
            return function(*args, **given)

        return wrapper

    return decorate
