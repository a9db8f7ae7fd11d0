r"""Gradient descent with momentum: heavy ball and Nesterov.

Both iterate on (1/2N) sum_i ||W y_i - x_i||^2 from W_0 = 0, and both take their first step without
momentum (W_{-1} = W_0), so rho_0 = 1 and rho_1 = 1 - step l. rho_k is a polynomial of degree k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from linscale.errors import InvalidArgument
from linscale.filters.base import Descent, column, log1p
from linscale.filters.lens import Lens, Spectrum
from linscale.support import validate


@dataclass(frozen=True, eq=False, init=False, repr=False)
class HeavyBall(Descent):
    r"""Polyak's heavy ball, W_{k+1} = W_k - step grad(W_k) + momentum (W_k - W_{k-1}).

        rho_{k+1} = (1 + beta - eta l) rho_k - beta rho_{k-1},     rho_0 = 1, rho_1 = 1 - eta l

    in closed form by the roots r of r^2 - (1 + beta - eta l) r + beta = 0. It converges when
    step times the largest eigenvalue of YY'/N is below 2 (1 + momentum).

    Derivation: `filters`.

    Parameters
    ----------
    step : float
        eta > 0.
    momentum : float
        0 <= beta < 1; 0 is gradient descent.
    iterations : scalar or (T,) array of integers
        k >= 0.

    Raises
    ------
    InvalidArgument
        A step that is not above 0, momentum outside [0, 1), iterations that are not whole numbers.

    Examples
    --------
    Without momentum it is gradient descent:

    >>> import numpy as np
    >>> import linscale as ls
    >>> l = np.array([0.0, 0.3, 1.5])
    >>> still, moving = ls.HeavyBall(0.9, 0.0, [2, 9]), ls.GradientDescent(0.9, [2, 9])
    >>> bool(np.allclose(still.residual(l), moving.residual(l)))
    True

    Source: Polyak, USSR Comput. Math. Math. Phys. 4 (1964) 1.
    """

    momentum: float
    word: ClassVar[str] = "heavy_ball"
    oscillates: ClassVar[bool] = True

    def __init__(self, step: float, momentum: float, iterations: ArrayLike) -> None:
        super().__init__(step, iterations)
        beta = validate.real("momentum", momentum, positive=False)
        if beta >= 1.0:
            raise InvalidArgument("momentum", momentum, "at least 0 and below 1")
        object.__setattr__(self, "momentum", beta)

    @property
    def stable_below(self) -> float:
        return 2.0 * (1.0 + self.momentum) / self.step

    def residual(self, l: Spectrum) -> Spectrum:
        u, rest = self._parts(l)
        rho = np.exp(column(self.iterations, l) * log1p(-u)) - rest
        return np.asarray(rho if np.iscomplexobj(l) else rho.real)

    def learned(self, l: Spectrum) -> Spectrum:
        u, rest = self._parts(l)
        out = -np.expm1(column(self.iterations, l) * log1p(-u)) + rest
        return np.asarray(out if np.iscomplexobj(l) else out.real)

    def _parts(self, l: Spectrum) -> tuple[Any, Any]:
        """u = 1 - r with r the larger root, and rest = r^k - rho_k.

        rest = (eta l - u) (r^k - s^k)/(r - s) with s = beta/r the smaller root. u solves
        u^2 - (1 - beta + eta l) u + eta l = 0, which gives it without cancellation.
        """
        beta, x = self.momentum, self.step * np.asarray(l, dtype=complex)
        k = column(self.iterations, x)
        middle = 1.0 + beta - x
        root = np.sqrt(middle**2 - 4.0 * beta)
        root = np.where((middle * root.conj()).real < 0.0, -root, root)
        u = 2.0 * x / (1.0 - beta + x + root)
        # (r^k - s^k)/(r - s) = r^(k-1) (1 - q^k)/(1 - q) with q = s/r.
        with np.errstate(divide="ignore", invalid="ignore"):
            log_q = -2.0 * np.arctanh(root / middle)
            ratio = np.expm1(k * log_q) / np.expm1(log_q)
        log_q = np.where(middle == 0.0, 1j * np.pi, log_q)
        ratio = np.where(middle == 0.0, k % 2, np.where(root == 0.0, k, ratio))
        if beta == 0.0:
            ratio = np.minimum(k, 1.0) + 0.0 * x
        return u, np.where(k > 0, (x - u) * np.exp((k - 1.0) * log1p(-u)) * ratio, 0.0)

    def confine(self, low: float, high: float) -> Lens:
        # |r| <= R is an ellipse in z; the lens keeps to 0.6 of its half-height in the middle.
        k = max(float(self.iterations.max()), 1.0)
        beta, R = self.momentum, 1.0 + 1.0 / k
        left = -(R - 1.0) * (R - beta) / (R * self.step)
        vertex = (1.0 + beta + R + beta / R) / self.step
        right = min(0.5 * (high + vertex), 1.5 * high)
        flatness = (R - beta / R) / (R + beta / R)
        slope = 1.2 * flatness * np.sqrt(2.0 * (vertex - left) / (right - left) - 1.0)

        def log_residual(z: Spectrum) -> Spectrum:
            return np.asarray(k * log1p(-self._parts(z)[0]))

        return Lens(left, right, -left, float(np.arctan(min(slope, 1.0))), log_residual)


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Nesterov(Descent):
    r"""Nesterov's accelerated gradient with the schedule k/(k + 3).

        V_k = W_k + k/(k+3) (W_k - W_{k-1}),    W_{k+1} = V_k - step grad(V_k)
        rho_{k+1} = (1 - eta l) [rho_k + k/(k+3) (rho_k - rho_{k-1})],     rho_0 = 1

    It converges when step times the largest eigenvalue of YY'/N is below 4/3; the cost is one
    pass over the spectrum for each iteration.

    Derivation: `filters`.

    Parameters
    ----------
    step : float
        eta > 0.
    iterations : scalar or (T,) array of integers
        k >= 0.

    Examples
    --------
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    >>> plain = ls.theory.risk(model, 300, ls.GradientDescent(0.5, range(10)))
    >>> fast = ls.theory.risk(model, 300, ls.Nesterov(0.5, range(10)))
    >>> bool(fast.value[-1] < plain.value[-1])
    True

    Source: Nesterov, Soviet Math. Dokl. 27 (1983) 372; the schedule as in Su, Boyd and Candes,
    J. Mach. Learn. Res. 17 (2016) 153.
    """

    word: ClassVar[str] = "nesterov"
    oscillates: ClassVar[bool] = True

    @property
    def stable_below(self) -> float:
        return 4.0 / (3.0 * self.step)

    def residual(self, l: Spectrum) -> Spectrum:
        return self._iterate(l, 1.0, 0.0)

    def learned(self, l: Spectrum) -> Spectrum:
        # 1 - rho obeys the same recursion with a source eta l: no cancellation at small l.
        return self._iterate(l, 0.0, 1.0)

    def _iterate(self, l: Spectrum, start: float, source: float) -> Spectrum:
        x = self.step * np.asarray(l)
        keep, shrink = 1.0 - x, source * x
        wanted: dict[float, list[int]] = {}
        for i, k in enumerate(self.iterations):
            wanted.setdefault(float(k), []).append(i)
        out = np.empty((self.iterations.size, *x.shape), dtype=x.dtype)
        before = now = np.full(x.shape, start, dtype=x.dtype)
        for k in range(int(self.iterations.max()) + 1):
            for i in wanted.get(float(k), ()):
                out[i] = now
            before, now = now, keep * (now + k / (k + 3.0) * (now - before)) + shrink
        return out

    def confine(self, low: float, high: float) -> Lens:
        # At late k the recursion has the roots of r^2 - 2 y r + y = 0, y = 1 - eta z. Along a ray
        # at a small angle |r|^k grows to exp(k angle^2 / 8) at most, and within L of 0 to
        # exp(k angle sqrt(eta L) / 2).
        k = max(float(self.iterations.max()), 1.0)
        left = -1.0 / (k * (k + 2.0) * self.step)
        right = min(0.5 * (high + self.stable_below), 1.5 * high)
        angle = max(3.0 / np.sqrt(k), 3.0 / (k * np.sqrt(self.step * right)))

        def log_residual(z: Spectrum) -> Spectrum:
            y = 1.0 - self.step * z
            root = np.sqrt(y * y - y)
            r = np.where((y * root.conj()).real < 0.0, y - root, y + root)
            return np.asarray(k * np.log(r))

        return Lens(left, right, -left, min(angle, 0.25 * np.pi), log_residual)
