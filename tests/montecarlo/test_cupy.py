"""engine="cupy" where CuPy or its GPU is missing, and its glue on a stand-in made of NumPy."""

import sys
from contextlib import nullcontext
from pathlib import Path
from runpy import run_path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import linscale as ls
from linscale.cli import main
from linscale.errors import MissingDevice
from linscale.montecarlo import _cupy, paths
from linscale.montecarlo.engines import ENGINES, check_engine
from tests.tolerances import rounding

from .host_cuda import launcher
from .test_stacks import MODELS, SUBSPACE, assert_same, on_cpu, simulated

MC = ls.montecarlo


class Device:
    """What a device says of itself, and whether it is the current one."""

    active = 0
    mem_info = (3000, 10_000)

    def __init__(self, number):
        self.number = number

    def __enter__(self):
        Device.active += 1

    def __exit__(self, *_):
        Device.active -= 1


class Pool:
    def __init__(self, limit=0):
        self.limit = limit

    def free_bytes(self):
        return 500

    def used_bytes(self):
        return 100

    def get_limit(self):
        return self.limit


class NoDriver(RuntimeError):
    """As CuPy's CUDARuntimeError is."""


def no_driver():
    raise NoDriver("cudaErrorInsufficientDriver: CUDA driver version is insufficient")


def stand_in(monkeypatch, devices=lambda: 1, raw_kernel=None):
    """Modules named cupy, cupyx and array_api_compat.cupy, on NumPy's arrays."""
    cupy, compat = ModuleType("cupy"), ModuleType("array_api_compat.cupy")
    for name in ("ascontiguousarray", "empty", "eye", "stack", "linalg"):
        setattr(cupy, name, getattr(np, name))
    cupy.asnumpy = np.asarray
    cupy.get_default_memory_pool = Pool
    cupy.RawKernel = raw_kernel
    runtime = SimpleNamespace(
        getDeviceCount=devices,
        getDevice=lambda: 0,
        getDeviceProperties=lambda number: {"name": b"NumPy in disguise"},
    )
    cupy.cuda = SimpleNamespace(runtime=runtime, Device=Device)
    compat.__dict__.update({k: v for k, v in vars(np).items() if not k.startswith("__")})

    def asarray(values, device):
        assert device.number == 0
        assert Device.active > 0
        return np.array(values)

    compat.asarray = asarray
    cupyx = ModuleType("cupyx")
    cupyx.errstate = lambda linalg: nullcontext() if linalg == "raise" else None
    for module in (cupy, compat, cupyx):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return cupy


def test_without_cupy_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    check_engine("cupy")  # the engine exists, only not here
    message = r"needs cupy, .*'linscale\[cuda12\]' for .* CUDA 12, 'linscale\[cuda13\]' for .* 13"
    for name in ("subspace", "inverse", "mixture"):
        with pytest.raises(MissingDevice, match=message):
            MC.risk(MODELS[name], 5, ls.GradientFlow(1.0), engine="cupy")
    with pytest.raises(MissingDevice, match="needs cupy"):
        MC.pca(SUBSPACE, 5, engine="cupy")


def test_without_the_compatibility_layer_too(monkeypatch):
    stand_in(monkeypatch)
    monkeypatch.setitem(sys.modules, "array_api_compat.cupy", None)
    with pytest.raises(MissingDevice, match=r"needs array_api_compat, .*linscale\[cuda12\]"):
        _cupy.backend()


@pytest.mark.parametrize(
    ("devices", "reason"), [(no_driver, "InsufficientDriver"), (lambda: 0, "no device is visible")]
)
def test_without_a_gpu_it_says_so(monkeypatch, devices, reason):
    stand_in(monkeypatch, devices)
    with pytest.raises(MissingDevice, match=f"NVIDIA GPU and its driver: .*{reason}.*nvidia-smi"):
        MC.converged(SUBSPACE, 5, engine="cupy")


@pytest.mark.parametrize("kind", [ImportError, RuntimeError])
def test_without_the_toolkit_it_says_what_to_install(monkeypatch, kind):
    def missing(matrix):
        raise kind("Failure finding libcusolver.so\nand many more lines")

    cupy = stand_in(monkeypatch)
    cupy.linalg = SimpleNamespace(eigh=missing)
    with pytest.raises(
        MissingDevice, match=r"libraries: .*libcusolver.so: pip .*\[cuda12\]"
    ) as found:
        _cupy.backend()
    assert "many more" not in str(found.value)


