"""Periodic stationary images: the spectral problem by FFT alone, at any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale import validate
from linscale.covariances import power_spectrum
from linscale.forward import valid_mask
from linscale.models import merge_equal
from linscale.problem import SpectralProblem
from linscale.validate import FloatArray


@dataclass(frozen=True, eq=False)
class StationaryImages:
    r"""Periodic stationary Gaussian images, denoised, or measured by masked Fourier columns.

    The Fourier transform F (orthonormal) makes the covariance diagonal, so with
    s_f = E|F x(f)|^2 everything is a sum over frequencies, and no p x p matrix is formed. It is
    what :class:`linscale.InverseProblem` makes of :func:`linscale.covariances.stationary` and
    :func:`linscale.forward.masked_fourier`.

    Parameters
    ----------
    image_shape : (height, width)
    sigma : float
        Noise in every pixel, or in each of Re and Im.
    exponent, power : float
        As for :func:`linscale.covariances.stationary`.
    mask : (width,) array of bool, optional
        Columns of k-space that are measured, as from :func:`linscale.forward.cartesian_mask`;
        without it the image itself is.

    Attributes
    ----------
    spectrum : (height, width) array
        s_f, zero frequency first.
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
        object.__setattr__(self, "sigma", validate.real("sigma", sigma))
        object.__setattr__(self, "exponent", validate.finite("exponent", exponent))
        object.__setattr__(self, "power", validate.real("power", power))
        kept = None if mask is None else validate.frozen(valid_mask(mask, (shape[1],)))
        object.__setattr__(self, "mask", kept)
        spectrum = power_spectrum(shape, self.exponent, self.power)
        object.__setattr__(self, "spectrum", validate.frozen(spectrum))

    def spectral(self) -> SpectralProblem:
        r"""The spectral problem: l = k + sigma^2, w = k power/(l^2 p) with power = |S_x A' v|^2/k.

        Without a mask k = power = s_f. F x(f) and F x(-f) are conjugate, so of the measured

            f = -f:          Re has variance s_f, Im none                 k = s_f and 0,   power s_f
            -f not measured: Re and Im have s_f/2 each                    k = s_f/2 twice, power s_f
            -f measured too: each part twice, once with the other sign    k = s_f twice and 0 twice

        where the last row stands for f and -f together.
        """
        s, s2 = self.spectrum, self.sigma**2
        p = s.size
        if self.mask is None:
            k, power = s.ravel(), s.ravel()
        else:
            measured = np.broadcast_to(np.fft.ifftshift(self.mask), s.shape)
            row, column = np.indices(s.shape)
            opposite = -row % s.shape[0], -column % s.shape[1]
            alone = measured & ~measured[opposite]
            both = measured & ~alone  # f = -f among them: each f brings k = s_f once and 0 once
            k = np.concatenate((np.repeat(s[alone], 2) / 2.0, s[both], np.zeros(both.sum())))
            power = np.concatenate((np.repeat(s[alone], 2), s[both], np.zeros(both.sum())))
        l = k + s2
        explained = float(np.sum(k * power / l))
        floor = max(float(s.sum()) - explained, 0.0) / p
        order = np.argsort(l)
        l, counts, w = merge_equal(l[order], (k * power / l**2)[order] / p)
        return SpectralProblem(l, counts, w, floor=floor, scale=p)
