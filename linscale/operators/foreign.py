"""Operators of other libraries, as ours."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from linscale.errors import InvalidArgument, Unsupported


def as_operator(forward: Any) -> LinearOperator:
    """A SciPy LinearOperator from an array, a sparse matrix, or an operator of another library.

    Parameters
    ----------
    forward : array, list, sparse matrix, LinearOperator, or object
        A matrix, (n, p), or a vector, (p,), as one row. An object has ``shape``, ``matvec`` and
        ``rmatvec``, as PyLops' operators have, or ``A``, ``A_adjoint`` and ``img_size``, as those
        of deepinv have: these are called on one image in single precision, (1, *img_size).

    Returns
    -------
    LinearOperator
        Shape (n, p), with its adjoint; an operator with one is returned as it is.

    Raises
    ------
    Unsupported
        An operator without an adjoint, or an object that is none of these.
    InvalidArgument
        An object with ``A`` whose measurements are complex: stack (Re, Im).
    ValueError
        An array of more than two dimensions, or lists of different lengths.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse.linalg import LinearOperator
    >>> import linscale as ls
    >>> A = ls.forward.as_operator([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> A.shape, A @ np.ones(2), A.T @ np.ones(3)
    ((3, 2), array([ 3.,  7., 11.]), array([ 9., 12.]))
    >>> one_way = LinearOperator((3, 3), matvec=np.cumsum, dtype=float)
    >>> ls.forward.as_operator(one_way)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    linscale.errors.Unsupported: forward has no adjoint: give the LinearOperator an rmatvec ...
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
