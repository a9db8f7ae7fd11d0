"""What is estimated in a cell: an estimator's word, or a filter written as a small JSON object.

    early_stopped, converged, pca, best_ridge
    {"filter": "gradient_flow", "times": [1, 10, 100]}
    {"filter": "gradient_descent", "step": 0.1, "iterations": [0, 10, 100]}   step: or "reference"
    {"filter": "heavy_ball", "step": 0.1, "momentum": 0.9, "iterations": [10, 100]}
    {"filter": "nesterov", "step": 0.1, "iterations": [10, 100]}
    {"filter": "ridge", "penalties": [0.01, 0.1, 1]}

or a word of your own :class:`linscale.Estimator` or :class:`linscale.Filter`. The list may be a
range as in :mod:`linscale.sweep.ranges`. A cell keeps the canonical text: the word, or JSON in one
fixed spelling, so that one question has one key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

from linscale.answer.estimator import ESTIMATORS, Estimator, LeastSquares, register
from linscale.errors import InputError, InvalidArgument
from linscale.filters import Converged, Descent, Filter, GradientDescent, stored
from linscale.filters.stored import FILTERS
from linscale.models import SubspaceModel
from linscale.sweep.ranges import expand

REFERENCE = "reference"  # the step of the paper's code, which depends on model and n_train


def allowed() -> str:
    """What may be estimated, as errors say it."""
    return (
        ", ".join(map(repr, ESTIMATORS))
        + " or a filter such as {'filter': 'gradient_flow', 'times': [1, 10, 100]} ("
        + ", ".join(FILTERS)
        + "), or your own once its module is imported (linscale sweep --with MODULE)"
    )


def canonical(given: Any) -> str:
    """The canonical text of a word, a description, its JSON or a filter object.

    Parameters
    ----------
    given : str, mapping, Estimator or Filter
        As at the top of this module.

    Returns
    -------
    str
        The word, or JSON in one fixed spelling.

    Raises
    ------
    InvalidArgument
        Naming the part that is wrong.

    Examples
    --------
    >>> import linscale as ls
    >>> from linscale.sweep.estimators import canonical
    >>> canonical("early-stopped")
    'early_stopped'
    >>> print(canonical(ls.GradientFlow([1, 10])))
    {"filter":"gradient_flow","times":[1.0,10.0]}
    >>> canonical('{"times": [1, 10], "filter": "gradient_flow"}') == canonical(
    ...     {"filter": "gradient_flow", "times": {"from": 1, "to": 10, "count": 2}}
    ... )
    True
    """
    if isinstance(given, str):
        return _canonical_text(given)
    if type(given) is Converged:
        return LeastSquares.word
    if isinstance(given, type) and issubclass(given, Estimator):
        return _word_of(given)
    if isinstance(given, Estimator):
        if vars(given):
            raise InvalidArgument(
                "estimator", type(given).__name__, "without settings of its own, as its word is "
                "all that a store keeps: make a class of each setting",
            )  # fmt: skip
        return _word_of(type(given))
    if isinstance(given, Filter):
        given = stored.described(given)
    if not isinstance(given, Mapping):
        raise InvalidArgument("estimator", repr(given)[:60], allowed())
    return _canonical_json(given)


def is_word(text: str) -> bool:
    """Whether a canonical text is an estimator's word, and not a filter."""
    return not text.startswith("{")


def _word(text: str) -> str:
    word = text.replace("-", "_")
    if word not in ESTIMATORS:
        raise InvalidArgument("estimator", repr(text)[:60], allowed())
    try:
        ESTIMATORS[word]()
    except TypeError:
        raise InvalidArgument(
            "estimator", ESTIMATORS[word].__name__, "without settings of its own, as its word is "
            "all that a store keeps: make a class of each setting",
        ) from None  # fmt: skip
    return word


def _word_of(cls: type[Estimator]) -> str:
    """Its own: that of a class which it is derived from stands for another estimator."""
    if not cls.__dict__.get("word"):
        raise InvalidArgument(
            "estimator", cls.__name__, "an estimator whose class has a word of its own, such as "
            f'word = "{cls.__name__.lower()}", by which it can be stored'
        )  # fmt: skip
    return _word(cls.word)


@lru_cache(maxsize=4096)
def _canonical_text(text: str) -> str:
    if is_word(text.lstrip()):
        return _word(text)
    try:
        described = json.loads(text)
    except ValueError:
        raise InvalidArgument("estimator", repr(text)[:60], allowed()) from None
    return _canonical_json(described)


