"""Reprs hold the value, its error and the status, in one line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import linscale as ls
from linscale.results import RiskCurve, RiskPath, RiskPoint
from linscale.results.words import DIGITS, short, with_error
from tests.tolerances import EPS

MODEL = ls.SubspaceModel(n=100, d=10, sigma=0.05)
LONGEST = 150  # characters of what is "ok"


def numbers(text):
    value, error = text.split(" ± ")
    return float(value), float(error)


@given(
    st.floats(1e-12, 1e12).flatmap(lambda size: st.sampled_from([size, -size])),
    st.floats(-14.0, 3.0),
)
def test_value_is_shown_to_the_second_digit_of_its_error(value, decades):
    error = abs(value) * 10.0**decades
    told, told_error = numbers(with_error(value, error))
    # Half a unit of the second digit, which is a tenth of the first or less of it; of all digits
    # that are ever shown, half a unit of the last.
    assert told_error == pytest.approx(error, rel=0.05 + EPS, abs=0.0)
    assert abs(told - value) <= max(0.05 * told_error, 0.5 * 10.0 ** (1 - DIGITS) * abs(value))


def test_no_more_digits_than_a_contour_promises():
    assert with_error(1.0 / 3.0, 1e-15) == "0.333333333 ± 1e-15"


@pytest.mark.parametrize("error", [0.0, np.inf, np.nan])
def test_without_an_error_six_digits_are_shown(error):
    assert with_error(0.123456789, error).startswith("0.123457 ± ")


def test_not_a_number_is_no_exception():
    assert with_error(np.nan, np.nan) == "nan ± nan"
    assert with_error(np.inf, 0.0) == "inf ± 0"
    assert [short(x) for x in (3.0, 1e12, 0.123456, -np.inf)] == ["3", "1e+12", "0.1235", "-inf"]


@pytest.mark.parametrize("n_train", [5, 10, 30, 1000, 10**9])
def test_a_point(n_train):
    for point in (ls.theory.early_stopped(MODEL, n_train), ls.theory.converged(MODEL, n_train)):
        text = repr(point)
        assert text.startswith(f"RiskPoint({with_error(point.value, point.error)}, at=")
        assert text.endswith(f"floor={point.floor:.4g}, status={point.status!r})")
        assert "\n" not in text
        assert point.status != "ok" or len(text) <= LONGEST


def test_what_has_no_time_shows_none():
    assert "at=" not in repr(ls.theory.pca(MODEL, 30))
    long = RiskPoint(1.0, floor=0.5, error=0.1, method="theory", status="why " * 60)
    assert repr(long).endswith(f"status={long.status!r})")


def test_a_path_shows_its_best_point():
    path = ls.theory.risk(MODEL, 30, ls.GradientFlow([3, 10, 30, 100]))
    best, doubtful = path.best, sum(status != "ok" for status in path.statuses)
    assert 0 < doubtful < 4
    assert repr(path) == (
        f"RiskPath(4 points, time=3 to 100, best {with_error(best.value, best.error)} at 30, "
        f"floor={path.floor:.4g}, {doubtful} of 4 not ok)"
    )
    assert repr(ls.theory.risk(MODEL, 30, ls.Ridge(0.1))).startswith("RiskPath(1 point, best ")
    assert "penalty=0.1 to 1," in repr(ls.theory.risk(MODEL, 30, ls.Ridge([0.1, 1.0])))


def test_a_curve_shows_its_ends():
    curve = ls.curve(MODEL, [14, 100, 1000], method="theory")
    first, last = (with_error(curve.value[i], curve.error[i]) for i in (0, -1))
    assert repr(curve) == (
        f"RiskCurve(3 points, n_train=14 to 1000, {first} to {last}, floor={curve.floor:.4g}, "
        "1 of 3 not ok)"
    )
    assert len(repr(curve.at_n_train([100, 1000]))) <= LONGEST
    assert "status='ok'" in repr(curve.at_n_train([100, 1000]))
    (status,) = curve.at_n_train([14]).statuses
    assert f"status={status!r}" in repr(curve.at_n_train([14]))


def test_values_that_are_not_numbers():
    lost = RiskPoint(np.nan, floor=0.5, error=np.nan, method="theory", status="lost")
    assert repr(lost) == "RiskPoint(nan ± nan, floor=0.5, status='lost')"
    assert "nan ± nan" in repr(RiskPath.single(lost))
    assert "nan ± nan" in repr(RiskCurve.of([3], [lost]))


def test_small_results_of_the_theory():
    exponent, law = ls.theory.local_exponent(MODEL, 30), ls.theory.power_law(MODEL, 30, 300)
    told = with_error(exponent.value, exponent.error)
    assert repr(exponent) == f"LocalExponent({told}, status={exponent.status!r})"
    assert with_error(law.exponent, law.error) in repr(law)
    assert with_error(law.coefficient, law.coefficient_error) in repr(law)
    assert "n_train=30 to 300" in repr(law)
    window = ls.theory.stopping_window(MODEL, 30)
    assert repr(window) == (
        f"StoppingWindow({short(window.first)} to {short(window.last)}, best={window.best!r})"
    )
    spectrum = ls.theory.sample_spectrum(MODEL, 30)
    assert f"high={short(spectrum.high)}, " in repr(spectrum)
    assert max(len(repr(x)) for x in (exponent, law, window, spectrum)) <= LONGEST


def test_models_do_not_print_their_matrices():
    cov, contrast = np.diag(np.arange(1.0, 41.0)), ls.Contrast.gamma(2.0)
    problem = ls.InverseProblem(None, cov, 0.5).spectral()
    models = {
        MODEL: "SubspaceModel(n=100, d=10, sigma=0.05)",
        ls.InverseProblem(None, cov, 0.5): "InverseProblem(denoising, p=40, sigma=0.5)",
        ls.InverseProblem(cov[:3], cov, 0.5, contrast): (
            "InverseProblem(n=3, p=40, sigma=0.5, Contrast(10 atoms, spread=0.5))"
        ),
        contrast: "Contrast(10 atoms, spread=0.5)",
        ls.Contrast([3.0], [1.0]): "Contrast.constant()",
        problem: (
            "SpectralProblem(dimension=40, 40 eigenvalues=1.25 to 40.25, "
            f"floor={problem.floor:.4g}, scale=40)"
        ),
        ls.StationaryImages((8, 6), 0.1): (
            "StationaryImages((8, 6), sigma=0.1, exponent=2, power=1)"
        ),
    }
    for model, text in models.items():
        assert repr(model) == text
    mixture = ls.InverseProblem(None, cov, 0.5, contrast).problem()
    assert repr(mixture) == (
        f"MixtureProblem({mixture.moments!r}, sigma=0.5, Contrast(10 atoms, spread=0.5))"
    )
