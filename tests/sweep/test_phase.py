"""Phase diagrams: the answers of direct calls, by whoever computes them, and each only once."""

import os
import sqlite3
import sys
import threading
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import linscale as ls
from linscale.errors import InputError, InvalidArgument, MissingDevice, NotConverged
from linscale.support.blas import threads_for
from linscale.sweep import Phase, Store, parallel
from linscale.sweep.cluster import closing_quietly
from linscale.sweep.connection import Lock
from tests.sweep.stores import GRID

SIGMA, D = {"sigma": [0.1, 0.3, 0.5]}, {"d": [1, 4]}


def model_of(sigma, d):
    return ls.SubspaceModel(20, d, sigma)


def with_n_train(sigma, n_train):
    return ls.SubspaceModel(20, 2, sigma), n_train


def quietly(*arguments, **options):
    return ls.phase(*arguments, **{"progress": False, **options})


def bits(phase):
    """All that a diagram holds, so that == is equality of every bit."""
    return phase.value.tobytes(), phase.error.tobytes(), phase.statuses


def counted(path):
    """A question that leaves a letter in a file for each time that it is asked, in any process."""

    def question(model):
        with open(path, "a") as file:
            file.write("x")
        return ls.theory.floor(model)

    return question


def asked(path):
    return path.stat().st_size if path.exists() else 0


# Values


@pytest.mark.parametrize(
    ("model_of", "y", "question"),
    [
        (model_of, D, ls.theory.saturation),
        (model_of, D, partial(ls.theory.saturation, tolerance=0.3)),
        (model_of, D, lambda model: 2.0 * ls.theory.floor(model)),
        (model_of, D, lambda model: ls.theory.floor(model) > 0.05),
        (with_n_train, {"n_train": [5, 21, 100]}, ls.theory.early_stopped),
        (with_n_train, {"n_train": [5, 21, 100]}, ls.theory.local_exponent),
        (with_n_train, {"n_train": [5]}, partial(ls.montecarlo.early_stopped, trials=20, rng=1)),
    ],
)  # fmt: skip
def test_values_are_those_of_direct_calls(model_of, y, question):
    found = quietly(model_of, SIGMA, y, question)
    ((y_name, ys),) = y.items()
    assert (found.x_name, found.x.tolist()) == ("sigma", SIGMA["sigma"])
    assert (found.y_name, found.y.tolist()) == (y_name, ys)
    assert found.value.shape == found.error.shape == (len(ys), 3)
    for i, b in enumerate(ys):
        for j, a in enumerate(SIGMA["sigma"]):
            given = model_of(sigma=a, **{y_name: b})
            direct = question(*given) if isinstance(given, tuple) else question(given)
            assert found.value[i, j] == getattr(direct, "value", direct)
            error = getattr(direct, "error", np.nan)
            assert np.array_equal(found.error[i, j], error, equal_nan=True)
            assert found.statuses[i][j] == getattr(direct, "status", "ok")


def test_doubts_come_along():
    found = quietly(with_n_train, {"sigma": [0.5]}, {"n_train": [20, 60]}, ls.theory.converged)
    direct = ls.theory.converged(ls.SubspaceModel(20, 2, 0.5), 20)
    assert direct.status != "ok"
    assert found.statuses == ((direct.status,), ("ok",))
    assert found.value[0, 0] == np.inf
    assert found.doubtful.tolist() == [[True], [False]]


