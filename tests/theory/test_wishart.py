"""Exact Wishart moments, the exact two-step risk, and the 1/N term held against its expansion."""

import numpy as np
import pytest

import linscale as ls
from linscale.theory.wishart import moment
from tests.conftest import z_limit
from tests.tolerances import CONTRACT, rounding

FIFTEEN = ls.SpectralProblem(
    np.geomspace(0.05, 3, 15), np.arange(1, 16), np.linspace(0.1, 0.02, 15), floor=0.2
)
PROBLEMS = [FIFTEEN, ls.SubspaceModel(n=60, d=6, sigma=0.3).spectral()]


def evaluate(between, l, N, complex_data=False):
    """E Sh S^b1 Sh ... for S = diag(l), as a diagonal."""
    total = np.zeros_like(l)
    for term in moment(between, complex_data):
        total += (
            term.pairings
            / N**term.power_of_n
            * l**term.open
            * np.prod([np.sum(l**q) for q in term.traces])
        )
    return total


def test_pairings_are_counted():
    """(2k - 1)!! of real Gaussians, k! of complex ones."""
    for k, real, circular in ((1, 1, 1), (2, 3, 2), (3, 15, 6), (4, 105, 24)):
        between = (0,) * (k - 1)
        assert sum(t.pairings for t in moment(between)) == real
        assert sum(t.pairings for t in moment(between, True)) == circular


@pytest.mark.parametrize("N", [1, 2, 7])
def test_one_dimension_is_chi_squared(N):
    """Sh = s chi2_N / N, whose moments are N (N + 2) (N + 4) ... (s/N)^k; complex: N (N+1) ..."""
    s = 1.7
    for k in (1, 2, 3, 4):
        between = tuple(range(k - 1))  # powers of S between the factors, just numbers here
        powers = s ** (k + sum(between))
        rising = np.prod([N + 2.0 * i for i in range(k)]) / N**k
        # Positive terms: no more than these additions, and a dozen products.
        allowed = rounding(1, len(moment(between)) + 12)
        real = evaluate(between, np.array([s]), N)[0]
        assert real == pytest.approx(powers * rising, rel=allowed, abs=0)
        rising = np.prod([N + 1.0 * i for i in range(k)]) / N**k
        circular = evaluate(between, np.array([s]), N, True)[0]
        assert circular == pytest.approx(powers * rising, rel=allowed, abs=0)


@pytest.mark.parametrize("between", [(0,), (1,), (0, 0), (1, 0), (0, 1, 0)])
def test_moments_by_simulation(between):
    l, N, batch = np.array([0.3, 1.0, 2.0]), 4, 400_000
    rng = np.random.default_rng(sum(between) + len(between))
    y = np.sqrt(l)[:, None] * rng.standard_normal((batch, 3, N))
    sh = y @ y.transpose(0, 2, 1) / N
    product = sh
    for b in between:
        product = (product * l**b) @ sh
    samples = np.einsum("bii->bi", product)
    exact, sem = evaluate(between, l, N), samples.std(axis=0) / np.sqrt(batch)
    z = z_limit(5 * l.size)
    assert np.all(np.abs(samples.mean(axis=0) - exact) < z * sem)
    wrong = evaluate(between, l, N, complex_data=True)  # a planted error
    assert np.any(np.abs(samples.mean(axis=0) - wrong) > z * sem)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("N", [1, 2, 30, 63, 240])
def test_two_steps_by_simulation(problem, N):
    eta = 0.8 / ls.theory.sample_spectrum(problem, N).high
    exact = ls.theory.two_steps(problem, N, eta)
    filter = ls.GradientDescent(eta, 2)
    trials = 300 if problem is FIFTEEN else 700
    mc = ls.montecarlo.risk(problem, N, filter, trials=trials, rng=N, engine="wishart", workers=2)
    assert abs(mc.value[0] - exact.value) < z_limit(10) * mc.sem[0]
    assert mc.sem[0] < 5e-3 * exact.value


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("N", [3, 20, 63, 1000])
@pytest.mark.parametrize("complex_data", [False, True])
def test_orders_are_those_of_the_exact_two_step_risk(problem, N, complex_data):
    """With n_j and N both multiplied by s, the exact risk is a polynomial in 1/s.

    Its first two coefficients are what order 0 and order 1 must give, to a contour's accuracy: a
    check of the whole 1/N term, contour and all. Every remainder is O(1/s^2).
    """
    eta = 0.8 / ls.theory.sample_spectrum(problem, N).high
    filter = ls.GradientDescent(eta, 2)
    scales = np.array([1, 2, 3, 4, 6], dtype=int)

    def scaled(s):
        return ls.SpectralProblem(
            problem.eigenvalues, problem.multiplicities * s, problem.target_weights, problem.floor
        )

    exact = [ls.theory.two_steps(scaled(s), N * s, eta, complex_data=complex_data) for s in scales]
    # Powers up to 1/s^3 for four factors: a polynomial of degree 3, fitted through five points.
    for part in ("bias", "variance"):
        values = np.array([getattr(point, part) for point in exact])
        powers = (1.0 / scales[:, None]) ** np.arange(4)
        solve = np.linalg.pinv(powers)
        coefficients = solve @ values
        # The terms of (1 - eta Sh)^4 alternate: they add up to (1 + 0.8)^4 of the first at most,
        # which is the power of the signal, or 4 (0.8)^2 of the variance's.
        power = problem.target_weights @ problem.eigenvalues
        terms = 1.8**4 * (power if part == "bias" else values.max())
        allowed = rounding(terms, problem.eigenvalues.size + 20)
        spread = np.abs(solve).sum(axis=1)  # from the values to the coefficients
        assert np.all(np.abs(powers @ coefficients - values) <= allowed * (1 + spread.sum()))
        paths = [ls.theory.risk(problem, N, filter, order=order) for order in (0, 1)]
        orders = [getattr(path, part)[0] for path in paths]
        contour = CONTRACT * (paths[0].bias[0] + paths[0].variance[0])
        assert abs(coefficients[0] - orders[0]) <= contour + spread[0] * allowed
        if complex_data:
            assert abs(coefficients[1]) <= spread[1] * allowed
        else:
            following = orders[1] - orders[0]
            assert abs(coefficients[1] - following) <= contour + spread[1] * allowed
            assert abs(following) > 10 * (contour + spread[1] * allowed)  # it is there


def test_steps_follow_one_another():
    """A step of size 0+ changes nothing; two steps beat one where one is far too short."""
    problem = PROBLEMS[0]
    least = problem.zero_risk - 4e-9 * problem.target_weights @ problem.eigenvalues**2
    allowed = rounding(1, problem.eigenvalues.size + 20)  # and (1e-9)^2 of the next term
    assert ls.theory.two_steps(problem, 20, 1e-9).value == pytest.approx(least, rel=allowed, abs=0)
    one, two = ls.theory.one_step(problem, 20, 0.02), ls.theory.two_steps(problem, 20, 0.02)
    assert two.value < one.value
