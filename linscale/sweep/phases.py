"""Phase diagrams: one question, asked of a model wherever two of its parameters may be."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InvalidArgument
from linscale.results import display
from linscale.support import validate
from linscale.support.validate import FloatArray
from linscale.sweep.fingerprint import alike, fingerprint, name_of
from linscale.sweep.parallel import results
from linscale.sweep.phase_cells import NUMBER, Answer, At, ask, asked_about, axis
from linscale.sweep.phase_store import PhaseStore
from linscale.sweep.runner import Progress, _stepper

LARGEST = 10**6  # cells
PROBE = 5  # models that are timed
WORTH_PROCESSES = 4.0  # seconds of work, which starting processes (about two) must repay


@dataclass(frozen=True, eq=False, repr=False)
class Phase:
    """The answers to one question on a grid of two parameters, as :func:`linscale.phase` gives it.

    Attributes
    ----------
    question : str
        Its name.
    x_name, y_name : str
        The two parameters.
    x, y : (X,) and (Y,) arrays
        Their values, in the order in which they were given.
    value : (Y, X) array
        nan where there is no answer.
    error : (Y, X) array
        Estimated error of the value; nan where the answer does not say.
    statuses : tuple of Y tuples of X str
        "ok", what to know before trusting the value, or "no answer: " and why.
    notes : tuple of str
        What to know about the store that some of it came from.

    Examples
    --------
    >>> from functools import partial
    >>> import linscale as ls
    >>> model_of = partial(ls.SubspaceModel, d=10)
    >>> found = ls.phase(model_of, {"sigma": [0.5, 1]}, {"n": [5, 20]}, ls.theory.floor)
    >>> found
    Phase(linscale.theory.floor at sigma = 0.5 to 1 (2), n = 5 to 20 (2): 0.2 to 0.5; 2 of 4 cells \
without an answer)
    >>> found.statuses[0][0]
    'no answer: d = 10: must be at most n = 5 (a subspace of R^n)'
    """

    question: str
    x_name: str
    y_name: str
    x: NDArray[Any]
    y: NDArray[Any]
    value: FloatArray
    error: FloatArray
    statuses: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("x", "y", "value", "error"):
            validate.frozen(getattr(self, name))

    @property
    def doubtful(self) -> NDArray[np.bool_]:
        """Where there is a value, and something to know before trusting it; (Y, X)."""
        noted = np.array([[status != "ok" for status in row] for row in self.statuses])
        return noted & ~np.isnan(self.value)

    def __repr__(self) -> str:
        known = self.value[~np.isnan(self.value)]
        axes = ", ".join(
            f"{name} = {_span(values)} ({values.size})"
            for name, values in ((self.x_name, self.x), (self.y_name, self.y))
        )
        counts = {
            "doubtful": int(self.doubtful.sum()), "without an answer": self.value.size - known.size
        }  # fmt: skip
        told = ", ".join(
            f"{count} of {self.value.size} cells {what}" for what, count in counts.items() if count
        )
        span = _span(known) if known.size else "no value"
        return f"Phase({self.question} at {axes}: {span}; {told or 'ok'})"

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for each cell: both parameters, value, error, status.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        InputError
            Without pandas.

        Examples
        --------
        >>> import linscale as ls
        >>> model_of = lambda d, sigma: ls.SubspaceModel(100, d, sigma)
        >>> found = ls.phase(model_of, {"sigma": [0.5, 1]}, {"d": [1]}, ls.theory.floor)
        >>> found.to_frame()[["sigma", "d", "value"]].values.round(6).tolist()
        [[0.5, 1.0, 0.2], [1.0, 1.0, 0.5]]
        """
        y, x = np.meshgrid(self.y, self.x, indexing="ij")
        columns = {
            self.x_name: x.ravel(), self.y_name: y.ravel(), "value": self.value.ravel(),
            "error": self.error.ravel(), "status": [text for row in self.statuses for text in row],
        }  # fmt: skip
        return display.frame(columns)

    def plot(self, ax: Any = None) -> Any:
        """Draw it: a coloured cell for each pair of values.

        Axes are logarithmic where the values are spaced so, and so are the colours where the value
        spans decades. Hatched cells are doubtful; grey ones have no answer.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure's where it is not given.

        Returns
        -------
        matplotlib Axes

        Examples
        --------
        >>> import linscale as ls
        >>> model_of = lambda d, sigma: ls.SubspaceModel(100, d, sigma)
        >>> found = ls.phase(model_of, {"sigma": [0.5, 1]}, {"d": [1, 2]}, ls.theory.floor)
        >>> axes = found.plot()
        >>> axes.get_xlabel(), axes.get_ylabel()
        ('noise $\\\\sigma$', 'subspace dimension $d$')
        """
        return display.drawn("draw_phase", self, ax)


