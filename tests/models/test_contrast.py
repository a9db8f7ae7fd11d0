"""The law of tau: its atoms, where it comes from, and models that carry it."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import linscale as ls
from linscale.errors import InvalidArgument, Unsupported
from linscale.models.contrast import Contrast
from linscale.models.problem import MixtureProblem, moments_of, problem_of, reduced
from tests.conftest import z_limit
from tests.tolerances import cancellation, rounding

FEW = rounding(operations=8)  # of a law given by its atoms: a sum, two quotients


def test_mean_is_one_and_order_ascending():
    law = Contrast([6.0, 2.0, 9.0], [1.0, 3.0, 0.0])
    assert law.atoms.tolist() == pytest.approx([2 / 3, 2.0], rel=FEW)
    assert law.weights.tolist() == pytest.approx([0.75, 0.25], rel=FEW)
    assert law.weights @ law.atoms == pytest.approx(1.0, rel=FEW)
    # (2/3 - 1)^2 doubles the error of the atom and divides it by the distance.
    assert law.spread == pytest.approx(0.75 / 9 + 0.25, rel=2 * cancellation(2 / 3, -1.0) * FEW)
    assert not law.is_constant
    for constant in (Contrast.constant(), Contrast.lognormal(0.0), Contrast([3.0, 3.0], [1, 2])):
        assert constant.is_constant
        assert constant.spread <= FEW**2


def moment_condition(law, power):
    """Of E tau^power = e'J^power e by a Gauss rule, for errors of its Jacobi matrix J as large as
    rounding makes them, in units of its norm: |J| sum |J^a e| |J^b e| over a + b = power - 1."""
    m = [law.weights @ law.atoms**k for k in range(2 * power)]
    halves = (m[2 * a] * m[2 * (power - 1 - a)] for a in range(power))
    return law.atoms[-1] * sum(np.sqrt(half) for half in halves) / m[power]


def spread_condition(law):
    """The same for the variance, from which 1 has been subtracted."""
    return moment_condition(law, 2) * (1.0 + 1.0 / law.spread)


@pytest.mark.parametrize("shape", [0.3, 1.0, 7.5, 300.0])
def test_gamma_rule_has_the_moments_of_the_law(shape):
    """Exact up to degree 2 K - 1: products (shape + i)/shape."""
    law = Contrast.gamma(shape, atoms=4)
    for power in range(1, 8):
        exact = np.prod((shape + np.arange(power)) / shape)
        allowed = rounding(moment_condition(law, power), 4 * 4)
        assert law.weights @ law.atoms**power == pytest.approx(exact, rel=allowed)
    allowed = rounding(moment_condition(law, 8), 4 * 4)
    assert law.weights @ law.atoms**8 < np.prod((shape + np.arange(8)) / shape) * (1 - allowed)
    allowed = rounding(spread_condition(law), 4 * 4)
    assert law.spread == pytest.approx(1 / shape, rel=allowed)


@pytest.mark.parametrize("spread", [0.1, 1.9, 5.0])
def test_lognormal_rule_integrates_what_the_theory_asks_for(spread):
    """E tau/(1 + tau x), by ten atoms, which err by up to 2e-4 of it, and by quadrature."""
    s = np.sqrt(np.log1p(spread))
    law = Contrast.lognormal(spread)
    assert law.spread == pytest.approx(spread, rel=0.02)
    for x in (0.1, 1.0, 30.0):

        def integrand(g, x=x):
            tau = np.exp(s * g - 0.5 * s * s)
            return tau / (1 + tau * x) * norm.pdf(g)

        exact = quad(integrand, -12, 12)[0]
        assert law.weights @ (law.atoms / (1 + law.atoms * x)) == pytest.approx(exact, rel=2e-4)


def test_sample_rule_has_the_moments_of_the_sample(rng):
    tau = rng.lognormal(0.0, 1.0, 5000)
    law = Contrast.from_sample(tau, atoms=5)
    sample = tau / tau.mean()
    for power in range(1, 10):  # rounding errors of a sum of n add up as a random walk does
        allowed = rounding(moment_condition(law, power), np.sqrt(tau.size))
        found = law.weights @ law.atoms**power
        assert found == pytest.approx(np.mean(sample**power), rel=allowed)
    allowed = rounding(spread_condition(law), np.sqrt(tau.size))
    assert law.spread == pytest.approx(sample.var(), rel=allowed)
    few = Contrast.from_sample([1.0, 1.0, 3.0, 5.0])
    # Eigenvalues to rounding of the largest, 2; vectors to that over their distance, 0.8.
    assert few.atoms.tolist() == pytest.approx([0.4, 1.2, 2.0], rel=rounding(2 / 0.4, 16))
    assert few.weights.tolist() == pytest.approx([0.5, 0.25, 0.25], rel=rounding(2 * 2 / 0.8, 16))
    assert Contrast.from_sample([2.0, 2.0]).is_constant


def test_lanczos_keeps_its_orthogonality(rng):
    """Forty atoms of a law over eight decades: without reorthogonalisation copies would appear."""
    tau = 10 ** rng.uniform(-4, 4, 3000)
    law = Contrast.from_sample(tau, atoms=40)
    assert law.atoms.size == 40
    # Apart by more than eigenvalues are known to: a copy would lie within that.
    assert np.min(np.diff(law.atoms)) > rounding(law.atoms[-1], 40)
    x = 5.0 / tau.mean()
    exact = np.mean(tau / tau.mean() / (1 + tau * x))
    assert law.weights @ (law.atoms / (1 + law.atoms * 5.0)) == pytest.approx(exact, rel=1e-3)


def test_patches_give_their_contrast(rng):
    """Mahalanobis energy is tau times a chi-square of p: its spread is known, and no other's is."""
    p, count, sigma = 60, 40_000, 0.01
    root = rng.standard_normal((p, p)) * np.geomspace(1.0, 0.02, p)
    cov = root @ root.T
    tau = Contrast([0.3, 3.8], [0.8, 0.2]).sample(count, rng)
    x = root @ (rng.standard_normal((p, count)) * np.sqrt(tau))
    law = Contrast.from_patches(x, cov, sigma)
    # E q^2 / (E q)^2 = (1 + spread)(1 + 2 / effective dimension), the latter p but for sigma.
    l = np.linalg.eigvalsh(cov)
    seen = l / (l + sigma**2)
    expected = np.mean(tau**2) / np.mean(tau) ** 2 * (1 + 2 * (seen @ seen) / seen.sum() ** 2) - 1
    energy = np.sum(x * np.linalg.solve(cov + sigma**2 * np.eye(p), x), axis=0)
    squares = (energy / energy.mean()) ** 2
    sem = squares.std() / np.sqrt(count)
    assert abs(law.spread - expected) < z_limit(1) * sem
    plain = Contrast.from_sample(np.sum(x**2, axis=0))  # patch energy: too few directions count
    assert abs(plain.spread - expected) > 10 * sem


