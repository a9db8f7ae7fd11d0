"""Stationary images by FFT: the same problem as with matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale import theory
from linscale.errors import InvalidArgument
from linscale.images import covariances
from linscale.operators import forward
from tests.conftest import z_limit
from tests.tolerances import CONTRACT, rounding


def same_problem(one, other):
    """The eigenvalue distribution, with and without weights, the floor and the zero risk."""
    assert one.dimension == other.dimension
    # A matrix knows every k to eps of the largest: two decompositions and two products of size p.
    l, p, operations = other.eigenvalues, other.scale, 4 * other.scale
    condition = l.max() / l.min()
    zero, seen = other.zero_risk, other.zero_risk - other.floor
    # A trace of p directions, each to eps of S_x; the floor may be what two such traces leave.
    whole = rounding(condition + p, operations)
    assert one.floor == pytest.approx(other.floor, rel=whole * zero / other.floor, abs=0.0)
    assert one.zero_risk == pytest.approx(zero, rel=whole, abs=0.0)
    for power in (1.0, 0.5, 3.0):
        # Changes of l^power, and of w l^power = |S_x A' v|^2 l^(power - 2)/p, relative to the size.
        changes = {
            "multiplicities": power * condition ** max(1.0 - power, 0.0),
            "target_weights": 3.0 * condition ** max(2.0 - power, 0.0) * zero / seen,
        }
        for measure, change in changes.items():
            a, b = (getattr(p, measure) @ p.eigenvalues**power for p in (one, other))
            size = l.max() ** power * getattr(other, measure).sum()
            assert np.allclose(a, b, rtol=0.0, atol=rounding(change, operations) * size)


@pytest.mark.parametrize("mask", [None, [1, 1, 0, 1, 0]])
def test_a_spoilt_problem_is_seen(mask):
    """Planted errors: what counts in the comparison above, each off by a thousandth or one."""
    right = ls.StationaryImages((4, 5), 0.3, mask=mask).spectral()
    l, n, w, floor = right.eigenvalues, right.multiplicities, right.target_weights, right.floor
    first = np.eye(l.size)[0]
    same_problem(ls.SpectralProblem(l, n, w, floor), right)
    for spoilt in (
        (l * (1 + 1e-3 * first), n, w, floor),
        (l, n + first - np.roll(first, 1), w, floor),
        (l, n, w * (1 + 1e-3 * first[::-1]), floor),
        (l, n, w, floor * (1 + 1e-3)),
    ):
        with pytest.raises(AssertionError):
            same_problem(ls.SpectralProblem(*spoilt), right)


@pytest.mark.parametrize("mask", [None, [0, 1, 1, 1, 0, 0]])
@pytest.mark.parametrize("height", [4, 5])
def test_weights_are_those_of_the_best_estimator(height, mask):
    """w = |S_x A' v|^2/(l^2 p), from the eigenvectors v of S themselves."""
    shape = (height, 6)
    A = None if mask is None else forward.masked_fourier(shape, mask)
    dense = ls.InverseProblem(A, covariances.stationary(shape), 0.4)
    l, v = np.linalg.eigh(dense.measurement_cov())
    size = np.sum((dense.cross_cov() @ v) ** 2, axis=0)
    floor = (np.trace(dense.signal_cov) - np.sum(size / l)) / dense.p
    direct = ls.SpectralProblem(l, np.ones(l.size), size / l**2 / dense.p, floor)
    same_problem(ls.StationaryImages(shape, 0.4, mask=mask).spectral(), direct)


@given(
    st.tuples(st.integers(1, 7), st.integers(1, 7)),
    st.floats(0.0, 3.0),
    st.floats(0.2, 2.0),
    st.integers(0, 2**7 - 1),
)
def test_it_is_the_problem_of_the_matrices(shape, exponent, sigma, bits):
    cov = covariances.stationary(shape, exponent, 2.0)
    found = ls.StationaryImages(shape, sigma, exponent, 2.0).spectral()
    same_problem(found, ls.InverseProblem(None, cov, sigma).spectral())
    mask = np.array([bits >> k & 1 for k in range(shape[1])], dtype=bool)
    if not mask.any():
        mask[0] = True
    found = ls.StationaryImages(shape, sigma, exponent, 2.0, mask).spectral()
    A = forward.masked_fourier(shape, mask)
    same_problem(found, ls.InverseProblem(A, cov, sigma).spectral())


