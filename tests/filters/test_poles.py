"""Gradient flow as a sum over poles: the functions themselves, and integrals against them."""

from dataclasses import dataclass

import numpy as np
import pytest

import linscale as ls
from linscale.filters.poles import COUNT, Poles, near_best, pairs_of
from tests.tolerances import CONTRACT, rounding

X = np.append(0.0, np.geomspace(1e-10, 1e7, 2000))
TIMES = np.array([0.0, 0.3, 2.0, 40.0])
L = np.array([0.0, 0.02, 0.7, 1.3])


def off(count):
    """How far the sum over so many poles is from exp(-x) at worst, x >= 0."""
    x, c = near_best(count)
    return np.abs(2.0 * (c / (X[:, None] - x)).real.sum(axis=1) - np.exp(-X)).max()


def test_the_error_falls_by_nine_with_every_pole():
    """Halphen's constant, 9.28903 for each pole: a rate, down to where rounding takes over."""
    errors = np.array([off(count) for count in (4, 6, 8, 10)])
    assert np.allclose(errors[:-1] / errors[1:], 9.28903**2, rtol=0.1)
    # Residues of up to 110 cancel at 0.
    largest = np.abs(near_best(COUNT)[1]).max()
    assert off(COUNT) < 2.0 * 9.28903**-COUNT + rounding(2.0 * largest, 2 * COUNT)


def test_poles_are_above_the_axis_and_away_from_it():
    x, c = near_best(COUNT)
    assert x.size == c.size == COUNT // 2
    assert x.imag.min() > 1.0


def test_integrals_are_of_the_flow_and_its_gain():
    """F(z) = 1/(l - z): the integral is minus the function at l."""
    flow = ls.GradientFlow(TIMES)
    poles = flow.poles()
    exact = np.stack([flow.residual(L), flow.learned(L) / np.where(L > 0, L, 1.0)])
    exact[1, :, 0] = TIMES
    exact[0, 0] = 0.0  # at t = 0 nothing depends on the data, and the sum leaves it out
    for weights, known in zip((poles.residual, poles.gain), exact, strict=True):
        found = np.array([poles.integrate(weights, 1.0 / (l - poles.z)).value for l in L]).T
        assert np.all(np.abs(found + known) <= 0.01 * CONTRACT * np.maximum(TIMES[:, None], 1.0))


def test_double_integrals_take_every_pair():
    """A sum of l and m: symmetric in z1 and z2, and its conjugate where both are."""
    flow, at = ls.GradientFlow(TIMES), pairs_of(COUNT // 2)
    poles = flow.poles()
    both = np.concatenate((poles.z, poles.z.conj()), axis=1)
    z1, z2 = poles.z[:, at.first], both[:, at.second]
    for l, m in ((0.02, 0.7), (0.7, 0.7)):
        kernel = 0.5 / ((l - z1) * (m - z2)) + 0.5 / ((m - z1) * (l - z2))
        known = np.exp(-TIMES * (l + m)) * (TIMES > 0)
        found = poles.integrate_twice(poles.residual, kernel).value
        assert np.all(np.abs(found - known) <= 0.01 * CONTRACT)
        lopsided = poles.integrate_twice(poles.residual, 1.0 / ((l - z1) * (m - z2))).value
        assert l == m or np.abs(lopsided - known).max() > 0.01  # planted: it is not symmetric
    product = poles.at_pairs(1.0 / (0.7 - poles.z))
    assert np.allclose(product, 1.0 / ((0.7 - z1) * (0.7 - z2)), rtol=rounding(1.0, 4), atol=0.0)


def test_blocks_are_the_whole():
    poles = Poles.of_exponential(np.geomspace(0.1, 10, 23))
    parts = poles.blocks(terms=10**4)
    assert len(parts) > 2
    for name in ("z", "residual", "gain"):
        whole = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(whole, getattr(poles, name))


def test_another_residual_has_no_poles():
    """What a flow knows of its own residual says nothing of that of a class derived from it."""

    @dataclass(frozen=True, eq=False, repr=False)
    class Twice(ls.GradientFlow):
        def residual(self, l):
            return super().residual(l) ** 2

    assert Twice([1.0]).poles() is None
    for filter in (ls.Ridge(0.1), ls.GradientDescent(0.1, 3)):
        assert filter.poles() is None
    assert ls.GradientFlow(1.0).poles() is not None


@pytest.mark.parametrize("count", [3, 5])
def test_a_real_pole_is_left_out(count):
    """An odd number has a real pole, which no pair stands for: the package takes an even one."""
    assert COUNT % 2 == 0
    assert off(count) > 1e-3
