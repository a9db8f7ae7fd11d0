"""A store to read, or to damage."""

import pytest

from linscale.sweep import Store, compute
from tests.sweep.stores import GRID


@pytest.fixture(scope="session")
def outcomes():
    return [compute(cell) for cell in GRID]


@pytest.fixture
def path(tmp_path, outcomes):
    """A store with every cell of the grid."""
    with Store(tmp_path / "sweep.sqlite", write=True) as store:
        for outcome in outcomes:
            store.add(outcome)
    return tmp_path / "sweep.sqlite"
