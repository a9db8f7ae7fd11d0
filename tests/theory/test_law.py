"""A law of the data is one class: every question of theory is then answered for it."""

import numpy as np
import pytest

import linscale as ls
from linscale.errors import Unsupported
from linscale.theory.gaussian.law import ComplexLaw, GaussianLaw
from linscale.theory.law import Law, law_of
from tests.conftest import z_limit

from .noise_law import OtherNoise, OtherNoiseEquivalent, OtherNoiseLaw

MODEL = ls.SubspaceModel(24, 4, 0.4)
MODELS = {"subspace": MODEL.spectral(), "three atoms": ls.SpectralProblem(
    [2.0, 0.7, 0.1], [3, 5, 10], [0.3, 0.4, 0.05], floor=0.2
)}  # fmt: skip
CHANGE = 0.3


def simulated(problem, change, N, filter, trials=3000, rng=7):
    """Risk under the other noise: data, estimator and judgement literal; mean and s.e., (T,)."""
    rng = np.random.default_rng(rng)
    n = problem.multiplicities.astype(int)
    l = np.repeat(problem.eigenvalues, n)
    b = np.sqrt(np.repeat(problem.target_weights / problem.multiplicities, n))
    e = np.sqrt(problem.floor / l.size)
    risks = []
    for _ in range(trials):
        y = np.sqrt(l)[:, None] * rng.standard_normal((l.size, N))
        x = b[:, None] * y + e * rng.standard_normal((l.size, N))
        k, v = np.linalg.eigh(y @ y.T / N)
        k = np.where(k > 1e-10, k, 0.0)
        gain = filter.learned(k) / np.where(k > 0, k, 1.0)
        half = x @ y.T @ v / N
        W = (half * gain[:, None, :]) @ v.T
        off = W - np.diag(b)
        size = np.sum(W**2, axis=(1, 2))
        risks.append(problem.floor + np.sum(off**2 * l, axis=(1, 2)) + change * size)
    return np.mean(risks, axis=0), np.std(risks, axis=0, ddof=1) / np.sqrt(trials)


