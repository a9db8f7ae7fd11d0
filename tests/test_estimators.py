"""Estimators by their words, the package's and one's own: in curves and sweeps."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

import linscale as ls
from linscale import sweep
from linscale.answer import ESTIMATORS, Estimator, estimator_of
from linscale.errors import InvalidArgument, Unsupported
from linscale.sweep import Grid, Store
from tests.conftest import z_limit
from tests.tolerances import rounding

SUBSPACE = ls.SubspaceModel(n=60, d=6, sigma=0.3)
ATOMS = ls.SpectralProblem([2.0, 0.7, 0.1], [3, 5, 10], [0.3, 0.4, 0.05], floor=0.2)
WORDS = ("early_stopped", "converged", "pca", "best_ridge")
SURE, UNSURE = 400, 8  # n_train at which theory is good to 0.3 % for all, and to no estimator
STREAM = np.random.SeedSequence(5, spawn_key=(30,))  # of n_train = 30 in a curve of rng = 5


@pytest.fixture(autouse=True)
def as_they_were():
    """What a test registers is gone after it, and what others have registered is not there."""
    known = dict(ESTIMATORS)
    for word in [w for w, cls in known.items() if not cls.__module__.startswith("linscale.")]:
        del ESTIMATORS[word]
    yield
    ESTIMATORS.clear()
    ESTIMATORS.update(known)


def best_step(share=1.0):
    """One step of descent at the best step; the simulation's times ``share``."""

    class BestStep(Estimator):
        word, label, parameter = "best_step", "one step", "step"

        def theory(self, model, n_train, *, order=1, complex_data=False):
            return ls.theory.best_one_step(model, n_train, complex_data=complex_data)

        def simulation(self, model, n_train, **options):
            step = share * model.spectral().best_step(n_train)
            filter = ls.GradientDescent(step, 1)
            point = ls.montecarlo.risk(model, n_train, filter, **options).point(0)
            return replace(point, at=step)

    return BestStep


# Every word in ls.curve.


def test_the_words_of_the_package():
    assert tuple(ESTIMATORS)[: len(WORDS)] == WORDS


@pytest.mark.parametrize("word", WORDS)
def test_a_curve_by_theory_alone(word):
    curve = ls.curve(SUBSPACE, [UNSURE, 30, SURE], word, method="theory")
    known = [getattr(ls.theory, word)(SUBSPACE, N) for N in (UNSURE, 30, SURE)]
    assert curve.value.tolist() == [point.value for point in known]
    assert np.array_equal(curve.at, [point.at for point in known], equal_nan=True)
    assert all(method.startswith("theory") for method in curve.methods)
    others = [w for w in WORDS if w != word]
    assert all(getattr(ls.theory, w)(SUBSPACE, 30).value != curve.value[1] for w in others)


@pytest.mark.parametrize("word", WORDS)
def test_a_curve_by_simulation_alone(word):
    curve = ls.curve(SUBSPACE, [30], word, method="montecarlo", trials=80, rng=5)
    known = getattr(ls.montecarlo, word)(SUBSPACE, 30, trials=80, rng=STREAM)
    assert (curve.value[0], curve.sem[0]) == (known.value, known.sem)
    assert curve.methods == (known.method,)


@pytest.mark.parametrize("word", WORDS)
def test_a_curve_by_the_surer_of_the_two(word):
    """Theory where it is sure, and where it is not the simulation, which agrees with it."""
    curve = ls.curve(SUBSPACE, [UNSURE, SURE], word, trials=TRIALS, rng=5)
    theory = [getattr(ls.theory, word)(SUBSPACE, N) for N in (UNSURE, SURE)]
    assert curve.value[1] == theory[1].value
    assert curve.methods[0].startswith("montecarlo")
    assert theory[0].error > 0.003 * theory[0].value
    assert abs(curve.value[0] - theory[0].value) < theory[0].error + z_limit(4) * curve.sem[0]
    assert curve.statuses[0].startswith("simulated, as theory is not sure enough here")


def test_an_estimator_is_given_by_word_class_or_object():
    ridge = ESTIMATORS["best_ridge"]
    known = ls.curve(SUBSPACE, [30], "best_ridge", method="theory").value
    for given in ("best-ridge", ridge, ridge()):
        assert ls.curve(SUBSPACE, [30], given, method="theory").value == known
        assert type(estimator_of(given)) is ridge


