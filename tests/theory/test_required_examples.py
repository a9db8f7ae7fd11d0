"""Targets, exponents and power laws read off the learning curve."""

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument, NotConverged, Unsupported
from tests.tolerances import CONTRACT, cancellation, rounding

MODEL = ls.SubspaceModel(n=100, d=10, sigma=0.1)


@pytest.mark.parametrize("risk", [0.5, 0.05, 0.011])
def test_required_n_train_is_the_smallest(risk):
    N = ls.theory.required_n_train(MODEL, risk=risk)
    # From N to N the risk changes by far more than a contour's accuracy: the count cannot flip.
    allowed = 10 * CONTRACT * (risk - ls.theory.floor(MODEL))
    assert ls.theory.early_stopped(MODEL, N).value < risk - allowed
    assert ls.theory.early_stopped(MODEL, N - 1).value > risk + allowed
    assert ls.theory.required_n_train(MODEL, psnr=-10 * np.log10(risk)) == N
    assert ls.theory.required_n_train(MODEL, risk=2.0) == 1


@pytest.mark.parametrize("N", [3, 17, 121, 10**6])
def test_the_risk_of_n_leads_back_to_n(N):
    """A target met to a contour's accuracy, 1e-8 of the learning error, is met."""
    best = ls.theory.early_stopped(MODEL, N)
    assert ls.theory.required_n_train(MODEL, risk=best.value) == N
    assert ls.theory.required_n_train(MODEL, psnr=-10 * np.log10(best.value)) == N
    learned = best.value - best.floor
    # Lower than that asks for more.
    assert ls.theory.required_n_train(MODEL, risk=best.value - 3 * CONTRACT * learned) == N + 1


def test_saturation_is_a_required_n_train():
    floor = ls.theory.floor(MODEL)
    assert ls.theory.saturation(MODEL, 0.02) == ls.theory.required_n_train(MODEL, risk=1.02 * floor)


def test_targets_that_nothing_reaches_are_refused():
    floor = ls.theory.floor(MODEL)
    with pytest.raises(InvalidArgument, match="risk ="):
        ls.theory.required_n_train(MODEL, risk=0.005)
    with pytest.raises(InvalidArgument, match="over 10"):
        ls.theory.required_n_train(MODEL, risk=floor * (1 + 1e-15))
    with pytest.raises(InvalidArgument, match="psnr = 30"):
        ls.theory.required_n_train(MODEL, psnr=30)
    with pytest.raises(InvalidArgument, match="one of the two"):
        ls.theory.required_n_train(MODEL)
    with pytest.raises(InvalidArgument, match="one of the two"):
        ls.theory.required_n_train(MODEL, risk=0.1, psnr=10)


def test_power_law_of_a_power_law():
    """All error is variance floor d/N when d = n and N is large: slope -1 of the excess."""
    model = ls.SubspaceModel(n=10, d=10, sigma=0.3)
    fit = ls.theory.power_law(model, 10**3, 10**5)
    x, y = np.log(fit.n_train), np.log(fit.metric)
    # Least squares by hand; a change of each y by eps of itself moves either by this.
    pull = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    raised = 1 / x.size - x.mean() * pull
    for found, rows in ((fit.exponent, pull), (np.log(fit.coefficient), raised)):
        condition = cancellation(*(rows * y)) * cancellation(x.max(), -x.min())
        assert found == pytest.approx(rows @ y, rel=rounding(condition, x.size), abs=0)
    # Between a local exponent at either end, and described no better than its deviation says.
    ends = [float(ls.theory.local_exponent(model, N)) for N in (10**3, 10**5)]
    assert min(ends) < fit.exponent < max(ends)
    fitted = fit.coefficient * fit.n_train**fit.exponent
    # The logarithms of metric and fit are all but equal.
    lost = rounding(4 * np.max(np.abs(y)) + np.abs(fit.exponent * x).max(), 4)
    deviation = np.max(np.abs(fit.metric / fitted - 1))
    assert deviation == pytest.approx(fit.largest_deviation, rel=0, abs=lost)
    assert deviation > 1e6 * lost


def test_power_law_of_psnr():
    """d log PSNR / d log N = (d log R / d log N) / log R: small where that of R is steep."""
    N = 1000
    fit = ls.theory.power_law(MODEL, 990, 1010, metric="psnr", points=5)
    local = float(ls.theory.local_exponent(MODEL, N))
    risk = ls.theory.early_stopped(MODEL, N).value
    # A window of 1 % either way.
    assert fit.exponent == pytest.approx(local / np.log(risk), rel=1e-2)
    with pytest.raises(InvalidArgument, match="metric"):
        ls.theory.power_law(MODEL, 10, 20, metric="mse")
    with pytest.raises(InvalidArgument, match="largest"):
        ls.theory.power_law(MODEL, 20, 20)
    loud = ls.SpectralProblem([2.0], [3], [4.0], floor=1.5)
    with pytest.raises(InvalidArgument, match="PSNR is not positive"):
        ls.theory.power_law(loud, 10, 20, metric="psnr")