FILTERS = {
    "flow": ls.GradientFlow([0.3, 2.0, 8.0]),
    "ridge": ls.Ridge([0.03, 0.3]),
    "descent": ls.GradientDescent(0.2, [2, 8]),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("N", [10, 60])
def test_the_example_is_right(name, filter, N):
    """Against literal simulation, within its own error and sampling; and it is not Gaussian's."""
    problem, filter = MODELS[name], FILTERS[filter]
    found = ls.theory.risk(OtherNoise(problem, CHANGE), N, filter)
    value, sem = simulated(problem, CHANGE, N, filter)
    assert np.all(np.abs(found.value - value) <= found.error + z_limit(30) * sem)
    plain = ls.theory.risk(problem, N, filter)
    assert np.all(found.value - plain.value > 5 * (found.error + z_limit(30) * sem))


def test_its_own_term_of_order_one_is_needed(monkeypatch):
    """Simulation tells it from a law whose size of W is of leading order, by its error bars alone:
    the error estimate, which speaks of the next order, would hide that."""
    problem, N, flow = MODELS["subspace"], 60, ls.GradientFlow(2.0)
    value, sem = simulated(problem, CHANGE, N, flow)

    def away():
        return abs(ls.theory.risk(OtherNoise(problem, CHANGE), N, flow).value - value)[0] / sem[0]

    assert away() < z_limit(1)
    whole = OtherNoiseEquivalent._integral

    def leading(self, *asked):
        return whole(self, *asked) * [[1.0], [0.0]]

    monkeypatch.setattr(OtherNoiseEquivalent, "_integral", leading)
    assert away() > 2 * z_limit(1)


def test_without_a_change_it_is_the_gaussian_law():
    same = OtherNoise(MODELS["subspace"], 0.0)
    for N in (3, 24, 200):
        for filter in FILTERS.values():
            found, known = (ls.theory.risk(m, N, filter) for m in (same, MODELS["subspace"]))
            learned = known.value - known.floor
            assert np.all(np.abs(found.value - known.value) <= 1e-8 * learned)


def test_every_question_is_answered():
    """Each by the same path of risks: what is best on it, beside it, and along N."""
    model, N, theory = OtherNoise(MODELS["subspace"], CHANGE), 60, ls.theory
    flow = ls.GradientFlow(np.geomspace(0.1, 100, 400))
    path, best = theory.risk(model, N, flow), theory.early_stopped(model, N)
    assert best.value <= path.best.value <= best.value * (1 + 1e-3)
    assert isinstance(law_of(model), OtherNoiseLaw)
    ridge = theory.best_ridge(model, N)
    assert (
        ridge.value <= theory.risk(model, N, ls.Ridge(ridge.at * np.array([0.9, 1.1]))).value.min()
    )
    window = theory.stopping_window(model, N, 0.05)
    assert window.first < best.at < window.last
    step = theory.best_iteration(model, N, 0.05)
    assert step.value == pytest.approx(best.value, rel=0.01)
    enough = theory.required_n_train(model, risk=best.value)
    assert enough == N
    assert theory.saturation(model, best.value / theory.floor(model) - 1.0) == N
    up, down = (theory.early_stopped(model, k).value for k in (66, 54))
    slope = np.log(up / down) / np.log(66 / 54)
    assert float(theory.local_exponent(model, N)) == pytest.approx(slope, rel=0.05)
    assert theory.power_law(model, 40, 90, points=5).exponent == pytest.approx(slope, rel=0.1)
    assert theory.converged(model, 200).value > theory.early_stopped(model, 200).value
    curve = ls.curve(model, [20, 60], method="theory")
    assert curve.value[1] == best.value
    assert ls.risk(model, N, flow, method="theory").best.value == path.best.value


def test_examples_may_be_counted_otherwise():
    """Groups of five: N groups are 5 N examples, for every question."""

    class Groups(GaussianLaw):
        def examples(self, n_train):
            return 5.0 * n_train

    class Grouped:
        def __init__(self, problem):
            self.moments = problem

        def spectral(self):
            return self.moments

        def problem(self):
            return self

    from linscale.theory.law import registered

    registered.register(Grouped)(lambda model: Groups(model.moments))
    problem = MODELS["subspace"]
    grouped, theory = Grouped(problem), ls.theory
    for ask in (theory.early_stopped, theory.best_ridge, theory.converged):
        assert ask(grouped, 12).value == ask(problem, 60).value
    risk = theory.early_stopped(problem, 60).value
    assert theory.required_n_train(grouped, risk=risk) == 12
    assert theory.required_n_train(grouped, risk=risk * (1 + 1e-3)) == 12
    exponent = [float(theory.local_exponent(m, N)) for m, N in ((grouped, 12), (problem, 60))]
    assert exponent[0] == pytest.approx(exponent[1], rel=1e-6)


def test_complex_data_are_a_law_of_their_own():
    law = law_of(MODEL, complex_data=True)
    assert isinstance(law, ComplexLaw)
    assert (law.summed(1), law.reached(0), law.name(1)) == (0, 1, "theory, complex circular data")


def test_what_is_of_gaussian_data_alone_says_so():
    """Not by a fault, nor by another reason than there is."""
    asked, theory = OtherNoise(MODELS["subspace"], CHANGE), ls.theory
    for ask in (theory.early_stopped, theory.converged, theory.best_ridge):
        with pytest.raises(Unsupported, match="OtherNoiseLaw is of real data alone"):
            ask(asked, 30, complex_data=True)
    with pytest.raises(Unsupported, match="Gaussian data alone, and a OtherNoise"):
        theory.one_step(asked, 30, 0.1)


def test_a_model_may_make_its_problem_anew_each_time():
    class Fresh:
        def spectral(self):
            return MODEL.spectral()

    assert ls.theory.one_step(Fresh(), 30, 0.1).value == ls.theory.one_step(MODEL, 30, 0.1).value


def test_what_has_no_law_is_refused():
    class Unheard:
        def spectral(self):
            return MODELS["subspace"]

        def problem(self):
            return self

    with pytest.raises(Unsupported, match="no law for a Unheard"):
        ls.theory.early_stopped(Unheard(), 10)
    with pytest.raises(TypeError, match="abstract"):
        Law()
