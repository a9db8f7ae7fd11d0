"""The order of the expansion: what may be asked for, and how a result names it."""

from __future__ import annotations

from linscale.errors import InvalidArgument


def check_order(order: int) -> None:
    """Orders 0 and 1 are there."""
    if type(order) is not int or order not in (0, 1):
        raise InvalidArgument("order", order, "0 (leading order) or 1 (with the 1/N term)")


def method(order: int, complex_data: bool = False) -> str:
    """How a result names the method."""
    return "theory, complex circular data" if complex_data else f"theory, order {order}"
