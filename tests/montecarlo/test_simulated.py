"""Estimates: exact identities within standard errors, reproducibility, and honest statuses."""

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument, StepTooLarge, Unsupported
from linscale.montecarlo.summary import refined_minimum
from tests.conftest import worst, z_limit
from tests.tolerances import rounding

MODEL = ls.SubspaceModel(n=30, d=4, sigma=0.4)
MC = ls.montecarlo


@pytest.mark.parametrize("residual", ["averaged", "drawn"])
def test_one_step_is_its_exact_finite_sample_value(residual):
    """E Sh S Sh = S^3 (1 + 1/N) + S tr(S^2)/N for every N: exact, so no allowance."""
    sizes, eta = (1, 3, 30), 0.15
    for N in sizes:
        mc = MC.risk(MODEL, N, ls.GradientDescent(eta, 1), trials=3000, residual=residual)
        exact = ls.theory.one_step(MODEL, N, eta)
        assert worst(mc.value, exact.value, mc.sem) < z_limit(8)
        if N <= 3:  # planted error: leaving the 1 / N off the cubic term must be seen
            problem = MODEL.spectral()
            missing = eta**2 * problem.target_weights @ problem.eigenvalues**3 / N
            assert worst(mc.value, exact.value - missing, mc.sem) > z_limit(8)


@pytest.mark.parametrize("residual", ["averaged", "drawn"])
@pytest.mark.parametrize("N", [50, 60, 200])
def test_converged_is_its_exact_value(residual, N):
    mc = MC.converged(MODEL, N, trials=2000, residual=residual)
    floor = MODEL.spectral().floor
    assert worst(mc.value, floor * (1 + 30 / (N - 31)), mc.sem) < z_limit(6)
    if N < 200:  # planted error: an off-by-one in the degrees of freedom
        assert worst(mc.value, floor * (1 + 30 / (N - 30)), mc.sem) > z_limit(6)


def test_averaged_and_drawn_agree_in_the_mean_and_averaged_is_sharper():
    times = np.geomspace(0.3, 100, 8)
    for N in (6, 30, 90):
        a = MC.risk(MODEL, N, ls.GradientFlow(times), trials=800, rng=1)
        b = MC.risk(MODEL, N, ls.GradientFlow(times), trials=800, rng=2, residual="drawn")
        assert worst(a.value, b.value, np.hypot(a.sem, b.sem)) < z_limit(24)
        assert np.all(a.std[3:] < b.std[3:])
        parts = a.floor + a.bias + a.variance
        assert np.allclose(a.value, parts, rtol=rounding(operations=800), atol=0.0)
        assert np.all(np.isnan(b.variance))


def test_every_model_gives_the_same_law():
    """The same problem as subspace model, dense covariance, and bare spectrum."""
    u = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 4)))[0]
    dense = ls.InverseProblem(None, u @ u.T, 0.4)
    flow = ls.GradientFlow([0.5, 5.0, 50.0])
    for N in (5, 40):
        runs = [
            MC.risk(m, N, flow, trials=700, rng=k, residual="drawn")
            for k, m in enumerate((MODEL, dense, MODEL.spectral()))
        ]
        scale = (1.0, 30 / 4, 1.0)
        values = [r.value * s for r, s in zip(runs, scale, strict=True)]
        sems = [r.sem * s for r, s in zip(runs, scale, strict=True)]
        for other in (1, 2):
            sem = np.hypot(sems[0], sems[other])
            assert worst(values[other], values[0], sem) < z_limit(12)


def test_numbers_depend_on_the_seed_alone():
    flow = ls.GradientFlow([1.0, 10.0])
    one = MC.estimates(MODEL, 25, trials=40, rng=7)
    for workers in (2, 4):
        other = MC.estimates(MODEL, 25, trials=40, rng=7, workers=workers)
        assert np.array_equal(one.path.value, other.path.value)
        assert one.pca.value == other.pca.value
        assert one.converged.sem == other.converged.sem
    again = MC.risk(MODEL, 25, flow, trials=40, rng=np.random.SeedSequence(7))
    assert np.array_equal(MC.risk(MODEL, 25, flow, trials=40, rng=7).value, again.value)
    assert not np.array_equal(MC.risk(MODEL, 25, flow, trials=40, rng=8).value, again.value)
    sequence = np.random.SeedSequence(7)
    for _ in range(2):  # the same argument again gives the same numbers
        repeated = MC.risk(MODEL, 25, flow, trials=40, rng=sequence)
        assert np.array_equal(repeated.value, again.value)
    generator = np.random.default_rng(7)
    first = MC.risk(MODEL, 25, flow, trials=40, rng=generator)
    second = MC.risk(MODEL, 25, flow, trials=40, rng=generator)  # it moves on
    assert np.array_equal(first.value, again.value)
    assert not np.array_equal(first.value, second.value)


@pytest.mark.parametrize("N", [1, 3, 4, 29, 30, 31, 33, 100])
def test_every_n_train_gives_finite_answers_or_says_why(N):
    result = MC.estimates(MODEL, N, trials=20)
    assert np.all(np.isfinite(result.path.value))
    assert np.isfinite(result.pca.value)
    end = result.converged
    if abs(N - 30) <= 1:
        assert end.value == np.inf
        assert np.isnan(end.sem)
        assert "mean is infinite" in end.status
    elif abs(N - 30) <= 3:
        assert np.isfinite(end.value)
        assert np.isnan(end.sem)
        assert "infinite variance" in end.status
    else:
        assert end.status == "ok"
        assert np.isfinite(end.sem)