def test_the_command_says_so_in_one_line(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "cupy", None)
    options = ["--n-train", "5", "--draws", "2", "--workers", "1", "--out", str(tmp_path)]
    assert main(["risk", "--engine", "cupy", *options]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert [line for line in said if "linscale[cuda12]" in line] == said[-1:]
    assert not list(tmp_path.iterdir())


def test_nothing_takes_it_unasked(monkeypatch):
    def asked():
        raise AssertionError("the GPU was asked for")

    monkeypatch.setattr(_cupy, "backend", asked)
    for model in MODELS.values():
        for engine in ENGINES[:3]:
            if engine != "wishart" or model is not MODELS["mixture"]:
                MC.risk(model, 5, ls.GradientFlow(1.0), trials=2, engine=engine)
    with pytest.raises(AssertionError, match="asked for"):
        MC.risk(SUBSPACE, 5, ls.GradientFlow(1.0), trials=2, engine="cupy")


@pytest.fixture
def compiled(monkeypatch, tmp_path):
    """The stand-in whose kernels are compiled for the host; the launches that it saw."""
    launches = []

    class RawKernel:
        def __init__(self, source, name):
            assert f"void {name}(" in source
            self.launch = launcher(source, tmp_path, _cupy.TILE)

        def __call__(self, grid, block, arguments):
            kinds = [np.ndarray] * 4 + [np.float64] + [np.int64] * 4 + [np.ndarray]
            assert [type(a) for a in arguments] == kinds  # scalars are passed by their type
            assert block == (_cupy.TILE, _cupy.TILE)
            assert grid[0] == arguments[5]
            launches.append(grid)
            self.launch(grid[1], *arguments)

    _cupy._kernel.cache_clear()
    stand_in(monkeypatch, raw_kernel=RawKernel)
    yield launches
    _cupy._kernel.cache_clear()


@pytest.mark.parametrize("residual", ["averaged", "drawn"])
@pytest.mark.parametrize("name", ["subspace", "inverse", "mixture"])
def test_the_whole_of_it_on_the_stand_in(compiled, name, residual):
    """Its own kernel, launched as on a GPU, gives the numbers of the CPU engine."""
    filters = [ls.GradientFlow([0.5, 5.0]), ls.Ridge(0.1)]
    expected, condition = on_cpu(MODELS[name], 9, residual, filters)
    found = simulated(MODELS[name], 9, "cupy", residual, filters)
    assert_same(found, expected, condition)
    assert "NumPy in disguise" in found.method
    assert bool(compiled) == (name == "subspace")
    assert Device.active == 0


@pytest.mark.parametrize("one_by_one", [False, True])
def test_small_matrices_are_decomposed_together_and_large_ones_alone(monkeypatch, rng, one_by_one):
    cupy, seen = stand_in(monkeypatch), []
    root = rng.standard_normal((3, 5, 5))
    matrices = root + root.mT

    def eigh(matrix):
        seen.append(matrix.shape)
        return np.linalg.eigh(matrix)

    solve = _cupy.backend().eigh
    cupy.linalg = SimpleNamespace(eigh=eigh)
    monkeypatch.setattr(_cupy, "TOGETHER", 4 if one_by_one else 5)
    l, v = solve(matrices)
    assert seen == ([(5, 5)] * 3 if one_by_one else [(3, 5, 5)])
    allowed = rounding(np.linalg.norm(matrices, 2, axis=(1, 2)).max(), 4 * 5)
    assert np.all(np.abs(v * l[:, None, :] @ v.mT - matrices) <= allowed)


def test_free_memory_is_the_devices_and_the_pools(monkeypatch):
    cupy = stand_in(monkeypatch)
    assert _cupy.backend().free_memory() == 3500
    cupy.get_default_memory_pool = lambda: Pool(limit=1000)  # CUPY_GPU_MEMORY_LIMIT
    assert _cupy.backend().free_memory() == 900


def test_paths_of_the_portable_kind_are_at_hand(monkeypatch):
    stand_in(monkeypatch)
    on = _cupy.backend()
    arrays = np.ones((2, 3, 4)), np.ones((2, 4)), np.ones((2, 4, 4))
    assert np.array_equal(on.quadratic_path(*arrays), paths.quadratic_path(*arrays))


def test_the_benchmark_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cupy", None)
    script = Path(__file__).parents[2] / "benchmarks" / "gpu.py"
    with pytest.raises(SystemExit) as end:
        run_path(str(script), run_name="__main__")
    assert end.value.code == 1
    said = capsys.readouterr()
    assert said.err.startswith("nothing measured: engine = 'cupy' needs cupy")
    assert said.out == ""
