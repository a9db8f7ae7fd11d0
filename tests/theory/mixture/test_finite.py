"""The 1/N term of scale mixtures against exact moments, and against Gaussian data at tau = 1."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import linscale as ls
from derivations.mixtures_exact import Point, linear_moment, pairing_moment, quadratic_moment
from linscale.models.contrast import Contrast
from linscale.models.problem import MixtureProblem
from linscale.theory.mixture import finite
from linscale.theory.mixture.finite import Pair, Target, linear_term
from linscale.theory.mixture.kernels import Ladder
from linscale.theory.mixture.moments import Columns, EqualMoments, PairMoments
from linscale.theory.mixture.response import Response
from linscale.theory.mixture.stieltjes import Resolvent, resolvent
from tests.tolerances import rounding

N, SIGMA = 7, 0.55
POWER, COUNTS = np.array([1.3, 0.4, 0.1]), np.array([3.0, 2.0, 5.0])
GAINS = np.array([4.0, 0.7, 0.05])  # |S_x A' v|^2 in each eigenspace
LAW = Contrast([0.2, 1.1, 3.2], [0.4, 0.45, 0.15])
FACTORS = 3  # of the sample covariance
RADIUS, NODES = 60.0, 48  # of a circle around the spectrum, for Cauchy's integrals
# Of a term of the sum over the circle, which ends with one term for each node.
OPERATIONS = NODES + POWER.size * LAW.atoms.size


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
    """Moments of the same kinds, and for each the sum of absolute values over the circle."""
    p, at = problem(), circle()
    z = at.z
    ladder = Ladder(PairMoments(p, N, at, Columns(at), slice(0, NODES), 0))

    def moments(through):  # the bias is given as z1 z2 E tr[B'B Q S Q]
        pair = Pair(ladder, Target(ladder, through))
        parts, up = (pair.twist(), pair.sampled()), int(through)
        found = [[z ** (a + up) @ part @ z ** (b + up) for part in parts] for a, b in PAIRS]
        sizes = [
            [RADIUS ** (a + b + 2 * up) * np.abs(part).sum() for part in parts] for a, b in PAIRS
        ]
        return np.real(found) / NODES**2, np.array(sizes) / NODES**2

    single = Ladder(EqualMoments(p, N, at))
    L = linear_term(single.first, Target(single, through=True))
    powers = np.arange(1, FACTORS + 2)
    linear = np.array([z**k @ L for k in powers]).real, RADIUS**powers * np.abs(L).sum()
    return moments(True), moments(False), tuple(x / NODES for x in linear)


def allowances():
    """What the rounding of terms that cancel may move."""
    return [rounding(sizes, OPERATIONS) for _, sizes in by_theory()]


def off(allowed):
    """Largest error of a moment, over what is allowed."""
    triples = zip(by_theory(), exact(), allowed, strict=True)
    return max(np.max(np.abs(found - known) / may) for (found, _), known, may in triples)


def test_both_parts_are_those_of_exact_moments():
    assert off(allowances()) < 1.0


def test_the_moments_pin_every_part():
    given, drawn = np.abs(np.array(exact()[0])).T
    assert given.min() > 1e-3
    assert drawn.min() > 1e-3


SINGLE = ["D across", "C across", "ends left_across", "ends right_across", "ends left_su",
          "ends right_su", "off a_u"]  # fmt: skip
DOUBLE = ["D s", "C s", "D u", "C u", "D su", "C su", "ends left_u", "ends right_u", "a_su"]
SPOILT = [(name, None) for name in SINGLE] + [(name, i) for name in DOUBLE for i in range(2)]


@pytest.mark.parametrize(("name", "which"), SPOILT)
def test_each_piece_off_by_a_thousandth_is_seen(name, which, monkeypatch):
    made, allowed = Response.of, allowances()

    def spoilt(value, path):
        if path:
            return replace(value, **{path[0]: spoilt(getattr(value, path[0]), path[1:])})
        if which is None:
            return 1.001 * value
        return tuple(x * (1.001 if i == which else 1.0) for i, x in enumerate(value))

    monkeypatch.setattr(Response, "of", lambda *given: spoilt(made(*given), name.split()))
    assert off(allowed) > 1e5


def test_a_law_taken_for_its_sample_is_seen(monkeypatch):
    allowed = allowances()
    monkeypatch.setattr(Pair, "sampled", lambda self: 0.0 * self.twist())
    assert off(allowed) > 1e8


@pytest.mark.parametrize("factor", [0.999, 0.0])
def test_a_spoilt_linear_term_is_seen(factor, monkeypatch):
    """Products x y' of it alone: the flavour of the target, and the means of t d."""
    outer, (found, sizes) = finite.outer, by_theory()[2]
    monkeypatch.setattr(finite, "outer", lambda x, y: factor * outer(x, y))
    spoilt, known = by_theory()[2][0], exact()[2]
    assert np.all(np.abs(found - known) <= rounding(sizes, OPERATIONS))
    assert np.max(np.abs(spoilt - known)) > 1e-4


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
    # It is answered as the Gaussian problem that it is.
    assert np.array_equal(same.bias, known.bias)
    assert np.array_equal(same.variance, known.variance)
    # A variance 0.01 of tau is not overlooked.
    assert np.abs(other.variance / known.variance - 1.0).max() > 1e-5
