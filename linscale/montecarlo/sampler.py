"""What simulation has to know of a kind of problem, and who answers for a model.

Every question is asked of a :class:`Sampler`. Each law of the data registers the models, or the
problems that they reduce to, which it draws for:

    class MySampler(Sampler):
        ...

    sampler_of.register(MyModel)(MySampler)

tests/montecarlo/test_law.py has worked examples, in one file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Any

import numpy as np

from linscale.errors import Unsupported
from linscale.filters import Filter
from linscale.models.problem import SpectralProblem, reduced
from linscale.montecarlo import _cupy
from linscale.montecarlo.chebyshev import TOLERANCE
from linscale.montecarlo.decomposed import Draw
from linscale.montecarlo.draws import Source
from linscale.montecarlo.linear import LinearLaw
from linscale.montecarlo.stacks import Stacked

Drawing = Callable[[np.random.Generator], Draw]


class Sampler(ABC):
    """How training sets are drawn for a kind of problem, and what is learned from them judged.

    To be written: ``moments``, ``engines`` and ``source``. The rest has defaults. ``n_train`` is
    what :meth:`examples` makes of the caller's, except there.

    A filter's path is judged by the draw itself: the source's ``decompose`` returns one
    (:class:`~linscale.montecarlo.decomposed.Draw`), which gives the learning error along the path;
    the risk is that and the floor. For pairs (x, y) whose estimators are matrices
    :class:`~linscale.montecarlo.laws.PairSampler` does all of this, by a law of its own
    (:class:`~linscale.montecarlo.linear.LinearLaw`).
    """

    @property
    @abstractmethod
    def moments(self) -> SpectralProblem:
        """Second moments: the floor, n, and the stopping times where none are given."""

    @property
    @abstractmethod
    def engines(self) -> tuple[str, ...]:
        """Names from :data:`~linscale.montecarlo.engines.ENGINES`, the one to take first.

        Without "auto", which takes that one, and "cupy", which takes it to the GPU.
        """

    @abstractmethod
    def source(self, engine: str, n_train: int, drawn: bool) -> Source:
        """How one of ``engines`` draws a training set, and how it is decomposed.

        With ``drawn`` the targets' residual x - B y is drawn too; without, draws average over it.
        """

    @property
    def averages(self) -> bool:
        """Whether draws can average over the residual: it must be independent of y."""
        return True

    @property
    def has_pca(self) -> bool:
        """Whether draws know the risk of plug-in PCA: how many directions to keep."""
        return False

    def examples(self, n_train: int) -> int:
        """How many independent examples ``n_train`` of the caller's stand for."""
        return n_train

    def law(self) -> LinearLaw:
        """The law by whose second moments an estimator learned from given arrays is judged."""
        raise Unsupported(
            f"{type(self).__name__} judges training sets that it has drawn, not arrays"
        )

    def choose(
        self,
        n_train: int,
        drawn: bool,
        filters: Sequence[Filter],
        engine: str,
        tolerance: float = TOLERANCE,
    ) -> tuple[str, Drawing | Stacked]:
        """The engine's name, and a function that draws one training set, or draws in stacks.

        Raises
        ------
        Unsupported
            An engine that does not draw for this problem, or has no device.
        """
        name = self.engines[0] if engine in ("auto", "cupy") else engine
        if name not in self.engines:
            raise Unsupported(self.refusal(engine))
        source = self.source(name, n_train, drawn)
        if engine == "cupy":
            on = _cupy.backend()
            return f"cupy ({name} on {on.name})", Stacked(source, on)
        return name, lambda rng: source.decompose(source.numbers(rng))

    def refusal(self, engine: str) -> str:
        """Why an engine does not draw for this problem, and which do."""
        usable = " or ".join(f"{name!r}" for name in self.engines)
        return f"engine = {engine!r} does not draw for {type(self).__name__}: use engine={usable}"


@singledispatch
def sampler_of(model: Any) -> Sampler:
    """Who draws for a model: by its class, or by that of the problem that it reduces to.

    Raises
    ------
    InvalidArgument
        What is no model, or has second moments alone where they do not make a law.
    """
    problem = reduced(model)
    if sampler_of.dispatch(type(problem)) is sampler_of.dispatch(object):
        raise Unsupported(f"nothing is registered that draws for a {type(problem).__name__}")
    return sampler_of(problem)


@sampler_of.register
def _itself(sampler: Sampler) -> Sampler:
    return sampler
