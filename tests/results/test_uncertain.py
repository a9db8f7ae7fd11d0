"""Numbers that know how sure they are behave as numbers; only repr shows the error."""

import copy
import csv
import json
import pickle
from io import StringIO

import numpy as np
import pytest

from linscale.results import UncertainFloat, UncertainInt

KINDS = pytest.mark.parametrize(("kind", "plain"), [(UncertainFloat, 2.5), (UncertainInt, 25)])


@KINDS
def test_a_number_with_its_error(kind, plain):
    number = kind(plain, 0.1, "doubtful")
    assert number == plain
    assert isinstance(number, type(plain))
    assert (number.error, number.status) == (0.1, "doubtful")
    assert kind(plain).status == "ok"
    for again in (pickle.loads(pickle.dumps(number)), copy.deepcopy(number)):
        assert (again, again.error, again.status) == (plain, 0.1, "doubtful")


@KINDS
def test_whatever_prints_or_writes_it_sees_the_number_alone(kind, plain):
    number, table = kind(plain, 0.1, "doubtful"), StringIO()
    csv.writer(table).writerow([number])
    assert table.getvalue() == f"{plain}\r\n"
    assert str(number) == f"{number}" == "%s" % number == str(plain)  # noqa: UP031
    assert f"{number:,.3f}" == f"{plain:,.3f}"
    assert json.dumps({"n": number}) == json.dumps({"n": plain})
    assert json.dumps({"n": number}, indent=1) == json.dumps({"n": plain}, indent=1)
    assert str(np.array([number])) == str(np.array([plain]))


@KINDS
def test_arithmetic_gives_plain_numbers(kind, plain):
    number = kind(plain, 0.1, "doubtful")
    for result in (number + 1, 2 * number, -number, abs(number), number // 2):
        assert type(result) is type(plain)
    assert hash(number) == hash(plain)
    assert sorted([number, plain - 1]) == [plain - 1, plain]


def test_repr_shows_error_and_status():
    assert repr(UncertainFloat(0.0135309, 2.138e-5)) == "0.013531 ± 2.1e-05"
    assert repr(UncertainFloat(2.5, 0.1, "doubtful")) == "2.50 ± 0.10 (doubtful)"
    assert repr(UncertainInt(353, 4.0)) == "353 ± 4"
    assert repr([UncertainInt(1041, 230.0, "few draws")]) == "[1041 ± 230 (few draws)]"
    assert repr(UncertainInt(7)) == "7 ± 0"
    assert repr(UncertainFloat(np.inf)) == "inf ± 0"
