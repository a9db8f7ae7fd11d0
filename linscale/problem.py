"""The spectral problem: all that the risk of a learned linear estimator depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from linscale import validate
from linscale.errors import InvalidArgument
from linscale.validate import FloatArray


@dataclass(frozen=True, eq=False)
class SpectralProblem:
    r"""A linear inverse problem with Gaussian data, reduced to its spectrum.

    Let S = Cov(y) with distinct eigenvalues l_j of multiplicity n_j and eigenprojectors P_j, and
    B = Cov(x, y) S^{-1} the best linear estimator. The expected risk of an estimator learned by
    filtering the sample covariance depends on the problem only through

        l_j,   n_j,   w_j = ||B P_j||_F^2 / scale,   floor = tr(S_x - B S B') / scale.

    Parameters
    ----------
    eigenvalues : (J,) array
        l_j > 0, in units of y squared.
    multiplicities : (J,) array of integers
        n_j >= 0; an atom of multiplicity 0 is allowed and dropped (its weight must be 0).
    target_weights : (J,) array
        w_j >= 0: the *total* over each eigenspace, already divided by ``scale``.
    floor : float
        Risk of the best linear estimator, already divided by ``scale``.
    scale : float
        What risks were divided by (d for the subspace model, p per pixel); kept for units.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.
    """

    eigenvalues: FloatArray
    multiplicities: FloatArray
    target_weights: FloatArray
    floor: float
    scale: float = 1.0

    def __init__(
        self,
        eigenvalues: ArrayLike,
        multiplicities: ArrayLike,
        target_weights: ArrayLike,
        floor: float,
        scale: float = 1.0,
    ) -> None:
        l = validate.vector("eigenvalues", eigenvalues, positive=True)
        n = validate.vector("multiplicities", multiplicities)
        w = validate.vector("target_weights", target_weights)
        for name, array in (("multiplicities", n), ("target_weights", w)):
            if array.shape != l.shape:
                raise InvalidArgument(
                    name, f"{array.size} values", f"as many as eigenvalues ({l.size})"
                )
        if np.any(n != np.round(n)):
            raise InvalidArgument("multiplicities", n, "integers")
        if not np.any(n > 0):
            raise InvalidArgument("multiplicities", n, "positive for at least one eigenvalue")
        if np.any(w[n == 0] > 0):
            raise InvalidArgument(
                "target_weights", w, "zero where the multiplicity is zero (an empty eigenspace)"
            )
        keep = n > 0
        object.__setattr__(self, "eigenvalues", validate.frozen(l[keep]))
        object.__setattr__(self, "multiplicities", validate.frozen(n[keep]))
        object.__setattr__(self, "target_weights", validate.frozen(w[keep]))
        object.__setattr__(self, "floor", validate.real("floor", floor, positive=False))
        object.__setattr__(self, "scale", validate.real("scale", scale))

    @property
    def dimension(self) -> int:
        """n, the number of measurements: the sum of the multiplicities."""
        return int(self.multiplicities.sum())

    @property
    def zero_risk(self) -> float:
        """Risk of the estimator W = 0, tr S_x / scale = floor + sum_j w_j l_j."""
        return float(self.floor + self.target_weights @ self.eigenvalues)

    def spectral(self) -> SpectralProblem:
        """Itself, so that a problem may be given wherever a model may."""
        return self


class Model(Protocol):
    """Anything that reduces to a spectral problem."""

    def spectral(self) -> SpectralProblem: ...
