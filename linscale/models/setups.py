"""The eight setups of Klug and Heckel (arXiv 2209.13435, Section 5), each under a readable name."""

from __future__ import annotations

from linscale.errors import InvalidArgument
from linscale.models import SubspaceModel

_PARAMETERS = (
    (0.2, 10, 100),
    (0.1, 10, 100),
    (0.05, 10, 100),
    (0.1, 10, 1_000),
    (0.1, 10, 10_000),
    (0.1, 50, 1_000),
    (0.1, 100, 1_000),
    (0.05, 10, 1_000),
)

SETUPS: dict[str, SubspaceModel] = {
    f"sigma{sigma}-d{d}-n{n}": SubspaceModel(n=n, d=d, sigma=sigma) for sigma, d, n in _PARAMETERS
}

DEFAULT_SETUP = "sigma0.05-d10-n100"

N_TRAIN = (
    *(1, 2, 4, 8, 10, 12, 14, 16, 18, 22, 24, 30, 36, 44, 64, 100),
    *(256, 512, 1024, 2048, 4096, 8192, 16384),
)


def setup(name: str) -> SubspaceModel:
    """The setup of that name.

    Parameters
    ----------
    name : str
        A key of ``SETUPS``.

    Returns
    -------
    SubspaceModel

    Raises
    ------
    InvalidArgument
        Another name, with those that there are.

    Examples
    --------
    >>> from linscale.models.setups import SETUPS, setup
    >>> len(SETUPS), setup("sigma0.1-d50-n1000")
    (8, SubspaceModel(n=1000, d=50, sigma=0.1))
    """
    if name not in SETUPS:
        raise InvalidArgument("setup", repr(name), "one of " + ", ".join(SETUPS))
    return SETUPS[name]
