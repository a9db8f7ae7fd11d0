import numpy as np

from derivations import moments as made
from linscale.theory import wishart

from . import agree, evaluated


def check(results, rng):
    """The internal enumeration that the two-step risk uses, at a random spectrum."""
    n_train = int(rng.integers(1, 30))
    l, n = rng.uniform(0.1, 2.0, 4), rng.integers(1, 20, 4)
    traces = [float(n @ l**q) for q in range(len(made.T))]
    for name, expr in results.items():
        law, *between = name.split("_")
        terms = wishart.moment(tuple(map(int, between)), law == "complex")
        package = sum(
            term.pairings
            * float(n_train) ** -term.power_of_n
            * l**term.open
            * np.prod([traces[q] for q in term.traces])
            for term in terms
        )
        given = {made.N: n_train, made.l: l} | dict(zip(made.T, traces, strict=True))
        agree(package, evaluated(expr, given))
