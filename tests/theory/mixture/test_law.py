"""Scale mixtures: the Gaussian theory at tau = 1, section by section against literal formulas, and
simulation of mixtures."""

import dataclasses

import numpy as np
import pytest

import linscale as ls
from linscale.errors import InvalidArgument, NotConverged, StepTooLarge, Unsupported
from linscale.filters import Ridge
from linscale.models.contrast import Contrast
from linscale.models.problem import MixtureProblem
from linscale.theory.gaussian.stieltjes import (
    degrees_of_freedom,
    effective_penalty,
    ridge_penalty,
    sample_spectrum,
)
from linscale.theory.law import law_of
from linscale.theory.mixture.edges import TURNED
from linscale.theory.mixture.equivalents import (
    converged_terms,
    mixture_equivalent,
    ridge_terms,
    ridge_terms_at,
)
from linscale.theory.mixture.stieltjes import Resolvent, certify, resolvent
from tests.tolerances import CONTRACT, cancellation, rounding

TWO = Contrast([0.2, 4.2], [0.8, 0.2])
WIDE = Contrast.lognormal(1.9)


def model(name, contrast=None, sigma=0.3):
    rng = np.random.default_rng(5)
    root = rng.standard_normal((16, 16)) * np.geomspace(1.0, 0.05, 16)
    forward = {
        "denoising": None,
        "super-resolution": ls.forward.super_resolution((4, 4), 2),
        "random": rng.standard_normal((12, 16)) / 4,
        "more measurements": rng.standard_normal((24, 16)) / 4,
    }[name]
    return ls.InverseProblem(forward, root @ root.T / 4, sigma, contrast=contrast)


def some_slow(names, *slow):
    return [pytest.param(x, marks=pytest.mark.slow) if x in slow else x for x in names]


FORWARD = ["denoising", "super-resolution", "random", "more measurements"]


def filters(edge, n_train):
    return [
        ls.GradientFlow(np.geomspace(1e-2, 1e3, 6) / edge), ls.Ridge(np.geomspace(1e-5, 10, 6)),
        ls.GradientDescent(0.9 / edge, [0, 1, 30, 400]), ls.HeavyBall(1.2 / edge, 0.5, [1, 9]),
        ls.Nesterov(1.1 / edge, [1, 9]),
    ]  # fmt: skip


def same_parts(found, known):
    """Both orders of bias and variance, up to what contours promise of the learning error."""
    learning = np.abs(known.bias).sum(axis=0) + np.abs(known.variance).sum(axis=0)
    for part in ("bias", "variance"):
        off = np.abs(getattr(found, part) - getattr(known, part))
        assert np.all(off <= CONTRACT * learning), part


def edge_error(problem, N, kappa, below):
    """Of an edge, z(kappa) = -kappa (1 - df1/N) where it is flat in kappa: rounding of its terms,
    and what is left where the curve is left at TURNED; ``below``, all of the spectrum, the curve
    has x = tr Q/N for its parameter, else 1/kappa."""
    l, n = problem.eigenvalues, problem.multiplicities
    T = kappa / (kappa + l)
    per_kappa = (n * T) @ (l / (kappa + l)) / (n @ T) if below else 1.0  # d log x / d log kappa
    bend = (n * l**2) @ np.abs(l + kappa) ** -3.0 / N  # half of z'' where it is flat
    left = bend * (2.0 * TURNED * kappa / per_kappa) ** 2
    size = abs(kappa) * (1.0 + abs(degrees_of_freedom(problem, kappa)) / N)
    return rounding(size, 2 * l.size) + left


@pytest.mark.parametrize("name", some_slow(FORWARD, "super-resolution", "random"))
def test_constant_contrast_is_the_gaussian_theory(name):
    gaussian = model(name).spectral()
    mixture = MixtureProblem(gaussian, 0.3, Contrast.constant())
    n = gaussian.dimension
    for N in (3, n, 10**6):
        spectrum, edges = law_of(mixture).spectrum(N), sample_spectrum(gaussian, N)
        for end in ("low", "high", "lower_edge"):
            kappa = edges.kappa_upper if end == "high" else edges.kappa_lower
            allowed = edge_error(gaussian, N, kappa, end != "high" and n < N)
            off = abs(getattr(spectrum, end) - getattr(edges, end))
            assert off <= allowed, (N, end)
        for filter in filters(edges.high, N):
            found = path_terms(mixture, N, filter, spectrum)
            known = path_terms(gaussian, N, filter, edges)
            same_parts(found, known)


