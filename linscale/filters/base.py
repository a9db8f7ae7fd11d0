r"""What every residual filter answers, and what its author has to write.

An estimator learned from N pairs, with Sh = YY'/N, is W = X Y' g(Sh) / N with

    g(l) = (1 - rho(l)) / l,      h(l) = (1 - rho(l))^2 / l,      rho(0) = 1, h(0) = 0.

Every filter evaluates a whole path at once: one row for each of its T parameter values. Those of
the package are exact at the start of the path, at its end, and at eigenvalue 0.

Derivation: `filters`.
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from linscale.errors import InvalidArgument, StepTooLarge
from linscale.filters import stored
from linscale.filters.lens import Lens, Spectrum, widest
from linscale.filters.poles import Poles
from linscale.support import validate
from linscale.support.validate import FloatArray

OWN = "linscale."  # modules whose filters are checked by the tests, and not when they are made
OF_THE_RESIDUAL = ("learned", "gain", "variance_filter", "confine", "poles")
TINY = 1e-150  # of a complex step: its square is nothing
SMALL = 1.5e-8  # root of eps: below it 1 - rho has lost more than the first order leaves out
CURVED = 1e-9  # what follows the first order in 1 - rho, if it is more than rounding


class _Made(ABCMeta):
    """Looks at the first filter of a class that is not the package's own."""

    _seen: ClassVar[set[type]] = set()

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls.__module__.startswith(OWN) or cls in _Made._seen:
            return super().__call__(*args, **kwargs)
        from linscale.filters.checks import check, check_class  # which know what a filter is

        check_class(cls)
        made = super().__call__(*args, **kwargs)
        check(made)
        _Made._seen.add(cls)
        return made


