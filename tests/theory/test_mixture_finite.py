"""The 1/N term of scale mixtures against exact moments, and against Gaussian data at tau = 1."""

from functools import cache

import numpy as np
import pytest

import linscale as ls
from derivations.mixtures_exact import Point, linear_moment, pairing_moment, quadratic_moment
from linscale.models.contrast import Contrast
from linscale.models.problem import MixtureProblem
from linscale.theory import mixture_finite
from linscale.theory.mixture.finite import Pair, Target, linear_term
from linscale.theory.mixture.kernels import Ladder
from linscale.theory.mixture.moments import Columns, EqualMoments, PairMoments
from linscale.theory.mixture.stieltjes import Resolvent, resolvent

N, SIGMA = 7, 0.55
POWER, COUNTS = np.array([1.3, 0.4, 0.1]), np.array([3.0, 2.0, 5.0])
GAINS = np.array([4.0, 0.7, 0.05])  # |S_x A' v|^2 in each eigenspace
LAW = Contrast([0.2, 1.1, 3.2], [0.4, 0.45, 0.15])
FACTORS = 3  # of the sample covariance
RADIUS, NODES = 60.0, 48  # of a circle around the spectrum, for Cauchy's integrals
ROUNDING = 1e-9  # terms of the sum over the circle are up to 1e5 times the moment


def problem(law=LAW):
    l = POWER + SIGMA**2
    w = GAINS / l**2
    floor = (GAINS / POWER).sum() + 0.7 - w @ l
    return MixtureProblem(ls.SpectralProblem(l, COUNTS, w, floor), SIGMA, law)


POINT = Point(
    *(tuple(map(float, x)) for x in (POWER, COUNTS, GAINS, LAW.atoms, LAW.weights)),
    sigma2=SIGMA**2,
    N=float(N),
    T=problem().zero_risk,
)
PAIRS = [(a, b) for a in range(FACTORS + 1) for b in range(FACTORS + 1 - a)]


@cache
def exact():
    """By Gaussian pairings: (given tau, drawn) of H and of E tr[B'B Sh^a S Sh^b]; L in all."""
    H = [quadratic_moment(POINT, a, b)[1:] for a, b in PAIRS]
    bias = [bias_moment(a, b)[1:] for a, b in PAIRS]
    return H, bias, [-sum(linear_moment(POINT, a)[1:]) for a in range(FACTORS + 1)]


def bias_moment(a, b):
    """S stands after a factors, B'B at the end, where the word closes."""
    if a + b == 0:
        return 0.0, 0.0, 0.0  # no data
    weights = np.ones((a + b, POWER.size))
    weights[a - 1] *= POWER + SIGMA**2
    weights[-1] *= problem().target_weights / COUNTS
    return pairing_moment(POINT, "y" * (2 * a + 2 * b), tuple(map(tuple, weights)), False)


@cache
def circle():
    z = RADIUS * np.exp(2j * np.pi * (np.arange(NODES // 2) + 0.5) / NODES)
    half = resolvent(problem(), N, z)
    z, *both = (np.concatenate([x, x[::-1].conj()]) for x in (z, half.alpha, half.beta))
    return Resolvent(half.profile, z, *both)


def by_theory():
    p, at = problem(), circle()
    z = at.z
    ladder = Ladder(PairMoments(p, N, at, Columns(at), slice(0, NODES), 0))

    def moments(through):  # the bias is given as z1 z2 E tr[B'B Q S Q]
        pair = Pair(ladder, Target(ladder, through))
        parts, up = (pair.twist(), pair.sampled()), int(through)
        found = [[z ** (a + up) @ part @ z ** (b + up) for part in parts] for a, b in PAIRS]
        return np.real(found) / NODES**2

    single = Ladder(EqualMoments(p, N, at))
    L = linear_term(single.first, Target(single, through=True))
    linear = [(z ** (a + 1) @ L).real / NODES for a in range(FACTORS + 1)]
    return moments(True), moments(False), linear


def off():
    """Largest relative error of a moment (absolute where it is 0)."""
    pairs = zip(by_theory(), exact(), strict=True)
    return max(np.max(np.abs(f - e) / np.where(e, np.abs(e), 1.0)) for f, e in map(np.array, pairs))


def test_both_parts_are_those_of_exact_moments():
    assert off() < ROUNDING


def test_the_moments_pin_every_part():
    given, drawn = np.abs(np.array(exact()[0])).T
    assert given.min() > 1e-3
    assert drawn.min() > 1e-3


SINGLE = ["st", "ts", "leave_s", "enter_s", "out", "back", "v1", "v2", "A1", "A2", "B1", "B2"]
DOUBLE = ["As", "Bs", "At", "Bt", "leave", "enter"]  # beside a line of flavour 1 and 2
SPOILT = [(name, 0) for name in SINGLE + DOUBLE] + [(name, 1) for name in DOUBLE]


@pytest.mark.parametrize(("name", "which"), SPOILT)
def test_each_piece_off_by_a_thousandth_is_seen(name, which, monkeypatch):
    made = Pair.__init__

    def spoilt(self, ladder, target):
        made(self, ladder, target)
        value = getattr(self, name)
        if name in DOUBLE:
            value = tuple(x * (1.001 if i == which else 1.0) for i, x in enumerate(value))
        else:
            value = 1.001 * value
        setattr(self, name, value)

    monkeypatch.setattr(Pair, "__init__", spoilt)
    assert off() > 100 * ROUNDING


def test_a_law_taken_for_its_sample_is_seen(monkeypatch):
    monkeypatch.setattr(Pair, "sampled", lambda self: 0.0 * self.twist())
    assert off() == pytest.approx(1.0)


@pytest.mark.parametrize("factor", [0.999, 0.0])
def test_a_spoilt_linear_term_is_seen(factor, monkeypatch):
    """Products x y' of it alone: the flavour of the target, and the means of t d."""
    outer, found = mixture_finite.outer, by_theory()[2]
    monkeypatch.setattr(mixture_finite, "outer", lambda x, y: factor * outer(x, y))
    spoilt, known = by_theory()[2], exact()[2]
    assert found == pytest.approx(known, rel=ROUNDING, abs=ROUNDING)
    assert np.max(np.abs(np.array(spoilt) - known)) > 1e-4


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("n_train", [6, 25])
@pytest.mark.parametrize(
    "filter",
    [
        ls.Ridge([0.05, 0.3, 2.0]),
        ls.GradientFlow([0.3, 3.0]),
        ls.GradientDescent(0.1, [1, 7]),
        ls.Converged(),
    ],
    ids=lambda f: type(f).__name__,
)
def test_constant_contrast_is_gaussian(filter, n_train, order):
    constant, near = problem(Contrast([1.0], [1.0])), problem(Contrast([0.9, 1.1], [1.0, 1.0]))
    known, same, other = (
        ls.theory.risk(p, n_train, filter, order=order) for p in (constant.moments, constant, near)
    )
    assert same.bias == pytest.approx(known.bias, rel=1e-9)
    assert same.variance == pytest.approx(known.variance, rel=1e-9)
    # A variance 0.01 of tau is not overlooked.
    assert np.abs(other.variance / known.variance - 1.0).max() > 1e-5
