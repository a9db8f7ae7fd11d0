"""Fingerprints: the same for what is the same but for rounding, in any process; else not."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

import linscale as ls
from linscale.sweep.fingerprint import alike, fingerprint, name_of

K = np.geomspace(1e-3, 1.0, 12)


def same(one, other):
    """By way of the store's JSON, as they are compared."""
    one, other = (json.loads(json.dumps(fingerprint(v))) for v in (one, other))
    assert alike(one, other) == alike(other, one)
    return alike(one, other)


def rotated(k, seed, sigma, contrast=None):
    """A covariance of these eigenvalues: the model is the same for every seed but for rounding."""
    v = np.linalg.qr(np.random.default_rng(seed).standard_normal((k.size, k.size)))[0]
    return ls.InverseProblem(None, (v * k) @ v.T, sigma, contrast)


@dataclass
class Config:
    rate: float
    name: str


class Opaque:
    pass


class Shown:
    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"Shown({self.value!r})"


FLOW, LATER = (ls.GradientFlow([1.0, t]) for t in (2.0, 2.1))
CONTRAST = ls.Contrast.lognormal(0.5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (rotated(K, 0, 0.1), rotated(K, 1, 0.1)),
        (rotated(np.append(K, [0, 0, 0]), 0, 1e-5), rotated(np.append(K, [0, 0, 0]), 1, 1e-5)),
        (rotated(K, 0, 0.1, CONTRAST), rotated(K, 1, 0.1, CONTRAST)),
        (ls.SubspaceModel(50, 3, 0.1), ls.SubspaceModel(50, 3, 0.1 * (1 + 1e-15))),
        ((ls.SubspaceModel(50, 3, 0.1), 10), (ls.SubspaceModel(50, 3, 0.1), 10)),
        (ls.SpectralProblem([2, 1], [2, 3], [0.1, 0], 0.1),
         ls.SpectralProblem([1, 2], [3, 2], [0, 0.1], 0.1)),
        (ls.SpectralProblem([2, 1], [2, 3], [0.1, 0], 0.1),
         ls.SpectralProblem([2, 2 * (1 + 1e-15), 1], [1, 1, 3], [0.05, 0.05, 0], 0.1)),
        (K, K * (1 + 1e-15)),
        (K * 1j, K * (1 + 1e-15) * 1j),
        ({"a": 1, "b": [0.1]}, {"b": [0.1 * (1 + 1e-15)], "a": 1}),
        (Config(0.1, "a"), Config(0.1 * (1 + 1e-15), "a")),
        (Shown(0.1), Shown(0.1 * (1 + 1e-15))),
        (Opaque(), Opaque()),
        (np.float64(0.5), 0.5), (np.int64(3), 3), (3.0, 3), (np.bool_(True), True),
        (np.inf, np.inf), (np.nan, np.nan), (None, None), (FLOW, ls.GradientFlow([1.0, 2.0])),
        (ls.SubspaceModel, ls.SubspaceModel),
    ],
)  # fmt: skip
def test_the_same(one, other):
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (rotated(K, 0, 0.1), rotated(K, 0, 0.1 * (1 + 1e-7))),
        (rotated(K, 0, 1e-5), rotated(K, 0, 2e-5)),
        (rotated(K, 0, 0.1), rotated(K * (1 + 1e-6 * (K == 1.0)), 0, 0.1)),
        (rotated(K, 0, 0.1), rotated(K, 0, 0.1, CONTRAST)),
        (rotated(K, 0, 0.1, CONTRAST), rotated(K, 0, 0.1, ls.Contrast.lognormal(0.51))),
        (ls.SubspaceModel(50, 3, 0.1), ls.SubspaceModel(51, 3, 0.1)),
        (ls.SubspaceModel(50, 3, 0.1), ls.SubspaceModel(50, 3, 0.1).spectral()),
        ((ls.SubspaceModel(50, 3, 0.1), 10), (ls.SubspaceModel(50, 3, 0.1), 11)),
        ((ls.SubspaceModel(50, 3, 0.1), 10), ls.SubspaceModel(50, 3, 0.1)),
        (ls.SpectralProblem([3, 2, 1], [1, 1, 3], [0.1, 0.2, 0], 0.1),
         ls.SpectralProblem([3, 2, 1], [1, 1, 3], [0.2, 0.1, 0], 0.1)),
        (ls.SpectralProblem([2, 1], [2, 3], [0.1, 0], 0.1),
         ls.SpectralProblem([2, 1], [2, 3], [0.1, 0], 0.1, scale=2)),
        # Each differs in one of the sums alone.
        (ls.SpectralProblem([3, 2, 1], [1, 1, 3], [0.1, 0.2, 0], 0.1),
         ls.SpectralProblem([3, 2, 1], [1, 1, 3], [0.2, 0.05, 0], 0.1)),
        (ls.SpectralProblem([1, 2, 3], [1, 4, 1], [0.1, 0, 0], 0.1),
         ls.SpectralProblem([1, 2, 3], [4, 1, 2], [0.1, 0, 0], 0.1)),
        (ls.SpectralProblem([1, 1e-10], [1, 3], [0.1, 0], 0.1),
         ls.SpectralProblem([1, 2e-10], [1, 3], [0.1, 0], 0.1)),
        (K, K[::-1]), (K, K.reshape(3, 4)), (K, K * (1 + 1e-6 * (K == 1.0))), (K * 1j, K),
        ({"a": 1}, {"a": 2}), ({"a": 1}, {"b": 1}), ([1, 2], [1, 2, 3]), ("a", "b"), ("1", 1),
        (Config(0.1, "a"), Config(0.1, "b")), (Shown(0.1), Shown(0.1001)), (Opaque(), Shown(1)),
        (10**12, 10**12 + 1), (True, 1), (np.inf, 1e300), (np.inf, -np.inf), (np.nan, 0.0),
        (None, 0), (FLOW, LATER), (ls.SubspaceModel, ls.InverseProblem),
    ],
)  # fmt: skip
def test_not_the_same(one, other):
    assert not same(one, other)


