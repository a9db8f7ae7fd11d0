"""The 1/N term against everything that is known exactly, and where its error estimate stands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale.errors import InvalidArgument
from linscale.theory.gaussian.kernels import ridge_terms
from linscale.theory.gaussian.stieltjes import effective_penalty_at_zero, ridge_penalty
from tests.conftest import z_limit
from tests.tolerances import CONTRACT, rounding

FIFTEEN = ls.SpectralProblem(
    np.geomspace(0.05, 3, 15), np.arange(1, 16), np.linspace(0.1, 0.02, 15), floor=0.2
)
SUBSPACE = ls.SubspaceModel(n=60, d=6, sigma=0.3)
LOUD = ls.SpectralProblem(np.geomspace(0.2, 3, 6), [2] * 6, np.full(6, 0.3), floor=0.05)
PROBLEMS = [FIFTEEN, SUBSPACE.spectral()]


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("N", [1, 2, 7, 60, 500])
@pytest.mark.parametrize(
    "make", [ls.GradientDescent, ls.Nesterov, lambda s, k: ls.HeavyBall(s, 0.7, k)]
)
def test_one_step_is_exact_at_every_n_train(problem, N, make):
    """One step of every method is the same: a polynomial of degree 1 ends the expansion."""
    eta = 0.4 / ls.theory.sample_spectrum(problem, N).high
    exact = ls.theory.one_step(problem, N, eta)
    path = ls.theory.risk(problem, N, make(eta, 1))
    allowed = CONTRACT * (exact.bias + exact.variance)
    assert path.bias[0] == pytest.approx(exact.bias, rel=0, abs=allowed)
    assert path.variance[0] == pytest.approx(exact.variance, rel=0, abs=allowed)
    leading = ls.theory.risk(problem, N, make(eta, 1), order=0)
    assert abs(leading.bias[0] - exact.bias) > 100 * allowed  # order 0 is caught
    circular = ls.theory.one_step(problem, N, eta, complex_data=True)
    assert leading.bias[0] == pytest.approx(circular.bias, rel=0, abs=allowed)


@pytest.mark.parametrize("n", [3, 20, 200])
@pytest.mark.parametrize("ratio", [0.2, 0.5, 0.9])
def test_white_spectrum_below_n(n, ratio):
    """Exact variance floor N/(n-N-1) = floor [N/(n-N) + N/(n-N)^2 + ...]; exact bias 1 - N/n."""
    N = max(1, int(ratio * n))
    white = ls.SpectralProblem([2.0], [n], [0.5], floor=0.3)
    kappa = np.array([effective_penalty_at_zero(white, N)])
    bias, variance = ridge_terms(white, N, kappa, order=1)
    # kappa, and every 1 - df2/N, come from a cancellation to 1 - N/n: three factors of them in the
    # leading terms, five in the variance at order 1. Its bias is a difference of terms of the
    # size bias/N, over (1 - N/n)^2.
    condition, operations = n / (n - N), 20
    leading = rounding(3 * condition, operations)
    assert bias[0] == pytest.approx(1.0 - N / n, rel=leading, abs=0)
    none = float(rounding(condition**2, operations) * bias[0][0] / N)
    assert bias[1] == pytest.approx(0.0, rel=0, abs=none)
    assert variance[0] == pytest.approx(0.3 * N / (n - N), rel=leading, abs=0)
    following = rounding(5 * condition, operations)
    assert variance[1] == pytest.approx(0.3 * N / (n - N) ** 2, rel=following, abs=0)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_late_times_beyond_n(problem):
    """Exact floor n/(N-n-1): the first two terms of its expansion, from the contour."""
    n = problem.dimension
    for N in (2 * n, 5 * n):
        late = ls.GradientFlow(1e4)
        both = ls.theory.risk(problem, N, late).variance[0]
        leading = ls.theory.risk(problem, N, late, order=0).variance[0]
        expected = problem.floor * n / (N - n)
        assert leading == pytest.approx(expected, rel=CONTRACT, abs=0)
        following = expected / (N - n)
        assert both - leading == pytest.approx(following, rel=0, abs=CONTRACT * expected)


@pytest.mark.parametrize(("problem", "first"), [(FIFTEEN, 1e4), (SUBSPACE.spectral(), 1e3)])
@pytest.mark.parametrize(
    "filter",
    [
        ls.GradientFlow([0.3, 0.9]), ls.GradientDescent(0.2, [2, 4]), ls.Ridge([0.5, 1.0]),
        ls.HeavyBall(0.1, 0.5, [2, 6]), ls.Nesterov(0.1, [2, 5]),
    ],
)  # fmt: skip
def test_many_samples(problem, first, filter):
    """N (R - R_inf) tends to the closed form with beta = 1; beta = 0 is what order 0 gives."""
    sizes = np.array([1, 10]) * first
    for complex_data, order in ((False, 1), (True, 0)):
        gaps = []
        for N in sizes:
            closed = ls.theory.large_n(problem, N, filter, complex_data=complex_data)
            path = ls.theory.risk(problem, N, filter, order=order)
            gaps.append(np.abs(path.bias - closed.bias) + np.abs(path.variance - closed.variance))
        slope = np.log(gaps[1] / gaps[0]) / np.log(10)
        # The next order changes it by n/N times a few, and a contour by its share of the gap.
        contour = CONTRACT * (path.value - path.floor) / gaps[1] / np.log(10)
        assert np.all(np.abs(slope + 2) < 0.1 + contour), complex_data
        assert np.min(contour) < 0.05
        assert np.max(contour) < 0.8  # a term lost from either would leave a slope of -1
    real = ls.theory.large_n(problem, sizes[1], filter)
    circular = ls.theory.large_n(problem, sizes[1], filter, complex_data=True)
    assert np.all(np.abs(real.bias - circular.bias) > 5 * gaps[1])  # beta is not lost


@given(st.integers(0, 2**32 - 1), st.floats(-2, 2))
def test_bias_kernels_of_ridge_against_small_wishart_moments(seed, log_mu):
    """At N -> inf the ridge terms of order 1 vanish as 1/N, whatever the spectrum."""
    rng = np.random.default_rng(seed)
    problem = ls.SpectralProblem(
        rng.lognormal(0, 1, 5), rng.integers(1, 9, 5), rng.uniform(0, 1, 5), floor=0.1
    )
    mu = 10**log_mu
    first = []
    for N in (1e6, 1e7):
        kappa = np.array([ridge_penalty(problem, N, mu)])
        bias, variance = ridge_terms(problem, N, kappa, order=1)
        first.append((bias[1][0], variance[1][0] * N))
    # A rate: the next order is n/N times a number that grows as mu falls, at most 1e3 here.
    assert first[0][0] / first[1][0] == pytest.approx(10.0, rel=1e-2)
    assert first[0][1] / first[1][1] == pytest.approx(10.0, rel=1e-2)


def test_complex_data_drops_the_term():
    flow = ls.GradientFlow([1.0, 5.0])
    circular = ls.theory.risk(SUBSPACE, 10, flow, complex_data=True)
    assert np.array_equal(circular.value, ls.theory.risk(SUBSPACE, 10, flow, order=0).value)
    assert np.all(circular.error < ls.theory.risk(SUBSPACE, 10, flow, order=0).error)
    assert "complex" in circular.method
    best = ls.theory.early_stopped(SUBSPACE, 10, complex_data=True)
    assert best.value == ls.theory.early_stopped(SUBSPACE, 10, order=0).value
    exact = ls.theory.converged(SUBSPACE, 100, complex_data=True)
    assert exact.value == pytest.approx(exact.floor * 100 / 40, rel=rounding(1, 4), abs=0)


def test_complex_circular_data_by_simulation():
    """Y complex circular: order 0 is right to 1/N^2, and the real-data term would be wrong."""
    problem, N, trials, t = LOUD, 10, 4000, 1.0
    l = np.repeat(problem.eigenvalues, problem.multiplicities.astype(int))
    weight = np.repeat(
        problem.target_weights / problem.multiplicities, problem.multiplicities.astype(int)
    )
    rng = np.random.default_rng(3)
    risks = np.empty(trials)
    for k in range(trials):
        y = rng.standard_normal((l.size, N)) + 1j * rng.standard_normal((l.size, N))
        y *= np.sqrt(l / 2)[:, None]
        e, u = np.linalg.eigh(y @ y.conj().T / N)
        rho = (u * np.exp(-t * e)) @ u.conj().T
        h = (u * (np.expm1(-t * e) ** 2 / np.maximum(e, 1e-12))) @ u.conj().T
        bias = np.sum(weight[:, None] * np.abs(rho) ** 2 * l)
        risks[k] = bias + problem.floor * (1 + np.sum(l * np.diag(h).real) / N)
    mean, sem = risks.mean(), risks.std() / np.sqrt(trials)
    flow = ls.GradientFlow(t)
    circular = ls.theory.risk(problem, N, flow, complex_data=True).value[0]
    allowed = z_limit(1) * sem + 0.002 * mean  # the second is the next order, of some 0.2/N^2
    assert abs(mean - circular) < allowed
    assert abs(mean - ls.theory.risk(problem, N, flow).value[0]) > allowed


def test_status_speaks_where_the_expansion_fails_and_only_there():
    quiet = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    assert ls.theory.early_stopped(quiet, 100).status == "ok"
    assert "%" in ls.theory.early_stopped(quiet, 12).status
    nearly_silent = ls.SubspaceModel(n=100, d=10, sigma=1e-3)
    assert ls.theory.early_stopped(nearly_silent, 10).status != "ok"  # N = d, tiny sigma
    at_the_pole = ls.theory.risk(quiet, 100, ls.GradientFlow(1e7))  # N = n, large t
    assert at_the_pole.status != "ok"
    assert at_the_pole.error[0] > 0.05 * at_the_pole.value[0]
    path = ls.theory.risk(quiet, 12, ls.GradientFlow(np.geomspace(1e-3, 1e3, 30)))
    assert path.statuses[0] == "ok"
    assert "of 30 points" in path.status


def test_error_holds_what_lies_beyond_the_usable_times():
    """N = 1, n = 2, next to no noise: order 1 is of no use at the late times that are best."""
    model = ls.SubspaceModel(n=2, d=1, sigma=0.02)
    best = ls.theory.early_stopped(model, 1)
    mc = ls.montecarlo.early_stopped(model, 1, trials=2000)
    assert abs(best.value - mc.value) < best.error + z_limit(1) * mc.sem
    assert best.status != "ok"
    assert "montecarlo" in ls.early_stopped(model, 1, trials=200).method


SIGN_CHANGES = [  # where the 1/N term passes through 0, and an estimate by it alone would too
    (ls.SubspaceModel(100, 10, 0.05), 15, ls.HeavyBall(0.25, 0.9, 27)),
    (ls.SubspaceModel(20, 2, 0.05), 8, ls.GradientFlow(19.1)),
    (ls.SubspaceModel(6, 1, 0.0035), 4, ls.HeavyBall(0.12, 0.8, 32)),
    (ls.SubspaceModel(5, 4, 0.001036), 3, ls.GradientFlow(71.0)),
    (ls.SubspaceModel(4, 1, 0.138), 7, ls.GradientFlow(11.55)),
]


@pytest.mark.parametrize(("model", "N", "filter"), SIGN_CHANGES)
def test_error_does_not_vanish_where_the_term_changes_sign(model, N, filter):
    path = ls.theory.risk(model, N, filter)
    mc = ls.montecarlo.risk(model, N, filter, trials=4000, workers=2)
    missing = abs(path.value[0] - mc.value[0])
    assert missing > 3 * mc.sem[0]  # the case is one
    assert missing < path.error[0] + z_limit(len(SIGN_CHANGES)) * mc.sem[0]


def test_error_holds_what_the_contour_itself_misses():
    flow = ls.GradientFlow([1.0, 10.0, 100.0])
    rough = ls.theory.risk(ls.SubspaceModel(100, 10, 0.05), 50, flow, nodes=3)
    fine = ls.theory.risk(ls.SubspaceModel(100, 10, 0.05), 50, flow)
    missed = np.abs(rough.value - fine.value)
    assert np.all(missed <= rough.error)
    assert rough.error[0] > 2 * fine.error[0]  # and is seen


def test_orders():
    flow = ls.GradientFlow(1.0)
    for ask in (
        lambda order: ls.theory.risk(SUBSPACE, 10, flow, order=order),
        lambda order: ls.theory.early_stopped(SUBSPACE, 10, order=order),
        lambda order: ls.theory.pca(SUBSPACE, 10, order=order),
        lambda order: ls.theory.saturation(SUBSPACE, order=order),
        lambda order: ls.theory.converged(SUBSPACE, 10, order=order),
        lambda order: ls.theory.converged(SUBSPACE, 100, order=order),
    ):
        for order in (2, -1, 0.5, 1.0, True, "1"):
            with pytest.raises(InvalidArgument, match="order"):
                ask(order)
    zero, one = (ls.theory.risk(SUBSPACE, 10, flow, order=order) for order in (0, 1))
    assert ls.theory.risk(SUBSPACE, 10, flow).value[0] == one.value[0]  # the default
    # The error estimate of order 0 is about the size of the term that order 1 adds.
    added = abs(one.value[0] - zero.value[0])
    assert added <= zero.error[0]
    assert one.error[0] < 0.2 * zero.error[0]
