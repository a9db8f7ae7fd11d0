r"""Sums over signals from which their mean and covariance follow, so that nobody keeps the signals.

About a fixed origin o, with y = x - o: the count n, sum y, sum y y', and for shrinkage sum |y|^2 y
and sum |y|^4. Sums of groups add up, so that a resample of groups is a weighted sum of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linscale.errors import InvalidArgument
from linscale.images.covariances import SHRINKAGES, Estimate
from linscale.support.blas import threads_for
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over some signals.

    Attributes
    ----------
    origin : float
        The grey that is taken off every pixel first; the nearer to the mean, the fewer digits are
        lost.
    count : float
        n.
    first, third : (p,) arrays
        sum y and sum \\|y\\|^2 y.
    second : (p, p) array
        sum y y'.
    fourth : float
        sum \\|y\\|^4.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images.moments import Moments
    >>> x = np.random.default_rng(0).standard_normal((3, 200))
    >>> whole = Moments.of(x, origin=0.5)
    >>> halves = Moments.of(x[:, :90], 0.5) + Moments.of(x[:, 90:], 0.5)
    >>> np.allclose(halves.estimate().cov, whole.estimate().cov)
    True
    >>> np.allclose(whole.estimate().cov, np.cov(x, bias=True))
    True
    """

    origin: float
    count: float
    first: FloatArray
    second: FloatArray
    third: FloatArray
    fourth: float

    @classmethod
    def of(cls, signals: FloatArray, origin: float) -> Moments:
        """Of the columns of a (p, M) array."""
        y = signals - origin
        squared = np.einsum("ij,ij->j", y, y)
        with threads_for(len(y)):
            second = y @ y.T
        fourth = float(squared @ squared)
        return cls(origin, float(y.shape[1]), y.sum(axis=1), second, y @ squared, fourth)

    @classmethod
    def none(cls, pixels: int, origin: float) -> Moments:
        """Of no signal."""
        zeros = np.zeros((pixels, pixels))
        return cls(origin, 0.0, np.zeros(pixels), zeros, np.zeros(pixels), 0.0)

    def __add__(self, other: Moments) -> Moments:
        return self.plus(1.0, other)

    def plus(self, weight: float, other: Moments) -> Moments:
        """These and ``weight`` times the others, of the same origin."""
        return Moments(
            self.origin,
            self.count + weight * other.count,
            self.first + weight * other.first,
            self.second + weight * other.second,
            self.third + weight * other.third,
            self.fourth + weight * other.fourth,
        )

    def estimate(self, shrinkage: str = "none") -> Estimate:
        """Mean and covariance, as :func:`linscale.covariances.from_samples` has them."""
        if shrinkage not in SHRINKAGES:
            raise InvalidArgument("shrinkage", repr(shrinkage), ", ".join(map(repr, SHRINKAGES)))
        mean = self.first / self.count
        cov = self.second / self.count - np.outer(mean, mean)
        if shrinkage != "none":
            share = self._ledoit_wolf(mean, cov) if shrinkage == "ledoit-wolf" else self._oas(cov)
            towards = float(np.trace(cov)) / len(cov)
            cov = (1.0 - share) * cov
            cov[np.diag_indices_from(cov)] += share * towards
        return Estimate(self.origin + mean, cov)

    def _ledoit_wolf(self, mean: FloatArray, cov: FloatArray) -> float:
        """How far towards a multiple of I: the variance of the entries of C over their spread.

        Source: Ledoit and Wolf, J. Multivariate Anal. 88 (2004) 365, Section 3.3.
        """
        square, off = float(np.sum(cov**2)), float(mean @ mean)
        spread = square - float(np.trace(cov)) ** 2 / len(cov)
        # sum |y - mean|^4
        central = (
            self.fourth
            - 4.0 * float(self.third @ mean)
            + 4.0 * float(mean @ self.second @ mean)
            + 2.0 * off * float(np.trace(self.second))
            - 3.0 * self.count * off**2
        )
        variance = (central / self.count - square) / self.count
        return min(variance, spread) / spread if spread > 0.0 and variance != 0.0 else 0.0

    def _oas(self, cov: FloatArray) -> float:
        """The same for Gaussian signals.

        Source: Chen, Wiesel, Eldar and Hero, IEEE Trans. Signal Process. 58 (2010) 5016, (23), as
        scikit-learn has it, without a term of order 1/p.
        """
        size = np.mean(cov**2)
        level = (float(np.trace(cov)) / len(cov)) ** 2
        below = (self.count + 1.0) * (size - level / len(cov))
        return 1.0 if below == 0.0 else min(float((size + level) / below), 1.0)
