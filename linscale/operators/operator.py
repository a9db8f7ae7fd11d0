"""What a measurement operator is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import LinearOperator

from linscale.support.validate import FloatArray


class Operator(LinearOperator):  # type: ignore[misc]
    """A real linear operator by two functions, on one image or on several at once.

    It is a SciPy ``LinearOperator``: ``A @ x``, ``A.T @ y``, ``A.shape``.

    Parameters
    ----------
    name : str
        What it is, for titles and messages.
    image_shape : (height, width)
        Of the image that it takes, flattened row by row; p = height * width.
    n : int
        Number of measurements.
    forward : callable
        A on the columns of a matrix, (p, B) to (n, B).
    adjoint : callable
        A' on the columns of a matrix, (n, B) to (p, B): :func:`linscale.forward.dot_test` checks.

    Attributes
    ----------
    name, image_shape
        As given.
    shape : (n, p)

    Examples
    --------
    A blur along a row of pixels, periodic, and its adjoint:

    >>> import numpy as np
    >>> import linscale as ls
    >>> def blur(x):
    ...     return 0.5 * (x + np.roll(x, 1, axis=0))
    >>> def adjoint(y):
    ...     return 0.5 * (y + np.roll(y, -1, axis=0))
    >>> A = ls.forward.Operator("blur", (1, 5), 5, blur, adjoint)
    >>> A @ np.array([0.0, 0.0, 1.0, 0.0, 0.0])
    array([0. , 0. , 0.5, 0.5, 0. ])
    >>> ls.forward.dot_test(A) < 1e-14
    True
    >>> model = ls.InverseProblem(A, np.eye(5), sigma=0.1)  # as any model takes it
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
