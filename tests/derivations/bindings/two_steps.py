import linscale as ls
from derivations import two_steps as made
from derivations.moments import N, T, l
from derivations.one_step import L, eta, floor, n, w

from . import agree, evaluated


def check(results, rng):
    eigenvalues, weights = rng.uniform(0.2, 2.0, 2), rng.uniform(0.1, 1.0, 2)
    many, rest = rng.integers(1, 30, 2), rng.uniform(0.05, 0.5)
    n_train, step = int(rng.integers(1, 40)), rng.uniform(0.1, 1.0)
    problem = ls.SpectralProblem(eigenvalues, many, weights, rest)
    dim, sub, sigma = int(rng.integers(5, 20)), int(rng.integers(1, 5)), rng.uniform(0.1, 1.5)
    model = ls.SubspaceModel(n=dim, d=sub, sigma=sigma)
    traces = [float(many @ eigenvalues**q) for q in range(len(T))]

    for law in ("real", "complex"):
        point = ls.theory.two_steps(problem, n_train, step, complex_data=law == "complex")
        given = {N: n_train, eta: step} | dict(zip(T, traces, strict=True))
        bias = evaluated(results[f"{law}_bias"], given | {l: eigenvalues})
        agree(point.bias, weights @ bias)
        agree(point.variance, rest * evaluated(results[f"{law}_variance"], given))
        given = {N: n_train, eta: step, floor: rest}
        given |= dict(zip((*L, *n, *w), (*eigenvalues, *many, *weights), strict=True))
        agree(point.value, evaluated(results[f"{law}_risk"], given))

        point = ls.theory.two_steps(model, n_train, step, complex_data=law == "complex")
        given = {N: n_train, eta: step, made.dim: dim, made.sub: sub, made.sigma: sigma}
        agree(point.value, evaluated(results[f"{law}_subspace"], given))