def phase(
    model_of: Callable[..., Any],
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    question: Callable[..., Any],
    *,
    store: str | Path | None = None,
    name: str | None = None,
    workers: int = 1,
    progress: Progress = True,
    retry_failed: bool = False,
) -> Phase:
    r"""Ask a question of a model wherever two of its parameters may be.

        value[i, j] = question(model_of(x_j, y_i))

    With a store every finished cell is kept at once: killed at any moment, by Ctrl-C, kill -9 or a
    power failure, the same call goes on from there, and asks only what is missing. Other values of
    the same axes, and other diagrams, may share the store.

    Parameters
    ----------
    model_of : callable
        Called with both parameters by name; gives what the question takes, usually a model. A
        tuple is what it takes in order: ``(model, n_train)`` where n_train is an axis. With a store
        it is called for finished cells too, whose model must be the one that was asked about.
    x, y : mapping
        One parameter and its numbers each, ``{"sigma": [0.05, 0.1]}``. ``{"sigma": {"from": 0.01,
        "to": 1, "count": 20}}`` is spaced evenly in the logarithm, in integers where both ends are;
        without ``count`` every integer.
    question : callable
        Answers with a number, or with something that has value, error and status:
        :func:`linscale.theory.saturation`, say, :func:`linscale.theory.local_exponent`, or
        ``functools.partial(linscale.early_stopped, method="theory")``. It has to answer the same
        each time: simulation does, unless its seed is None.
    store : str or Path, optional
        A file; made if it is missing.
    name : str, optional
        What the store knows the question by. It is needed for lambdas and local functions; others
        have their own. An answer is kept for the name alone, so a changed question needs a new one.
        (A change is noticed in its code, its arguments, and in numbers, texts and dictionaries of
        them that it reads; not in lists and other objects.)
    workers : int
        Processes, each with BLAS on one thread; 1 computes in this one, with the same numbers.
    progress : bool or callable
        True: a bar with rate and time left, where there is a terminal. A callable is called once
        for each cell finished now.
    retry_failed : bool
        Ask again where the store says that there is no answer: with another version, say.

    Returns
    -------
    Phase
        Where an error of linscale says that the question has no answer, the value is nan and the
        status says why.

    Raises
    ------
    InvalidArgument
        Naming the argument; a question or a model that is not what the store was filled with.
    InputError
        A store that cannot be used; see :class:`linscale.sweep.Store`.

    Examples
    --------
    Where more examples stop helping, by noise and dimension of the signal:

    >>> import linscale as ls
    >>> found = ls.phase(
    ...     lambda sigma, d: ls.SubspaceModel(n=30, d=d, sigma=sigma),
    ...     {"sigma": [0.2, 0.4]}, {"d": [2, 4]}, ls.theory.saturation,
    ... )
    >>> found.value.shape, bool(found.value[1, 1] > found.value[0, 1])
    ((2, 2), True)
    """
    for argument, given in (("model_of", model_of), ("question", question)):
        if not callable(given):
            raise InvalidArgument(argument, repr(given)[:60], "callable")
    workers = validate.integer("workers", workers, at_least=1)
    validate.flag("retry_failed", retry_failed)
    (x_name, xs), (y_name, ys) = axis("x", x), axis("y", y)
    if x_name == y_name:
        raise InvalidArgument("y", repr(y_name), "another parameter than x")
    if xs.size * ys.size > LARGEST:
        raise InvalidArgument(
            "x, y", f"{xs.size:,} x {ys.size:,} values", f"at most {LARGEST:,} cells"
        )
    _check_keywords(model_of, x_name, y_name)
    word = _word(question, name, store is not None)
    cells = [{x_name: a, y_name: b} for b in ys.tolist() for a in xs.tolist()]
    found: list[Answer | None] = [None] * len(cells)
    with nullcontext() if store is None else PhaseStore(store) as kept:
        if kept is not None:
            kept.check_question(word, fingerprint(question))
            found = kept.find(word, cells)
            if retry_failed:
                found = [None if a is None or a.failed else a for a in found]
            _check_models(model_of, cells, found, kept.path, workers)
        missing = [place for place, answer in enumerate(found) if answer is None]
        jobs = [(model_of, question, cells[place], kept is not None) for place in missing]
        with (
            _stepper(progress, len(cells), len(cells) - len(missing)) as step,
            closing(results(ask, jobs, workers)) as answers,
        ):
            for job, answer in answers:
                place = missing[job]
                if answer.unfit:
                    raise InvalidArgument("question", f"a function that gives {answer.unfit}",
                                          f"one that gives {NUMBER}")  # fmt: skip
                if kept is not None:
                    kept.add(word, cells[place], answer)
                found[place] = answer
                step()
        notes = () if kept is None else kept.notes(word)
    table = [[a for a in found[i : i + xs.size] if a] for i in range(0, len(cells), xs.size)]
    return Phase(
        question=word, x_name=x_name, y_name=y_name, x=xs, y=ys, notes=notes,
        value=np.array([[answer.value for answer in row] for row in table]),
        error=np.array([[answer.error for answer in row] for row in table]),
        statuses=tuple(tuple(answer.status for answer in row) for row in table),
    )  # fmt: skip


