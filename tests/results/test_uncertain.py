"""Numbers that know how sure they are behave as numbers."""

import pickle

import pytest

from linscale.results.uncertain import UncertainFloat, UncertainInt


@pytest.mark.parametrize(("kind", "plain"), [(UncertainFloat, 2.5), (UncertainInt, 25)])
def test_a_number_with_its_error(kind, plain):
    number = kind(plain, 0.1, "doubtful")
    assert number == plain
    assert isinstance(number, type(plain))
    assert repr(number) == repr(plain)
    assert (number.error, number.status) == (0.1, "doubtful")
    assert type(number + 1) is type(plain)
    again = pickle.loads(pickle.dumps(number))
    assert (again, again.error, again.status) == (plain, 0.1, "doubtful")
    assert kind(plain).status == "ok"
