"""Risk along a filter's path, by theory."""

from __future__ import annotations

import numpy as np

from linscale import validate
from linscale.errors import InvalidArgument, Unsupported
from linscale.filters import Converged, Filter, GradientDescent
from linscale.problem import Model, problem_of
from linscale.risk import RiskPath
from linscale.theory.contours import NODES
from linscale.theory.equivalents import equivalent
from linscale.theory.limits import converged
from linscale.theory.stieltjes import sample_spectrum


def risk(
    model: Model, n_train: int, filter: Filter, order: int = 0, *, nodes: int = NODES
) -> RiskPath:
    r"""Expected risk of the estimator learned from n_train pairs, along the filter's path.

        E[R] = floor + tr[B rho(Sh) S rho(Sh) B'] / scale + floor (1/N) tr[S h(Sh)]

    with the expectations replaced by their deterministic equivalents: order 0 is exact as n, d
    and N grow together, and for fixed n as N grows; its relative error falls as 1/N.

    Parameters
    ----------
    model : SubspaceModel, InverseProblem or SpectralProblem
    n_train : int
        N >= 1.
    filter : Filter
        T parameter values. ``Converged()`` gives :func:`linscale.theory.converged`, exact where
        a closed form is.
    order : int
        0, the leading order. (The 1/N term, order 1, is not available yet.)
    nodes : int
        Quadrature nodes per panel of the contour; the default is good to 1e-8, relative.

    Returns
    -------
    RiskPath
        Arrays of shape (T,).

    Raises
    ------
    StepTooLarge
        Gradient descent with step times the upper edge of the sample spectrum at 2 or more.
    Unsupported
        order=1.
    """
    problem = problem_of(model)
    N = validate.n_train(n_train)
    check_order(order)
    if not isinstance(filter, Filter):
        raise InvalidArgument("filter", repr(filter)[:60], "a filter such as GradientFlow(times)")
    if isinstance(filter, Converged):
        return RiskPath.single(converged(problem, N))
    spectrum = sample_spectrum(problem, N)
    filter.check_stable(spectrum.high, f"(2 / upper edge of the sample spectrum, n_train = {N})")
    parts = equivalent(problem, N, spectrum, filter, nodes)
    bias, variance = parts.bias(filter), parts.variance_term(filter)
    value = problem.floor + bias + variance
    return RiskPath(
        at=filter.at,
        value=value,
        bias=bias,
        variance=variance,
        sem=np.zeros_like(value),
        std=np.full_like(value, np.nan),
        floor=problem.floor,
        parameter=filter.parameter,
        method="theory, order 0",
        status=_status(filter, spectrum.high),
    )


def check_order(order: int) -> None:
    """Only the leading order is there so far."""
    if order == 1:
        raise Unsupported(
            "order = 1 (the 1/N term) is not available yet: use order=0, or linscale.montecarlo"
        )
    if order != 0:
        raise InvalidArgument("order", order, "0 (leading order)")


def _status(filter: Filter, edge: float) -> str:
    if isinstance(filter, GradientDescent) and filter.step * edge > 1.0:
        return (
            f"step is {filter.step * edge / 2:.2f} of the largest that converges: at small n_train "
            "the mean can be dominated by rare training sets on which it diverges, which no "
            "expansion sees"
        )
    return "ok"