class Filter(metaclass=_Made):
    r"""A path of residual filters rho(l), one for each value of its parameter.

    A filter of your own is a frozen dataclass that says two things.

    **The residual** rho(l): which share of what there is to learn along an eigenvalue l of YY'/N
    is still missing. It is 1 at l = 0, where nothing can be learned.

    **Where it may be evaluated.** Simulation asks for rho at eigenvalues. Theory integrates rho
    along a closed curve in the complex plane that runs around all of them, so the formula must
    make sense at complex numbers too, and must not break down anywhere inside the curve. Nearly
    always it does, but for some real numbers: division by zero (rho = mu/(l + mu) at l = -mu), or
    the root or logarithm of a negative number. :meth:`domain` names them: the largest one below 0
    and the smallest one above 0. A formula that never breaks down (a polynomial, an exponential)
    needs no :meth:`domain`. Absolute values, real parts, comparisons and rounding of l break down
    everywhere, and are found out.

    From these follow 1 - rho without cancellation (:meth:`learned`), the :meth:`gain` and
    :meth:`variance_filter`, and a contour on which no rho of the path grows beyond e times what it
    is on the spectrum (:meth:`confine`); each may be overridden where a better form is known. The
    rest is looked at when the first filter of the class is made, and by :func:`linscale.filters.
    check` whenever you ask.

    Complex numbers at which the formula breaks down are named by their distance from 0, on the
    left: 1/(1 + (t l)^2) by -1/t. Estimates of the theory's error are calibrated on filters that do
    not swing: of one whose rho changes sign on the spectrum the status says so.

    Class attributes
    ----------------
    path : str
        The field that the path runs over: a value or (T,) array of them, at least 0.
    parameter : str
        What its values count, as figures and tables say it: "time", "iteration", "penalty"
        (default: as ``path``).
    word : str
        How sweeps store it: another word than any other filter's. Without one it is a filter as
        any other, but cannot be swept. Results in a store are found again by this word and the
        fields, so change the word where you change the formula.
    stable_below : float
        The path converges on spectra below this value (default inf: on all).

    Raises
    ------
    InvalidArgument
        A value that cannot be, or, of the first filter of its class, what is wrong with the class.

    Examples
    --------
    Iterated Tikhonov: ridge, then ridge again on what is left, ``order`` times.

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import linscale as ls
    >>> @dataclass(frozen=True, eq=False)
    ... class IteratedTikhonov(ls.Filter):
    ...     penalties: object
    ...     order: int = 2
    ...     word, path, parameter = "iterated_tikhonov", "penalties", "penalty"
    ...
    ...     def residual(self, l):
    ...         mu = self.column(l)
    ...         return (mu / (l + mu)) ** self.order
    ...
    ...     def domain(self):
    ...         return -self.at.min(), np.inf  # poles at -mu, nothing else
    >>> twice = IteratedTikhonov([0.01, 0.1, 1.0])

    Theory and simulation agree on it:

    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.2)
    >>> theory = ls.theory.risk(model, 60, twice)
    >>> simulated = ls.montecarlo.risk(model, 60, twice, trials=50)
    >>> bool(np.all(abs(theory.value - simulated.value) < 5 * simulated.sem + theory.error))
    True

    What is derived from its residual, at two eigenvalues:

    >>> l = np.array([0.1, 1.0])
    >>> twice.residual(l).shape
    (3, 2)
    >>> bool(np.allclose(twice.learned(l), 1 - twice.residual(l)))
    True
    >>> bool(np.allclose(twice.gain(l) * l, twice.learned(l)))
    True
    >>> bool(np.allclose(twice.variance_filter(l), twice.learned(l) ** 2 / l))
    True
    >>> lens = twice.confine(low=0.1, high=1.0)  # inside, no pole; around, the spectrum
    >>> -0.01 < lens.left < 0.1 and 1.0 < lens.right
    True
    >>> twice.along([0.5]).at
    array([0.5])
    >>> twice.check_stable(1e9, "")  # ridge never diverges
    >>> twice.poles() is None  # no sum over a few poles is known: a contour serves
    True
    """

    path: ClassVar[str]
    parameter: ClassVar[str]
    word: ClassVar[str] = ""
    calibrated: ClassVar[bool] = False
    """Whether the theory's estimates of error have been held against simulation of it."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "residual" in cls.__dict__:
            # What another class derived from its own residual says nothing of this one.
            for name in OF_THE_RESIDUAL:
                if name not in cls.__dict__:
                    setattr(cls, name, Filter.__dict__[name])
            if not cls.__module__.startswith(OWN):
                cls.calibrated = False
        if "path" in cls.__dict__ and not hasattr(cls, "parameter"):
            cls.parameter = cls.path
        if cls.__dict__.get("word"):
            stored.register(cls)

    def __post_init__(self) -> None:
        """Keep the path as a frozen vector; a class that overrides it calls it too."""
        if not hasattr(self, "path"):
            allowed = 'with a class attribute path, such as path = "penalties"'
            raise InvalidArgument("filter", type(self).__name__, allowed)
        values = validate.vector(self.path, getattr(self, self.path))
        object.__setattr__(self, self.path, values)

    # To be written

    @abstractmethod
    def residual(self, l: Spectrum) -> Spectrum:
        """rho(l) at real or complex ``l`` of any shape, as an array of shape (T, *l.shape)."""

    def domain(self) -> tuple[float, float]:
        """The real numbers next to 0, one on either side, at which the formula breaks down."""
        return -np.inf, np.inf

    # To be used

    @property
    def at(self) -> FloatArray:
        """Parameter values, shape (T,)."""
        values: FloatArray = getattr(self, self.path)
        return values

    def column(self, l: Spectrum) -> FloatArray:
        """The parameter values as a column that broadcasts against ``l``, shape (T, 1, ...)."""
        return column(self.at, l)

    def along(self, values: ArrayLike) -> Self:
        """The same filter along other ``values`` of its parameter, (T,)."""
        other = copy(self)
        other.__dict__.pop("slope", None)
        object.__setattr__(other, self.path, validate.vector(self.path, values))
        return other

    # Derived, and to be overridden where a better form is known

    @cached_property
    def slope(self) -> FloatArray:
        """g(0) = -rho'(0), shape (T,): by a complex step, which loses no digit."""
        return np.asarray(-self.residual(np.array(1j * TINY)).imag / TINY)

    def learned(self, l: Spectrum) -> Spectrum:
        """1 - rho(l) without cancellation at ``l`` of any shape, (T, *l.shape)."""
        first = column(self.slope, l) * l
        learned = 1.0 - self.residual(l)
        # Where the slope is small, or 0, what follows it in l may not be.
        alone = (np.abs(first) < SMALL) & (np.abs(learned - first) < CURVED)
        return np.where(alone, first, learned)

    def gain(self, l: Spectrum) -> Spectrum:
        """g(l) = (1 - rho(l)) / l at ``l`` of any shape, none of them 0, (T, *l.shape)."""
        return self.learned(l) / l

    def variance_filter(self, l: Spectrum) -> Spectrum:
        """h(l) = (1 - rho(l))^2 / l, 0 at l = 0, at ``l`` of any shape, (T, *l.shape)."""
        return self.learned(l) ** 2 / np.where(l == 0, 1.0, l)

    def confine(self, low: float, high: float) -> Lens:
        """Where a contour around the spectrum from ``low`` to ``high``, above 0, may run."""
        return widest(self, low, high)

    def poles(self) -> Poles | None:
        """The filter as a sum over a few poles that is as good as a contour, if there is one."""
        return None

    @property
    def stable_below(self) -> float:
        """The path converges on spectra below this value (inf: on all)."""
        return np.inf

    def check_stable(self, largest: float, where: str) -> None:
        """Raise StepTooLarge where the path diverges on a spectrum that reaches ``largest``.

        Raises
        ------
        StepTooLarge
            Its message says ``where`` the spectrum is.
        InvalidArgument
            The same of a filter that has no ``step``.
        """
        if largest >= self.stable_below:
            step: float | None = getattr(self, "step", None)
            if step is None:
                allowed = f"one that converges on a spectrum up to {largest:.6g} {where}"
                found = f"{self!r}, which does below {self.stable_below:.6g}"
                raise InvalidArgument("filter", found, allowed)
            raise StepTooLarge(step, step * self.stable_below / largest, where)

    def __repr__(self) -> str:
        said = [f"{name}={value!r}" for name, value in stored.scalars(self).items()]
        return f"{type(self).__name__}({', '.join([*said, self._path_in_words()])})"

    def _path_in_words(self) -> str:
        at = self.at
        if at.size <= 4:
            return f"{self.path}=[{', '.join(f'{v:.6g}' for v in at)}]"
        return f"{self.path}={at.size} from {at[0]:.6g} to {at[-1]:.6g}"


