"""Draws: kernels against their twins, structure against dense, filters against literal descent."""

import numpy as np
import pytest

import linscale as ls
from linscale.montecarlo import _numba, paths
from linscale.montecarlo.draws import CHUNK, _chunks, draw_linear, draw_subspace, train
from linscale.montecarlo.laws import gaussian_law
from tests.conftest import z_limit
from tests.tolerances import cancellation, rounding


@pytest.mark.parametrize("drawn", [False, True])
def test_subspace_kernel_is_its_twin(rng, drawn):
    r, d, T = 17, 4, 6
    rho, gain = rng.random((T, r)), rng.random((T, r))
    rows = np.linalg.qr(rng.standard_normal((r + 5, r + 5)))[0][:r, :d].copy()
    residual = rng.standard_normal((r, d if drawn else 0))
    fast = _numba.subspace_path(rho, gain, rows, residual, 0.3)
    known = paths.subspace_path(rho, gain, rows, residual, 0.3)
    assert np.allclose(fast, known, rtol=rounding(operations=4 * (r + d * d)), atol=0.0)


def test_quadratic_kernel_is_its_twin(rng):
    gain, linear, root = rng.random((5, 9)), rng.random(9), rng.random((9, 9))
    quadratic = root @ root.T
    fast = _numba.quadratic_path(gain, linear, quadratic)
    off = np.abs(fast - paths.quadratic_path(gain, linear, quadratic))
    terms = np.sum(gain * (gain @ quadratic + 2.0 * linear), axis=-1)
    assert np.all(off <= rounding(terms, 2 * linear.size))


def literal_descent(x, y, step, iterations):
    """W after each number of iterations, by the loop that the paper's code runs."""
    W, N, out = np.zeros((x.shape[0], y.shape[0])), x.shape[1], {}
    for k in range(max(iterations) + 1):
        if k in iterations:
            out[k] = W.copy()
        W = W - step * (W @ y - x) @ y.T / N
    return [out[k] for k in iterations]


def exact_risk(W, model):
    """E||W y - x||^2 / scale, from the covariances, and how far its terms cancel."""
    cov, cross, s = model.signal_cov, model.cross_cov(), model.measurement_cov()
    terms = [np.trace(x) for x in (cov, -2 * W @ cross.T, W @ s @ W.T)]
    return sum(terms) / model.p, cancellation(*terms)


@pytest.mark.parametrize("N", [1, 3, 8, 20])
def test_path_is_literal_gradient_descent(rng, N):
    root, forward = rng.standard_normal((6, 4)), rng.standard_normal((8, 6))
    model = ls.InverseProblem(forward, root @ root.T, 0.5)
    x, y = gaussian_law(model).sample(N, rng)
    iterations = [0, 1, 2, 10, 200]
    step = 1.0 / np.linalg.eigvalsh(y @ y.T / N)[-1]
    path, _ = train(gaussian_law(model), x, y).path(ls.GradientDescent(step, iterations))
    Ws = literal_descent(x, y, step, iterations)
    expected, condition = np.array([exact_risk(W, model) for W in Ws]).T
    # The step is one over the largest eigenvalue, and the gain's slope is the number of steps.
    allowed = rounding(condition * (1 + np.array(iterations)), 4 * model.n)
    off = np.abs((path + model.spectral().floor) / expected - 1)
    assert np.all(off <= allowed)


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("N", [1, 2, 5, 11, 12, 13, 40])
def test_structured_draw_is_the_dense_one(N, drawn):
    """The same data through the subspace formulas and through full matrices."""
    n, d, sigma = 12, 3, 0.4
    model = ls.SubspaceModel(n, d, sigma)
    structured = draw_subspace(model, N, np.random.default_rng(5), drawn)
    x, y = replay(model, N, np.random.default_rng(5), drawn)
    u = np.eye(n)[:, :d]
    law = gaussian_law(ls.InverseProblem(None, u @ u.T, sigma))
    dense = train(law, u @ x, y, averaged=not drawn)
    for filter in (ls.GradientFlow(np.geomspace(0.1, 1e3, 7)), ls.Converged()):
        a, b = structured.path(filter), dense.path(filter)
        # At N = n the smallest eigenvalue is ill determined, which a filter sees until 1/t.
        l = structured.eigenvalues
        condition = 1.0 + np.minimum(l[-1] / l[0], filter.at * l[-1])
        for found, dense_one in zip(a, b, strict=True):
            known = np.nan_to_num(dense_one * n / d)
            assert np.array_equal(np.isnan(found), np.isnan(dense_one))
            allowed = rounding(condition, 2 * (n + N)) * (known + 1.0)  # 1: the risk to lose
            assert np.all(np.abs(np.nan_to_num(found) - known) <= allowed)


