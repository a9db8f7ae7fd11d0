"""What a measurement operator is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import LinearOperator

from linscale.support.validate import FloatArray


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