@dataclass(frozen=True, eq=False, repr=False)
class Descent(Filter):
    """A rule that takes steps of one size: what all of them share.

    Parameters
    ----------
    step : float
        Step size, above 0, in units of one over an eigenvalue of YY'/N.
    iterations : scalar or (T,) array of integers
        k >= 0.

    Examples
    --------
    A rule of your own with the residual of gradient descent whose every second step is half as
    long:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import linscale as ls
    >>> @dataclass(frozen=True, eq=False, init=False, repr=False)
    ... class Limping(ls.filters.Descent):
    ...     def residual(self, l):
    ...         k = self.column(l)
    ...         long, short = np.ceil(k / 2), np.floor(k / 2)
    ...         return (1 - self.step * l) ** long * (1 - self.step * l / 2) ** short
    ...     @property
    ...     def stable_below(self):
    ...         return 2 / self.step
    >>> Limping(0.1, [0, 1, 2]).residual(np.array([1.0])).ravel()
    array([1.   , 0.9  , 0.855])
    """

    step: float
    iterations: FloatArray
    calibrated: ClassVar[bool] = True
    path: ClassVar[str] = "iterations"
    parameter: ClassVar[str] = "iteration"
    oscillates: ClassVar[bool] = False
    """Whether rho_k swings about 0 as k grows, on part of every spectrum."""

    def __init__(self, step: float, iterations: ArrayLike) -> None:
        object.__setattr__(self, "step", validate.real("step", step))
        object.__setattr__(self, "iterations", validate.whole_numbers("iterations", iterations))

    def along(self, values: ArrayLike) -> Self:
        """The same rule after other numbers of iterations."""
        return super().along(validate.whole_numbers("iterations", values))


def column(parameter: FloatArray, l: Spectrum) -> FloatArray:
    """The parameter values as a column that broadcasts against l."""
    return parameter.reshape(-1, *([1] * np.ndim(l)))


def log1p(z: Spectrum) -> Spectrum:
    """log(1 + z) for complex z, accurate near 0; k log(1 + z) is used with integer k only."""
    x, y = z.real, z.imag
    return np.asarray(0.5 * np.log1p(x * (2.0 + x) + y * y) + 1j * np.arctan2(y, 1.0 + x))
