"""Integers and choices that come out of floating point stay what they are when an input moves by
one unit in the last place, or a sum is taken in another order, as on another processor."""

import numpy as np
import pytest

import linscale as ls
from linscale.montecarlo.engines import choose
from linscale.results.risk import RiskPath
from linscale.studies.tables import Column, text

MODELS = [
    ls.SubspaceModel(100, 10, 0.1),
    ls.SubspaceModel(100, 10, 0.05),
    ls.SubspaceModel(37, 9, 0.7),
    ls.SubspaceModel(20, 20, 0.3),
]


def moved(model):
    """The model with its noise one unit in the last place up and down, and its atoms reversed."""
    for direction in (np.inf, -np.inf):
        yield ls.SubspaceModel(model.n, model.d, np.nextafter(model.sigma, direction))
    p = model.spectral()
    arrays = (p.eigenvalues, p.multiplicities, p.target_weights)
    yield ls.SpectralProblem(*(a[::-1] for a in arrays), p.floor, p.scale)


def steps_of(model):
    """Few long steps and many short ones: neighbouring iterations then differ by rounding alone."""
    step = ls.GradientDescent.reference_step(model, 40)
    return step, 1e-2 * step, 1e-4 * step


COUNTS = {
    "saturation": lambda m: int(ls.theory.saturation(m)),
    "looser saturation": lambda m: int(ls.theory.saturation(m, 0.3)),
    "required for a risk": lambda m: int(
        ls.theory.required_n_train(m, risk=1.5 * ls.theory.floor(m))
    ),
    "required for a PSNR": lambda m: int(
        ls.theory.required_n_train(m, psnr=-10 * np.log10(1.2 * ls.theory.floor(m)))
    ),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("count", COUNTS)
def test_counts(model, count):
    expected = COUNTS[count](model)
    assert [COUNTS[count](other) for other in moved(model)] == [expected] * 3


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("N", [30, 1000])
def test_the_best_iteration(model, N):
    for step in steps_of(model):
        expected = ls.theory.best_iteration(model, N, step).at
        near = [step, step, step, np.nextafter(step, 1.0)]
        for other, eta in zip([*moved(model), model], near, strict=True):
            assert ls.theory.best_iteration(other, N, eta).at == expected, eta


def test_of_level_iterations_the_first_is_named():
    """And it is level with the lowest: the risk there is the same up to a contour's accuracy."""
    model, N = MODELS[0], 40
    step = steps_of(model)[2]
    best = ls.theory.best_iteration(model, N, step)
    around = best.at + np.array([-300.0, -1.0, 0.0, 1.0, 10.0])
    path = ls.theory.risk(model, N, ls.GradientDescent(step, around))
    learning = path.value[2] - path.floor
    assert path.value[1] - path.value[2] < 1e-9 * learning  # which is why the lowest is no answer
    assert path.value[4] < path.value[2] < path.value[0]
    assert path.value[2] - path.value.min() <= 1.1e-8 * learning


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("N", [1, 7, 30, 1000])
def test_the_risk_of_n_leads_back_to_n(model, N):
    """The very risk of N examples, and one that rounding has moved, are reached by N examples."""
    risk = ls.theory.early_stopped(model, N).value
    for target in (risk, np.nextafter(risk, 0.0), np.nextafter(risk, 1.0)):
        assert ls.theory.required_n_train(model, risk=target) == N
    assert ls.theory.required_n_train(model, psnr=-10 * np.log10(risk)) == N


def path_of(values):
    values = np.asarray(values)
    rest = {name: np.zeros_like(values) for name in ("bias", "variance", "error", "sem", "std")}
    statuses = ("ok",) * values.size
    return RiskPath(np.arange(values.size), values, **rest, floor=0.1, statuses=statuses, method="")


def test_the_best_of_a_level_path_is_its_first():
    level = 0.3 * (1.0 + np.finfo(float).eps * np.array([3.0, 0.0, 2.0, -1.0, 1.0]))
    assert path_of([0.4, *level, 0.35]).best.at == 1
    assert path_of([0.4, 0.3 + 1e-8, 0.3, np.nan]).best.at == 2  # 5e-8 of the learning error above
    assert path_of([np.nan, np.inf]).best.at == 0


def test_the_best_time_of_a_converged_path():
    """Late times differ by rounding alone."""
    path = ls.theory.risk(MODELS[0], 12, ls.GradientFlow(np.geomspace(1e6, 1e9, 40)))
    assert path.best.at == path.at[0]


@pytest.mark.parametrize("model", MODELS)
def test_chosen_engines_and_methods(model):
    filters = [ls.GradientFlow([1.0, 30.0]), ls.Ridge(0.1)]
    others = [other for other in moved(model) if isinstance(other, ls.SubspaceModel)]
    for N in (3, 30, 3000):
        names = {choose(m, N, "averaged", filters, "auto")[0] for m in (model, *others)}
        assert len(names) == 1
        ways = {ls.early_stopped(m, N, trials=20).method for m in (model, *others)}
        assert len(ways) == 1


def printed(model, sizes):
    curve = ls.curve(model, sizes, method="theory")
    formats = {"value": "{:#.4g}", "at": "{:.4g}", "error": "{:.0e}"}
    return text([Column("", k, k, form, getattr(curve, k).tolist()) for k, form in formats.items()])


def test_printed_tables():
    """No digit that is printed sits on a rounding edge, or is beyond what is known."""
    sizes = [1, 3, 10, 30, 100, 1000]
    for model in MODELS:
        assert {printed(other, sizes) for other in moved(model)} == {printed(model, sizes)}