def profile_risk(model, n_train, mu):
    """Ridge at leading order by the K coupled equations of a variance profile, K atoms, as they
    stand: leave two samples out of E tr[W S W'], with the sum over the law of tau literal.

    And its condition number: terms that cancel, and how far the equations carry an error.
    """
    problem, law, N = model.spectral(), model.contrast, n_train
    tau, pi, s2 = law.atoms, law.weights, model.sigma**2
    k, n = problem.eigenvalues - s2, problem.multiplicities
    total = problem.target_weights * problem.eigenvalues**2
    V = tau[:, None] * k + s2
    b = tau[:, None] * k / V
    q = np.full(tau.size, 0.1)
    for _ in range(100_000):
        Q = 1.0 / ((pi / (1 + q)) @ V + mu)
        old, q = q, (V * n) @ Q / N
        if np.max(np.abs(q - old)) < 1e-15 * q.max():
            break
    c = pi / (1 + q) ** 2
    S = k + s2
    stable = np.eye(tau.size) - (V * n * Q**2) @ (V * c[:, None]).T / N
    s = np.linalg.solve(stable, (V * n * Q**2) @ S / N)
    M = Q**2 * (S + (c * s) @ V)
    gam = np.where(k > 1e-9, total / np.maximum(k, 1e-9) ** 2, 0.0)
    u, r = (pi / (1 + q)) @ (b * V), (c * s) @ (b * V)
    eps = tau * problem.zero_risk - (b**2 * V) @ gam
    H = gam @ (u * u * M), -2 * gam @ (u * r * Q), gam @ ((c * s) @ (b**2 * V)), (c * s) @ eps
    L = gam @ (k**2 * Q) * float(pi @ (tau / (1 + q)))
    terms = problem.zero_risk, -2 * L, *H
    return sum(terms), cancellation(*terms) * np.linalg.cond(stable)


def path_terms(problem, n_train, filter, spectrum):
    law = law_of(problem)
    if isinstance(filter, Ridge):
        return law.ridge(n_train, filter.penalties)
    return law.equivalent(n_train, spectrum, filter).terms(filter)


@pytest.mark.parametrize("name", FORWARD)
@pytest.mark.parametrize("contrast", [TWO, Contrast([0.0, 1.0, 5.0], [0.3, 0.5, 0.2])])
def test_two_unknowns_are_the_whole_profile(name, contrast):
    asked = model(name, contrast)
    for N in (4, 16, 70):
        for mu in (0.01, 0.3):
            expected, condition = profile_risk(asked, N, mu)
            found = ls.theory.risk(asked, N, ls.Ridge(mu), order=0).value[0]
            allowed = rounding(condition, asked.spectral().dimension * contrast.atoms.size)
            assert found == pytest.approx(expected, rel=allowed)
            other = ls.theory.risk(asked.spectral(), N, ls.Ridge(mu), order=0).value[0]
            assert abs(other / expected - 1) > 1e-3  # and the Gaussian theory is another


@pytest.mark.parametrize(
    ("name", "contrast"),
    [
        ("denoising", TWO),
        ("random", WIDE),
        pytest.param("random", Contrast.gamma(0.5), marks=pytest.mark.slow),
    ],
)
def test_contour_reproduces_ridge(name, contrast):
    """Ridge has its own formula, which none of the contours enter; both orders, every N."""
    problem = model(name, contrast).mixture()
    n = problem.dimension
    filter = ls.Ridge(np.geomspace(1e-5, 10, 7))
    for N in (1, n - 1, n, 4 * n, 10**9):
        found = mixture_equivalent(problem, N, law_of(problem).spectrum(N), filter).terms(filter)
        same_parts(found, ridge_terms(problem, N, filter.penalties))


