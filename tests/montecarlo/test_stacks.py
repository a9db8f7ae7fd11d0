"""Draws in stacks on a device: the numbers of the CPU engines, to rounding, whatever the stack.

The device is array-api-strict's second one, on which everything but the standard is an error, and a
GPU where there is one.
"""

from dataclasses import replace

import numpy as np
import pytest

import linscale as ls
from linscale.errors import Unsupported
from linscale.montecarlo import _cupy, _numba, spectra, stacks
from linscale.montecarlo.draws import DenseLinear, DenseSubspace, WishartLinear, train
from linscale.montecarlo.engine import simulate
from linscale.montecarlo.engines import choose
from linscale.montecarlo.laws import gaussian_law
from linscale.montecarlo.stacks import Stacked, stacked
from tests.tolerances import rounding

from .backends import BACKENDS, ELSEWHERE, backend, strict

MC = ls.montecarlo
TRIALS = 8
SUBSPACE = ls.SubspaceModel(n=12, d=3, sigma=0.4)
STEP = 0.05
FILTERS = [
    ls.GradientFlow([0.0, 0.5, 5.0, 50.0]),
    ls.GradientDescent(STEP, [0, 1, 30]),
    ls.HeavyBall(STEP, 0.6, [0, 1, 30]),
    ls.Nesterov(STEP, [0, 1, 30]),
    ls.Ridge([0.01, 1.0]),
    ls.Converged(),
]


def inverse_problem(contrast=None):
    rng = np.random.default_rng(2)
    root, forward = rng.standard_normal((6, 4)), rng.standard_normal((8, 6))
    return ls.InverseProblem(forward, root @ root.T / 9, 0.5, contrast)


MODELS = {
    "subspace": SUBSPACE,
    "whole space": ls.SubspaceModel(n=4, d=4, sigma=0.4),
    "inverse": inverse_problem(),
    "spectral": SUBSPACE.spectral(),
    "mixture": inverse_problem(ls.Contrast([0.2, 4.2], [0.8, 0.2])),
}
SIZES = {"N < n": 0.5, "N = n": 1.0, "N > n": 3.0}


def size(model, kind):
    return round(SIZES[kind] * ls.models.problem.moments_of(model).dimension)


@pytest.fixture(params=BACKENDS)
def on(request, monkeypatch):
    """The device that engine="cupy" runs on."""
    device = backend(request.param)
    monkeypatch.setattr(_cupy, "backend", lambda: device)
    return device


def simulated(model, N, engine, residual="averaged", filters=FILTERS, **options):
    options = {"workers": 1, "progress": None} | options
    pca = isinstance(model, ls.SubspaceModel)
    return simulate(
        model, N, filters, TRIALS, 7, engine, residual, with_pca=pca, **options
    )  # fmt: skip


def on_cpu(model, N, residual, filters=FILTERS):
    """The CPU engine's samples, and each draw's condition number (largest over smallest l)."""
    engine = "dense" if getattr(model, "contrast", None) and model.contrast.spread else "wishart"
    samples = simulated(model, N, engine, residual, filters)
    drawn = "drawn" if engine == "dense" else residual
    _, draw = choose(model, N, drawn, filters, engine)
    streams = np.random.SeedSequence(7).spawn(TRIALS)
    values = [draw(np.random.default_rng(s)).eigenvalues for s in streams]
    return samples, np.array([l[-1] / l[0] for l in values])


def assert_same(found, expected, condition):
    """To rounding: solvers find eigenvalues to n eps times the largest (backward stability), and
    filters react to the smallest; in units of the risk that there is to lose, or of the value.
    """
    scale, n = expected.problem.zero_risk, expected.problem.dimension
    allowed = rounding(condition[:, None], 4 * n)

    def same(a, b):
        assert a.shape == b.shape
        assert np.array_equal(np.isnan(a), np.isnan(b))
        a, b = (np.nan_to_num(m.reshape(TRIALS, -1)) for m in (a, b))
        assert np.all(np.abs(a - b) <= allowed * (np.abs(b) + scale))

    for name in ("biases", "variances"):
        for pair in zip(getattr(found, name), getattr(expected, name), strict=True):
            same(*pair)
    same(found.pca, expected.pca)
    assert np.allclose(found.largest, expected.largest, rtol=rounding(operations=4 * n), atol=0)


