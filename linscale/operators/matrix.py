"""Whether an operator's adjoint is its adjoint, and its matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from linscale.errors import InvalidArgument
from linscale.operators.foreign import as_operator
from linscale.support import validate
from linscale.support.validate import FloatArray

BATCH = 256  # columns at a time when a matrix is filled
LARGEST_MATRIX = 2**28  # entries: 2 GiB


def dot_test(forward: Any, rng: Any = 0, tries: int = 5) -> float:
    """Whether an adjoint is the adjoint, by a few random pairs x and y of white noise.

    The largest |<A x, y> - <x, A' y>| / (|A x| |y| + |x| |A' y|) is at rounding level, 1e-14 or so,
    if it is (1e-7 for what works in single precision), and far above it if not.

    Parameters
    ----------
    forward : array, operator, ...
        Anything that :func:`linscale.forward.as_operator` takes.
    rng : None, int, SeedSequence or Generator
        The pairs depend on it alone.
    tries : int
        How many pairs, at least 1.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    InvalidArgument
        ``tries`` is not an integer of at least 1.
    Unsupported
        What is no operator, or has no adjoint at all.

    Examples
    --------
    The adjoint of a cumulative sum is the same from the other end:

    >>> import numpy as np
    >>> from scipy.sparse.linalg import LinearOperator
    >>> import linscale as ls
    >>> def from_the_end(y):
    ...     return np.cumsum(y[::-1])[::-1]
    >>> right = LinearOperator((3, 3), matvec=np.cumsum, rmatvec=from_the_end, dtype=float)
    >>> ls.forward.dot_test(right) < 1e-14
    True
    >>> wrong = LinearOperator((3, 3), matvec=np.cumsum, rmatvec=np.cumsum, dtype=float)
    >>> ls.forward.dot_test(wrong) > 0.1
    True
    """
    operator = as_operator(forward)
    generator, worst = np.random.default_rng(rng), 0.0
    for _ in range(validate.integer("tries", tries, at_least=1)):
        x, y = (generator.standard_normal(size) for size in operator.shape[::-1])
        ahead, back = operator.matvec(x), operator.rmatvec(y)
        size = np.linalg.norm(ahead) * np.linalg.norm(y) + np.linalg.norm(x) * np.linalg.norm(back)
        worst = max(worst, float(abs(ahead @ y - x @ back) / (size + 1e-300)))
    return worst


def dense(forward: Any) -> FloatArray:
    """The matrix of an operator, column by column.

    Parameters
    ----------
    forward : array, operator, ...
        Anything that :func:`linscale.forward.as_operator` takes, real.

    Returns
    -------
    (n, p) array
        A.

    Raises
    ------
    InvalidArgument
        More than 2^28 entries (2 GiB), or complex values.
    Unsupported
        What is no operator, or has no adjoint.

    Examples
    --------
    >>> import linscale as ls
    >>> ls.forward.dense(ls.forward.super_resolution((2, 4), 2, blur=0))
    array([[0.25, 0.25, 0.  , 0.  , 0.25, 0.25, 0.  , 0.  ],
           [0.  , 0.  , 0.25, 0.25, 0.  , 0.  , 0.25, 0.25]])
    """
    operator = as_operator(forward)
    n, p = operator.shape
    if n * p > LARGEST_MATRIX:
        raise InvalidArgument(
            "forward", f"shape {(n, p)}", f"of at most {LARGEST_MATRIX:.2g} entries to be a matrix"
        )
    out = np.empty((n, p))
    for start in range(0, p, BATCH):
        block = np.zeros((p, min(BATCH, p - start)))
        block[start + np.arange(block.shape[1]), np.arange(block.shape[1])] = 1.0
        columns = np.asarray(operator.matmat(block))
        if np.iscomplexobj(columns):
            raise InvalidArgument(
                "forward", "complex", "real: stack (Re, Im) as masked_fourier does"
            )
        out[:, start : start + block.shape[1]] = columns
    return out
