"""One module per derivation: check(results, rng) holds its results against the package."""
