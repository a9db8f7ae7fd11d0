from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest

import linscale as ls
from derivations.mixtures_exact import Point
from derivations.mixtures_numbers import Words, closed_form, kernels
from linscale.models.contrast import Contrast
from linscale.models.problem import MixtureProblem
from linscale.theory.mixture.finite import Pair, Target, linear_term
from linscale.theory.mixture.kernels import Ladder
from linscale.theory.mixture.moments import Columns, EqualMoments, PairMoments
from linscale.theory.mixture.stieltjes import resolvent


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


def check(results, rng):
    p, size = mixture(rng), int(rng.integers(4, 30))
    words, here = Words(results), point(p, size)
    z = rng.uniform(-3, -1, 2) + 1j * rng.uniform(0.3, 1.0, 2)
    at = resolvent(p, size, z)
    ladder = Ladder(PairMoments(p, size, at, Columns(at), slice(0, 1), 1))
    pair = Pair(ladder, Target(ladder, through=True))
    with mp.workdps(45):
        step = mp.mpf(10) ** -8
        given, drawn = kernels(words, here.at(*z), step, step)
        assert complex(given) == pytest.approx(complex(pair.twist()[0, 0]), rel=1e-10)
        assert complex(drawn) == pytest.approx(complex(pair.sampled()[0, 0]), rel=1e-10)
        single = Ladder(EqualMoments(p, size, at))
        package = linear_term(single.first, Target(single, through=True))[0]
        assert complex(sum(closed_form(words, here.at(z[0]))[:2])) == pytest.approx(
            package, rel=1e-10
        )

        # The ridge risk of Gaussian data, where neither contrast nor contour is needed.
        mu = rng.uniform(1.0, 2.0)
        leading, both = (ls.theory.risk(p.moments, size, ls.Ridge(mu), i).value[0] for i in (0, 1))
        still = replace(here, tau=(1.0, 1.0)).at(-mu)
        found = sum(kernels(words, still, step, step)) - 2 * sum(closed_form(words, still)[:2])
        assert float(found) == pytest.approx(both - leading, rel=1e-8)
        assert np.isfinite(both)
