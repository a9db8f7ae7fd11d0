"""One module per derivation: check(results, rng) holds its results against the package.

Both sides are numbers of the computer, and how far they may differ is worked out with them: every
operation on a :class:`Known` carries along a bound on the error, to first order. The derived
formula is evaluated with its inputs moved by as many roundings as the package's longest chain of
operations has (``chain``): that is what rounding does there, times the problem's own condition
number, with all that cancels on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from tests.tolerances import CONTRACT, EPS

CHAIN = 32  # operations, one after another, of a formula of the package over two or three atoms
CERTIFICATE = 1e-13  # of the largest term: what effective_penalty certifies
FUNCTION = 4  # units in the last place: exp, log and powers of vectorized libraries


@dataclass(frozen=True)
class Known:
    """Numbers of which the error is known to be at most ``error`` (both arrays)."""

    value: Any
    error: Any = 0.0

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if ufunc is np.matmul:
            return inputs[1].__rmatmul__(inputs[0])
        if method != "__call__" or options or ufunc not in SLOPES:
            return NotImplemented
        inputs = [x if isinstance(x, Known) else Known(np.asarray(x)) for x in inputs]
        with np.errstate(all="ignore"):  # a spoiled formula: what comes out is refused in agree()
            values = [x.value for x in inputs]
            value = ufunc(*(np.asarray(x) * 1.0 for x in values))
            moved = sum(
                np.abs(slope) * np.asarray(x.error) if np.any(x.error) else 0.0
                for slope, x in zip(SLOPES[ufunc](value, *values), inputs, strict=True)
            )
            ulps = FUNCTION if ufunc not in ARITHMETIC or np.iscomplexobj(value) else 1
            if ufunc in EXACT:
                ulps = 0
            return Known(value, moved + ulps * EPS * np.abs(value))

    def __add__(self, other):
        return np.add(self, other)

    def __radd__(self, other):
        return np.add(other, self)

    def __sub__(self, other):
        return np.subtract(self, other)

    def __rsub__(self, other):
        return np.subtract(other, self)

    def __mul__(self, other):
        return np.multiply(self, other)

    def __rmul__(self, other):
        return np.multiply(other, self)

    def __truediv__(self, other):
        return np.divide(self, other)

    def __rtruediv__(self, other):
        return np.divide(other, self)

    def __pow__(self, other):
        return np.power(self, other)

    def __rpow__(self, other):
        return np.power(other, self)

    def __neg__(self):
        return Known(-self.value, self.error)

    def __abs__(self):
        return Known(np.abs(self.value), self.error + EPS * np.abs(self.value))

    def __getitem__(self, key):
        return Known(np.asarray(self.value)[key], (self.error + 0.0 * np.abs(self.value))[key])

    def __rmatmul__(self, weights):
        """A sum of known numbers, and as many roundings as it has terms."""
        size = np.abs(weights)
        rounded = len(self.value) * EPS * (size @ np.abs(self.value))
        return Known(weights @ self.value, size @ (self.error + 0.0 * np.abs(self.value)) + rounded)

    __array_priority__ = 1000

    @property
    def real(self):
        return Known(np.real(self.value), self.error)

    @property
    def imag(self):
        return Known(np.imag(self.value), self.error)


ARITHMETIC = {np.add, np.subtract, np.multiply, np.divide}
EXACT = {np.negative, np.conjugate}
SLOPES = {
    np.add: lambda f, x, y: (1.0, 1.0),
    np.subtract: lambda f, x, y: (1.0, 1.0),
    np.multiply: lambda f, x, y: (y, x),
    np.divide: lambda f, x, y: (1.0 / y, f / y),
    np.power: lambda f, x, y: (y * x ** (y - 1.0), f * np.log(np.abs(x))),
    np.negative: lambda f, x: (1.0,),
    np.conjugate: lambda f, x: (1.0,),
    np.exp: lambda f, x: (f,),
    np.log: lambda f, x: (1.0 / x,),
    np.sqrt: lambda f, x: (0.5 / f,),
    np.sin: lambda f, x: (np.cos(x),),
    np.cos: lambda f, x: (np.sin(x),),
    np.tan: lambda f, x: (1.0 + f**2,),
    np.arctan: lambda f, x: (1.0 / (1.0 + x**2),),
    np.square: lambda f, x: (2.0 * x,),
    np.absolute: lambda f, x: (1.0,),
}


def moved(x: Any, chain: float = CHAIN) -> Known:
    """A number of the package, at the end of a chain of operations."""
    return x if isinstance(x, Known) else Known(np.asarray(x), chain * EPS * np.abs(x))


def evaluated(expr: Any, values: Any, chain: float = CHAIN, functions: Any = None) -> Known:
    """A derived formula at ``values``, of which real and complex ones are moved by ``chain``.

    Counts (of integer type) are exact on either side.
    """
    known = [
        Known(np.asarray(x) * 1.0) if np.asarray(x).dtype.kind in "iu" else moved(x, chain)
        for x in values.values()
    ]
    out = compiled(expr, tuple(values), tuple((functions or {}).items()))(*known)
    return out if isinstance(out, Known) else Known(np.asarray(out) * 1.0)


@cache
def compiled(expr: Any, symbols: tuple[Any, ...], functions: Any = ()) -> Any:
    """A formula as a function of known numbers."""
    return sp.lambdify(symbols, expr, [dict(functions), PARTS, "numpy"], cse=True)


def _part(name: str) -> Any:
    return lambda x: getattr(x, name) if isinstance(x, Known) else getattr(np, name)(x)


PARTS = {"re": _part("real"), "im": _part("imag"), "real": _part("real"), "imag": _part("imag")}


def agree(found: Any, expected: Any, also: Any = 0.0, scale: Any = None) -> None:
    """The two are one number: up to what is known of them, and what ``also`` is allowed.

    Rounding that could hide more than the contract of the number, or of the ``scale`` at which it
    came about, says nothing, and is a failure.
    """
    found, expected = moved(found, 0.0), moved(expected, 0.0)
    rounding = found.error + expected.error
    scale = np.abs(expected.value) if scale is None else scale
    assert np.all(rounding <= CONTRACT * scale), ("rounding hides it", rounding, scale)
    off = np.abs(found.value - expected.value)
    assert np.all(off <= rounding + also), (found.value, expected.value, off, rounding + also)


def argument(problem: Any, n_train: float, z: Any, kappa: Any, share: Any = CERTIFICATE) -> Known:
    """z as that of which kappa is the effective penalty, known to a part of the largest term."""
    l, weight = problem.eigenvalues, problem.multiplicities * problem.eigenvalues / n_train
    size = 1.0 + np.abs(1.0 / (l + np.asarray(kappa)[..., None])) @ weight
    return Known(z, share * (np.abs(z) + np.abs(kappa) * size))
