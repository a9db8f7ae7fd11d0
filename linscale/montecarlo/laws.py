"""Laws of pairs (x, y) behind models, and who draws from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linscale.errors import Unsupported
from linscale.models import InverseProblem
from linscale.models.problem import MixtureProblem, Model, SpectralProblem
from linscale.montecarlo.diagonal import DiagonalLaw
from linscale.montecarlo.draws import DenseLinear, Source, WishartLinear
from linscale.montecarlo.linear import GaussianLaw, LinearLaw
from linscale.montecarlo.sampler import Sampler, sampler_of
from linscale.support.blas import threads_for

__all__ = ["DiagonalLaw", "GaussianLaw", "LinearLaw", "PairSampler", "gaussian_law"]


@dataclass(frozen=True, eq=False)
class PairSampler(Sampler):
    """Draws from a law of pairs: as data, or without data where the law is Gaussian.

    Contrast ties the residual to the measurement: only data themselves will do, residual included.

    Parameters
    ----------
    pairs : LinearLaw
        The law of (x, y), from which data are drawn and by which estimators are judged.
    second : SpectralProblem
        Its second moments.

    Examples
    --------
    Noise that is uniform in place of normal, of the same variance: one class and one line.

    >>> from dataclasses import dataclass, fields
    >>> import numpy as np
    >>> import linscale as ls
    >>> from linscale.montecarlo import PairSampler, sampler_of
    >>> from linscale.montecarlo.laws import GaussianLaw
    >>> class UniformLaw(GaussianLaw):
    ...     is_gaussian = False
    ...     def numbers(self, count, rng):
    ...         signal, noise = super().numbers(count, rng)
    ...         return signal, rng.uniform(-np.sqrt(3), np.sqrt(3), noise.shape)
    >>> @dataclass(frozen=True)
    ... class UniformNoise:
    ...     gaussian: ls.InverseProblem
    ...     def spectral(self):
    ...         return self.gaussian.spectral()
    >>> @sampler_of.register(UniformNoise)
    ... def _(model):
    ...     law = sampler_of(model.gaussian).law()
    ...     values = {field.name: getattr(law, field.name) for field in fields(law)}
    ...     return PairSampler(UniformLaw(**values), model.spectral())
    >>> normal = ls.InverseProblem(None, signal_cov=np.diag([1.0, 0.5, 0.2, 0.1]), sigma=0.4)
    >>> flow = ls.GradientFlow([0.5, 5.0])
    >>> uniform = ls.montecarlo.risk(UniformNoise(normal), 100, flow, trials=200)
    >>> uniform.method
    'montecarlo, engine dense, residual drawn, 200 draws'

    With many examples the law of the noise hardly matters:

    >>> theory = ls.theory.risk(normal, 100, flow)
    >>> bool(np.all(abs(uniform.value / theory.value - 1.0) < 0.02))
    True
    """

    pairs: LinearLaw
    second: SpectralProblem

    @property
    def moments(self) -> SpectralProblem:
        return self.second

    @property
    def engines(self) -> tuple[str, ...]:
        return ("wishart", "dense") if self.averages else ("dense",)

    @property
    def averages(self) -> bool:
        return self.pairs.is_gaussian

    def source(self, engine: str, n_train: int, drawn: bool) -> Source:
        if engine == "dense":
            return DenseLinear(self.pairs, n_train, drawn)
        return WishartLinear.of(self.pairs, n_train, drawn)

    def law(self) -> LinearLaw:
        return self.pairs

    def refusal(self, engine: str) -> str:
        if self.averages:
            return (
                f"engine = {engine!r} needs a SubspaceModel: use engine='wishart' or 'dense' here"
            )
        return (
            f"engine = {engine!r} draws Gaussian data, and this model's are not, as where contrast "
            "varies: use engine='dense'"
        )


@sampler_of.register
def _of_inverse_problem(model: InverseProblem) -> PairSampler:
    moments = model.spectral()
    with threads_for(model.p):
        s, cross = model.measurement_cov(), model.cross_cov()
        best = np.linalg.solve(s, cross.T).T
    law = GaussianLaw(
        measurement_cov=s,
        cross_cov=cross,
        best=np.asarray(best, dtype=float),
        signal_trace=float(np.trace(model.signal_cov)),
        floor=moments.floor,
        scale=float(model.p),
        forward=model.forward,
        sigma=model.sigma,
        signal_root=model.signal_root,
        contrast=model.contrast,
    )
    return PairSampler(law, moments)


@sampler_of.register
def _of_spectrum(problem: SpectralProblem) -> PairSampler:
    return PairSampler(DiagonalLaw.of(problem), problem)


@sampler_of.register
def _of_mixture(problem: MixtureProblem) -> Sampler:
    if problem.contrast.is_constant:
        return sampler_of(problem.moments)
    raise Unsupported(
        f"a {type(problem).__name__} has no signals to draw data from: give the InverseProblem"
    )


def gaussian_law(model: Model) -> LinearLaw:
    """The law of pairs behind a model; without one of its own, that of its spectral problem."""
    return sampler_of(model).law()
