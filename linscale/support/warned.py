"""Warnings that point at the user's line, not at one in here."""

from __future__ import annotations

import sys
import warnings

PACKAGE = __name__.partition(".")[0]


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the first caller outside the package.

    Examples
    --------
    >>> import warnings
    >>> from linscale.support.warned import warn
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("something is odd", UserWarning)
    >>> str(caught[0].message), caught[0].filename.endswith("warned.py")
    ('something is odd', False)
    """
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _inside(frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _inside(module: str) -> bool:
    # contextlib: a context manager as decorator, such as one_thread, calls from there.
    return module in (PACKAGE, "contextlib") or module.startswith(f"{PACKAGE}.")