@pytest.mark.parametrize("residual", ["averaged", "drawn"])
@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_filter_gives_the_numbers_of_the_cpu(on, model, kind, residual):
    N = size(model, kind)
    expected, condition = on_cpu(model, N, residual)
    assert_same(simulated(model, N, "cupy", residual), expected, condition)


def test_matrices_too_large_to_go_together_give_them_too(on, monkeypatch):
    """On the GPU another solver finds their eigenvalues."""
    monkeypatch.setattr(_cupy, "TOGETHER", 2)
    expected, condition = on_cpu(SUBSPACE, 36, "drawn")
    assert_same(simulated(SUBSPACE, 36, "cupy", "drawn"), expected, condition)


def test_other_numbers_would_be_seen(on):
    expected, condition = on_cpu(SUBSPACE, 36, "averaged")
    found = simulated(replace(SUBSPACE, sigma=0.4 * (1 + 1e-10)), 36, "cupy")
    with pytest.raises(AssertionError):
        assert_same(found, expected, condition)


@pytest.mark.parametrize("N", [6, 30])
@pytest.mark.parametrize("name", ["subspace", "inverse", "mixture"])
def test_neither_stacks_nor_workers_touch_the_numbers(on, monkeypatch, name, N):
    model, filters = MODELS[name], FILTERS[:1]
    expected, condition = on_cpu(model, N, "drawn", filters)
    seen = []
    for batch in (1, 3, 8):
        monkeypatch.setattr(Stacked, "size", lambda *_, batch=batch: batch)
        for workers in (1, 2):
            seen.clear()
            found = simulated(
                model, N, "cupy", "drawn", filters, workers=workers, progress=lambda: seen.append(1)
            )
            assert_same(found, expected, condition)
            assert len(seen) == TRIALS


def test_every_question_takes_the_engine(on):
    options, step = {"trials": TRIALS, "rng": 7}, 1e-6
    scale, draws = SUBSPACE.spectral().zero_risk, on_cpu(SUBSPACE, 30, "averaged")[1].max()
    for ask in (MC.converged, MC.pca, MC.early_stopped):
        found, expected = (ask(SUBSPACE, 30, engine=e, **options) for e in ("cupy", "wishart"))
        near = ask(replace(SUBSPACE, sigma=0.4 * (1 + step)), 30, engine="wishart", **options)
        for name in ("value", "sem", "std", "bias", "variance", "oracle", "at"):
            a, b, c = (getattr(point, name) for point in (found, expected, near))
            condition = 1.0 + abs(c / b - 1) / step if b and np.isfinite(b) else 1.0
            allowed = rounding(condition * draws, 4 * SUBSPACE.n)
            least = 0.0 if name == "at" else rounding(draws, 4 * SUBSPACE.n) * scale
            assert a == pytest.approx(b, rel=allowed, abs=least, nan_ok=True)
        assert f"engine cupy (wishart on {on.name})" in found.method
    mixture = MC.risk(MODELS["mixture"], 9, FILTERS[0], engine="cupy", **options)
    assert f"engine cupy (dense on {on.name}), residual drawn, {TRIALS} draws" in mixture.method
    assert np.all(np.isfinite(MC.estimates(SUBSPACE, 5, engine="cupy", **options).path.value))
    with pytest.raises(Unsupported, match="pca needs a SubspaceModel"):
        MC.pca(MODELS["inverse"], 5, engine="cupy", **options)