def test_planted_errors_in_the_kernels_are_caught():
    """What the contrast adds, left out one at a time, is seen by that comparison."""
    problem, N, filter = model("random", TWO).mixture(), 20, ls.Ridge(0.1)
    good = mixture_equivalent(problem, N, law_of(problem).spectrum(N), filter)
    terms = ridge_terms(problem, N, filter.penalties)
    same_parts(good.terms(filter), terms)
    known = terms.variance[0, 0]
    nothing = dataclasses.replace(
        good.rest, same=0 * good.rest.same, mirrored=0 * good.rest.mirrored
    )
    still = Resolvent(good.at.profile, good.at.z, good.at.alpha, good.at.beta)
    still.__dict__["delta"] = 0.0 * good.at.delta
    for bad in (dataclasses.replace(good, rest=nothing), dataclasses.replace(good, at=still)):
        assert abs(bad.terms(filter).variance[0, 0] / known - 1) > 0.01


def test_ridge_at_several_n_is_ridge_at_each():
    problem = model("random", TWO).mixture()
    counts, penalties = (3, 12.0, 13.5), [np.geomspace(1e-4, 10, k) for k in (2, 5, 3)]
    several = ridge_terms_at(problem, counts, penalties)
    for N, mu, found in zip(counts, penalties, several, strict=True):
        same_parts(found, ridge_terms(problem, N, mu))
    with pytest.raises(AssertionError):  # planted: another N
        same_parts(several[1], ridge_terms(problem, 12.001, penalties[1]))


def root_error(problem, N, kappa):
    """Of kappa, a root of z = -kappa (1 - df1/N): rounding of its terms, over the slope."""
    l, n = problem.eigenvalues, problem.multiplicities
    terms = np.abs(kappa) * (1.0 + np.abs(l / (l + kappa[:, None])) @ n / N)
    slope = np.abs(1.0 - degrees_of_freedom(problem, kappa, 2) / N)
    return rounding(terms / slope, 2 * l.size)


def test_resolvent_is_certified():
    problem = model("denoising", TWO).mixture()
    z = np.array([0.3 + 1e-3j, 2.0 + 0.1j, -1.0 + 1e-9j])
    at = resolvent(problem, 10, z)
    assert np.all(at.d.imag > 0)
    assert np.all(at.T.imag < 0)
    gaussian, mu = problem.moments, np.array([1e-9, 0.1, 30.0])
    mean = MixtureProblem(gaussian, problem.sigma, Contrast.constant())
    known = effective_penalty(gaussian, 10, z)
    off = np.abs(1 / resolvent(mean, 10, z).v - known)
    assert np.all(off <= root_error(gaussian, 10, known))
    known = np.array([ridge_penalty(gaussian, 10, x) for x in mu])
    off = np.abs(1 / resolvent(mean, 10, -mu).v - known)
    assert np.all(off <= root_error(gaussian, 10, known))
    wrong = [(at.alpha * (1 + 1e-9), at.beta), (at.alpha.conj(), at.beta.conj())]
    for alpha, beta in wrong:
        with pytest.raises(NotConverged, match="scale mixture"):
            certify(Resolvent(at.profile, z, alpha, beta), upper=True)
    certify(at, upper=True)


@pytest.mark.parametrize(
    "contrast", [TWO, Contrast.gamma(2.0, 3), Contrast([0.05, 1.5], [0.4, 0.6])]
)
def test_edges_are_where_the_density_ends(contrast):
    """Im v, next to the real line, is what density there is."""
    problem = model("denoising", contrast).mixture()
    for N in (6, 15, 16, 17, 60, 5000):
        spectrum = law_of(problem).spectrum(N)
        ends = [(spectrum.high, 1.0)]
        if spectrum.lower_edge > 0:
            ends.append((spectrum.lower_edge, -1.0))
        assert (spectrum.low > 0) == (problem.dimension < N)
        assert spectrum.high > contrast.atoms.max() * problem.power.max() / N
        for edge, outside in ends:
            step = 1e-4 * min(edge, spectrum.high / N)
            x = edge + outside * step * np.array([1.0, -1.0])
            density = resolvent(problem, N, x + 1e-6j * step).v.imag
            assert density[0] < 1e-2 * density[1], (N, outside)


