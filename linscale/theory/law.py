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
from functools import singledispatch
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
    """

    problem: Any
    doubt: ClassVar[trust.Doubt] = trust.Doubt()
    """Constants of the estimate of errors."""

    # What is learned from, and judged by

    @property
    @abstractmethod
    def moments(self) -> SpectralProblem:
        """Second moments of what is learned from; time scales are read off them."""

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
        """Scale of the bias: what there is to learn."""
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
        """Edges of the limiting spectrum of YY'/N."""

    @abstractmethod
    def equivalent(
        self, n_train: float, spectrum: Edges, filter: Filter, nodes: int = NODES
    ) -> Equivalent:
        """Both orders on a contour that is safe for the filter's whole path."""

    @abstractmethod
    def ridge(self, n_train: float, penalties: FloatArray) -> Terms:
        """Both orders for ridge, which needs no contour."""

    @abstractmethod
    def converged(self, n_train: float, spectrum: Edges) -> Terms:
        """Both orders of the ridge limit mu -> 0, on either side of N = n."""

    def exactly_converged(self, n_train: float) -> RiskPoint | None:
        """The converged risk where there is a closed form; else None."""
        return None

    # What the sum leaves out

    def stable_part(
        self, n_train: float, spectrum: Edges, filter: Filter
    ) -> tuple[Law, Edges, Outliers]:
        """The law and its spectrum, rid of what is so rare that most training sets have none.

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
        """Ridge at falling penalties, from which ratios between orders are read."""
        largest = float(self.moments.eigenvalues.max())
        mu = largest * (1.0 + self.dimension / n_train) * trust.PENALTIES
        terms = self.ridge(n_train, mu)
        return trust.RidgePath(mu, terms.bias, terms.variance)

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
        """The same for complex circular data in place of real."""
        raise errors.Unsupported(f"complex_data=True: {type(self).__name__} is of real data alone")

    def guess(self) -> Law | None:
        """A simpler law with about this learning curve, at which a search for N may begin."""
        return None


@singledispatch
def registered(problem: Any) -> Law:
    """The law that answers for a problem, by the problem's class."""
    raise errors.Unsupported(f"theory has no law for a {type(problem).__name__}")


def law_of(model: Model, complex_data: bool = False) -> Law:
    """The law that answers for a model."""
    law = registered(reduced(model))
    return law.complex_circular() if validate.flag("complex_data", complex_data) else law


def check_order(order: int) -> None:
    """Orders 0 and 1 are there."""
    if type(order) is not int or order not in (0, 1):
        raise errors.InvalidArgument("order", order, "0 (leading order) or 1 (with the 1/N term)")
