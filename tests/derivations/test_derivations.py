"""Each derivation runs, gives what the package computes, and fails when a term of it is spoiled."""

from functools import cache
from importlib import import_module

import numpy as np
import pytest

import derivations
from derivations.derivation import Broken, Tamper, spoiled

SEEDS = (0, 1)
LONG = {"contours", "large_n", "wiener"}  # to derive once more


@cache
def derived(label):
    return derivations.derive(label)


def check(label, results, seeds=SEEDS):
    binding = import_module(f"tests.derivations.bindings.{label}")
    for seed in seeds:
        binding.check(results, np.random.default_rng(seed))


@pytest.mark.parametrize("label", derivations.LABELS)
def test_results_are_what_the_package_computes(label):
    assert derived(label).results
    check(label, derived(label).results)


@pytest.mark.slow
@pytest.mark.parametrize("label", derivations.LABELS)
def test_results_are_what_the_package_computes_at_more_numbers(label):
    check(label, derived(label).results, seeds=range(2, 6))


def caught(label, tamper):
    try:
        other = derivations.derive(label, tamper)
    except Broken:
        return True
    except (ArithmeticError, ValueError, TypeError, IndexError, StopIteration):
        return True  # the next step cannot be taken
    return noticed(label, other.results)


def noticed(label, results):
    try:
        check(label, results)
    except AssertionError:
        return True
    return False


def tampers(label):
    return [Tamper(i, 0, drop) for i in range(derived(label).equations) for drop in (False, True)]


@pytest.mark.parametrize("label", derivations.LABELS)
def test_a_spoiled_equation_is_caught(label):
    """One equation of each, drawn by a fixed seed; the slow test takes them all."""
    rng = np.random.default_rng(sum(map(ord, label)))
    if label in LONG:  # a result, spoiled where it comes out
        results = derived(label).results
        one = list(results)[rng.integers(len(results))]
        assert noticed(label, results | {one: spoiled(results[one])}), one
        return
    every = tampers(label)
    one = every[rng.integers(len(every))]
    assert caught(label, one), one


@pytest.mark.slow
@pytest.mark.parametrize("label", derivations.LABELS)
def test_every_spoiled_equation_is_caught(label):
    missed = [tamper for tamper in tampers(label) if not caught(label, tamper)]
    assert not missed
