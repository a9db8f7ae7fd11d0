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

    Parameters
    ----------
    n : int
        Pixels, at least 1.
    d : int
        Dimension of the subspace, from 1 to n.
    sigma : float
        Noise in each pixel, from 1e-5 to 1e5; the signal has 1 in each direction of the subspace.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.

    Examples
    --------
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> for n_train in (10, 100, 1000):
    ...     print(n_train, f"{ls.theory.early_stopped(model, n_train).value:.4f}")
    10 0.1896
    100 0.0113
    1000 0.0100
    >>> f"{ls.theory.floor(model):.4f}"  # what no number of examples gets below
    '0.0099'
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
        """l = (1+s2, s2), n = (d, n-d), w = (1/(1+s2)^2, 0), floor = s2/(1+s2); s2 = sigma^2.

        Returns
        -------
        SpectralProblem
            Of scale d; one eigenvalue where d = n.

        Examples
        --------
        >>> import linscale as ls
        >>> problem = ls.SubspaceModel(n=100, d=10, sigma=0.5).spectral()
        >>> problem.eigenvalues, problem.multiplicities, problem.floor, problem.scale
        (array([1.25, 0.25]), array([10., 90.]), 0.2, 10.0)
        """
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
