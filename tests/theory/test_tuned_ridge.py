"""Ridge at its best penalty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale import theory
from linscale.errors import InvalidArgument
from linscale.theory.gaussian.stieltjes import degrees_of_freedom, ridge_penalty
from tests.conftest import z_limit
from tests.tolerances import rounding

XATOL = 1e-6  # in log(penalty): where the search for the best one stops

MODEL = ls.SubspaceModel(n=60, d=6, sigma=0.3)


def of_a_value(problem, n_train, penalty):
    """Rounding of the risk: a sum of terms with up to five factors 1/(1 - df2/N)."""
    share = degrees_of_freedom(problem, ridge_penalty(problem, n_train, penalty), 2) / n_train
    return rounding(5 * (1 + share) / (1 - share), problem.eigenvalues.size + 20)


def curvature(below, least, above, step):
    """Second derivative in log(penalty), from values a ``step`` in it apart."""
    return (below - 2 * least + above) / step**2


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("n_train", [20, 60, 200, 5000])
def test_no_penalty_is_better(n_train, order):
    best = theory.best_ridge(MODEL, n_train, order=order)
    around = best.at * np.geomspace(0.01, 100.0, 801)
    others = theory.risk(MODEL, n_train, ls.Ridge(around), order=order).value
    # and the minimum is sharp enough to be told from its neighbours
    sides = theory.risk(
        MODEL, n_train, ls.Ridge(best.at * np.array([0.7, 1.0, 1.4])), order=order
    ).value
    allowed = of_a_value(MODEL.spectral(), n_train, best.at)
    assert sides[1] == pytest.approx(best.value, rel=allowed, abs=0)
    # A minimum is missed by XATOL, and by what rounding hides: sqrt(rounding/curvature).
    missed = curvature(*sides, step=np.log(1.4)) * XATOL**2
    assert best.value <= others.min() + missed + 2 * allowed * best.value
    assert sides[1] < sides[0]
    assert sides[1] < sides[2]


def test_against_simulation():
    best = theory.best_ridge(MODEL, 30)
    found = ls.montecarlo.risk(MODEL, 30, ls.Ridge(best.at), trials=1000, rng=1)
    z = z_limit(1)
    assert abs(found.value[0] - best.value) < z * found.sem[0] + best.error
    leading = theory.risk(MODEL, 30, ls.Ridge(best.at), order=0)
    assert abs(found.value[0] - leading.value[0]) > z * found.sem[0]  # planted: no 1/N term


def test_a_flat_prior_wants_one_penalty_at_every_n_train():
    """One eigenvalue l with noise s2 in it: W = b I, and shrinking all alike by N is best."""
    problem = ls.SpectralProblem([2.0], [40], [20.0], floor=0.5)
    for N in (50, 500, 5000):
        best = theory.best_ridge(problem, N, order=0)
        near = theory.risk(problem, N, ls.Ridge(best.at * np.array([0.7, 1.0, 1.4])), order=0).value
        # A minimum is flat: where it lies is lost in the rounding of the values next to it.
        hidden = of_a_value(problem, N, best.at) * best.value
        flat = np.sqrt(2 * hidden / curvature(*near, step=np.log(1.4)))
        # Bayes: W has a prior variance w/n per entry and residual variance floor.
        assert best.at * N == pytest.approx(0.5 * 40 / 20.0, rel=XATOL + flat, abs=0)


@given(st.integers(1, 10**6), st.floats(0.05, 2.0))
def test_between_the_floor_and_nothing(n_train, sigma):
    model = ls.SubspaceModel(n=20, d=3, sigma=sigma)
    best = theory.best_ridge(model, n_train)
    # At the largest penalty looked at next to nothing is learned, and that on the good side.
    zero_risk = model.spectral().zero_risk * (1 + rounding(1, 10))
    assert best.floor <= best.value <= zero_risk + best.error


def test_ends_and_errors():
    nothing = ls.SpectralProblem([1.0], [5], [0.0], floor=0.3)
    assert (theory.best_ridge(nothing, 7).value, theory.best_ridge(nothing, 7).at) == (0.3, np.inf)
    complex_best = theory.best_ridge(MODEL, 50, complex_data=True)
    assert complex_best.value == theory.best_ridge(MODEL, 50, order=0).value
    with pytest.raises(InvalidArgument, match="order"):
        theory.best_ridge(MODEL, 50, order=2)
