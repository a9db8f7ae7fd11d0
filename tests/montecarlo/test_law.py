"""Laws that the package does not know: one class and one line, and every question is answered."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument, Unsupported
from linscale.models.problem import MixtureProblem
from linscale.montecarlo import PairSampler, Sampler, _cupy, sampler_of
from linscale.montecarlo.diagonal import Diagonal
from linscale.montecarlo.laws import gaussian_law
from linscale.montecarlo.linear import GaussianLaw

from .backends import strict

MC = ls.montecarlo
FLOW = ls.GradientFlow([0.0, 0.5, 5.0, 50.0])
SUBSPACE = ls.SubspaceModel(n=12, d=3, sigma=0.4)
INVERSE = ls.InverseProblem(
    np.random.default_rng(1).standard_normal((8, 6)), np.diag([3.0, 2.0, 1.0, 0.5, 0.0, 0.0]), 0.5
)
MODELS = {"subspace": SUBSPACE, "spectral": SUBSPACE.spectral(), "inverse": INVERSE}


# A law that counts otherwise: each example holds several measurements.


@dataclass(frozen=True)
class Bundles:
    """Examples of ``size`` independent measurements each."""

    single: Any
    size: int

    def spectral(self):
        return self.single.spectral()


@sampler_of.register(Bundles)
class BundleSampler(Sampler):
    def __init__(self, model):
        self.single, self.size = sampler_of(model.single), model.size

    @property
    def moments(self):
        return self.single.moments

    @property
    def engines(self):
        return self.single.engines

    @property
    def has_pca(self):
        return self.single.has_pca

    def examples(self, n_train):
        return self.size * n_train

    def source(self, engine, n_train, drawn):
        return self.single.source(engine, n_train, drawn)


def numbers(result):
    found = [getattr(result, f.name) for f in fields(result)]
    return np.concatenate([np.ravel(x) for x in found if not isinstance(x, str | tuple)])


QUESTIONS = {
    "risk": lambda model, N, **o: MC.risk(model, N, FLOW, **o),
    "early_stopped": MC.early_stopped,
    "converged": MC.converged,
    "path": lambda model, N, **o: MC.estimates(model, N, **o).path,
}


@pytest.mark.parametrize("residual", ["averaged", "drawn"])
@pytest.mark.parametrize("engine", ["wishart", "dense", "cupy"])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_law_that_counts_otherwise(monkeypatch, model, engine, residual):
    """n_train bundles are size * n_train measurements: the same numbers, from the same stream."""
    device = strict()
    monkeypatch.setattr(_cupy, "backend", lambda: device)
    options = {"trials": 3, "rng": 5, "engine": engine, "residual": residual}
    for size, N in ((3, 2), (4, 9)):
        for ask in QUESTIONS.values():
            found = ask(Bundles(model, size), N, **options)
            expected = ask(model, size * N, **options)
            assert np.array_equal(numbers(found), numbers(expected), equal_nan=True)
            assert found.method == expected.method
            other = ask(Bundles(model, size), N + 1, **options)
            assert not np.array_equal(numbers(other), numbers(expected), equal_nan=True)


def test_what_is_said_of_it():
    assert "engine wishart" in MC.risk(Bundles(SUBSPACE, 3), 2, FLOW, trials=2).method
    assert MC.pca(Bundles(SUBSPACE, 3), 5, trials=9).value == MC.pca(SUBSPACE, 15, trials=9).value
    assert MC.estimates(Bundles(INVERSE, 3), 5, trials=2).pca is None
    near = MC.converged(Bundles(SUBSPACE, 4), 3, trials=5)  # 12 measurements, and n = 12
    assert near.value == np.inf
    assert near.status.endswith("(n = 12, and n_train counts as 12)")
    with pytest.raises(Unsupported, match="use engine='wishart' or 'dense'"):
        MC.risk(Bundles(INVERSE, 3), 5, FLOW, engine="band")
    with pytest.raises(Unsupported, match="BundleSampler judges training sets"):
        MC.risk_of_training_set(Bundles(INVERSE, 3), np.ones((6, 2)), np.ones((8, 2)), FLOW)


# A law of pairs: noise that is not Gaussian.


@dataclass(frozen=True)
class UniformNoise:
    """The model with uniform noise of the same variance."""

    gaussian: ls.InverseProblem

    def spectral(self):
        return self.gaussian.spectral()


class UniformLaw(GaussianLaw):
    @property
    def is_gaussian(self):
        return False

    def numbers(self, count, rng):
        signal, noise = super().numbers(count, rng)
        return signal, rng.uniform(-np.sqrt(3), np.sqrt(3), noise.shape)


@sampler_of.register
def _(model: UniformNoise) -> PairSampler:
    law = gaussian_law(model.gaussian)
    values = {f.name: getattr(law, f.name) for f in fields(law)}
    return PairSampler(UniformLaw(**values), model.spectral())


def test_a_law_of_pairs_is_drawn_and_judged():
    model, N, step = UniformNoise(INVERSE), 7, 0.02
    result = MC.risk(model, N, ls.GradientDescent(step, [0, 30]), trials=1, rng=4)
    assert "engine dense, residual drawn, 1 draws" in result.method
    (stream,) = np.random.SeedSequence(4).spawn(1)
    x, y = sampler_of(model).law().sample(N, np.random.default_rng(stream))
    W = np.zeros((INVERSE.p, INVERSE.n))
    for _ in range(30):
        W = W - step * (W @ y - x) @ y.T / N
    S, C = INVERSE.measurement_cov(), INVERSE.cross_cov()
    exact = np.trace(INVERSE.signal_cov - 2 * W @ C.T + W @ S @ W.T) / INVERSE.p
    assert result.value[1] == pytest.approx(exact, rel=1e-11)
    assert result.value[0] == pytest.approx(INVERSE.spectral().zero_risk, rel=1e-11)
    with pytest.raises(Unsupported, match="engine='dense'"):
        MC.risk(model, N, FLOW, engine="wishart")


# What is not registered.


class Only:
    """Second moments and nothing else."""

    def __init__(self, model):
        self.model = model

    def spectral(self):
        return self.model.spectral()


def test_a_model_without_a_law_is_drawn_from_its_problem():
    found, expected = (MC.risk(m, 5, FLOW, trials=3) for m in (Only(INVERSE), INVERSE.spectral()))
    assert np.array_equal(numbers(found), numbers(expected), equal_nan=True)
    flat = MixtureProblem(INVERSE.spectral(), 0.5, ls.Contrast.constant())
    assert np.array_equal(MC.risk(flat, 5, FLOW, trials=3).value, expected.value)


@pytest.mark.parametrize("model", [3, "SubspaceModel", ls.SubspaceModel, np.eye(3)])
def test_what_is_no_model_is_named(model):
    with pytest.raises(InvalidArgument, match="model"):
        MC.risk(model, 5, FLOW)


# Diagonal laws: vectors in place of matrices, and the numbers of matrices.


def as_matrices(law):
    """The same law with matrices, roots by decomposition."""

    class Full(type(law)):
        @property
        def measurement_root(self):
            l, v = np.linalg.eigh(self.measurement_cov)
            return v * np.sqrt(l)

        @property
        def residual_root(self):
            return self.residual_sd * np.eye(self.p)

        roots = GaussianLaw.roots
        form = GaussianLaw.form
        arranged = GaussianLaw.arranged

        def pairs(self, signal, noise, xp=np):
            y = np.sqrt(self.measurement_cov) @ signal
            return self.best @ y + self.residual_sd * noise, y

    values = {f.name: getattr(law, f.name) for f in fields(law)}
    dense = {k: np.diag(m.entries) for k, m in values.items() if isinstance(m, Diagonal)}
    return Full(**values | dense)


def problems():
    rng = np.random.default_rng(3)
    for count in (1, 4, 9, 40):
        yield ls.SpectralProblem(
            rng.random(count) + 0.1, rng.integers(1, 5, count), rng.random(count), 0.2, 5.0
        )
    yield SUBSPACE.spectral()
    yield ls.StationaryImages((5, 6), 0.3).spectral()


@pytest.mark.parametrize("engine", ["wishart", "dense"])
@pytest.mark.parametrize("drawn", [False, True])
def test_a_diagonal_law_draws_what_its_matrices_would(engine, drawn):
    """Level eigenvalues, in any order, included: to rounding, whichever product is taken."""
    for problem in problems():
        sampler = sampler_of(problem)
        full = replace(sampler, pairs=as_matrices(sampler.pairs))
        for N in (1, max(1, problem.dimension // 2), 3 * problem.dimension):
            paths = []
            for s in (sampler, full):
                source = s.source(engine, N, drawn)
                draw = source.decompose(source.numbers(np.random.default_rng(8)))
                paths.append(np.array(draw.path(FLOW)))
            condition = draw.eigenvalues[-1] / draw.eigenvalues[0]
            rounding = 4 * problem.dimension * np.finfo(float).eps * condition
            assert np.array_equal(*map(np.isnan, paths))
            a, b = map(np.nan_to_num, paths)
            assert np.all(np.abs(a - b) <= rounding * (problem.zero_risk + np.abs(b)))


def test_level_eigenvalues_in_another_order_would_be_seen():
    sampler = sampler_of(ls.SubspaceModel(12, 5, 0.4).spectral())
    stable = np.argsort(np.argsort(sampler.pairs.measurement_cov.entries, kind="stable"))
    other = replace(sampler, pairs=replace(sampler.pairs, ranks=stable))
    sources = [s.source("wishart", 5, True) for s in (sampler, other)]
    a, b = (s.decompose(s.numbers(np.random.default_rng(8))).path(FLOW)[0] for s in sources)
    assert np.max(np.abs(a - b)) > 1e-3
