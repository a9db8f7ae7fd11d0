"""Bulks and density of the sample spectrum against Marchenko-Pastur, moments and simulation."""

import numpy as np
import pytest
from scipy.integrate import quad

import linscale as ls
from linscale.errors import InvalidArgument
from linscale.theory import density, support


@pytest.mark.parametrize(("n", "N"), [(100, 300), (300, 100), (50, 51)])
def test_one_atom_is_marchenko_pastur(n, N):
    white = ls.SpectralProblem([2.0], [n], [1.0], floor=0.1)
    ratio = n / N
    low, high = 2.0 * (1 - np.sqrt(ratio)) ** 2, 2.0 * (1 + np.sqrt(ratio)) ** 2
    ((a, b),) = support(white, N)
    assert (a, b) == pytest.approx((low, high), rel=1e-9)
    x = np.linspace(low, high, 40)[1:-1]
    exact = np.sqrt((high - x) * (x - low)) / (2 * np.pi * 2.0 * ratio * x)
    assert np.allclose(density(white, N, x), exact, rtol=1e-5)
    assert np.all(density(white, N, [high * 1.1, high * 3]) < 1e-6)


def mass(problem, N, a, b, moment=0):
    """Integral of x^moment times the density over one bulk: x = a + (b - a) sin^2 at the edges."""

    def integrand(angle):
        x = a + (b - a) * np.sin(angle) ** 2
        return x**moment * density(problem, N, x)[0] * (b - a) * np.sin(2 * angle)

    return quad(integrand, 1e-6, np.pi / 2 - 1e-6, limit=100, epsabs=1e-8)[0]


@pytest.mark.parametrize("N", [30, 150, 400])
def test_bulks_hold_the_right_shares_and_first_moment(N):
    model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    problem = model.spectral()
    bulks = support(model, N)
    masses = [mass(problem, N, a, b) for a, b in bulks]
    assert len(bulks) == 2
    assert masses[1] == pytest.approx(0.1, abs=1e-5)  # d of n, exactly
    assert sum(masses) == pytest.approx(min(1.0, N / 100), abs=1e-5)
    first = sum(mass(problem, N, a, b, moment=1) for a, b in bulks)
    mean = problem.multiplicities @ problem.eigenvalues / 100  # tr S / n
    assert first == pytest.approx(mean, rel=1e-5)


def test_bulks_merge_at_the_transition():
    """(A^(1/3) + B^(1/3))^3 = N (l1 - l2)^2 with A = n1 l1^2, B = n2 l2^2."""
    problem = ls.SubspaceModel(n=100, d=10, sigma=1.0).spectral()
    (l1, l2), (n1, n2) = problem.eigenvalues, problem.multiplicities
    N = (np.cbrt(n1 * l1**2) + np.cbrt(n2 * l2**2)) ** 3 / (l1 - l2) ** 2
    assert len(support(problem, int(np.floor(N)))) == 1
    assert len(support(problem, int(np.ceil(N)))) == 2


def test_simulated_eigenvalues_lie_where_they_should():
    problem = ls.SpectralProblem([0.1, 1.0, 8.0], [100, 100, 50], [1.0, 1.0, 1.0], floor=0.1)
    N, bulks = 2000, support(problem, 2000)
    l = np.repeat(problem.eigenvalues, problem.multiplicities.astype(int))
    y = np.sqrt(l)[:, None] * np.random.default_rng(0).standard_normal((250, N))
    e = np.linalg.eigvalsh(y @ y.T / N)
    counts = [int(np.sum((e > a * 0.97) & (e < b * 1.03))) for a, b in bulks]
    assert counts == [100, 100, 50]


@pytest.mark.parametrize(("sigma", "N"), [(1e-5, 10**12), (0.1, 10**15), (1e-5, 10)])
def test_narrow_bulks_keep_their_edges(sigma, N):
    """At N -> inf the bulks shrink to l (1 +- 2 sqrt(multiplicity/N))."""
    problem = ls.SubspaceModel(n=50, d=5, sigma=sigma).spectral()
    bulks = support(problem, N)
    assert len(bulks) == 2
    assert all(a <= b for a, b in bulks)
    if N > 50:
        for (a, b), l, n in zip(bulks, problem.eigenvalues[::-1], (45, 5), strict=True):
            assert 0.5 * (a + b) == pytest.approx(l, rel=1e-5)
            assert b - a == pytest.approx(4 * l * np.sqrt(n / N), rel=1e-4)


def test_transition_is_where_the_bulks_part():
    model = ls.SubspaceModel(n=200, d=20, sigma=0.7)
    N = ls.theory.transition(model)
    assert len(ls.theory.support(model, int(np.floor(N)))) == 1
    assert len(ls.theory.support(model, int(np.ceil(N)))) == 2
    assert "merged" in ls.theory.pca(model, int(np.floor(N))).status
    assert ls.theory.subspace_overlap(model, int(2 * N)).status == "ok"
    assert ls.theory.transition(ls.SubspaceModel(n=20, d=20, sigma=0.7)) == 0
    with pytest.raises(InvalidArgument, match="SubspaceModel"):
        ls.theory.transition(model.spectral())


def test_density_far_out_is_zero():
    model = ls.SubspaceModel(n=20, d=2, sigma=0.3)
    assert np.array_equal(ls.theory.density(model, 10, [1e300, 1e6]), [0, 0])
    assert ls.theory.density(model, 10, [1.0, 1e300])[0] > 0
