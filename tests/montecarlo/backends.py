"""The devices that stacks of draws are tested on."""

import array_api_strict
import numpy as np
import pytest

from linscale.errors import Unsupported
from linscale.montecarlo import _cupy
from linscale.montecarlo.backend import portable

array_api_strict.set_array_api_strict_flags(api_version="2024.12")
ELSEWHERE = array_api_strict.Device("device1")

# The GPU where there is one; skipped with the reason where there is none.
BACKENDS = ["strict", pytest.param("cupy", marks=pytest.mark.gpu)]


def strict(free=2**30):
    """The standard and nothing else, on a device whose arrays NumPy cannot read.

    An array that is made on the default device, or turned into NumPy's by the way, is an error.
    """
    host = array_api_strict.Device("CPU_DEVICE")
    return portable(
        "array-api-strict",
        array_api_strict,
        ELSEWHERE,
        to_host=lambda array: np.asarray(array.to_device(host)),
        free_memory=lambda: free,
    )


def backend(name):
    if name == "strict":
        return strict()
    try:
        return _cupy.backend()
    except Unsupported as missing:
        pytest.skip(str(missing))
