"""Risk along a filter's path, by theory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InvalidArgument
from linscale.filters import Converged, Filter, Ridge
from linscale.models.problem import Model
from linscale.results.risk import RiskPath
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.theory.assembly import assemble
from linscale.theory.contours import NODES
from linscale.theory.law import Law, check_order, law_of
from linscale.theory.limits import end_of
from linscale.theory.outliers import NONE
from linscale.theory.terms import Edges
from linscale.theory.trust import joined


@one_thread()
def risk(
    model: Model,
    n_train: int,
    filter: Filter,
    *,
    order: int = 1,
    complex_data: bool = False,
    nodes: int = NODES,
) -> RiskPath:
    r"""Expected risk of the estimator learned from n_train pairs, along the filter's path.

        E[R] = floor + tr[B rho(Sh) S rho(Sh) B'] / scale + floor (1/N) tr[S h(Sh)]

    with the expectations replaced by their deterministic equivalents. As n, d and N grow together
    the relative error falls as 1/N at order 0 and as 1/N^2 at order 1; so it does for fixed n as N
    grows. Where the model's contrast is not constant, the equivalents are those of
    :mod:`linscale.theory.mixture.kernels`; "variance" is then all that is added to the bias.

    ``order``, ``complex_data`` and ``nodes`` are options of an expansion. What draws,
    :func:`linscale.montecarlo.risk`, has ``trials``, ``rng`` and ``engine`` instead, and
    :func:`linscale.risk`, which chooses between the two, has options of both.

    Derivations: `reduction`, `two_resolvents`, `finite_size`, `contours` and `mixtures`.

    Parameters
    ----------
    model : Model
        SubspaceModel, InverseProblem, StationaryImages or SpectralProblem; or another one that
        reduces to a problem of which theory has a law.
    n_train : int
        N, the number of training pairs, from 1 to 10^15.
    filter : Filter
        T parameter values. ``Converged()`` gives :func:`linscale.theory.converged`, exact where
        a closed form is. Ridge needs no contour; the others are contour integrals.
    order : {0, 1}
        0, the leading order, or 1, with the 1/N term.
    complex_data : bool
        Complex circular Gaussian data instead of real: the 1/N term is then zero, and the leading
        order is already good to 1/N^2.
    nodes : int
        Quadrature nodes per panel of the contour, 2 to 200; the default is good to 1e-8, relative.

    Returns
    -------
    RiskPath
        Arrays of shape (T,), risks divided by the problem's ``scale``, with an estimate of the
        expansion's ``error`` and a remark on every point that it makes doubtful.

    Raises
    ------
    InvalidArgument
        An argument outside its range, or a path too long for a contour.
    StepTooLarge
        A step at which descent diverges on the limiting sample spectrum.
    Unsupported
        A model of which theory has no law, or complex data of a law of real data alone.
    NotConverged
        A deterministic equivalent that is not solved to rounding.

    Examples
    --------
    Nothing is learned at time 0; then the signal is, and with time more and more noise:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> path = ls.theory.risk(model, 50, ls.GradientFlow([0, 1, 14, 10_000]))
    >>> [f"{value:.2f}" for value in path.value]
    ['1.00', '0.20', '0.01', '0.02']
    >>> path.best.at, path.status
    (14.0, 'ok')

    Nothing is of higher order than 1/N in the risk after one step, so that order 1 is exact:

    >>> one = ls.theory.risk(model, 50, ls.GradientDescent(0.5, 1))
    >>> exact = ls.theory.one_step(model, 50, step=0.5)
    >>> bool(abs(one.value[0] - exact.value) < 1e-6 * exact.value)
    True
    """
    law, count = law_of(model, complex_data), validate.n_train(n_train)
    check_order(order)
    validate.integer("nodes", nodes, at_least=2, at_most=200)
    if not isinstance(filter, Filter):
        raise InvalidArgument("filter", repr(filter)[:60], "a filter such as GradientFlow(times)")
    if type(filter) is Converged:
        return RiskPath.single(end_of(law, law.examples(count), order))
    return path_of(law, law.examples(count), filter, order, nodes)


def path_of(law: Law, n_train: float, filter: Filter, order: int, nodes: int = NODES) -> RiskPath:
    """The same for a law, and n_train as the law counts them."""
    outliers = NONE
    if type(filter) is Ridge:
        terms = law.ridge(n_train, filter.penalties)
    else:
        law, spectrum, outliers = law.stable_part(n_train, law.spectrum(n_train), filter)
        terms = law.equivalent(n_train, spectrum, filter, nodes).terms(filter)
    path = assemble(law, n_train, filter, terms, order, outliers)
    swings = _swings(filter, law.spectrum(n_train)) if not filter.calibrated else None
    if swings is None or not swings.any():
        return path
    statuses = (
        joined(status, SWINGS) if swing else status
        for status, swing in zip(path.statuses, swings, strict=True)
    )
    return replace(path, statuses=tuple(statuses))


SWINGS = "the filter changes sign on the spectrum, where its error is not estimated well"
NOTEWORTHY = -0.01  # of rho


def _swings(filter: Filter, spectrum: Edges) -> NDArray[np.bool_]:
    """Whether rho goes below 0 anywhere on the spectrum, shape (T,)."""
    l = np.concatenate((np.geomspace(1e-4, 1.0, 200) * spectrum.high, [spectrum.lower_edge]))
    return np.asarray((filter.residual(l[l >= spectrum.low]) < NOTEWORTHY).any(axis=1))
