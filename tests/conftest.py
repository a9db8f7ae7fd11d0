"""Shared by all tests: deterministic hypothesis, and what "agree" means in statistics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from scipy.stats import norm
from threadpoolctl import threadpool_limits

settings.register_profile("deterministic", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("deterministic")


def z_limit(comparisons: int, level: float = 1e-3) -> float:
    """Standard errors allowed so that ``comparisons`` true equalities all pass but for ``level``.

    Bonferroni; never below 3.
    """
    return max(3.0, float(norm.isf(level / 2 / comparisons)))


def worst(value, expected, sem, allowance=0.0):
    """Largest distance in standard errors, after forgiving a relative ``allowance``."""
    excess = np.abs(np.asarray(value) - expected) - allowance * np.abs(expected)
    return float(np.max(excess / sem))


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread():
    """Small matrices only: more threads would spin, not help."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(20230501)
