"""Checks on arguments, made where values are built, so that nothing later has to doubt them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linscale.errors import InvalidArgument

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


def integer(name: str, value: Any, *, at_least: int, at_most: int | None = None) -> int:
    """``value`` as a Python int; 3.0 and numpy integers are accepted, 3.5 and True are not."""
    allowed = f"an integer, at least {at_least}" + (
        "" if at_most is None else f" and at most {at_most}"
    )
    if isinstance(value, bool | np.bool_):
        raise InvalidArgument(name, value, allowed)
    try:
        number = (
            int(value)
            if isinstance(value, float | np.floating) and float(value).is_integer()
            else operator.index(value)
        )
    except TypeError:
        raise InvalidArgument(name, value, allowed) from None
    if number < at_least or (at_most is not None and number > at_most):
        raise InvalidArgument(name, value, allowed)
    return number


LARGEST_N_TRAIN = 10**15  # counts beyond it are not told apart in double precision


def n_train(value: Any) -> int:
    """The number of training examples."""
    return integer("n_train", value, at_least=1, at_most=LARGEST_N_TRAIN)


def flag(name: str, value: Any) -> bool:
    """True or False, and nothing that merely acts like one."""
    if not isinstance(value, bool | np.bool_):
        raise InvalidArgument(name, repr(value)[:60], "True or False")
    return bool(value)


def image_shape(image_shape: Any) -> tuple[int, int]:
    """(height, width) of an image."""
    try:
        height, width = image_shape
    except (TypeError, ValueError):
        raise InvalidArgument("image_shape", image_shape, "(height, width)") from None
    return (
        integer("image_shape", height, at_least=1),
        integer("image_shape", width, at_least=1),
    )


def real(name: str, value: Any, *, positive: bool = True) -> float:
    """``value`` as a finite float, above 0 (or at least 0 when ``positive`` is false)."""
    allowed = "a finite number " + ("above 0" if positive else "that is not negative")
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise InvalidArgument(name, value, allowed) from None
    if not np.isfinite(number) or number < 0 or (positive and number == 0):
        raise InvalidArgument(name, value, allowed)
    return number


def finite(name: str, value: Any) -> float:
    """``value`` as a finite float of any sign."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InvalidArgument(name, value, "a finite number") from None
    if not np.isfinite(number):
        raise InvalidArgument(name, value, "a finite number")
    return number


def vector(name: str, values: ArrayLike, *, positive: bool = False) -> FloatArray:
    """A read-only 1-D float array of finite numbers, not negative (or above 0)."""
    allowed = "a list of finite numbers " + ("above 0" if positive else "that are not negative")
    array = real_vector(name, values, allowed)
    if np.any(array < 0) or (positive and np.any(array == 0)):
        raise InvalidArgument(name, f"{array.min():.6g} (its smallest entry)", allowed)
    return frozen(array)


def real_vector(
    name: str, values: ArrayLike, allowed: str = "a list of finite numbers"
) -> FloatArray:
    """A read-only 1-D float array of finite numbers of any sign."""
    try:
        if np.iscomplexobj(values):
            raise TypeError
        array = np.array(values, dtype=float, ndmin=1)
    except (TypeError, ValueError):
        raise InvalidArgument(name, values, allowed) from None
    if array.ndim != 1 or array.size == 0 or not np.all(np.isfinite(array)):
        raise InvalidArgument(name, values, allowed)
    return frozen(array)


def matrix(name: str, values: ArrayLike, allowed: str = "a matrix") -> FloatArray:
    """A 2-D float array of finite numbers, not empty; a copy."""
    try:
        if np.iscomplexobj(values):
            raise TypeError
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise InvalidArgument(name, type(values).__name__, "a matrix of real numbers") from None
    if array.ndim != 2 or array.size == 0:
        raise InvalidArgument(name, f"shape {array.shape}", allowed)
    if not np.all(np.isfinite(array)):
        raise InvalidArgument(name, "NaN or infinite entries", "finite")
    return array


def whole_numbers(name: str, values: ArrayLike) -> FloatArray:
    """A read-only 1-D float array of integers that are not negative."""
    array = vector(name, values)
    if np.any(array != np.round(array)):
        raise InvalidArgument(name, array, "integers")
    return array


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The same array, marked read-only."""
    array.setflags(write=False)
    return array
