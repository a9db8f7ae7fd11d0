"""SpectralProblem and the models that reduce to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale.errors import InvalidArgument
from tests.tolerances import CONTRACT, rounding


def random_inverse_problem(seed, n=7, p=5, rank=3):
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((p, rank))
    return ls.InverseProblem(rng.standard_normal((n, p)), root @ root.T, sigma=0.3)


def test_subspace_model_is_the_inverse_problem_it_says_it_is():
    n, d, sigma = 12, 3, 0.4
    u = np.linalg.qr(np.random.default_rng(0).standard_normal((n, d)))[0]
    direct = ls.InverseProblem(None, u @ u.T, sigma).spectral()
    short = ls.SubspaceModel(n, d, sigma).spectral()
    order = np.argsort(short.eigenvalues)
    # Two products and two decompositions of size n; per pixel against per dimension is n / d.
    operations, largest = 4 * n, short.target_weights.max()
    relative = rounding((1.0 + sigma**2) / sigma**2, operations)
    assert np.allclose(direct.eigenvalues, short.eigenvalues[order], rtol=relative, atol=0.0)
    assert np.array_equal(direct.multiplicities, short.multiplicities[order])
    weights = direct.target_weights * n / d  # by l squared; that of the noise is all rounding
    assert np.allclose(
        weights, short.target_weights[order], rtol=0.0, atol=2.0 * relative * largest
    )
    # Each of n directions may count as a signal of size eps that is lost.
    relative = rounding(n / d / short.floor, operations)
    assert direct.floor * n / d == pytest.approx(short.floor, rel=relative, abs=0.0)
    assert short.zero_risk == pytest.approx(1.0, rel=rounding(1.0, 6), abs=0.0)


@given(st.integers(0, 10**6))
def test_reduction_against_the_definition(seed):
    model = random_inverse_problem(seed)
    problem = model.spectral()
    a, cov, s = model.forward, model.signal_cov, model.measurement_cov()
    best = np.linalg.solve(s, a @ cov).T
    floor = np.trace(cov - best @ s @ best.T) / model.p
    # Every l to eps of the largest, so that a solve with S and all made of l / l lose cond(S).
    relative = rounding(np.linalg.cond(s), 2 * (model.n + model.p))
    assert abs(problem.floor - floor) <= relative * np.trace(cov) / model.p
    weights = np.sum(best**2) / model.p
    assert problem.target_weights.sum() == pytest.approx(weights, rel=2.0 * relative, abs=0.0)
    assert problem.zero_risk == pytest.approx(np.trace(cov) / model.p, rel=relative, abs=0.0)
    assert problem.dimension == model.n
    # A rank-3 signal leaves n - 3 equal noise eigenvalues: one atom.
    assert problem.multiplicities[0] == model.n - 3


def test_floor_keeps_its_digits_at_tiny_noise():
    k = np.array([1.0, 0.5])
    sigma = 1e-7
    floor = ls.InverseProblem(None, np.diag(k), sigma).spectral().floor
    expected = np.mean(k * sigma**2 / (k + sigma**2))
    # k to eps of the largest, 2 times the smallest; two decompositions of size 2 and the sum.
    assert floor == pytest.approx(expected, rel=rounding(2.0, 16), abs=0.0)


def test_empty_atoms_are_dropped():
    problem = ls.SpectralProblem([1.0, 2.0], [0, 3], [0.0, 0.5], floor=0.1)
    assert problem.eigenvalues.tolist() == [2.0]
    assert problem.dimension == 3
    full = ls.SubspaceModel(n=5, d=5, sigma=0.1).spectral()
    assert full.eigenvalues.size == 1


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (([1.0, -1.0], [1, 1], [0, 0], 0.1), "eigenvalues"),
        (([1.0, np.nan], [1, 1], [0, 0], 0.1), "eigenvalues"),
        (([1.0], [1, 2], [0.1], 0.1), "multiplicities"),
        (([1.0], [1.5], [0.1], 0.1), "multiplicities"),
        (([1.0], [0], [0.0], 0.1), "multiplicities"),
        (([1.0, 2.0], [0, 1], [0.1, 0.1], 0.1), "target_weights"),
        (([1.0], [1], [-0.1], 0.1), "target_weights"),
        (([1.0], [1], [0.1], -0.1), "floor"),
        (([1.0], [1], [0.1], 0.1, 0.0), "scale"),
        (([1.0, 1e-12], [1, 1], [0.1, 0.0], 0.1), "eigenvalues"),
        ((["a"], [1], [0.1], 0.1), "eigenvalues"),
    ],
)
def test_bad_spectral_problem_names_the_argument(arguments, name):
    with pytest.raises(InvalidArgument) as caught:
        ls.SpectralProblem(*arguments)
    assert caught.value.argument == name
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"n": 5, "d": 6, "sigma": 0.1}, "d"),
        ({"n": 0, "d": 1, "sigma": 0.1}, "n"),
        ({"n": 5, "d": 2.5, "sigma": 0.1}, "d"),
        ({"n": 5, "d": 2, "sigma": 0.0}, "sigma"),
        ({"n": 5, "d": 2, "sigma": -1.0}, "sigma"),
        ({"n": 5, "d": 2, "sigma": np.inf}, "sigma"),
        ({"n": 5, "d": 2, "sigma": 1e-8}, "sigma"),
        ({"n": 5, "d": 2, "sigma": 1e100}, "sigma"),
        ({"n": 5, "d": 2, "sigma": np.nan}, "sigma"),
        ({"n": True, "d": 1, "sigma": 0.1}, "n"),
    ],
)
def test_bad_subspace_model_names_the_argument(arguments, name):
    with pytest.raises(InvalidArgument) as caught:
        ls.SubspaceModel(**arguments)
    assert caught.value.argument == name


@pytest.mark.parametrize(
    ("forward", "cov", "message"),
    [
        (None, [[1.0, 0.5], [0.2, 1.0]], "symmetric"),
        (None, [[1.0, 2.0], [2.0, 1.0]], "positive semidefinite"),
        (None, [[1.0, np.nan], [np.nan, 1.0]], "finite"),
        (None, [1.0, 2.0], "square"),
        (None, np.eye(2) * (1 + 1j), "real"),
        (np.eye(2) * 1j, np.eye(2), "real"),
        (np.ones((2, 3)), np.eye(2), "shape"),
        (np.full((2, 2), np.inf), np.eye(2), "finite"),
    ],
)
def test_bad_inverse_problem_says_what_to_do(forward, cov, message):
    with pytest.raises(InvalidArgument, match=message):
        ls.InverseProblem(forward, cov, 0.1)


@pytest.mark.parametrize("sigma", [1e-9, 1e-200, 1e200])
def test_noise_that_rounding_would_swallow_is_refused(sigma):
    with pytest.raises(InvalidArgument, match="sigma"):
        ls.InverseProblem(None, np.diag([1.0, 1.0, 0.0]), sigma).spectral()


def test_rounding_level_asymmetry_is_accepted():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((30, 1000))
    cov = x @ x.T / 1000
    cov[0, 1] *= 1 + 1e-15
    assert ls.InverseProblem(None, cov, 0.1).p == 30


def test_equal_eigenvalues_become_one_atom():
    split = ls.SpectralProblem([2.0, 0.5, 2.0], [3, 4, 2], [0.1, 0.2, 0.3], floor=0.1)
    whole = ls.SpectralProblem([2.0, 0.5], [5, 4], [0.4, 0.2], floor=0.1)
    for name in ("eigenvalues", "multiplicities", "target_weights"):
        merged = getattr(split, name)  # two terms
        assert np.allclose(merged, getattr(whole, name), rtol=rounding(1.0, 2), atol=0.0)
    one, two = (ls.theory.risk(p, 7, ls.GradientFlow(1.0)).value for p in (split, whole))
    assert np.allclose(one, two, rtol=0.0, atol=CONTRACT * (two - whole.floor))


@pytest.mark.parametrize(("n", "p", "rank"), [(7, 5, 3), (4, 9, 2), (3, 9, 6), (9, 9, 9)])
def test_a_factor_is_its_covariance(n, p, rank):
    rng = np.random.default_rng(n)
    A, F = rng.standard_normal((n, p)), rng.standard_normal((p, rank))
    for forward in (A, None):
        factor = ls.InverseProblem.from_factor(forward, F, 0.3)
        whole = ls.InverseProblem(forward, F @ F.T, 0.3)
        cov = F @ F.T
        size = np.linalg.norm(F) ** 2
        assert np.allclose(factor.signal_cov, cov, rtol=0.0, atol=rounding(size, rank))
        assert np.allclose(whole.signal_cov, cov, rtol=0.0, atol=rounding(size, rank))
        one, two = factor.spectral(), whole.spectral()
        assert one.dimension == two.dimension == (p if forward is None else n)
        # Two decompositions of size p and two products, each to eps of the largest eigenvalue.
        operations, l = 3 * p + n, one.eigenvalues
        condition = l.max() / l.min()
        eigenvalues = rounding(condition, operations)
        assert np.allclose(l, two.eigenvalues, rtol=eigenvalues, atol=0.0)
        # What is not measured has l = sigma^2 in the floor. Besides, eps of S_x may count as
        # signal in p directions: over all p pixels, size / floor.
        relative = rounding(l.max() / 0.3**2, operations)
        lost = rounding(size / one.floor, operations)
        assert one.floor == pytest.approx(two.floor, rel=relative + lost, abs=0.0)
        # Eigenvectors turn by eps over the gap between eigenvalues.
        turn = condition + (l.max() / np.diff(l).min() if l.size > 1 else 0.0)
        unit = size / p * np.max((l - 0.3**2) / l**2)
        atol = 2.0 * rounding(turn, operations) * unit
        assert np.allclose(one.target_weights, two.target_weights, rtol=0.0, atol=atol)
        # Against the definitions.
        S, C = whole.measurement_cov(), whole.cross_cov()
        B = np.linalg.solve(S, C.T).T
        floor, zero = np.trace(cov - B @ S @ B.T) / p, np.trace(cov) / p
        assert one.floor == pytest.approx(floor, rel=relative * zero / one.floor, abs=0.0)
        assert one.zero_risk == pytest.approx(zero, rel=relative, abs=0.0)
        # Their sum: eps of the largest turns S_x into weight at the smallest, by 1/l^2.
        weights = np.sum(B**2) / p
        atol = 2.0 * rounding(condition, operations) * (weights + zero / l.min())
        assert one.target_weights.sum() == pytest.approx(weights, rel=0.0, abs=atol)
    basis = np.linalg.qr(F)[0]
    subspace = ls.InverseProblem.from_factor(None, basis, 0.3).spectral()
    model = ls.SubspaceModel(p, rank, 0.3).spectral()
    relative = rounding((1.0 + 0.3**2) / 0.3**2, 3 * p)
    assert np.allclose(
        np.sort(subspace.eigenvalues), np.sort(model.eigenvalues), rtol=relative, atol=0.0
    )
    assert subspace.floor * p == pytest.approx(model.floor * rank, rel=relative, abs=0.0)
    with pytest.raises(InvalidArgument, match="factor"):
        ls.InverseProblem.from_factor(None, [1.0, 2.0], 0.3)


@pytest.mark.parametrize(
    "arguments",
    [
        ([1e200, 1e195], [3, 4], [1e-200, 1e-200], 0.1), ([1e-200, 1e-195], [3, 4], [1, 1], 0.1),
        ([1.0, 2.0], [1, 1], [0.1, 0.1], 1e300), ([1.0, 2.0], [1, 1], [0.1, 1e100], 0.1),
    ],
)  # fmt: skip
def test_scales_that_overflow_are_refused(arguments):
    with pytest.raises(InvalidArgument, match="choose another unit"):
        ls.SpectralProblem(*arguments)


def denoising(seed, p=9):
    """A covariance with known eigenvalues, two of them equal and three of them 0."""
    rng = np.random.default_rng(seed)
    k = np.concatenate((np.zeros(3), rng.uniform(0.5, 2.0, p - 4), [2.5]))
    k[-2] = k[-3]
    v = np.linalg.qr(rng.standard_normal((p, p)))[0]
    return k, (v * k) @ v.T


def same_sums(one, other, operations):
    """Eigenvalues as a distribution, by themselves and weighted; the floor; what there is."""
    assert one.dimension == other.dimension
    l = other.eigenvalues
    # Every l to eps of the largest; a power of it to that times the power and l.max() / l.min().
    condition = l.max() / l.min()
    for power in (1.0, 2.0, -1.0):
        for measure in ("multiplicities", "target_weights"):
            a, b = (getattr(q, measure) @ q.eigenvalues**power for q in (one, other))
            size = getattr(other, measure) @ l**power
            assert abs(a - b) <= rounding(4.0 * condition, operations) * size
    relative = rounding(condition + other.zero_risk / other.floor, operations)
    assert one.floor == pytest.approx(other.floor, rel=relative, abs=0.0)
    assert one.zero_risk == pytest.approx(other.zero_risk, rel=relative, abs=0.0)
    assert one.scale == other.scale


@given(st.integers(0, 10**6))
def test_from_eigenvalues_is_the_denoising_of_a_covariance(seed):
    k, cov = denoising(seed)
    expected = ls.InverseProblem(None, cov, 0.3).spectral()
    # Two decompositions and two products of size p.
    same_sums(ls.SpectralProblem.from_eigenvalues(k, 0.3), expected, 4 * k.size)
    # What a decomposition leaves below 0 counts as 0.
    found = ls.SpectralProblem.from_eigenvalues(np.linalg.eigvalsh(cov), 0.3)
    same_sums(found, expected, 4 * k.size)


def test_from_eigenvalues_is_the_subspace_model():
    made = ls.SpectralProblem.from_eigenvalues(
        [1.0, 0.0], 0.4, multiplicities=[3, 9], scale=3
    )  # fmt: skip
    model = ls.SubspaceModel(12, 3, 0.4).spectral()
    assert made.eigenvalues.tolist() == model.eigenvalues.tolist()
    assert made.multiplicities.tolist() == model.multiplicities.tolist()
    # A product, a square and two quotients on either side.
    few = rounding(1.0, 6)
    assert np.allclose(made.target_weights, model.target_weights, rtol=few, atol=0.0)
    assert made.floor == pytest.approx(model.floor, rel=few, abs=0.0)
    assert made.scale == model.scale == 3


def test_from_eigenvalues_is_the_spectrum_of_stationary_images():
    images = ls.StationaryImages((6, 5), 0.3)
    made = ls.SpectralProblem.from_eigenvalues(images.spectrum.ravel(), 0.3)
    same_sums(made, images.spectral(), 4 * made.dimension)


def test_from_eigenvalues_counts_and_keeps_the_order():
    k, counts = [0.0, 2.0, 1.0, 5.0], [4, 1, 3, 0]
    made = ls.SpectralProblem.from_eigenvalues(k, 0.5, multiplicities=counts)
    assert made.eigenvalues.tolist() == [0.25, 2.25, 1.25]
    assert made.scale == 8.0
    written_out = ls.SpectralProblem.from_eigenvalues(np.repeat(k, counts), 0.5)
    same_sums(made, written_out, made.dimension)


def test_what_rounding_leaves_below_zero_is_no_signal():
    made = ls.SpectralProblem.from_eigenvalues([-1e-17, 1.0], 1e-5)
    assert made.eigenvalues[0] == 1e-5**2
    assert made.target_weights[0] == 0.0


def test_a_problem_that_is_off_is_seen():
    """Planted errors in what the tests above compare."""
    k, cov = denoising(0)
    expected = ls.InverseProblem(None, cov, 0.3).spectral()
    for wrong in (
        {"sigma": 0.3 * (1.0 + 1e-9)},
        {"signal": k * (1.0 + 1e-9 * (np.arange(k.size) == 8))},
        {"scale": 10.0},
        {"multiplicities": [1] * 8 + [2]},
    ):
        made = ls.SpectralProblem.from_eigenvalues(**{"signal": k, "sigma": 0.3, **wrong})
        with pytest.raises(AssertionError):
            same_sums(made, expected, 4 * k.size)


@pytest.mark.parametrize("forward", [None, "random"])
def test_from_covariance_is_the_inverse_problem(forward):
    rng = np.random.default_rng(3)
    root = rng.standard_normal((5, 3))
    A = None if forward is None else rng.standard_normal((7, 5))
    expected = ls.InverseProblem(A, root @ root.T, 0.3).spectral()
    made = ls.SpectralProblem.from_covariance(root @ root.T, 0.3, forward=A)
    per_rank = ls.SpectralProblem.from_covariance(root @ root.T, 0.3, forward=A, scale=3.0)
    for name in ("eigenvalues", "multiplicities", "target_weights"):
        assert np.array_equal(getattr(made, name), getattr(expected, name))
    assert (made.floor, made.scale) == (expected.floor, 5.0)
    assert per_rank.scale == 3.0
    assert np.array_equal(per_rank.eigenvalues, made.eigenvalues)
    few = rounding(1.0, 4)
    assert 3.0 * per_rank.floor == pytest.approx(5.0 * made.floor, rel=few, abs=0.0)
    weights = 3.0 * per_rank.target_weights, 5.0 * made.target_weights
    assert np.allclose(*weights, rtol=few, atol=0.0)


def test_from_covariance_takes_operators():
    mask = [1, 0, 1, 1]
    cov = ls.covariances.stationary((4, 4))
    A = ls.forward.masked_fourier((4, 4), mask)
    made = ls.SpectralProblem.from_covariance(cov, 0.5, forward=A)
    assert made.floor == ls.InverseProblem(A, cov, 0.5).spectral().floor


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"signal": [1.0, -0.1]}, "signal"),
        ({"signal": [1.0, np.nan]}, "signal"),
        ({"signal": "white"}, "signal"),
        ({"signal": [[1.0]]}, "signal"),
        ({"signal": [1e200, 1.0]}, "signal"),
        ({"sigma": 0.0}, "sigma"),
        ({"sigma": -1.0}, "sigma"),
        ({"sigma": 1e-9}, "sigma"),  # beside a signal of 1, its square is lost
        ({"sigma": 1e-200}, "sigma"),
        ({"sigma": np.inf}, "sigma"),
        ({"multiplicities": [1]}, "multiplicities"),
        ({"multiplicities": [1, 0.5]}, "multiplicities"),
        ({"multiplicities": [0, 0]}, "multiplicities"),
        ({"multiplicities": [1, -1]}, "multiplicities"),
        ({"scale": 0.0}, "scale"),
        ({"scale": "p"}, "scale"),
    ],
)
def test_bad_eigenvalues_name_the_argument(change, name):
    with pytest.raises(InvalidArgument) as caught:
        ls.SpectralProblem.from_eigenvalues(**{"signal": [1.0, 0.0], "sigma": 0.3, **change})
    assert caught.value.argument == name
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"signal_cov": [[1.0, 0.5], [0.2, 1.0]]}, "signal_cov"),
        ({"signal_cov": [[1.0, 2.0], [2.0, 1.0]]}, "signal_cov"),
        ({"sigma": 0.0}, "sigma"),
        ({"sigma": 1e-9}, "sigma"),
        ({"forward": np.ones((2, 3))}, "forward"),
        ({"scale": -1.0}, "scale"),
    ],
)
def test_bad_covariances_name_the_argument(change, name):
    given = {"signal_cov": np.diag([1.0, 0.0]), "sigma": 0.3, **change}
    with pytest.raises(InvalidArgument) as caught:
        ls.SpectralProblem.from_covariance(**given)
    assert caught.value.argument == name
    if name != "scale":
        with pytest.raises(InvalidArgument) as same:
            ls.InverseProblem(given.get("forward"), given["signal_cov"], given["sigma"]).spectral()
        assert str(caught.value) == str(same.value)