def test_oracle_is_below_the_best_of_the_mean():
    point = MC.early_stopped(MODEL, 20, trials=300)
    assert point.oracle < point.value
    assert point.oracle > 0.9 * point.value
    assert point.status == "ok"
    early = MC.early_stopped(MODEL, 20, times=[0.01, 0.02, 0.03], trials=10)
    assert "end of the grid" in early.status


@pytest.mark.parametrize("N", [18, 20, 22, 30])
def test_default_times_reach_the_best_without_a_noise_space(N):
    """d = n: the smallest sample eigenvalue may be far below the population's."""
    model = ls.SubspaceModel(20, 20, 0.05)
    narrow = MC.early_stopped(model, N, trials=200)
    wide = MC.early_stopped(model, N, trials=200, times=np.geomspace(1e-3, 1e8, 600))
    assert narrow.value == pytest.approx(wide.value, rel=2e-3)
    assert narrow.status == "ok"


def test_times_are_sorted_and_repeats_dropped():
    a = MC.early_stopped(MODEL, 20, trials=20, times=[9.0, 1.0, 3.0, 3.0, 1.0])
    b = MC.early_stopped(MODEL, 20, trials=20, times=[1.0, 3.0, 9.0])
    assert a == b or (a.value, a.at) == (b.value, b.at)


def test_refined_minimum_finds_a_parabola_between_grid_points():
    times = np.geomspace(0.1, 100, 9)
    values = 2.0 + 0.3 * (np.log(times) - 1.234) ** 2
    lowest, at = refined_minimum(times, values)
    # A parabola through three values moves by their rounding, up or down over the neighbours'
    # distance, and sideways over its curvature too.
    h = np.diff(np.log(times))[0]
    size = np.sort(values)[2]
    assert lowest == pytest.approx(2.0, rel=0.0, abs=rounding(size / h**2, 8))
    assert np.log(at) == pytest.approx(1.234, rel=0.0, abs=rounding(size / (0.3 * h), 8))
    both, _ = refined_minimum(times, np.stack([values, values[::-1]]))
    assert both == pytest.approx(2.0, rel=0.0, abs=rounding(size / h**2, 8))


def test_diverging_descent_is_refused_or_counted():
    with pytest.raises(StepTooLarge, match="median largest eigenvalue"):
        MC.risk(MODEL, 10, ls.GradientDescent(3.0, 500), trials=20)
    edge = ls.theory.sample_spectrum(MODEL.spectral(), 10).high
    near = MC.risk(MODEL, 10, ls.GradientDescent(1.7 / edge, 500), trials=200)
    assert "diverges on" in near.status


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: MC.risk(MODEL, 0, f), InvalidArgument, "n_train"),
        (lambda f: MC.risk(MODEL, 5, f, trials=0), InvalidArgument, "trials"),
        (lambda f: MC.risk(MODEL, 5, f, workers=0), InvalidArgument, "workers"),
        (lambda f: MC.risk(MODEL, 5, f, engine="gpu"), InvalidArgument, "engine"),
        (lambda f: MC.risk(MODEL, 5, f, residual="no"), InvalidArgument, "residual"),
        (lambda f: MC.risk(MODEL, 5, f, rng="seed"), InvalidArgument, "rng"),
        (lambda f: MC.risk(MODEL, 5, f, rng=-1), InvalidArgument, "rng"),
        (lambda f: MC.pca(MODEL.spectral(), 5), Unsupported, "SubspaceModel"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(ls.GradientFlow(1.0))


def test_one_trial_has_no_standard_error():
    path = MC.risk(MODEL, 5, ls.GradientFlow(1.0), trials=1)
    assert np.isfinite(path.value[0])
    assert np.isnan(path.sem[0])


def test_progress_and_errors_in_workers():
    seen = []
    MC.pca(MODEL, 5, trials=12, workers=3, progress=lambda: seen.append(1))
    assert len(seen) == 12

    def fail():
        raise RuntimeError("from the callback")

    with pytest.raises(RuntimeError, match="from the callback"):
        MC.pca(MODEL, 5, trials=12, workers=3, progress=fail)


@pytest.mark.parametrize("trials", [40, 200])
@pytest.mark.parametrize("model", [MODEL, ls.SubspaceModel(n=900, d=5, sigma=0.3)])
def test_processes_give_the_same_numbers(monkeypatch, model, trials):
    """Short draws in plenty go to processes; here all do, the leading-block engine's too."""
    flow, seen = ls.GradientFlow([1.0, 10.0]), []
    one = MC.risk(model, 20, flow, trials=trials, rng=3)
    monkeypatch.setattr("linscale.montecarlo.workers.WORTH_PROCESSES", 0.0)
    monkeypatch.setattr("linscale.montecarlo.workers.SHORT", np.inf)
    two = MC.risk(model, 20, flow, trials=trials, rng=3, workers=2, progress=lambda: seen.append(1))
    assert np.array_equal(one.value, two.value)
    assert np.array_equal(one.sem, two.sem)
    assert len(seen) == trials


def test_errors_in_processes_are_passed_on(monkeypatch):
    monkeypatch.setattr("linscale.montecarlo.workers.WORTH_PROCESSES", 0.0)
    monkeypatch.setattr("linscale.montecarlo.workers.SHORT", np.inf)

    def fail():
        raise RuntimeError("from the callback")

    calls = iter([None] * 8)
    with pytest.raises(RuntimeError, match="from the callback"):
        MC.pca(MODEL, 5, trials=60, workers=2, progress=lambda: next(calls, 0) is None or fail())
