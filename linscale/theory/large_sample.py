"""Many examples for a fixed problem: the risk to order 1/N, for any filter."""

from __future__ import annotations

import numpy as np

from linscale.errors import InvalidArgument
from linscale.filters import Converged, Filter
from linscale.models.problem import Model, SpectralProblem, problem_of
from linscale.results.risk import RiskPath
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import ComplexArray, FloatArray
from linscale.theory.assembly import theory_path
from linscale.theory.contours import around


@one_thread()
def large_n(model: Model, n_train: int, filter: Filter, *, complex_data: bool = False) -> RiskPath:
    r"""R = R_inf + C/N, the first two terms at large N and fixed n; the next is O(1/N^2).

        R_inf = floor + sum_i w_i l_i rho_i^2
        C = floor sum_i n_i (1 - rho_i)^2
            + sum_i w_i { sum_k n_k l_i l_k^2 rho[i,k]^2 + 2 rho_i l_i^2 sum_k n_k l_k rho[i,i,k]
                          + beta l_i^3 (rho'_i^2 + rho_i rho''_i) }

    with divided differences rho[..] of rho at the population eigenvalues; beta = 1 for real data
    and 0 for complex. By Cauchy's formula every term is a contour integral around the *population*
    spectrum. ``error`` is the size of C/N squared, over the learning error.

    Derivation: `large_n`.

    Parameters
    ----------
    model, n_train, complex_data : Model, int, bool
        As for :func:`linscale.theory.risk`, for Gaussian data alone.
    filter : Filter
        T parameter values.

    Returns
    -------
    RiskPath
        Arrays of shape (T,), risks divided by the problem's ``scale``.

    Raises
    ------
    InvalidArgument
        An argument outside its range, or a path too long for a contour.
    StepTooLarge
        A step at which descent diverges at the largest population eigenvalue.
    Unsupported
        Data that are not Gaussian.

    Examples
    --------
    What is left out is of order 1/N^2: about a hundredth at ten times as many examples.

    >>> import linscale as ls
    >>> model, flow = ls.SubspaceModel(n=100, d=10, sigma=0.1), ls.GradientFlow(5)
    >>> def left_out(N):
    ...     two_terms = ls.theory.large_n(model, N, flow).value[0]
    ...     return ls.theory.risk(model, N, flow).value[0] - two_terms
    >>> print(f"{left_out(1_000) / left_out(10_000):.0f}")
    104
    """
    problem = problem_of(model)
    N = validate.n_train(n_train)
    validate.flag("complex_data", complex_data)
    if not isinstance(filter, Filter):
        raise InvalidArgument("filter", repr(filter)[:60], "a filter such as GradientFlow(times)")
    l, n, w = problem.eigenvalues, problem.multiplicities, problem.target_weights
    filter.check_stable(float(l.max()), "(at the largest population eigenvalue)")
    rho = filter.residual(l)
    limit = (rho**2) @ (w * l)
    bias = limit.copy()
    if type(filter) is not Converged:
        bias = bias + _bias_coefficient(problem, filter, 0.0 if complex_data else 1.0) / N
    variance = problem.floor * (filter.learned(l) ** 2 @ n) / N
    change = np.abs(bias - limit) + variance
    error = change * (change / (limit + variance + 1e-300))
    method = "theory, large N to order 1/N"
    return theory_path(problem.floor, filter, bias, np.asarray(variance), np.asarray(error), method)


def _bias_coefficient(problem: SpectralProblem, filter: Filter, beta: float) -> FloatArray:
    """The braces above, summed over i, as one double contour integral."""
    l, n, w = problem.eigenvalues, problem.multiplicities, problem.target_weights
    contour = around(float(l.min()), float(l.max()), filter)

    def kernel(z1: ComplexArray, z2: ComplexArray) -> ComplexArray:
        q1, q2 = 1.0 / (z1[:, None] - l), 1.0 / (z2[:, None] - l)

        def pair(weight: FloatArray, a: int, b: int) -> ComplexArray:
            return np.asarray((q1**a * weight) @ (q2**b).T)

        return np.asarray(
            pair(w * l, 1, 1) * pair(n * l**2, 1, 1)
            + 2.0 * pair(w * l**2, 1, 2) * (q2 @ (n * l))
            + beta * (pair(w * l**3, 2, 2) + 2.0 * pair(w * l**3, 1, 3))
        )

    z = contour.z
    return contour.integrate_twice(filter.residual(z), kernel(z, z), kernel(z, z.conj()))
