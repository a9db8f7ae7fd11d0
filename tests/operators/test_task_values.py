"""A task is one value, made once of a word or of any operator."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator

from linscale.errors import InvalidArgument, Unsupported
from linscale.operators import forward, tasks
from linscale.operators.tasks import Task, resolve

SHAPE = (12, 12)


@pytest.mark.parametrize("word", list(tasks.KINDS))
def test_a_word_is_its_operator_its_noise_and_a_label(word):
    task = resolve(word, SHAPE, 3)
    x = np.linspace(0.0, 1.0, 144)
    assert task.name == word
    assert task.label == task.operator.name
    assert task.sigma == task.noise() == tasks.usual_sigma(word)
    assert task.noise(0.5) == 0.5
    assert np.array_equal(task.operator @ x, tasks.operator(word, SHAPE, 3) @ x)
    assert task.is_identity == (word == "denoising")
    assert task.forward is (None if word == "denoising" else task.operator)
    with pytest.raises(FrozenInstanceError):
        task.sigma = 1.0


def test_any_operator_is_a_task_without_usual_noise():
    for given in (np.ones((2, 144)), forward.identity(SHAPE)):
        task = resolve(given, SHAPE)
        assert isinstance(task.operator, LinearOperator)
        assert (task.name, task.sigma) == ("operator", None)
        assert task.forward is task.operator
        assert task.noise(0.5) == 0.5
        with pytest.raises(InvalidArgument, match="no usual noise"):
            task.noise()
    assert resolve(np.ones((2, 144)), SHAPE).label == "given operator"
    assert resolve(forward.identity(SHAPE), SHAPE).label == "denoising"


def test_a_task_stays_what_it_is():
    task = resolve("mri-4", SHAPE)
    assert resolve(task, SHAPE, rng=99) is task
    own = Task("denoising", np.ones((2, 144)), 0.2, "two sums")
    assert resolve(own, SHAPE) is own
    assert own.forward is own.operator  # its word does not make it the identity


def test_what_does_not_fit_is_refused():
    for wrong in (np.ones((2, 9)), resolve("denoising", (3, 3))):
        with pytest.raises(InvalidArgument, match=r"of shape \(n, 144\)"):
            resolve(wrong, SHAPE)
    for wrong in (4, None):
        with pytest.raises(Unsupported, match="forward of type"):
            resolve(wrong, SHAPE)
        with pytest.raises(InvalidArgument, match="task"):
            tasks.operator(wrong, SHAPE)
    with pytest.raises(InvalidArgument, match="sigma"):
        resolve("denoising", SHAPE).noise(-1.0)
    with pytest.raises(InvalidArgument, match="sigma"):
        Task("mine", np.ones((2, 144)), 0.0, "mine")
