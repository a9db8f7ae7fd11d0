"""Cells: one key for one question, another for another, and a stream of their own."""

import hashlib
import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale.errors import InvalidArgument
from linscale.sweep import Cell, estimators
from linscale.sweep.cells import ENGINES, LARGEST_SEED
from tests.conftest import z_limit
from tests.tolerances import rounding

FLOW = {"filter": "gradient_flow", "times": [1, 10.0, 100]}
FILTERS = [
    FLOW,
    {"filter": "gradient_descent", "step": 0.1, "iterations": [0, 10]},
    {"filter": "gradient_descent", "step": "reference", "iterations": [10]},
    {"filter": "heavy_ball", "step": 0.1, "momentum": 0.9, "iterations": [10]},
    {"filter": "nesterov", "step": 0.1, "iterations": [10]},
    {"filter": "ridge", "penalties": 0.1},
]
ESTIMATORS = [*ls.answer.ESTIMATORS, *FILTERS]

numbers = st.fixed_dictionaries(
    {
        "n": st.integers(10, 10**6),
        "d": st.integers(1, 10),
        "sigma": st.floats(1e-5, 1e5),
        "n_train": st.integers(1, 10**15),
        "trials": st.integers(1, 10**6),
        "rng": st.integers(0, LARGEST_SEED),
        "estimator": st.sampled_from(ESTIMATORS),
        "method": st.sampled_from(["theory", "montecarlo"]),
        "engine": st.sampled_from(["auto", "dense"]),
        "residual": st.sampled_from(["averaged", "drawn"]),
    }
)


@given(numbers)
def test_a_key_does_not_depend_on_how_numbers_are_written(values):
    cell = Cell(**values)
    other = dict(values, sigma=np.float64(values["sigma"]), n=np.int32(values["n"]))
    other["d"] = float(values["d"])
    assert Cell(**other) == cell
    assert Cell(**other).key() == cell.key()
    assert Cell(**{**values, "estimator": cell.estimator}).key() == cell.key()


@given(numbers, numbers)
def test_keys_are_equal_where_the_questions_are(values, others):
    """The fields that count are compared by hand."""

    def question(v):
        drawn = None if v["estimator"] == "pca" else v["residual"]
        simulated = (v["trials"], v["rng"], v["engine"], drawn)
        rest = [v[name] for name in ("n", "d", "sigma", "n_train", "method")]
        return (*rest, str(v["estimator"]), simulated if v["method"] == "montecarlo" else None)

    for mixed in (others, {**values, "rng": others["rng"]}, {**values, "sigma": others["sigma"]}):
        same = question(values) == question(mixed)
        assert (Cell(**values).key() == Cell(**mixed).key()) == same


@pytest.mark.parametrize(
    "change",
    [{"n": 101}, {"d": 9}, {"sigma": 0.1 + 1e-16}, {"n_train": 31}, {"trials": 8}, {"rng": 1},
     {"engine": "dense"}, {"residual": "drawn"}, {"method": "theory"}, {"estimator": FLOW}],
    ids=str,
)  # fmt: skip
def test_every_parameter_changes_key_and_stream(change):
    cell = Cell(100, 10, 0.1, 30, trials=7)
    other = replace(cell, **change)
    assert other.key() != cell.key()
    if other.method == "montecarlo":
        first, second = (np.random.default_rng(c.stream()).random() for c in (cell, other))
        assert first != second


def test_a_key_is_what_it_is_said_to_be():
    """A store of today must be understood tomorrow."""
    text = (
        '{"d":10,"engine":"auto","estimator":"early_stopped","method":"montecarlo","n":100,'
        '"n_train":30,"residual":"averaged","sigma":0.1,"trials":7}'
    )
    cell = Cell(100, 10, 0.1, 30, trials=7, rng=5)
    assert cell.parameters() == text
    assert cell.key() == hashlib.sha256(f"{text}5".encode()).digest()
    digest = hashlib.sha256(text.encode()).digest()
    words = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 32, 4)]
    assert cell.stream().spawn_key == tuple(words)
    assert cell.stream().entropy == 5


def test_seeds_of_a_cell_give_independent_draws():
    """Planted: a draw and another that holds it."""
    draws = [
        np.random.default_rng(Cell(100, 10, 0.1, 30, rng=seed).stream()).standard_normal(4000)
        for seed in range(8)
    ]
    pairs = list(itertools.combinations(draws, 2))
    bound = z_limit(len(pairs)) / np.sqrt(4000)  # 1/sqrt(4000): the standard error of r = 0
    assert max(abs(np.corrcoef(*pair)[0, 1]) for pair in pairs) < bound
    assert abs(np.corrcoef(draws[0], draws[0] + 10 * draws[1])[0, 1]) > bound


