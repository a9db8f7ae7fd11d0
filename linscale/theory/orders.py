"""The order of the expansion: what may be asked for, and how a result names it."""

from __future__ import annotations

from linscale.errors import InvalidArgument, Unsupported
from linscale.models.problem import MixtureProblem, Problem
from linscale.support import validate


def check_order(order: int) -> None:
    """Orders 0 and 1 are there."""
    if type(order) is not int or order not in (0, 1):
        raise InvalidArgument("order", order, "0 (leading order) or 1 (with the 1/N term)")


def check_data(problem: Problem, complex_data: bool) -> None:
    """``complex_data`` is a flag, and for Gaussian signals alone."""
    if validate.flag("complex_data", complex_data) and isinstance(problem, MixtureProblem):
        raise Unsupported("complex_data=True: the contrast must be constant, Gaussian signals")


def method(order: int, complex_data: bool = False, problem: Problem | None = None) -> str:
    """How a result names the method."""
    if isinstance(problem, MixtureProblem):
        return f"theory of scale mixtures, order {order}"
    return "theory, complex circular data" if complex_data else f"theory, order {order}"
