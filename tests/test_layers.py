"""The arrows between modules, and what importing the package may load."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import linscale

PACKAGE = Path(linscale.__file__).parent

# A module may import from layers strictly below its own; packages are one layer each.
LAYERS = [
    {"errors"},
    {"support"},
    {"results", "operators", "empirical"},
    {"images"},
    {"models"},
    {"filters"},
    {"theory", "montecarlo"},
    {"answer", "symbolic"},
    {"studies", "sweep"},
    {"plotting"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def unit(path):
    """The layer's name of a module: its top-level module or package."""
    part = path.relative_to(PACKAGE).parts[0]
    return part.removesuffix(".py")


def imports(path):
    """Dotted names imported anywhere in a file, functions included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_point_down(path):
    if unit(path) != "__init__":
        check_arrows(path, unit(path))


def check_arrows(path, own):
    for name in imports(path):
        parts = name.split(".")
        assert parts[0] not in {"torch", "tensorflow", "lightning"}
        assert parts[0] not in {"experiments", "derivations", "tests"}
        if parts[0] == "matplotlib":
            assert own == "plotting", "plotting is the only importer of matplotlib"
        if parts[0] != "linscale" or parts[1] in (own, "__version__"):
            continue
        assert RANK[parts[1]] < RANK[own], f"{own} imports {name}"


def test_every_module_has_a_layer():
    assert {unit(p) for p in modules()} - {"__init__"} == set(RANK)


def test_the_top_has_few_names():
    assert len({unit(p) for p in modules()} - {"__init__"}) <= 17


# What a law is of, and where it may be told apart by its class: where it is defined.
PROBLEMS = {"SpectralProblem", "MixtureProblem", "SubspaceModel", "InverseProblem"}
OWN = {"models/problem.py"}
ASKED_FOR = {  # questions that are about one kind of model, and refuse another by name
    "filters/gradient.py": {"SubspaceModel"},  # the step of the paper's code
    "theory/limits.py": {"SubspaceModel"},
    "theory/principal_components.py": {"SubspaceModel"},
    "theory/spectrum.py": {"SubspaceModel"},
}


def classes_asked_for(source):
    """Problems and models that a file tells apart by isinstance."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
            names = {n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)}
            found |= names & PROBLEMS
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_laws_are_not_told_apart_by_class(path):
    name = str(path.relative_to(PACKAGE))
    if name not in OWN:
        assert classes_asked_for(path.read_text()) <= ASKED_FOR.get(name, set())


def test_the_check_of_classes_catches_one():
    assert classes_asked_for("def f(x):\n    return isinstance(x, (int, MixtureProblem))") == {
        "MixtureProblem"
    }


@pytest.mark.parametrize(
    "line", ["from linscale.theory import risk", "import matplotlib.pyplot", "import torch"]
)
def test_the_layer_check_catches_a_wrong_arrow(tmp_path, line):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(f"def f():\n    {line}\n")
    with pytest.raises(AssertionError):
        check_arrows(wrong, "montecarlo")


def loaded_by(statement):
    code = f"{statement}\nimport sys\nprint(' '.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return set(run.stdout.split())


def test_import_is_light():
    loaded = loaded_by("import linscale")
    heavy = {"sympy", "matplotlib", "pandas", "xarray", "torch", "numba", "skimage"}
    heavy |= {"PIL", "tifffile", "h5py", "nibabel", "pydicom"}
    assert not heavy & loaded
    assert "numba" in loaded_by("import linscale; linscale.montecarlo")
    assert not (heavy | {"distributed", "pyarrow"}) & loaded_by("import linscale; linscale.sweep")


def test_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        linscale.nothing  # noqa: B018


def packages():
    return sorted({path.parent for path in modules()})


@pytest.mark.parametrize("folder", packages(), ids=lambda p: str(p.relative_to(PACKAGE.parent)))
def test_no_module_shares_its_name_with_what_its_package_exports(folder):
    # `import linscale.x as m` would give the function or class, and not the module.
    name = ".".join(folder.relative_to(PACKAGE.parent).parts)
    package = importlib.import_module(name)
    submodules = {p.stem for p in folder.glob("*.py")} | {p.name for p in folder.iterdir()}
    for shared in submodules & {n for n in dir(package) if not n.startswith("_")}:
        assert isinstance(getattr(package, shared), ModuleType), f"{name}.{shared}"
