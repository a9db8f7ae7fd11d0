"""Periodic stationary images: the spectral problem by FFT alone, at any size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InvalidArgument
from linscale.images.covariances import power_spectrum
from linscale.models.problem import SpectralProblem
from linscale.models.reduction import joined, noise_level, with_noise
from linscale.operators.forward import valid_mask
from linscale.results.words import counted
from linscale.support import validate
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False)
class StationaryImages:
    r"""Periodic stationary Gaussian images, denoised, or measured by masked Fourier columns.

    The Fourier transform F (orthonormal) makes the covariance diagonal, so with
    s_f = E|F x(f)|^2 everything is a sum over frequencies, and no p x p matrix is formed. It is
    what :class:`linscale.InverseProblem` makes of :func:`linscale.covariances.stationary` and
    :func:`linscale.forward.masked_fourier`. Risks are per pixel.

    Parameters
    ----------
    image_shape : (height, width)
    sigma : float
        Noise in every pixel, or in each of Re and Im; between 1e-30 and 1e30.
    exponent, power : float
        As for :func:`linscale.covariances.stationary`; power between 1e-60 and 1e60.
    mask : (width,) array of bool, optional
        Columns of k-space that are measured, as from :func:`linscale.forward.cartesian_mask`;
        without it the image itself is.

    Attributes
    ----------
    spectrum : (height, width) array
        s_f, zero frequency first.

    Raises
    ------
    InvalidArgument
        Numbers or a mask outside these ranges; also where the exponent is so steep that the
        spectrum leaves the range of doubles.

    Examples
    --------
    >>> import linscale as ls
    >>> mask = ls.forward.cartesian_mask(64, acceleration=4)
    >>> model = ls.StationaryImages((64, 64), sigma=0.1, exponent=3.0, mask=mask)
    >>> problem = model.spectral()
    >>> problem.dimension  # real measurements: Re and Im of 16 columns
    2048
    >>> found = ls.theory.converged(model, 100_000)
    >>> round(found.value / found.floor, 2)  # so close to the best linear estimator
    1.02
    """

    image_shape: tuple[int, int]
    sigma: float
    exponent: float
    power: float
    mask: NDArray[np.bool_] | None
    spectrum: FloatArray

    def __init__(
        self,
        image_shape: tuple[int, int],
        sigma: float,
        exponent: float = 2.0,
        power: float = 1.0,
        mask: Any = None,
    ) -> None:
        shape = validate.image_shape(image_shape)
        object.__setattr__(self, "image_shape", shape)
        object.__setattr__(self, "sigma", noise_level(sigma))
        object.__setattr__(self, "exponent", validate.finite("exponent", exponent))
        object.__setattr__(self, "power", validate.real("power", power))
        if not 1e-60 < self.power < 1e60:
            raise InvalidArgument("power", power, "between 1e-60 and 1e60")
        kept = None if mask is None else validate.frozen(valid_mask(mask, (shape[1],)))
        object.__setattr__(self, "mask", kept)
        with np.errstate(over="ignore", invalid="ignore"):
            spectrum = power_spectrum(shape, self.exponent, self.power)
        if not np.all(np.isfinite(spectrum)):
            raise InvalidArgument(
                "exponent, power", f"{exponent}, {power}", "nearer to 0: the spectrum overflows"
            )
        object.__setattr__(self, "spectrum", validate.frozen(spectrum))

    def __repr__(self) -> str:
        mask = "" if self.mask is None else f", mask of {counted(int(self.mask.sum()), 'column')}"
        return (
            f"StationaryImages({self.image_shape}, sigma={self.sigma:.6g}, "
            f"exponent={self.exponent:.6g}, power={self.power:.6g}{mask})"
        )

    def spectral(self) -> SpectralProblem:
        r"""The spectral problem: l = k + sigma^2, w = k power/(l^2 p) with power = |S_x A' v|^2/k.

        Without a mask k = power = s_f. F x(f) and F x(-f) are conjugate, so of the measured

            f = -f:          Re has variance s_f, Im none                 k = s_f and 0,   power s_f
            -f not measured: Re and Im have s_f/2 each                    k = s_f/2 twice, power s_f
            -f measured too: each part twice, once with the other sign    k = s_f twice and 0 twice

        where the last row stands for f and -f together. The floor is what remains of every s_f:

            s_f where neither f nor -f is measured,   s_f sigma^2/(s_f + sigma^2) where both are,
            2 s_f sigma^2/(s_f/2 + sigma^2), of f and -f together, where one is.

        Returns
        -------
        SpectralProblem
            Of scale p; made once and kept.

        Raises
        ------
        InvalidArgument
            The smallest eigenvalue of Cov(y) is below 1e-11 of the largest: rounding would swallow
            the noise.

        Examples
        --------
        The same from an 8 x 8 image's matrices:

        >>> import numpy as np
        >>> import linscale as ls
        >>> mask = ls.forward.cartesian_mask(8, acceleration=2)
        >>> fast = ls.StationaryImages((8, 8), sigma=0.1, mask=mask).spectral()
        >>> A, cov = ls.forward.masked_fourier((8, 8), mask), ls.covariances.stationary((8, 8))
        >>> slow = ls.InverseProblem(A, cov, sigma=0.1).spectral()
        >>> bool(np.isclose(fast.floor, slow.floor)), fast.dimension == slow.dimension
        (True, True)
        """
        return self._spectral

    @cached_property
    def _spectral(self) -> SpectralProblem:
        s, s2 = self.spectrum, self.sigma**2
        if self.mask is None:
            both, alone, neither = s.ravel(), np.zeros(0), np.zeros(0)
            k, power = both, both
        else:
            kept = np.broadcast_to(np.fft.ifftshift(self.mask), s.shape)
            row, column = np.indices(s.shape)
            opposite = kept[-row % s.shape[0], -column % s.shape[1]]
            # f = -f is among "both": each f of those brings k = s_f once and k = 0 once.
            both, alone, neither = s[kept & opposite], s[kept & ~opposite], s[~kept & ~opposite]
            k = np.concatenate((np.repeat(alone / 2.0, 2), both, np.zeros(both.size)))
            power = np.concatenate((np.repeat(alone, 2), both, np.zeros(both.size)))
        remains = np.sum(both / (both + s2)) + 2.0 * np.sum(alone / (alone / 2.0 + s2))
        floor = float(neither.sum() + s2 * remains) / s.size
        order = np.argsort(k)
        k, power = k[order], power[order]
        # Every k is known to relative rounding. A gap that grew with the number and the size of the
        # largest, as a matrix needs, would chain different frequencies of large images together.
        gap = 4.0 * (4.0 + abs(self.exponent)) * np.finfo(float).eps
        k, counts, power = joined(k, power, gap * k[1:])
        l, w = with_noise(k, power, self.sigma, s.size)
        return SpectralProblem(l, counts, w, floor=floor, scale=s.size)