def test_descent_that_diverges_is_refused_there_too(on):
    with pytest.raises(ls.errors.StepTooLarge):
        MC.risk(SUBSPACE, 10, ls.GradientDescent(3.0, 500), trials=4, engine="cupy")


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("N", [5, 12, 40])
@pytest.mark.parametrize("chunk", [2**21, 64])
def test_data_in_pieces_are_stacked_too(on, monkeypatch, drawn, N, chunk):
    """Sources that engine="cupy" does not ask, and Gram matrices summed piece by piece."""
    monkeypatch.setattr("linscale.montecarlo.draws.CHUNK", chunk)
    law = gaussian_law(MODELS["inverse"])
    streams = np.random.SeedSequence(0).spawn(3)
    for source in (DenseSubspace(SUBSPACE, N, drawn), DenseLinear(law, N, drawn)):
        draws = source.moved(on).decompose(stacked(source, streams, on))
        for k, stream in enumerate(streams):
            one = source.decompose(source.numbers(np.random.default_rng(stream)))
            # In units of the risk that there is to lose, about 1, or of the value.
            allowed = rounding(one.eigenvalues[-1] / one.eigenvalues[0], 12 + N)
            for found, expected in zip(draws.path(FILTERS[0]), one.path(FILTERS[0]), strict=True):
                assert found.shape == (3, 4)
                assert np.allclose(found[k], expected, rtol=allowed, atol=allowed, equal_nan=True)


def test_eigenvectors_that_one_draw_lacks_contribute_nothing(on):
    """Repeated measurements in one draw of a stack, and none that repeat in the other."""
    law = gaussian_law(MODELS["inverse"])
    rng = np.random.default_rng(0)
    x, y = law.sample(4, rng)
    x2, y2 = (np.concatenate([m[:, :2], m[:, :2]], axis=1) for m in (x, y))
    put = [on.put(np.stack(pair)) for pair in ((x, x2), (y, y2))]
    gram = on.xp.matrix_transpose(put[1]) @ put[1]
    l, v, c = spectra.of_few(on, gram, put[1], put[0], 4)
    draw = replace(train(law, x, y), law=law.moved(on.put), on=on)
    stack = replace(draw, eigenvalues=l, vectors=v, coefficients=c)
    for filter in FILTERS:
        found = stack.path(filter)[0]
        for k, pair in enumerate(((x, y), (x2, y2))):
            one = train(law, *pair)
            expected = one.path(filter)[0]
            allowed = rounding(one.eigenvalues[-1] / one.eigenvalues[0], 4 * law.n)
            assert np.allclose(found[k], expected, rtol=allowed, atol=allowed * law.scale)


@pytest.mark.parametrize("drawn", [False, True])
def test_path_kernels_on_stacks_are_the_compiled_ones(on, rng, drawn):
    r, d, T = 17, 4, 6
    rho, gain = rng.random((2, 3, T, r))
    rows = np.linalg.qr(rng.standard_normal((3, r + 5, r + 5)))[0][:, :r, :d].copy()
    residual = rng.standard_normal((3, r, d if drawn else 0))
    linear, root = rng.random((3, r)), rng.random((3, r, r))
    quadratic = root @ root.mT
    many = on.subspace_path(*map(on.put, (rho, gain, rows, residual)), 0.3)
    for found, *one in zip(on.to_host(many), rho, gain, rows, residual, strict=True):
        allowed = rounding(operations=4 * (r + d * d))
        assert np.allclose(found, _numba.subspace_path(*one, 0.3), rtol=allowed, atol=0.0)
    many = on.quadratic_path(*map(on.put, (gain, linear, quadratic)))
    for found, *one in zip(on.to_host(many), gain, linear, quadratic, strict=True):
        g, a, h = map(np.abs, one)
        terms = np.sum(g * (g @ h + 2.0 * a), axis=-1)
        off = np.abs(found - _numba.quadratic_path(*one))
        assert np.all(off <= rounding(terms, 2 * r))