QUESTIONS = [
    lambda model, n_train: ls.theory.early_stopped(model, n_train),
    partial(ls.early_stopped, method="montecarlo", trials=30, rng=3),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_same_by_any_number_of_workers(question):
    arguments = (with_n_train, SIGMA, {"n_train": [5, 20, 100]}, question)
    alone = quietly(*arguments)
    assert bits(quietly(*arguments, workers=2)) == bits(alone)
    with threadpool_limits(limits=2):
        assert bits(quietly(*arguments)) == bits(alone)


def test_answers_in_the_wrong_place_would_be_seen(monkeypatch):
    """Planted error: workers' answers are taken in the order in which they come."""
    arguments = (model_of, SIGMA, D, ls.theory.floor)
    backwards = lambda function, jobs, workers: (  # noqa: E731
        (place, function(*job)) for place, job in enumerate(reversed(jobs))
    )
    alone = quietly(*arguments)
    monkeypatch.setattr("linscale.sweep.phases.results", backwards)
    assert bits(quietly(*arguments)) != bits(alone)


def threads(rows):
    """The most threads of BLAS where so many rows are decomposed."""
    with threads_for(rows):
        return max(lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas")


@pytest.mark.parametrize("workers", [1, 2])
def test_blas_has_one_thread_even_for_large_matrices(workers):
    with threadpool_limits(limits=2):
        found = dict(parallel.results(threads, [(10,), (5000,)], workers))
        assert threads(5000) == 2  # what a computation here would have had
    assert found == {0: 1, 1: 1}


def test_only_lokys_own_thread_may_fail_while_workers_are_ended(monkeypatch):
    """It may find its tasks gone, which pytest and a person would be told in a traceback."""
    heard = []
    monkeypatch.setattr(threading, "excepthook", lambda failed: heard.append(failed.thread))

    class _ExecutorManagerThread(threading.Thread):
        pass

    class Closed:
        def close(self):
            kinds = (_ExecutorManagerThread, threading.Thread)
            self.threads = [kind(target=lambda: 1 / 0) for kind in kinds]
            for thread in self.threads:
                thread.start()
                thread.join()

    found = Closed()
    with closing_quietly(found):
        pass
    assert heard == found.threads[1:]
    found.threads[0] = _ExecutorManagerThread(target=lambda: 1 / 0)
    found.threads[0].start()
    found.threads[0].join()
    assert heard[1:] == found.threads[:1]  # at other times it is heard


# Stores


def test_only_what_is_missing_is_asked(tmp_path):
    store, log = tmp_path / "p", tmp_path / "log"
    options = {"store": store, "name": "floor"}
    few = quietly(model_of, {"sigma": [0.1, 0.5]}, D, counted(log), **options)
    assert asked(log) == 4
    steps = []
    options["progress"] = lambda: steps.append(1)
    found = quietly(model_of, SIGMA, {"d": [1, 4, 7]}, counted(log), **options)
    assert asked(log) == 4 + 5
    assert len(steps) == 5
    assert bits(found) == bits(quietly(model_of, SIGMA, {"d": [1, 4, 7]}, ls.theory.floor))
    assert found.value[:2, [0, 2]].tobytes() == few.value.tobytes()
    again = quietly(model_of, {"d": [7, 4]}, SIGMA, counted(log), workers=2, **options)
    assert asked(log) == 9  # axes may be exchanged, and 1 is 1.0
    assert np.array_equal(again.value, found.value[[2, 1]].T)
    quietly(model_of, SIGMA, {"d": [1.0, 4.0]}, counted(log), **options)
    assert asked(log) == 9
    assert found.notes == ()
    assert {p.name for p in tmp_path.iterdir()} == {"log", "p"}


def test_a_store_that_forgot_would_be_seen(tmp_path, monkeypatch):
    """Planted error in what the test above counts."""
    log = tmp_path / "log"
    monkeypatch.setattr("linscale.sweep.phase_store._key", lambda question, at: os.urandom(8))
    for _ in range(2):
        quietly(model_of, SIGMA, D, counted(log), store=tmp_path / "p", name="floor")
    assert asked(log) == 12


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_the_caller_leaves_what_is_finished(workers, tmp_path):
    class Stop(Exception):
        pass

    steps = []

    def stop():
        steps.append(1)
        if len(steps) == 3:
            raise Stop

    log, options = tmp_path / "log", {"store": tmp_path / "p", "name": "floor"}
    with pytest.raises(Stop):
        quietly(model_of, SIGMA, D, counted(log), workers=workers, progress=stop, **options)
    kept, before = len(cells(tmp_path / "p")), asked(log)
    assert kept == 3
    quietly(model_of, SIGMA, D, counted(log), **options)
    assert asked(log) - before == 3


def test_questions_are_known_by_their_names(tmp_path):
    store = tmp_path / "p"
    strict = quietly(model_of, SIGMA, D, ls.theory.saturation, store=store)
    loose = partial(ls.theory.saturation, tolerance=0.3)
    found = quietly(model_of, SIGMA, D, loose, store=store)
    assert strict.question == "linscale.theory.saturation"
    assert found.question == "linscale.theory.saturation(tolerance=0.3)"
    assert np.all(found.value < strict.value)
    done = []
    for question, expected in ((loose, found), (ls.theory.saturation, strict)):
        again = quietly(model_of, SIGMA, D, question, store=store, progress=lambda: done.append(1))
        assert bits(again) == bits(expected)
    assert not done


@pytest.mark.parametrize("question", [lambda model: 1.0, counted("log"), QUESTIONS[0]])
def test_a_question_without_a_name_is_refused_by_a_store(question, tmp_path):
    with pytest.raises(InvalidArgument, match=r"name = None: .*lambda"):
        quietly(model_of, SIGMA, D, question, store=tmp_path / "p")
    assert not list(tmp_path.iterdir())
    assert quietly(model_of, SIGMA, D, lambda model: 1.0).question == "question"


@pytest.mark.parametrize("changed", [
    lambda sigma, d: ls.SubspaceModel(21, d, sigma),
    lambda sigma, d: ls.SubspaceModel(20, d, sigma * (1 + 1e-6)),
    lambda sigma, d: (ls.SubspaceModel(20, d, sigma),),
    lambda sigma, d: ls.SubspaceModel(20, d, sigma).spectral(),
    lambda sigma, d: ls.SubspaceModel(1, d, sigma),
    lambda sigma, d: ls.SubspaceModel(20 if (sigma, d) != (0.5, 4) else 21, d, sigma),
])  # fmt: skip
def test_a_changed_model_is_refused(changed, tmp_path):
    store = tmp_path / "p"
    quietly(model_of, SIGMA, D, ls.theory.floor, store=store)
    more = {"sigma": [0.1, 0.2, 0.3, 0.5]}
    with pytest.raises(InvalidArgument, match=r"model_of = another model at .*name=") as caught:
        quietly(changed, more, D, ls.theory.floor, store=store)
    assert str(store) in str(caught.value)
    # Nothing was added; under another name it may be asked.
    assert len(cells(store)) == 6
    quietly(changed, more, D, ls.theory.floor, store=store, name="of another model")
    quietly(model_of, more, D, ls.theory.floor, store=store)


def test_a_model_that_differs_by_rounding_is_the_same(tmp_path):
    """As another processor would compute it."""
    store = tmp_path / "p"
    quietly(model_of, SIGMA, D, ls.theory.floor, store=store)
    rounded = lambda sigma, d: ls.SubspaceModel(20, d, sigma * (1 + 1e-15))  # noqa: E731
    done = []
    quietly(rounded, SIGMA, D, ls.theory.floor, store=store, progress=lambda: done.append(1))
    assert not done


def test_a_changed_question_is_refused(tmp_path):
    options = {"store": tmp_path / "p", "name": "share"}
    quietly(model_of, SIGMA, D, lambda model: 2.0 * ls.theory.floor(model), **options)
    quietly(model_of, SIGMA, D, lambda model: 2.0 * ls.theory.floor(model), **options)
    for changed in (lambda model: 3.0 * ls.theory.floor(model), ls.theory.floor):
        with pytest.raises(InvalidArgument, match=r"question = other code .*'share'.*name="):
            quietly(model_of, SIGMA, D, changed, **options)


def test_what_is_compared_is_what_would_be_seen(tmp_path, monkeypatch):
    """Planted error: without the comparison another model's answers are mixed in."""
    monkeypatch.setattr("linscale.sweep.phases.alike", lambda one, other: True)
    store = tmp_path / "p"
    quietly(model_of, {"sigma": [0.1]}, D, ls.theory.floor, store=store)
    other = lambda sigma, d: ls.SubspaceModel(20, d, 2.0 * sigma)  # noqa: E731
    mixed = quietly(other, SIGMA, D, ls.theory.floor, store=store)
    assert bits(mixed) != bits(quietly(other, SIGMA, D, ls.theory.floor))


def cells(path):
    db = sqlite3.connect(path)
    try:
        return db.execute("SELECT * FROM cells").fetchall()
    finally:
        db.close()


# No answers


def test_no_answer_is_recorded(tmp_path):
    """A dimension above n has no model, and a floor of 0 no saturation."""
    log = tmp_path / "log"

    def question(model):
        with open(log, "a") as file:
            file.write("x")
        if model.d == 3:
            raise NotConverged("the test", 0.1, "nothing")
        return ls.theory.floor(model)

    options = {"store": tmp_path / "p", "name": "floor"}
    found = quietly(model_of, SIGMA, {"d": [3, 4, 30]}, question, **options)
    assert np.isnan(found.value).tolist() == [[True] * 3, [False] * 3, [True] * 3]
    assert np.isnan(found.error).all()
    assert found.statuses[0][0] == (
        "no answer: the test did not converge (residual 1.00e-01): nothing"
    )
    assert found.statuses[2][0].startswith("no answer: d = 30: must be at most n = 20")
    assert not found.doubtful.any()
    assert "6 of 9 cells without an answer" in repr(found)
    assert asked(log) == 6
    assert bits(quietly(model_of, SIGMA, {"d": [3, 4, 30]}, question, **options)) == bits(found)
    assert asked(log) == 6
    again = quietly(model_of, SIGMA, {"d": [3, 4, 30]}, question, **options, retry_failed=True)
    assert bits(again) == bits(found)
    assert asked(log) == 9


@pytest.mark.parametrize("stored", [False, True])
def test_what_has_no_spectrum_may_have_an_answer(stored, tmp_path):
    """Noise that rounding would swallow: only the fingerprint asks for a spectrum here."""
    tiny = lambda sigma, d: ls.InverseProblem(None, np.diag([1.0] * d + [0.0]), sigma)  # noqa: E731
    options = {"store": tmp_path / "p", "name": "size"} if stored else {}
    for _ in range(2):
        found = quietly(tiny, {"sigma": [1e-9]}, D, lambda model: model.n, **options)
        assert found.value.tolist() == [[2.0], [5.0]]
        assert found.statuses == (("ok",), ("ok",))


def test_a_changed_object_is_another_question(tmp_path):
    """What it holds is not in its name, and is compared."""

    class Asking:
        size = 50

        def ask(self, model):
            return ls.theory.early_stopped(model, self.size)

    asking, store = Asking(), tmp_path / "p"
    with pytest.raises(InvalidArgument, match="name"):
        quietly(model_of, SIGMA, D, asking.ask, store=store)
    first = quietly(model_of, SIGMA, D, asking.ask, store=store, name="mine")
    assert np.array_equal(
        quietly(model_of, SIGMA, D, asking.ask, store=store, name="mine").value, first.value
    )
    asking.size = 5
    with pytest.raises(InvalidArgument, match=r"question|mine"):
        quietly(model_of, SIGMA, D, asking.ask, store=store, name="mine")


SETTINGS = {"n_train": 50}


def test_changed_settings_are_another_question(tmp_path, monkeypatch):
    asked = lambda model: ls.theory.early_stopped(model, SETTINGS["n_train"])  # noqa: E731
    quietly(model_of, SIGMA, D, asked, store=tmp_path / "p", name="mine")
    monkeypatch.setitem(SETTINGS, "n_train", 5)
    with pytest.raises(InvalidArgument, match=r"question|mine"):
        quietly(model_of, SIGMA, D, asked, store=tmp_path / "p", name="mine")


def test_other_errors_are_not_hidden(tmp_path):
    def missing(model):
        raise MissingDevice("no such device")

    for question, error in ((missing, MissingDevice), (lambda model: 1 / 0, ZeroDivisionError)):
        with pytest.raises(error):
            quietly(model_of, SIGMA, D, question, store=tmp_path / "p", name=error.__name__)
    with pytest.raises(InvalidArgument, match="one of sgma and d"):
        quietly(model_of, {"sgma": [0.1]}, D, ls.theory.floor)
    with pytest.raises(TypeError, match="argument"):
        quietly(model_of, SIGMA, D, ls.theory.early_stopped)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("question", "what"),
    [
        (lambda model: "much", "a str"),
        (lambda model: None, "a NoneType"),
        (lambda model: np.ones(3), "a ndarray"),
        (lambda model: np.ones(1), "a ndarray"),
        (lambda model: 1j, "a complex"),
        (partial(ls.theory.risk, n_train=5, filter=ls.GradientFlow([1, 2])), "a RiskPath"),
    ],
)
def test_what_is_no_number_is_said(question, what, workers, tmp_path):
    with pytest.raises(InvalidArgument, match=f"question = a function that gives {what}"):
        quietly(model_of, SIGMA, D, question, store=tmp_path / "p", name="q", workers=workers)
    assert cells(tmp_path / "p") == []


# Arguments


def test_ranges():
    x = {"sigma": {"from": 0.1, "to": 1.0, "count": 3}}
    found = quietly(model_of, x, {"d": {"from": 1, "to": 4}}, ls.theory.floor)
    assert np.array_equal(found.x, np.geomspace(0.1, 1.0, 3))
    assert found.y.tolist() == [1, 2, 3, 4]
    assert found.y.dtype == np.int64
    whole = quietly(model_of, x, {"d": {"from": 1, "to": 20, "count": 4}}, ls.theory.floor)
    assert whole.y.tolist() == [1, 3, 7, 20]
    x, y = {"sigma": np.array([1, 0.5])}, {"d": np.arange(1, 3)}
    arrays = quietly(model_of, x, y, ls.theory.floor)
    assert (arrays.x.tolist(), arrays.y.tolist()) == ([1.0, 0.5], [1, 2])


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"model_of": ls.SubspaceModel(20, 2, 0.1)}, "model_of"),
        ({"question": "saturation"}, "question"),
        ({"x": [0.1, 0.2]}, "x"),
        ({"x": {}}, "x"),
        ({"x": {"sigma": [0.1], "d": [1]}}, "x"),
        ({"x": {1: [0.1]}}, "x"),
        ({"y": {"value": [0.1]}}, "y"),
        ({"y": {"sigma": [0.1]}}, "y"),
        ({"x": {"sigma": []}}, "sigma"),
        ({"x": {"sigma": ["0.1"]}}, "sigma"),
        ({"x": {"sigma": [True, 0.1]}}, "sigma"),
        ({"x": {"sigma": [0.1, np.nan]}}, "sigma"),
        ({"x": {"sigma": [0.1, 0.1]}}, "sigma"),
        ({"x": {"sigma": {"from": 0.1}}}, "sigma"),
        ({"y": {"d": [2**60]}}, "d"),
        ({"x": {"sigma": np.arange(1.0, 2000.0)}, "y": {"d": range(2000)}}, "x, y"),
        ({"workers": 0}, "workers"),
        ({"progress": 3}, "progress"),
        ({"retry_failed": 1}, "retry_failed"),
        ({"name": ""}, "name"),
        ({"name": "two\nlines"}, "name"),
    ],
)
def test_bad_arguments_are_named(change, name):
    good = {"model_of": model_of, "x": SIGMA, "y": D, "question": ls.theory.floor}
    with pytest.raises(InvalidArgument) as caught:
        quietly(**{**good, **change})
    assert caught.value.argument == name
    assert "\n" not in str(caught.value)


