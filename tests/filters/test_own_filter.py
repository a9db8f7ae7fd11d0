"""A filter of one's own, by its residual and domain alone: iterated Tikhonov, worked through."""

import json
from dataclasses import dataclass, fields

import numpy as np
import pytest

import linscale as ls
from linscale import sweep
from linscale.errors import InvalidArgument, Unsupported
from linscale.filters import Filter
from linscale.filters.base import SMALL
from linscale.sweep import Grid, Store
from tests.conftest import z_limit
from tests.tolerances import CONTRACT, rounding

SUBSPACE = ls.SubspaceModel(n=60, d=6, sigma=0.2)
ATOMS = ls.SpectralProblem([2.0, 0.7, 0.1], [3, 5, 10], [0.3, 0.4, 0.05], floor=0.2)
MODELS = {"subspace": SUBSPACE, "three atoms": ATOMS}
PENALTIES = [0.003, 0.03, 0.3, 3.0]


@dataclass(frozen=True, eq=False)
class IteratedTikhonov(Filter):
    """Ridge, then ridge again on what is left, ``order`` times."""

    penalties: object
    order: int = 2
    word, path, parameter = "own_iterated_tikhonov", "penalties", "penalty"

    def residual(self, l):
        mu = self.column(l)
        return (mu / (l + mu)) ** self.order

    def domain(self):
        return -self.at.min(), np.inf  # poles at -mu, nothing else


# What its theory says.


def away(model, N, theory, simulated, **options):
    """Between theory of one filter and simulation of another, in what both errors allow."""
    found = ls.theory.risk(model, N, theory)
    drawn = ls.montecarlo.risk(model, N, simulated, **{"trials": 1500, "rng": 3, **options})
    return np.max(np.abs(found.value - drawn.value) / (found.error + z_limit(64) * drawn.sem))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("N", [15, 90])
@pytest.mark.parametrize("order", [2, 4])
def test_theory_is_simulation(name, N, order):
    """For every penalty; another order would be seen."""
    filter = IteratedTikhonov(PENALTIES, order)
    assert away(MODELS[name], N, filter, filter) < 1.0
    assert away(MODELS[name], N, IteratedTikhonov(PENALTIES, order + 1), filter) > 2.0


@pytest.mark.parametrize("engine", ["band", "wishart", "dense"])
def test_every_engine_draws_it(engine):
    filter = IteratedTikhonov(PENALTIES)
    assert away(SUBSPACE, 90, filter, filter, engine=engine, trials=400) < 1.0


def apart(found, known):
    """Largest difference of values, in the learning error."""
    return np.max(np.abs(found.value - known.value) / (known.value - known.floor))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("N", [4, 60, 400])
def test_of_order_one_it_is_ridge(name, N):
    """Which needs no contour; a penalty that is off by 1e-6 would be seen."""
    mu = np.array(PENALTIES)
    known = ls.theory.risk(MODELS[name], N, ls.Ridge(mu))
    assert apart(ls.theory.risk(MODELS[name], N, IteratedTikhonov(mu, 1)), known) < CONTRACT
    off = ls.theory.risk(MODELS[name], N, IteratedTikhonov(mu * (1 + 1e-6), 1))
    assert apart(off, known) > CONTRACT


# Contours that are derived.


@dataclass(frozen=True, eq=False)
class Flow(Filter):
    times: object
    path = "times"

    def residual(self, l):
        return np.exp(-self.column(l) * l)


@dataclass(frozen=True, eq=False)
class Steps(Filter):
    iterations: object
    step: float
    path = "iterations"

    def residual(self, l):
        return (1.0 - self.step * l) ** self.column(l)

    @property
    def stable_below(self):
        return 2.0 / self.step


@dataclass(frozen=True, eq=False)
class Once(Filter):
    penalties: object
    path = "penalties"

    def residual(self, l):
        return self.column(l) / (l + self.column(l))

    def domain(self):
        return -self.at.min(), np.inf


