"""Draws of scale mixtures: the law, what engine and residual may be, and literal descent."""

import numpy as np
import pytest

import linscale as ls
from linscale.errors import Unsupported
from linscale.models.contrast import Contrast
from linscale.montecarlo.draws import train
from linscale.montecarlo.laws import gaussian_law
from tests.conftest import z_limit
from tests.tolerances import cancellation, rounding

TWO = Contrast([0.2, 4.2], [0.8, 0.2])


def problem(contrast=TWO, sigma=0.4):
    rng = np.random.default_rng(2)
    root, forward = rng.standard_normal((6, 4)), rng.standard_normal((8, 6))
    return ls.InverseProblem(forward, root @ root.T / 3, sigma, contrast=contrast)


def test_second_moments_are_those_of_the_covariance_and_fourth_show_the_contrast(rng):
    model, count = problem(), 200_000
    x, y = gaussian_law(model).sample(count, rng)
    n = model.n
    limit = z_limit(n * n + n * model.p)
    for product, exact in ((y[:, None] * y, model.measurement_cov()),):
        sem = product.std(axis=-1) / np.sqrt(count)
        assert np.all(np.abs(product.mean(axis=-1) - exact) < limit * sem)
    cross = x @ y.T / count
    sem = np.sqrt((x**2) @ (y**2).T / count**2)
    assert np.all(np.abs(cross - model.cross_cov()) < limit * sem)
    energy = np.sum(x**2, axis=0)
    cov = model.signal_cov
    second = (1 + TWO.spread) * (np.trace(cov) ** 2 + 2 * np.trace(cov @ cov))
    sem = (energy**2).std() / np.sqrt(count)
    assert abs(np.mean(energy**2) - second) < z_limit(1) * sem
    assert abs(second / (1 + TWO.spread) - second) > 40 * sem  # a Gaussian would be seen


def test_constant_contrast_draws_the_gaussian_numbers():
    plain = ls.montecarlo.risk(problem(None), 9, ls.GradientFlow(2.0), trials=5, engine="dense")
    same = problem(Contrast.lognormal(0.0))
    again = ls.montecarlo.risk(same, 9, ls.GradientFlow(2.0), trials=5, engine="dense")
    assert again.value[0] == plain.value[0]
    assert "residual averaged" in again.method


@pytest.mark.parametrize("N", [3, 8, 30])
def test_a_draw_is_literal_gradient_descent(N, rng):
    model, step, iterations = problem(), 0.05, 40
    law = gaussian_law(model)
    x, y = law.sample(N, rng)
    W = np.zeros((model.p, model.n))
    for _ in range(iterations):
        W = W - step * (W @ y - x) @ y.T / N
    S, C = model.measurement_cov(), model.cross_cov()
    terms = [np.trace(m) for m in (model.signal_cov, -2 * W @ C.T, W @ S @ W.T)]
    draw = train(law, x, y)
    error, variance = draw.path(ls.GradientDescent(step, iterations))
    # The gain's slope is the number of steps, in units of the largest eigenvalue.
    slope = 1 + iterations * step * draw.eigenvalues[-1]
    allowed = rounding(cancellation(*terms) * slope, 4 * model.n)
    assert error[0] + law.floor == pytest.approx(sum(terms) / model.p, rel=allowed)
    assert np.isnan(variance[0])


@pytest.mark.parametrize("engine", ["wishart", "band"])
def test_engines_without_data_are_refused(engine):
    with pytest.raises(Unsupported, match="engine='dense'"):
        ls.montecarlo.risk(problem(), 9, ls.GradientFlow(1.0), engine=engine)


def test_only_a_model_with_signals_can_be_drawn():
    with pytest.raises(Unsupported, match="InverseProblem"):
        ls.montecarlo.risk(problem().mixture(), 9, ls.GradientFlow(1.0))


@pytest.mark.parametrize("N", [4, 40])
def test_simulation_of_every_kind_meets_the_theory(N):
    """Order 1 is within its own error and the standard error; the Gaussian theory is far off."""
    model, times = problem(), np.geomspace(0.05, 100, 40)
    mc = ls.montecarlo.risk(model, N, ls.GradientFlow([0.3, 3.0]), trials=3000)
    assert "engine dense, residual drawn" in mc.method
    assert np.all(np.isnan(mc.variance))
    theory = ls.theory.risk(model, N, ls.GradientFlow([0.3, 3.0]))
    limit = z_limit(5) * mc.sem + theory.error
    assert np.all(np.abs(mc.value - theory.value) < limit)
    gaussian = ls.theory.risk(model.spectral(), N, ls.GradientFlow([0.3, 3.0]))
    far = np.abs(gaussian.value - mc.value)
    assert np.all(far > 8 * mc.sem)
    assert np.all(np.abs(mc.value - theory.value) < 0.2 * far + 3 * mc.sem)
    best = ls.montecarlo.early_stopped(model, N, trials=700, times=times)
    expected = ls.theory.early_stopped(model, N)
    assert abs(best.value - expected.value) < z_limit(5) * best.sem + expected.error
    end = ls.montecarlo.converged(model, N, trials=700)
    expected = ls.theory.converged(model, N)
    assert abs(end.value - expected.value) < z_limit(5) * end.sem + expected.error


def test_numbers_depend_on_the_seed_alone():
    model, flow = problem(), ls.GradientFlow(1.0)
    one, two = (ls.montecarlo.risk(model, 9, flow, trials=20, workers=w).value[0] for w in (1, 2))
    assert one == two
    assert ls.montecarlo.risk(model, 9, flow, trials=20, rng=1).value[0] != one


def test_the_surer_method_is_taken():
    model, flow = problem(), ls.GradientFlow([0.3, 3.0])
    sure = ls.risk(model, 3000, flow)
    assert sure.method == "theory of scale mixtures, order 1"
    asked = ls.risk(model, 6, flow, accuracy=1e-3, trials=500)
    assert "montecarlo, engine dense, residual drawn" in asked.method
    curve = ls.curve(model, [40, 400], flow, method="montecarlo", trials=100)
    theory = ls.curve(model, [40, 400], flow, method="theory")
    assert np.all(np.abs(curve.value - theory.value) < z_limit(4) * curve.sem + theory.error)
    assert (
        ls.early_stopped(model, 300, method="theory").value
        == ls.theory.early_stopped(model, 300).value
    )


def test_the_best_time_is_found_by_simulation_too():
    """Over its own grid of times, which second moments alone decide."""
    law = ls.Contrast([0.2, 4.2], [0.8, 0.2])
    model = ls.InverseProblem(None, np.diag(np.repeat([2.0, 0.3], 8)), 0.5, law)
    predicted = ls.theory.early_stopped(model, 40)
    found = ls.montecarlo.early_stopped(model, 40, trials=2000, rng=4)
    assert abs(found.value - predicted.value) < z_limit(1) * found.sem + predicted.error
    gaussian = ls.theory.early_stopped(ls.InverseProblem(None, model.signal_cov, 0.5), 40)
    assert abs(found.value - gaussian.value) > z_limit(1) * found.sem + gaussian.error  # planted
