"""Whether a filter is what it says: what can be looked at without knowing its formula."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from linscale.errors import InvalidArgument
from linscale.filters.lens import evenly
from linscale.support.validate import FloatArray

if TYPE_CHECKING:
    from linscale.filters.base import Filter

CONTRACT = 1e-8  # what a contour integral promises
SEEN = 1e-4  # of |rho|: a break-down inside a circle moves its mean by about |rho| itself
SMALLEST, LARGEST = 1e-200, 1e6  # of |rho| on a circle, for its mean to say anything
CIRCLE = np.exp(2j * np.pi * (np.arange(256) + 0.5) / 256)
PART = 16  # of the way to the next point, where rho is looked at too
RADII = np.geomspace(1e-12, 1e12, 73)
PLACES = np.array([0.0, 1e-9, 1e-4, 0.03, 0.4, 0.97])


def check(filter: Filter) -> None:
    r"""Raise unless the filter is one: shapes, rho(0) = 1, and no break-down inside its domain.

    That it does not break down is seen by the mean value property: around any point, the mean of
    an analytic rho over a circle is rho at its centre, and that of rho times the direction from
    there is 0. Circles of all sizes are tried that keep inside ``filter.domain()``; a pole that it
    does not name shows on those that enclose it.

    Parameters
    ----------
    filter : Filter
        With the parameter values that are to be checked; eigenvalues are taken to be up to 1.

    Raises
    ------
    InvalidArgument
        Naming the class and what is wrong with it.

    Examples
    --------
    >>> import linscale as ls
    >>> ls.filters.check(ls.Ridge([0.01, 1.0]))

    A pole that ``domain`` does not name:

    >>> class Careless(ls.Ridge):
    ...     def domain(self):
    ...         return -float("inf"), float("inf")
    >>> try:
    ...     ls.filters.check(Careless([0.01, 1.0]))
    ... except ls.errors.InvalidArgument as error:
    ...     print(str(error)[:54])
    filter = Careless: must be a formula that holds at com
    """
    check_class(type(filter))
    with np.errstate(all="ignore"):
        _check_shapes(filter)
        _check_start(filter)
        _check_analytic(filter)
        _check_learned(filter)


def check_class(cls: Any) -> None:
    """What can be looked at before there is a filter.

    Raises
    ------
    InvalidArgument
        A class that is no dataclass, or one that is not frozen or compares by value; a path that
        is none of its fields.
    """
    made = hasattr(cls, "__dataclass_fields__")
    known = [field.name for field in fields(cls)] if made else []
    frozen = made and cls.__dataclass_params__.frozen
    if not frozen or cls.__eq__ is not object.__eq__:
        raise _wrong(cls, "decorated with @dataclass(frozen=True, eq=False)")
    if getattr(cls, "path", "") not in known:
        names = " or ".join(f'"{name}"' for name in known) or "none here"
        raise _wrong(cls, f"with a class attribute path, which is one of its fields: {names}")


def _check_shapes(filter: Filter) -> None:
    count = filter.at.size
    for shape in ((), (3,), (2, 3)):
        for kind in (float, complex):
            rho = filter.residual(np.full(shape, 0.5, dtype=kind))
            if np.shape(rho) != (count, *shape):
                raise _wrong(
                    filter, f"such that residual(l) has shape (T, *l.shape) = {(count, *shape)} "
                    f"for l of shape {shape}; it has {np.shape(rho)}: self.column(l) gives the "
                    "path's values as a column",
                )  # fmt: skip
    if np.iscomplexobj(filter.residual(np.array([0.5]))):
        raise _wrong(filter, "real on real eigenvalues")


def _check_start(filter: Filter) -> None:
    rho = filter.residual(np.zeros(1))[:, 0]
    off = ~(np.abs(rho - 1.0) <= CONTRACT)  # nan is
    if np.any(off):
        found = f"{rho[off][0]:.12g}"
        raise _wrong(filter, f"such that rho(0) = 1 (nothing is learned there); it is {found}")


def _check_analytic(filter: Filter) -> None:
    left, right = filter.domain()
    if not left < 0.0 < right:
        raise _wrong(filter, f"with a domain around 0; it is ({left:.6g}, {right:.6g})")
    few = filter.along(filter.at[evenly(filter.at.size)])
    for center in PLACES[PLACES < right]:
        radii = RADII[RADII < 0.5 * min(center - left, right - center)]
        rho = few.residual(center + radii[:, None] * CIRCLE)
        beside = few.residual(center + radii[:, None] * CIRCLE * CIRCLE[0] ** (2 / PART))
        exact = few.residual(np.array([center]))
        size = np.maximum(np.abs(rho).max(axis=2), np.abs(exact))
        # Where rho turns too far from point to point they say nothing of its mean.
        steps = PART * np.abs(beside - rho).max(axis=2)
        resolved = (steps < 0.5 * size) & (size > SMALLEST) & (size < LARGEST)
        off = np.abs(rho.mean(axis=2) - exact) + np.abs((rho * CIRCLE).mean(axis=2)) > SEEN * size
        seen = np.flatnonzero(np.any(off & resolved, axis=0))
        if seen.size:
            raise _wrong(
                filter, "a formula that holds at complex l and does not break down inside domain() "
                f"= ({left:.6g}, {right:.6g}); within {radii[seen[0]]:.3g} of l = {center:.3g} it "
                "does: name the place in domain(), and use no abs, real, where or rounding of l",
            )  # fmt: skip


def _check_learned(filter: Filter) -> None:
    l: FloatArray = PLACES[1:]
    rho, learned = filter.residual(l), filter.learned(l)
    known = np.isfinite(rho)  # a path that diverges may overflow
    off = np.abs(1.0 - rho - learned) > CONTRACT * np.maximum(1.0, np.abs(rho))
    if np.any((off | np.isnan(learned)) & known):
        raise _wrong(filter, "such that learned(l) = 1 - residual(l)")
    h = filter.variance_filter(l)
    off = np.abs(h * l - learned**2) > CONTRACT * np.maximum(1.0, learned**2)
    if np.any((off | np.isnan(h)) & np.isfinite(learned**2)):
        raise _wrong(filter, "such that variance_filter(l) = learned(l)^2 / l")


def _wrong(filter: Filter | type[Any], what: str) -> InvalidArgument:
    cls = filter if isinstance(filter, type) else type(filter)
    return InvalidArgument("filter", cls.__name__, what)
