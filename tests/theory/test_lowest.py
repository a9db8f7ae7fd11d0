"""The minimum between two grid points, and the search for the number of examples."""

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument
from linscale.theory import required_examples
from linscale.theory.law import law_of
from linscale.theory.lowest import lowest_between
from linscale.theory.required_examples import saturation_n_train
from linscale.theory.stopping import best_over_flow, lowest_over_flow
from tests.tolerances import CONTRACT, EPS

CURVES = {
    "a parabola in log x": (lambda x: 1 + np.log(x / 1.3) ** 2, 1.3),
    "bias and variance": (lambda x: np.exp(-4 * x) + 1e-6 * x, np.log(4e6) / 4),
    "far from its minimum": (lambda x: np.exp(-60 * x) + 1e-20 * x, np.log(60e20) / 60),
    "flat": (lambda x: 1 + 1e-7 * np.log(x / 1.3) ** 2, 1.3),
}


@pytest.mark.parametrize("name", CURVES)
def test_the_lowest_point_is_found(name):
    curve, at = CURVES[name]
    found = lowest_between(curve, 0.7 * at, 1.6 * at)
    # The value is as low as that of the minimum, to what the polynomial follows.
    assert curve(found) / curve(at) - 1.0 <= 1e-9
    assert found == pytest.approx(at, rel=1e-2)


def test_it_may_be_an_end():
    assert lowest_between(lambda x: x, 2.0, 3.0) == pytest.approx(2.0, rel=8 * EPS)
    assert lowest_between(lambda x: 1.0 / x, 2.0, 3.0) == pytest.approx(3.0, rel=8 * EPS)


MODELS = {
    "subspace": ls.SubspaceModel(60, 8, 0.3),
    "many atoms": ls.StationaryImages((6, 6), 0.4),
    "mixture": ls.InverseProblem(
        None, ls.covariances.stationary((4, 4)), 0.4, ls.Contrast([0.3, 3.1], [0.75, 0.25])
    ),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("N", [1, 20, 5000])
def test_the_value_alone_is_that_of_the_best_point(name, N):
    law = law_of(MODELS[name])
    best = best_over_flow(law, N, 1)
    allowed = CONTRACT * (best.value - best.floor)
    assert lowest_over_flow(law, N, 1) == pytest.approx(best.value, rel=0, abs=allowed)


@pytest.fixture
def asked(monkeypatch):
    """The N at which a search evaluates the curve."""
    seen = []

    def counted(law, N, order):
        seen.append(N)
        return lowest_over_flow(law, N, order)

    monkeypatch.setattr(required_examples, "lowest_over_flow", counted)
    return seen


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("tolerance", [0.5, 0.01, 1e-4])
def test_warm_and_cold_end_at_the_same_n(name, tolerance, asked):
    law = law_of(MODELS[name])
    cold = saturation_n_train(law, tolerance)
    aim = (1 + tolerance) * law.floor
    assert lowest_over_flow(law, cold, 1) <= aim < lowest_over_flow(law, cold - 1, 1)
    first = len(asked)
    assert first <= 9
    for start in (0.01, 0.7, 1.0, 1.001, 3.0, 200.0):
        asked.clear()
        assert saturation_n_train(law, tolerance, start=start * cold) == cold
        assert len(asked) <= (5 if 0.5 < start < 2 else 12)


def test_a_search_that_trusts_a_bent_curve_is_seen(monkeypatch):
    """Two points of a curve that bends do not tell what one example more changes."""
    law = law_of(ls.SpectralProblem([0.9, 0.2], [4, 6], [0.4, 1.0], floor=0.3))
    tolerances = np.geomspace(0.3, 2.0, 12)
    right = [saturation_n_train(law, tolerance) for tolerance in tolerances]
    monkeypatch.setattr(required_examples, "NEAR", 1e9)
    monkeypatch.setattr(required_examples, "PLAIN", 1e9)
    assert [saturation_n_train(law, tolerance) for tolerance in tolerances] != right


def test_more_than_can_be_counted_is_refused():
    with pytest.raises(InvalidArgument, match="over 10"):
        saturation_n_train(law_of(MODELS["subspace"]), 1e-15)
