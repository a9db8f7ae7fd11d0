"""A cell of a phase diagram: where it is, how it is asked, and the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.errors import InvalidArgument, LinscaleError, MissingDevice
from linscale.support import validate
from linscale.sweep.fingerprint import fingerprint, said
from linscale.sweep.ranges import expand

LARGEST_VALUE = 2**53  # of integers: kept exactly by SQLite and JSON, and as a float
TAKEN = ("value", "error", "status")  # columns of the answer's table
NUMBER = "a number, or something with value, error and status, such as a RiskPoint"
NO_ANSWER = (LinscaleError, np.linalg.LinAlgError)

At = dict[str, Any]  # the two keyword arguments of model_of


@dataclass(frozen=True)
class Answer:
    """What a question answered in one cell.

    Attributes
    ----------
    value, error : float
        nan where there is no answer, and where its error is not said.
    status : str
        "ok", what to know before trusting the value, or why there is none.
    failed : bool
        Whether there is no answer.
    model : JSON
        Fingerprint of what was asked about; None where nobody will compare it.
    unfit : str
        What the question returned, where that is no number.
    """

    value: float
    error: float
    status: str
    failed: bool = False
    model: Any = None
    unfit: str = ""


def axis(name: str, given: Any) -> tuple[str, NDArray[Any]]:
    """Name and values of an axis: integers where all are, else floats.

    Raises
    ------
    InvalidArgument
        Naming the argument, or the axis, what was given and what may be.
    """
    if not isinstance(given, Mapping) or len(given) != 1:
        raise InvalidArgument(
            name, repr(given)[:60], "a mapping with one entry, such as {'sigma': [0.05, 0.1]}"
        )
    ((word, values),) = given.items()
    if not isinstance(word, str) or not word.isidentifier() or word in TAKEN:
        others = ", ".join(TAKEN)
        raise InvalidArgument(name, repr(word)[:60], f"a keyword of model_of, and none of {others}")
    ends = [values.get(k) for k in ("from", "to")] if isinstance(values, Mapping) else []
    found = expand(word, values, whole=all(map(_whole, ends)))
    if all(map(_whole, found)):
        if max(map(abs, found)) > LARGEST_VALUE:
            raise InvalidArgument(word, max(map(abs, found)), f"at most {LARGEST_VALUE}")
        array = np.array(found, dtype=np.int64)
    else:
        for value in found:
            if isinstance(value, bool | np.bool_ | str):
                raise InvalidArgument(word, repr(value), "numbers")
        array = np.array([validate.finite(word, value) for value in found])
    if np.unique(array).size < array.size:
        raise InvalidArgument(word, array, "values of which each is there once")
    return word, array


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def ask(
    model_of: Callable[..., Any], question: Callable[..., Any], at: At, compared: bool
) -> Answer:
    """Answer one cell, in this thread; ``compared`` if its fingerprint will be.

    Raises
    ------
    MissingDevice
        The question needs one: that is no answer, since another machine may have it.
    """
    model = None
    try:
        given = model_of(**at)
        model = _marked(given) if compared else None
        answer = question(*given) if isinstance(given, tuple) else question(given)
    except MissingDevice:
        raise
    except NO_ANSWER as error:
        if compared and model is None:
            model = _no_model(error)
        return Answer(np.nan, np.nan, f"no answer: {error}", failed=True, model=model)
    number = getattr(answer, "value", answer)
    status = str(getattr(answer, "status", "ok"))
    try:
        if np.ndim(number) > 0 or isinstance(number, str):
            raise TypeError
        value, off_by = float(number), float(getattr(answer, "error", np.nan))
    except (TypeError, ValueError):
        return Answer(np.nan, np.nan, "", unfit=f"a {type(answer).__name__}")
    return Answer(value, off_by, status, model=model)


def asked_about(model_of: Callable[..., Any], at: At) -> Any:
    """The fingerprint alone, without asking."""
    try:
        return _marked(model_of(**at))
    except MissingDevice:
        raise
    except NO_ANSWER as error:
        return _no_model(error)


def _marked(given: Any) -> Any:
    """Without a spectrum there may be an answer all the same."""
    try:
        return fingerprint(given)
    except NO_ANSWER as error:
        return _no_model(error)


def _no_model(error: Exception) -> dict[str, Any]:
    return {"no model": said(str(error))}
