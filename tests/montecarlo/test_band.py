"""The band and Wishart engines: kernels against dense algebra, law against actual data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.stats import ks_2samp

import linscale as ls
from linscale.errors import InvalidArgument, Unsupported
from linscale.montecarlo import _numba_band, band_draws
from linscale.montecarlo.band import BandFactor
from linscale.montecarlo.band_draws import MomentDraw, draw_spectrum, moment_plan
from linscale.montecarlo.chebyshev import TOLERANCE, plan
from linscale.montecarlo.draws import draw_linear, draw_subspace, draw_wishart
from linscale.montecarlo.engine import run
from linscale.montecarlo.laws import gaussian_law
from tests.conftest import worst, z_limit
from tests.tolerances import rounding

MC = ls.montecarlo


def lower_band(matrix, width):
    m = matrix.shape[0]
    out = np.zeros((m, width + 1))
    for o in range(min(width + 1, m)):
        out[: m - o, o] = np.diag(matrix, -o)
    return out


def random_band(m, width, seed):
    rng = np.random.default_rng(seed)
    a = np.tril(np.triu(rng.standard_normal((m, m)), -width))
    return np.tril(a, -1) + np.tril(a, -1).T + np.diag(np.diag(a))


def random_factor(m, width, seed):
    rng = np.random.default_rng(seed)
    f = np.tril(np.triu(rng.standard_normal((m, m)), -width))
    f[np.arange(m), np.arange(m)] = 1.0 + np.abs(np.diag(f))
    return f


shapes = given(st.integers(2, 30), st.integers(1, 8), st.integers(0, 10**6))


@shapes
def test_spectrum_kernels_are_the_dense_decomposition(m, width, seed):
    width, block = min(width, m - 1), min(3, m)
    a = random_band(m, width, seed)
    rows = np.zeros((m, block))
    rows[:block] = np.eye(block)
    tridiagonal = _numba_band.tridiagonalise(lower_band(a, width), rows)
    assert _numba_band.tridiagonal_eigen(tridiagonal, rows)
    l = tridiagonal[:, 0]
    size = np.linalg.norm(a, 2)
    off = np.abs(np.sort(l) - np.linalg.eigvalsh(a))
    assert np.all(off <= rounding(size, 8 * m))  # every entry is rotated about 8 m times
    f = (rows * np.exp(-l / 10)[:, None]).T @ rows
    off = np.abs(f - expm(-a / 10)[:block, :block])
    assert np.all(off <= rounding(np.exp(size / 10) * (1.0 + size / 10), 8 * m))


@shapes
def test_gram_kernels(m, width, seed):
    width = min(width, m - 1)
    f = random_factor(m, width, seed)
    factor = lower_band(f, width)

    def same(found, left, count=1.0):
        """Sums of width + 1 products."""
        rows = found.shape[0]
        exact, size = (
            lower_band((x @ x.T)[:rows, :rows] / count, width) for x in (left, abs(left))
        )
        assert np.all(np.abs(found - exact) <= rounding(size, 2 * width + 4))

    same(_numba_band.gram(factor, m, 3.0), f, 3.0)
    same(_numba_band.dual_gram(factor), f.T)
    same(_numba_band.gram(factor, max(1, m // 2), 1.0), f)


@shapes
def test_trace_of_inverse(m, width, seed):
    width = min(width, m - 1)
    f = random_factor(m, width, seed)
    exact = np.trace(np.linalg.inv(f @ f.T))
    allowed = rounding(np.linalg.cond(f) ** 2, m * (width + 1))
    found = _numba_band.trace_of_inverse(lower_band(f, width))
    assert found == pytest.approx(exact, rel=allowed)


@shapes
def test_chebyshev_moments(m, width, seed):
    width, block = min(width, m - 1), min(3, m)
    f = random_factor(m, width, seed)
    a = f @ f.T
    end = 1.01 * np.linalg.eigvalsh(a)[-1]
    moments = _numba_band.chebyshev_moments(lower_band(a, width), block, 9, end)
    l, v = np.linalg.eigh(2 * a / end - np.eye(m))
    for j in range(19):
        t = np.cos(j * np.arccos(np.clip(l, -1, 1)))
        # T_j' reaches j^2; a product of the recursion adds 2 width + 1 terms.
        allowed = rounding(1 + j**2, 2 * (m + 2 * width + 1))
        off = np.abs(moments[j] - (v[:block] * t) @ v[:block].T)
        assert np.all(off <= allowed)


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize(
    "filter", [ls.GradientFlow([0.0, 3.0, 400.0]), ls.GradientDescent(0.5, [0, 1, 900])]
)
def test_plan_is_as_close_as_it_says(filter, drawn):
    for tolerance in (1e-4, 1e-11):
        weights = plan(filter, 2.5, drawn, tolerance)
        assert weights.error <= tolerance
        x = np.linspace(0, 2.5, 700)[1:]
        j = np.arange(weights.degree + 1)
        t = np.cos(j[:, None] * np.arccos(2 * x / 2.5 - 1))
        exact = {"rho": filter.residual(x), "rho2": filter.residual(x) ** 2}
        exact |= (
            {"g": filter.gain(x), "g2": filter.gain(x) ** 2}
            if drawn
            else {"h": filter.variance_filter(x)}
        )
        for name, values in exact.items():
            c = np.abs(weights.coefficients[name])
            error = np.abs(weights.coefficients[name] @ t - values)
            # What is left out, its aliases, and rounding, which T_j' = j^2 amplifies at the ends.
            allowed = 2 * tolerance * c.sum(axis=1) + rounding(c @ (1 + j**2), 4)
            assert np.all(error <= allowed[:, None])


def test_a_looser_tolerance_needs_fewer_blocks_and_stays_within_it():
    model, flow = ls.SubspaceModel(3000, 3, 0.1), ls.GradientFlow([1.0, 30.0, 300.0])
    runs = [MC.risk(model, 3000, flow, trials=3, engine="band", tolerance=t) for t in (1e-5, 1e-11)]
    degree = [int(r.method.split("degree ")[1].split(",")[0]) for r in runs]
    assert degree[0] < degree[1]
    # A path is a tenth or more of the largest value of the functions that 1e-5 is relative to.
    assert np.allclose(runs[0].value, runs[1].value, rtol=10 * 1e-5, atol=0.0)
    assert not np.array_equal(runs[0].value, runs[1].value)


def test_an_eigenvalue_beyond_the_end_is_seen_and_mended(monkeypatch):
    model, flow = ls.SubspaceModel(300, 3, 0.3), ls.GradientFlow([1.0, 10.0])
    stream = np.random.SeedSequence(5)
    good = MomentDraw(model, 100, False, {flow: moment_plan(model, 100, flow, False)}, stream)
    small = plan(flow, 0.6, False)  # the spectrum reaches past 1
    bad = MomentDraw(model, 100, False, {flow: small}, stream)
    for found, expected in zip(bad.path(flow), good.path(flow), strict=True):
        assert np.allclose(found, expected, rtol=10 * TOLERANCE, atol=0.0)


def test_a_longer_factor_begins_like_a_shorter_one():
    model = ls.SubspaceModel(2000, 3, 0.3)
    one = BandFactor(model, 2000, np.random.default_rng(1))
    two = BandFactor(model, 2000, np.random.default_rng(1))
    assert np.array_equal(one.columns(10), two.columns(1500)[:10])


MODEL = ls.SubspaceModel(n=20, d=4, sigma=0.4)
TIMES = [0.5, 3.0, 30.0, 300.0]
SIZES = (3, 8, 16, 26, 80)
QUICK = 800  # draws at which the errors planted below are seen


def risks(draw, flow):
    """Risk at each time, at the best of them, converged, and PCA."""
    bias, variance = draw.path(flow)
    path = np.where(np.isnan(variance), bias, bias + variance)
    bias, variance = draw.path(ls.Converged())
    end = np.where(np.isnan(variance), bias, bias + variance)
    return np.concatenate((path, [path.min()], end, [draw.pca()]))


def sample(make, flow, trials, seed):
    workers = 1 if trials <= QUICK else 2  # short of what pays for processes
    return np.array(run(lambda rng: risks(make(rng), flow), trials, seed, workers))


def engines(N, drawn, flow):
    """Every way to draw without data; the moment draw of averaged risks is tested by its mean."""
    found = {
        "spectrum": lambda rng: draw_spectrum(MODEL, N, rng, drawn),
        "lapack": lambda rng: draw_spectrum(MODEL, N, rng, drawn, lapack=True),
    }
    if drawn:
        plans = {flow: moment_plan(MODEL, N, flow, drawn)}
        found["moments"] = lambda rng: MomentDraw(
            MODEL, N, drawn, plans, rng.bit_generator.seed_seq
        )
    return found


AT_LENGTH = pytest.param(SIZES, 5000, marks=pytest.mark.slow)


@pytest.mark.parametrize(("sizes", "trials"), [((3, 16, 26), QUICK), AT_LENGTH])
@pytest.mark.parametrize("drawn", [False, True])
def test_law_of_every_engine_is_that_of_actual_data(drawn, sizes, trials):
    """Kolmogorov and Smirnov; level 1e-3 over all the comparisons made here."""
    flow, pvalues = ls.GradientFlow(TIMES), []
    for N in sizes:
        dense = sample(lambda rng, N=N: draw_subspace(MODEL, N, rng, drawn), flow, trials, N)
        for make in engines(N, drawn, flow).values():
            other = sample(make, flow, trials, 1000 + N)
            pvalues += [ks_2samp(dense[:, k], other[:, k]).pvalue for k in range(dense.shape[1])]
    assert min(pvalues) > 1e-3 / len(pvalues)


@pytest.mark.parametrize("where", ["diagonal", "end"])
def test_planted_off_by_one_in_a_chi_is_caught(monkeypatch, where):
    """One degree of freedom too few, on the diagonal or at the end of the band."""
    flow, N, trials = ls.GradientFlow(TIMES), 16, QUICK
    dense = sample(lambda rng: draw_subspace(MODEL, N, rng, False), flow, trials, 1)
    if where == "diagonal":
        original = BandFactor.__init__

        def wrong(self, model, n_train, rng, extra=0, drawn=False):
            original(self, model, n_train, rng, extra, drawn)
            self.n_train = n_train - 0.999  # the rank stays as it is

        monkeypatch.setattr(BandFactor, "__init__", wrong)
        # The patch is in this process only.
        monkeypatch.setattr("linscale.montecarlo.workers.WORTH_PROCESSES", np.inf)
        bent = sample(lambda rng: draw_spectrum(MODEL, N, rng, False), flow, trials, 2)
    else:
        shorter = ls.SubspaceModel(MODEL.n - 1, MODEL.d, MODEL.sigma)
        bent = sample(lambda rng: draw_spectrum(shorter, N, rng, False), flow, trials, 2)
    pvalues = [ks_2samp(dense[:, k], bent[:, k]).pvalue for k in range(dense.shape[1])]
    assert min(pvalues) < 1e-3 / 100


@pytest.mark.parametrize(
    ("sizes", "trials"), [((3, 16), QUICK), pytest.param(SIZES, 3000, marks=pytest.mark.slow)]
)
def test_moment_draws_have_the_mean_of_spectral_ones(sizes, trials):
    flow = ls.GradientFlow(TIMES)
    for N in sizes:
        plans = {flow: moment_plan(MODEL, N, flow, False)}
        a = sample(lambda rng, N=N: draw_spectrum(MODEL, N, rng, False), flow, trials, 5)
        b = sample(
            lambda rng, N=N, plans=plans: MomentDraw(
                MODEL, N, False, plans, rng.bit_generator.seed_seq
            ),
            flow, trials, 6,
        )  # fmt: skip
        usable = [0, 1, 2, 3, 5, 6] if abs(N - MODEL.n) > 3 else [0, 1, 2, 3, 6]
        sem = np.sqrt((a.var(axis=0) + b.var(axis=0)) / trials)
        assert worst(a.mean(axis=0)[usable], b.mean(axis=0)[usable], sem[usable]) < z_limit(30)


@pytest.mark.parametrize("trials", [1500, pytest.param(5000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("N", [3, 9, 40])
def test_wishart_draws_of_any_problem_have_the_law_of_data(N, drawn, trials):
    rng = np.random.default_rng(0)
    root, forward = rng.standard_normal((6, 4)), rng.standard_normal((8, 6))
    law = gaussian_law(ls.InverseProblem(forward, root @ root.T, 0.5))
    filter = ls.GradientFlow([0.05, 0.5, 5.0])

    def total(draw):
        bias, variance = draw.path(filter)
        return np.where(np.isnan(variance), bias, bias + variance)

    a, b = (
        np.array(run(lambda rng, f=f: total(f(law, N, rng, drawn)), trials, seed, workers=2))
        for f, seed in ((draw_linear, 1), (draw_wishart, 2))
    )
    assert min(ks_2samp(a[:, k], b[:, k]).pvalue for k in range(3)) > 1e-3 / 18


@pytest.mark.parametrize("N", [10**6, 10**9, 10**12])
def test_n_train_up_to_a_trillion(N):
    mc = MC.estimates(MODEL, N, trials=200, engine="band")
    floor = MODEL.spectral().floor
    assert mc.converged.value == pytest.approx(
        floor * (1 + 20 / N), abs=z_limit(3) * mc.converged.sem
    )
    excess = (mc.early_stopped.value - floor) * N / floor
    assert 3 < excess < 20  # between d and n


def test_a_million_dimensions():
    model = ls.SubspaceModel(n=10**6, d=10, sigma=0.1)
    at = ls.theory.early_stopped(model, 10**6).at
    mc = MC.risk(model, 10**6, ls.GradientFlow(at), trials=20, workers=2)
    theory = ls.theory.risk(model, 10**6, ls.GradientFlow(at))
    assert "leading blocks" in mc.method
    assert worst(mc.value, theory.value, mc.sem) < z_limit(1)
    assert abs(mc.value / theory.value - 1) < 1e-3


def test_the_result_says_which_engine_and_how():
    flow = ls.GradientFlow(1.0)
    for engine in ("dense", "wishart", "band"):
        assert f"engine {engine}" in MC.risk(MODEL, 5, flow, trials=2, engine=engine).method
    general = MODEL.spectral()
    assert "engine wishart" in MC.risk(general, 5, flow, trials=2).method
    with pytest.raises(Unsupported, match="'wishart' or 'dense'"):
        MC.risk(general, 5, flow, trials=2, engine="band")
    with pytest.raises(InvalidArgument, match="'wishart'"):
        MC.risk(MODEL, 5, flow, trials=2, engine="numba")


def test_pca_without_a_gap_uses_every_block(monkeypatch):
    """Signal and noise merged: leading blocks never settle, and the whole spectrum is found."""
    model, N, trials = ls.SubspaceModel(600, 2, 2.0), 300, 120
    asked = []
    monkeypatch.setattr(
        band_draws, "draw_spectrum", lambda *a, **k: asked.append(1) or draw_spectrum(*a, **k)
    )
    monkeypatch.setattr(band_draws, "RITZ_TOLERANCE", 1e-12)
    streams = np.random.SeedSequence(0).spawn(trials)
    draws = [MomentDraw(model, N, False, {}, s).pca() for s in streams]
    streams = np.random.SeedSequence(1).spawn(trials)
    dense = [draw_subspace(model, N, np.random.default_rng(s), False).pca() for s in streams]
    assert asked
    assert ks_2samp(draws, dense).pvalue > 1e-3


def test_training_set_of_the_user(rng):
    model = ls.InverseProblem(rng.standard_normal((8, 6)), np.eye(6), 0.5)
    x, y = gaussian_law(model).sample(9, rng)
    path = MC.risk_of_training_set(model, x, y, ls.GradientFlow([0.0, 0.1, 1.0]))
    # Found from the best estimator, a solve with S.
    allowed = rounding(np.linalg.cond(model.measurement_cov()), 2 * model.n)
    assert path.value[0] == pytest.approx(model.spectral().zero_risk, rel=allowed)
    assert np.all(path.value > path.floor)
    for bad, name in (((x[:5], y), "x"), ((x, y[:, :3]), "y"), ((x, y * np.nan), "y")):
        with pytest.raises(InvalidArgument) as caught:
            MC.risk_of_training_set(model, *bad, ls.GradientFlow(1.0))
        assert caught.value.argument == name
