"""Every public callable has an example that runs; signatures differ for a reason alone."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from itertools import combinations
from pathlib import Path

import pytest

import linscale as ls
import linscale.studies
from linscale.answer.estimator import ESTIMATORS
from linscale.filters.stored import FILTERS
from linscale.studies.study import KINDS

from .docstrings import faults, parameters, public

SPACES = {"linscale": ls, "linscale.theory": ls.theory, "linscale.montecarlo": ls.montecarlo}
NAMESPACES = [
    *SPACES.values(), ls.forward, ls.covariances, ls.empirical, ls.plotting, ls.sweep, ls.symbolic,
    ls.filters, ls.errors,
    *map(importlib.import_module, [f"linscale.{n}" for n in ("operators", "images", "models",
                                                             "results", "answer")]),
    *(importlib.import_module(f"linscale.studies.{m.name}")
      for m in pkgutil.iter_modules(linscale.studies.__path__)),
]  # fmt: skip
PUBLIC = public(NAMESPACES)
MODULES = ["linscale", *(m.name for m in pkgutil.walk_packages(ls.__path__, "linscale."))]
WORDS = {"seed": "rng", "random_state": "rng", "draws": "trials", "n_trials": "trials"}
RECORDS = {"linscale.empirical.table.Result: seed"}  # which run of a log it is: nothing is drawn


@pytest.mark.parametrize("thing", PUBLIC, ids=[thing.name for thing in PUBLIC])
def test_docstring(thing):
    """Public are the functions and classes that a namespace lists in ``__all__`` (without one: that
    are defined there, without an underscore), and the methods of such classes; not properties, nor
    a method that overrides a documented one, whose docstring holds for it.

    - Each has an example; a method may be shown by its class's, which calls or writes it.
    - Each parameter, a constructor's too, is an entry of Parameters or Attributes or is quoted as
      ``name``: in the docstring, its class's, or another's that it refers to by "as in", "as for"
      or "of". Errors are made by the package alone, and their constructors are not asked.
    - A function that returns something has Returns. (A method may say it in its first line.)
    - What raises an error in its own code has Raises. What it calls is not looked at.
    """
    assert not faults(thing)


def test_everything_public_is_looked_at():
    names = {thing.name for thing in PUBLIC}
    assert len(names) > 200
    assert {
        "linscale.theory.limits.converged", "linscale.montecarlo.sampler.Sampler.choose",
        "linscale.studies.training.image_study", "linscale.sweep.store.Store.add",
        "linscale.filters.base.Filter.domain", "linscale.images.covariances.bootstrap",
    } <= names  # fmt: skip
    assert "linscale.filters.gradient.GradientFlow.residual" not in names  # as Filter.residual says


def other_words(things):
    """Parameters that have another word in this package."""
    every = {f"{t.name}: {word}" for t in things for word in WORDS.keys() & set(parameters(t))}
    return every - RECORDS


def test_one_word_for_one_thing():
    assert not other_words(PUBLIC)


class Finder(doctest.DocTestFinder):
    """Finds what is decorated too: a wrapper's globals are those of the decorator's module."""

    def _from_module(self, module, obj):
        return super()._from_module(module, inspect.unwrap(obj))


def examples(module):
    """The module's docstrings with examples; each begins with nothing, so imports what it needs."""
    found = [t for t in Finder().find(module, module.__name__, globs={}) if t.examples]
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    tree = ast.parse(Path(module.__file__).read_text())
    written = [
        n for n in ast.walk(tree) if isinstance(n, kinds) and ">>> " in (ast.get_docstring(n) or "")
    ]
    assert len(found) == len(written), "an example that nothing runs"
    return found


def run_examples(module):
    runner, said = doctest.DocTestRunner(verbose=False), []
    for test in examples(module):
        runner.run(test, out=said.append)
    if runner.failures:
        raise AssertionError("".join(said))


@pytest.fixture
def as_it_was(monkeypatch, tmp_path):
    """What an example registers is gone after it, and what it writes where it stands is seen."""
    before = [(registry, dict(registry)) for registry in (ESTIMATORS, FILTERS, KINDS)]
    for registry, words in before:  # other tests' words, which an example may give to its own
        registry.clear()
        registry.update({w: c for w, c in words.items() if c.__module__.startswith("linscale.")})
    monkeypatch.chdir(tmp_path)
    yield
    for registry, words in before:
        registry.clear()
        registry.update(words)
    assert not list(tmp_path.iterdir()), "an example leaves a file"


@pytest.mark.usefixtures("as_it_was")
@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    run_examples(importlib.import_module(name))


# Signatures of what theory, simulation and the top answer alike.


def keywords(function):
    """Defaults of what is given by name alone."""
    every = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in every if p.kind is p.KEYWORD_ONLY}


def reasons(function, other):
    """The paragraphs that speak of options and refer to the other function."""
    paragraphs = re.split(r"\n\s*\n", inspect.getdoc(function))
    said = [" ".join(p.split()) for p in paragraphs]
    return "\n".join(p for p in said if "options" in p.lower() and f":func:`{other}`" in p)


