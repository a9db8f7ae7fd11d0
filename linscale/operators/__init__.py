"""Measurement operators: ours, those of other libraries, and the tasks that they make by name."""

from linscale.operators.foreign import as_operator
from linscale.operators.matrix import dense, dot_test
from linscale.operators.operator import Operator

__all__ = ["Operator", "as_operator", "dense", "dot_test"]
