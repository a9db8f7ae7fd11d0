"""Large images are simulated without a matrix of pixels by pixels."""

import subprocess
import sys

import pytest

GIGABYTE = 1e9
# ru_maxrss may count whoever started the process; VmHWM, where it is told, does not.
CODE = """
import resource, sys
import numpy as np
import linscale as ls
from linscale.montecarlo import _cupy
from linscale.montecarlo.backend import portable
_cupy.backend = lambda: portable("numpy", np, "cpu", np.asarray, lambda: 2**29)
model = ls.StationaryImages((128, 128), 0.5)
point = ls.montecarlo.early_stopped(
    model, 100, trials=3, engine={engine!r}, residual={residual!r}, times=[1.0, 3.0, 10.0, 30.0]
)
assert model.spectral().floor < point.value < model.spectral().zero_risk
try:
    with open("/proc/self/status") as status:
        (line,) = (line for line in status if line.startswith("VmHWM"))
    print(1024 * int(line.split()[1]))
except (OSError, ValueError):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak if sys.platform == "darwin" else 1024 * peak)
"""


@pytest.mark.parametrize(
    ("engine", "residual"), [("wishart", "averaged"), ("dense", "drawn"), ("cupy", "drawn")]
)
def test_images_of_128_x_128_fit_into_a_gigabyte(engine, residual):
    """As matrices S, B and Cov(x, y) alone would take 6."""
    pytest.importorskip("resource", reason="this platform does not tell a process's peak memory")
    run = subprocess.run(
        [sys.executable, "-c", CODE.format(engine=engine, residual=residual)],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert int(run.stdout) < GIGABYTE
