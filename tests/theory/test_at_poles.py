"""The term of order 1/N of gradient flow as a sum over poles, against contour integrals of it."""

import numpy as np
import pytest

import linscale as ls
from linscale.theory import terms
from linscale.theory.gaussian.kernels import PoleMoments
from linscale.theory.law import law_of
from linscale.theory.mixture import equivalents
from linscale.theory.mixture.finite import linear_term
from linscale.theory.stopping import flow_path
from tests.tolerances import CONTRACT

LAW = ls.Contrast([0.3, 3.1], [0.75, 0.25])
SPECTRUM = ls.SpectralProblem(
    np.geomspace(0.02, 3, 9), np.arange(1, 10), np.linspace(0.1, 0.02, 9), floor=0.05
)
MODELS = {
    "subspace": ls.SubspaceModel(40, 6, 0.2),
    "nine atoms": SPECTRUM,
    "quiet": ls.SubspaceModel(40, 6, 1e-4),
    "without noise": ls.SpectralProblem([1.0, 0.1], [5, 9], [1.0, 0.2], floor=0.0),
    "mixture": ls.InverseProblem(None, ls.covariances.stationary((5, 5)), 0.3, LAW),
    "quiet mixture": ls.InverseProblem(None, ls.covariances.stationary((4, 4)), 2e-3, LAW),
}  # fmt: skip


@pytest.fixture(autouse=True)
def fine(monkeypatch):
    """Contours of the next order as fine as those of the leading one: they are the reference."""
    monkeypatch.setattr(equivalents, "COARSE", 14)


def on_contours(monkeypatch, *arguments):
    """The same with no poles: both orders on contours."""
    law, N, flow = arguments
    with monkeypatch.context() as without:
        without.setattr(ls.GradientFlow, "poles", lambda self: None)
        return law.equivalent(N, law.spectrum(N), flow).terms(flow)


@pytest.mark.parametrize("name", MODELS)
def test_poles_give_what_contours_give(name, monkeypatch):
    """From time 0 to where nothing is left to learn, and on either side of N = n."""
    law = law_of(MODELS[name])
    n = law.dimension
    for N in (1, n // 2, n - 1, n, n + 1, 4 * n, 10**5):
        _, start, end = flow_path(law, N, 1)
        flow = ls.GradientFlow(np.append(0.0, np.geomspace(start, end, 30)))
        found = law.equivalent(N, law.spectrum(N), flow).terms(flow)
        known = on_contours(monkeypatch, law, N, flow)
        learning = np.abs(known.bias).sum(axis=0) + np.abs(known.variance).sum(axis=0)
        for one, other in ((found.bias, known.bias), (found.variance, known.variance)):
            assert np.all(np.abs(one - other) <= CONTRACT * learning)


def test_poles_are_not_asked_where_little_is_left(monkeypatch):
    """A sum over poles is good to a share of what there was to learn, not of what is left."""
    law = law_of(MODELS["quiet"])
    N = 4 * law.dimension
    _, start, end = flow_path(law, N, 1)
    flow = ls.GradientFlow(np.geomspace(start, end, 30))
    known = on_contours(monkeypatch, law, N, flow)
    learning = np.abs(known.bias).sum(axis=0) + np.abs(known.variance).sum(axis=0)
    monkeypatch.setattr(terms, "CANCELLED", np.inf)
    found = law.equivalent(N, law.spectrum(N), flow).terms(flow)
    assert np.any(np.abs(found.bias - known.bias) > CONTRACT * learning)


@pytest.mark.parametrize("name", ["nine atoms", "mixture"])
def test_a_planted_error_is_caught(name, monkeypatch):
    """One moment of many that is off by a thousandth."""
    law, N, flow = law_of(MODELS[name]), 60, ls.GradientFlow([3.0])
    known = law.equivalent(N, law.spectrum(N), flow).terms(flow)
    if name == "mixture":
        monkeypatch.setattr(equivalents, "linear_term", lambda *given: 1.001 * linear_term(*given))
    else:
        alone = PoleMoments.alone
        monkeypatch.setattr(PoleMoments, "alone", lambda *given: 1.001 * alone(*given))
    bad = law.equivalent(N, law.spectrum(N), flow).terms(flow)
    learning = np.abs(known.bias).sum() + np.abs(known.variance).sum()
    off = np.abs(bad.bias - known.bias).sum() + np.abs(bad.variance - known.variance).sum()
    assert off > 100 * CONTRACT * learning


@pytest.mark.parametrize("name", MODELS)
def test_the_leading_order_alone_is_that_of_both(name):
    law = law_of(MODELS[name])
    flow = ls.GradientFlow([0.5, 4.0, 70.0])
    made = law.equivalent(50, law.spectrum(50), flow)
    both = made.terms(flow)
    assert np.array_equal(made.leading(flow), both.bias[0] + both.variance[0])
