"""The subspace model: theory beside simulation of three estimators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from linscale import theory
from linscale.answer.estimator import ESTIMATORS
from linscale.models import SubspaceModel
from linscale.results.risk import RiskCurve, RiskPoint
from linscale.studies.study import Study, progress_at, theory_grid
from linscale.studies.tables import Column
from linscale.support.blas import one_thread
from linscale.support.environment import environment
from linscale.support.renamed import renamed
from linscale.support.seeds import recorded, root_of, stream


class SubspaceStudy(Study, kind="subspace"):
    """Early-stopped descent, least squares and PCA; see :func:`subspace_study`.

    Examples
    --------
    >>> import linscale as ls
    >>> from linscale.studies.subspace import subspace_study
    >>> study = subspace_study(ls.SubspaceModel(n=20, d=2, sigma=0.3), [20], trials=20)
    >>> print(study.headline())  # doctest: +NORMALIZE_WHITESPACE
    Subspace model n = 20, d = 2, sigma = 0.3: risk per subspace dimension; 20 draws,
    residual averaged, seed 0
    >>> list(study.theory) == list(study.simulated) == ["early_stopped", "converged", "pca"]
    True
    >>> study.remarks()[0]
    'converged (simulated), N = 20: the mean is infinite for |n_train - n| <= 1 (n = 20).'
    """

    def columns(self) -> list[Column]:
        """Theory and simulation of each estimator, and how many standard errors lie between."""
        n_train = [int(N) for N in next(iter(self.simulated.values())).n_train]
        table = [
            Column("", "N", "n_train", "{:d}", n_train),
            Column("", "floor", "floor", "{:#.4g}", [self.floor] * len(n_train)),
        ]
        for word, measured in self.simulated.items():
            predicted = self.theory[word].at_n_train(n_train).value
            short, name, value = ESTIMATORS[word].short, ESTIMATORS[word].label, measured.value
            # Where every draw gives the same value to rounding, there is no error to count in.
            sem = np.where(measured.sem > 1e-13 * value, measured.sem, np.nan)
            with np.errstate(invalid="ignore"):
                z = (value - predicted) / sem
            table += [
                Column(short, "theory", f"{name} theory", "{:#.4g}", predicted.tolist()),
                Column(short, "simul.", f"{name} simulated", "{:#.4g}", value.tolist()),
                Column(short, "s.e.", f"{name} standard error", "{:.1e}", measured.sem.tolist()),
                Column(short, "diff/s.e.", f"{name} difference in s.e.", "{:+.1f}", z.tolist()),
            ]
        return [*table, *self.early_columns(n_train, "time")]

    def headline(self) -> str:
        """The model, the draws and the seed."""
        meta, model = self.meta, self.meta["model"]
        return (
            f"Subspace model n = {model['n']}, d = {model['d']}, sigma = {model['sigma']:g}: risk "
            f"per subspace dimension; {meta['trials']} draws, residual {meta['residual']}, "
            f"seed {meta['seed']}"
        )

    def footnote(self) -> str:
        """Saturation, floor, how good the theory is, and what it says of its own values."""
        lines = [
            self.saturates(),
            "Theory holds the 1/N term (converged for N > n + 1: exact); its relative error falls "
            "as 1/N^2 and is largest near N = d, where the risk is steepest.",
        ]
        return "\n".join(lines + self.remarks())


@renamed(draws="trials", seed="rng")
@one_thread()
def subspace_study(
    model: SubspaceModel,
    n_train: Sequence[int],
    trials: int = 200,
    rng: Any = 0,
    *,
    engine: str = "auto",
    residual: str = "averaged",
    workers: int = 1,
    progress: Callable[[int], object] | None = None,
) -> SubspaceStudy:
    """Early-stopped, converged and PCA risks of the subspace model.

    Every n_train has its own random stream, keyed by (rng, n_train), so a point does not change
    when others are added.

    Parameters
    ----------
    model : SubspaceModel
    n_train : sequence of int
        Where to simulate, in ascending order; theory is known on a finer grid between.
    trials, rng, engine, residual, workers : int, Any, str, str, int
        As for :func:`linscale.montecarlo.risk`.
    progress : function, optional
        ``progress(n_train)`` is called once for each finished draw.

    Returns
    -------
    SubspaceStudy

    Raises
    ------
    InvalidArgument, Unsupported
        As for :func:`linscale.montecarlo.risk`.

    Examples
    --------
    >>> import linscale as ls
    >>> from linscale.studies.subspace import subspace_study
    >>> study = subspace_study(ls.SubspaceModel(n=20, d=2, sigma=0.3), [30], trials=50)
    >>> for name, measured in study.simulated.items():
    ...     away = abs(measured.value - study.theory[name].value)[0]
    ...     print(f"{name}: theory within 4 standard errors: {away < 4 * measured.sem[0]}")
    early_stopped: theory within 4 standard errors: True
    converged: theory within 4 standard errors: True
    pca: theory within 4 standard errors: True
    """
    from linscale import montecarlo

    rng = root_of(rng)
    estimates = []
    for N in n_train:
        estimates.append(
            montecarlo.estimates(
                model, N, trials=trials, rng=stream(rng, N), engine=engine, residual=residual,
                workers=workers, progress=progress_at(progress, N),
            )
        )  # fmt: skip
    fine = theory_grid(n_train, peak=model.n)
    ask: dict[str, Callable[[SubspaceModel, int], RiskPoint]] = {
        "early_stopped": theory.early_stopped,
        "converged": theory.converged,
        "pca": theory.pca,
    }
    return SubspaceStudy(
        theory={name: RiskCurve.of(fine, [f(model, N) for N in fine]) for name, f in ask.items()},
        simulated={
            "early_stopped": RiskCurve.of(n_train, [e.early_stopped for e in estimates]),
            "converged": RiskCurve.of(n_train, [e.converged for e in estimates]),
            "pca": RiskCurve.of(n_train, [e.pca for e in estimates if e.pca is not None]),
        },
        exponent=np.array([float(theory.local_exponent(model, N)) for N in n_train]),
        floor=model.spectral().floor,
        saturation=theory.saturation(model),
        meta={
            "model": {"n": model.n, "d": model.d, "sigma": model.sigma},
            "n_train": list(n_train),
            "trials": trials,
            "seed": recorded(rng),
            "engine": engine,
            "methods": [e.path.method for e in estimates],
            "residual": residual,
            **environment(),
        },
    )
