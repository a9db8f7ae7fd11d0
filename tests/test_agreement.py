"""Order 0 against simulation on the paper's eight setups, at the best stopping time.

Allowed besides sampling error: 0.5 % for N >= n and 5 % for N >= 4 d, the finite-size term that
the leading order lacks. Standard errors are counted at the level of all the comparisons together.
"""

import dataclasses

import numpy as np
import pytest

import linscale as ls
from linscale.setups import SETUPS

from .conftest import worst, z_limit

SMALL = [name for name, model in SETUPS.items() if model.n == 100]
LARGE = [name for name, model in SETUPS.items() if model.n == 1000]
COMPARISONS = 60


def best_against_simulation(model, N, trials):
    """Theory and simulation at the time that theory says is best."""
    best = ls.theory.early_stopped(model, N)
    filter = ls.Converged() if np.isinf(best.at) else ls.GradientFlow(best.at)
    mc = ls.montecarlo.risk(model, N, filter, trials=trials, rng=N, workers=2)
    return best, mc


def check(model, sizes, trials, allowance):
    for N in sizes:
        best, mc = best_against_simulation(model, N, trials)
        assert worst(mc.value, best.value, mc.sem, allowance) < z_limit(COMPARISONS), N


@pytest.mark.parametrize("name", SMALL)
def test_small_setups(name):
    model = SETUPS[name]
    check(model, (40, 64), 300, allowance=0.05)
    check(model, (100, 256, 1024, 4096), 200, allowance=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_large_setups(name):
    model = SETUPS[name]
    check(model, [N for N in (44, 256, 512) if N >= 4 * model.d], 20, allowance=0.05)
    check(model, (1000, 2048, 4096), 20, allowance=0.005)


@pytest.mark.slow
def test_huge_setup():
    check(SETUPS["sigma0.1-d10-n10000"], (44, 100, 256, 1024), 20, allowance=0.05)


@pytest.mark.parametrize("name", SMALL)
def test_converged_beyond_n(name):
    model = SETUPS[name]
    for N in (120, 150, 400, 4096):
        mc = ls.montecarlo.converged(model, N, trials=400, rng=N, workers=2)
        exact = model.spectral().floor * (1 + model.n / (N - model.n - 1))
        assert worst(mc.value, exact, mc.sem) < z_limit(12), N


@pytest.mark.parametrize("change", ["variance", "bias", "floor"])
def test_planted_errors_are_caught(change):
    """The same check must fail when a term of the theory is dropped or bent by a percent."""
    model, N = SETUPS["sigma0.2-d10-n100"], 256
    best, mc = best_against_simulation(model, N, 400)
    assert worst(mc.value, best.value, mc.sem, 0.005) < z_limit(COMPARISONS)
    wrong = {
        "variance": best.value - best.variance,
        "bias": best.value - best.bias,
        "floor": best.value - best.floor + model.sigma**2,  # the noise instead of the floor
    }[change]
    assert worst(mc.value, wrong, mc.sem, 0.005) > z_limit(COMPARISONS)


def test_pca_at_large_size():
    """Leading order: its relative error falls as 1/N, so it is a fraction of a percent here."""
    for d, sigma, N in ((30, 0.3, 20), (30, 0.3, 90), (30, 1.0, 600), (60, 0.2, 300)):
        model = ls.SubspaceModel(n=300, d=d, sigma=sigma)
        mc = ls.montecarlo.pca(model, N, trials=60, rng=N, workers=2)
        theory = ls.theory.pca(model, N)
        assert worst(mc.value, theory.value, mc.sem, 0.01) < z_limit(COMPARISONS), (d, sigma, N)
        lost = dataclasses.replace(theory, value=theory.floor)
        assert worst(mc.value, lost.value, mc.sem, 0.01) > z_limit(COMPARISONS)


@pytest.mark.parametrize("filter", [ls.GradientDescent(0.2, [1, 5, 20, 100]), ls.GradientFlow(4.0)])
def test_many_atoms_and_a_forward_operator(filter):
    """A wide random A, every atom carrying weight; 2 % for the missing finite-size term."""
    rng = np.random.default_rng(4)
    root = rng.standard_normal((60, 60)) / np.sqrt(60) * np.geomspace(1, 0.05, 60)
    forward = rng.standard_normal((40, 60)) / np.sqrt(40)
    model = ls.InverseProblem(forward, root @ root.T, 0.2)
    for N in (20, 40, 120):
        mc = ls.montecarlo.risk(model, N, filter, trials=400, rng=N, residual="drawn", workers=2)
        path = ls.theory.risk(model, N, filter)
        assert worst(mc.value, path.value, mc.sem, 0.02) < z_limit(24), N
        assert worst(mc.value, path.value - path.variance, mc.sem, 0.02) > z_limit(24)


@pytest.mark.slow
def test_error_falls_as_one_over_n_at_fixed_ratios():
    """n : d : N = 10 : 2 : 15 at a moderate sigma, doubled three times: slope -1 within 0.3."""
    sizes, errors = np.array([1, 2, 4, 8]), []
    for s in sizes:
        model = ls.SubspaceModel(n=int(10 * s), d=int(2 * s), sigma=0.5)
        theory = ls.theory.risk(model, int(15 * s), ls.GradientFlow(3.0))
        mc = ls.montecarlo.risk(
            model, int(15 * s), ls.GradientFlow(3.0), trials=40_000, rng=int(s), workers=2
        )
        error = abs(mc.value[0] / theory.value[0] - 1)
        assert error > 5 * mc.sem[0] / theory.value[0]  # seen well above the sampling error
        errors.append(error)
    assert abs(np.polyfit(np.log(sizes), np.log(errors), 1)[0] + 1) < 0.3
