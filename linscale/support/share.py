"""Numbers written as people write them: 25/255."""

from __future__ import annotations

from linscale.errors import InvalidArgument


def share(name: str, text: str, allowed: str = "a number, or two as 25/255") -> float:
    """A number, or a quotient of two, from its text.

    Examples
    --------
    >>> from linscale.support.share import share
    >>> share("sigma", "25/255") == 25 / 255, share("sigma", "0.1")
    (True, 0.1)
    """
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        raise InvalidArgument(name, repr(text), allowed) from None
