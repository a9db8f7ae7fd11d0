r"""The closed forms of the subspace model as SymPy expressions and as LaTeX, for papers.

    >>> import linscale as ls
    >>> ls.symbolic.converged.expr
    sigma**2*(n/(N - n - 1) + 1)/(sigma**2 + 1)

Each is a :class:`ClosedForm` in the symbols n, d, N, sigma and where it has them eta (the step), t
(the time), m and z; ``FORMS`` has them by name. Risks are divided by d, as everywhere. They are
built here from the definitions, and tests hold them equal to the derivations.

What each of them is, where it holds, and what it needs:

    >>> for form in ls.symbolic.FORMS.values():
    ...     print(f"{form.name}: {', '.join(sorted(map(str, form.expr.free_symbols)))}")
    floor: sigma
    one_step: N, d, eta, n, sigma
    best_step: N, d, n, sigma
    two_steps: N, d, eta, n, sigma
    converged: N, n, sigma
    cubic: N, d, m, n, sigma, z
    transition: d, n, sigma
    large_n: N, d, n, sigma, t
    >>> ls.symbolic.converged.says
    'risk of gradient descent run to convergence: exact for N > n + 1'

With numbers they give what :mod:`linscale.theory` gives under the same names, best_step what
:func:`linscale.theory.best_one_step` has in ``at``:

    >>> small = {"n": 4, "d": 2, "sigma": 1}
    >>> print(f"{ls.symbolic.floor(sigma=1):.3f}, {ls.symbolic.transition(**small):.2f}")
    0.500, 34.64
    >>> print(f"{ls.symbolic.one_step(N=30, eta=0.5, **small):.3f}")
    0.600
    >>> print(f"{ls.symbolic.best_step(N=30, **small):.3f}")
    0.417
    >>> print(f"{ls.symbolic.two_steps(N=30, eta=0.5, **small):.4f}")
    0.5679
    >>> print(f"{ls.symbolic.converged(N=30, n=4, sigma=1):.2f}")
    0.58
    >>> print(f"{ls.symbolic.large_n(N=30, t=1, **small):.4f}")
    0.5583
    >>> model = ls.SubspaceModel(**small)
    >>> z = 1 + 1j
    >>> m = 1 / ls.theory.effective_penalty(model, 30, [z])[0]
    >>> abs(ls.symbolic.cubic(N=30, m=m, z=z, **small)) < 1e-10
    True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from linscale.errors import InvalidArgument
from linscale.support import validate
from linscale.theory.wishart import moment

n, d, N = sp.symbols("n d N", positive=True, integer=True)
sigma, eta, t = sp.symbols("sigma eta t", positive=True)
m, z = sp.symbols("m z")

_S2 = sigma**2
_L = (1 + _S2, _S2)  # eigenvalues of S, their multiplicities, and the weight on the first
_COUNT = (d, n - d)
_WEIGHT = 1 / (1 + _S2) ** 2
_FLOOR = _S2 / (1 + _S2)

_l, _f, _x, _y = sp.symbols("l f x y", positive=True)
_T = sp.symbols("T_0:9", positive=True)
_ABBREVIATIONS = {
    _l: 1 + _S2,
    _f: _FLOOR,
    _x: sp.exp(-(1 + _S2) * t),
    _y: sp.exp(-_S2 * t),
    **{T: d * _L[0] ** q + (n - d) * _L[1] ** q for q, T in enumerate(_T)},
}


@dataclass(frozen=True)
class ClosedForm:
    """One formula, lhs = expr.

    Attributes
    ----------
    name : str
        As in ``FORMS``.
    lhs : str
        LaTeX of the left-hand side.
    expr : sympy.Expr
        The right-hand side.
    short : sympy.Expr
        The same in the abbreviations of ``where``, as it is printed.
    where : dict
        LaTeX of the abbreviations: left-hand side and right-hand side.
    says : str
        What it is and where it holds.
    derivation : str
        The module of the project's ``derivations`` that derives it.

    Examples
    --------
    >>> import linscale as ls
    >>> form = ls.symbolic.floor
    >>> form.expr
    sigma**2/(sigma**2 + 1)
    >>> print(form.latex)
    R_\\infty = \\frac{\\sigma^{2}}{\\sigma^{2} + 1}
    >>> form(sigma=0.5)
    0.2
    """

    name: str
    lhs: str
    expr: Any
    says: str
    derivation: str
    short: Any
    where: dict[str, str]

    @property
    def latex(self) -> str:
        """LaTeX of the equation, with its abbreviations after it.

        Examples
        --------
        >>> import linscale as ls
        >>> print(ls.symbolic.two_steps.latex.split(", ")[-2])
        \\quad l = \\sigma^{2} + 1
        """
        parts = [f"{self.lhs} = {sp.latex(self.short)}"]
        parts += [f"{left} = {right}" for left, right in self.where.items()]
        return ", \\quad ".join(parts)

    def __call__(self, **values: Any) -> Any:
        """The value at numbers for all of its symbols.

        Parameters
        ----------
        **values : float
            By the symbols' names: n, d and N whole and at least 1, sigma, eta and t above 0, m and
            z complex.

        Returns
        -------
        float
            In double precision; complex for ``cubic``, whose m and z may be complex.

        Raises
        ------
        InvalidArgument
            A symbol without a value, a value without a symbol, or one outside the formula's range.

        Examples
        --------
        >>> import linscale as ls
        >>> print(f"{ls.symbolic.converged(n=10, N=21, sigma=1):.3f}")
        1.000
        """
        names = {symbol.name: symbol for symbol in self.expr.free_symbols}
        if set(values) != set(names):
            raise InvalidArgument(
                "values",
                ", ".join(sorted(values)) or "none",
                "one for each of " + str(sorted(names)),
            )
        given = {key: _checked(key, value) for key, value in values.items()}
        self._check_range(given)
        at = {names[key]: sp.sympify(value) for key, value in given.items()}
        result = complex(sp.N(self.expr.subs(at), 30))
        return result if "m" in names or "z" in names else result.real

    def _check_range(self, given: dict[str, Any]) -> None:
        if "d" in given and "n" in given and given["d"] > given["n"]:
            raise InvalidArgument("d", given["d"], f"at most n = {given['n']}")
        if self.name == "converged" and given["N"] <= given["n"] + 1:
            raise InvalidArgument("N", given["N"], f"above n + 1 = {given['n'] + 1}")


def _checked(name: str, value: Any) -> Any:
    """Counts are integers, m and z complex, and all else is above 0."""
    if name in ("n", "d", "N"):
        return validate.integer(name, value, at_least=1)
    if name not in ("m", "z"):
        return validate.real(name, value)
    try:
        number = complex(value)
    except (TypeError, ValueError):
        raise InvalidArgument(name, value, "a finite complex number") from None
    if not (np.isfinite(number.real) and np.isfinite(number.imag)):
        raise InvalidArgument(name, value, "a finite complex number")
    return number


def _mean(at: Any, *between: int) -> Any:
    """E Sh S^b1 Sh ... at the eigenvalue ``at``, in the traces T_q."""
    return sum(
        term.pairings * at**term.open * sp.prod([_T[q] for q in term.traces])
        / N**term.power_of_n
        for term in moment(between)
    )  # fmt: skip


def _one_step() -> Any:
    bias = _l - 2 * eta * _l**2 + eta**2 * _mean(_l, 1)
    risk = _FLOOR + _WEIGHT * bias + _FLOOR * eta**2 * _T[2] / N
    return _by_powers_of_step(risk.subs(_ABBREVIATIONS))


def _best_step() -> Any:
    square, slope = sp.Poly(sp.expand(_one_step()), eta).all_coeffs()[:2]
    return sp.factor(-slope / (2 * square))


def _two_steps() -> Any:
    """In l and the traces T_q, which ``_ABBREVIATIONS`` gives."""
    bias = (
        _l - 4 * eta * _l**2
        + eta**2 * (2 * _l * _mean(_l, 0) + 4 * _mean(_l, 1))
        - 4 * eta**3 * _mean(_l, 1, 0)
        + eta**4 * _mean(_l, 0, 1, 0)
    )  # fmt: skip
    at = sp.Symbol("at")
    noise = at * (4 * eta**2 * at - 4 * eta**3 * _mean(at, 0) + eta**4 * _mean(at, 0, 0))
    traced = sum(c * _T[k] for (k,), c in sp.Poly(sp.expand(noise), at).terms())
    # f + 1/l = 1: the risk before the first step.
    floor = 1 - 1 / _l
    return 1 + _by_powers_of_step((bias - _l) / _l**2 + floor * traced / N)


def _by_powers_of_step(risk: Any) -> Any:
    """The same, each power of eta with its factor on one line."""
    powers = sp.Poly(sp.expand(risk), eta).terms()
    return sum(sp.factor(factor) * eta**k for (k,), factor in powers)


def _cubic() -> Any:
    """The companion equation z = -1/m + (1/N) sum_j n_j l_j/(1 + l_j m), cleared."""
    terms = sum(count * l / (1 + l * m) for count, l in zip(_COUNT, _L, strict=True)) / N
    whole = sp.expand(sp.numer(sp.together(z + 1 / m - terms)))
    return sp.collect(whole, m)


def _transition() -> Any:
    third = sp.Rational(1, 3)
    root = sum((count * l**2) ** third for count, l in zip(_COUNT, _L, strict=True))
    return root**3 / (_L[0] - _L[1]) ** 2


def _large_n() -> Any:
    """R_inf + C/N of gradient flow, by divided differences of exp(-t l) at the two eigenvalues.

    In l, f, x and y, which ``_ABBREVIATIONS`` gives.
    """
    slope, bend = -t * _x, t**2 * _x
    across = _x - _y  # over l_1 - l_2 = 1
    twice = slope - across  # rho[1, 1, 2]
    signal = _l**2 * (slope**2 + _x * bend)
    noise = _S2**2 * across**2 / _l + 2 * _x * _S2 * twice
    cost = (
        d * (_f * (1 - _x) ** 2 + sp.expand(signal / _l))
        + (n - d) * (_f * (1 - _y) ** 2 + noise)
        + sp.expand(signal / _l)
    )
    return _f + _x**2 / _l + cost / N


def _form(name: str, lhs: str, short: Any, says: str, derivation: str) -> ClosedForm:
    """With its abbreviations spelled out, in ``expr`` and for the reader."""
    used = [symbol for symbol in _ABBREVIATIONS if symbol in short.free_symbols]
    where = {sp.latex(s): sp.latex(_ABBREVIATIONS[s]) for s in used if s not in _T}
    if any(symbol in _T for symbol in used):
        q = sp.Symbol("q")
        where["T_q"] = sp.latex(d * (1 + _S2) ** q) + " + (n - d) \\sigma^{2 q}"
    expr = short.subs({symbol: _ABBREVIATIONS[symbol] for symbol in used})
    if eta in expr.free_symbols:
        expr = _by_powers_of_step(expr)
    return ClosedForm(name, lhs, expr, says, derivation, short, where)


def _forms() -> dict[str, ClosedForm]:
    forms = (
        _form("floor", "R_\\infty", _FLOOR,
                   "risk of the best linear estimator: what no number of examples improves",
                   "wiener"),
        _form("one_step", "R_1", _one_step(),
                   "risk after one step of gradient descent from 0: exact for every N", "one_step"),
        _form("best_step", "\\eta^\\star", _best_step(),
                   "the step that makes the risk after one step smallest: exact for every N",
                   "one_step"),
        _form("two_steps", "R_2", _two_steps(),
                   "risk after two steps of gradient descent from 0: exact for every N",
                   "two_steps"),
        _form("converged", "R", _FLOOR * (1 + n / (N - n - 1)),
                   "risk of gradient descent run to convergence: exact for N > n + 1",
                   "converged"),
        _form("cubic", "0", _cubic(),
                   "the companion equation: its root m with Im m > 0 for Im z > 0 is the companion "
                   "Stieltjes transform of the sample spectrum as n, d, N grow together",
                   "two_atoms"),
        _form("transition", "N^\\star", _transition(),
                   "the N above which sample eigenvalues of signal and noise form separate bulks, "
                   "as n, d, N grow together", "two_atoms"),
        _form("large_n", "R(t)", _large_n(),
                   "risk of gradient flow at time t to order 1/N at fixed n: leaves out O(1/N^2)",
                   "large_n"),
    )  # fmt: skip
    return {form.name: form for form in forms}


FORMS = _forms()
floor = FORMS["floor"]
one_step = FORMS["one_step"]
best_step = FORMS["best_step"]
two_steps = FORMS["two_steps"]
converged = FORMS["converged"]
cubic = FORMS["cubic"]
transition = FORMS["transition"]
large_n = FORMS["large_n"]
