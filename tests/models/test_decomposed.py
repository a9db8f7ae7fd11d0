"""A model of a covariance that has been decomposed already."""

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument
from tests.tolerances import rounding

COV = ls.covariances.stationary((4, 4))
A = np.random.default_rng(0).standard_normal((5, 16))


@pytest.mark.parametrize("forward", [None, A])
def test_it_is_the_model_of_the_covariance(forward):
    k, v = np.linalg.eigh(COV)
    found = ls.InverseProblem.from_eigen(forward, k, v, 0.3)
    known = ls.InverseProblem(forward, COV, 0.3)
    allowed = rounding(k.max(), 2 * 16)
    assert np.allclose(found.signal_cov, COV, rtol=0.0, atol=allowed)
    assert np.allclose(found.signal_root @ found.signal_root.T, COV, rtol=0.0, atol=allowed)
    one, other = found.spectral(), known.spectral()
    relative = rounding(other.eigenvalues.max() / other.eigenvalues.min(), 4 * 16)
    assert one.floor == pytest.approx(other.floor, rel=relative)
    assert np.array_equal(one.multiplicities, other.multiplicities)
    assert np.allclose(one.eigenvalues, other.eigenvalues, rtol=relative, atol=0.0)


@pytest.mark.parametrize(
    ("values", "vectors", "word"),
    [
        ([1.0, 2.0], np.eye(3), "vectors"),
        ([2.0, 1.0], np.eye(2), "ascending"),
        ([-1.0, 1.0], np.eye(2), "values"),
        ([1.0, 2.0], np.ones((2, 2)), "orthonormal"),
        ([1.0, 2.0], np.eye(2) * (1 + 1e-12), "orthonormal"),
    ],
)
def test_what_is_no_decomposition_is_refused(values, vectors, word):
    with pytest.raises(InvalidArgument, match=word):
        ls.InverseProblem.from_eigen(None, values, vectors, 0.3)