def _check_keywords(model_of: Callable[..., Any], *names: str) -> None:
    """Raise before anything is asked if model_of does not take the axes' parameters."""
    try:
        found = signature(model_of)
    except (TypeError, ValueError):  # some built-in callables do not tell
        return
    try:
        found.bind(**dict.fromkeys(names))
    except TypeError as error:
        raise InvalidArgument(
            "model_of", f"a function of {found}", f"one of {' and '.join(names)}: {error}"
        ) from None


def _word(question: Callable[..., Any], name: str | None, stored: bool) -> str:
    """The question's name."""
    if name is not None:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise InvalidArgument("name", repr(name)[:60], "a text of one line")
        return name
    found = name_of(question)
    if found is None and stored:
        raise InvalidArgument(
            "name", None, "given where the question is a lambda, a local function or an object: "
            "the store has to know it again"
        )  # fmt: skip
    return found or "question"


def _check_models(
    model_of: Callable[..., Any],
    cells: list[At],
    found: list[Answer | None],
    path: Path,
    workers: int,
) -> None:
    """Raise if a finished cell is of another model than model_of gives now."""
    known = [(at, answer.model) for at, answer in zip(cells, found, strict=True) if answer]

    def check(some: list[tuple[At, Any]], workers: int) -> None:
        with closing(results(asked_about, [(model_of, at) for at, _ in some], workers)) as now:
            for place, model in now:
                at, before = some[place]
                if not alike(before, model):
                    where = ", ".join(f"{name} = {value:g}" for name, value in at.items())
                    raise InvalidArgument(
                        "model_of", f"another model at {where} than that of the answer in {path}",
                        "the same in one store: give name=..., or another store",
                    )  # fmt: skip

    start = time.perf_counter()
    check(known[:PROBE], 1)
    left = (time.perf_counter() - start) * len(known) / PROBE
    check(known[PROBE:], workers if left > WORTH_PROCESSES else 1)


def _span(values: NDArray[Any]) -> str:
    """From the least to the largest, briefly."""
    ends = [float(v) for v in (values.min(), values.max())]
    low, high = (f"{v:,.0f}" if 1e3 <= abs(v) < 1e9 else f"{v:.4g}" for v in ends)
    return low if low == high else f"{low} to {high}"
