import numpy as np

import linscale as ls
from linscale.montecarlo.band import BandFactor
from tests.tolerances import rounding


class Means(np.random.Generator):
    """A generator whose chi squares are their degrees of freedom, so that the law can be read."""

    def __init__(self):
        super().__init__(np.random.PCG64(0))

    def chisquare(self, df, size=None):
        return np.asarray(df, dtype=float)


def check(results, rng):
    n, d, N = 9 + int(rng.integers(4)), int(rng.integers(1, 4)), 30 + int(rng.integers(20))
    white = BandFactor(ls.SubspaceModel(n=n, d=d, sigma=0.5), N, Means()).white()
    for j in range(n):
        at = {"j": j, "n": n, "d": d, "N": N}
        names = {symbol: at[symbol.name] for e in results.values() for symbol in e.free_symbols}
        diagonal, last = (float(results[key].subs(names)) for key in ("diagonal", "last"))
        # A root, times and over the scale, squared: 7 halves of a rounding, counts are exact.
        for found, expected in ((white[j, 0], diagonal), (white[j, d], max(last, 0.0))):
            assert abs(found**2 - expected) <= rounding(1, 4) * expected