STEPS = np.array([0, 1, 3, 30, 300])
PAIRS = {
    "flow": (ls.GradientFlow([0.0, 0.1, 3.0, 100.0]), Flow([0.0, 0.1, 3.0, 100.0])),
    "long flow": (ls.GradientFlow([1.0, 1e4]), Flow([1.0, 1e4])),
    "descent": (ls.GradientDescent(0.2, STEPS), Steps(STEPS, 0.2)),
    "ridge": (ls.Ridge(PENALTIES), Once(PENALTIES)),
    "small ridge": (ls.Ridge([1e-5, 1.0]), Once([1e-5, 1.0])),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("N", [4, 60, 400])
def test_residual_and_domain_alone_give_the_packages_numbers(name, pair, N):
    known, own = (ls.theory.risk(MODELS[name], N, filter) for filter in PAIRS[pair])
    assert apart(own, known) < CONTRACT
    learning = known.value - known.floor
    assert np.all(np.abs(own.error - known.error) <= CONTRACT * (known.error + learning))


def test_a_contour_that_ran_too_far_would_be_noticed(monkeypatch):
    """The pole of ridge inside it: the theory must not be what it was."""

    @dataclass(frozen=True, eq=False)
    class Far(Once):
        def confine(self, low, high):
            gap = 1.2 * (self.at.min() + low)
            return ls.filters.Lens(low - gap, np.inf, gap)

    far = Far(PENALTIES)
    known = ls.theory.risk(SUBSPACE, 60, ls.Ridge(PENALTIES))
    assert apart(ls.theory.risk(SUBSPACE, 60, far), known) > 1e3 * CONTRACT


# Digits that are kept.


TINY = np.array([1e-14, 1e-12, 1e-9, 1e-6])


@pytest.mark.parametrize("order", [1, 2, 5])
def test_what_is_learned_keeps_its_digits_where_it_is_little(order):
    """1 - rho = order x (1 - (order + 1) x/2 + ...), x = l/mu: the difference has lost them."""
    filter = IteratedTikhonov([0.1, 1.0], order)
    x = TINY / filter.at[:, None]
    first = order * x
    slope = order / filter.at
    # A complex step is as good as the residual: a quotient, a power, and their derivatives.
    assert np.allclose(filter.slope, slope, rtol=rounding(1.0, 4 * order + 4), atol=0.0)
    exact = -np.expm1(-order * np.log1p(x))
    # The first order leaves out the second; the difference rounds each factor of rho, and itself.
    second, rounded = 0.5 * (order + 1) * x, rounding(1.0 / first, 2 * order + 1)
    allowed = np.where(first < SMALL, second, rounded) + rounding(1.0, 4 * order + 8)
    assert np.max(allowed) < 1e-6
    for found, known in (
        (filter.learned(TINY), exact),
        (filter.gain(TINY), exact / TINY),
        (filter.variance_filter(TINY), exact**2 / TINY),
    ):
        assert np.all(np.abs(found - known) <= 2 * allowed * known)
    lost = np.abs(1.0 - filter.residual(TINY) - exact)
    assert np.all(np.any(lost > 100 * allowed * exact, axis=1))
    assert np.all(filter.variance_filter(np.zeros(1)) == 0.0)


@dataclass(frozen=True, eq=False)
class Squared(Filter):
    """rho = exp(-(l/mu)^2): nothing is learned at first order."""

    penalties: object
    path = "penalties"

    def residual(self, l):
        return np.exp(-((l / self.column(l)) ** 2))


def test_a_filter_may_begin_flat():
    filter = Squared([0.1, 1.0])
    assert filter.slope.tolist() == [0.0, 0.0]
    l = np.array([1e-3, 0.03, 0.4, 5.0])
    exact = -np.expm1(-((l / filter.at[:, None]) ** 2))
    assert np.all(np.abs(filter.learned(l) - exact) <= rounding(1.0, 4))
    assert away(SUBSPACE, 90, filter, filter) < 1.0
    assert away(SUBSPACE, 90, Squared([0.11, 1.1]), filter) > 2.0


# Stored and swept.


GRID = {"n": 20, "d": 2, "sigma": 0.1, "n_train": [6, 30], "trials": 40}


def table(path):
    with Store(path) as store:
        return list(store.content()), list(store)


def test_it_is_swept_stored_and_read_back(tmp_path):
    """By two workers as by one; its numbers are those of the direct call."""
    filters = [IteratedTikhonov([0.01, 0.1], order) for order in (1, 2)]
    grid = Grid(**GRID, estimator=filters, method=["theory", "montecarlo"])
    assert len(grid) == 8
    for workers in (1, 2):
        sweep.run(grid, tmp_path / f"{workers}.sqlite", workers=workers, progress=False)
    (one, outcomes), (two, _) = (table(tmp_path / f"{workers}.sqlite") for workers in (1, 2))
    assert one == two
    assert sweep.run(grid, tmp_path / "1.sqlite", progress=False).computed == 0
    for outcome in outcomes:
        cell, filter = outcome.cell, sweep.estimators.build(outcome.cell.estimator, None, 0)
        assert type(filter) is IteratedTikhonov
        assert filter.at.tolist() == [0.01, 0.1]
        if cell.method == "theory":
            known = ls.theory.risk(cell.model, cell.n_train, filter)
        else:
            known = ls.montecarlo.risk(
                cell.model, cell.n_train, filter, trials=cell.trials, rng=cell.stream()
            )
        assert outcome.path.value.tolist() == known.value.tolist()
    by_order = {sweep.estimators.build(o.cell.estimator, None, 0).order for o in outcomes}
    assert by_order == {1, 2}


def test_a_class_that_cannot_be_imported_is_swept_too(tmp_path):
    """As those of a notebook: the workers are told of it."""

    @dataclass(frozen=True, eq=False)
    class Thrice(Once):
        word = "thrice"

        def residual(self, l):
            return super().residual(l) ** 3

    grid = Grid(**GRID, estimator=Thrice([0.01, 0.1]), method="theory")
    sweep.run(grid, tmp_path / "s.sqlite", workers=2, progress=False)
    known = [
        ls.theory.risk(c.model, c.n_train, IteratedTikhonov([0.01, 0.1], 3)).value for c in grid
    ]
    found = {o.cell.n_train: o.path.value for o in table(tmp_path / "s.sqlite")[1]}
    for cell, values in zip(grid, known, strict=True):
        assert np.all(np.abs(found[cell.n_train] - values) <= CONTRACT * values)


def test_what_is_stored_is_the_whole_filter():
    """Each field changes the text, and comes back from it."""
    texts = set()
    for order in (1, 2):
        for penalties in ([0.1], [0.1, 1.0]):
            filter = IteratedTikhonov(penalties, order)
            text = sweep.estimators.canonical(filter)
            back = sweep.estimators.build(text, None, 0)
            assert (back.order, back.at.tolist()) == (order, penalties)
            texts.add(text)
    assert len(texts) == 4


def test_a_filter_without_a_word_of_its_own_is_no_cell():
    with pytest.raises(InvalidArgument, match="Once: must be a filter whose class has a word"):
        Grid(**GRID, estimator=Once([0.1]))


def test_a_field_that_cannot_be_stored_is_named():
    @dataclass(frozen=True, eq=False)
    class Weighted(Once):
        weights: object = None
        word = "weighted"

    for weights in (np.ones(2), np.sin, np.inf):
        with pytest.raises(InvalidArgument, match=r"estimator: weights = .* to be stored"):
            Grid(**GRID, estimator=Weighted([0.1], weights))
    for weights in (None, "all", [1.0, 2.0], np.float64(2.0)):
        assert len(Grid(**GRID, estimator=Weighted([0.1], weights), method="theory")) == 2


def test_a_filter_that_diverges_says_from_where_on():
    """It has no step that could be smaller."""

    @dataclass(frozen=True, eq=False)
    class Gone(Once):
        stable_below = 0.5

    for ask in (ls.theory.risk, ls.montecarlo.risk):
        with pytest.raises(InvalidArgument, match=r"Gone\(.*\), which does below 0\.5: must be"):
            ask(SUBSPACE, 60, Gone([0.1]))

    @dataclass(frozen=True, eq=False)
    class Nearly(Once):
        stable_below = ls.theory.sample_spectrum(SUBSPACE, 60).high

    status = ls.montecarlo.risk(SUBSPACE, 60, Nearly([0.1]), trials=100).status
    assert "diverges on" in status
    assert "times what the filter takes" in status
    assert "step" not in status


# A class that is derived from one of the package's.


@dataclass(frozen=True, eq=False)
class Twice(ls.Ridge):
    """Ridge's fields and domain, another residual; no word of its own."""

    def residual(self, l):
        mu = self.column(l)
        return (mu / (l + mu)) ** 2


@pytest.mark.parametrize("name", MODELS)
def test_a_subclass_of_ridge_is_not_taken_for_ridge(name):
    """Ridge has its own way in theory, and its own 1 - rho: neither is this one's."""
    model, N = MODELS[name], 40
    filters = [kind(PENALTIES) for kind in (Twice, IteratedTikhonov, ls.Ridge)]
    assert type(filters[0]) is Twice
    draws = {"trials": 20, "rng": 1}
    for ask, options in (
        (ls.theory.risk, {}),
        (ls.risk, {"method": "theory"}),
        (ls.risk, {"method": "montecarlo", **draws}),
        (ls.montecarlo.risk, draws),
        (ls.montecarlo.risk, {**draws, "engine": "dense"}),
        (ls.montecarlo.risk, {**draws, "residual": "drawn"}),
    ):
        derived, known, ridge = (ask(model, N, filter, **options) for filter in filters)
        assert apart(derived, known) < CONTRACT
        assert apart(ridge, known) > 1e-3
    with pytest.raises(InvalidArgument, match="Twice: must be a filter whose class has a word"):
        Grid(**GRID, estimator=filters[0])


# Mistakes, found out when the first object is made.


def made(members, **decorated):
    """The first object of a class with these members, along penalties 0.1 and 1."""
    body = {"path": "penalties", "__annotations__": {"penalties": object}, **members}
    cls = type("Author", (Filter,), {k: v for k, v in body.items() if v is not None})
    if decorated.pop("dataclass", True):
        cls = dataclass(**{"frozen": True, "eq": False, **decorated})(cls)
    return cls([0.1, 1.0])


def ridge(self, l):
    return self.column(l) / (l + self.column(l))


def near(self):
    return -0.1, np.inf


MISTAKES = {
    "it does not begin at 1": (
        {"residual": lambda self, l: 0.5 * ridge(self, l), "domain": near}, {},
        r"rho\(0\) = 1 \(nothing is learned there\); it is 0\.5$",
    ),
    "one of the path does not begin at 1": (
        {"residual": lambda self, l: (self.column(l) < 1) * ridge(self, l), "domain": near}, {},
        r"rho\(0\) = 1.*it is 0$",
    ),
    "it begins at 1 but for a millionth": (
        {"residual": lambda self, l: (1 + 1e-6) * ridge(self, l), "domain": near}, {},
        r"it is 1\.000001$",
    ),
    "nan at 0": (
        {"residual": lambda self, l: np.sin(l) / l * ridge(self, l), "domain": near}, {},
        r"rho\(0\) = 1.*it is nan",
    ),
    "the path along the last axis": (
        {"residual": lambda self, l: self.at / (l[..., None] + self.at), "domain": near}, {},
        r"shape \(T, \*l.shape\) = \(2, 3\) for l of shape \(3,\); it has \(3, 2\)",
    ),
    "one value for the whole path": (
        {"residual": lambda self, l: 0.1 / (l + 0.1), "domain": near}, {},
        r"has shape \(T, \*l.shape\) = \(2,\) for l of shape \(\); it has \(\)",
    ),
    "the absolute value": (
        {"residual": lambda self, l: np.exp(-self.column(l) * np.abs(l))}, {},
        "holds at complex l .* use no abs, real, where",
    ),
    "the real part": (
        {"residual": lambda self, l: np.exp(-self.column(l) * np.real(l))}, {}, "no abs, real",
    ),
    "the real part, linear": (
        {"residual": lambda self, l: 1.0 - self.column(l) * np.real(l)}, {}, "no abs, real",
    ),
    "the conjugate": (
        {"residual": lambda self, l: np.exp(-self.column(l) * np.conj(l))}, {}, "complex l",
    ),
    "a maximum": (
        {"residual": lambda self, l: np.maximum(1.0 - l / self.column(l), 0.0)}, {}, "complex l",
    ),
    "rounding": (
        {"residual": lambda self, l: np.exp(-np.round(l / self.column(l)))}, {}, "rounding of l",
    ),
    "a cutoff": (
        {"residual": lambda self, l: np.where(np.real(l) < self.column(l), 1.0, 0.0)}, {},
        "no abs, real, where",
    ),
    "a pole that is not named": ({"residual": ridge}, {}, "name the place in domain"),
    "a pole named farther away than it is": (
        {"residual": ridge, "domain": lambda self: (-self.at.max(), np.inf)}, {},
        r"does not break down inside domain\(\) = \(-1, inf\)",
    ),
    "a pole on the other side": (
        {"residual": lambda self, l: 1.0 / (1.0 - 3.0 * self.column(l) * l)}, {}, "break down",
    ),
    "a branch cut that is not named": (
        {"residual": lambda self, l: 1.0 / np.sqrt(1.0 + l / self.column(l))}, {}, "break down",
    ),
    "complex where it should be real": (
        {"residual": lambda self, l: ridge(self, l) + 0j, "domain": near}, {}, "real on real",
    ),
    "another learned": (
        {"residual": ridge, "domain": near, "learned": lambda self, l: ridge(self, l)}, {},
        r"learned\(l\) = 1 - residual\(l\)",
    ),
    "another variance": (
        {"residual": ridge, "domain": near, "variance_filter": lambda self, l: ridge(self, l)}, {},
        r"variance_filter\(l\) = learned\(l\)\^2 / l",
    ),
    "a domain beside 0": (
        {"residual": ridge, "domain": lambda self: (0.1, np.inf)}, {}, "a domain around 0",
    ),
    "compared by value": ({"residual": ridge, "domain": near}, {"eq": True}, "eq=False"),
    "not frozen": ({"residual": ridge, "domain": near}, {"frozen": False}, "frozen=True"),
    "no dataclass": ({"residual": ridge, "domain": near}, {"dataclass": False}, "@dataclass"),
    "no path": ({"residual": ridge, "domain": near, "path": None}, {}, "class attribute path"),
    "a path that is no field": (
        {"residual": ridge, "domain": near, "path": "penalty"}, {}, 'its fields: "penalties"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_authors_mistake_is_found_out(mistake):
    members, decorated, words = MISTAKES[mistake]
    with pytest.raises(InvalidArgument, match=words) as caught:
        made(members, **decorated)
    assert "\n" not in str(caught.value)
    assert "Author" in str(caught.value)


def test_without_a_mistake_it_is_made():
    filter = made({"residual": ridge, "domain": near})
    assert filter.at.tolist() == [0.1, 1.0]
    assert filter.parameter == "penalties"
    assert [field.name for field in fields(filter)] == ["penalties"]
    root = made(
        {"residual": lambda self, l: 1.0 / np.sqrt(1.0 + l / self.column(l)), "domain": near}
    )
    assert apart(
        ls.theory.risk(SUBSPACE, 30, root), ls.theory.risk(SUBSPACE, 30, ls.Ridge(0.1))
    ) > 0.01  # fmt: skip


def test_without_a_residual_there_is_no_filter():
    with pytest.raises(TypeError, match="residual"):
        made({"domain": near})


def test_the_word_of_another_is_refused():
    for word in ("ridge", "own_iterated_tikhonov"):
        with pytest.raises(TypeError, match=f"Author: word = '{word}' is that of"):
            made({"residual": ridge, "domain": near, "word": word})
    assert ls.filters.stored.FILTERS["own_iterated_tikhonov"] is IteratedTikhonov


def test_a_path_that_cannot_be_is_named():
    for values in ([], [np.nan], [-0.1], "many"):
        with pytest.raises(InvalidArgument, match="penalties"):
            IteratedTikhonov(values)


def test_a_formula_that_no_contour_serves_is_refused():
    """A break-down on the spectrum itself, which its domain names."""

    @dataclass(frozen=True, eq=False)
    class OnTheSpectrum(Filter):
        at_most: object
        path = "at_most"

        def residual(self, l):
            return 1.0 / (1.0 - l / self.column(l))

        def domain(self):
            return -np.inf, self.at.min()

    with pytest.raises(Unsupported, match=r"OnTheSpectrum: no contour .* name in domain\(\)"):
        ls.theory.risk(SUBSPACE, 60, OnTheSpectrum([0.5]))


@dataclass(frozen=True, eq=False)
class Swinging(ls.Filter):
    """rho = cos(t l) exp(-t l/5), whose sign changes."""

    times: object
    path = "times"

    def residual(self, l):
        t = self.column(l)
        return np.cos(t * l) * np.exp(-t * l / 5)


def test_a_filter_that_swings_says_so():
    model = ls.SubspaceModel(n=20, d=4, sigma=0.5)
    path = ls.theory.risk(model, 60, Swinging([0.5, 12.0]))
    assert ["changes sign" in status for status in path.statuses] == [False, True]
    calm = ls.theory.risk(model, 60, ls.GradientFlow([0.5, 12.0]))
    assert calm.statuses == ("ok", "ok")


@pytest.mark.parametrize("N", [200, 400])
def test_momentum_with_another_residual_has_a_contour(N):
    """It grows by more than e off the real axis."""

    class Squared(ls.HeavyBall):
        def residual(self, l):
            return super().residual(l) ** 2

    model = ls.SubspaceModel(n=50, d=5, sigma=0.2)
    filter = Squared(0.3, 0.9, [200])
    theory, simulated = (
        ls.theory.risk(model, N, filter), ls.montecarlo.risk(model, N, filter, trials=100)
    )  # fmt: skip
    allowed = z_limit(2) * simulated.sem + theory.error
    assert np.all(np.abs(theory.value - simulated.value) <= allowed)


def test_a_store_is_read_where_its_filter_is_not_known(tmp_path, monkeypatch):
    """Somebody else's rows keep nobody from the others, nor from their numbers."""
    path = tmp_path / "s"
    grid = Grid(n=12, d=2, sigma=0.3, n_train=[9, 30], method="theory",
                estimator=["early_stopped", IteratedTikhonov([0.1, 1.0])])  # fmt: skip
    sweep.run(grid, path, progress=False)
    with Store(path) as store:
        kept = {outcome.cell.key(): outcome.values for outcome in store}
        sweep.export(store, tmp_path / "known.csv")
    monkeypatch.delitem(ls.filters.stored.FILTERS, IteratedTikhonov.word)
    with Store(path) as store:
        found = {outcome.cell.key(): outcome.values for outcome in store}
        sweep.export(store, tmp_path / "unknown.csv")
    assert len(found) == 4
    assert all(np.array_equal(found[key], kept[key], equal_nan=True) for key in kept)
    known, unknown = ((tmp_path / f"{n}.csv").read_text() for n in ("known", "unknown"))
    assert unknown.replace(",penalties,", ",penalty,") == known
    # To ask it anew it has to be known.
    described = json.loads(grid.cells[-1].estimator)
    with pytest.raises(InvalidArgument, match="once its module is imported"):
        Grid(n=12, d=2, sigma=0.3, n_train=9, estimator=described)