# Files


@pytest.fixture
def filled(tmp_path):
    quietly(model_of, SIGMA, D, ls.theory.floor, store=tmp_path / "p")
    return tmp_path / "p"


def refused(path, word):
    before = path.read_bytes()
    with pytest.raises(InputError, match=word) as caught:
        quietly(model_of, SIGMA, D, ls.theory.floor, store=path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    assert not path.with_name(path.name + "-lock").exists()


def edit(path, statement):
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("UPDATE cells SET value = value * 2 WHERE rowid = 3", "damaged"),
        ("UPDATE cells SET model = 'zz' WHERE rowid = 3", "damaged"),
        ("UPDATE questions SET code = 'zz'", "damaged"),
        ("UPDATE meta SET value = '2'", "of format 2"),
        ("DELETE FROM meta", "of format None"),
        ("PRAGMA application_id = 5", "not a store of phase diagrams"),
        ("DROP TABLE cells", "damaged"),
    ],
)
def test_a_file_that_was_changed(filled, statement, word):
    edit(filled, statement)
    refused(filled, word)


def test_other_files(filled, tmp_path):
    for size in (filled.stat().st_size - 100, int(0.9 * filled.stat().st_size)):
        os.truncate(filled, size)
        refused(filled, "damaged")
    text = tmp_path / "text"
    text.write_text("sigma,d\n" * 200)
    refused(text, "not a store")
    with pytest.raises(InputError, match="is a folder"):
        quietly(model_of, SIGMA, D, ls.theory.floor, store=tmp_path)


