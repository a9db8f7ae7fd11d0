"""What numbers were made with."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any


def environment() -> dict[str, Any]:
    """What the numbers were made with."""
    packages = ("linscale", "numpy", "scipy", "numba")
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except Exception:  # not installed as a distribution: run from a source tree
            found[name] = "source tree"
    return {"versions": {"python": platform.python_version(), **found}}