# Ridge at its best penalty, by simulation.


TRIALS = 1500
RIDGE = [(SUBSPACE, 5), (SUBSPACE, 60), (SUBSPACE, 300), (ATOMS, 12), (ATOMS, 100)]


@pytest.mark.parametrize(("model", "N"), RIDGE)
def test_ridge_at_its_best_is_what_theory_says(model, N):
    """Half as many examples again would be seen."""
    theory = ls.theory.best_ridge(model, N)
    found = ls.montecarlo.best_ridge(model, N, trials=TRIALS, rng=4, workers=2)
    allowed = theory.error + z_limit(len(RIDGE)) * found.sem
    assert abs(found.value - theory.value) < allowed
    assert abs(found.value - ls.theory.best_ridge(model, round(1.5 * N)).value) > 2 * allowed
    assert found.oracle <= found.value * (1.0 + rounding(1.0, TRIALS))  # sums of as many terms
    assert found.floor == theory.floor


@pytest.mark.parametrize(("model", "N"), [(SUBSPACE, 60), (ATOMS, 12)])
def test_its_minimum_is_that_of_the_path_over_penalties(model, N):
    """Of the same draws: at most the grid's, and nearer to the least of all as steps shrink."""
    draws = {"trials": 30, "rng": 2}
    near = ls.montecarlo.best_ridge(model, N, **draws).at
    fine = ls.Ridge(near * np.geomspace(0.9, 1.1, 2001))
    least = ls.montecarlo.risk(model, N, fine, **draws).value.min()
    missed, steps = [], np.array([0.8, 0.4, 0.2])
    for step in steps:
        # Not symmetric around the minimum, where a parabola would be right for another reason.
        grid = near * np.exp(step * (np.arange(-8, 8) + 0.3))
        found = ls.montecarlo.best_ridge(model, N, penalties=grid, **draws)
        on_grid = ls.montecarlo.risk(model, N, ls.Ridge(grid), **draws).value.min()
        assert found.value <= on_grid
        missed.append(abs(found.value - least))
    # A parabola through three values misses the third derivative, times a step each.
    slope = np.polyfit(np.log(steps), np.log(missed), 1)[0]
    assert slope > 2.5


def test_its_grid_may_be_in_any_order_and_is_checked():
    grid = [0.3, 0.01, 0.1, 0.03, 1.0]
    draws = {"trials": 20, "rng": 2}
    one = ls.montecarlo.best_ridge(SUBSPACE, 60, penalties=grid, **draws)
    two = ls.montecarlo.best_ridge(SUBSPACE, 60, penalties=sorted(grid), **draws)
    assert (one.value, one.at) == (two.value, two.at)
    for penalties in ([0.0, 1.0], [-1.0], []):
        with pytest.raises(InvalidArgument, match="penalties"):
            ls.montecarlo.best_ridge(SUBSPACE, 60, penalties=penalties, **draws)


# An estimator of one's own.


@pytest.mark.parametrize("model", [SUBSPACE, ATOMS], ids=["subspace", "atoms"])
def test_theory_and_simulation_of_ones_own_agree(model):
    """The theory is exact. A step that is off by a tenth would be seen."""
    curves = {}
    for share in (1.0, 1.1):
        estimator = best_step(share)
        for method in ("theory", "montecarlo"):
            curves[share, method] = ls.curve(
                model, [4, 40], estimator, method=method, trials=TRIALS, accuracy=1e-4
            )
    for share, right in ((1.0, True), (1.1, False)):
        theory, simulated = curves[share, "theory"], curves[share, "montecarlo"]
        away = np.abs(theory.value - simulated.value) / (z_limit(4) * simulated.sem)
        assert np.all(away < 1.0) if right else np.any(away > 1.0)
        assert np.all(theory.error <= rounding(1.0, 10) * theory.value)


def test_its_word_is_enough():
    own = best_step()
    assert (own.label, own.title, own.short) == ("one step", "one step", "one st")
    known = [ls.theory.best_one_step(SUBSPACE, N) for N in (4, 40)]
    for word in ("best_step", "best-step"):
        curve = ls.curve(SUBSPACE, [4, 40], word)
        assert curve.value.tolist() == [point.value for point in known]
        assert curve.at.tolist() == [point.at for point in known]
    with pytest.raises(InvalidArgument, match=r"'best_ridge',.* 'best_step' or a filter"):
        ls.curve(SUBSPACE, [4], "worst_step")


