"""The reconstruction tasks by name, and the theory of each against Gaussian data."""

import numpy as np
import pytest

import linscale as ls
from linscale import theory
from linscale.errors import InvalidArgument
from linscale.images import covariances
from linscale.operators import tasks
from linscale.studies.tables import psnr
from tests.conftest import z_limit
from tests.tolerances import rounding

EVERY = (
    "denoising", "mri-4", "mri-8", "super-resolution-2", "super-resolution-3",
    "super-resolution-4", "inpainting-50", "tomography-8",
)  # fmt: skip


@pytest.mark.parametrize("task", EVERY)
def test_each_is_an_operator_with_its_adjoint(task):
    A = tasks.operator(task, (12, 12))
    assert A.shape[1] == 144
    # Two products and two dot products, over a sum of norms that is twice each.
    assert ls.forward.dot_test(A) < rounding(0.5, sum(A.shape) + 8)
    x = np.linspace(0.0, 1.0, 144)
    assert np.array_equal(A @ x, tasks.operator(task, (12, 12)) @ x)  # the same mask again


def test_numbers_mean_what_they_say():
    assert tasks.operator("super-resolution-3", (12, 12)).shape == (16, 144)
    assert tasks.operator("inpainting-25", (12, 12)).shape == (36, 144)
    assert tasks.operator("mri-4", (12, 12)).shape == (2 * 12 * 3, 144)
    assert tasks.operator("mri", (12, 12)).shape == tasks.operator("mri-4", (12, 12)).shape
    few, many = (tasks.operator(f"tomography-{k}", (12, 12)).shape[0] for k in (2, 4))
    assert many == 2 * few
    x = np.arange(144.0)
    one, other = (tasks.operator("inpainting-50", (12, 12), rng=seed) @ x for seed in (1, 2))
    assert not np.array_equal(one, other)
    assert tasks.usual_sigma("denoising") == 25 / 255
    assert tasks.usual_sigma("mri-8") == 5 / 255


@pytest.mark.parametrize(
    "task", ["", "deblurring", "denoising-2", "mri-", "mri-x", "mri-0", "inpainting-101", 4, None]
)
def test_unknown_tasks_are_named(task):
    with pytest.raises(InvalidArgument, match="task"):
        tasks.operator(task, (12, 12))


def test_a_factor_that_does_not_divide():
    with pytest.raises(InvalidArgument, match="factor"):
        tasks.operator("super-resolution-5", (12, 12))


@pytest.mark.parametrize("task", EVERY)
def test_theory_is_within_two_hundredths_of_a_decibel(task):
    """Of Gaussian data of the same covariance, at the best stopping time, for N >= 100."""
    A = tasks.operator(task, (12, 12))
    model = ls.InverseProblem(A, covariances.stationary((12, 12)), tasks.usual_sigma(task))
    sizes, decibel = (100, 300, 1000), 10 / np.log(10)
    for N in sizes:
        best = theory.early_stopped(model, N)
        found = ls.montecarlo.risk(model, N, ls.GradientFlow(best.at), trials=60, rng=N)
        sem = decibel * found.sem[0] / found.value[0]
        assert sem < 0.02
        gap = float(psnr(np.array(best.value)) - psnr(found.value)[0])
        assert abs(gap) < 0.02 + z_limit(3 * len(EVERY)) * sem, N
    # Planted error: a tenth fewer samples would be seen at N = 100.
    wrong = theory.early_stopped(model, 90).value
    right = theory.early_stopped(model, 100).value
    assert decibel * np.log(wrong / right) > 0.02
