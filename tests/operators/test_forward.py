"""Measurement operators: adjoints, matrices, and what each does to a picture."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.linalg import LinearOperator

import linscale as ls
from linscale.errors import InvalidArgument, Unsupported
from linscale.operators import forward
from tests.conftest import z_limit
from tests.tolerances import cancellation, rounding

SHAPE = (12, 8)
OPERATORS = {
    "identity": forward.identity(SHAPE),
    "fourier": forward.masked_fourier(SHAPE, forward.cartesian_mask(8, 2)),
    "two": forward.super_resolution(SHAPE, 2),
    "four": forward.super_resolution(SHAPE, 4, blur=0.0),
    "inpainting": forward.inpainting(SHAPE, np.arange(96).reshape(SHAPE) % 3 == 0),
    "radon": forward.radon(SHAPE, [0, 30, 77, 120.5]),
}


def dot_rounding(A):
    """Of dot_test: two products and two dot products, over a sum of norms that is twice each."""
    return rounding(0.5, sum(A.shape) + 8)  # and a few, such as the norm of a transform


@pytest.mark.parametrize("name", OPERATORS)
def test_adjoint_and_matrix(name, rng):
    """Vector, columns and matrix agree, and the adjoint is the transpose to rounding."""
    A = OPERATORS[name]
    assert A.image_shape == SHAPE
    assert ls.forward.dot_test(A) < dot_rounding(A)
    matrix = ls.forward.dense(A)
    assert matrix.shape == A.shape
    x, y = rng.standard_normal((96, 3)), rng.standard_normal((A.shape[0], 2))
    # Sums of 96 or n terms; a Fourier transform errs in proportion to the largest of them.
    ahead = rounding((np.abs(matrix) @ np.abs(x)).max(), 96)
    back = rounding((np.abs(matrix.T) @ np.abs(y)).max(), A.shape[0])
    assert np.allclose(A @ x, matrix @ x, rtol=0.0, atol=ahead)
    assert np.allclose(A.T @ y, matrix.T @ y, rtol=0.0, atol=back)
    assert np.allclose(A @ x[:, 0], matrix @ x[:, 0], rtol=0.0, atol=ahead)


def test_dot_test_catches_a_wrong_adjoint():
    A = OPERATORS["two"]
    wrong = LinearOperator(A.shape, matvec=A.matvec, rmatvec=lambda y: 1.001 * A.rmatvec(y))
    assert ls.forward.dot_test(wrong) > 1e-6


@given(
    st.integers(1, 9), st.integers(1, 9), st.integers(0, 10**6), st.floats(1.0, 4.0)
)  # fmt: skip
def test_adjoints_of_random_shapes(height, width, seed, acceleration):
    rng = np.random.default_rng(seed)
    keep = rng.random((height, width)) < 0.5
    keep.flat[0] = True
    mask = forward.cartesian_mask(width, min(acceleration, width), rng=seed)
    for A in (
        forward.inpainting((height, width), keep), forward.masked_fourier((height, width), mask),
        forward.radon((height, width), rng.uniform(0, 180, 3)),
        forward.super_resolution((2 * height, 2 * width), 2, blur=rng.uniform(0, 5)),
    ):  # fmt: skip
        assert forward.dot_test(A, rng=seed) < dot_rounding(A)


def test_fourier_of_all_columns_keeps_the_image(rng):
    """F is unitary: its real adjoint undoes it, and lengths are kept."""
    A = forward.masked_fourier(SHAPE, np.ones(8))
    x = rng.standard_normal(96)
    length = np.linalg.norm(x)
    assert np.allclose(A.T @ (A @ x), x, rtol=0.0, atol=rounding(length, 96))
    assert np.linalg.norm(A @ x) == pytest.approx(length, rel=rounding(1.0, 2 * 96), abs=0.0)


@pytest.mark.parametrize(("acceleration", "kept", "middle"), [(4, 16, 5), (8, 8, 3)])
def test_masks_are_those_of_fastmri(acceleration, kept, middle):
    """8 % and 4 % of 64 columns in the middle, the rest at random, seeded."""
    masks = [forward.cartesian_mask(64, acceleration, rng=seed) for seed in (0, 0, 1)]
    assert all(mask.sum() == kept for mask in masks)
    start = (64 - middle + 1) // 2
    assert all(mask[start : start + middle].all() for mask in masks)
    assert np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], masks[2])
    # The middle of the mask is frequency 0: a constant image is measured whole.
    A = forward.masked_fourier((4, 64), masks[0])
    length = np.linalg.norm(A @ np.ones(256))
    assert length == pytest.approx(16.0, rel=rounding(1.0, 256), abs=0.0)


def test_coarse_pixels_are_means():
    A = forward.super_resolution((8, 8), 4)
    assert np.allclose(A @ np.ones(64), 1.0, rtol=rounding(1.0, 64), atol=0.0)
    ramp = np.tile(np.arange(8.0), (8, 1))
    coarse = (forward.super_resolution((8, 8), 2, blur=0.0) @ ramp.ravel()).reshape(4, 4)
    assert coarse.tolist() == [[0.5, 2.5, 4.5, 6.5]] * 4  # halves: exact in any order


def test_radon_keeps_the_mass_and_sees_the_columns():
    A = OPERATORS["radon"]
    image = np.random.default_rng(0).random(SHAPE)
    sinogram = (A @ image.ravel()).reshape(4, -1)
    mass = rounding(1.0, 2 * 96)  # each pixel is shared by two bins
    assert np.allclose(sinogram.sum(axis=1), image.sum(), rtol=mass, atol=0.0)
    upright = sinogram[0][sinogram[0] != 0.0]  # angle 0: sums of columns, shared by two
    assert upright.size <= 9
    center = sinogram[0] @ (np.arange(sinogram.shape[1]) - 0.5 * (sinogram.shape[1] - 1))
    moments = image.sum(axis=0) * (np.arange(8) - 3.5)
    relative = rounding(cancellation(*moments), 2 * 96)
    assert center == pytest.approx(moments.sum(), rel=relative, abs=0.0)


class Physics:
    """In the manner of deepinv, on arrays (batch, channel, height, width)."""

    img_size = (1, 4, 4)

    def A(self, x):
        return x[..., ::2]

    def A_adjoint(self, y):
        out = np.zeros((1, 1, 4, 4), dtype=y.dtype)
        out[..., ::2] = y
        return out


class Foreign:
    """In the manner of PyLops: shape, matvec and rmatvec, and no base class."""

    shape = (8, 96)

    def matvec(self, x):
        return x[:8]

    def rmatvec(self, y):
        return np.concatenate((y, np.zeros(88)))


@pytest.mark.parametrize(
    "A",
    [
        np.eye(3), [[1.0, 2.0]], scipy.sparse.eye_array(4).tocsr(), Physics(), Foreign(),
        scipy.sparse.linalg.aslinearoperator(np.ones((2, 5))),
    ],
)  # fmt: skip
def test_foreign_operators_are_taken(A):
    single = isinstance(A, Physics)  # single precision: one rounding on either side
    allowed = np.finfo(np.float32).eps if single else dot_rounding(forward.as_operator(A))
    assert forward.dot_test(A) < allowed
    matrix = forward.dense(A)
    cov = np.eye(matrix.shape[1])
    taken, plain = (ls.InverseProblem(a, cov, 0.3).spectral() for a in (A, matrix))
    assert np.array_equal(taken.eigenvalues, plain.eigenvalues)  # of the very same matrix
    assert taken.floor == plain.floor


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: forward.masked_fourier((4, 4), np.zeros(4)), "keeps nothing"),
        (lambda: forward.masked_fourier((4, 4), np.ones(5)), "mask"),
        (lambda: forward.inpainting((4, 4), np.full((4, 4), 0.5)), "mask"),
        (lambda: forward.inpainting((4, 4), np.zeros((4, 4), bool)), "keeps nothing"),
        (lambda: forward.super_resolution((9, 9), 2), "divisor"),
        (lambda: forward.super_resolution((8, 8), 2, blur=-1), "blur"),
        (lambda: forward.radon((4, 4), []), "angles"),
        (lambda: forward.radon((4, 4), [np.nan]), "angles"),
        (lambda: forward.identity(4), "image_shape"),
        (lambda: forward.identity((4, 0)), "image_shape"),
        (lambda: forward.cartesian_mask(8, 9), "acceleration"),
        (lambda: forward.cartesian_mask(8, 4, center_fraction=2), "center_fraction"),
        (lambda: forward.dense(forward.identity((200, 200))), "at most"),
        (lambda: ls.InverseProblem(forward.identity((3, 3)), np.eye(8), 0.1), "match signal_cov"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(make, word):
    with pytest.raises(InvalidArgument, match=word):
        make()


@pytest.mark.parametrize("A", ["identity", 3.0, LinearOperator((3, 3), matvec=lambda x: x)])
def test_no_operator_or_no_adjoint(A):
    with pytest.raises(Unsupported, match="forward"):
        forward.dot_test(A)


def test_complex_operators_are_refused():
    A = LinearOperator((4, 4), matvec=lambda x: 1j * x, rmatvec=lambda y: -1j * y, dtype=complex)
    with pytest.raises(InvalidArgument, match="stack"):
        ls.InverseProblem(A, np.eye(4), 0.1)


@pytest.mark.parametrize("name", OPERATORS)
def test_theory_holds_under_every_operator(name):
    """Order 1 against actual Gaussian data, at one time of the path."""
    rng = np.random.default_rng(7)
    root = rng.standard_normal((96, 96)) * np.geomspace(1, 0.03, 96)
    model = ls.InverseProblem(OPERATORS[name], root @ root.T / 96, 0.2)
    N, flow = 60, ls.GradientFlow(3.0)
    mc = ls.montecarlo.risk(model, N, flow, trials=200, rng=1, residual="drawn")
    path = ls.theory.risk(model, N, flow)
    room = z_limit(len(OPERATORS)) * mc.sem[0] + path.error[0]
    assert abs(mc.value[0] - path.value[0]) < room