@pytest.mark.parametrize("shape", [(8, 8), (7, 10)])
def test_theory_and_simulation_take_it(shape):
    mask = forward.cartesian_mask(shape[1], 2)
    model = ls.StationaryImages(shape, 0.3, mask=mask)
    A, cov = forward.masked_fourier(shape, mask), covariances.stationary(shape)
    one, other = (theory.early_stopped(m, 50) for m in (model, ls.InverseProblem(A, cov, 0.3)))
    assert one.value == pytest.approx(
        other.value, rel=0.0, abs=CONTRACT * (other.value - other.floor)
    )
    planted = theory.early_stopped(ls.StationaryImages(shape, 0.31, mask=mask), 50)
    assert planted.value != pytest.approx(other.value, rel=1e-3)
    found = ls.montecarlo.risk(model, 50, ls.GradientFlow(one.at), trials=300, rng=0)
    room = z_limit(1) * found.sem[0] + one.error
    assert abs(found.value[0] - one.value) < room
    assert (
        abs(found.value[0] - theory.early_stopped(model, 40).value) > room
    )  # planted: a fifth less


@pytest.mark.parametrize("exponent", [0.5, 2.0, 3.0])
@pytest.mark.parametrize("shape", [(1, 9), (16, 16), (96, 96), (100, 150), (512, 512)])
def test_frequencies_are_one_atom_if_and_only_if_they_agree(shape, exponent):
    """As many atoms as values of |f|^2, counted in integers, up to the largest images."""
    (height, width), (row, column) = shape, np.indices(shape)
    row, column = np.minimum(row, height - row), np.minimum(column, width - column)
    distinct = np.unique((row * width) ** 2 + (column * height) ** 2).size
    problem = ls.StationaryImages(shape, 0.1, exponent).spectral()
    assert problem.dimension == height * width
    assert problem.eigenvalues.size == distinct


@pytest.mark.parametrize("sigma", [1e-1, 1e-3, 1e-6, 1e-9])
def test_a_small_floor_keeps_its_digits(sigma):
    """Not the difference of two large sums: what W = 0 and the floor say agrees to rounding."""
    model = ls.StationaryImages((8, 6), sigma)
    s, s2 = model.spectrum, sigma**2
    digits = {"rel": rounding(1.0, s.size + 8), "abs": 0.0}  # sums of positive terms
    assert model.spectral().floor == pytest.approx(np.mean(s / (s + s2)) * s2, **digits)
    all_columns = ls.StationaryImages((8, 6), max(sigma, 1e-5), mask=np.ones(6)).spectral()
    s2 = max(sigma, 1e-5) ** 2
    assert all_columns.floor == pytest.approx(np.mean(s / (s + s2)) * s2, **digits)
    half = ls.StationaryImages((1, 3), 1e-5, mask=[0, 1, 1])  # f = 0, and one of a pair
    s = half.spectrum[0]
    expected = (s[0] / (s[0] + 1e-10) + 2 * s[1] / (s[1] / 2 + 1e-10)) * 1e-10 / 3
    assert half.spectral().floor == pytest.approx(expected, rel=rounding(1.0, 3 + 8), abs=0.0)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: ls.StationaryImages((4, 4), 0.0), "sigma"),
        (lambda: ls.StationaryImages((4, 4), 1e40), "sigma"),
        (lambda: ls.StationaryImages((4, 4), 1e-9, mask=np.ones(4)).spectral(), "sigma"),
        (lambda: ls.StationaryImages((4,), 1.0), "image_shape"),
        (lambda: ls.StationaryImages((4, 4), 1.0, exponent=1e4), "exponent"),
        (lambda: ls.StationaryImages((4, 4), 1.0, power=1e300), "power"),
        (lambda: ls.StationaryImages((4, 4), 1.0, exponent=np.nan), "exponent"),
        (lambda: ls.StationaryImages((4, 4), 1.0, power=-1.0), "power"),
        (lambda: ls.StationaryImages((4, 5), 1.0, mask=np.ones(4)), "mask"),
        (lambda: ls.StationaryImages((4, 4), 1.0, mask=np.zeros(4)), "keeps nothing"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(make, word):
    with pytest.raises(InvalidArgument, match=word):
        make()
