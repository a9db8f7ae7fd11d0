import linscale as ls
from derivations import one_step as made
from derivations.moments import N, T, l

from . import agree, evaluated


def check(results, rng):
    eigenvalues, weights = rng.uniform(0.2, 2.0, 2), rng.uniform(0.1, 1.0, 2)
    many, floor = rng.integers(1, 30, 2), rng.uniform(0.05, 0.5)
    n_train, step = int(rng.integers(1, 40)), rng.uniform(0.1, 1.0)
    problem = ls.SpectralProblem(eigenvalues, many, weights, floor)
    given = {N: n_train, made.eta: step, made.floor: floor}
    given |= dict(zip(made.L, eigenvalues, strict=True)) | dict(zip(made.n, many, strict=True))
    given |= dict(zip(made.w, weights, strict=True))

    def at(name):
        return evaluated(results[name], given)

    square = float(many @ eigenvalues**2)
    for law in ("real", "complex"):
        point = ls.theory.one_step(problem, n_train, step, complex_data=law == "complex")
        here = {N: n_train, made.eta: step, T[2]: square}
        bias = evaluated(results[f"{law}_bias"], here | {l: eigenvalues})
        agree(point.bias, weights @ bias)
        agree(point.variance, floor * evaluated(results[f"{law}_variance"], here))
        agree(point.value, at(f"{law}_risk"))

    best = ls.theory.best_one_step(problem, n_train)
    agree(problem.best_step(n_train), at("best_step"))
    agree(best.at, at("best_step"))
    agree(best.value, at("best_risk"))
