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

PER_STAGE, LAST = 3, 6  # Newton steps
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Profile:
    """The numbers of the equations: eigenspaces (J,) and atoms (K,) with their shares."""

    power: FloatArray
    share: FloatArray
    noise: float
    tau: FloatArray
    weights: FloatArray

    @classmethod
    def of(cls, problem: MixtureProblem, n_train: float) -> Profile:
        """n_j/N and all else."""
        law = problem.contrast
        share = problem.multiplicities / float(n_train)
        return cls(problem.power, share, problem.sigma**2, law.atoms, law.weights)


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

    def at(self, z: Any) -> Resolvent:
        """The same unknowns, a first guess, at other points."""
        return Resolvent(self.profile, z, self.alpha, self.beta)

    def newton(self, steps: int) -> Resolvent:
        """Newton steps on alpha, beta."""
        p, at = self.profile, self
        one, many = p.share * p.power, p.share
        for _ in range(steps):
            T, d = at.T, at.d
            f, g = at.alpha - T @ one, at.beta - T @ many
            T = T * T
            k2, k1, k0 = T @ (one * p.power), T @ one, T @ many
            d = d * d
            e2, e1, e0 = (d @ (p.weights * p.tau**i) for i in (2, 1, 0))
            # 1 - d(T side)/d(u, v) d(u, v)/d(alpha, beta)
            aa, ab = 1.0 - k2 * e2 - p.noise * k1 * e1, -p.noise * (k2 * e1 + p.noise * k1 * e0)
            ba, bb = -(k1 * e2 + p.noise * k0 * e1), 1.0 - p.noise * (k1 * e1 + p.noise * k0 * e0)
            scale = 1.0 / (aa * bb - ab * ba)
            alpha = at.alpha - scale * (bb * f - ab * g)
            beta = at.beta - scale * (aa * g - ba * f)
            at = Resolvent(p, at.z, alpha, beta)
        return at


def resolvent(problem: MixtureProblem, n_train: float, z: ComplexArray | FloatArray) -> Resolvent:
    """The solution for Im z > 0, or for real z < 0.

    As in :func:`linscale.theory.gaussian.stieltjes.effective_penalty`: Newton's method from far
    above (or far left), where T = 1, down to z in factors of two. The result is certified: the
    residual is at rounding level, and alpha, beta and z B = -beta have the signs that one solution
    alone has.

    Raises
    ------
    NotConverged
        If that certificate fails at any point.
    """
    p = Profile.of(problem, n_train)
    upper = np.iscomplexobj(z)
    near = float(np.min(z.imag)) if upper else float(-np.max(z))
    size = float((p.tau.max() * p.power + p.noise) @ p.share + np.max(p.tau) * p.power.max())
    far = 4.0 * (float(np.abs(z).max()) + size + p.noise)
    away: Any = 1j * far if upper else -far
    start = np.ones_like(z)
    at = Resolvent(p, z + away, start * (p.share @ p.power), start * p.share.sum())
    for k in range(int(np.ceil(np.log2(far / near))) + 1):
        at = at.at(z + away * 0.5**k).newton(PER_STAGE)
    at = at.at(z).newton(LAST)
    certify(at, upper)
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
