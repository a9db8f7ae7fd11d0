r"""What theory has to know of a law of the data, and which law answers for a model.

Every question (risk along a path, best stopping, saturation, exponents, ...) is asked of a
:class:`Law`. A model reduces to a problem, and each law registers the kind of problem that it
answers for:

    @dataclass(frozen=True, eq=False)
    class MyLaw(Law):
        problem: MyProblem
        ...

    registered.register(MyProblem)(MyLaw)

tests/theory/noise_law.py is a worked example, in one file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property, singledispatch
from typing import Any, ClassVar

import numpy as np

from linscale import errors
from linscale.filters import Filter
from linscale.models.problem import Model, SpectralProblem, reduced
from linscale.results.risk import RiskPoint
from linscale.support import validate
from linscale.support.validate import FloatArray
from linscale.theory import trust
from linscale.theory.contours import NODES
from linscale.theory.outliers import NONE, Outliers
from linscale.theory.terms import Edges, Equivalent, Terms


class Law(ABC):
    """A law of the data: how estimators learned from it spread, and by what they are judged.

    The risk is ``floor`` + bias + variance, the latter two given by order in 1/N (:class:`Terms`):
    what they mean is the law's own affair, and so is by what moments an estimator is judged.
    ``n_train`` is a real number in every method: examples as the law counts them
    (:meth:`examples`), which curves in N need between the integers.

    To be written: ``moments``, ``spectrum``, ``equivalent``, ``ridge`` and ``converged``. The rest
    has defaults, which hold for data of which nothing else is known.

    Attributes
    ----------
    problem : object
        What the law answers for, an instance of the class that it is registered with.

    Examples
    --------
    A law of Gaussian data that come in pairs, so that N examples stand for 2 N:

    >>> from dataclasses import dataclass
    >>> import linscale as ls
    >>> from linscale.theory.gaussian.law import GaussianLaw
    >>> from linscale.theory.law import Law, registered
    >>> @dataclass(frozen=True, eq=False)
    ... class Pairs:  # a model, and the problem that it reduces to
    ...     moments: ls.SpectralProblem
    ...     def spectral(self):
    ...         return self.moments
    ...     def problem(self):
    ...         return self
    >>> class PairsLaw(Law):
    ...     def __init__(self, problem):
    ...         self.problem, self.one = problem, GaussianLaw(problem.moments)
    ...     @property
    ...     def moments(self):
    ...         return self.problem.moments
    ...     def examples(self, n_train):
    ...         return 2.0 * n_train
    ...     def spectrum(self, n_train):
    ...         return self.one.spectrum(n_train)
    ...     def equivalent(self, n_train, spectrum, filter, nodes=14):
    ...         return self.one.equivalent(n_train, spectrum, filter, nodes)
    ...     def ridge(self, n_train, penalties):
    ...         return self.one.ridge(n_train, penalties)
    ...     def converged(self, n_train, spectrum):
    ...         return self.one.converged(n_train, spectrum)
    >>> _ = registered.register(Pairs)(PairsLaw)
    >>> single = ls.SubspaceModel(n=100, d=10, sigma=0.1).spectral()
    >>> for model, N in ((single, 400), (Pairs(single), 200)):
    ...     print(f"{ls.theory.early_stopped(model, N).value / single.floor:.3f}")
    1.030
    1.030
    """

    problem: Any
    doubt: ClassVar[trust.Doubt] = trust.Doubt()
    """Constants of the estimate of errors."""

    # What is learned from, and judged by

    @property
    @abstractmethod
    def moments(self) -> SpectralProblem:
        """Second moments of what is learned from, (J,) arrays; time scales are read off them."""

    @property
    def floor(self) -> float:
        """What is added to bias and variance: risk of the best linear estimator."""
        return self.moments.floor

    @property
    def zero_risk(self) -> float:
        """Risk of the estimator W = 0, at time 0."""
        return self.moments.zero_risk

    @property
    def power(self) -> float:
        """Scale of the bias, sum_j w_j l_j: what there is to learn."""
        return float(self.moments.target_weights @ self.moments.eigenvalues)

    @property
    def can_learn(self) -> bool:
        """Whether there is anything to learn."""
        return bool(np.any(self.moments.target_weights > 0))

    @property
    def dimension(self) -> int:
        """n: at as many examples, least squares begins to fit them all."""
        return self.moments.dimension

    def examples(self, n_train: float) -> float:
        """How many independent examples of this law ``n_train`` of the caller's stand for."""
        return n_train

    # The expansion in 1/N

    @abstractmethod
    def spectrum(self, n_train: float) -> Edges:
        """Edges of the limiting spectrum of YY'/N, in units of y squared."""

    @abstractmethod
    def equivalent(
        self, n_train: float, spectrum: Edges, filter: Filter, nodes: int = NODES
    ) -> Equivalent:
        """Both orders on a contour that is safe for the filter's whole path.

        Parameters
        ----------
        n_train : float
        spectrum : Edges
            What :meth:`spectrum` gives at ``n_train``.
        filter : Filter
            T parameter values at which descent is stable on this spectrum.
        nodes : int
            Quadrature nodes per panel of the contour.

        Returns
        -------
        Equivalent
            ``.terms(filter)`` gives :class:`Terms` for this filter and for those of its kind whose
            path is no longer; evaluated often, so that what can be done once is done here.
        """

    @abstractmethod
    def ridge(self, n_train: float, penalties: FloatArray) -> Terms:
        """Both orders for ridge, which needs no contour.

        ``penalties`` (T,) are above 0, in units of y squared; the terms have shape (2, T).
        """

    @abstractmethod
    def converged(self, n_train: float, spectrum: Edges) -> Terms:
        """Both orders of the ridge limit mu -> 0, on either side of N = n; shape (2, 1)."""

    def exactly_converged(self, n_train: float) -> RiskPoint | None:
        """The converged risk where there is a closed form; else None."""
        return None

    # What the sum leaves out

    def stable_part(
        self, n_train: float, spectrum: Edges, filter: Filter
    ) -> tuple[Law, Edges, Outliers]:
        """The law and its spectrum, rid of what is so rare that most training sets have none.

        Returns
        -------
        Law, Edges, Outliers
            What theory goes on with, and what it left out of it.

        Raises
        ------
        StepTooLarge
            Where the filter diverges on most training sets all the same.
        """
        where = f"(at the edge of the sample spectrum, n_train = {n_train:.15g})"
        filter.check_stable(spectrum.high, where)
        return self, spectrum, NONE

    def tails(self, n_train: float) -> tuple[SpectralProblem, float]:
        """The Gaussian problem, and the N, by which rare training sets are judged."""
        return self.moments, n_train

    def ridge_path(self, n_train: float) -> trust.RidgePath:
        """Ridge at falling penalties (G,), from which ratios between orders are read."""
        largest = float(self.moments.eigenvalues.max())
        mu = largest * (1.0 + self.dimension / n_train) * trust.PENALTIES
        terms = self.ridge(n_train, mu)
        return trust.RidgePath(mu, terms.bias, terms.variance)

    @cached_property
    def ridge_paths(self) -> dict[float, Any]:
        """What :mod:`linscale.theory.trust` has made of them, by n_train."""
        return {}

    def error(self, n_train: float, filter: Filter, terms: Terms, order: int) -> FloatArray:
        """Estimated error of bias + variance summed up to ``order``, shape (T,)."""
        return trust.error(self, n_train, filter, terms, order)

    # What is asked for, and how a result says so

    def summed(self, order: int) -> int:
        """The last order that is added up where ``order`` is asked for."""
        return order

    def reached(self, order: int) -> int:
        """The order that the sum is then good to."""
        return order

    def name(self, order: int) -> str:
        """How a result names the method."""
        return f"theory, order {order}"

    def complex_circular(self) -> Law:
        """The same for complex circular data in place of real.

        Raises
        ------
        Unsupported
            Where there is none, which is the default.
        """
        raise errors.Unsupported(f"complex_data=True: {type(self).__name__} is of real data alone")


