"""A model of one's own: whatever has spectral(), wherever a model goes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument
from tests.tolerances import CONTRACT


@dataclass(frozen=True, eq=False)
class Faded:
    """Denoising of a signal whose k-th coefficient has variance k^-2."""

    n: int
    sigma: float

    @cached_property
    def _spectral(self):
        power = np.arange(1.0, self.n + 1) ** -2
        l = power + self.sigma**2
        floor = np.sum(power * self.sigma**2 / l) / self.n
        return ls.SpectralProblem(l, np.ones(self.n), (power / l) ** 2 / self.n, floor, self.n)

    def spectral(self):
        return self._spectral


OWN = Faded(12, 0.3)
SAME = ls.InverseProblem(None, np.diag(np.arange(1.0, 13) ** -2), 0.3)
FLOW = ls.GradientFlow([0.5, 5.0])
DRAWS = {"trials": 20, "rng": 1}
QUESTIONS = {
    "theory.risk": lambda m: ls.theory.risk(m, 30, FLOW).value,
    "theory.early_stopped": lambda m: ls.theory.early_stopped(m, 30).value,
    "theory.best_ridge": lambda m: ls.theory.best_ridge(m, 30).value,
    "theory.saturation": lambda m: int(ls.theory.saturation(m)),
    "curve": lambda m: ls.curve(m, [5, 30], method="theory").value,
    "risk": lambda m: ls.risk(m, 30, FLOW, method="theory").value,
    "montecarlo.risk": lambda m: ls.montecarlo.risk(m, 30, FLOW, **DRAWS).value,
    "spread": lambda m: ls.spread(m, 30, **DRAWS).value,
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_every_question_is_that_of_its_problem(ask):
    """The model's, and its problem's, are the same numbers; a noise that is off by 1 % is not."""
    assert np.array_equal(ask(OWN), ask(OWN.spectral()))
    assert not np.array_equal(ask(OWN), ask(Faded(12, 0.303)))


def test_its_problem_is_that_of_its_matrices():
    """As the package reduces them."""
    for ask in (QUESTIONS["theory.risk"], QUESTIONS["theory.early_stopped"]):
        known = ask(SAME)
        assert np.all(np.abs(ask(OWN) - known) <= CONTRACT * known)
        assert np.all(np.abs(ask(Faded(12, 0.30001)) - known) > CONTRACT * known)


class Property:
    spectral = SAME.spectral()


def giving(value):
    return type("Author", (), {"spectral": lambda self: value})()


@pytest.mark.parametrize("ask", [QUESTIONS["theory.early_stopped"], QUESTIONS["montecarlo.risk"]])
@pytest.mark.parametrize(
    ("model", "words"),
    [
        (giving(None), "a Author whose spectral() gives a NoneType: must be one whose"),
        (giving(([1.0], [2])), "spectral() gives a tuple"),
        (giving(np.ones(3)), "spectral() gives a ndarray"),
        (giving(SAME), "spectral() gives a InverseProblem"),
        (Property(), "or one whose spectral() gives a SpectralProblem"),
        (Faded, "or one whose spectral() gives a SpectralProblem"),
    ],
)
def test_what_an_author_may_do_wrong_is_named(ask, model, words):
    with pytest.raises(InvalidArgument) as caught:
        ask(model)
    assert str(caught.value).startswith("model = ")
    assert words in str(caught.value)