# Functions

RATE = 0.1


def rated(x):
    return RATE * x


def through_another(x):
    return rated(x) + 1.0


def closure(rate):
    return lambda x: rate * x


def test_functions_are_their_code_and_what_it_uses(monkeypatch):
    assert same(lambda x: 2.0 * x, lambda y: 2.0 * y)

    def told(x):
        """Twice, and a remark."""
        # Another remark.
        return 2.0 * x

    def retold(x):
        """Two times."""
        return 2.0 * x

    assert same(told, retold)
    assert not same(lambda x: 2.0 * x, lambda x: 3.0 * x)
    assert not same(lambda x: x.floor, lambda x: x.scale)
    assert not same(lambda x, k=1: k * x, lambda x, k=2: k * x)
    assert not same(lambda x, *, k=1: k * x, lambda x, *, k=2: k * x)
    assert same(closure(0.1), closure(0.1))
    assert not same(closure(0.1), closure(0.2))
    assert not same(closure(FLOW), closure(LATER))
    assert not same(lambda x: [y + 1 for y in x], lambda x: [y + 2 for y in x])
    assert not same(partial(rated, 1), partial(rated, 2))
    before = [fingerprint(f) for f in (rated, through_another)]
    monkeypatch.setitem(globals(), "RATE", 0.2)
    assert not any(map(alike, before, [fingerprint(f) for f in (rated, through_another)]))


def test_what_is_written_to_meanwhile_says_nothing():
    log = []

    def question(x):
        log.append(x)
        return x

    before = fingerprint(question)
    for x in range(5000):  # it is specialised by the interpreter, too
        question(x)
    assert alike(before, fingerprint(question))


def test_functions_that_call_one_another_have_an_end():
    def even(x):
        return x == 0 or odd(x - 1)

    def odd(x):
        return x > 0 and even(x - 1)

    assert same(even, even)
    assert not same(even, odd)


PRINT = """
import json
from linscale.sweep.fingerprint import fingerprint
import tests.sweep.test_fingerprint as here
f = lambda x: x in {"a", "b", "c", "d"} or here.rated(x)
print(json.dumps([fingerprint(v) for v in (f, here.through_another, here.FLOW, here.Opaque())]))
"""


def test_other_processes_find_the_same():
    found = [
        subprocess.run(
            [sys.executable, "-c", PRINT], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert found[0] == found[1]
    here = json.loads(json.dumps(fingerprint(through_another)))
    assert alike(json.loads(found[0])[1], here)


def test_the_code_of_another_python_says_nothing():
    one, other = fingerprint(rated), fingerprint(through_another)
    assert not alike(one, other)
    assert alike({**one, "python": "3.99"}, other)


def test_names():
    assert name_of(ls.theory.saturation) == "linscale.theory.saturation"
    assert name_of(ls.early_stopped) == "linscale.early_stopped"
    assert name_of(ls.montecarlo.early_stopped) == "linscale.montecarlo.early_stopped"
    assert name_of(rated) == "tests.sweep.test_fingerprint.rated"
    loose = partial(ls.theory.saturation, 0.1, order=0)
    assert name_of(loose) == "linscale.theory.saturation(0.1, order=0)"
    flows = [name_of(partial(rated, flow)) for flow in (FLOW, LATER, ls.GradientFlow([1.0, 2.0]))]
    assert flows[0] == flows[2] != flows[1]
    for nameless in (lambda x: x, closure(1), partial(closure(1), 2), Opaque(), "saturation"):
        assert name_of(nameless) is None
