"""Stationary images by FFT: the same problem as with matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale import covariances, forward, theory
from linscale.errors import InvalidArgument


def same_problem(one, other):
    """The eigenvalue distribution, with and without weights, the floor and the zero risk."""
    assert one.dimension == other.dimension
    assert one.floor == pytest.approx(other.floor, rel=1e-11, abs=1e-13)
    assert one.zero_risk == pytest.approx(other.zero_risk, rel=1e-11)
    # The matrix leaves eps l_max where an eigenvalue of A S_x A' is 0, and weights divide by l^2.
    condition = other.eigenvalues.max() / other.eigenvalues.min()
    rounding = 64 * np.finfo(float).eps * condition**2
    for power in (1.0, 0.5, 3.0):
        for measure in ("multiplicities", "target_weights"):
            a, b = (getattr(p, measure) @ p.eigenvalues**power for p in (one, other))
            size = other.eigenvalues.max() ** power * getattr(other, measure).sum()
            assert abs(a - b) <= rounding * size
    # Planted: a hundredth of one weight moved to another eigenvalue would be seen.
    assert rounding < 1e-4


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


def test_theory_and_simulation_take_it():
    mask = forward.cartesian_mask(8, 2)
    model = ls.StationaryImages((8, 8), 0.3, mask=mask)
    dense = ls.InverseProblem(
        forward.masked_fourier((8, 8), mask), covariances.stationary((8, 8)), 0.3
    )
    one, other = (theory.early_stopped(m, 50) for m in (model, dense))
    assert one.value == pytest.approx(other.value, rel=1e-9)
    found = ls.montecarlo.risk(model, 50, ls.GradientFlow(one.at), trials=300, rng=0)
    assert abs(found.value[0] - one.value) < 3.3 * found.sem[0] + one.error


def test_frequencies_that_agree_are_one_atom():
    """f and -f, and on a square grid the axes exchanged, have the same eigenvalue."""
    problem = ls.StationaryImages((16, 16), 0.1).spectral()
    assert problem.dimension == 256
    assert problem.eigenvalues.size <= 45  # 9 * 10 / 2 pairs of |f_1| >= |f_2|


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: ls.StationaryImages((4, 4), 0.0), "sigma"),
        (lambda: ls.StationaryImages((4,), 1.0), "image_shape"),
        (lambda: ls.StationaryImages((4, 4), 1.0, exponent=np.nan), "exponent"),
        (lambda: ls.StationaryImages((4, 4), 1.0, power=-1.0), "power"),
        (lambda: ls.StationaryImages((4, 5), 1.0, mask=np.ones(4)), "mask"),
        (lambda: ls.StationaryImages((4, 4), 1.0, mask=np.zeros(4)), "keeps nothing"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(make, word):
    with pytest.raises(InvalidArgument, match=word):
        make()
