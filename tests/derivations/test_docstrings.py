"""Every docstring that displays an equation says where it is derived."""

import ast
import re
from pathlib import Path

import pytest

import linscale
from derivations import LABELS

PACKAGE = Path(linscale.__file__).parent
NAMES = re.compile(r"Derivations?: ((?:`\w+`(?:,\s|\sand\s)?)+)")
# The choice of the paper's code, and how a law is registered: nothing to derive.
DEFINITIONS = {"reference_step", "law"}


def docstrings(path):
    """(name, docstring) of a file and of everything in it, indentation removed."""
    tree = ast.parse(path.read_text())
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, kinds):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "name", path.stem), text


def displays_an_equation(text):
    """An indented line of its own, before the numpydoc sections."""
    before = re.split(r"\n\w[\w ]*\n-{3,}\n", text)[0]
    return any(line.startswith("    ") for line in before.splitlines())


def labels_in(text):
    return [label for names in NAMES.findall(text) for label in re.findall(r"`(\w+)`", names)]


THEORY = sorted((PACKAGE / "theory").rglob("*.py")) + sorted((PACKAGE / "filters").glob("*.py"))
OTHER = [PACKAGE / "models" / "problem.py", PACKAGE / "montecarlo" / "band.py"]


@pytest.mark.parametrize("path", THEORY + OTHER, ids=lambda path: path.stem)
def test_equations_name_their_derivation(path):
    unnamed = [
        name
        for name, text in docstrings(path)
        if displays_an_equation(text) and not labels_in(text) and name not in DEFINITIONS
    ]
    assert not unnamed


def test_labels_exist_and_all_are_used():
    used = {
        label
        for path in PACKAGE.rglob("*.py")
        for _, text in docstrings(path)
        for label in labels_in(text)
    }
    assert used == set(LABELS)


def test_the_check_sees_an_equation():
    assert displays_an_equation("Risk.\n\n    R = floor + bias\n")
    assert not displays_an_equation(
        "Risk.\n\nParameters\n----------\nx : float\n    n = 3 things.\n"
    )
    assert labels_in("Derivation: `one_step`.") == ["one_step"]
    assert labels_in("Derivations: `pca`, `ridge` and `moments`.") == ["pca", "ridge", "moments"]
