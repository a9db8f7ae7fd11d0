"""What is said beside the answer: lines on standard error, which may be read or thrown away."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from linscale.errors import ScaleWarning


def tell(line: str) -> None:
    """A line on standard error, at once; above a progress bar where there is one."""
    from tqdm import tqdm

    tqdm.write(line, file=sys.stderr)
    sys.stderr.flush()


@contextmanager
def warnings_told() -> Iterator[None]:
    """Doubts about the scale are a line each, ``warning: ...``; other warnings stay as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", ScaleWarning)
        usual = warnings.showwarning

        def show(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, ScaleWarning):
                tell(f"warning: {message}")
            else:
                usual(message, category, *where, **more)

        warnings.showwarning = show
        yield