def test_it_is_swept_by_one_worker_as_by_two(tmp_path):
    """Whose processes cannot import it; its numbers are those of the direct call."""
    own = best_step()
    grid = Grid(
        n=20, d=2, sigma=0.1, n_train=[6, 30], trials=40, method=["theory", "montecarlo"],
        estimator=["best_step", own, "best_ridge"],
    )  # fmt: skip
    assert len(grid) == 8  # the word is the class
    stores = []
    for workers in (1, 2):
        sweep.run(grid, tmp_path / f"{workers}.sqlite", workers=workers, progress=False)
        with Store(tmp_path / f"{workers}.sqlite") as store:
            stores.append((list(store.content()), list(store)))
    assert stores[0][0] == stores[1][0]
    for outcome in stores[0][1]:
        cell = outcome.cell
        asked = ESTIMATORS[cell.estimator]()
        if cell.method == "theory":
            known = asked.theory(cell.model, cell.n_train)
        else:
            known = asked.simulation(
                cell.model, cell.n_train, trials=cell.trials, rng=cell.stream()
            )
        assert (outcome.point.value, outcome.point.at) == (known.value, known.at)
    assert sweep.run(grid, tmp_path / "1.sqlite", progress=False).computed == 0


def test_settings_are_refused_where_they_would_be_forgotten():
    """A store keeps the word; a curve keeps the object."""

    @dataclass(frozen=True)
    class Steps(Estimator):
        count: int = 1
        word = "steps"

        def theory(self, model, n_train, *, order=1, complex_data=False):
            filter = ls.GradientDescent(0.1, self.count)
            return ls.theory.risk(model, n_train, filter, order=order).point(0)

    one, two = (ls.curve(SUBSPACE, [40], Steps(k), method="theory").value[0] for k in (1, 2))
    assert one > two
    with pytest.raises(InvalidArgument, match="Steps: must be without settings of its own"):
        Grid(n=20, d=2, sigma=0.1, n_train=6, estimator=Steps(2))


class Half(ESTIMATORS["early_stopped"]):
    """Half of what it is derived from; no word of its own."""

    def theory(self, model, n_train, **options):
        point = super().theory(model, n_train, **options)
        return replace(point, value=0.5 * point.value)


def test_what_is_derived_from_another_is_not_taken_for_it():
    """A curve asks the class; a store would find the other's numbers by its word."""
    known = ls.curve(SUBSPACE, [SURE], "early_stopped", method="theory").value
    assert ls.curve(SUBSPACE, [SURE], Half, method="theory").value == 0.5 * known
    for given in (Half, Half()):
        with pytest.raises(InvalidArgument, match="Half: must be an estimator whose class has a w"):
            Grid(n=20, d=2, sigma=0.1, n_train=6, estimator=given)


def test_without_a_word_it_is_called_by_its_class():
    class Predicted(Estimator):
        def theory(self, model, n_train, **options):
            return ls.theory.early_stopped(model, n_train, **options)

    curve = ls.curve(SUBSPACE, [UNSURE], Predicted)
    assert "there is no simulation of Predicted" in curve.statuses[0]
    with pytest.raises(InvalidArgument, match="Predicted: must be an estimator whose class has a"):
        Grid(n=20, d=2, sigma=0.1, n_train=6, estimator=Predicted)


def test_a_word_that_could_not_be_asked_for_is_refused():
    """Hyphens are read as underscores, and what begins with a brace is a filter."""
    theory = {"theory": lambda self, model, n_train, **options: None}
    for word in ("best-step", "{step}", "best step"):
        with pytest.raises(TypeError, match="must be made of letters, digits and underscores"):
            type("Own", (Estimator,), {"word": word, **theory})
        assert word not in ESTIMATORS