def check_pair(name, one, two):
    """Of (namespace, function) each."""
    (_, first), (_, second) = one, two
    kinds = inspect.Parameter
    for function in (first, second):
        every = inspect.signature(function).parameters.values()
        assert {p.kind for p in every} <= {kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY}
        needed = [p for p in every if p.kind is kinds.POSITIONAL_OR_KEYWORD]
        assert all(p.default is p.empty for p in needed), "an option that has a place"
    asked = [list(inspect.signature(f).parameters) for f in (first, second)]
    places = [p[: len(p) - len(keywords(f))] for p, f in zip(asked, (first, second), strict=True)]
    assert places[0] == places[1]
    returns = [inspect.signature(f).return_annotation for f in (first, second)]
    assert returns[0] == returns[1]
    options = keywords(first), keywords(second)
    shared = options[0].keys() & options[1].keys()
    others = [word for word in shared if options[0][word] != options[1][word]]
    assert others in ([], ["trials"])
    for (_, function), (space, _) in ((one, two), (two, one)):
        said = reasons(function, f"{space}.{name}")
        assert said or options[0].keys() == options[1].keys(), "other options, and not why"
        assert all(f"``{word}``" in said for word in others), "another default, and not why"


def shared_names():
    for one, two in combinations(SPACES.items(), 2):
        for name in sorted(set(one[1].__all__) & set(two[1].__all__)):
            yield name, *((space, getattr(module, name)) for space, module in (one, two))


SHARED = list(shared_names())


@pytest.mark.parametrize(
    ("name", "one", "two"), SHARED, ids=[f"{n}-{a[0]}-{b[0]}" for n, a, b in SHARED]
)
def test_signatures_agree(name, one, two):
    """What two of the three namespaces share takes the same things in the same places, everything
    else by name alone, and returns the same type. A default that both have is the same one, but for
    ``trials``. Where the options are others, or ``trials`` is, the docstring of each has a
    paragraph that refers to the other function, speaks of "options" and names ``trials``.
    """
    check_pair(name, one, two)


def test_what_is_shared():
    assert {name for name, *_ in SHARED} == {
        "best_ridge", "converged", "early_stopped", "pca", "risk"
    }  # fmt: skip


# Planted errors.


@pytest.fixture
def planted(tmp_path, monkeypatch):
    def plant(source):
        path = tmp_path / "planted.py"
        path.write_text(source)
        spec = spec_from_file_location("planted", path)
        module = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "planted", module)
        spec.loader.exec_module(module)
        return module

    return plant


WANTING = '''
from __future__ import annotations

def bare(x) -> int:
    """Nothing is said of x, but of ``y``."""
    if x > 0:
        raise ValueError(x)
    return x

def silent(task, draws) -> int:
    """What ``draws`` are is said here; of task as for :func:`linscale.predict`.

    Raises
    ------
    ValueError
    """

class Shown:
    """One.

    Examples
    --------
    >>> Shown().kept()
    1
    """

    def kept(self):
        """One."""
        return 1

    def forgotten(self, y):
        """Nothing."""
'''


def test_what_a_docstring_lacks_is_found(planted):
    found = {thing.name: thing for thing in public([planted(WANTING)], "planted")}
    assert {name: faults(thing, "planted") for name, thing in found.items()} == {
        "planted.bare": ["no example", "x is not named", "no Returns", "no Raises"],
        "planted.silent": ["no example", "no Returns"],
        "planted.Shown": [],
        "planted.Shown.kept": [],
        "planted.Shown.forgotten": ["no example", "y is not named"],
    }
    assert other_words(found.values()) == {"planted.silent: draws"}


FUNCTION = '''
{head}
def f():
    """Two.

    >>> from planted import f
    >>> {call}
    2
    """
    return {value}
'''
GOOD = {"head": "", "call": "f()", "value": "2"}
WRONG = {
    "output": ({"value": "3"}, "Expected:\n    2\nGot:\n    3"),
    "import": ({"call": "np.add(1, 1)"}, "name 'np' is not defined"),
    # Behind a wrapper from another module, which doctest by itself passes over.
    "wrapped": (
        {"head": "from linscale.support.blas import one_thread\n@one_thread()", "value": "3"},
        "Got:\n    3",
    ),
    "inner": ({"value": '2\n\ndef g():\n    def h():\n        ">>> 1"'}, "nothing runs"),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_an_example_that_is_wrong_fails(planted, change, said):
    run_examples(planted(FUNCTION.format(**GOOD)))
    with pytest.raises(AssertionError, match=said):
        run_examples(planted(FUNCTION.format(**(GOOD | change))))


OPTIONS = '''
def risk(model, n_train, *, trials=1, rng=0):
    """Options are others than of :func:`theory.risk`, as are ``trials``."""

def other_place(n_train, model, *, trials=1, rng=0):
    """Options are others than of :func:`theory.risk`, as are ``trials``."""

def with_place(model, n_train, rng=0, *, trials=1):
    """Options are others than of :func:`theory.risk`, as are ``trials``."""

def other_default(model, n_train, *, trials=1, rng=1):
    """Options are others than of :func:`theory.risk`, as are ``trials``."""

def no_reason(model, n_train, *, trials=1, rng=0):
    """Options are others, as are ``trials``.

    But of :func:`theory.risk` not a word.
    """

def not_said(model, n_train, *, trials=1, rng=0):
    """Options are others than of :func:`theory.risk`."""
'''


def theory_risk(model, n_train, *, trials=2, rng=0, order=1):
    """Options are others than of :func:`planted.risk`, as are ``trials``."""


def test_signatures_that_differ_without_a_reason_are_found(planted):
    module, theory = planted(OPTIONS), ("theory", theory_risk)
    check_pair("risk", ("planted", module.risk), theory)
    for name in ("other_place", "with_place", "other_default", "no_reason", "not_said"):
        with pytest.raises(AssertionError):
            check_pair("risk", ("planted", getattr(module, name)), theory)
