from dataclasses import replace

import mpmath as mp
import numpy as np

import linscale as ls
from derivations.mixtures_exact import Point
from derivations.mixtures_numbers import Words, closed_form, kernels
from linscale.models.contrast import Contrast
from linscale.models.problem import MixtureProblem
from linscale.theory.mixture.finite import Pair, Target, linear_term
from linscale.theory.mixture.kernels import Ladder
from linscale.theory.mixture.moments import Columns, EqualMoments, PairMoments
from linscale.theory.mixture.stieltjes import ROUNDING, resolvent
from tests.tolerances import rounding

from . import CHAIN, Known, agree


def mixture(rng):
    k, w = rng.uniform(0.2, 1.5, 2), rng.uniform(0.1, 1.0, 2)
    sigma = rng.uniform(0.4, 0.8)
    l = k + sigma**2
    floor = w @ (l**2 / k - l) + rng.uniform(0.1, 1.0)
    moments = ls.SpectralProblem(l, rng.integers(2, 9, 2), w, floor)
    law = Contrast(rng.uniform(0.2, 3.0, 2), rng.dirichlet([2.0, 2.0]))
    return MixtureProblem(moments, sigma, law)


def point(p, size):
    """The same for the derivation."""
    gains = p.target_weights * p.moments.eigenvalues**2
    law = p.contrast
    lists = [map(float, x) for x in (p.power, p.multiplicities, gains, law.atoms, law.weights)]
    return Point(*map(tuple, lists), p.sigma**2, float(size), p.zero_risk)


def moved(p, rng, by):
    """The mixture with all its numbers moved, by no more than a share ``by`` each."""

    def near(x):
        return x * (1 + by * rng.choice([-1.0, 1.0], np.shape(x)))

    m, sigma, law = p.moments, near(p.sigma), p.contrast
    moments = ls.SpectralProblem(
        near(p.power) + sigma**2, m.multiplicities, near(m.target_weights), near(m.floor)
    )
    return MixtureProblem(moments, sigma, Contrast(near(law.atoms), near(law.weights)))


def sensitivity(f, p, z, rng, by=1e-6):
    """How far numbers f(mixture, z) move, over the share that inputs move by: the largest of 8."""
    first = np.abs(f(p, z))
    others = (f(moved(p, rng, by), z * (1 + by * rng.choice([-1, 1], z.shape))) for _ in range(8))
    return first + np.max([np.abs(x - f(p, z)) for x in others], axis=0) / by


def check(results, rng):
    p, size = mixture(rng), int(rng.integers(4, 30))
    words, here = Words(results), point(p, size)
    z = rng.uniform(-3, -1, 2) + 1j * rng.uniform(0.3, 1.0, 2)

    def package(p, z):
        at = resolvent(p, size, z)
        ladder = Ladder(PairMoments(p, size, at, Columns(at), slice(0, 1), 1))
        pair = Pair(ladder, Target(ladder, through=True))
        single = Ladder(EqualMoments(p, size, at))
        linear = linear_term(single.first, Target(single, through=True))[0]
        return np.array([pair.twist()[0, 0], pair.sampled()[0, 0], linear])

    def ridge(p, mu):
        both = (ls.theory.risk(p.moments, size, ls.Ridge(mu), order=i).value[0] for i in (1, 0))
        return np.array([*both])

    with mp.workdps(45):
        step = mp.mpf(10) ** -8  # squared, and squared again, it is what the quotients leave out
        given, drawn = kernels(words, here.at(*z), step, step)
        linear = sum(closed_form(words, here.at(z[0]))[:2])
        # Many digits on one side; the resolvent's certificate and rounding on the other.
        off = (ROUNDING + rounding(1.0, CHAIN)) * sensitivity(package, p, z, rng)
        for found, exact, lost in zip(package(p, z), (given, drawn, linear), off, strict=True):
            agree(found, Known(complex(exact), lost))

        # The ridge risk of Gaussian data, where neither contrast nor contour is needed.
        mu = rng.uniform(1.0, 2.0)
        still = replace(here, tau=(1.0, 1.0)).at(-mu)
        found = sum(kernels(words, still, step, step)) - 2 * sum(closed_form(words, still)[:2])
        off = rounding(sensitivity(ridge, p, np.array(mu), rng).sum(), CHAIN)
        both, leading = ridge(p, mu)
        agree(both - leading, Known(float(found), off))