def test_sweeps_and_diagrams_keep_to_their_own_files(filled, tmp_path):
    with pytest.raises(InputError, match="not a store of sweeps"):
        Store(filled, write=True)
    ls.sweep.run(GRID.cells[:1], tmp_path / "s", progress=False)
    refused(tmp_path / "s", "not a store of phase diagrams")


def test_one_writer_at_a_time(filled):
    lock = Lock(filled)
    try:
        with pytest.raises(InputError, match="another process is writing"):
            quietly(model_of, SIGMA, D, ls.theory.floor, store=filled)
    finally:
        lock.release()


def test_other_versions_are_said(filled):
    edit(filled, """UPDATE sessions SET versions = json_set(versions, '$.numpy', '0.1')""")
    (note,) = quietly(model_of, SIGMA, D, ls.theory.floor, store=filled).notes
    assert note.endswith("whose last digits may differ: numpy 0.1")


def test_a_full_disk_keeps_what_was_written(tmp_path, monkeypatch):
    """SQLite's own limit on the file's pages: the same error as of a full disk."""
    limited = ls.sweep.phases.PhaseStore.find

    def find(store, *arguments):
        store._db.execute(f"PRAGMA max_page_count = {store.path.stat().st_size // 512 + 20}")
        return limited(store, *arguments)

    many = {"sigma": {"from": 0.1, "to": 1.0, "count": 50}}
    with monkeypatch.context() as patch:
        patch.setattr("linscale.sweep.phases.PhaseStore.find", find)
        with pytest.raises(InputError, match=r"no space left"):
            quietly(model_of, many, D, ls.theory.floor, store=tmp_path / "p")
    kept = len(cells(tmp_path / "p"))
    assert 3 < kept < 100
    done = []
    quietly(model_of, many, D, ls.theory.floor, store=tmp_path / "p",
            progress=lambda: done.append(1))  # fmt: skip
    assert len(done) == 100 - kept


