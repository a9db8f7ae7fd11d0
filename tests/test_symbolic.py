"""The closed forms for papers: equal to the derivations and to what the package computes."""

import numpy as np
import pytest
import sympy as sp

import derivations
import linscale as ls
from linscale.cli import main
from linscale.errors import InvalidArgument
from tests.tolerances import CONTRACT, rounding

FORMS = ls.symbolic.FORMS
DERIVED = {  # the same formula among the results of its derivation
    "floor": "subspace_floor", "one_step": "real_risk", "best_step": "best_step",
    "two_steps": "real_subspace", "converged": "real_risk", "cubic": "subspace_cubic",
    "transition": "subspace_transition",
}  # fmt: skip


def by_name(expr):
    """Symbols without assumptions, so that equal names are equal symbols."""
    return expr.xreplace({s: sp.Symbol(s.name) for s in expr.free_symbols})


def subspace(expr):
    """General symbols of a derivation at the values of the subspace model."""
    n, d, sigma = sp.symbols("n d sigma")
    s2 = sigma**2
    values = {
        "l_1": 1 + s2, "l_2": s2, "n_1": d, "n_2": n - d, "w_1": 1 / (1 + s2) ** 2, "w_2": 0,
        "f": s2 / (1 + s2),
    }  # fmt: skip
    return by_name(expr).subs({sp.Symbol(key): value for key, value in values.items()})


@pytest.mark.parametrize("name", DERIVED)
def test_equal_to_the_derivation(name):
    form = FORMS[name]
    derived = derivations.derive(form.derivation).results[DERIVED[name]]
    difference = by_name(form.expr) - subspace(derived)
    if name == "transition":  # cube roots: at exact points
        at = {"n": 35, "d": 8, "sigma": sp.Rational(2, 3), "N": 7}
        difference = difference.subs({sp.Symbol(key): value for key, value in at.items()})
        assert abs(sp.N(difference, 40)) < 1e-35  # digits of integers: of no processor
    else:
        assert sp.cancel(difference) == 0
        spoiled = sp.cancel(difference + sp.Symbol("N") / 10**6)  # a planted error
        assert spoiled != 0


def test_large_n_is_that_of_the_derivation():
    """C(t) of `stopping`, which starts from `large_n`."""
    results = derivations.derive("large_n").results
    flow = subspace(results["flow_real"])
    names = sp.symbols("n d sigma t N")
    at = dict(zip(names, (35, 8, sp.Rational(2, 3), sp.Rational(7, 5), 1), strict=True))
    s2 = at[names[2]] ** 2
    limit = s2 / (1 + s2) + sp.exp(-2 * at[names[3]] * (1 + s2)) / (1 + s2)
    whole = by_name(FORMS["large_n"].expr).subs(at) - limit
    assert abs(sp.N(whole - flow.subs(at), 40)) < 1e-30


@pytest.mark.parametrize("seed", range(4))
def test_equal_to_the_package(seed):
    rng = np.random.default_rng(seed)
    n, d, sigma = int(rng.integers(5, 60)), int(rng.integers(1, 5)), rng.uniform(0.05, 2)
    N, eta, t = int(rng.integers(1, 200)), rng.uniform(0.01, 0.5), rng.uniform(0.1, 9)
    model = ls.SubspaceModel(n, d, sigma)
    at = {"n": n, "d": d, "sigma": sigma, "N": N}
    T = ls.theory

    def to(relative, operations=16):
        """The form in 30 digits, and the package in a chain of so many operations."""
        return {"rel": rounding(relative, operations), "abs": 0.0}

    def cancellation(name):
        """The powers of eta alternate in sign: with -eta all terms are of one sign."""
        values = {sp.Symbol(key): value for key, value in {**at, "eta": -eta}.items()}
        return float(by_name(FORMS[name].expr).subs(values)) / FORMS[name](**at, eta=eta)

    s2 = sigma**2
    assert FORMS["floor"](sigma=sigma) == pytest.approx(T.floor(model), **to(1.0, 4))
    one, two = T.one_step(model, N, eta).value, T.two_steps(model, N, eta).value
    assert FORMS["one_step"](**at, eta=eta) == pytest.approx(one, **to(cancellation("one_step")))
    two_steps = to(cancellation("two_steps"), 32)
    assert FORMS["two_steps"](**at, eta=eta) == pytest.approx(two, **two_steps)
    assert FORMS["best_step"](**at) == pytest.approx(T.best_one_step(model, N).at, **to(1.0))
    much = {**at, "N": n + 2 + N}
    exact = T.converged(model, n + 2 + N).value
    assert FORMS["converged"](n=n, N=much["N"], sigma=sigma) == pytest.approx(exact, **to(1.0, 8))
    del at["N"]
    gap = 2 * (1 + 2 * s2)  # the square of the difference of the eigenvalues, 1 + s2 and s2
    assert FORMS["transition"](**at) == pytest.approx(T.transition(model), **to(1.0 + gap))
    large = T.large_n(model, 10**4, ls.GradientFlow(t))  # by a contour
    contract = CONTRACT * (large.value[0] - large.floor)
    found = FORMS["large_n"](**at, N=10**4, t=t)
    assert found == pytest.approx(large.value[0], rel=0.0, abs=contract)
    z = complex(rng.uniform(0, 2), rng.uniform(0.1, 1))
    companion = 1 / T.effective_penalty(model, N, [z])[0]
    value, allowed = cubic(companion, {**at, "N": N, "z": z})
    assert abs(value) < allowed


