"""The noise that images already have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linscale.errors import InputError, InvalidArgument
from linscale.images import Image
from linscale.results.uncertain import UncertainFloat
from linscale.support import validate
from linscale.support.blas import eigh
from linscale.support.validate import FloatArray

LEAST_SIDE = 8  # pixels: a few of the finest wavelets must fit


def estimate_sigma(images: Sequence[Image]) -> UncertainFloat:
    """Standard deviation of the noise in images: the median of what scikit-image says of each.

    The estimate, the median size of the finest wavelet coefficients, counts fine texture as noise:
    on scikit-image's photographs as they are it finds 0.0015 to 0.04 (median 0.005). With noise of
    0.02, 0.05, 0.1 and 0.2 added it is 13, 4, 1 and 0.2 per cent too large; on scikit-learn's two,
    which are finer, 35, 15 and 6 per cent at 0.02, 0.05 and 0.1.

    Source: Donoho and Johnstone, Biometrika 81 (1994) 425, as skimage.restoration.estimate_sigma.

    Parameters
    ----------
    images : sequence of Image
        At least one, of 8 pixels a side or more.

    Returns
    -------
    UncertainFloat
        On the images' scale, where white is 1. ``error`` is the standard error of the median, from
        how much images differ (their texture included, its bias not); inf for a single one.

    Raises
    ------
    InputError
        No images, images below 8 pixels a side or without noise, or scikit-image or PyWavelets
        missing.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.images.noise import estimate_sigma
    >>> rng = np.random.default_rng(0)
    >>> smooth = np.add.outer(np.linspace(0.0, 0.5, 64), np.linspace(0.0, 0.5, 64))
    >>> noisy = [Image(f"{k}", smooth + 0.1 * rng.standard_normal((64, 64))) for k in range(4)]
    >>> found = estimate_sigma(noisy)
    >>> f"{found:.2f}", abs(found - 0.1) < 3 * found.error
    ('0.10', True)
    """
    try:
        import pywt  # noqa: F401  (what scikit-image needs for it)
        from skimage.restoration import estimate_sigma as of_image
    except ImportError:
        raise InputError(
            "estimating noise needs scikit-image and PyWavelets: pip install 'linscale[images]'"
        ) from None
    if not images:
        raise InputError("no images to estimate noise from")
    for image in images:
        if min(image.pixels.shape) < LEAST_SIDE:
            raise InputError(
                f"{image.name}: {image.pixels.shape} pixels are too few to estimate noise from; "
                f"at least {LEAST_SIDE} a side"
            )
    found = np.array([float(of_image(image.pixels)) for image in images])
    if not np.median(found) > 1e-9:
        raise InputError("the images show no noise to estimate: give sigma")
    spread = 1.2533 * found.std(ddof=1) / np.sqrt(found.size) if found.size > 1 else np.inf
    return UncertainFloat(float(np.median(found)), float(spread))


def denoised_cov(cov: FloatArray, sigma: float) -> FloatArray:
    """Covariance of signals whose noisy versions have covariance ``cov``: cov - sigma^2 I.

    Directions in which that is negative hold nothing but noise, and are set to zero.

    Parameters
    ----------
    cov : (p, p) array
        Symmetric.
    sigma : float
        Noise of the signals, at least 0, in their units.

    Returns
    -------
    (p, p) array
        Symmetric positive semidefinite.

    Raises
    ------
    InvalidArgument
        No square matrix, one that is not symmetric, or a negative sigma.

    Examples
    --------
    Eigenvalues 0.5, 2.5 and 4.5 under noise of variance 1: the first direction is noise alone.

    >>> import numpy as np
    >>> from linscale.images.noise import denoised_cov
    >>> np.diag(denoised_cov(np.diag([0.5, 2.5, 4.5]), sigma=1.0))
    array([0. , 1.5, 3.5])
    """
    level = validate.real("sigma", sigma, positive=False)
    noisy = validate.matrix("cov", cov, "a square matrix")
    if noisy.shape[0] != noisy.shape[1]:
        raise InvalidArgument("cov", f"shape {noisy.shape}", "a square matrix")
    asymmetry = float(np.abs(noisy - noisy.T).max())
    if asymmetry > 16 * noisy.shape[0] * np.finfo(float).eps * np.abs(noisy).max():
        raise InvalidArgument("cov", f"a matrix with |C - C'| up to {asymmetry:.3g}", "symmetric")
    k, v = eigh(noisy)
    return np.asarray((v * np.maximum(k - level**2, 0.0)) @ v.T)