# What a person sees


DRAWN = Phase(
    question="linscale.theory.saturation(tolerance=0.1)", x_name="sigma", y_name="n_train",
    x=np.array([0.5, 0.05, 5.0]), y=np.array([5000, 5]),
    value=np.array([[30.0, 123456.0, 7.0], [1.25, np.inf, np.nan]]),
    error=np.array([[0.0, 1.0, 2.0], [0.5, 0.0, np.nan]]),
    statuses=(("ok", "ok", "unsure"), ("ok", "infinite mean", "no answer: none")),
)  # fmt: skip


def test_repr_and_frame(monkeypatch):
    assert repr(DRAWN) == (
        "Phase(linscale.theory.saturation(tolerance=0.1) at sigma = 0.05 to 5 (3), "
        "n_train = 5 to 5,000 (2): 1.25 to inf; 2 of 6 cells doubtful, "
        "1 of 6 cells without an answer)"
    )
    found = DRAWN
    frame = found.to_frame()
    assert list(frame.columns) == ["sigma", "n_train", "value", "error", "status"]
    assert len(frame) == 6
    for _, row in frame.iterrows():
        i, j = found.y.tolist().index(row.n_train), found.x.tolist().index(row.sigma)
        for name in ("value", "error"):
            assert np.array_equal(row[name], getattr(found, name)[i, j], equal_nan=True)
        assert row["status"] == found.statuses[i][j]
    with pytest.raises(ValueError, match="read-only"):
        found.value[0, 0] = 1.0
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match="needs pandas: pip install"):
        found.to_frame()


