"""The closed forms for papers: equal to the derivations and to what the package computes."""

import numpy as np
import pytest
import sympy as sp

import derivations
import linscale as ls
from linscale.cli import main
from linscale.errors import InvalidArgument

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
        assert abs(sp.N(difference, 40)) < 1e-35
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
    assert FORMS["floor"](sigma=sigma) == pytest.approx(T.floor(model), rel=1e-14)
    assert FORMS["one_step"](**at, eta=eta) == pytest.approx(T.one_step(model, N, eta).value)
    assert FORMS["two_steps"](**at, eta=eta) == pytest.approx(T.two_steps(model, N, eta).value)
    assert FORMS["best_step"](**at) == pytest.approx(T.best_one_step(model, N).at, rel=1e-12)
    much = {**at, "N": n + 2 + N}
    exact = T.converged(model, n + 2 + N).value
    assert FORMS["converged"](n=n, N=much["N"], sigma=sigma) == pytest.approx(exact, rel=1e-13)
    del at["N"]
    assert FORMS["transition"](**at) == pytest.approx(T.transition(model), rel=1e-12)
    large = T.large_n(model, 10**4, ls.GradientFlow(t)).value[0]
    assert FORMS["large_n"](**at, N=10**4, t=t) == pytest.approx(large, rel=1e-10)
    z = complex(rng.uniform(0, 2), rng.uniform(0.1, 1))
    companion = 1 / T.effective_penalty(model, N, [z])[0]
    cubic = sp.lambdify(ls.symbolic.m, FORMS["cubic"].expr.subs({
        ls.symbolic.n: n, ls.symbolic.d: d, ls.symbolic.sigma: sigma, ls.symbolic.N: N,
        ls.symbolic.z: z,
    }))  # fmt: skip
    assert abs(cubic(companion)) < 1e-9


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
    assert abs(FORMS["cubic"](**at, m=m)) < 1e-12
    assert abs(FORMS["cubic"](**at, m=1.01 * m)) > 1e-3