def replay(model, N, rng, drawn):
    """The data behind draw_subspace, from the same stream."""
    n, d, sigma = model.n, model.d, model.sigma
    if N < n:
        codes = rng.standard_normal((d, N))
        y = np.empty((n, N))
        y[:d] = codes + sigma * rng.standard_normal((d, N))
        y[d:] = sigma * rng.standard_normal((n - d, N))
        return codes, y
    y = sigma * rng.standard_normal((n, N))
    codes = rng.standard_normal((d, N))
    y[:d] += codes
    return codes, y


@pytest.mark.parametrize("N", [2, 5, 30])
def test_pca_is_the_estimator_it_says(N):
    n, d, sigma = 20, 5, 0.3
    model = ls.SubspaceModel(n, d, sigma)
    draw = draw_subspace(model, N, np.random.default_rng(3), False)
    _, y = replay(model, N, np.random.default_rng(3), False)
    top = np.linalg.svd(y, full_matrices=False)[0][:, : min(d, N)]
    risks, rng = [], np.random.default_rng(0)
    for _ in range(1 if N >= d else 4000):
        basis = top
        if N < d:  # complete it at random in the null space
            fill = rng.standard_normal((n, d - N))
            basis = np.linalg.qr(np.hstack([top, fill - top @ (top.T @ fill)]))[0]
        W = basis @ basis.T / (1 + sigma**2)
        u = np.eye(n)[:, :d]
        risks.append(np.sum((W @ u - u) ** 2) / d + sigma**2 * np.sum(W**2) / d)
    sem = np.std(risks) / np.sqrt(len(risks))
    l = np.append(0.0, draw.eigenvalues)
    allowed = rounding(l[-1] / (l[-min(d, N)] - l[-min(d, N) - 1]), 2 * (n + N))  # of the subspace
    assert abs(draw.pca() - np.mean(risks)) < allowed + z_limit(1) * sem


def test_chunks_cover_everything():
    for total, width in ((1, 5), (10, CHUNK), (7 * CHUNK // 3, 3), (0, 4)):
        sizes = _chunks(total, width)
        assert sum(sizes) == total
        assert all(size * width <= max(CHUNK, width) for size in sizes)


def test_chunked_data_is_all_used(monkeypatch):
    """Many small chunks give the law of one large one: the mean eigenvalue is tr S."""
    from linscale.montecarlo import draws

    monkeypatch.setattr(draws, "CHUNK", 64)
    model = ls.SubspaceModel(12, 3, 0.5)
    trace = model.spectral().eigenvalues @ model.spectral().multiplicities
    for N in (6, 200):
        streams = np.random.SeedSequence(1).spawn(400)
        rank = min(12, N)
        found = [
            draw_subspace(model, N, np.random.default_rng(s), True).eigenvalues for s in streams
        ]
        assert all(f.size == rank for f in found)
        sums = np.array([f.sum() for f in found])
        assert abs(sums.mean() - trace) < z_limit(4) * sums.std() / 20
        law = gaussian_law(model)
        found = [draw_linear(law, N, np.random.default_rng(s), True).eigenvalues for s in streams]
        sums = np.array([f.sum() for f in found])
        assert abs(np.mean(sums) - trace) < z_limit(4) * np.std(sums) / 20


def test_repeated_measurements_lose_rank_but_nothing_else(rng):
    model = ls.InverseProblem(None, np.eye(6), 0.3)
    x, y = gaussian_law(model).sample(2, rng)
    doubled = train(gaussian_law(model), np.hstack([x, x]), np.hstack([y, y]))
    single = train(gaussian_law(model), x, y)
    flow = ls.GradientFlow([0.5, 5.0])
    assert doubled.eigenvalues.size == 2
    condition = single.eigenvalues[-1] / single.eigenvalues[0]
    found, known = doubled.path(flow)[0], single.path(flow)[0]
    assert np.allclose(found, known, rtol=rounding(condition, 4 * model.n), atol=0.0)