@pytest.mark.parametrize("described", FILTERS, ids=lambda d: d["filter"])
def test_a_filter_survives_its_text(described):
    text = estimators.canonical(described)
    assert estimators.canonical(text) == text
    assert estimators.canonical(json.dumps(described, indent=2)) == text
    model = ls.SubspaceModel(20, 2, 0.1)
    made = estimators.build(text, model, 30)
    if described.get("step") == "reference":
        assert made.step == ls.GradientDescent.reference_step(model, 30)
        described = {**described, "step": made.step}
        text = estimators.canonical(described)
    assert estimators.canonical(made) == text
    path = type(made).path
    assert made.at.tolist() == np.atleast_1d(described[path]).tolist()


def test_filter_objects_and_ranges():
    flow = ls.GradientFlow(np.geomspace(1, 1000, 7))
    spaced = {"filter": "gradient_flow", "times": {"from": 1, "to": 1000, "count": 7}}
    # Numbers of a logarithm: they may be spelled otherwise in the last place.
    texts = [json.loads(estimators.canonical(x)) for x in (flow, spaced)]
    first, second = (np.array(text.pop("times")) for text in texts)
    assert texts[0] == texts[1] == {"filter": "gradient_flow"}
    # exp(x), x to log(1000) in a few roundings.
    assert np.all(np.abs(first - second) <= rounding(np.log(1000), 4) * second)
    written = {"filter": "gradient_flow", "times": flow.times.tolist()}
    assert estimators.canonical(flow) == estimators.canonical(written)
    assert estimators.canonical(ls.Converged()) == "converged"
    zero = {"filter": "gradient_flow", "times": [0.0, 1.0]}
    assert estimators.canonical({**zero, "times": [-0.0, 1.0]}) == estimators.canonical(zero)
    assert estimators.label(estimators.canonical(zero)).startswith("gradient_flow #")
    assert estimators.parameter("pca") == "time"


def test_theory_knows_nothing_of_simulation():
    cells = {
        Cell(100, 10, 0.1, 30, method="theory", trials=t, rng=s) for t in (1, 2) for s in (0, 1)
    }
    assert len(cells) == 1
    assert next(iter(cells)).seed is None


def test_engines_are_those_of_the_simulation():
    from linscale.montecarlo.engines import check_engine

    for engine in ENGINES:
        check_engine(engine)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"n": 0}, "n = 0"),
        ({"d": 200}, "d = 200"),
        ({"sigma": np.nan}, "sigma"),
        ({"n_train": 1.5}, "n_train"),
        ({"trials": 0}, "trials"),
        ({"trials": None}, "trials"),
        ({"rng": -1}, "rng"),
        ({"rng": 2**60}, "rng"),
        ({"engine": "quantum"}, "engine"),
        ({"engine": None}, "engine"),
        ({"residual": "left"}, "residual"),
        ({"method": "guess"}, "method"),
        ({"method": ["theory"]}, "method"),
        ({"estimator": "median"}, "early_stopped"),
        ({"estimator": 5}, "estimator"),
        ({"estimator": "{"}, "estimator"),
        ({"estimator": {"filter": "adam"}}, "gradient_flow"),
        ({"estimator": {"filter": ["ridge"]}}, "estimator: filter"),
        ({"estimator": {"filter": "ridge"}}, "penalties = missing"),
        ({"estimator": {"filter": "ridge", "penalties": 1, "step": 2}}, "step = not understood"),
        ({"estimator": {"filter": "ridge", "penalties": [0]}}, "penalties"),
        ({"estimator": {"filter": "ridge", "penalties": []}}, "penalties"),
        ({"estimator": {"filter": "nesterov", "step": "reference", "iterations": 1}}, "step"),
        ({"estimator": {**FLOW, "times": {"from": 1, "to": 9}}}, "times"),
        ({"estimator": {**FLOW, "times": {"from": 9, "to": 1, "count": 3}}}, "times: to"),
    ],
    ids=str,
)
def test_bad_cells_are_refused_before_anything_runs(change, word):
    with pytest.raises(InvalidArgument, match=word):
        Cell(**{"n": 100, "d": 10, "sigma": 0.1, "n_train": 30, **change})
