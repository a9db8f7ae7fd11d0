"""The subspace model of Klug and Heckel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from linscale.errors import InvalidArgument
from linscale.models.problem import SpectralProblem
from linscale.support import validate


@dataclass(frozen=True)
class SubspaceModel:
    r"""Denoising of signals in a d-dimensional subspace of R^n.

        y = x + z,   x = U c,   U'U = I_d,   c ~ N(0, I_d),   z ~ N(0, sigma^2 I_n).

    Risks are divided by d, so that the estimator W = 0 has risk 1 and the floor is
    sigma^2 / (1 + sigma^2).

    Parameters
    ----------
    n : int
        Dimension of the signal, at least 1.
    d : int
        Dimension of the subspace, from 1 to n.
    sigma : float
        Standard deviation of the noise, from 1e-5 to 1e5; that of the signal is 1 along U.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.

    Source: Klug and Heckel, ICLR 2023, arXiv 2209.13435, Section 5.

    >>> model = SubspaceModel(n=100, d=10, sigma=0.5)
    >>> model, round(model.spectral().floor, 6)
    (SubspaceModel(n=100, d=10, sigma=0.5), 0.2)
    """

    n: int
    d: int
    sigma: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", validate.integer("n", self.n, at_least=1))
        object.__setattr__(self, "d", validate.integer("d", self.d, at_least=1))
        if self.d > self.n:
            raise InvalidArgument("d", self.d, f"at most n = {self.n} (a subspace of R^n)")
        object.__setattr__(self, "sigma", validate.real("sigma", self.sigma))
        if not 1e-5 <= self.sigma <= 1e5:
            raise InvalidArgument("sigma", self.sigma, "from 1e-5 to 1e5 (the signal's is 1)")

    def spectral(self) -> SpectralProblem:
        """l = (1+s2, s2), n = (d, n-d), w = (1/(1+s2)^2, 0), floor = s2/(1+s2); s2 = sigma^2."""
        return self._spectral

    @cached_property
    def _spectral(self) -> SpectralProblem:
        s2 = self.sigma**2
        return SpectralProblem(
            eigenvalues=[1.0 + s2, s2],
            multiplicities=[self.d, self.n - self.d],
            target_weights=[1.0 / (1.0 + s2) ** 2, 0.0],
            floor=s2 / (1.0 + s2),
            scale=self.d,
        )