def test_a_diagram_of_nothing_has_a_repr():
    found = quietly(model_of, SIGMA, {"d": [30]}, ls.theory.floor)
    assert repr(found).endswith("no value; 3 of 3 cells without an answer)")


@pytest.fixture
def axes():
    from matplotlib.figure import Figure

    return Figure().subplots()


def colours(axes):
    """RGBA of every cell as it is seen, (Y, X, 4): its own, or that of what is behind it."""
    from matplotlib.colors import to_rgba

    seen = None
    for mesh in axes.collections:
        if mesh.get_array() is None:  # a hatch
            continue
        values = np.ma.masked_invalid(mesh.get_array())
        own = mesh.cmap(mesh.norm(values))
        if seen is None:
            seen = np.tile(to_rgba(axes.get_facecolor()), (*values.shape, 1))
        seen[~np.ma.getmaskarray(values)] = own[~np.ma.getmaskarray(values)]
    return seen


def test_a_drawing_shows_each_cell_where_it_is(axes):
    assert DRAWN.plot(axes) is axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    seen = colours(axes)
    # Both axes ascend: y = 5 is 1.25 at x = 0.5, infinite at 0.05; then come 123456, 30, 7.
    ascending = [(0, 1), (1, 2), (1, 1), (1, 0)]
    bright = [seen[cell][:3].sum() for cell in ascending]
    assert bright == sorted(set(bright))
    assert np.ptp(seen[0, 2, :3]) == 0.0  # no answer is grey,
    assert 1.0 < seen[0, 2, :3].sum() < 2.7  # neither white nor black,
    assert np.ptp(seen[0, 0, :3]) > 0.5  # and infinite is not
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["doubtful", "infinite", "no answer"]
    hatched = [patch for patch in axes.collections if patch.get_hatch()]
    corners = {tuple(path.vertices.min(axis=0)) for h in hatched for path in h.get_paths()}
    grid = axes.collections[0].get_coordinates()
    assert corners == {tuple(grid[0, 0]), tuple(grid[1, 2])}
    (bar,) = [other for other in axes.figure.axes if other is not axes]
    assert bar.get_ylabel() == "saturation (tolerance=0.1)"
    assert bar.get_yscale() == "log"


