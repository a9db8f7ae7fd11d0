"""What a derivation is made of: prose, assumptions, lemmas, steps, checks and results.

A module of this folder states one result and has a function ``derive(d)`` that builds it, telling
each move to the :class:`Derivation` it is given. The same run that computes the result writes the
document, so the two cannot part. Every equation passes through the recorder, which can be told to
spoil one of them: a derivation whose tests do not notice proves nothing (tests/derivations).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp


class Broken(Exception):
    """A check inside a derivation does not hold."""


@dataclass(frozen=True)
class Tamper:
    """Spoil one term of the ``equation``-th equation: flip its sign, or drop it."""

    equation: int
    term: int = 0
    drop: bool = False


@dataclass(frozen=True)
class Line:
    """One line of the write-up; ``expr`` is None for prose."""

    kind: str  # "say", "assume", "lemma", "step", "check", "result"
    text: str
    expr: sp.Basic | None = None
    lhs: str = ""
    source: str = ""
    name: str = ""


@dataclass
class Derivation:
    """Recorder of one derivation.

    Attributes
    ----------
    lines : list of Line
        The write-up, in order.
    results : dict
        What came out: the expressions that tests hold against the package.
    """

    tamper: Tamper | None = None
    lines: list[Line] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    equations: int = 0

    def say(self, text: str) -> None:
        """Prose between two equations. Markdown, with $...$ for formulas."""
        self.lines.append(Line("say", text))

    def assume(self, text: str) -> None:
        """What must hold for the result."""
        self.lines.append(Line("assume", text))

    def lemma(self, text: str, source: str, expr: Any = None, lhs: str = "") -> Any:
        """A theorem taken over, with its source; the algebra that follows from it is ours."""
        return self._equation(Line("lemma", text, expr, lhs, source))

    def step(self, expr: Any, text: str = "", lhs: str = "") -> Any:
        """An intermediate equation, lhs = expr; returns expr for the steps that build on it."""
        return self._equation(Line("step", text, expr, lhs))

    def result(self, name: str, expr: Any, text: str = "", lhs: str = "") -> Any:
        """An equation that comes out, kept under ``name`` in ``results``."""
        expr = self._equation(Line("result", text, expr, lhs, name=name))
        self.results[name] = expr
        return expr

    def verify(
        self, difference: Any, text: str, simplify: Callable[[Any], Any] = sp.cancel
    ) -> None:
        """Something that must vanish identically (every entry of a matrix); Broken if not."""
        for entry in difference if isinstance(difference, sp.MatrixBase) else [difference]:
            left = simplify(entry)
            if left != 0:
                raise Broken(f"{text}: {sp.sstr(left)[:200]} is not 0")
        self.lines.append(Line("check", text))

    def _equation(self, line: Line) -> Any:
        if line.expr is None:
            self.lines.append(line)
            return None
        expr = line.expr
        if self.tamper is not None and self.tamper.equation == self.equations:
            expr = spoiled(expr, self.tamper.term, self.tamper.drop)
        self.equations += 1
        self.lines.append(Line(line.kind, line.text, expr, line.lhs, line.source, line.name))
        return expr


def spoiled(expr: Any, term: int = 0, drop: bool = False) -> Any:
    """expr with one term of its first sum negated or dropped; a product without sums is negated."""
    if isinstance(expr, sp.MatrixBase):
        entry = next(i for i, x in enumerate(expr) if x != 0)
        out = expr.as_mutable()
        out[entry] = spoiled(out[entry], term, drop)
        return out.as_immutable()
    if isinstance(expr, sp.Equality):
        return sp.Eq(expr.lhs, spoiled(expr.rhs, term, drop), evaluate=False)
    total = next((e for e in sp.preorder_traversal(expr) if isinstance(e, sp.Add)), None)
    if total is None:
        return -expr
    one = total.args[term % len(total.args)]
    return expr.xreplace({total: total - (one if drop else 2 * one)})


def identically_zero(expr: Any) -> Any:
    """0 if a rational function vanishes at three rational points, evaluated exactly.

    For expressions too large to expand. One that is not zero, of degree D, vanishes at such points
    with a chance of about (D/10^5)^3 (Schwartz and Zippel).
    """
    names = sorted(expr.free_symbols, key=str)
    for prime in (7919, 104729, 15485863):
        point = {
            name: sp.Rational(1 + prime * (i + 1) ** 2 % 99991, 10007 + 100 * i)
            for i, name in enumerate(names)
        }
        value = sp.sympify(expr).xreplace(point)
        if value != 0:
            return value
    return sp.Integer(0)