def cubic(m, at):
    """The cubic at m, and what it may miss 0 by: eps of its terms, and by its slope eps of m.

    m is a root of Silverstein's equation up to rounding: relative to the size of that equation's
    terms over its slope.
    """
    expr = FORMS["cubic"].expr.subs({getattr(ls.symbolic, key): at[key] for key in at})
    coefficients = [complex(c) for c in sp.Poly(expr, ls.symbolic.m).all_coeffs()]
    terms = np.abs(coefficients) * np.abs(m) ** np.arange(3, -1, -1)
    model, kappa = ls.SubspaceModel(at["n"], at["d"], at["sigma"]).spectral(), 1 / m
    l, weight = model.eigenvalues, model.multiplicities * model.eigenvalues / at["N"]
    sizes = abs(at["z"]) + abs(kappa) * (1 + np.sum(weight / np.abs(l + kappa)))
    slope = abs(1 - np.sum(weight * l / (l + kappa) ** 2)) * abs(kappa)
    moved = abs(np.polyval(np.polyder(coefficients), m) * m) * sizes / slope
    return np.polyval(coefficients, m), rounding(terms.sum() + moved, 16)


def test_values_must_fit_the_symbols():
    with pytest.raises(InvalidArgument, match="sigma"):
        FORMS["floor"](n=3)


@pytest.mark.parametrize("name", FORMS)
def test_the_command_prints_every_form(name, capsys):
    assert main(["derive", name]) == 0
    out = capsys.readouterr().out
    assert FORMS[name].latex in out
    assert f"derivations/{FORMS[name].derivation}.py" in out
    assert main(["derive", name, "--as", "sympy"]) == 0
    assert sp.sympify(capsys.readouterr().out, locals={"N": ls.symbolic.N}) is not None
    assert main(["derive", name, "--as", "latex"]) == 0
    assert capsys.readouterr().out == FORMS[name].latex + "\n"


def test_the_command_lists_and_refuses(capsys):
    assert main(["derive"]) == 0
    assert all(name in capsys.readouterr().out for name in ("two_steps",))
    assert main(["derive", "nothing"]) == 2
    assert "one of floor, one_step" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "values", "word"),
    [
        ("floor", {"sigma": "x"}, "sigma"), ("floor", {"sigma": -1}, "sigma"),
        ("floor", {"sigma": float("nan")}, "sigma"), ("floor", {"sigma": 1j}, "sigma"),
        ("converged", {"n": 5, "N": 6, "sigma": 1}, "above n"),
        ("transition", {"n": 1, "d": 2, "sigma": 1}, "at most n"),
        ("transition", {"n": 3.5, "d": 2, "sigma": 1}, "n"),
        ("one_step", {"n": 3, "d": 2, "sigma": 1, "eta": 1, "N": 0}, "N"),
        ("cubic", {"n": 3, "d": 2, "sigma": 1, "N": 4, "m": "a", "z": 1}, "m"),
    ],
)  # fmt: skip
def test_values_outside_the_range_are_refused(name, values, word):
    with pytest.raises(InvalidArgument, match=word):
        FORMS[name](**values)


def test_the_cubic_vanishes_at_the_companion_transform():
    model, N, z = ls.SubspaceModel(9, 3, 0.4), 7, 0.6 + 0.2j
    m = 1 / ls.theory.effective_penalty(model, N, [z])[0]
    at = {"n": 9, "d": 3, "sigma": 0.4, "N": N, "z": z}
    allowed = cubic(m, at)[1]
    assert abs(FORMS["cubic"](**at, m=m)) < allowed
    assert abs(FORMS["cubic"](**at, m=m * (1 + 1e-9))) > allowed  # a planted error
