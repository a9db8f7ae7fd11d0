"""What a result's methods ask of a room above, and of a package that may be absent.

Results lie on the ground floor and figures near the roof: an import of plotting in this room would
be an arrow that points up, and would bring matplotlib with ``import linscale``. ``curve.plot()`` is
wanted all the same. So plotting is looked up by name at the moment a figure is asked for, here and
nowhere else; it knows the results, and they know of it what its functions are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from linscale.support.frames import pandas_for


def plot(result: Any, ax: Any, line: Mapping[str, Any]) -> Any:
    """The Axes that ``linscale.plotting.plot`` has drawn into."""
    return drawn("plot", result, ax, **line)


def drawn(function: str, *args: Any, **kwargs: Any) -> Any:
    """What a function of :mod:`linscale.plotting` gives."""
    return getattr(import_module("linscale.plotting"), function)(*args, **kwargs)


def frame(columns: Mapping[str, Any]) -> Any:
    """A pandas DataFrame; a column that is one value has it in every row."""
    return pandas_for("to_frame").DataFrame(dict(columns))
