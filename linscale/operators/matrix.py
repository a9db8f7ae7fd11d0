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
    """Largest |<A x, y> - <x, A' y>| / (|A x| |y| + |x| |A' y|) over a few random pairs.

    At rounding level, 1e-14 or so, the adjoint is the adjoint. ``forward`` is anything that
    :func:`as_operator` takes.
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
    """The matrix of an operator, shape (n, p), column by column."""
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