@singledispatch
def registered(problem: Any) -> Law:
    """The law that answers for a problem, by the problem's class.

    ``registered.register(MyProblem)(MyLaw)`` adds one: see :class:`Law`.

    Raises
    ------
    Unsupported
        A class for which none is registered.
    """
    raise errors.Unsupported(f"theory has no law for a {type(problem).__name__}")


def law_of(model: Model, complex_data: bool = False) -> Law:
    """The law that answers for a model.

    Raises
    ------
    InvalidArgument
        Something that is not a model, or a ``complex_data`` that is neither True nor False.
    Unsupported
        No law is registered for what the model reduces to, or it is of real data alone.

    Examples
    --------
    >>> import linscale as ls
    >>> from linscale.theory.law import law_of
    >>> law = law_of(ls.SubspaceModel(n=100, d=10, sigma=0.1))
    >>> type(law).__name__, law.name(order=1), law.dimension
    ('GaussianLaw', 'theory, order 1', 100)
    """
    law = registered(reduced(model))
    return law.complex_circular() if validate.flag("complex_data", complex_data) else law


def check_order(order: int) -> None:
    """Orders 0 and 1 are there; InvalidArgument for any other."""
    if type(order) is not int or order not in (0, 1):
        raise errors.InvalidArgument("order", order, "0 (leading order) or 1 (with the 1/N term)")
