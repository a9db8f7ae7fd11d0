import numpy as np

import linscale as ls
from derivations import converged as made
from linscale.theory.law import law_of

from . import agree, evaluated


def check(results, rng):
    many = rng.integers(1, 10, 3)
    problem = ls.SpectralProblem(
        rng.uniform(0.2, 2.0, 3), many, rng.uniform(0.1, 1.0, 3), rng.uniform(0.05, 0.5)
    )
    n = problem.dimension
    for law, nearest in (("real", n + 2), ("complex", n + 1)):
        for n_train in (nearest, nearest + int(rng.integers(1, 50))):
            point = ls.theory.converged(problem, n_train, complex_data=law == "complex")
            given = {made.N: n_train, made.n: n}
            risk = evaluated(results[f"{law}_risk"], given | {made.floor: problem.floor})
            agree(point.value, risk)
            agree(point.variance, problem.floor * n * evaluated(results[f"{law}_inverse"], given))
        for n_train in range(max(1, 2 * n + 1 - nearest), nearest):  # symmetric about N = n
            point = ls.theory.converged(problem, n_train, complex_data=law == "complex")
            assert np.isinf(point.value)

    # The expansion in 1/N that is used on the other side has the same two orders on this one.
    n_train = n + int(rng.integers(2, 50))
    terms = law_of(problem).converged(n_train, law_of(problem).spectrum(n_train))
    given = {made.gamma: n / n_train, made.floor: problem.floor}
    agree(terms.variance[0], evaluated(results["leading"], given))
    agree(terms.variance[1], evaluated(results["next_order"], given) / n_train)
    assert np.all(terms.bias == 0.0)  # times the effective penalty, which is 0
