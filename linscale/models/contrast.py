r"""Contrast: the law of tau in a scale mixture x = sqrt(tau) g, g Gaussian and independent of tau.

Patches of photographs have very different contrast at much the same covariance. E tau = 1 leaves
second moments, and with them the best linear estimator and the floor, as they are; what changes is
how much is learned from N examples. The law is kept as atoms and weights: those of the Gauss rule,
which integrates polynomials in tau up to degree 2 K - 1 as the law itself does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import brentq
from scipy.special import roots_hermitenorm

from linscale.errors import InvalidArgument
from linscale.support import validate
from linscale.support.blas import eigh, one_thread
from linscale.support.validate import FloatArray

ATOMS = 10
NEGLIGIBLE = 1e-200  # weight below which an atom is dropped


@dataclass(frozen=True, eq=False)
class Contrast:
    """A law of tau with finitely many atoms; its mean is normalised to 1.

    Parameters
    ----------
    atoms : (K,) array
        tau_k >= 0, not all 0. They are divided by their mean, and kept in ascending order.
    weights : (K,) array
        Probabilities, up to a common factor.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.

    >>> Contrast([1.0, 3.0], [0.5, 0.5]).atoms.tolist()
    [0.5, 1.5]
    >>> Contrast.gamma(2.0), Contrast.constant()
    (Contrast(10 atoms, spread=0.5), Contrast.constant())
    """

    atoms: FloatArray
    weights: FloatArray

    def __init__(self, atoms: ArrayLike, weights: ArrayLike) -> None:
        tau = validate.vector("atoms", atoms)
        share = validate.vector("weights", weights)
        if share.shape != tau.shape:
            raise InvalidArgument(
                "weights", f"{share.size} values", f"as many as atoms ({tau.size})"
            )
        largest = float(share.max())
        if largest == 0.0:
            raise InvalidArgument("weights", share, "above 0 for at least one atom")
        share = share / largest
        keep = share > NEGLIGIBLE
        tau, share = tau[keep], share[keep] / share[keep].sum()
        if not tau.max() > 0.0:
            raise InvalidArgument("atoms", tau, "above 0 for at least one atom of positive weight")
        tau = tau / tau.max()
        order = np.argsort(tau, kind="stable")
        object.__setattr__(self, "atoms", validate.frozen((tau / (share @ tau))[order]))
        object.__setattr__(self, "weights", validate.frozen(share[order]))

    @classmethod
    def constant(cls) -> Contrast:
        """tau = 1: Gaussian signals."""
        return cls([1.0], [1.0])

    @classmethod
    def lognormal(cls, spread: float, atoms: int = ATOMS) -> Contrast:
        """log tau normal, with ``spread`` the variance of tau; by the Gauss-Hermite rule."""
        variance = validate.real("spread", spread, positive=False)
        x, w = roots_hermitenorm(_count(atoms))
        if variance == 0.0:
            return cls.constant()
        s2 = np.log1p(variance)
        return cls(np.exp(np.sqrt(s2) * x - 0.5 * s2), w)

    @classmethod
    def gamma(cls, shape: float, atoms: int = ATOMS) -> Contrast:
        """tau of the gamma law, of variance 1/shape; by the generalised Gauss-Laguerre rule."""
        k = validate.real("shape", shape)
        if not 1e-3 <= k <= 1e6:
            raise InvalidArgument("shape", shape, "from 1e-3 to 1e6 (beyond, take constant())")
        # The rule of weight x^(k-1) exp(-x) by its Jacobi matrix: no overflow at large k.
        i = np.arange(float(_count(atoms)))
        return cls(*_gauss_rule(2.0 * i + k, np.sqrt(i[1:] * (i[1:] + k - 1.0))))

    @classmethod
    def from_sample(cls, tau: ArrayLike, atoms: int = ATOMS) -> Contrast:
        """Gauss rule of an empirical law: Lanczos on diag(tau), started from the constant vector.

        Parameters
        ----------
        tau : (M,) array
            Not negative, not all 0.
        atoms : int
            Fewer are kept where tau takes fewer values.

        Source: Golub and Meurant, Matrices, Moments and Quadrature (2010), Chapter 4.
        """
        sample = validate.vector("tau", tau)
        count, mean = _count(atoms), float(sample.mean())
        if not mean > 0.0:
            raise InvalidArgument("tau", sample, "above 0 for at least one of the sample")
        return cls(*_gauss_rule(*_lanczos(sample / mean, count)))

    @classmethod
    @one_thread()
    def from_patches(
        cls, patches: ArrayLike, signal_cov: ArrayLike, sigma: float, atoms: int = ATOMS
    ) -> Contrast:
        r"""tau of real signals, by their Mahalanobis energy e = x' (S_x + sigma^2 I)^{-1} x.

        The energy of Gaussian signals varies too: its second moment is 1 + 2/d times its mean
        squared, d = (tr M)^2 / tr M^2 with M = S_x (S_x + sigma^2 I)^{-1}. That is taken out: e^c
        stands for tau, with the power c < 1 that makes the second moment smaller by this factor.

        Parameters
        ----------
        patches : (p, M) array
            Centred signals as columns.
        signal_cov : (p, p) array
            S_x.
        sigma : float
            Noise of the measurements that will be learned from: directions below it tell nothing.
        """
        x = validate.matrix("patches", patches)
        cov = validate.matrix("signal_cov", signal_cov, "a square matrix")
        level = validate.real("sigma", sigma)
        if cov.shape != (x.shape[0], x.shape[0]):
            raise InvalidArgument(
                "signal_cov", f"shape {cov.shape}", f"{(x.shape[0],) * 2}, to match patches"
            )
        k, v = eigh(0.5 * (cov + cov.T))
        k = np.maximum(k, 0.0)
        energy = ((v.T @ x) ** 2).T @ (1.0 / (k + level**2))
        if not energy.max() > 0.0:
            raise InvalidArgument("patches", "0 everywhere", "signals that vary")
        learned = k / (k + level**2)
        directions = float(learned.sum() ** 2 / (learned @ learned))
        return cls.from_sample(_without_sampling(energy / energy.mean(), directions), atoms)

    @property
    def spread(self) -> float:
        """The variance of tau."""
        return float(self.weights @ (self.atoms - 1.0) ** 2)

    @property
    def is_constant(self) -> bool:
        """Whether tau is 1, up to rounding: Gaussian signals."""
        return bool(np.ptp(self.atoms) <= 8.0 * np.finfo(float).eps)

    def __repr__(self) -> str:
        if self.is_constant:
            return "Contrast.constant()"
        return f"Contrast({self.atoms.size} atoms, spread={self.spread:.4g})"

    def sample(self, count: int, rng: np.random.Generator) -> FloatArray:
        """``count`` independent draws, (count,)."""
        if self.is_constant:
            return np.ones(count)
        return np.asarray(rng.choice(self.atoms, size=count, p=self.weights))


def _without_sampling(energy: FloatArray, directions: float) -> FloatArray:
    """The energies to the power that makes their second moment smaller by 1 + 2/directions."""

    def second(power: float) -> float:
        return float(np.mean(energy ** (2.0 * power)) / np.mean(energy**power) ** 2)

    wanted = second(1.0) / (1.0 + 2.0 / directions)
    if wanted <= 1.0:
        return np.ones_like(energy)  # no more than Gaussian signals vary
    return np.asarray(energy ** brentq(lambda c: second(c) - wanted, 0.0, 1.0))


def _count(atoms: int) -> int:
    return validate.integer("atoms", atoms, at_least=1, at_most=64)


def _gauss_rule(diagonal: FloatArray, side: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights from a Jacobi matrix (Golub and Welsch, Math. Comput. 23 (1969) 221)."""
    nodes, vectors = eigh_tridiagonal(diagonal, side)
    return np.maximum(nodes, 0.0), vectors[0] ** 2


def _lanczos(tau: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Jacobi matrix of the empirical law of tau, with full reorthogonalisation."""
    basis = [np.full(tau.size, 1.0 / np.sqrt(tau.size))]
    diagonal: list[float] = []
    side: list[float] = []
    enough = tau.size * np.finfo(float).eps * float(tau.max())  # no more values to tell apart
    while True:
        product = tau * basis[-1]
        diagonal.append(float(basis[-1] @ product))
        for _ in range(2):
            product = product - sum((q @ product) * q for q in basis)
        length = float(np.linalg.norm(product))
        if len(diagonal) == count or length <= enough:
            return np.array(diagonal), np.array(side)
        side.append(length)
        basis.append(product / length)
