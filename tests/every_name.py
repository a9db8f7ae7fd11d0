"""A script that uses every public name, as somebody's own would; mypy --strict checks it.

tests/test_public.py holds that none is missing, and runs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import linscale as ls


@dataclass(frozen=True, eq=False)
class Twice(ls.Filter):
    """Ridge, and ridge again on what is left."""

    penalties: ArrayLike
    word, path, parameter = "every_name_twice", "penalties", "penalty"

    def residual(self, l: ls.filters.Spectrum) -> ls.filters.Spectrum:
        mu = self.column(l)
        return np.asarray((mu / (l + mu)) ** 2)

    def domain(self) -> tuple[float, float]:
        return -float(self.at.min()), np.inf


class OneStep(ls.Estimator):
    """One step of descent."""

    word, label = "every_name_one_step", "one step"

    def theory(
        self, model: Any, n_train: int, *, order: int = 1, complex_data: bool = False
    ) -> ls.RiskPoint:
        return ls.theory.best_one_step(model, n_train, complex_data=complex_data)


def models() -> tuple[ls.SubspaceModel, ls.InverseProblem, ls.SpectralProblem]:
    """One of each kind."""
    subspace = ls.SubspaceModel(n=12, d=3, sigma=0.3)
    contrast: ls.Contrast = ls.Contrast.lognormal(1.0, atoms=4)
    cov = ls.covariances.stationary((3, 4))
    inverse = ls.InverseProblem(None, cov, 0.1, contrast)
    waves = ls.StationaryImages((4, 4), 0.1)
    of_eigenvalues = ls.SpectralProblem.from_eigenvalues([1.0, 0.1, 0.0], sigma=0.2)
    assert ls.SpectralProblem.from_covariance(np.eye(2), 0.2).dimension == 2
    bare = ls.SpectralProblem([1.0, 0.1], [3, 9], [0.5, 0.0], waves.spectral().floor)
    assert of_eigenvalues.dimension == 3
    return subspace, inverse, bare


def paths() -> list[ls.Filter]:
    """One of each filter."""
    of_steps: list[ls.filters.Descent] = [
        ls.GradientDescent(0.1, [1, 5]), ls.HeavyBall(0.1, 0.5, [1, 5]), ls.Nesterov(0.1, [1, 5])
    ]  # fmt: skip
    found: list[ls.Filter] = [
        *of_steps, ls.GradientFlow([1.0]), ls.Ridge(0.1), ls.Converged(), Twice([0.1])
    ]  # fmt: skip
    for filter in found[:5]:
        ls.filters.check(filter)
    lens: ls.filters.Lens = ls.GradientFlow(1.0).confine(0.1, 1.0)
    assert lens.left < 0.1
    return found


def questions(model: ls.SubspaceModel) -> None:
    """Every question, by whichever method."""
    t, mc = ls.theory, ls.montecarlo
    flow = ls.GradientFlow([1.0, 5.0])
    point: ls.RiskPoint = ls.early_stopped(model, 40)
    path: ls.RiskPath = ls.risk(model, 40, flow, method="theory")
    curve: ls.RiskCurve = ls.curve(model, [20, 40], "best_ridge", method="theory")
    own: ls.RiskCurve = ls.curve(model, [40], OneStep.word, method="theory")
    assert float(ls.spread(model, 40, trials=5).std) > 0.0
    decibels: float | NDArray[np.float64] = point.psnr
    assert decibels > 0.0
    assert path.psnr.shape == (2,)
    assert curve.psnr.shape == (2,)
    assert own.to_frame().shape[0] == 1
    assert len(path.to_frame()) == 2
    for risk in (t.risk(model, 40, flow), t.large_n(model, 40, flow), path):
        assert risk.best.value > t.floor(model)
    for value in (
        t.early_stopped(model, 40), t.converged(model, 40), t.pca(model, 40),
        t.best_ridge(model, 40),
        t.best_iteration(model, 40, 0.1), t.one_step(model, 40, 0.1), t.best_one_step(model, 40),
        t.two_steps(model, 40, 0.1),
    ):  # fmt: skip
        assert value.value > value.floor
    exponent = t.local_exponent(model, 40)
    law = t.power_law(model, 20, 80)
    window = t.stopping_window(model, 40, 0.05)
    assert float(exponent) < 0.0
    assert law.exponent < 0.0
    assert window.first < window.last
    enough: int = t.saturation(model, 0.1)
    assert t.required_n_train(model, risk=2.0 * t.floor(model)) < enough * 100
    edges = t.support(model, 40)
    spectrum = t.sample_spectrum(model, 40)
    assert t.density(model, 40, [edges[0][0]]).shape == (1,)
    assert spectrum is not None
    assert t.effective_penalty(model, 40, [1.0j]).shape == (1,)
    assert 0.0 < t.subspace_overlap(model, 40) < 1.0
    assert t.transition(model) > 0.0
    assert t.vanishing_noise(model, 1) > 0.0
    assert t.large_n_stopping_time(model, 400) > 0.0
    simulated: list[ls.RiskPoint] = [
        mc.early_stopped(model, 40, trials=3), mc.converged(model, 40, trials=3),
        mc.pca(model, 40, trials=3), mc.best_ridge(model, 40, trials=3),
        mc.risk(model, 40, flow, trials=3).best,
    ]  # fmt: skip
    every: ls.montecarlo.Estimates = mc.estimates(model, 40, trials=3)
    sampler: ls.montecarlo.Sampler = mc.sampler_of(model.spectral())
    assert isinstance(sampler, ls.montecarlo.PairSampler)
    assert every.pca is not None
    assert len(simulated) == 5
    x = np.ones((12, 2))
    inverse = ls.InverseProblem(None, np.eye(12), 0.1)
    assert mc.risk_of_training_set(inverse, x, x, ls.Ridge(0.1)).value.size == 1


def operators() -> None:
    """Operators and covariances."""
    f, c, shape = ls.forward, ls.covariances, (4, 4)
    made: list[ls.forward.Operator] = [
        f.identity(shape), f.inpainting(shape, np.eye(4, dtype=bool)), f.radon(shape, [0.0, 90.0]),
        f.masked_fourier(shape, f.cartesian_mask(4, 2)), f.super_resolution(shape, 2),
    ]  # fmt: skip
    for operator in made:
        assert f.dot_test(operator) < 1e-9
        assert f.dense(f.as_operator(operator)).shape == operator.shape
    samples = np.random.default_rng(0).standard_normal((3, 40))
    estimate: ls.covariances.Estimate = c.from_samples(samples)
    intervals: list[ls.covariances.Interval] = c.bootstrap(
        [samples[:, :20], samples[:, 20:]], lambda part: [float(part.mean())], resamples=20
    )
    assert estimate.cov.shape == (3, 3)
    assert intervals[0].low <= intervals[0].high
    assert c.power_spectrum(shape).shape == shape
    assert c.sigma_for_snr(1.0, 10.0) > 0.0


def tables(folder: Path) -> None:
    """Results of trained networks."""
    e = ls.empirical
    rows = [
        e.Result("denoising", N, width, 0, "psnr", 20.0 + N / 100.0 + width, "dB", split, "here")
        for N in (10, 100) for width in (1, 2) for split in ("val", "test")
    ]  # fmt: skip
    table: ls.empirical.ResultTable = e.concat([e.ResultTable(rows)])
    table.save(folder / "table.csv")
    again = e.read(folder / "table.csv", e.Columns())
    assert e.detect(folder / "table.csv") == "csv"
    assert "csv" in e.FORMATS
    assert len(again) == len(rows)
    source: ls.empirical.Source = e.Source(folder / "table.csv")
    reader_of_it: ls.empirical.Reader = e.READERS["csv"]()
    assert reader_of_it.recognises(source)
    assert e.read_csv(folder / "table.csv") == again
    assert e.COLUMNS
    grid: ls.empirical.Grid = e.grid(again, "psnr", "test")
    assert e.best_by_validation(again, "psnr")
    assert grid.mean.size == 4
    assert e.unet_parameters(8, 2, 1) > 0
    readers = (e.read_json, e.read_lightning, e.read_paper, e.read_scalars, e.read_tensorboard,
               e.read_wandb)  # fmt: skip
    for reader in readers:
        try:
            reader(folder / "missing")
        except ls.errors.InputError:
            continue
        raise AssertionError(reader)
    series = e.Series([1, 2], [0.1, 0.2])
    assert e.Scalars({"psnr": series}).series["psnr"] is series
    assert issubclass(e.DamagedFile, ls.errors.InputError)


def errors() -> None:
    """Every named exception."""
    for kind in (
        ls.errors.InvalidArgument, ls.errors.Unsupported, ls.errors.NotConverged,
        ls.errors.StepTooLarge, ls.errors.MissingDevice, ls.errors.InputError,
    ):  # fmt: skip
        assert issubclass(kind, ls.errors.LinscaleError)
    assert issubclass(ls.errors.ScaleWarning, UserWarning)


def sweeps(folder: Path) -> None:
    """A sweep, kept and exported; a phase diagram."""
    s = ls.sweep
    grid = s.Grid(n=12, d=3, sigma=0.3, n_train=[5, 50], estimator=["pca", Twice([0.1])], trials=3)
    report: ls.sweep.Report = s.run(grid, folder / "cells.sqlite", progress=False)
    with s.Store(folder / "cells.sqlite") as store:
        s.export(store, folder / "cells.csv")
        assert s.to_xarray(store) is not None
        assert len(store) == report.cells == 4
    cell: ls.sweep.Cell = grid.cells[0]
    outcome: ls.sweep.Outcome = s.compute(cell)
    assert outcome.point.value > 0.0

    def model_of(sigma: float, d: int) -> ls.SubspaceModel:
        return ls.SubspaceModel(12, d, sigma)

    phase: ls.sweep.Phase = ls.phase(
        model_of, {"sigma": [0.1, 0.2]}, {"d": [1, 2]}, ls.theory.saturation, progress=False
    )
    assert phase.value.shape == (2, 2)
    assert ls.plotting.draw_phase(phase) is not None


def pictures(folder: Path) -> None:
    """A prediction, what it says and its figures; a formula."""
    rng = np.random.default_rng(0)
    images = [np.clip(rng.random((16, 16)).cumsum(0) / 16, 0, 1) for _ in range(3)]
    prediction: ls.Prediction = ls.predict(
        images, sigma=0.1, patch_size=3, n_train=[10, 100], resamples=0, contrast="constant"
    )
    floor: float = prediction.floor
    assert prediction.curve.value[-1] > floor > 0.0
    assert prediction.saturation > 0
    p = ls.plotting
    figure = p.draw(prediction.study)
    assert p.render(figure, folder / "figure")
    assert p.save(figure, folder / "figure")
    assert p.plot(prediction.curve, None) is not None
    for draw in (p.draw_all, p.draw_networks, p.draw_reconstructions, p.draw_tasks):
        assert callable(draw)
    form: ls.symbolic.ClosedForm = ls.symbolic.floor
    every = (
        form,
        ls.symbolic.one_step,
        ls.symbolic.best_step,
        ls.symbolic.two_steps,
        ls.symbolic.large_n,
        ls.symbolic.converged,
        ls.symbolic.cubic,
        ls.symbolic.transition,
    )
    assert all(f.latex for f in every)


def main() -> None:
    """All of it."""
    subspace, inverse, bare = models()
    for model in (subspace, inverse, bare):
        assert ls.theory.early_stopped(model, 50).value > 0.0
    assert all(ls.risk(bare, 50, filter, method="theory").value[0] > 0.0 for filter in paths())
    questions(subspace)
    operators()
    errors()
    with TemporaryDirectory() as folder:
        tables(Path(folder))
        sweeps(Path(folder))
        pictures(Path(folder))


if __name__ == "__main__":
    main()