def test_sample_follows_the_weights(rng):
    law = Contrast([0.5, 1.0, 4.0], [0.5, 0.3, 0.2])
    drawn = law.sample(20_000, rng)
    for atom, weight in zip(law.atoms, law.weights, strict=True):
        sem = np.sqrt(weight * (1 - weight) / drawn.size)
        assert abs(np.mean(drawn == atom) - weight) < z_limit(3) * sem
    assert np.array_equal(Contrast.constant().sample(3, rng), np.ones(3))


TWO = Contrast([0.2, 4.2], [0.8, 0.2])


def test_models_carry_it():
    cov = np.diag([1.0, 0.5, 0.2])
    model = ls.InverseProblem(None, cov, 0.3, contrast=TWO)
    problem = reduced(model)
    assert isinstance(problem, MixtureProblem)
    assert model.contrast is TWO
    power = np.diag(cov)[::-1]
    allowed = rounding(cancellation(power + 0.3**2, -(0.3**2)), 8)
    assert np.all(np.abs(problem.power - power) <= allowed * power)
    for name in ("multiplicities", "target_weights", "floor", "zero_risk", "dimension"):
        assert np.all(getattr(problem, name) == getattr(model.spectral(), name))
    assert isinstance(reduced(ls.InverseProblem.from_factor(None, cov, 0.3, TWO)), MixtureProblem)
    assert isinstance(reduced(model.mixture()), MixtureProblem)
    assert ls.theory.floor(model) == moments_of(model).floor
    for gaussian in (None, Contrast.constant()):
        plain = ls.InverseProblem(None, cov, 0.3, contrast=gaussian)
        assert problem_of(plain).floor == model.spectral().floor


@pytest.mark.parametrize(
    "ask",
    [
        lambda m: ls.theory.one_step(m, 5, 0.1), lambda m: ls.theory.best_one_step(m, 5),
        lambda m: ls.theory.two_steps(m, 5, 0.1),
        lambda m: ls.theory.large_n(m, 5, ls.GradientFlow(1.0)),
        lambda m: ls.theory.support(m, 5), lambda m: ls.theory.sample_spectrum(m, 5),
        lambda m: ls.theory.effective_penalty(m, 5, [1j]), problem_of,
    ],
)  # fmt: skip
def test_contrast_is_never_answered_as_gaussian(ask):
    for model in (ls.InverseProblem(None, np.eye(3), 0.3, contrast=TWO),):
        for form in (model, model.mixture()):
            with pytest.raises(Unsupported, match="early_stopped, converged"):
                ask(form)
    ask_gaussian = ls.InverseProblem(None, np.eye(3), 0.3)
    assert problem_of(ask_gaussian).dimension == 3


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Contrast([1.0, -1.0], [1, 1]), "atoms"),
        (lambda: Contrast([0.0, 1.0], [1, 0]), "atoms"),
        (lambda: Contrast([1.0], [1, 1]), "weights"),
        (lambda: Contrast([1.0, 2.0], [0, 0]), "weights"),
        (lambda: Contrast([1.0, np.nan], [1, 1]), "atoms"),
        (lambda: Contrast.lognormal(-1.0), "spread"),
        (lambda: Contrast.lognormal(1.0, atoms=0), "atoms"),
        (lambda: Contrast.gamma(0.0), "shape"),
        (lambda: Contrast.gamma(1e9), "shape"),
        (lambda: Contrast.from_sample([]), "tau"),
        (lambda: Contrast.from_sample([0.0, 0.0]), "tau"),
        (lambda: Contrast.from_patches(np.ones((3, 2)), np.eye(2), 0.1), "signal_cov"),
        (lambda: Contrast.from_patches(np.ones((3, 2)), np.eye(3), 0.0), "sigma"),
        (lambda: ls.InverseProblem(None, np.eye(2), 0.1, contrast=[1.0]), "contrast"),
        (lambda: MixtureProblem(ls.SubspaceModel(5, 2, 0.1).spectral(), 0.2, TWO), "sigma"),
        (lambda: MixtureProblem(ls.SubspaceModel(5, 2, 0.1).spectral(), 0.1, None), "contrast"),
        (lambda: MixtureProblem(ls.SpectralProblem([1.1], [3], [9.0], 0.1), 0.3, TWO), "floor"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(make, word):
    with pytest.raises(InvalidArgument, match=word):
        make()