@pytest.mark.parametrize("name", some_slow(FORWARD, "denoising", "super-resolution"))
def test_limits(name):
    asked = model(name, WIDE)
    flow = ls.GradientFlow([0.0, 0.7, 20.0])
    start = ls.theory.risk(asked, 20, flow)
    zero = asked.spectral().zero_risk
    off = abs(start.value[0] - zero)
    assert off <= CONTRACT * (zero - start.floor)
    N = 10**12
    many = ls.theory.risk(asked, N, flow)
    known = ls.theory.large_n(asked.spectral(), N, flow)
    learning = known.value - known.floor
    allowed = CONTRACT * learning + many.variance
    assert np.all(np.abs(many.value - known.value) <= allowed)  # floor and bias
    assert np.all(many.variance < 1e4 / N)  # falls as 1/N, as a Gaussian's does
    end = ls.theory.converged(asked, 10**9)
    assert 0.0 < end.value - end.floor < 1e3 / 10**9 * end.floor


def test_without_noise_the_contrast_does_not_matter():
    """N noiseless examples span N directions, whatever their size: 1 - N/d of the power is lost."""
    basis = np.linalg.qr(np.random.default_rng(0).standard_normal((20, 8)))[0]
    for contrast in (TWO, Contrast.lognormal(0.5)):
        asked = ls.InverseProblem.from_factor(None, basis, 1e-4, contrast)
        for N in (2, 6):
            value = ls.theory.converged(asked, N).value * 20 / 8
            # What noise adds falls as its variance, 1e-8.
            assert value == pytest.approx(1 - N / 8, rel=1e-5)


@pytest.mark.parametrize("N", [15, 16, 17])
def test_converged_mean_is_infinite_next_to_n(N):
    end = ls.theory.converged(model("denoising", TWO), N)
    assert end.value == np.inf
    assert "infinite" in end.status
    path = ls.theory.risk(model("denoising", TWO), N, ls.Converged())
    assert path.value[0] == np.inf


def test_converged_is_the_end_of_the_path():
    asked = model("more measurements", TWO)
    for N in (6, 60):
        terms = converged_terms(asked.mixture(), N, law_of(asked.mixture()).spectrum(N).lower_edge)
        late = ls.theory.risk(asked, N, ls.GradientFlow(1e7), order=0)
        allowed = CONTRACT * (terms.bias[0, 0] + terms.variance[0, 0])
        for part in ("bias", "variance"):
            assert abs(getattr(late, part)[0] - getattr(terms, part)[0, 0]) <= allowed


def test_best_points():
    asked, N = model("denoising", WIDE), 40
    best = ls.theory.early_stopped(asked, N)
    assert best.method == "theory of scale mixtures, order 1"
    around = ls.theory.risk(asked, N, ls.GradientFlow(best.at * np.array([0.9, 1.0, 1.1]))).value
    assert around.argmin() == 1
    assert abs(around[1] - best.value) <= CONTRACT * (best.value - best.floor)  # another contour
    step = 0.5 / law_of(asked.mixture()).spectrum(N).high
    descent = ls.theory.best_iteration(asked, N, step)
    assert abs(descent.value / best.value - 1) < 0.02
    assert ls.theory.best_ridge(asked, N).value == pytest.approx(best.value, rel=0.05)
    window = ls.theory.stopping_window(asked, N, 0.05)
    assert window.first < best.at < window.last
    ends = ls.theory.risk(asked, N, ls.GradientFlow([window.first, window.last])).value
    # Found in log t to 1e-10, with which the learning error changes by no more than its double.
    assert np.all(np.abs(ends - 1.05 * best.value) <= (CONTRACT + 2e-10) * (ends - best.floor))


