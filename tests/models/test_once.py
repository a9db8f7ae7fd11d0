"""A model is reduced once, and what it keeps shows nowhere else."""

import copy
import pickle

import numpy as np
import pytest

import linscale as ls
from linscale.models.problem import MixtureProblem, problem_of, reduced
from linscale.operators import forward

P = 9
TWO = ls.Contrast([0.2, 4.2], [0.8, 0.2])


def dense(contrast=None, A=None):
    root = np.random.default_rng(3).standard_normal((P, P)) * np.geomspace(1.0, 0.1, P)
    return ls.InverseProblem(A, root @ root.T, 0.4, contrast=contrast)


MODELS = {
    "subspace": lambda: ls.SubspaceModel(12, 3, 0.3),
    "dense": dense,
    "mixture": lambda: dense(TWO),
    "factor": lambda: ls.InverseProblem.from_factor(np.ones((4, P)), np.ones((P, 2)), 0.2, TWO),
    "stationary": lambda: ls.StationaryImages((4, 6), 0.3, mask=forward.cartesian_mask(6, 2)),
}
each = pytest.mark.parametrize("name", MODELS)


@pytest.fixture
def decompositions(monkeypatch):
    """Sizes of the matrices that are decomposed."""
    sizes, known = [], np.linalg.eigh

    def counted(a, *rest):
        sizes.append(len(a))
        return known(a, *rest)

    monkeypatch.setattr(np.linalg, "eigh", counted)
    return sizes


def ask(model, sizes=(4, 30)):
    for N in sizes:
        ls.theory.early_stopped(model, N)
        ls.theory.converged(model, N)
        ls.theory.best_ridge(model, N)
    ls.theory.floor(model)


@pytest.mark.parametrize("contrast", [None, TWO], ids=["constant", "varies"])
@pytest.mark.parametrize("A", [None, np.eye(P)], ids=["denoising", "measured"])
def test_one_decomposition_answers_every_question(A, contrast, decompositions):
    """Of S, or where that is S_x + sigma^2 I none beside the one that S_x has had."""
    model = dense(contrast, A)
    assert decompositions.count(P) == 1
    ask(model)
    if contrast is None:
        ls.theory.saturation(model)
    assert decompositions.count(P) == (1 if A is None else 2)


def test_a_model_that_forgets_is_seen(monkeypatch, decompositions):
    again = ls.InverseProblem.__dict__["_spectral"].func
    monkeypatch.setattr(ls.InverseProblem, "_spectral", property(again))
    ask(dense(A=np.eye(P)))
    assert decompositions.count(P) > 5


@pytest.mark.parametrize(("task", "count"), [("denoising", 1), (np.eye(16), 2)])
def test_one_prediction_decomposes_each_matrix_once(task, count, decompositions):
    """S_x, for its root and for the energy of the patches; and S where that is another."""
    image = np.random.default_rng(0).uniform(size=(24, 24))
    ls.predict(image, task, 0.3, patch_size=4, n_train=[4, 16], resamples=0)
    assert decompositions.count(16) == count


@each
def test_the_same_object_each_time(name):
    model = MODELS[name]()
    assert model.spectral() is model.spectral()
    assert reduced(model) is reduced(model)
    assert reduced(reduced(model)) is reduced(model)
    if isinstance(reduced(model), MixtureProblem):
        assert reduced(model) is model.mixture()
        assert reduced(model).moments is model.spectral()
    else:
        assert reduced(model) is problem_of(model) is model.spectral()
    assert MODELS[name]().spectral() is not model.spectral()


@each
def test_nobody_sees_what_is_kept(name):
    """repr, ==, hash, fields, copies and pickles are as before."""
    fresh, asked = MODELS[name](), MODELS[name]()
    before = repr(asked), hash(asked), asked.__dataclass_fields__
    problem = reduced(asked)
    assert (repr(asked), hash(asked), asked.__dataclass_fields__) == before
    assert (asked == fresh) is (name == "subspace")  # the others are equal to themselves alone
    for model in (fresh, asked):
        for same in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            for field in model.__dataclass_fields__.keys() - {"contrast"}:
                assert np.array_equal(getattr(same, field), getattr(model, field))
            equal(reduced(same), problem)
    with pytest.raises(AttributeError):
        asked.sigma = 1.0


def equal(one, other):
    assert type(one) is type(other)
    for field in ("eigenvalues", "multiplicities", "target_weights", "floor", "scale"):
        assert np.array_equal(*(getattr(p.spectral(), field) for p in (one, other)))


def solved(model):
    return ls.theory.converged(model, 20).value


def test_they_go_to_processes():
    from joblib import Parallel, delayed

    models = [make() for make in MODELS.values() for _ in range(2)]
    expected = [solved(m) for m in models[::2]]  # and of these the problem travels too
    with Parallel(n_jobs=2) as pool:
        found = pool(delayed(solved)(m) for m in models)
    assert found[::2] == found[1::2] == expected
