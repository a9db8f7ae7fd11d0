"""The companion equations: the compiled descent against its readable twin."""

import numpy as np
import pytest

from linscale.theory import _numba
from linscale.theory.newton import Profile, in_stages, solution
from tests.tolerances import rounding


def profile(rng):
    atoms, many = rng.integers(1, 5), rng.integers(1, 30)
    tau, weights = rng.uniform(0.0, 4.0, atoms) + 0.1, rng.uniform(0.1, 1.0, atoms)
    power = np.exp(rng.normal(scale=2.0, size=many))
    share = rng.integers(1, 9, many) / rng.choice([0.1, 1.0, 30.0]) / many
    weights /= weights.sum()
    return Profile(power, share, float(rng.choice([0.0, 0.3])), tau / (tau @ weights), weights)


def sides(p, z, alpha, beta):
    """alpha and beta less the sums that they should be."""
    T, _ = p.moments(z, alpha, beta)
    return np.stack([alpha - T @ (p.share * p.power), beta - T @ p.share])


def room(p, z, alpha, beta):
    """What rounding in both equations may move their solution by: through their Jacobian."""
    T, d = p.moments(z, alpha, beta)
    terms = np.abs(T) @ (p.share * p.power), np.abs(T) @ p.share
    # T and d are reciprocals of sums that may cancel.
    u, v = np.abs(d) @ (p.weights * p.tau), np.abs(d) @ p.weights
    lost = (1 + p.power.max() * u + p.noise * v) * np.abs(T).max(axis=1)
    lost = lost * (p.tau.max() * abs(alpha) + p.noise * abs(beta) + abs(z)) * np.abs(d).max(axis=1)
    error = rounding(lost, p.power.size + p.tau.size + 8) * np.stack(terms)
    h = 1e-6
    columns = [
        (sides(p, z, alpha + h * a, beta + h * b) - sides(p, z, alpha - h * a, beta - h * b))
        / (2 * h * (a + b))
        for a, b in ((abs(alpha), 0.0), (0.0, abs(beta)))
    ]
    jacobian = np.stack(columns, axis=1).transpose(2, 0, 1)
    return np.einsum("mij,jm->im", np.abs(np.linalg.inv(jacobian)), error)


@pytest.mark.parametrize("seed", range(40))
def test_compiled_and_readable_agree(seed):
    rng = np.random.default_rng(seed)
    p = profile(rng)
    size = np.exp(rng.normal(scale=3.0, size=30))
    for z in (size * np.exp(1j * rng.uniform(0.05, 3.0, 30)), -size):
        fast, slow = (np.stack(found) for found in (solution(p, z), in_stages(p, z)))
        assert fast.dtype == slow.dtype
        assert np.all(np.abs(fast - slow) <= 2.0 * room(p, z, *slow))
        assert np.median(room(p, z, *slow) / np.abs(slow)) < 1e-9  # an error would be seen


@pytest.mark.parametrize("seed", [2, 6, 10, 13])
def test_a_neighbour_that_leads_astray_is_found_out(seed):
    """Points that jump, near the real axis and far: Newton ends at roots of the wrong signs."""
    rng = np.random.default_rng(seed)
    p = profile(rng)
    z = np.exp(rng.normal(scale=3.0, size=40)) * np.exp(1j * rng.choice([0.01, 1.5, 3.1], 40))
    fast, slow = (np.stack(found) for found in (solution(p, z), in_stages(p, z)))
    assert np.all(np.abs(fast - slow) <= 2.0 * room(p, z, *slow))
    assert np.all(np.abs(room(p, z, *slow)) < 1e-3 * np.abs(slow))


def test_a_planted_error_is_seen():
    """A sum without its last term is not the same sum."""
    rng = np.random.default_rng(3)
    values, weights = rng.random(9), rng.random(9)
    a, b = complex(0.3, 0.2), complex(1.0, -0.4)
    found = _numba.sums(values, weights, a, b)
    q = 1.0 / (a * values + b)
    exact = (weights @ q, weights * values @ q, weights @ q**2, weights * values @ q**2)
    assert np.allclose(found[:4], exact, rtol=rounding(3.0, 20), atol=0.0)
    short = _numba.sums(values[:-1], weights[:-1], a, b)
    assert not np.allclose(short[:4], exact, rtol=1e-3)
