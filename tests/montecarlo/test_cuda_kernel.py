"""The CUDA path kernel where no GPU is: NVRTC compiles it, and g++ runs the very same source."""

import ctypes
from pathlib import Path

import numpy as np
import pytest

from linscale.montecarlo import paths
from linscale.montecarlo._cupy import TILE, kernel_source
from tests.tolerances import rounding

from .host_cuda import compile_for_host


class Nvrtc:
    """As much of NVIDIA's runtime compiler as compiling takes; it needs no driver."""

    def __init__(self, path):
        self.nvrtc = ctypes.CDLL(str(path))

    def architectures(self):
        count = ctypes.c_int()
        assert self.nvrtc.nvrtcGetNumSupportedArchs(ctypes.byref(count)) == 0
        found = (ctypes.c_int * count.value)()
        assert self.nvrtc.nvrtcGetSupportedArchs(found) == 0
        return list(found)

    def compile(self, source, architecture):
        """Success, and PTX or the compiler's log."""
        nvrtc, program = self.nvrtc, ctypes.c_void_p()
        create = nvrtc.nvrtcCreateProgram(
            ctypes.byref(program), source.encode(), b"subspace_path.cu", 0, None, None
        )
        assert create == 0
        option = f"--gpu-architecture=compute_{architecture}".encode()
        failed = nvrtc.nvrtcCompileProgram(program, 1, (ctypes.c_char_p * 1)(option))
        size = ctypes.c_size_t()
        kind = "ProgramLog" if failed else "PTX"
        assert getattr(nvrtc, f"nvrtcGet{kind}Size")(program, ctypes.byref(size)) == 0
        text = ctypes.create_string_buffer(size.value)
        assert getattr(nvrtc, f"nvrtcGet{kind}")(program, text) == 0
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
        return not failed, text.value.decode()


@pytest.fixture(scope="module")
def nvrtc():
    try:
        import nvidia
    except ImportError:
        folders = []
    else:
        folders = list(nvidia.__path__)
    found = sorted(p for f in folders for p in Path(f).rglob("libnvrtc.so.*"))
    if not found:
        pytest.skip("no NVRTC: pip install nvidia-cuda-nvrtc-cu12")
    return Nvrtc(found[-1])


@pytest.mark.parametrize("architecture", [70, 80, 90])
def test_nvrtc_compiles_the_kernel(nvrtc, architecture):
    if architecture not in nvrtc.architectures():
        pytest.skip(f"this NVRTC no longer knows compute_{architecture}")
    compiled, ptx = nvrtc.compile(kernel_source(), architecture)
    assert compiled, ptx
    assert ".visible .entry subspace_path" in ptx  # the name that is asked for
    assert "fma.rn.f64" in ptx
    assert ".f32" not in ptx  # double precision throughout


def test_nvrtc_rejects_a_mistake(nvrtc):
    wrong = kernel_source().replace("double entry = 0.0", "double entries = 0.0")
    compiled, log = nvrtc.compile(wrong, 80)
    assert not compiled
    assert '"entry" is undefined' in log


def stack(rng, draws=3, points=2, count=11, d=6, drawn=True):
    """Rows of orthogonal matrices, as eigenvectors are, and any filter."""
    size = max(count, d) + 3
    matrices = np.linalg.qr(rng.standard_normal((draws, size, size)))[0]
    residual = rng.standard_normal((draws, count, d if drawn else 0))
    rho, gain = rng.random((2, draws, points, count))
    return rho, gain, matrices[:, :count, :d], residual


@pytest.fixture(scope="module")
def on_host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernel")
    return {tile: compile_for_host(kernel_source(), folder, tile) for tile in (4, TILE)}


# Tiles that are not filled, and more than one of them along each axis; r = 1; d = 1; a full tile.
SHAPES = [(4, 11, 6), (4, 3, 9), (4, 1, 2), (4, 5, 1), (4, 8, 4), (TILE, 20, 18)]


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize(("tile", "count", "d"), SHAPES)
def test_the_kernel_run_on_the_host_is_its_twin(on_host, rng, tile, count, d, drawn):
    arrays = stack(rng, 1 if tile == TILE else 3, 2, count, d, drawn)
    assert_equal(on_host[tile](*arrays, 0.3), paths.subspace_path(*arrays, 0.3), count, d)


def assert_equal(found, expected, count, d):
    """To rounding: sums of count terms, squared and added d^2 times."""
    assert np.all(np.isfinite(found))
    allowed = rounding(operations=4 * (count + d * d)) * expected
    assert np.all(np.abs(found - expected) <= allowed)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("right[k][x]", "right[k][y]"),
        ("if (side == 0) sizes", "sizes"),
        ("f -= gain", "f += gain"),
        ("first < count; first += TILE", "first < count; first += 2 * TILE"),
        ("if (top + y == side + x) entry += b", "if (y == x) entry += b"),
    ],
)
def test_a_mistake_in_the_kernel_is_seen(tmp_path, rng, right, wrong):
    source = kernel_source()
    assert right in source
    arrays = stack(rng)
    spoilt = compile_for_host(source.replace(right, wrong), tmp_path, 4)(*arrays, 0.3)
    with pytest.raises(AssertionError):
        assert_equal(spoilt, paths.subspace_path(*arrays, 0.3), 11, 6)
