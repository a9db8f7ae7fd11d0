"""CONTRIBUTING.md: the files that it shows work, tests notice a fault, what it names is there.

Below is a first test of each addition, as its author would write one.
"""

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import linscale as ls
from linscale import empirical
from linscale.answer import ESTIMATORS
from linscale.errors import InputError
from linscale.filters.stored import FILTERS
from tests.conftest import z_limit
from tests.tolerances import CONTRACT

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
README = (ROOT / "README.md").read_text()
FENCED = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE))


def code_of(text, kind):
    return [code for found, code in FENCED.findall(text) if found == kind]


ADDITIONS = {name: text for name, text in SECTIONS.items() if "```python" in text}


# A first test of each.


def a_filter(added, tmp_path, monkeypatch):
    """Of order 1 it is ridge; theory is simulation, and not of another order."""
    model, mu = ls.SubspaceModel(n=60, d=6, sigma=0.2), [0.03, 0.3]
    filters = added.IteratedTikhonov(mu, 1), ls.Ridge(mu)
    once, ridge = (ls.theory.risk(model, 40, filter) for filter in filters)
    assert np.all(abs(once.value - ridge.value) < CONTRACT * (ridge.value - ridge.floor))
    filter = added.IteratedTikhonov(mu)
    drawn = ls.montecarlo.risk(model, 40, filter, trials=500, rng=0)
    for order, right in ((2, True), (3, False)):
        theory = ls.theory.risk(model, 40, added.IteratedTikhonov(mu, order))
        away = abs(theory.value - drawn.value) / (theory.error + z_limit(2) * drawn.sem)
        assert np.all(away < 1) if right else np.all(away > 1)


def a_model(added, tmp_path, monkeypatch):
    """White is known; the floor is that of the recursion, and not of another correlation."""
    flow, n, a, sigma, count = ls.GradientFlow([0.3, 3.0]), 12, 0.8, 0.5, 20_000
    models = added.Autoregressive(n, 0.0, sigma), ls.SubspaceModel(n, n, sigma)
    white, known = (ls.theory.risk(model, 30, flow).value for model in models)
    assert np.all(abs(white - known) < CONTRACT * known)
    assert models[0].spectral() is models[0].spectral()
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, count))
    for t in range(1, n):
        x[t] = a * x[t - 1] + np.sqrt(1 - a**2) * x[t]
    y = x + sigma * rng.standard_normal(x.shape)
    S = a ** abs(np.subtract.outer(range(n), range(n)))
    errors = np.mean((x - S @ np.linalg.solve(S + sigma**2 * np.eye(n), y)) ** 2, axis=0)
    for near, right in ((a, True), (0.78, False)):
        off = abs(errors.mean() - added.Autoregressive(n, near, sigma).spectral().floor)
        assert (off < z_limit(1) * errors.std() / np.sqrt(count)) == right


def a_law(added, tmp_path, monkeypatch):
    """One at a time they are Gaussian; theory is simulation, and not of another size."""
    one = ls.SubspaceModel(n=30, d=3, sigma=0.3).spectral()
    single, known = (ls.theory.early_stopped(model, 40) for model in (added.Groups(one, 1), one))
    assert single.value == known.value
    drawn = ls.montecarlo.early_stopped(one, 60, trials=500, rng=0)
    for size, right in ((3, True), (2, False)):
        theory = ls.theory.early_stopped(added.Groups(one, size), 20)
        assert (abs(theory.value - drawn.value) < theory.error + z_limit(1) * drawn.sem) == right
    risk = ls.theory.early_stopped(one, 60).value
    assert ls.theory.required_n_train(added.Groups(one, 3), risk=risk) == 20


def an_estimator(added, tmp_path, monkeypatch):
    """By its word, theory is simulation, and not of another N."""
    model, sizes = ls.SubspaceModel(n=60, d=6, sigma=0.3), [10, 100]
    drawn = ls.curve(model, sizes, "one_step", method="montecarlo", trials=1000, accuracy=1e-4)
    for N, right in ((sizes, True), ([11, 110], False)):
        away = abs(ls.curve(model, N, "one_step").value - drawn.value) / drawn.sem
        assert np.all(away < z_limit(2)) if right else np.all(away > z_limit(2))


LOG = "epoch,loss,psnr,val_loss,val_psnr\n0,3,20,3,19\n1,2,24,2,22\n2,1,28,2,21\n"


def a_reader(added, tmp_path, monkeypatch):
    """The best epoch on validation is read (and not each curve's best); damage is named."""
    given = empirical.Columns(given={"task": "denoising", "n_train": 100})
    path = tmp_path / "training.log"
    path.write_text(LOG)
    assert empirical.detect(path) == "keras"
    found = {row.split: row.value for row in empirical.read(path, given)}
    assert found == {"train": 24.0, "val": 22.0}
    path.write_text(LOG[:-4])
    with pytest.raises(InputError, match="line 4: 4 cells under 5 headings"):
        empirical.read(path, given)
    assert len(empirical.read(path, given, partial=True)) == 2
    path.write_text("epoch,step,val_psnr,psnr\n0,99,20,20\n")
    assert empirical.detect(path) == "lightning"


