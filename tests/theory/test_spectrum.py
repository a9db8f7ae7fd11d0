"""Bulks and density of the sample spectrum against Marchenko-Pastur, moments and simulation."""

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument
from linscale.theory import density, support
from tests.tolerances import rounding

BLUR = 1e-10  # of the spectrum's upper end: how far above the axis the density is taken


@pytest.mark.parametrize(("n", "N"), [(100, 300), (300, 100), (50, 51)])
def test_one_atom_is_marchenko_pastur(n, N):
    white = ls.SpectralProblem([2.0], [n], [1.0], floor=0.1)
    ratio = n / N
    low, high = 2.0 * (1 - np.sqrt(ratio)) ** 2, 2.0 * (1 + np.sqrt(ratio)) ** 2
    ((a, b),) = support(white, N)
    root = np.sqrt(ratio)
    near = 1 + 2 * (1 + root) / abs(1 - root)  # twice 1 - root, for the lower edge
    assert a == pytest.approx(low, rel=rounding(near, 10), abs=0)
    assert b == pytest.approx(high, rel=rounding(2, 10), abs=0)
    x = np.linspace(low, high, 40)[1:-1]
    exact = np.sqrt((high - x) * (x - low)) / (2 * np.pi * 2.0 * ratio * x)
    # Above the axis to first order: Re of the derivative of the Stieltjes transform over pi.
    blur = BLUR * high * abs(1 - ratio) / (2 * np.pi * ratio * x**2)
    allowed = 2 * blur + rounding(high / (x - low) + high / (high - x), 20) * exact
    assert np.all(np.abs(density(white, N, x) - exact) <= allowed)
    # Outside the tail of that: BLUR/(pi distance^2) times a mass of 1; zero beyond twice the end.
    outside = density(white, N, [high * 1.1, high * 3])
    assert outside[0] <= BLUR * high / (np.pi * (0.1 * high) ** 2)
    assert outside[1] == 0.0


def mass(problem, N, a, b, weight=lambda left, right: 1.0, nodes=400):
    """Integral of the density times a weight of x - a and b - x over one bulk.

    With x = a + (b - a) sin^2 the integrand is smooth and periodic: the midpoint rule.
    """
    angle = (np.arange(nodes) + 0.5) * np.pi / (2 * nodes)
    left, right = (b - a) * np.sin(angle) ** 2, (b - a) * np.cos(angle) ** 2
    values = weight(left, right) * density(problem, N, a + left) * (b - a) * np.sin(2 * angle)
    return float(np.sum(values)) * np.pi / (2 * nodes)


@pytest.mark.parametrize("N", [30, 150, 400])
def test_bulks_hold_the_right_shares_and_first_moment(N):
    model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    problem = model.spectral()
    bulks = support(model, N)
    masses = [mass(problem, N, a, b) for a, b in bulks]
    assert len(bulks) == 2
    # The blur carries mass out of a bulk: from y the share blur/pi [1/(y - a) + 1/(b - y)].
    blur = BLUR * bulks[1][1]
    lost = [mass(problem, N, a, b, lambda left, right: 1 / left + 1 / right) for a, b in bulks]
    allowed = 2 * blur / np.pi * np.array(lost) + rounding(1, 400)  # and the sum rounds
    assert abs(masses[1] - 0.1) <= allowed[1]  # d of n, exactly
    assert abs(sum(masses) - min(1.0, N / 100)) <= sum(allowed)
    first = sum(mass(problem, N, a, b, lambda left, right, a=a: a + left) for a, b in bulks)
    mean = problem.multiplicities @ problem.eigenvalues / 100  # tr S / n
    assert abs(first - mean) <= allowed @ [b for _, b in bulks]
    # The rule has converged: it is exponentially good in the number of nodes.
    half = [mass(problem, N, a, b, nodes=200) for a, b in bulks]
    assert np.all(np.abs(np.subtract(half, masses)) <= allowed)


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
            # To first order in n/N: a rate. And b - a is a small difference.
            width = 4 * np.sqrt(n / N)
            rate = 2 * 50 / N
            assert 0.5 * (a + b) == pytest.approx(l, rel=rate + rounding(1, 20), abs=0)
            assert b - a == pytest.approx(l * width, rel=rate + rounding(1 / width, 10), abs=0)


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