@pytest.mark.slow
def test_local_exponent_is_the_slope_of_the_best_risk():
    asked, N = model("denoising", WIDE), 40
    exponent = ls.theory.local_exponent(asked, N)
    h = 0.1
    up, down = (ls.theory.early_stopped(asked, round(N * np.exp(s))) for s in (h, -h))
    slope = np.log(up.value / down.value) / np.log(round(N * np.exp(h)) / round(N * np.exp(-h)))
    assert float(exponent) == pytest.approx(slope, rel=0.03)


def test_contrast_acts_like_fewer_samples():
    """More of them are needed, to the sample."""
    asked, gaussian = model("random", TWO, sigma=1.0), model("random", sigma=1.0)
    more, fewer = ls.theory.saturation(asked, 0.3), ls.theory.saturation(gaussian, 0.3)
    assert more > 1.2 * fewer
    limit = 1.3 * ls.theory.floor(asked)
    # Each by far more than a contour's accuracy: the count is the same on any processor.
    assert ls.theory.early_stopped(asked, more).value < limit * (1 - 1e-5)
    assert ls.theory.early_stopped(asked, more - 1).value > limit * (1 + 1e-5)


@pytest.mark.slow
def test_a_risk_and_a_tolerance_require_the_same():
    asked = model("random", TWO, sigma=1.0)
    limit = 1.3 * ls.theory.floor(asked)
    assert ls.theory.required_n_train(asked, risk=limit) == ls.theory.saturation(asked, 0.3)


def test_orders_and_what_is_refused():
    asked, flow = model("random", TWO), ls.GradientFlow([1.0, 9.0])
    zero, one = (ls.theory.risk(asked, 15, flow, order=order) for order in (0, 1))
    assert zero.method.endswith("mixtures, order 0")
    assert np.all(np.abs(one.value - zero.value) <= zero.error)
    assert np.all(one.error < 0.5 * zero.error)
    for ask in (ls.theory.risk, ls.theory.early_stopped, ls.theory.converged):
        extra = (flow,) if ask is ls.theory.risk else ()
        with pytest.raises(Unsupported, match="contrast"):
            ask(asked, 15, *extra, complex_data=True)
        with pytest.raises(InvalidArgument, match="order"):
            ask(asked, 15, *extra, order=2)


def test_step_too_large_by_the_edge_of_the_mixture():
    """The edge of two atoms lies beyond the Gaussian one: a step between them diverges."""
    asked, N = model("denoising", TWO), 40
    edge = law_of(asked.mixture()).spectrum(N).high
    assert edge > 1.1 * sample_spectrum(asked.spectral(), N).high
    with pytest.raises(StepTooLarge) as caught:
        ls.theory.risk(asked, N, ls.GradientDescent(2.02 / edge, 10))
    assert caught.value.largest_step == pytest.approx(2.0 / edge, rel=rounding(operations=2))
    assert np.isfinite(ls.theory.risk(asked, N, ls.GradientDescent(1.98 / edge, 10)).value[0])


def test_an_atom_that_hardly_any_training_set_has_is_left_out_and_said():
    law = Contrast([0.9, 1.1, 60.0], [0.5, 0.5, 1e-5])
    asked, N = model("denoising", law), 50
    edge = law_of(asked.mixture()).spectrum(N).high
    step = 1.5 / edge * 2  # diverges with the atom, and with neither of the others
    path = ls.theory.risk(asked, N, ls.GradientDescent(step, [2, 40]))
    plain = model("denoising", Contrast([0.9, 1.1], [1, 1]))
    known = ls.theory.risk(plain, N, ls.GradientDescent(step, [2, 40]))
    assert np.all(np.abs(path.value - known.value) <= CONTRACT * (known.value - known.floor))
    assert "descent diverges on roughly one training set in 10^3" in path.statuses[1]
    assert path.error[1] > path.value[1]
    common = model("denoising", Contrast([0.9, 1.1, 60.0], [0.5, 0.5, 0.1]))
    edge = law_of(common.mixture()).spectrum(N).high
    with pytest.raises(StepTooLarge):
        ls.theory.risk(common, N, ls.GradientDescent(3.0 / edge, 2))
