"""One question by the best method: what is asked, and what the answer says of itself."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument, NotConverged, Unsupported
from tests.conftest import z_limit
from tests.tolerances import rounding

MODEL = ls.SubspaceModel(n=100, d=10, sigma=0.05)
SURE, UNSURE = 200, 12  # n_train at which order 1 is good enough, and at which it is not


def test_auto_is_theory_where_theory_is_sure():
    for answer, theory in (
        (ls.early_stopped(MODEL, SURE), ls.theory.early_stopped(MODEL, SURE)),
        (ls.risk(MODEL, SURE, ls.GradientFlow(9.0)).point(0),
         ls.theory.risk(MODEL, SURE, ls.GradientFlow(9.0)).point(0)),
    ):  # fmt: skip
        assert repr(answer) == repr(theory)
        assert answer.method == "theory, order 1"
        assert answer.error <= 0.003 * answer.value


def test_auto_asks_simulation_where_theory_is_not_and_says_so():
    point = ls.early_stopped(MODEL, UNSURE, trials=500)
    assert "montecarlo" in point.method
    assert "simulated" in point.status
    assert point.error == point.sem > 0
    assert point.error < ls.theory.early_stopped(MODEL, UNSURE).error


def test_auto_on_a_path_chooses_point_by_point():
    flow = ls.GradientFlow(np.geomspace(1e-3, 1e3, 20))
    path = ls.risk(MODEL, UNSURE, flow, trials=400)
    theory = ls.theory.risk(MODEL, UNSURE, flow)
    drawn = path.sem > 0
    assert 0 < drawn.sum() < 20
    assert f"at {drawn.sum()} of 20 points montecarlo" in path.method
    assert np.array_equal(path.value[~drawn], theory.value[~drawn])
    assert np.all(theory.error[drawn] > 0.003 * theory.value[drawn])
    assert np.all(path.error <= theory.error)
    assert all(("simulated" in s) == d for s, d in zip(path.statuses, drawn, strict=True))


def test_auto_believes_a_simulation_that_contradicts(monkeypatch):
    """A theory that is wrong and sure of it must not win by its small error."""
    honest = ls.theory.risk

    def sure_and_wrong(*args, **kwargs):
        path = honest(*args, **kwargs)
        return replace(path, value=1.3 * path.value, error=0.004 * path.value)

    monkeypatch.setattr("linscale.theory.risk", sure_and_wrong)
    flow = ls.GradientFlow(5.0)
    path = ls.risk(MODEL, UNSURE, flow, trials=200)
    assert path.value[0] == ls.montecarlo.risk(MODEL, UNSURE, flow, trials=200).value[0]
    assert path.point(0).method.startswith("montecarlo")


def test_looser_accuracy_is_content_with_theory():
    assert ls.early_stopped(MODEL, UNSURE, accuracy=1.0).method == "theory, order 1"
    fine = ls.early_stopped(MODEL, 30, accuracy=1e-3, trials=3000)
    assert fine.sem <= 1.5e-3 / 3 * fine.value or "3000 draws" in fine.method


@pytest.mark.parametrize("method", ["theory", "montecarlo"])
def test_each_method_alone(method):
    path = ls.risk(MODEL, UNSURE, ls.GradientFlow(10.0), method=method, trials=100)
    assert path.method.startswith(method)
    assert (path.sem[0] > 0) == (method == "montecarlo")
    assert ls.early_stopped(MODEL, UNSURE, method=method, trials=100).method.startswith(method)


def test_curve_of_every_estimator():
    sizes = [8, 30, 98, 1000]
    for estimator, alone in (
        ("early_stopped", ls.theory.early_stopped),
        ("converged", ls.theory.converged),
        ("pca", ls.theory.pca),
    ):
        curve = ls.curve(MODEL, sizes, estimator, method="theory")
        assert np.array_equal(curve.value, [alone(MODEL, N).value for N in sizes])
        auto = ls.curve(MODEL, sizes, estimator, trials=300)
        assert len(auto.methods) == len(auto.statuses) == 4
        assert np.all((auto.error <= 0.003 * auto.value) | (auto.sem > 0) | (auto.error > 0))
    filter = ls.GradientDescent(0.2, [1, 10, 100])
    best = ls.curve(MODEL, sizes, filter, method="theory")
    assert best.value[1] == ls.theory.risk(MODEL, 30, filter).best.value


def test_a_point_of_a_curve_does_not_change_when_others_are_added():
    one = ls.curve(MODEL, [UNSURE], trials=200, rng=5)
    two = ls.curve(MODEL, [UNSURE, 14], trials=200, rng=5)
    assert one.value[0] == two.value[0]
    assert ls.curve(MODEL, [UNSURE], trials=200, rng=6).value[0] != one.value[0]
    workers = ls.curve(MODEL, [UNSURE], trials=200, rng=5, workers=2)
    assert workers.value[0] == one.value[0]


def test_spread_is_the_standard_deviation_over_training_sets():
    model, count = ls.SubspaceModel(n=40, d=4, sigma=0.05), 400
    point = ls.spread(model, 12, trials=count)
    assert point.std / np.sqrt(count) == pytest.approx(point.sem, rel=rounding(1.0, 4), abs=0.0)
    theory = ls.theory.early_stopped(model, 12)
    assert abs(point.value - theory.value) < z_limit(1) * point.sem + theory.error
    # Drawing the targets too, as training does, spreads more than averaging over them.
    flow = ls.GradientFlow(point.at)
    averaged = ls.montecarlo.risk(model, 12, flow, trials=count).std[0]
    # Standard deviations of 400 values are known to 1/sqrt(800), and of two to sqrt(2) of it.
    assert point.std > (1.0 + z_limit(1) / np.sqrt(count)) * averaged


def test_refused_simulation_leaves_the_theory_and_says_so():
    """So small a penalty needs a polynomial out of reach at so large an n."""
    model = ls.SubspaceModel(n=20_000, d=10, sigma=0.1)
    path = ls.risk(model, 20_000, ls.Ridge([1e-11, 0.1]), accuracy=1e-12, trials=2)
    assert "simulation is refused: the Chebyshev series" in path.statuses[0]
    theory = ls.theory.risk(model, 20_000, ls.Ridge([1e-11, 0.1]))
    assert path.value[0] == theory.value[0]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"method": "guess"}, "method"), ({"accuracy": 0.0}, "accuracy"), ({"trials": 1}, "trials"),
        ({"n_train": [10, 10]}, "n_train"), ({"n_train": []}, "n_train"),
        ({"n_train": [0]}, "n_train"), ({"estimator": "ridge"}, "estimator"),
        ({"rng": "seed"}, "rng"), ({"order": 3}, "order"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(change, word):
    arguments = {"model": MODEL, "n_train": [10], **change}
    with pytest.raises(InvalidArgument, match=word):
        ls.curve(**arguments)


@pytest.mark.parametrize("change", [{"rng": "bad"}, {"workers": -3}, {"trials": 0}, {"order": 2}])
@pytest.mark.parametrize("N", [SURE, UNSURE])
def test_bad_options_are_refused_whoever_would_answer(change, N):
    """Where theory is unsure they once passed for a refused simulation, and a number came."""
    name = next(iter(change))
    for ask in (ls.early_stopped, partial(ls.risk, filter=ls.GradientFlow(9.0))):
        with pytest.raises(InvalidArgument, match=name):
            ask(MODEL, N, **change)


@pytest.mark.parametrize("error", [MemoryError(), NotConverged("x", 1.0, "y"), Unsupported("no")])
def test_what_simulation_cannot_do_leaves_the_theory(error, monkeypatch):
    def refused(*args, **kwargs):
        raise error

    monkeypatch.setattr("linscale.montecarlo.early_stopped", refused)
    point = ls.early_stopped(MODEL, UNSURE)
    assert point.value == ls.theory.early_stopped(MODEL, UNSURE).value
    assert "simulation is refused" in point.status
    assert ("not enough memory" in point.status) == isinstance(error, MemoryError)


def test_a_fault_of_simulation_is_not_taken_for_a_refusal(monkeypatch):
    def broken(*args, **kwargs):
        raise InvalidArgument("trials", 0, "else")

    monkeypatch.setattr("linscale.montecarlo.early_stopped", broken)
    with pytest.raises(InvalidArgument):
        ls.early_stopped(MODEL, UNSURE)


def test_complex_data_are_answered_by_theory_alone():
    sure = ls.risk(MODEL, SURE, ls.GradientFlow(9.0), complex_data=True)
    assert sure.value[0] == ls.theory.risk(MODEL, SURE, ls.GradientFlow(9.0), order=0).value[0]
    unsure = ls.early_stopped(MODEL, 8, complex_data=True)
    assert "simulation is refused: simulation draws real data" in unsure.status
    assert ls.curve(MODEL, [SURE], "pca", complex_data=True).methods[0].endswith("circular data")
    with pytest.raises(Unsupported, match="real data"):
        ls.risk(MODEL, SURE, ls.GradientFlow(9.0), method="montecarlo", complex_data=True)


def test_a_curve_is_asked_for_its_own_n_train_only():
    curve = ls.curve(MODEL, [10, 100], method="theory")
    assert curve.at_n_train([100]).n_train == [100]
    with pytest.raises(InvalidArgument, match="n_train"):
        curve.at_n_train([50])


def test_a_generator_moves_on_and_a_sequence_does_not():
    """SPEC 7: what is drawn from a Generator twice is different."""

    def asked(rng):
        return ls.curve(MODEL, [UNSURE], method="montecarlo", trials=20, rng=rng).value[0]

    generator, sequence = np.random.default_rng(3), np.random.SeedSequence(3)
    assert asked(generator) != asked(generator)
    assert asked(sequence) == asked(sequence) == asked(3)
