"""Risk against the number of training examples: theory beside simulation, as one saved value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from linscale import theory
from linscale.errors import InputError
from linscale.models import SubspaceModel
from linscale.results.risk import CURVE_COLUMNS, RiskCurve, RiskPoint
from linscale.support.environment import environment
from linscale.support.files import write_together
from linscale.support.validate import FloatArray

FORMAT = 2  # 2: error estimates and methods of every value
KINDS = ("subspace", "images", "prediction")
THEORY_POINTS = 80


@dataclass(frozen=True, eq=False)
class Study:
    """Learning curves by theory and by simulation.

    Attributes
    ----------
    theory, simulated : mapping from an estimator's name to a RiskCurve
        Theory on a grid of n_train fine enough to draw, which holds every simulated n_train.
    exponent : (len(n_train),) array
        d log R / d log N of the first theory curve, at the simulated n_train.
    floor : float
        Risk of the best linear estimator.
    saturation : int
        n_train beyond which less than 1 % is left to gain by the first estimator.
    meta : dict
        Parameters, seed and versions; JSON.
    """

    theory: Mapping[str, RiskCurve]
    simulated: Mapping[str, RiskCurve]
    exponent: FloatArray
    floor: float
    saturation: int
    meta: dict[str, Any]

    def save(self, path: str | Path) -> None:
        """Write one .npz file, whole or not at all."""
        write_together({Path(path): self.to_bytes()})

    def to_bytes(self) -> bytes:
        """The content of that .npz file."""
        arrays: dict[str, Any] = {"exponent": self.exponent}
        header: dict[str, Any] = {
            "format": FORMAT, "floor": self.floor, "saturation": self.saturation, "meta": self.meta,
            "curves": [],
        }  # fmt: skip
        for kind in ("theory", "simulated"):
            for name, curve in getattr(self, kind).items():
                entry = [kind, name, curve.floor, list(curve.methods), list(curve.statuses)]
                header["curves"].append(entry)
                for column in ("n_train", *CURVE_COLUMNS):
                    arrays[f"{kind}/{name}/{column}"] = getattr(curve, column)
        buffer = BytesIO()
        np.savez_compressed(buffer, header=np.array(json.dumps(header)), **arrays)
        return buffer.getvalue()

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """Read what :meth:`save` wrote.

        Raises
        ------
        InputError
            If the file is missing, is not such a file, or was written in another format.
        """
        try:
            with np.load(BytesIO(Path(path).read_bytes()), allow_pickle=False) as data:
                header = json.loads(str(data["header"]))
                if header["format"] > FORMAT:
                    raise InputError(f"{path} was written by a newer linscale; update to read it")
                if header["format"] < FORMAT:
                    raise InputError(
                        f"{path} was written by an older linscale, which kept no error estimates; "
                        "run the study again"
                    )
                curves: dict[str, dict[str, RiskCurve]] = {"theory": {}, "simulated": {}}
                for kind, name, floor, methods, statuses in header["curves"]:
                    columns = {c: data[f"{kind}/{name}/{c}"] for c in ("n_train", *CURVE_COLUMNS)}
                    curves[kind][name] = RiskCurve(
                        **columns, methods=tuple(methods), statuses=tuple(statuses), floor=floor
                    )
                study = cls(
                    **curves,
                    exponent=data["exponent"],
                    floor=float(header["floor"]),
                    saturation=int(header["saturation"]),
                    meta=dict(header["meta"]),
                )
                kind = study.meta["kind"]
                measured = study.simulated or kind == "prediction"
                if kind not in KINDS or not (study.theory and measured):
                    raise ValueError(kind)
        except FileNotFoundError:
            raise InputError(f"no such file: {path}") from None
        except InputError:
            raise
        except Exception as error:  # damage shows in many ways, and all mean the same
            raise InputError(f"{path} is not a saved study ({type(error).__name__})") from None
        return study


def subspace_study(
    model: SubspaceModel,
    n_train: Sequence[int],
    draws: int,
    seed: int,
    *,
    engine: str = "auto",
    residual: str = "averaged",
    workers: int = 1,
    progress: Callable[[int], object] | None = None,
) -> Study:
    """Early-stopped, converged and PCA risks of the subspace model.

    Every n_train has its own random stream, keyed by (seed, n_train), so a point does not change
    when others are added. ``progress(n_train)`` is called once for each finished draw.
    """
    from linscale import montecarlo

    estimates = []
    for N in n_train:
        stream = np.random.SeedSequence(seed, spawn_key=(N,))
        estimates.append(
            montecarlo.estimates(
                model, N, trials=draws, rng=stream, engine=engine, residual=residual,
                workers=workers, progress=progress_at(progress, N),
            )
        )  # fmt: skip
    fine = theory_grid(n_train, peak=model.n)
    ask: dict[str, Callable[[SubspaceModel, int], RiskPoint]] = {
        "early-stopped": theory.early_stopped,
        "converged": theory.converged,
        "PCA": theory.pca,
    }
    return Study(
        theory={name: RiskCurve.of(fine, [f(model, N) for N in fine]) for name, f in ask.items()},
        simulated={
            "early-stopped": RiskCurve.of(n_train, [e.early_stopped for e in estimates]),
            "converged": RiskCurve.of(n_train, [e.converged for e in estimates]),
            "PCA": RiskCurve.of(n_train, [e.pca for e in estimates if e.pca is not None]),
        },
        exponent=np.array([float(theory.local_exponent(model, N)) for N in n_train]),
        floor=model.spectral().floor,
        saturation=theory.saturation(model),
        meta={
            "kind": "subspace",
            "model": {"n": model.n, "d": model.d, "sigma": model.sigma},
            "n_train": list(n_train),
            "draws": draws,
            "seed": seed,
            "engine": engine,
            "methods": [e.path.method for e in estimates],
            "residual": residual,
            **environment(),
        },
    )


def progress_at(
    progress: Callable[[int], object] | None, n_train: int
) -> Callable[[], object] | None:
    """The progress callback of one n_train."""
    return None if progress is None else partial(progress, n_train)


def theory_grid(
    n_train: Sequence[int], peak: int | None = None, points: int = THEORY_POINTS
) -> list[int]:
    """Integers spread evenly in log N over the range of n_train, holding every one of them.

    ``peak`` is an n_train at which a curve diverges: points close in on it from both sides.
    """
    low, high = min(n_train), max(n_train)
    grid = {*np.round(np.geomspace(low, high, points)).astype(int).tolist(), *n_train}
    if peak is not None:
        gaps = np.unique(np.round(np.geomspace(1, max(peak / 2, 1), 12)).astype(int)).tolist()
        near = {peak, *(peak + gap for gap in gaps), *(peak - gap for gap in gaps)}
        grid |= {N for N in near if low <= N <= high}
    return sorted(grid)
