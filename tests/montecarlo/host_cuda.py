"""CUDA C++ compiled as C++ for the host: the kernel's own source, with threads for its threads.

Blocks run one after another, their threads at once, ``__syncthreads`` is a barrier, and shared
memory is static: what a kernel computes can be tested where there is no GPU.
"""

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

SHIM = r"""
#include <barrier>
#include <thread>
#include <vector>
struct Index { int x, y; };
static thread_local Index threadIdx;
static Index blockIdx;
static std::barrier<>* gate;
static void __syncthreads() { gate->arrive_and_wait(); }
#define __global__
#define __shared__ static
"""

LAUNCH = r"""
extern "C" void launch(
    long long draws, const double* rho, const double* gain, const double* rows,
    const double* residual, double s2, long long points, long long count, long long d,
    long long drawn, double* out)
{
    std::barrier<> all(TILE * TILE);
    gate = &all;
    std::vector<std::thread> threads;
    for (int k = 0; k < TILE * TILE; ++k)
        threads.emplace_back([=] {
            threadIdx = {k % TILE, k / TILE};
            for (int block = 0; block < draws * points; ++block) {
                if (k == 0) blockIdx = {int(block % points), int(block / points)};
                __syncthreads();
                subspace_path(rho, gain, rows, residual, s2, points, count, d, drawn, out);
                __syncthreads();
            }
        });
    for (auto& thread : threads) thread.join();
}
"""


def launcher(source, folder, tile):
    """A function of the number of draws and what the kernel takes; grid and block follow."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("no g++ to compile the kernel for the host")
    file, library = folder / f"kernel{tile}.cpp", folder / f"kernel{tile}.so"
    file.write_text(SHIM + source + LAUNCH)
    options = ["-std=c++20", "-O1", "-shared", "-fPIC", "-pthread", f"-DTILE={tile}"]
    run = subprocess.run(
        [compiler, *options, file, "-o", library], capture_output=True, text=True, timeout=120
    )
    if "barrier" in run.stderr:
        pytest.skip("g++ here knows no std::barrier (C++20)")
    assert run.returncode == 0, run.stderr
    launch = ctypes.CDLL(str(library)).launch
    pointer = np.ctypeslib.ndpointer(float, flags="C")
    whole = ctypes.c_longlong
    launch.argtypes = [whole, *[pointer] * 4, ctypes.c_double, *[whole] * 4, pointer]
    launch.restype = None
    return launch


def compile_for_host(source, folder, tile):
    """A function of (rho, gain, rows, residual, s2), as ``paths.subspace_path`` of a stack."""
    launch = launcher(source, folder, tile)

    def subspace_path(rho, gain, rows, residual, s2):
        arrays = map(np.ascontiguousarray, (rho, gain, rows, residual))
        draws, points, count = rho.shape
        out = np.full((draws, points), np.nan)
        sizes = points, count, rows.shape[-1], residual.shape[-1] > 0
        launch(draws, *arrays, s2, *sizes, out)
        return out

    return subspace_path
