"""Ridge at its best penalty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale import theory
from linscale.errors import InvalidArgument

MODEL = ls.SubspaceModel(n=60, d=6, sigma=0.3)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("n_train", [20, 60, 200, 5000])
def test_no_penalty_is_better(n_train, order):
    best = theory.best_ridge(MODEL, n_train, order)
    around = best.at * np.geomspace(0.01, 100.0, 801)
    others = theory.risk(MODEL, n_train, ls.Ridge(around), order).value
    assert best.value <= others.min() * (1 + 1e-9)
    # and the minimum is sharp enough to be told from its neighbours
    sides = theory.risk(MODEL, n_train, ls.Ridge(best.at * np.array([0.7, 1.0, 1.4])), order).value
    assert sides[1] == pytest.approx(best.value, rel=1e-12)
    assert sides[1] < sides[0]
    assert sides[1] < sides[2]


def test_against_simulation():
    best = theory.best_ridge(MODEL, 30)
    found = ls.montecarlo.risk(MODEL, 30, ls.Ridge(best.at), trials=1000, rng=1)
    assert abs(found.value[0] - best.value) < 3.3 * found.sem[0] + best.error
    leading = theory.risk(MODEL, 30, ls.Ridge(best.at), order=0)
    assert abs(found.value[0] - leading.value[0]) > 3.3 * found.sem[0]  # planted: no 1/N term


def test_a_flat_prior_wants_one_penalty_at_every_n_train():
    """One eigenvalue l with noise s2 in it: W = b I, and shrinking all alike by N is best."""
    problem = ls.SpectralProblem([2.0], [40], [20.0], floor=0.5)
    sizes = (50, 500, 5000)
    found = [theory.best_ridge(problem, N, order=0).at for N in sizes]
    # Bayes: W has a prior variance w/n per entry and residual variance floor: mu N = floor n / w.
    assert np.allclose(np.multiply(found, sizes), 0.5 * 40 / 20.0, rtol=1e-4)


@given(st.integers(1, 10**6), st.floats(0.05, 2.0))
def test_between_the_floor_and_nothing(n_train, sigma):
    model = ls.SubspaceModel(n=20, d=3, sigma=sigma)
    best = theory.best_ridge(model, n_train)
    assert best.floor <= best.value <= model.spectral().zero_risk * (1 + 1e-6) + best.error


def test_ends_and_errors():
    nothing = ls.SpectralProblem([1.0], [5], [0.0], floor=0.3)
    assert (theory.best_ridge(nothing, 7).value, theory.best_ridge(nothing, 7).at) == (0.3, np.inf)
    complex_best = theory.best_ridge(MODEL, 50, complex_data=True)
    assert complex_best.value == theory.best_ridge(MODEL, 50, order=0).value
    with pytest.raises(InvalidArgument, match="order"):
        theory.best_ridge(MODEL, 50, order=2)
