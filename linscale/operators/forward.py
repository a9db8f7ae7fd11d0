r"""Measurement operators A of y = A x + z: matrix-free, each with its exact adjoint.

Every function here returns an :class:`Operator`, which is a SciPy ``LinearOperator`` from flattened
images (row by row) to real measurements: ``A @ x``, ``A.T @ y``, ``A.shape``. Foreign operators
come in through :func:`as_operator`: arrays, sparse matrices, any ``LinearOperator``, PyLops
operators, and objects in the manner of deepinv with ``A`` and ``A_adjoint``.

Complex measurements are stacked as real ones, (Re, Im). For real images that loses nothing: the
learned estimator acts on a real vector with real Gaussian noise of the same sigma in each part, so
the theory, its 1/N term of real data included, holds as it stands. It would be the complex theory
(``complex_data=True``) if a complex matrix were learned on complex circular signals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike, NDArray

from linscale.errors import InvalidArgument
from linscale.operators import Operator, as_operator, dense, dot_test
from linscale.support import validate
from linscale.support.validate import FloatArray

__all__ = [
    "Operator",
    "as_operator",
    "cartesian_mask",
    "dense",
    "dot_test",
    "identity",
    "inpainting",
    "masked_fourier",
    "radon",
    "super_resolution",
]


def identity(image_shape: tuple[int, int]) -> Operator:
    """Denoising, A = I.

    Parameters
    ----------
    image_shape : (height, width)
        Integers of at least 1; p = height * width pixels.

    Returns
    -------
    Operator
        Shape (p, p).

    Raises
    ------
    InvalidArgument
        No image shape.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> A = ls.forward.identity((2, 3))
    >>> A.name, A.shape
    ('denoising', (6, 6))
    >>> A @ np.arange(6.0)
    array([0., 1., 2., 3., 4., 5.])
    """
    shape = validate.image_shape(image_shape)
    return Operator("denoising", shape, shape[0] * shape[1], np.copy, np.copy)


def masked_fourier(image_shape: tuple[int, int], mask: ArrayLike) -> Operator:
    r"""Accelerated MRI with one coil: columns of the orthonormal 2-D Fourier transform.

    y = (Re, Im) of F x at every row of the columns that ``mask`` keeps, low frequencies in the
    middle of the mask; n = 2 * height * (columns kept). sigma is the noise in each part.

    Parameters
    ----------
    image_shape : (height, width)
        Integers of at least 1; p = height * width pixels.
    mask : (width,) array of bool
        As from :func:`cartesian_mask`; at least one column is kept.

    Returns
    -------
    Operator
        Shape (n, p). Singular values are at most 1; y has the units of the image.

    Raises
    ------
    InvalidArgument
        No image shape; a mask of another shape, of other values, or that keeps nothing.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> mask = ls.forward.cartesian_mask(16, acceleration=4)
    >>> A = ls.forward.masked_fourier((8, 16), mask)
    >>> A.name, A.shape
    ('MRI, 4 x accelerated', (64, 128))

    The adjoint makes the zero-filled image of measurements. A constant image comes back whole, as
    the middle column holds all of it:

    >>> flat = np.ones(128)
    >>> bool(np.allclose(A.T @ (A @ flat), flat))
    True
    """
    height, width = shape = validate.image_shape(image_shape)
    columns = np.flatnonzero(np.fft.ifftshift(valid_mask(mask, (width,))))

    def forward(x: FloatArray) -> FloatArray:
        spectrum = np.fft.fft2(x.reshape(height, width, -1), axes=(0, 1), norm="ortho")
        kept = spectrum[:, columns].reshape(height * columns.size, -1)
        return np.concatenate((kept.real, kept.imag))

    def adjoint(y: FloatArray) -> FloatArray:
        half = height * columns.size
        spectrum = np.zeros((height, width, y.shape[1]), dtype=complex)
        spectrum[:, columns] = (y[:half] + 1j * y[half:]).reshape(height, columns.size, -1)
        image = np.fft.ifft2(spectrum, axes=(0, 1), norm="ortho").real
        return np.asarray(image.reshape(height * width, -1))

    name = f"MRI, {width / columns.size:.3g} x accelerated"
    return Operator(name, shape, 2 * height * columns.size, forward, adjoint)


def cartesian_mask(
    width: int, acceleration: float = 4, center_fraction: float | None = None, rng: Any = 0
) -> NDArray[np.bool_]:
    """Which columns of k-space are measured: the middle, and others at random.

    Source: the random masks of fastMRI, Zbontar et al., arXiv 1811.08839, there with a random
    number of columns; here with exactly as many as the acceleration says.

    Parameters
    ----------
    width : int
        Columns of k-space, at least 1.
    acceleration : float
        From 1 to ``width``: round(width / acceleration) columns are kept.
    center_fraction : float, optional
        From 0 to 1: share of the width kept in the middle, as far as so many columns are kept at
        all. 0.08 at 4 and 0.04 at 8, in general 0.32 over the acceleration, and one column at
        least, the mean of each row.
    rng : None, int, SeedSequence or Generator
        The mask depends on it alone.

    Returns
    -------
    (width,) array of bool
        True where a column is measured; the zero frequency is at width // 2.

    Raises
    ------
    InvalidArgument
        A width, acceleration or share outside these ranges.

    Examples
    --------
    >>> import linscale as ls
    >>> mask = ls.forward.cartesian_mask(320, acceleration=4, rng=0)
    >>> int(mask.sum()), bool(mask[160])
    (80, True)

    With as large a share in the middle as is kept in all, nothing is left to chance:

    >>> ls.forward.cartesian_mask(8, acceleration=4, center_fraction=0.25).astype(int)
    array([0, 0, 0, 1, 1, 0, 0, 0])
    """
    width = validate.integer("width", width, at_least=1)
    speed = validate.real("acceleration", acceleration)
    share = 0.32 / speed if center_fraction is None else validate.real(
        "center_fraction", center_fraction, positive=False
    )  # fmt: skip
    if share > 1.0:
        raise InvalidArgument("center_fraction", center_fraction, "at most 1")
    total, middle = round(width / speed), round(share * width)
    if center_fraction is None:
        middle = max(middle, 1)
    if not 1.0 <= speed <= width:
        raise InvalidArgument(
            "acceleration", acceleration, f"from 1 to {width}, the number of columns"
        )
    middle = min(middle, total)
    mask = np.zeros(width, dtype=bool)
    start = (width - middle + 1) // 2
    mask[start : start + middle] = True
    others = np.flatnonzero(~mask)
    mask[np.random.default_rng(rng).choice(others, total - middle, replace=False)] = True
    return mask


def super_resolution(
    image_shape: tuple[int, int], factor: int, blur: float | None = None
) -> Operator:
    """Gaussian blur, then one pixel of each ``factor`` x ``factor`` block, at its middle.

    Parameters
    ----------
    image_shape : (height, width)
        Of the fine image, p = height * width.
    factor : int
        At least 1; must divide both sides of the image.
    blur : float, optional
        Standard deviation in pixels of the fine grid, factor / 2 unless given; 0 for none (an even
        factor then takes the mean of the four pixels around the middle). The image is mirrored at
        its border, and each row of weights sums to 1.

    Returns
    -------
    Operator
        Shape (p / factor^2, p).

    Raises
    ------
    InvalidArgument
        A factor that is no such divisor, or a negative blur.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> A = ls.forward.super_resolution((4, 4), 2, blur=0)
    >>> image = np.arange(16.0)  # rows 0 to 3, 4 to 7, ...
    >>> A @ image
    array([ 2.5,  4.5, 10.5, 12.5])

    The usual blur reaches into other blocks, and leaves a constant image as it is:

    >>> A = ls.forward.super_resolution((4, 4), 2)
    >>> (A @ image).round(3), (A @ np.ones(16)).round(3)
    (array([ 3.428,  5.057,  9.943, 11.572]), array([1., 1., 1., 1.]))
    """
    shape = validate.image_shape(image_shape)
    factor = validate.integer("factor", factor, at_least=1)
    if shape[0] % factor or shape[1] % factor:
        raise InvalidArgument("factor", factor, f"a divisor of both sides of the image, {shape}")
    width = factor / 2 if blur is None else validate.real("blur", blur, positive=False)
    rows, columns = (_blurred_samples(side, factor, width) for side in shape)

    def forward(x: FloatArray) -> FloatArray:
        image = np.einsum("ij,jkb->ikb", rows, x.reshape(*shape, -1))
        coarse: FloatArray = np.einsum("lk,ikb->ilb", columns, image)
        return coarse.reshape(-1, x.shape[1])

    def adjoint(y: FloatArray) -> FloatArray:
        coarse = y.reshape(rows.shape[0], columns.shape[0], -1)
        half = np.einsum("lk,ilb->ikb", columns, coarse)
        image: FloatArray = np.einsum("ij,ikb->jkb", rows, half)
        return image.reshape(-1, y.shape[1])

    n = rows.shape[0] * columns.shape[0]
    return Operator(f"super-resolution x {factor}", shape, n, forward, adjoint)


def _blurred_samples(side: int, factor: int, width: float) -> FloatArray:
    """Weights of the fine pixels in each coarse one along a side, (side / factor, side)."""
    centers = factor * np.arange(side // factor) + 0.5 * (factor - 1)
    reach = int(np.ceil(4.0 * width)) + factor
    out = np.zeros((centers.size, side))
    for i, center in enumerate(centers):
        place = np.arange(int(center) - reach, int(center) + reach + 1)
        distance = place - center
        if width > 0:
            weight = np.exp(-0.5 * (distance / width) ** 2)
        else:  # the pixel or, half way between two, both
            weight = np.maximum(1.0 - np.abs(distance), 0.0)
        mirrored = place % (2 * side)
        np.add.at(out[i], np.minimum(mirrored, 2 * side - 1 - mirrored), weight)
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def inpainting(image_shape: tuple[int, int], mask: ArrayLike) -> Operator:
    """Only the pixels that ``mask`` keeps.

    Parameters
    ----------
    image_shape : (height, width)
        p = height * width.
    mask : (height, width) array of bool
        True where a pixel is measured; at least one is.

    Returns
    -------
    Operator
        Shape (pixels kept, p); its adjoint puts zeros in the other places.

    Raises
    ------
    InvalidArgument
        A mask of another shape, of other values, or that keeps nothing.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> A = ls.forward.inpainting((2, 2), [[True, False], [False, True]])
    >>> A.name
    'inpainting, 50% of the pixels'
    >>> A @ np.array([1.0, 2.0, 3.0, 4.0])
    array([1., 4.])
    >>> A.T @ np.array([1.0, 4.0])
    array([1., 0., 0., 4.])
    """
    shape = validate.image_shape(image_shape)
    kept = np.flatnonzero(valid_mask(mask, shape))

    def adjoint(y: FloatArray) -> FloatArray:
        out = np.zeros((shape[0] * shape[1], y.shape[1]))
        out[kept] = y
        return out

    name = f"inpainting, {kept.size / (shape[0] * shape[1]):.0%} of the pixels"
    return Operator(name, shape, kept.size, lambda x: x[kept], adjoint)


def radon(image_shape: tuple[int, int], angles: ArrayLike) -> Operator:
    """Tomography: line integrals through the image at each of a few angles.

    Every pixel adds its value to the two detector bins next to its centre's projection, shared
    linearly; bins are as wide as a pixel and cover the image's diagonal.

    Parameters
    ----------
    image_shape : (height, width)
        p = height * width.
    angles : (K,) array
        In degrees, of the detector's axis against the rows; at least one.

    Returns
    -------
    Operator
        Shape (n, p), n = K * bins with bins = ceil(diagonal in pixels) + 2; one detector after
        another. y is in units of the image times pixels.

    Raises
    ------
    InvalidArgument
        No image shape, or angles that are not finite numbers.

    Examples
    --------
    One bright column, seen along itself and from the side:

    >>> import numpy as np
    >>> import linscale as ls
    >>> A = ls.forward.radon((4, 6), [0.0, 90.0])
    >>> image = np.zeros((4, 6))
    >>> image[:, 1] = 1.0
    >>> (A @ image.ravel()).reshape(2, -1).round(3)
    array([[0., 0., 0., 4., 0., 0., 0., 0., 0., 0.],
           [0., 0., 0., 1., 1., 1., 1., 0., 0., 0.]])
    """
    height, width = shape = validate.image_shape(image_shape)
    directions = np.deg2rad(validate.real_vector("angles", angles))
    bins = int(np.ceil(np.hypot(height, width))) + 2
    row, column = np.indices(shape).reshape(2, -1)
    x, y = column - 0.5 * (width - 1), row - 0.5 * (height - 1)
    pixel = np.arange(x.size)
    parts = []
    for direction in directions:
        place = x * np.cos(direction) + y * np.sin(direction) + 0.5 * (bins - 1)
        below = np.floor(place).astype(int)
        share = place - below
        values = np.concatenate((1.0 - share, share))
        index = (np.concatenate((below, below + 1)), np.tile(pixel, 2))
        parts.append(scipy.sparse.csr_array((values, index), shape=(bins, x.size)))
    matrix = scipy.sparse.vstack(parts, format="csr")
    transposed = matrix.T.tocsr()
    return Operator(
        f"tomography, {directions.size} angles", shape, matrix.shape[0],
        lambda image: matrix @ image, lambda data: transposed @ data,
    )  # fmt: skip


def valid_mask(mask: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A mask of that shape that keeps something, as booleans.

    Parameters
    ----------
    mask : array of bool, or of 0 and 1
    shape : tuple of int
        What its shape must be.

    Returns
    -------
    array of bool
        Of that shape.

    Raises
    ------
    InvalidArgument
        Another shape, other values, or False everywhere.

    Examples
    --------
    >>> from linscale.operators.forward import valid_mask
    >>> valid_mask([0, 1, 1], (3,))
    array([False,  True,  True])
    >>> valid_mask([0, 1], (3,))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    linscale.errors.InvalidArgument: mask = an array of shape (2,): must be of True ...
    """
    kept = np.asarray(mask)
    if kept.shape != shape or not np.all((kept == 0) | (kept == 1)):
        raise InvalidArgument(
            "mask", f"an array of shape {kept.shape}", f"of True and False, of shape {shape}"
        )
    if not np.any(kept):
        raise InvalidArgument("mask", "False everywhere", "True somewhere: it keeps nothing")
    return kept.astype(bool)
