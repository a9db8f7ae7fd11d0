r"""The limiting spectrum of YY'/N: its bulks and its density.

In kappa = 1/m the complement of the spectrum is where kappa is real and dz/dkappa < 0, that is
df2(kappa) < N; df2 is convex between neighbouring poles -l_j, so each pair of population atoms has
a gap between its bulks if and only if the minimum of df2 there is below N.

Derivation: `two_atoms`.

Source: Silverstein and Choi, J. Multivariate Anal. 54 (1995) 295.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize_scalar

from linscale.errors import InvalidArgument
from linscale.models import SubspaceModel
from linscale.models.problem import Model, SpectralProblem, problem_of
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import FloatArray
from linscale.theory.gaussian.stieltjes import (
    effective_penalty,
    sample_spectrum,
    spectral_argument,
)


def support(model: Model, n_train: int) -> list[tuple[float, float]]:
    """Intervals that hold the nonzero sample eigenvalues as n, N -> inf, in ascending order.

    The intervals are those of the limit, to rounding. At finite N the outermost eigenvalues of a
    bulk spread about its edge over a share of order N^(-2/3) of it.

    Parameters
    ----------
    model, n_train : Model, int
        As for :func:`linscale.theory.risk`, for Gaussian data alone.

    Returns
    -------
    list of (float, float)
        Lower and upper edge of each bulk, in units of y squared; one to J of them for J distinct
        eigenvalues of the population.

    Raises
    ------
    InvalidArgument
        An argument outside its range.
    Unsupported
        Data that are not Gaussian.

    Examples
    --------
    White data give (1 - sqrt(n/N))^2 to (1 + sqrt(n/N))^2, the law of Marchenko and Pastur:

    >>> import linscale as ls
    >>> white = ls.SpectralProblem([1.0], [50], [1.0], floor=0.5)
    >>> [f"{edge:.3f}" for edge in ls.theory.support(white, n_train=200)[0]]
    ['0.250', '2.250']

    Signal and noise have a bulk each once there are examples enough (see :func:`transition`):

    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> [len(ls.theory.support(model, N)) for N in (10, 20)]
    [1, 2]
    """
    problem = problem_of(model)
    N = validate.n_train(n_train)
    whole = sample_spectrum(problem, N)
    kappa = [k for gap in reversed(gaps(problem, N)) for k in (gap.end, gap.edge)]
    inner = [float(spectral_argument(problem, N, k)) for k in kappa]
    edges = [whole.lower_edge, *inner, whole.high]
    return list(zip(edges[::2], edges[1::2], strict=True))


class Gap(NamedTuple):
    """What parts the bulk of the ``above`` largest atoms from the next one.

    ``edge`` and ``end`` are kappa at the lower edge of the bulk above and at the upper edge of the
    bulk below.
    """

    above: int
    edge: float
    end: float


def gaps(problem: SpectralProblem, n_train: float) -> list[Gap]:
    """Those between the bulks, from the largest eigenvalues to the smallest."""
    order = np.argsort(-problem.eigenvalues)
    l, n = problem.eigenvalues[order], problem.multiplicities[order]
    third = np.cbrt(n * l**2)
    # Two atoms that merge alone do so among others too.
    alone = (third[:-1] + third[1:]) ** 3 < n_train * np.diff(l) ** 2
    found = (_gap(l, n, n_train, int(place)) for place in np.flatnonzero(alone))
    return [gap for gap in found if gap is not None]


def _gap(l: FloatArray, n: FloatArray, n_train: float, place: int) -> Gap | None:
    """Between an atom and the next smaller one; None if their bulks have merged."""
    above, below = float(l[place]), float(l[place + 1])
    width = above - below

    def excess(pole: float, distance: float) -> float:
        # kappa = -pole + distance, so that a narrow bulk keeps its digits.
        return float(n @ (l / (l - pole + distance)) ** 2) / n_train - 1.0

    lowest = minimize_scalar(
        lambda share: excess(above, share * width),
        bounds=(1e-12, 1 - 1e-12), method="bounded", options={"xatol": 1e-12},
    ).x  # fmt: skip
    if excess(above, lowest * width) >= 0.0:
        return None
    edges = []
    for pole, middle in ((above, lowest * width), (below, (lowest - 1.0) * width)):
        nearest = pole * np.sqrt(float(n[l == pole].sum()) / n_train)  # all of df2 from this atom
        start = np.copysign(min(nearest * (1 - 1e-9), abs(middle)), middle)
        distance = brentq(lambda x, pole=pole: excess(pole, x), start, middle, xtol=1e-300)
        edges.append(float(distance - pole))
    return Gap(place + 1, *edges)


def transition(model: SubspaceModel) -> float:
    r"""The N above which the sample eigenvalues of signal and noise form separate bulks.

        N = [(n_1 l_1^2)^(1/3) + (n_2 l_2^2)^(1/3)]^3 / (l_1 - l_2)^2

    where the minimum of df2 between the poles -l_1 and -l_2 is N. A statement about the limit of
    large n and N: at finite size the gap opens over a share of order N^(-2/3) of N. 0 for d = n,
    where there is no noise bulk.

    Derivation: `two_atoms`.

    Parameters
    ----------
    model : SubspaceModel

    Returns
    -------
    float
        N, not rounded.

    Raises
    ------
    InvalidArgument
        Any other model.

    Examples
    --------
    As many examples as the subspace has dimensions, and not many more, tell signal from noise:

    >>> import linscale as ls
    >>> print(f"{ls.theory.transition(ls.SubspaceModel(n=100, d=10, sigma=0.1)):.1f}")
    13.4
    """
    if not isinstance(model, SubspaceModel):
        raise InvalidArgument("model", type(model).__name__, "a SubspaceModel")
    problem = model.spectral()
    if problem.eigenvalues.size == 1:
        return 0.0
    return merging_point(problem)


def merging_point(problem: SpectralProblem) -> float:
    """The formula of :func:`transition`, for two atoms."""
    (l1, l2), (n1, n2) = problem.eigenvalues, problem.multiplicities
    return float((np.cbrt(n1 * l1**2) + np.cbrt(n2 * l2**2)) ** 3 / (l1 - l2) ** 2)


@one_thread()
def density(model: Model, n_train: int, x: ArrayLike) -> FloatArray:
    r"""Density of the sample eigenvalues at x > 0, (N/n) Im m(x + i0)/pi, in the limit n, N -> inf.

    Its integral is min(1, N/n): for N < n the rest is an atom at 0. Approached to 1e-10 of the
    spectrum's width from above, which blurs an edge over that distance.

    Derivation: `two_atoms`.

    Parameters
    ----------
    model, n_train : Model, int
        As for :func:`linscale.theory.risk`, for Gaussian data alone.
    x : scalar or (M,) array
        Above 0, in units of y squared.

    Returns
    -------
    (M,) array
        Per eigenvalue and unit of x.

    Raises
    ------
    InvalidArgument, Unsupported, NotConverged
        As for :func:`effective_penalty`.

    Examples
    --------
    The law of Marchenko and Pastur for white data, here with n/N = 1/4:

    >>> import numpy as np
    >>> import linscale as ls
    >>> white = ls.SpectralProblem([1.0], [50], [1.0], floor=0.5)
    >>> x = np.array([0.5, 1.0, 2.0])
    >>> known = np.sqrt((2.25 - x) * (x - 0.25)) / (2 * np.pi * x / 4)
    >>> np.allclose(ls.theory.density(white, 200, x), known, rtol=1e-6)
    True
    """
    problem = problem_of(model)
    N = validate.n_train(n_train)
    points = validate.vector("x", x, positive=True)
    high = sample_spectrum(problem, N).high
    above = 1e-10 * high
    out = np.zeros(points.size)
    inside = points < 2.0 * high  # nothing is beyond, and far out only rounding is left
    points = points[inside]
    z = np.asarray(points + 1j * above, dtype=np.complex128)
    if points.size:
        kappa = effective_penalty(problem, N, z)
        out[inside] = N / problem.dimension * (1.0 / kappa).imag / np.pi
    return out