@pytest.mark.parametrize(("m", "width"), [(1, 1), (5, 1), (5, 3), (5, 5)])
def test_a_band_becomes_its_matrix(on, rng, m, width):
    bands = rng.standard_normal((2, m, width))
    bands[:, np.add.outer(np.arange(m), np.arange(width)) >= m] = 0.0
    found = on.to_host(spectra.symmetric(on.put(bands), on.xp))
    for band, matrix in zip(bands, found, strict=True):
        for j in range(m):
            for i in range(m):
                o = abs(i - j)
                assert matrix[i, j] == (band[min(i, j), o] if o < width else 0.0)


def test_the_strict_device_sees_hidden_conversions():
    """What it is for: arrays made elsewhere, and NumPy's, do not pass unseen."""
    on = strict()
    there = on.put(np.eye(2))
    assert there.device == ELSEWHERE
    with pytest.raises(RuntimeError, match="NumPy"):
        np.asarray(there)
    with pytest.raises(ValueError, match="device"):
        there @ on.xp.eye(2)
    with pytest.raises(TypeError):
        there @ np.eye(2)


def test_an_array_made_on_the_wrong_device_is_an_error(monkeypatch):
    """Planted: a line that forgets the device."""
    on = strict()
    monkeypatch.setattr(_cupy, "backend", lambda: on)
    simulated(SUBSPACE, 30, "cupy")
    made = on.xp.eye
    monkeypatch.setattr(on.xp, "eye", lambda m, dtype=None, device=None: made(m, dtype=dtype))
    with pytest.raises(ValueError, match="device"):
        simulated(SUBSPACE, 30, "cupy")


def test_stacks_are_as_large_as_memory_allows():
    source = WishartLinear.of(gaussian_law(MODELS["inverse"]), 20, True)
    one = stacks.BYTES * source.footprint(50)

    def size(free, trials=10**6, workers=1):
        return Stacked(source, strict(free)).size(50, trials, workers)

    assert size(2 * 7 * one) == 7  # half of what is free
    assert size(2 * 7 * one, workers=2) == 3
    assert size(0) == 1
    assert size(2**50) == min(stacks.LARGEST, stacks.LIMIT // one)
    assert size(2**40, trials=10) == 10
    assert size(2**40, trials=10, workers=4) == 3  # so that none is idle
    assert source.footprint(500) > source.footprint(50)
    wider = WishartLinear.of(gaussian_law(SUBSPACE.spectral()), 20, True)
    assert wider.footprint(50) > source.footprint(50)


def scarce(room):
    """A device whose solver runs out of memory beyond ``room`` matrices."""
    on, seen = strict(), []

    def eigh(matrices):
        seen.append(matrices.shape[0])
        if matrices.shape[0] > room:
            raise MemoryError
        return on.xp.linalg.eigh(matrices)

    return replace(on, eigh=eigh), seen


def test_stacks_that_do_not_fit_after_all_are_halved(monkeypatch):
    expected, condition = on_cpu(SUBSPACE, 30, "averaged")
    on, seen = scarce(3)
    monkeypatch.setattr(_cupy, "backend", lambda: on)
    assert_same(simulated(SUBSPACE, 30, "cupy"), expected, condition)
    assert seen == [8, 4, 2, 2, 4, 2, 2]
    on, seen = scarce(0)
    monkeypatch.setattr(_cupy, "backend", lambda: on)
    with pytest.raises(Unsupported, match=r"one draw does not fit .* array-api-strict: .* GiB"):
        simulated(SUBSPACE, 30, "cupy")
    assert seen[-1] == 1


def test_failures_in_stacks_are_passed_on(monkeypatch):
    monkeypatch.setattr(_cupy, "backend", strict)
    monkeypatch.setattr(Stacked, "size", lambda *_: 2)

    def fail():
        raise RuntimeError("from the callback")

    for workers in (1, 2):
        with pytest.raises(RuntimeError, match="from the callback"):
            simulated(SUBSPACE, 9, "cupy", workers=workers, progress=fail)
