"""The committed document is the one that the derivations write, and reads as it should."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import sympy as sp

import derivations
import linscale
from derivations import LABELS
from derivations.document import PATH, markdown, undefined_citations
from derivations.references import REFERENCES

from .test_derivations import derived

TEXT = PATH.read_text(encoding="utf-8")


def test_document_is_up_to_date():
    written = re.search(r"with SymPy (\d[\w.]*\w)", TEXT)
    if written.group(1) != sp.__version__:
        pytest.skip(f"written with SymPy {written.group(1)}, which prints unlike {sp.__version__}")
    now = markdown([(label, derived(label)) for label in LABELS])
    assert now == TEXT, "out of date: run python -m derivations and commit the result"


def floating(d):
    """Lines of which a number is not exact: another processor might write it differently."""
    return [line for line in d.lines if line.expr is not None and line.expr.atoms(sp.Float)]


def test_nothing_in_the_document_comes_from_floating_point():
    """So it can be compared to the letter."""
    assert not [line for label in LABELS for line in floating(derived(label))]
    names = r"\\tag\{[\d.]+\}|\(\d+\.\d+\):|(SymPy|arXiv|Section) [\d.]+"
    assert not re.findall(r"\d\.\d|\de[+-]?\d", re.sub(names, "", TEXT))
    x = sp.Symbol("x")
    d = derivations.Derivation()
    d.step(x / 3)
    assert not floating(d)
    d.step(0.1 * x)
    assert len(floating(d)) == 1


def test_a_changed_formula_changes_the_document():
    label = "rare"  # the quickest
    chapters = [(label, derived(label))]
    spoiled = derivations.derive(label, derivations.Tamper(derived(label).equations - 1))
    assert markdown([(label, spoiled)]) != markdown(chapters)


def test_every_equation_is_numbered_once_in_order():
    places = re.findall(r"\((\d+\.\d+)\): |\\tag\{(\d+\.\d+)\}", TEXT)
    numbers = [tuple(map(int, (shown or named).split("."))) for named, shown in places]
    assert numbers == sorted(set(numbers))
    assert {chapter for chapter, _ in numbers} == set(range(1, len(LABELS) + 1))
    assert len(numbers) == sum(derived(label).equations for label in LABELS)


def test_dollars_are_paired_and_citations_known():
    for paragraph in re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL).split("\n\n"):
        assert paragraph.replace("\\$", "").count("$") % 2 == 0, paragraph
    assert not undefined_citations(TEXT)
    assert set(REFERENCES) == {key for key in REFERENCES if TEXT.count(f"[{key}]") >= 2}


def test_package_loads_without_the_derivations(tmp_path):
    """An installed package has no derivations beside it."""
    code = "import sys, linscale; linscale.symbolic.floor; print('derivations' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path,
        timeout=120,
    )  # fmt: skip
    assert run.stdout == "False\n"
    assert not (Path(linscale.__file__).parent / "derivations").exists()
