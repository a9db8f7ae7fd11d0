"""What contrast does to learning: effective samples, best stopping time, saturation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import arrays
import numpy as np

from linscale import theory
from linscale.images import covariances
from linscale.models import InverseProblem
from linscale.models.contrast import Contrast
from linscale.support import validate
from linscale.support.validate import FloatArray

SPREADS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0)
SIGMAS = (0.1, 0.3, 1.0)  # pixels have variance 1


def two_point(spread: float) -> Contrast:
    """tau small for four signals of five, large for the fifth; variance ``spread`` up to 4."""
    step = np.sqrt(spread)
    return Contrast([1.0 - step / 2.0, 1.0 + 2.0 * step], [0.8, 0.2])


LAWS: dict[str, Callable[[float], Contrast]] = {
    "log-normal": Contrast.lognormal,
    "gamma": lambda spread: Contrast.gamma(1.0 / spread) if spread else Contrast.constant(),
    "two-point": two_point,
}


@dataclass(frozen=True, eq=False)
class SpreadStudy:
    """Ratios to Gaussian signals of the same covariance, against the variance of tau.

    Attributes
    ----------
    spreads : (S,) array
    effective, stopping, saturation : (L, A, S) arrays
        For each law of tau and each noise: N_eff/N, where the Gaussian risk at N_eff is the
        mixture's at N; the ratio of best stopping times at N; that of saturation N.
    meta : dict
        Laws, noise levels, N and versions.
    """

    spreads: FloatArray
    effective: FloatArray
    stopping: FloatArray
    saturation: FloatArray
    meta: dict[str, Any]

    def to_bytes(self) -> bytes:
        """The content of an .npz file."""
        return arrays.to_bytes({name: getattr(self, name) for name in COLUMNS}, self.meta)

    @classmethod
    def load(cls, path: str | Path) -> SpreadStudy:
        """Read what :meth:`to_bytes` gave."""
        found, meta = arrays.load(path, *COLUMNS)
        return cls(**found, meta=meta)


COLUMNS = ("spreads", "effective", "stopping", "saturation")


def cells(spreads: Sequence[float] = SPREADS, sigmas: Sequence[float] = SIGMAS) -> int:
    """How many problems a study of these spreads and noise levels solves."""
    return len(LAWS) * len(sigmas) * len(spreads)


def spread_study(
    n_train: int = 300,
    side: int = 12,
    sigmas: Sequence[float] = SIGMAS,
    spreads: Sequence[float] = SPREADS,
    progress: Callable[[], object] | None = None,
) -> SpreadStudy:
    """Denoising of stationary images (power law of exponent 2) whose contrast varies.

    Parameters
    ----------
    n_train : int
        At which effective samples and stopping times are compared.
    side : int
        Of the image in pixels.
    progress : callable, optional
        Called once for each of the :func:`cells`.
    """
    N = validate.n_train(n_train)
    cov = covariances.stationary((side, side))
    found: list[list[list[tuple[float, float, float]]]] = []
    for law in LAWS.values():
        found.append([])
        for sigma in sigmas:
            gaussian = InverseProblem(None, cov, sigma)
            plain, enough = theory.early_stopped(gaussian, N), theory.saturation(gaussian)
            found[-1].append([])
            for spread in spreads:
                model = InverseProblem(None, cov, sigma, law(float(spread)))
                best = theory.early_stopped(model, N)
                effective = theory.required_n_train(gaussian, risk=best.value)
                found[-1][-1].append(
                    (effective / N, best.at / plain.at, theory.saturation(model) / enough)
                )
                if progress is not None:
                    progress()
    effective, stopping, saturation = np.moveaxis(np.array(found), -1, 0)
    return SpreadStudy(
        np.array(spreads, dtype=float), effective, stopping, saturation,
        {"laws": list(LAWS), "sigmas": list(sigmas), "n_train": N, "side": side},
    )  # fmt: skip