def an_experiment(added, tmp_path, monkeypatch):
    """It runs; its arrays are what the package gives, and not of another noise."""
    monkeypatch.setattr("sys.argv", ["one_step.py", "--sigma", "0.2", "--out", str(tmp_path)])
    assert added.main() == 0
    assert {path.suffix for path in tmp_path.iterdir()} == {".npz", ".png", ".svg"}
    found, made_from = added.arrays.load(tmp_path / "one_step.npz", "n_train", "ratio")
    for sigma, right in ((made_from["sigma"], True), (0.1, False)):
        model = ls.SubspaceModel(n=100, d=10, sigma=sigma)
        one, many = ls.theory.best_one_step(model, 100), ls.theory.early_stopped(model, 100)
        assert (found["ratio"][2] == one.value / many.value) == right
    monkeypatch.setattr("sys.argv", ["one_step.py", "--sigma", "-1", "--out", str(tmp_path)])
    assert added.main() == 2


# Each with a fault in what is added, which its test must notice.
TESTS = {
    "A filter": (a_filter, "** self.order", "** (self.order + 0.2)"),
    "A model": (a_model, "toeplitz(self.a **", "toeplitz((0.95 * self.a) **"),
    "A law": (a_law, "return self.size * n_train", "return self.size * n_train + 5"),
    "An estimator": (an_estimator, "best_step(n_train)", "best_step(n_train) * 1.2"),
    "A reader": (a_reader, 'f"train_{n}"', 'f"test_{n}"'),
    "An experiment": (an_experiment, "one = np.array(", "one = 1.01 * np.array("),
}


@pytest.fixture
def added(monkeypatch):
    """A module of a section's code; what it registers is gone afterwards.

    What other tests have registered by the same words is not there meanwhile.
    """
    registries = (FILTERS, ESTIMATORS, empirical.READERS)
    known = [dict(registry) for registry in registries]
    for registry in registries:
        for word in [w for w, cls in registry.items() if not cls.__module__.startswith("linscale")]:
            del registry[word]
    monkeypatch.syspath_prepend(str(ROOT / "experiments"))

    def make(name, *change):
        (code,) = code_of(ADDITIONS[name], "python")
        assert not change or code.count(change[0]) == 1
        module = ModuleType("contributed")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(code.replace(*change) if change else code, name, "exec"), vars(module))
        return module

    yield make
    for registry, before in zip(registries, known, strict=True):
        registry.clear()
        registry.update(before)
    sys.modules.pop("arrays", None)


@pytest.mark.parametrize("name", TESTS)
def test_what_it_shows_works(name, added, tmp_path, monkeypatch):
    TESTS[name][0](added(name), tmp_path, monkeypatch)


@pytest.mark.parametrize("name", TESTS)
def test_a_fault_in_it_is_noticed(name, added, tmp_path, monkeypatch):
    test, *change = TESTS[name]
    with pytest.raises(AssertionError):
        test(added(name, *change), tmp_path, monkeypatch)


def test_every_addition_is_tried():
    assert ADDITIONS.keys() == TESTS.keys()


def test_its_files_are_new_and_in_rooms_that_are_there():
    for text in ADDITIONS.values():
        (code,) = code_of(text, "python")
        path = ROOT / re.match(r"# (\S+\.py)\n", code)[1]
        assert path.parent.is_dir()
        assert not path.exists()


def absent(text):
    """Paths in the prose that are not there: what has a slash or an ending, and links."""
    prose = FENCED.sub("", text)
    quoted = re.findall(r"`([\w./-]+)`", prose)
    paths = {p for p in quoted if "/" in p or p.endswith((".py", ".md", ".toml"))}
    paths |= {link for link in re.findall(r"\]\(([^)#]+)", prose) if "://" not in link}
    return sorted(path for path in paths if not (ROOT / path).exists())


def test_what_it_names_is_there():
    assert absent(TEXT) == []
    planted = "Copy `tests/nothing.py` or `none.md`, as [there](docs/nowhere.md)"
    assert absent(planted) == ["docs/nowhere.md", "none.md", "tests/nothing.py"]
    headings = re.findall(r"^## (.+)$", README, re.MULTILINE)
    anchors = {re.sub(r"\W+", "-", heading.lower()).strip("-") for heading in headings}
    linked = re.findall(r"README\.md#([\w-]+)", TEXT)
    assert linked
    assert set(linked) <= anchors


@pytest.mark.parametrize("name", ADDITIONS)
def test_a_section_names_what_to_copy_the_test_and_the_line(name):
    prose = FENCED.sub("", ADDITIONS[name])
    assert re.search(r"Copy\s(a class of )?`[\w/]+\.py`", prose)
    assert re.search(r"^- The test: `tests/[\w/]+\.py`\.", prose, re.MULTILINE)
    (line,) = re.findall(r"^- The line: (.+)", prose, re.MULTILINE)
    assert re.search(r"`\w+/[\w/]*\.py`", line)


def test_its_commands_are_those_of_the_project():
    ci = (ROOT / ".ci" / "run").read_text()
    (commands,) = code_of(TEXT, "sh")
    for command in ("ruff check .", "ruff format .", "mypy", "python .ci/portability"):
        assert f".venv/bin/{command}" in commands
        assert command.split()[0] in ci
    for command in ("python3 -m venv .venv && .venv/bin/pip install", ".venv/bin/python -m pytest"):
        assert command in commands
        assert command in README
    assert "bash .ci/run" in commands
    assert f"contour integrals ({CONTRACT:.0e})".replace("e-0", "e-") in TEXT
