"""What is public in the package, and what its docstrings say of it."""

from __future__ import annotations

import ast
import doctest
import inspect
import pydoc
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

OWN = "linscale"
SECTION = re.compile(r"^(\w[\w ]*)\n(-+)$", re.MULTILINE)
ENTRY = re.compile(r"^\*{0,2}(\w+(?:, \w+)*)(?: : .+)?$", re.MULTILINE)  # "x, y : (p, N) arrays"
QUOTED = re.compile(r"``(\w+)``")
REFERENCE = re.compile(r"\b(?:as in|as for|of) :(?:func|class|meth):`~?([\w.]+)`", re.IGNORECASE)


@dataclass(frozen=True)
class Public:
    """A function, a class, or a method of ``owner``."""

    name: str
    value: Any
    owner: type | None = None

    @property
    def is_class(self) -> bool:
        return inspect.isclass(self.value)

    @property
    def doc(self) -> str:
        return inspect.cleandoc(self.value.__doc__ or "")


def exported(module: ModuleType) -> Iterator[Public]:
    """Functions and classes of ``__all__``; without it, the public ones that are defined there."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
        ]
    for name in names:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(inspect.unwrap(value)):
            yield Public(f"{inspect.unwrap(value).__module__}.{value.__qualname__}", value)


def methods(cls: type, own: str = OWN) -> Iterator[Public]:
    """Public methods of a class and its bases, but those that override a documented one."""
    for base in cls.__mro__:
        if not base.__module__.startswith(own):
            continue
        for name, value in vars(base).items():
            function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            if name.startswith("_") or not inspect.isfunction(inspect.unwrap(function)):
                continue
            if not any(getattr(vars(b).get(name), "__doc__", None) for b in base.__mro__[1:]):
                whole = f"{base.__module__}.{base.__qualname__}.{name}"
                yield Public(whole, function, base)


def public(modules: list[ModuleType], own: str = OWN) -> list[Public]:
    """Everything public there, each once, by name."""
    found = [thing for module in modules for thing in exported(module)]
    found += [m for thing in found if thing.is_class for m in methods(thing.value, own)]
    return sorted({thing.name: thing for thing in found}.values(), key=lambda thing: thing.name)


def signature(thing: Public, own: str = OWN) -> inspect.Signature:
    """Of a class its constructor's, where it has one of its own."""
    if not thing.is_class:
        return inspect.signature(thing.value)
    if not getattr(thing.value, "_is_protocol", False):
        for base in thing.value.__mro__:
            for name in ("__init__", "__new__"):
                if base.__module__.startswith(own) and name in vars(base):
                    return inspect.signature(vars(base)[name])
    return inspect.Signature()


def parameters(thing: Public, own: str = OWN) -> list[str]:
    """Names of the parameters, without self and cls."""
    names = list(signature(thing, own).parameters)
    if names and (thing.is_class or names[0] in ("self", "cls")):
        names = names[1:]
    return names


def sections(doc: str) -> dict[str, str]:
    """The sections by their headings; what is before the first under ""."""
    found, name, start = {}, "", 0
    for heading in SECTION.finditer(doc):
        if len(heading[1]) == len(heading[2]):
            found[name] = doc[start : heading.start()]
            name, start = heading[1], heading.end()
    return {**found, name: doc[start:]}


def named(doc: str) -> set[str]:
    """Entries of Parameters and Attributes, and what is quoted as ``name`` outside of examples."""
    parts = sections(doc)
    parts.pop("Examples", None)
    found = set(QUOTED.findall("\n".join(parts.values())))
    for heading in ("Parameters", "Attributes", "Class attributes"):
        for entry in ENTRY.findall(parts.get(heading, "")):
            found |= set(entry.split(", "))
    return found


def says(thing: Public, seen: frozenset[str] = frozenset()) -> set[str]:
    """Names that the docstring explains, itself or by "as in", "as for" or "of" another's.

    A method's may be explained by its class, and a class's constructor by a base.
    """
    found = named(thing.doc)
    others = [resolved(name, thing) for name in REFERENCE.findall(" ".join(thing.doc.split()))]
    if thing.is_class:
        others += [b for b in thing.value.__mro__[1:] if b.__module__.startswith(OWN)]
    elif thing.owner is not None:
        others.append(thing.owner)
    for other in others:
        name = f"{inspect.unwrap(other).__module__}.{other.__qualname__}"
        if name not in seen:
            found |= says(Public(name, other), seen | {name})
    return found


def resolved(name: str, thing: Public) -> Any:
    """What a docstring refers to, as seen from where it stands."""
    module = inspect.unwrap(thing.value).__module__
    places = [thing.owner or thing.value, sys.modules[module]]
    whole = pydoc.locate(name) if name.startswith(f"{OWN}.") else None
    found = [getattr(place, name, None) for place in places] + [whole]
    return next(value for value in found if value is not None)


def raises(thing: Public) -> bool:
    """Whether its own code raises an error; of a class, that of its constructor."""
    module = inspect.unwrap(thing.value).__module__
    made = [vars(thing.value).get(n) for n in ("__init__", "__new__", "__post_init__")]
    for function in made if thing.is_class else [thing.value]:
        function = inspect.unwrap(function)
        if getattr(function, "__module__", "") != module or not written(function):
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
        inner = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)][1:]
        hidden = {id(n) for part in inner for n in ast.walk(part)}
        if any(isinstance(n, ast.Raise) and n.exc and id(n) not in hidden for n in ast.walk(tree)):
            return True
    return False


def written(function: Any) -> bool:
    """Whether it stands in a file: a dataclass's own do not."""
    return inspect.isfunction(function) and not function.__code__.co_filename.startswith("<")


def has_example(thing: Public) -> bool:
    """Its own, or of a method one of its class's that calls or writes it."""
    if sources(thing.doc):
        return True
    name = thing.name.rpartition(".")[2]
    shown = thing.owner is not None and sources(Public("", thing.owner).doc)
    return bool(shown) and re.search(rf"(?:\.|\bdef ){name}\(", shown) is not None


def sources(doc: str) -> str:
    """The code of a docstring's examples."""
    return "\n".join(example.source for example in doctest.DocTestParser().get_examples(doc))


def faults(thing: Public, own: str = OWN) -> list[str]:
    """What its docstring lacks."""
    found = [] if has_example(thing) else ["no example"]
    if not (thing.is_class and issubclass(thing.value, BaseException)):
        found += [
            f"{name} is not named" for name in parameters(thing, own) if name not in says(thing)
        ]
    parts = sections(thing.doc)
    is_function = not thing.is_class and thing.owner is None
    if is_function and "Returns" not in parts and signature(thing).return_annotation != "None":
        found.append("no Returns")
    if raises(thing) and "Raises" not in parts:
        found.append("no Raises")
    return found
