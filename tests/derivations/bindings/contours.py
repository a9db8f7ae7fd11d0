import numpy as np
import sympy as sp

import linscale as ls
from derivations import companion
from derivations import contours as made
from linscale.filters import Lens
from linscale.theory.contours import Contour, lens
from linscale.theory.gaussian import kernels, stieltjes
from tests.tolerances import CONTRACT, EPS, rounding

from . import CHAIN, Known, agree, argument, evaluated


def check(results, rng):
    halves(results, rng)
    contour, poles = on_the_lens(results, rng)
    around_poles(results, rng, contour, poles)
    variance(results, rng)


def halves(results, rng):
    """Two nodes with any numbers on them."""

    def numbers(*shape):
        return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)

    f, dz, K, M = numbers(2), numbers(2), numbers(2, 2), numbers(2, 2)
    K = K + K.T
    values = dict(zip((*made.f, *made.dz), (*f, *dz), strict=True))
    values |= dict(zip(made.same, K.flat, strict=True))
    values |= dict(zip(made.mirrored, M.flat, strict=True))
    contour = Contour(z=np.zeros(2, complex), dz=dz)
    once, twice = (evaluated(results[k], values) for k in ("once", "twice"))
    agree(contour.integrate(f), once, scale=1.0)
    agree(contour.integrate_twice(f[None], K, M)[0], twice, scale=1.0)


def on_the_lens(results, rng):
    poles = np.sort(rng.uniform(0.4, 2.0, 2))
    left, right = 0.3 - rng.uniform(0.05, 0.3), 2.1 + rng.uniform(0.1, 0.4)
    angle = rng.uniform(0.5, 1.2)
    contour = lens(0.3, 2.1, Lens(left, right, scale=1.0, angle=angle))
    # Near the corners z itself has lost the digits of its distance to them.
    z = Known(contour.z, CHAIN * EPS * np.abs(contour.z))
    tau = abs((z - left) / (right - z))
    values = {made.left: left, made.right: right, made.angle: angle, made.tau: tau}
    agree(z, evaluated(results["lens"], values))
    assert np.all(np.diff(tau.value) < 0)  # from z_R to z_L
    # What is left of dz without the slope are positive weights that integrate over tau.
    weight = -contour.dz / evaluated(results["slope"], values)
    largest = np.abs(weight.value).max()
    agree(0.0, weight.imag, scale=largest)
    assert np.all(weight.value.real > 0)
    share = weight.real / (1 + tau) ** 2
    agree(1.0, np.ones(share.value.size) @ share, also=CONTRACT)
    return contour, poles


def around_poles(results, rng, contour, poles):
    """Residues against the quadrature, for a sample covariance with the eigenvalues ``poles``."""
    S, G = (m + m.T for m in rng.standard_normal((2, 2, 2)))
    filter, floor, N = ls.GradientFlow(rng.uniform(0.2, 2.0)), rng.uniform(0.1, 1.0), 7
    values = dict(zip((*made.lam, *made.S, *made.G), (*poles, *S.flat, *G.flat), strict=False))
    values |= {made.N: N, made.floor: floor}
    functions = {
        "rho": lambda l: filter.residual(l.value[None])[0, 0],
        "h": lambda l: filter.variance_filter(l.value[None])[0, 0],
    }
    z = contour.z
    Q = 1 / (poles - z[:, None])
    same = np.einsum("ia,ab,jb->ij", Q, G * S, Q)
    mirrored = np.einsum("ia,ab,jb->ij", Q, G * S, Q.conj())
    bias = contour.integrate_twice(filter.residual(z), same, mirrored)[0]
    size = np.abs(S * G).sum()  # rho is below 1
    agree(bias, evaluated(results["bias"], values, functions=functions), also=CONTRACT * size)
    noise = -floor / N * contour.integrate(filter.variance_filter(z) * (Q @ np.diag(S)))[0]
    size = floor / N * np.abs(filter.variance_filter(poles)[0] * np.diag(S)).sum()
    known = evaluated(results["variance"], values, functions=functions)
    agree(noise, known, also=CONTRACT * size)


def variance(results, rng):
    l, n = rng.uniform(0.2, 2.0, 2), rng.integers(2, 12, 2)
    problem = ls.SpectralProblem(l, n, [0.3, 0.1], floor=0.2)
    total = int(n.sum())
    z = rng.uniform(-1.0, 3.0, 6) + 1j * rng.uniform(0.05, 1.0, 6)
    for N in (2 * total, int(total * rng.uniform(0.3, 0.9)) + 1):
        kappa = ls.theory.effective_penalty(problem, N, z)
        zero = stieltjes.effective_penalty_at_zero(problem, N)
        found = kernels.variance_kernel(problem, N, z, kappa, zero)
        values = dict(zip((*companion.L, *companion.n), (*l, *n), strict=True))
        of = argument(problem, N, z, kappa)
        values |= {made.N: N, made.z: of, made.kappa: kappa}
        # kappa df1/N and kappa0 cancel where z is small.
        lost = rounding(1 / abs(1 - stieltjes.degrees_of_freedom(problem, zero, 2) / N), CHAIN)
        many = evaluated(results["kernel_many"], values) - Known(zero, lost * zero) / of
        agree(found, many, scale=1.0)
        if zero > 0:
            s = (1 / (l + kappa[:, None])) @ (n * l / (l + zero)) / N
            few = evaluated(results["kernel_few"], {made.kappa: kappa, sp.Symbol("s"): s})
            agree(found, few)
