r"""Plug-in PCA: how well the top d sample eigenvectors find the signal subspace.

The share of population atom s that lies in the sample eigenvectors above q is an integral of
Q_s(z) over the upper half plane from right of the spectrum to q. In kappa it is rational,

    Q_s dz = -(1 - df2/N) / ((1 - df1/N) (kappa + l_s)) dkappa,

so it has a closed form. With D = 1 - df1/N = prod_i (kappa - r_i) / prod_j (kappa + l_j), and
1 - df2/N = D + kappa D', the antiderivative is

    F_s = l_s/(kappa + l_s) - sum_i [r_i log(kappa - r_i) + l_s log(kappa + l_s)] / (r_i + l_s)
          + sum_{j != s} [l_s log(kappa + l_s) - l_j log(kappa + l_j)] / (l_s - l_j)

    share_s(q) = -(1/pi) Im [F_s(kappa(q + i0)) - F_s(right of the spectrum)]

and sum_s n_s share_s(q) is the number of sample eigenvalues above q. Nothing here depends on
whether the spectrum has a gap. (The integral form is in Ledoit and Peche, PTRF 151 (2011) 233.)

Derivation: `pca`.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from linscale.errors import NotConverged, Unsupported
from linscale.models import SubspaceModel
from linscale.models.problem import Model, SpectralProblem, problem_of
from linscale.results.risk import RiskPoint
from linscale.results.uncertain import UncertainFloat
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.validate import ComplexArray, FloatArray
from linscale.theory import trust
from linscale.theory.gaussian.stieltjes import (
    degrees_of_freedom,
    effective_penalty_at_zero,
    sample_spectrum,
)
from linscale.theory.law import check_order, law_of
from linscale.theory.spectrum import merging_point

MERGED = "leading order: no 1/N term is known where signal and noise bulks have merged"


@one_thread()
def pca(model: Model, n_train: int, *, order: int = 1, complex_data: bool = False) -> RiskPoint:
    r"""Risk of W = Uh Uh' / (1 + sigma^2), Uh the top d eigenvectors of YY'/N.

        R = 1 + (a^2 - 2 a) c + sigma^2 a^2,   a = 1/(1 + sigma^2),   c = E||Uh'U||_F^2 / d

    c is :func:`subspace_overlap`. For N < d the missing directions of Uh are uniform in the null
    space of YY'. The 1/N term is known for N <= d and where signal and noise bulks are separate.
    Where they have merged, the cut between the d-th and the next sample eigenvalue falls inside a
    bulk, on which the expansion says nothing: the value is then of leading order, and ``status``
    says so. Complex circular data have no 1/N term.

    The options are those of an expansion; :func:`linscale.montecarlo.pca` draws, and has
    ``trials``, ``rng`` and ``engine`` instead.

    Derivation: `pca`.

    Parameters
    ----------
    model : SubspaceModel
    n_train, order, complex_data : int, {0, 1}, bool
        As for :func:`linscale.theory.risk`.

    Returns
    -------
    RiskPoint
        All that is lost is ``bias``: PCA learns no targets. ``at`` is nan.

    Raises
    ------
    InvalidArgument
        An argument outside its range.
    Unsupported
        For anything but a SubspaceModel: nothing else says how many directions to keep.
    NotConverged
        Signal and noise that differ by too little for double precision.

    Examples
    --------
    With many examples PCA is another way to the best linear estimator:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> [f"{ls.theory.pca(model, N).value:.3f}" for N in (50, 100, 1000)]
    ['0.033', '0.020', '0.011']
    >>> print(f"{ls.theory.floor(model):.3f}")
    0.010
    """
    _check_subspace(model)
    check_order(order)
    N = validate.n_train(n_train)
    validate.flag("complex_data", complex_data)
    assert isinstance(model, SubspaceModel)
    problem, s2 = problem_of(model), model.sigma**2
    a = 1.0 / (1.0 + s2)
    lost = _lost(model, N, order, complex_data)
    # R = floor + (2a - a^2)(1 - c): what is lost is the part of the subspace that was not found.
    per_share = 2.0 * a - a * a
    bias, error = per_share * lost, per_share * lost.error
    value = problem.floor + bias
    merged = lost.status != "ok"
    law = law_of(model, complex_data and not merged)
    return RiskPoint(
        value=value,
        floor=problem.floor,
        bias=bias,
        variance=0.0,
        error=error,
        method=law.name(0 if merged else order),
        status=trust.joined(lost.status, trust.remark(value, bias, 0.0, error)),
    )


@one_thread()
def subspace_overlap(
    model: SubspaceModel, n_train: int, *, order: int = 1, complex_data: bool = False
) -> UncertainFloat:
    """c = E||Uh'U||_F^2 / d, with ``error``; at order 1 with its 1/N term where that is known.

    Parameters
    ----------
    model : SubspaceModel
    n_train, order, complex_data : int, {0, 1}, bool
        As for :func:`linscale.theory.risk`.

    Returns
    -------
    UncertainFloat
        c, a share of the subspace, with ``error`` and ``status``.

    Raises
    ------
    InvalidArgument, Unsupported, NotConverged
        As for :func:`pca`.

    Examples
    --------
    Without noise 7 examples would find 0.7 of 10 dimensions, and 10 all of them:

    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> [f"{ls.theory.subspace_overlap(model, N):.2f}" for N in (7, 50, 1000)]
    ['0.58', '0.98', '1.00']
    """
    _check_subspace(model)
    N = validate.n_train(n_train)
    check_order(order)
    validate.flag("complex_data", complex_data)
    lost = _lost(model, N, order, complex_data)
    return UncertainFloat(1.0 - lost, lost.error, lost.status)


def _lost(model: SubspaceModel, N: int, order: int, complex_data: bool) -> UncertainFloat:
    """1 - c, with its error."""
    lost = _share_lost(model, N)
    change = overlap_correction(model, N)
    if change is None:
        error = lost / model.d  # simulated in 13 cases: 0.08 to 0.8 of this
        return UncertainFloat(lost, error, MERGED)
    ratio = max(abs(change) / max(lost, 1e-300), trust.FEW / N)
    error = trust.SAFETY * lost * ratio**2
    if complex_data:
        return UncertainFloat(lost, error)
    if order == 0:
        return UncertainFloat(lost, error + abs(change))
    return UncertainFloat(lost - change, error)


def _check_subspace(model: Model) -> None:
    if not isinstance(model, SubspaceModel):
        raise Unsupported("pca needs a SubspaceModel: only that says how many directions to keep")


def overlap_correction(model: SubspaceModel, n_train: int) -> float | None:
    r"""The 1/N term of c; None where signal and noise bulks have merged.

    With P the signal projector and moments a, c as in
    :mod:`linscale.theory.gaussian.kernels`, the same expansion of E log det that gives
    E tr[S Q] its 1/N term gives

        E tr[P Q(z)]  +=  T = -(kappa/z) [(c - a) b/(1 - a) + e]/(1 - a)
        b = (1/N) d l_1 g_1^2,   e = (1/N) d l_1^2 g_1^3

    Separate bulks: d c changes by minus the contour integral of T around the signal bulk, in kappa
    a circle around -l_1. N <= d: all sample eigenvectors count, and what they leave out is the
    residue of -T at 0.

    Derivations: `finite_size` and `pca`.
    """
    n, d, N = model.n, model.d, n_train
    problem = problem_of(model)
    if d == n:
        return 0.0

    def bracket(kappa: ComplexArray | FloatArray) -> ComplexArray | FloatArray:
        l, m = problem.eigenvalues, problem.multiplicities / N
        g = 1.0 / (l + kappa[:, None])
        a, c = (l * g) ** 2 @ m, (l * g) ** 3 @ m
        b, e = m[0] * l[0] * g[:, 0] ** 2, m[0] * l[0] ** 2 * g[:, 0] ** 3
        return np.asarray((c - a) * b / (1.0 - a) + e)

    if d >= N:
        kappa = np.array([effective_penalty_at_zero(problem, N)])
        a = degrees_of_freedom(problem, kappa, power=2) / N
        left_out = float((kappa * bracket(kappa).real / (1.0 - a))[0]) / d
        return -left_out * (1.0 - (d - N) / (n - N))
    if _share_lost_across_a_gap(problem, N) is None:
        return None
    l1, l2 = problem.eigenvalues
    n1, n2 = problem.multiplicities
    first, second = np.cbrt(n1 * l1**2), np.cbrt(n2 * l2**2)
    radius = (l1 - l2) * first / (first + second)  # to where df2 is least between the poles
    before = np.inf
    for count in 2 ** np.arange(6, 16):
        turn = np.exp(2j * np.pi * np.arange(count) / count)
        kappa = -l1 + radius * turn
        free = 1.0 - degrees_of_freedom(problem, kappa) / N
        total = float(np.mean(bracket(kappa) / free * radius * turn).real) / d
        if abs(total - before) <= 1e-10 * abs(total):
            return total
        before = total
    return None  # so near to the transition that it is of no use


def _share_lost(model: SubspaceModel, n_train: int) -> float:
    """1 - c, which keeps its digits as it falls to 0."""
    n, d, N = model.n, model.d, n_train
    problem = problem_of(model)
    if d == n:
        return 0.0
    if d >= N:
        kappa = effective_penalty_at_zero(problem, N)
        in_range = problem.eigenvalues[0] / (problem.eigenvalues[0] + kappa)
        return float((1.0 - in_range) * (1.0 - (d - N) / (n - N)))
    separated = _share_lost_across_a_gap(problem, N)
    if separated is not None:
        return separated
    spectrum = sample_spectrum(problem, N)
    low = max(spectrum.lower_edge, 1e-12 * float(problem.eigenvalues.min())) * (1 + 1e-9)
    high = spectrum.high * (1 - 1e-9)

    def excess(log_q: float) -> float:
        return float(problem.multiplicities @ shares_above(problem, N, np.exp(log_q))) - d

    if not excess(np.log(low)) * excess(np.log(high)) <= 0.0:
        raise NotConverged(
            "counting sample eigenvalues", float("nan"),
            "signal and noise differ by too little for double precision; use montecarlo.pca",
        )  # fmt: skip
    # In a gap the count is flat at d, up to rounding, and so is the overlap: any q there will do.
    log_q = brentq(excess, np.log(low), np.log(high), xtol=1e-13, maxiter=200)
    return float(np.clip(1.0 - shares_above(problem, N, np.exp(log_q))[0], 0.0, 1.0))


def _share_lost_across_a_gap(problem: SpectralProblem, n_train: float) -> float | None:
    """1 - c where signal and noise bulks are separate; None where they have merged.

    The logarithms of F then jump by
    multiples of pi, and 1 - c = l1 delta / ((l1 - l2) (l1 - l2 + delta)), where kappa = -l2 + delta
    is the larger root of df1 = N.

    Derivation: `pca`.
    """
    (l1, l2), (n1, n2), N = problem.eigenvalues, problem.multiplicities, float(n_train)
    gap = l1 - l2
    if merging_point(problem) >= N:
        return None
    b, c = N * gap - n2 * l2 - n1 * l1, n2 * l2 * gap  # N delta^2 + b delta - c = 0
    root = np.sqrt(b * b + 4.0 * N * c)
    delta = 2.0 * c / (b + root) if b > 0 else (root - b) / (2.0 * N)
    return float(l1 * delta / (gap * (gap + delta)))


def shares_above(problem: SpectralProblem, n_train: float, q: float) -> FloatArray:
    """Share of each population atom inside the sample eigenvectors above q > 0, shape (J,)."""
    inside = _imaginary_primitive(problem, n_train, _boundary_penalty(problem, n_train, q))
    right = _imaginary_primitive(problem, n_train, complex(-2.0 * problem.eigenvalues.max(), 0.0))
    return np.asarray((right - inside) / np.pi)


def _boundary_penalty(problem: SpectralProblem, n_train: float, q: float) -> complex:
    """kappa(q + i0): the root with Im kappa < 0, or outside the spectrum the one with z' < 0."""
    l = problem.eigenvalues
    weight = problem.multiplicities * l / n_train
    atoms = [np.poly1d([1.0, lj]) for lj in l]
    polynomial = np.poly1d([1.0, q])
    for atom in atoms:
        polynomial *= atom
    for j, wj in enumerate(weight):
        term = np.poly1d([wj, 0.0])
        for atom in atoms[:j] + atoms[j + 1 :]:
            term *= atom
        polynomial -= term
    roots = polynomial.roots
    lowest = roots[np.argmin(roots.imag)]
    if lowest.imag < -1e-10 * abs(lowest):
        return complex(lowest)
    slope = degrees_of_freedom(problem, roots.real, power=2)
    return complex(roots.real[np.argmin(np.abs(slope))], 0.0)


def _imaginary_primitive(problem: SpectralProblem, n_train: float, kappa: complex) -> FloatArray:
    """Im F_s(kappa) for every atom s, for kappa in the closed lower half plane."""
    l = problem.eigenvalues
    u = np.sqrt(problem.multiplicities * l / n_train)
    roots = -np.linalg.eigvalsh(np.diag(l) - np.outer(u, u))
    atom_arg, root_arg = _argument(kappa + l), _argument(kappa - roots)
    out = np.empty(l.size)
    for s, ls in enumerate(l):
        others = np.arange(l.size) != s
        out[s] = (
            (ls / (kappa + ls)).imag
            - np.sum((roots * root_arg + ls * atom_arg[s]) / (roots + ls))
            + np.sum((ls * atom_arg[s] - (l * atom_arg)[others]) / (ls - l[others]))
        )
    return out


def _argument(values: np.ndarray) -> FloatArray:
    """arg in [-pi, 0]: the real line is approached from below."""
    return np.asarray(np.arctan2(-np.abs(values.imag), values.real))
