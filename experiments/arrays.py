"""An experiment's arrays in one .npz file, with the parameters that they were made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linscale.errors import InputError
from linscale.support.environment import environment


def to_bytes(arrays: Mapping[str, ArrayLike], parameters: Mapping[str, Any]) -> bytes:
    """The content of the file; versions of Python and of packages are added to the parameters."""
    meta = np.array(json.dumps({**environment(), **parameters}))
    columns = {name: np.asarray(values) for name, values in arrays.items()}
    buffer = BytesIO()
    np.savez_compressed(buffer, meta=meta, **columns)
    return buffer.getvalue()


def load(path: str | Path, *names: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays of these names, and the parameters.

    Raises
    ------
    InputError
        A file that is missing, damaged, or of another experiment.
    """
    try:
        with np.load(BytesIO(Path(path).read_bytes()), allow_pickle=False) as data:
            return {name: data[name] for name in names}, json.loads(str(data["meta"]))
    except FileNotFoundError:
        raise InputError(f"no such file: {path}") from None
    except Exception as error:  # damage shows in many ways, and all mean the same
        raise InputError(f"{path} does not hold {', '.join(names)} ({error})") from None