def test_without_theory_it_is_simulated():
    """Also where theory would be asked first; and it is said where theory alone is asked."""

    class Drawn(Estimator):
        word = "drawn"

        def simulation(self, model, n_train, **options):
            return ls.montecarlo.early_stopped(model, n_train, **options)

    draws = {"trials": 60, "rng": 5}
    curve = ls.curve(SUBSPACE, [30], "drawn", **draws)
    assert curve.value[0] == ls.montecarlo.early_stopped(SUBSPACE, 30, trials=60, rng=STREAM).value
    assert curve.methods[0].startswith("montecarlo")
    assert curve.statuses == ("ok",)
    with pytest.raises(Unsupported, match="no theory of drawn"):
        ls.curve(SUBSPACE, [30], "drawn", method="theory")


def test_without_simulation_theory_is_kept_and_it_is_said():
    class Predicted(Estimator):
        word = "predicted"

        def theory(self, model, n_train, **options):
            return ls.theory.early_stopped(model, n_train, **options)

    curve = ls.curve(SUBSPACE, [UNSURE, SURE], "predicted")
    known = [ls.theory.early_stopped(SUBSPACE, N).value for N in (UNSURE, SURE)]
    assert curve.value.tolist() == known
    assert "simulation is refused: there is no simulation of predicted" in curve.statuses[0]
    assert curve.statuses[1] == "ok"
    with pytest.raises(Unsupported, match="no simulation of predicted"):
        ls.curve(SUBSPACE, [30], "predicted", method="montecarlo")


def test_what_a_class_lacks_is_said_when_it_is_made():
    with pytest.raises(TypeError, match="Neither: needs theory, simulation or both"):
        type("Neither", (Estimator,), {"word": "neither"})
    theory = {"theory": lambda self, model, n_train, **options: None}
    for word in WORDS:
        with pytest.raises(TypeError, match=f"Again: word = '{word}' is that of linscale.answer"):
            type("Again", (Estimator,), {"word": word, **theory})
    before = set(ESTIMATORS)
    assert best_step() is not best_step()  # a notebook's cell, run again
    assert set(ESTIMATORS) - before == {"best_step"}


def test_an_estimator_that_needs_settings_is_refused_before_a_sweep():
    before = dict(ESTIMATORS)

    class Stepped(ls.Estimator):
        word = "test_stepped"

        def __init__(self, step):
            self.step = step

        def theory(self, model, n_train, **options):
            return ls.theory.one_step(model, n_train, self.step)

    try:
        given = Stepped(0.1)
        assert ls.curve(ls.SubspaceModel(9, 2, 0.3), [30], given).value.size == 1
        for estimator in ("test_stepped", given):
            with pytest.raises(InvalidArgument, match="settings"):
                ls.sweep.Grid(n=9, d=2, sigma=0.3, n_train=30, estimator=estimator)
    finally:
        ESTIMATORS.clear()
        ESTIMATORS.update(before)


def test_what_is_no_risk_is_named():
    class Number(ls.Estimator):
        def theory(self, model, n_train, **options):
            return 0.5

    with pytest.raises(InvalidArgument, match="Number: must be one whose theory returns a RiskPo"):
        ls.curve(ls.SubspaceModel(9, 2, 0.3), [30], Number())


def test_where_theory_refuses_the_model_simulation_is_asked():
    class OfFew(ls.Estimator):
        def theory(self, model, n_train, **options):
            raise ls.errors.Unsupported("no theory of so many")

        def simulation(self, model, n_train, **options):
            return ls.montecarlo.early_stopped(model, n_train, **options)

    model = ls.SubspaceModel(9, 2, 0.3)
    assert "montecarlo" in ls.curve(model, [30], OfFew(), trials=20).methods[0]
    with pytest.raises(ls.errors.Unsupported, match="so many"):
        ls.curve(model, [30], OfFew(), method="theory")
    # Where simulation refuses it too, theory's reason is given.
    with pytest.raises(ls.errors.Unsupported, match=r"PCA|pca|directions"):
        ls.curve(ls.SpectralProblem.from_eigenvalues([1.0, 0.1], 0.3), [30], "pca")


def test_a_simulation_that_overflows_says_so():
    @dataclass(frozen=True, eq=False)
    class Blind(ls.Filter):
        iterations: object
        path = "iterations"

        def residual(self, l):
            return (1.0 - 3.0 * l) ** self.column(l)

    path = ls.montecarlo.risk(ls.SubspaceModel(20, 4, 0.3), 8, Blind([1, 5000]), trials=5)
    assert path.statuses[0] == "ok"
    assert not np.isfinite(path.value[1])
    assert "stable_below" in path.statuses[1]