@pytest.mark.parametrize(
    ("values", "log"),
    [([0.1, 1, 10], True), ([1, 2, 5, 10, 20], True), ([1, 2, 3, 4], False), ([0, 1, 10], False),
     ([-1, 1, 10], False), ([5.0], False), ([0.05, 0.1], False), ([10, 30, 50, 70, 90], False)],
)  # fmt: skip
def test_axes_are_logarithmic_where_values_are(values, log, axes):
    value = np.zeros((1, len(values)))
    ok = (("ok",) * len(values),)
    Phase("q", "a", "b", np.array(values), np.array([1]), value, value, ok).plot(axes)
    assert axes.get_xscale() == ("log" if log else "linear")
    edges = axes.collections[0].get_coordinates()[0, :, 0]
    assert np.all(edges[:-1] < values)
    assert np.all(values < edges[1:])


@pytest.mark.parametrize(
    ("value", "scale"),
    [([1, 2, 5], "linear"), ([1, 2, 50], "log"), ([-1, -2, -50], "symlog"), ([-1, 2, 50], "linear"),
     ([1, 1, 1], "linear"), ([0, 1, 50], "linear")],
)  # fmt: skip
def test_colours_are_logarithmic_where_values_span_decades(value, scale, axes):
    value = np.array([value], dtype=float)
    ok = (("ok",) * 3,)
    Phase("q", "a", "b", np.arange(3), np.array([1]), value, value, ok).plot(axes)
    (bar,) = [other for other in axes.figure.axes if other is not axes]
    assert bar.get_yscale() == scale


def test_nothing_but_grey_can_be_drawn(axes):
    nan = np.full((1, 2), np.nan)
    nothing = (("no answer: a", "no answer: b"),)
    Phase("q", "a", "b", np.arange(2), np.array([1]), nan, nan, nothing).plot(axes)
    assert axes.figure.axes == [axes]
    assert np.ptp(colours(axes)[..., :3]) == 0.0


def test_a_figure_of_its_own():
    from matplotlib import pyplot

    axes = DRAWN.plot()
    assert axes.figure.number in pyplot.get_fignums()
    pyplot.close(axes.figure)


def test_importing_it_is_light():
    from tests.test_layers import loaded_by

    heavy = {"sqlite3", "joblib", "tqdm", "linscale.sweep"}
    before = loaded_by("import linscale") & heavy
    assert "linscale.sweep" not in before
    assert loaded_by("import linscale; linscale.__all__") & heavy == before
    assert "matplotlib" not in loaded_by("import linscale; linscale.phase")
