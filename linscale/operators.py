"""What a measurement operator is, and how those of other libraries become one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from linscale import validate
from linscale.errors import InvalidArgument, Unsupported
from linscale.validate import FloatArray

BATCH = 256  # columns at a time when a matrix is filled
LARGEST_MATRIX = 2**28  # entries: 2 GiB


class Operator(LinearOperator):  # type: ignore[misc]
    """A real linear operator by two functions, on one vector or on the columns of a matrix.

    Attributes
    ----------
    name : str
        What it is, for titles and messages.
    image_shape : (height, width)
        Of the image that it takes, flattened row by row.
    """

    def __init__(
        self,
        name: str,
        image_shape: tuple[int, int],
        n: int,
        forward: Callable[[FloatArray], FloatArray],
        adjoint: Callable[[FloatArray], FloatArray],
    ) -> None:
        self.name, self.image_shape = name, image_shape
        self._forward, self._adjoint_of = forward, adjoint
        super().__init__(np.dtype(float), (n, image_shape[0] * image_shape[1]))

    def _matmat(self, x: FloatArray) -> FloatArray:
        return self._forward(np.asarray(x, dtype=float))

    def _matvec(self, x: FloatArray) -> FloatArray:
        return self._forward(np.asarray(x, dtype=float).reshape(-1, 1))[:, 0]

    def _rmatmat(self, y: FloatArray) -> FloatArray:
        return self._adjoint_of(np.asarray(y, dtype=float))

    def _rmatvec(self, y: FloatArray) -> FloatArray:
        return self._adjoint_of(np.asarray(y, dtype=float).reshape(-1, 1))[:, 0]


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


def as_operator(forward: Any) -> LinearOperator:
    """A SciPy LinearOperator from an array, a sparse matrix, or an operator of another library.

    Raises
    ------
    Unsupported
        An operator without an adjoint, or an object that is none of these.
    """
    if isinstance(forward, LinearOperator):
        return _with_adjoint(forward)
    if isinstance(forward, np.ndarray | list) or scipy.sparse.issparse(forward):
        return aslinearoperator(np.asarray(forward) if isinstance(forward, list) else forward)
    if callable(getattr(forward, "A", None)) and callable(getattr(forward, "A_adjoint", None)):
        return _from_physics(forward)
    if all(hasattr(forward, name) for name in ("shape", "matvec", "rmatvec")):
        return LinearOperator(
            tuple(forward.shape), matvec=forward.matvec, rmatvec=forward.rmatvec, dtype=float
        )
    raise Unsupported(
        f"forward of type {type(forward).__name__}: an array, a SciPy LinearOperator, a PyLops "
        "operator, or an object with A and A_adjoint is needed"
    )


def _with_adjoint(operator: LinearOperator) -> LinearOperator:
    try:
        operator.rmatvec(np.zeros(operator.shape[0]))
    except (NotImplementedError, TypeError, AttributeError):
        raise Unsupported(
            "forward has no adjoint: give the LinearOperator an rmatvec as well as a matvec"
        ) from None
    return operator


def _from_physics(physics: Any) -> LinearOperator:
    """deepinv's convention: A and A_adjoint on (batch, channel, height, width) tensors.

    torch is used if whoever made the physics has loaded it, and never imported here.
    """
    size = getattr(physics, "img_size", None)
    if size is None:
        raise Unsupported("forward has A and A_adjoint but no img_size, so its shape is unknown")
    shape = (1, *(int(side) for side in size))
    torch = sys.modules.get("torch")

    def call(method: Callable[[Any], Any], values: NDArray[Any], form: tuple[int, ...]) -> Any:
        array = np.ascontiguousarray(values, dtype=np.float32).reshape(form)
        result = method(array if torch is None else torch.from_numpy(array))
        if hasattr(result, "detach"):
            result = result.detach().cpu().numpy()
        return np.asarray(result)

    probe = call(physics.A, np.zeros(shape), shape)
    if np.iscomplexobj(probe):
        raise InvalidArgument("forward", "complex", "real: stack (Re, Im) as masked_fourier does")
    return LinearOperator(
        (probe.size, int(np.prod(shape))),
        matvec=lambda x: call(physics.A, x, shape).reshape(-1).astype(float),
        rmatvec=lambda y: call(physics.A_adjoint, y, probe.shape).reshape(-1).astype(float),
        dtype=float,
    )
