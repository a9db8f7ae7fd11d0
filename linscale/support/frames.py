"""pandas, where it is installed: no part of linscale needs it but to make its tables."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from linscale.errors import InputError


def pandas_for(what: str, remedy: str = "pip install pandas") -> Any:
    """The module pandas, for what needs it.

    Raises
    ------
    InputError
        Where it is not installed, naming the remedy.
    """
    try:
        return import_module("pandas")
    except ImportError:
        raise InputError(f"{what} needs pandas: {remedy}") from None