@pytest.mark.parametrize("N", [12, 40, 1000])
def test_best_iteration_beats_every_other(N):
    step = ls.GradientDescent.reference_step(MODEL, N)
    best = ls.theory.best_iteration(MODEL, N, step)
    if np.isfinite(best.at):
        k = np.unique(np.clip(best.at + np.arange(-30, 31), 0, None))
        path = ls.theory.risk(MODEL, N, ls.GradientDescent(step, k))
        learned = path.value - path.floor
        assert path.best.at == best.at == round(best.at)
        # Its neighbours are worse by far more than a contour's accuracy: it cannot flip.
        others = learned[k != best.at].min()
        assert others > (1 + 100 * CONTRACT) * learned.min()
        allowed = CONTRACT * learned.min()
        assert best.value == pytest.approx(path.best.value, rel=0, abs=allowed)
    flow = ls.theory.early_stopped(MODEL, N)
    assert best.value == pytest.approx(flow.value, rel=0.02)
    # Few, long steps: a whole number of them is a coarse choice of time.
    edge = ls.theory.sample_spectrum(MODEL.spectral(), N).high
    coarse = ls.theory.best_iteration(MODEL, N, 1.5 / edge)
    assert coarse.value >= 0.98 * flow.value


@pytest.mark.parametrize("N", [1, 10, 30, 200, 5000])
@pytest.mark.parametrize("tolerance", [0.01, 0.3])
def test_stopping_window(N, tolerance):
    window = ls.theory.stopping_window(MODEL, N, tolerance)
    limit = (1 + tolerance) * window.best.value
    assert window.first <= window.best.at <= window.last
    for end, beyond in ((window.first, 0.99), (window.last, 1.01)):
        if 0 < end < np.inf:
            inside, outside = ls.theory.risk(MODEL, N, ls.GradientFlow([end, end * beyond])).value
            # A contour's accuracy, and the root's, 1e-10 in log t, times the slope there.
            root = 1e-10 * abs(outside - inside) / abs(np.log(beyond))
            allowed = 2 * CONTRACT * (limit - window.best.floor) + 2 * root
            assert inside == pytest.approx(limit, rel=0, abs=allowed)
            assert outside > limit + 100 * allowed
    if np.isinf(window.last):
        assert ls.theory.converged(MODEL, N).value <= limit
    # Under much noise not training at all is within the tolerance.
    loud = ls.SubspaceModel(n=20, d=3, sigma=100.0)
    assert ls.theory.stopping_window(loud, 3).first == 0.0


def test_without_noise():
    """The risk is exactly 0 from N = n on: what has no answer there says so."""
    silent = ls.SpectralProblem([1.0, 2.0], [3, 4], [1.0, 0.5], floor=0.0)
    assert ls.theory.early_stopped(silent, 9).value == 0.0
    assert ls.theory.stopping_window(silent, 9).first == np.inf
    with pytest.raises(InvalidArgument, match="without noise"):
        ls.theory.local_exponent(silent, 9)
    with pytest.raises(InvalidArgument, match="without noise"):
        ls.theory.power_law(silent, 2, 20)


def test_under_all_noise():
    loud = ls.SubspaceModel(50, 5, 1e5)
    assert 0 < ls.theory.large_n_stopping_time(loud, 3) < np.inf
    with pytest.raises(NotConverged, match="montecarlo"):
        ls.theory.pca(loud, 10**12)


def test_extreme_but_legal_problems():
    """Equal atoms, next to no noise, next to no weight: an answer or a clear word, no warning."""
    equal = ls.SpectralProblem([1, 1, 2], [2, 3, 4], [0.1, 0.2, 0.3], floor=0.1)
    assert len(ls.theory.support(equal, 10**4)) == 2
    quiet = ls.SpectralProblem([1, 2], [3, 4], [0.5, 0.5], floor=1e-300)
    assert ls.theory.stopping_window(quiet, 9).last == np.inf
    idle = ls.SpectralProblem([1, 2], [3, 4], [1e-300, 0], floor=0.1)
    assert ls.theory.early_stopped(idle, 7).value == 0.1  # 1e-300 more is not seen
    with pytest.raises(Unsupported, match="SubspaceModel"):
        ls.theory.subspace_overlap(equal, 5)


