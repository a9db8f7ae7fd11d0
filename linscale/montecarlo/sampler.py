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

    Examples
    --------
    Gaussian data that come in pairs, so that N examples stand for 2 N; how 2 N are drawn is known:

    >>> from dataclasses import dataclass
    >>> import linscale as ls
    >>> from linscale.montecarlo import Sampler, sampler_of
    >>> @dataclass(frozen=True, eq=False)
    ... class Pairs:  # a model
    ...     single: ls.SubspaceModel
    ...     def spectral(self):
    ...         return self.single.spectral()
    >>> class PairsSampler(Sampler):
    ...     def __init__(self, model):
    ...         self.one = sampler_of(model.single)
    ...     @property
    ...     def moments(self):
    ...         return self.one.moments
    ...     @property
    ...     def engines(self):
    ...         return ("wishart", "dense")
    ...     def examples(self, n_train):
    ...         return 2 * n_train
    ...     def source(self, engine, n_train, drawn):
    ...         return self.one.source(engine, n_train, drawn)
    >>> _ = sampler_of.register(Pairs)(PairsSampler)
    >>> single = ls.SubspaceModel(n=20, d=2, sigma=0.1)
    >>> one, two = (
    ...     ls.montecarlo.early_stopped(model, N, trials=10, engine="wishart").value
    ...     for model, N in ((single, 80), (Pairs(single), 40))
    ... )
    >>> one == two
    True

    It chooses an engine and says which, refuses one that is not its own, and has no law by which
    it could judge arrays that it has not drawn:

    >>> sampler = sampler_of(Pairs(single))
    >>> name, draw = sampler.choose(80, False, [ls.GradientFlow(1.0)], "auto")
    >>> name
    'wishart'
    >>> sampler.refusal("band")
    "engine = 'band' does not draw for PairsSampler: use engine='wishart' or 'dense'"
    >>> try:
    ...     sampler.law()
    ... except ls.errors.Unsupported as error:
    ...     print(error)
    PairsSampler judges training sets that it has drawn, not arrays
    """

    @property
    @abstractmethod
    def moments(self) -> SpectralProblem:
        """Second moments, (J,) arrays: the floor, n, and stopping times where none are given."""

    @property
    @abstractmethod
    def engines(self) -> tuple[str, ...]:
        """Names from :data:`~linscale.montecarlo.engines.ENGINES`, the one to take first.

        Without "auto", which takes that one, and "cupy", which takes it to the GPU.
        """

    @abstractmethod
    def source(self, engine: str, n_train: int, drawn: bool) -> Source:
        """How one of ``engines`` draws a training set, and how it is decomposed.

        Parameters
        ----------
        engine : str
            One of ``engines``.
        n_train : int
            Independent examples in the set.
        drawn : bool
            Whether the targets' residual x - B y is drawn too; without, draws average over it.

        Returns
        -------
        Source
            Its ``numbers(rng)`` are what is random in one set, and ``decompose`` makes of them a
            draw whose ``path(filter)`` is the learning error, (T,), divided by ``scale``.
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
        """How many independent examples ``n_train`` of the caller's stand for: as many."""
        return n_train

    def law(self) -> LinearLaw:
        """The law by whose second moments an estimator learned from given arrays is judged.

        Raises
        ------
        Unsupported
            Unless it is overridden: there is none.
        """
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

        Parameters
        ----------
        n_train, drawn : int, bool
            As for :meth:`source`.
        filters : sequence of Filter
            What is asked of each draw: the cheapest engine may depend on it.
        engine : str
            One of ``engines``, "auto" or "cupy".
        tolerance : float
            As for :func:`linscale.montecarlo.risk`.

        Returns
        -------
        str, function of a Generator or Stacked
            The name is the result's ``method``; the function returns one draw.

        Raises
        ------
        Unsupported
            An engine that does not draw for this problem.
        MissingDevice
            "cupy" without CuPy or a GPU.
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
        """Why ``engine`` does not draw for this problem, and which do."""
        usable = " or ".join(f"{name!r}" for name in self.engines)
        return f"engine = {engine!r} does not draw for {type(self).__name__}: use engine={usable}"


@singledispatch
def sampler_of(model: Any) -> Sampler:
    """Who draws for a model: by its class, or by that of the problem that it reduces to.

    ``sampler_of.register(MyModel)(MySampler)`` adds one: see :class:`Sampler`.

    Parameters
    ----------
    model : Model or Sampler
        A sampler is its own.

    Returns
    -------
    Sampler

    Raises
    ------
    InvalidArgument
        Something that is not a model.
    Unsupported
        What nothing is registered for, or what has second moments alone where they do not make a
        law.

    Examples
    --------
    >>> import linscale as ls
    >>> from linscale.montecarlo import sampler_of
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> sampler_of(model).engines
    ('wishart', 'dense', 'band')
    >>> sampler_of(model.spectral()).engines
    ('wishart', 'dense')
    """
    problem = reduced(model)
    if sampler_of.dispatch(type(problem)) is sampler_of.dispatch(object):
        raise Unsupported(f"nothing is registered that draws for a {type(problem).__name__}")
    return sampler_of(problem)


@sampler_of.register
def _itself(sampler: Sampler) -> Sampler:
    return sampler
