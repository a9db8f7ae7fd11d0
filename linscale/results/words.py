"""Numbers in a few words, for the reprs of results and models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DIGITS = 9  # most that are shown: a contour integral promises 1e-8
PLAIN = 6  # digits where no error says how many mean something
LARGEST_PLAIN = 1e7  # numbers from here on are written with an exponent


def short(value: float) -> str:
    """Four digits; whole numbers in full.

    Examples
    --------
    >>> from linscale.results.words import short
    >>> short(31.573319), short(2048.0), short(float("inf"))
    ('31.57', '2048', 'inf')
    """
    whole = np.isfinite(value) and value == np.round(value) and abs(value) < LARGEST_PLAIN
    return f"{value:.0f}" if whole else f"{value:.4g}"


def span(values: NDArray[np.number]) -> str:
    """The smallest and the largest, or the one that there is."""
    low, high = short(float(np.min(values))), short(float(np.max(values)))
    return low if low == high else f"{low} to {high}"


def error_words(error: float) -> str:
    """Two digits of an error, where it has two.

    Examples
    --------
    >>> from linscale.results.words import error_words
    >>> error_words(2.138e-05), error_words(4.0), error_words(1234.0)
    ('2.1e-05', '4', '1200')
    """
    rounded = float(f"{error:.1e}")
    return f"{rounded:.0f}" if 10.0 <= rounded < LARGEST_PLAIN else f"{rounded:.2g}"


def with_error(value: float, error: float) -> str:
    """The value to the second digit of its error, and the error.

    Examples
    --------
    >>> from linscale.results.words import with_error
    >>> with_error(0.0135309, 2.138e-05), with_error(15342.1, 230.0), with_error(0.25, 0.0)
    ('0.013531 ± 2.1e-05', '15340 ± 230', '0.25 ± 0')
    """
    rounded = float(f"{error:.1e}")
    said = f"{rounded:#.2g}" if 1e-4 <= rounded < 10.0 else error_words(error)
    return f"{_rounded(value, rounded)} ± {said}"


def _rounded(value: float, error: float) -> str:
    if not (np.isfinite(value) and 0.0 < error < np.inf):
        return f"{value:.{PLAIN}g}"
    last = _decade(error) - 1  # the place of the error's second digit
    first = _decade(value) if value else last
    if last >= 0 and first < np.log10(LARGEST_PLAIN):
        return f"{round(value, -last):.0f}"
    digits = min(max(first - last + 1, 2), DIGITS)
    return f"{value:#.{digits}g}".rstrip(".").replace(".e", "e")


def _decade(value: float) -> int:
    return int(np.floor(np.log10(abs(value))))


SIMULATED = "simulated, as theory is not sure enough here"  # how it was found, and no doubt


def is_doubtful(status: str) -> bool:
    """Whether a status says something that should keep one from trusting the value.

    Examples
    --------
    >>> from linscale.results.words import SIMULATED, is_doubtful
    >>> is_doubtful("ok"), is_doubtful(SIMULATED), is_doubtful("off by 30 %")
    (False, False, True)
    """
    return status not in ("ok", SIMULATED)


def status_words(statuses: Sequence[str]) -> str:
    """How many of several remarks are not "ok"; the remark itself where there is one point.

    Examples
    --------
    >>> from linscale.results.words import status_words
    >>> status_words(["ok", "ok"]), status_words(["ok", "off by 30 %"]), status_words(["few draws"])
    ("status='ok'", '1 of 2 not ok', "status='few draws'")
    """
    if len(statuses) == 1:
        return f"status={statuses[0]!r}"
    doubtful = sum(map(is_doubtful, statuses))
    return f"{doubtful} of {len(statuses)} not ok" if doubtful else "status='ok'"


def counted(number: int, thing: str) -> str:
    """``1 point``, ``2 points``."""
    return f"{number} {thing}" + ("" if number == 1 else "s")