def _canonical_json(given: Mapping[str, Any]) -> str:
    name = given.get("filter")
    cls = FILTERS.get(name) if isinstance(name, str) else None
    if cls is None:
        raise InvalidArgument(
            "estimator: filter", repr(name)[:60], "one of " + ", ".join(FILTERS)
            + ", or of your own once its module is imported",
        )  # fmt: skip
    names = stored.scalar_names(cls)
    needed = {"filter", cls.path, *(n for n in names if not stored.has_default(cls, n))}
    if not needed <= set(given) <= {*needed, *names}:
        odd = ", ".join(sorted(map(str, (needed - set(given)) | (set(given) - {*needed, *names}))))
        raise InvalidArgument(
            f"estimator: {odd}", "missing" if set(given) < needed else "not understood",
            f"left out, or given, so that {name} has {', '.join(sorted({*needed, *names}))}",
        )  # fmt: skip
    whole = issubclass(cls, Descent)
    values = expand(f"estimator: {cls.path}", given[cls.path], whole=whole)
    scalars = {key: given[key] for key in names if key in given}
    reference = cls is GradientDescent and scalars["step"] == REFERENCE
    trial = {**scalars, "step": 1.0} if reference else scalars
    made = cls(**trial, **{cls.path: values})
    at = made.at + 0.0  # 0.0 and -0.0 are the same question
    canon: dict[str, Any] = {
        "filter": name,
        cls.path: [int(k) for k in at] if whole else at.tolist(),
        **{key: _signless(value) for key, value in stored.scalars(made).items()},
    }
    if reference:
        canon["step"] = REFERENCE
    return dumps(canon)


def _signless(value: Any) -> Any:
    return value + 0.0 if isinstance(value, float) else value


def dumps(value: Any) -> str:
    """JSON in one spelling: sorted keys, no spaces, numbers to full precision."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def build(text: str, model: SubspaceModel, n_train: int) -> Filter | Estimator:
    """The filter or the estimator of a canonical text."""
    if is_word(text):
        return _known_word(text)()
    spec = json.loads(text)
    _known(spec)
    if spec.get("step") == REFERENCE:
        spec["step"] = GradientDescent.reference_step(model, n_train)
    return stored.made(spec)


@lru_cache(maxsize=4096)
def label(text: str) -> str:
    """A short name: the word, or the filter with its scalars and the first digits of its hash."""
    if is_word(text):
        return text
    spec = json.loads(text)
    lists = {key for key, value in spec.items() if isinstance(value, list)}
    cls = FILTERS.get(spec["filter"])  # of rows that somebody else's filter made, it need not be
    names = spec if cls is None else stored.scalar_names(cls)
    order = [n for n in names if n in spec and n not in lists and n != "filter"]
    said = [spec["filter"], *(f"{key}={spec[key]}" for key in order)]
    return " ".join(said) + " #" + sha256(text.encode()).hexdigest()[:12]


def parameter(text: str) -> str:
    """What the path's values count: "time", "iteration" or "penalty"; of an unknown filter, its
    field."""
    if is_word(text):
        return ESTIMATORS[text].parameter if text in ESTIMATORS else ""
    spec = json.loads(text)
    if spec["filter"] in FILTERS:
        return FILTERS[spec["filter"]].parameter
    return str(next(key for key, value in spec.items() if isinstance(value, list)))


def own_classes(texts: Iterable[str]) -> tuple[type[Filter] | type[Estimator], ...]:
    """Classes behind canonical texts that are not the package's: workers have to be told of them.

    They need not be importable there: a notebook's are sent as they are.
    """
    named = (text if is_word(text) else json.loads(text)["filter"] for text in set(texts))
    known: dict[str, Any] = {**ESTIMATORS, **FILTERS}
    return tuple(
        known[word] for word in sorted(named) if not known[word].__module__.startswith("linscale.")
    )


def tell(classes: Iterable[type[Filter] | type[Estimator]]) -> None:
    """Let the words of :func:`own_classes` stand for them in this process too."""
    for cls in classes:
        if issubclass(cls, Filter):
            stored.register(cls)
        else:
            register(cls)


def is_known(text: str) -> bool:
    """Whether this process knows the filter or the estimator of a canonical text."""
    return text in ESTIMATORS if is_word(text) else json.loads(text).get("filter") in FILTERS


def learns_targets(text: str) -> bool:
    """Whether simulation may draw or average the targets' residual."""
    return not is_word(text) or ESTIMATORS[text].learns_targets


def _known(spec: Mapping[str, Any]) -> type[Filter]:
    name = spec["filter"]
    if name not in FILTERS:
        raise _unknown("filter", name)
    return FILTERS[name]


def _known_word(word: str) -> type[Estimator]:
    if word not in ESTIMATORS:
        raise _unknown("estimator", word)
    return ESTIMATORS[word]


def _unknown(kind: str, word: str) -> InputError:
    return InputError(
        f"the {kind} {word!r} is not known here: import the module that defines it first "
        "(linscale sweep --with MODULE)"
    )
