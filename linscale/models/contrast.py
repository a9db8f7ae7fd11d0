r"""Contrast: the law of tau in a scale mixture x = sqrt(tau) g, g Gaussian and independent of tau.

Patches of photographs have very different contrast at much the same covariance. E tau = 1 leaves
second moments, and with them the best linear estimator and the floor, as they are; what changes is
how much is learned from N examples. The law is kept as atoms and weights: those of the Gauss rule,
which integrates polynomials in tau up to degree 2 K - 1 as the law itself does (a log-normal law by
the rule in log tau, whose moments are nearly its own).
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
        Probabilities, up to a common factor; not negative, not all 0. Atoms of weight 0 are
        dropped.

    Attributes
    ----------
    atoms, weights : (K,) arrays
        Of mean 1 and sum 1; without a unit.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.

    Examples
    --------
    Half of the signals have three times the contrast, nine times the power, of the others:

    >>> import linscale as ls
    >>> law = ls.Contrast([1.0, 9.0], [1.0, 1.0])
    >>> law.atoms, law.weights
    (array([0.2, 1.8]), array([0.5, 0.5]))
    >>> round(law.spread, 4), law.is_constant
    (0.64, False)

    That leaves the floor of a model as it is; the risk after learning from 50 examples is higher:

    >>> cov = ls.covariances.stationary((4, 4))
    >>> for contrast in (None, law):
    ...     model = ls.InverseProblem(None, cov, sigma=0.5, contrast=contrast)
    ...     print(f"{ls.theory.floor(model):.3f} {ls.theory.converged(model, 50).value:.3f}")
    0.189 0.281
    0.189 0.306
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
        """tau = 1: Gaussian signals.

        Returns
        -------
        Contrast
            One atom.

        Examples
        --------
        >>> import linscale as ls
        >>> ls.Contrast.constant().is_constant
        True
        """
        return cls([1.0], [1.0])

    @classmethod
    def lognormal(cls, spread: float, atoms: int = ATOMS) -> Contrast:
        """log tau normal, by the Gauss-Hermite rule.

        Parameters
        ----------
        spread : float
            Variance of tau, at least 0. Ten atoms keep one of up to 10 to 0.1 per cent, and 40 one
            of 50 to rounding.
        atoms : int
            From 1 to 64.

        Returns
        -------
        Contrast

        Raises
        ------
        InvalidArgument
            Numbers outside these ranges.

        Examples
        --------
        >>> import linscale as ls
        >>> law = ls.Contrast.lognormal(2.0)
        >>> len(law.atoms), round(law.spread, 4)
        (10, 2.0)
        >>> [round(ls.Contrast.lognormal(50.0, atoms).spread, 1) for atoms in (4, 10, 40)]
        [9.7, 48.8, 50.0]
        """
        variance = validate.real("spread", spread, positive=False)
        x, w = roots_hermitenorm(_count(atoms))
        if variance == 0.0:
            return cls.constant()
        s2 = np.log1p(variance)
        return cls(np.exp(np.sqrt(s2) * x - 0.5 * s2), w)

    @classmethod
    def gamma(cls, shape: float, atoms: int = ATOMS) -> Contrast:
        """tau of the gamma law, of variance 1/shape; by the generalised Gauss-Laguerre rule.

        Parameters
        ----------
        shape : float
            From 1e-3 to 1e6; 1 is the exponential law, large is nearly constant.
        atoms : int
            From 1 to 64; with 2 or more the spread is exact.

        Returns
        -------
        Contrast

        Raises
        ------
        InvalidArgument
            Numbers outside these ranges.

        Examples
        --------
        >>> import linscale as ls
        >>> law = ls.Contrast.gamma(0.5, atoms=3)
        >>> round(law.spread, 6)
        2.0
        >>> law.atoms.round(3), law.weights.round(3)
        (array([ 0.38 ,  3.569, 11.051]), array([0.818, 0.177, 0.005]))
        """
        k = validate.real("shape", shape)
        if not 1e-3 <= k <= 1e6:
            raise InvalidArgument("shape", shape, "from 1e-3 to 1e6 (beyond, take constant())")
        # The rule of weight x^(k-1) exp(-x) by its Jacobi matrix: no overflow at large k.
        i = np.arange(float(_count(atoms)))
        return cls(*_gauss_rule(2.0 * i + k, np.sqrt(i[1:] * (i[1:] + k - 1.0))))

    @classmethod
    def from_sample(cls, tau: ArrayLike, atoms: int = ATOMS) -> Contrast:
        """Gauss rule of an empirical law: Lanczos on diag(tau), started from the constant vector.

        Source: Golub and Meurant, Matrices, Moments and Quadrature (2010), Chapter 4.

        Parameters
        ----------
        tau : (M,) array
            Not negative, not all 0; in any unit.
        atoms : int
            From 1 to 64; fewer are kept where tau takes fewer values.

        Returns
        -------
        Contrast
            With 2 atoms or more of the sample's spread, M below.

        Raises
        ------
        InvalidArgument
            A sample or a number outside these ranges.

        Examples
        --------
        >>> import numpy as np
        >>> import linscale as ls
        >>> tau = np.random.default_rng(0).exponential(size=1000)
        >>> law = ls.Contrast.from_sample(tau, atoms=5)
        >>> bool(np.isclose(law.spread, np.var(tau) / np.mean(tau) ** 2))
        True
        >>> few = ls.Contrast.from_sample([1.0, 1.0, 3.0, 3.0])
        >>> few.atoms.round(6), few.weights.round(6)
        (array([0.5, 1.5]), array([0.5, 0.5]))
        """
        sample = validate.vector("tau", tau)
        count, mean = _count(atoms), float(sample.mean())
        if not mean > 0.0:
            raise InvalidArgument("tau", sample, "above 0 for at least one of the sample")
        even = np.full(sample.size, 1.0 / sample.size)
        return cls(*_gauss_rule(*_lanczos(sample / mean, even, count)))

    @classmethod
    @one_thread()
    def from_patches(
        cls, patches: ArrayLike, signal_cov: ArrayLike, sigma: float, atoms: int = ATOMS
    ) -> Contrast:
        r"""tau of real signals, by their Mahalanobis energy e = x' (S_x + sigma^2 I)^{-1} x.

        The energy of Gaussian signals varies too: its second moment is 1 + 2/d times its mean
        squared, d = (tr M)^2 / tr M^2 with M = S_x (S_x + sigma^2 I)^{-1}. That is taken out: e^c
        stands for tau, with the power c < 1 that makes the second moment smaller by this factor;
        signals that vary no more than Gaussian ones have tau = 1.

        Parameters
        ----------
        patches : (p, M) array
            Centred signals as columns.
        signal_cov : (p, p) array
            S_x, in units of the patches squared.
        sigma : float
            Noise of the measurements that will be learned from, above 0, in units of the patches:
            directions below it tell nothing.
        atoms : int
            From 1 to 64.

        Returns
        -------
        Contrast

        Raises
        ------
        InvalidArgument
            Patches that are 0 everywhere, a covariance of another size, or numbers outside these
            ranges.

        Examples
        --------
        >>> import numpy as np
        >>> import linscale as ls
        >>> rng = np.random.default_rng(0)
        >>> cov = ls.covariances.stationary((8, 8))
        >>> gaussian = np.linalg.cholesky(cov) @ rng.standard_normal((64, 2000))
        >>> tau = rng.choice([0.2, 1.8], size=2000)  # variance 0.64
        >>> law = ls.Contrast.from_patches(np.sqrt(tau) * gaussian, cov, sigma=0.1)
        >>> f"{law.spread:.1f}"
        '0.6'
        """
        x = validate.matrix("patches", patches)
        cov = validate.matrix("signal_cov", signal_cov, "a square matrix")
        level = validate.real("sigma", sigma)
        if cov.shape != (x.shape[0], x.shape[0]):
            raise InvalidArgument(
                "signal_cov", f"shape {cov.shape}", f"{(x.shape[0],) * 2}, to match patches"
            )
        k, v = eigh(0.5 * (cov + cov.T))
        metric, factor = Metric.of(k, v, level), v * np.sqrt(np.maximum(k, 0.0))
        energy = metric.energies(x)
        if not energy.max() > 0.0:
            raise InvalidArgument("patches", "0 everywhere", "signals that vary")
        return cls.from_energies(energy, metric.directions(factor), atoms=atoms)

    @classmethod
    def from_energies(
        cls,
        energies: FloatArray,
        directions: float,
        weights: FloatArray | None = None,
        atoms: int = ATOMS,
    ) -> Contrast:
        """What :meth:`from_patches` makes of energies that were measured already.

        Parameters
        ----------
        energies : (M,) array
            Not negative, not all 0; of one :class:`Metric`.
        directions : float
            d, of the signals' covariance in that metric.
        weights : (M,) array, optional
            How often each of the signals counts.
        atoms : int
            From 1 to 64.

        Returns
        -------
        Contrast

        Examples
        --------
        Energies of Gaussian signals in ten directions vary, and their contrast does not:

        >>> import numpy as np
        >>> import linscale as ls
        >>> energies = np.random.default_rng(0).chisquare(10, size=1000)
        >>> ls.Contrast.from_energies(energies, directions=10.0).spread < 0.02
        True
        """
        share = np.ones_like(energies) if weights is None else weights
        energies, share = energies[share > 0.0], share[share > 0.0]
        share = share / share.sum()
        tau = _without_sampling(energies / (share @ energies), share, directions)
        return cls(*_gauss_rule(*_lanczos(tau / (share @ tau), share, _count(atoms))))

    @property
    def spread(self) -> float:
        """The variance of tau, whose mean is 1."""
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
        """Independent draws of tau.

        Parameters
        ----------
        count : int
            At least 0.
        rng : Generator

        Returns
        -------
        (count,) array

        Examples
        --------
        >>> import numpy as np
        >>> import linscale as ls
        >>> tau = ls.Contrast([1.0, 3.0], [1.0, 1.0]).sample(1000, np.random.default_rng(0))
        >>> np.unique(tau), bool(abs(tau.mean() - 1.0) < 0.05)
        (array([0.5, 1.5]), True)
        """
        if self.is_constant:
            return np.ones(count)
        return np.asarray(rng.choice(self.atoms, size=count, p=self.weights))


@dataclass(frozen=True, eq=False)
class Metric:
    """(S_x + sigma^2 I)^{-1} = R R', by which the energy of signals is measured.

    Contrast may be measured in any metric; in this one directions below the noise count for little.

    Attributes
    ----------
    root : (p, p) array
        R.
    """

    root: FloatArray

    @classmethod
    def of(cls, k: FloatArray, v: FloatArray, sigma: float) -> Metric:
        """From eigenvalues and eigenvectors of S_x."""
        return cls(v / np.sqrt(np.maximum(k, 0.0) + sigma**2))

    def energies(self, signals: FloatArray) -> FloatArray:
        """x' R R' x of centred signals in columns."""
        y = self.root.T @ signals
        return np.asarray(np.einsum("ij,ij->j", y, y))

    def directions(self, factor: FloatArray) -> float:
        """d = (tr M)^2 / tr M^2, M = F'R R'F for signals of covariance F F'.

        Gaussian signals' energy varies by 2/d.
        """
        y = self.root.T @ factor
        m = y.T @ y
        return float(np.trace(m) ** 2 / np.sum(m * m))


def _without_sampling(energy: FloatArray, share: FloatArray, directions: float) -> FloatArray:
    """The energies to the power that makes their second moment smaller by 1 + 2/directions."""
    log = np.log(np.maximum(energy, np.finfo(float).tiny))

    def second(power: float) -> float:
        raised = np.exp(power * log)
        return float(share @ raised**2 / (share @ raised) ** 2)

    wanted = second(1.0) / (1.0 + 2.0 / directions)
    if wanted <= 1.0:
        return np.ones_like(energy)  # no more than Gaussian signals vary
    power: float = brentq(lambda c: second(c) - wanted, 0.0, 1.0)
    return np.asarray(np.exp(power * log))


def _count(atoms: int) -> int:
    return validate.integer("atoms", atoms, at_least=1, at_most=64)


def _gauss_rule(diagonal: FloatArray, side: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights from a Jacobi matrix (Golub and Welsch, Math. Comput. 23 (1969) 221)."""
    nodes, vectors = eigh_tridiagonal(diagonal, side)
    return np.maximum(nodes, 0.0), vectors[0] ** 2


def _lanczos(tau: FloatArray, share: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Jacobi matrix of a law of so many atoms tau, with full reorthogonalisation."""
    basis = [np.sqrt(share)]
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
