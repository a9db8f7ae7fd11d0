r"""Scale mixtures: the resolvent of the sample covariance.

Given tau_i, sample i has variance V_ij = tau_i k_j + s2 in the eigenspace j (s2 = sigma^2). V is
of rank two in tau, so that two unknowns hold everything, however many atoms the law of tau has.
With E over that law, in variables that stay finite at z = 0 where N < n,

    alpha = (1/N) sum_j n_j k_j T_j,    beta = (1/N) sum_j n_j T_j,    T_j = 1/(1 + k_j u + s2 v)
    u = E tau d,    v = E d,    d(tau) = 1/(tau alpha + s2 beta - z)

and the resolvent of YY'/N is T_j/(-z) in the eigenspace j; d(tau) is that of Y'Y/N at a sample of
contrast tau. For Im z > 0 one solution alone has Im T < 0 and Im d > 0 throughout. At tau = 1
d = 1/kappa, the Gaussian theory.

Derivation: `mixtures`.

Source: Hachem, Loubaton and Najim, Ann. Appl. Probab. 17 (2007) 875, for variance profiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from linscale.errors import NotConverged
from linscale.models.problem import MixtureProblem
from linscale.support.validate import ComplexArray, FloatArray
from linscale.theory.newton import Profile, solution

ROUNDING = 1e-12


def profile_of(problem: MixtureProblem, n_train: float) -> Profile:
    """n_j/N and all else."""
    law = problem.contrast
    share = problem.multiplicities / float(n_train)
    return Profile(problem.power, share, problem.sigma**2, law.atoms, law.weights)


@dataclass(frozen=True, eq=False)
class Resolvent:
    """The solution at points z (M,), real or complex."""

    profile: Profile
    z: Any
    alpha: Any
    beta: Any

    @cached_property
    def d(self) -> Any:
        """d(tau_k), (M, K)."""
        p = self.profile
        return 1.0 / (self.alpha[:, None] * p.tau + (p.noise * self.beta - self.z)[:, None])

    @cached_property
    def u(self) -> Any:
        """E tau d."""
        return self.d @ (self.profile.weights * self.profile.tau)

    @cached_property
    def v(self) -> Any:
        """E d."""
        return self.d @ self.profile.weights

    @cached_property
    def T(self) -> Any:
        """T_j, (M, J)."""
        p = self.profile
        return 1.0 / (self.u[:, None] * p.power + (1.0 + p.noise * self.v)[:, None])

    @cached_property
    def delta(self) -> Any:
        """u - v, without cancellation where N is large: -alpha d(1) E (tau - 1)^2 d."""
        p = self.profile
        alone = 1.0 / (self.alpha + p.noise * self.beta - self.z)
        return -self.alpha * alone * (self.d @ (p.weights * (p.tau - 1.0) ** 2))


def resolvent(problem: MixtureProblem, n_train: float, z: ComplexArray | FloatArray) -> Resolvent:
    """The solution for Im z > 0, or for real z < 0.

    Newton's method (:mod:`linscale.theory.newton`), and the result is certified: the residual is at
    rounding level, and alpha, beta and z B = -beta have the signs that one solution alone has.

    Raises
    ------
    NotConverged
        If that certificate fails at any point.
    """
    p = profile_of(problem, n_train)
    at = Resolvent(p, z, *solution(p, z))
    certify(at, np.iscomplexobj(z))
    return at


def certify(at: Resolvent, upper: bool) -> None:
    """Raise NotConverged unless these are the solution's own values; ``upper``: at Im z > 0."""
    p, T = at.profile, at.T
    size = np.abs(T)
    f = np.abs(at.alpha - T @ (p.share * p.power)) / (size @ (p.share * p.power) + 1e-300)
    g = np.abs(at.beta - T @ p.share) / (size @ p.share)
    residual = float(np.max(np.maximum(f, g))) if np.all(np.isfinite(f + g)) else np.inf
    tiny = 64 * np.finfo(float).eps
    if upper:
        signs = [-at.alpha.imag, -at.beta.imag, (-at.alpha / at.z).imag, (-at.beta / at.z).imag]
        wrong = any(np.any(s < -tiny * np.abs(s + 1j)) for s in signs)
    else:
        wrong = bool(np.any(at.alpha < 0.0) or np.any(at.beta <= 0.0))
    if not residual < ROUNDING or wrong:
        raise NotConverged(
            "the resolvent of the scale mixture",
            residual,
            "keep the contour farther from the sample spectrum, or rescale the problem so that "
            "its eigenvalues are near 1",
        )