@pytest.mark.parametrize("risk", [0.05, 0.012])
def test_counts_carry_the_error_of_the_risk_over_the_slope(risk):
    N = ls.theory.required_n_train(MODEL, risk=risk)
    assert isinstance(N, int)
    best = ls.theory.early_stopped(MODEL, N)
    below, above = (ls.theory.early_stopped(MODEL, N + k).value for k in (-1, 1))
    # Of a power N^p the difference over two misses (1 - p)(2 - p)/(6 N^2).
    p = float(ls.theory.local_exponent(MODEL, N)) * best.value / (best.value - best.floor)
    assert N.error == pytest.approx(2 * best.error / (below - above), rel=(2 * p / N) ** 2)
    assert 0 < N.error < N


def test_counts_say_when_they_are_unsure():
    # Next to d at little noise the expansion is unsure, and the count says so.
    unsure = ls.theory.required_n_train(ls.SubspaceModel(n=100, d=10, sigma=0.005), risk=0.02)
    assert unsure.status != "ok"
    assert unsure.error > 0.05 * unsure
    # Order 0 leaves out what order 1 adds.
    assert (
        ls.theory.saturation(MODEL, 0.05, order=0).error > ls.theory.saturation(MODEL, 0.05).error
    )


def test_true_count_is_within_the_error():
    """Simulation crosses the target inside the stated range."""
    target = 0.05
    N = ls.theory.required_n_train(MODEL, risk=target)
    low, high = int(np.floor(N - N.error - 1)), int(np.ceil(N + N.error + 1))
    ends = [
        ls.montecarlo.early_stopped(MODEL, size, trials=1000, rng=size, workers=2)
        for size in (low, high)
    ]
    assert ends[0].value + 3 * ends[0].sem > target
    assert ends[1].value - 3 * ends[1].sem < target


def test_exponents_carry_an_error():
    """Order 0 and order 1 differ by no more than the error of order 0 says."""
    for N in (30, 300):
        zero, one = (ls.theory.local_exponent(MODEL, N, order=order) for order in (0, 1))
        assert abs(float(zero) - float(one)) <= zero.error + one.error
        assert one.error < zero.error
        assert one.status == "ok"
    fit = [ls.theory.power_law(MODEL, 20, 200, points=8, order=order) for order in (0, 1)]
    assert abs(fit[0].exponent - fit[1].exponent) <= fit[0].error + fit[1].error
    assert (
        abs(fit[0].coefficient - fit[1].coefficient)
        <= fit[0].coefficient_error + fit[1].coefficient_error
    )
    doubtful = ls.theory.power_law(ls.SubspaceModel(n=100, d=10, sigma=0.005), 8, 30)
    assert "points are doubtful" in doubtful.status


@pytest.mark.parametrize(
    "ask",
    [
        lambda **kw: ls.theory.saturation(MODEL, 0.05, **kw),
        lambda **kw: ls.theory.required_n_train(MODEL, risk=0.05, **kw),
        lambda **kw: float(ls.theory.local_exponent(MODEL, 30, **kw)),
        lambda **kw: ls.theory.power_law(MODEL, 20, 60, points=3, **kw).exponent,
        lambda **kw: ls.theory.pca(MODEL, 8, **kw).value,
        lambda **kw: ls.theory.subspace_overlap(MODEL, 8, **kw),
        lambda **kw: ls.theory.early_stopped(MODEL, 30, **kw).value,
        lambda **kw: ls.theory.stopping_window(MODEL, 30, **kw).best.value,
        lambda **kw: ls.theory.risk(MODEL, 30, ls.GradientFlow(3.0), **kw).value[0],
    ],
)
def test_complex_data_are_order_zero_with_the_error_of_order_one(ask):
    assert ask(complex_data=True) == ask(order=0)
    assert ask(complex_data=True) != ask(complex_data=False)
    with pytest.raises(InvalidArgument, match="complex_data"):
        ask(complex_data="yes")


def test_absurd_targets_are_refused():
    for psnr in (1e9, -1e9):
        with pytest.raises(InvalidArgument, match="psnr"):
            ls.theory.required_n_train(MODEL, psnr=psnr)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: ls.theory.power_law(MODEL, 5, 9, metric=np.array([1.0, 2.0])),
        lambda: ls.theory.power_law(MODEL, 5, 9, points=10**30),
        lambda: ls.theory.effective_penalty(MODEL, 10, "x"),
        lambda: ls.theory.effective_penalty(MODEL, 10, {}),
        lambda: ls.risk(MODEL, 10, ls.GradientFlow(1.0), method=np.array([1.0, 2.0])),
        lambda: ls.theory.large_n(ls.SubspaceModel(2, 2, 1e5), 3, ls.HeavyBall(1e-3, 0.99, 500)),
    ],
)
def test_bad_arguments_are_refused_in_one_line(ask):
    with pytest.raises(InvalidArgument) as refused:
        ask()
    assert "\n" not in str(refused.value)
