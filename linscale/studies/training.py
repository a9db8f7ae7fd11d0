"""Gradient descent trained on measured patches of real images, beside the theory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from linscale import theory
from linscale.errors import InvalidArgument
from linscale.filters import GradientDescent
from linscale.images import Image
from linscale.models import InverseProblem
from linscale.models.contrast import Contrast
from linscale.operators import tasks
from linscale.results.risk import RiskCurve, RiskPoint
from linscale.studies.pool import PatchData, split_patches
from linscale.studies.study import Study, progress_at, theory_grid
from linscale.studies.tables import Column, psnr
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.environment import environment
from linscale.support.renamed import renamed
from linscale.support.seeds import recorded, root_of, stream
from linscale.support.validate import FloatArray

PATH_POINTS = 150
MIXTURE_POINTS = 16  # N at which the theory of scale mixtures is drawn

GAUSSIAN, MIXTURE = "early_stopped", "scale mixture"  # theories, by what they take patches for
ELSEWHERE = "scale mixture, other images"  # with covariance and contrast of the held-out images
DRAWN, SAME = "Gaussian data", "trained, same images"  # what is measured
OTHER = "trained, other images"
DECIBEL = 10.0 / np.log(10.0)


class TrainingStudy(Study, kind="images"):
    """Training on patches, beside Gaussian data and theory; see :func:`image_study`.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.studies.training import image_study
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> images = [Image(name, pixels) for name, pixels in zip("ab", pictures)]
    >>> study = image_study(images, 0.1, [30], trials=2, patch_size=2, mixtures=False)
    >>> print(study.headline())  # doctest: +NORMALIZE_WHITESPACE
    denoising: 2 x 2 patches at sigma = 25.5/255: risk per pixel, and PSNR of the mean risk in dB;
    2 draws, seed 0
    >>> list(study.simulated)
    ['Gaussian data', 'trained, same images', 'trained, other images']
    """

    @property
    def label(self) -> str:
        """The task, as people call it; the first files were all of one."""
        return str(self.meta.get("label", "denoising"))

    def columns(self) -> list[Column]:
        """Risk and PSNR by theory and by training, and what lies between."""
        same = self.simulated[SAME]
        n_train = [int(N) for N in same.n_train]
        risk = self.theory[GAUSSIAN].at_n_train(n_train).value
        predicted, trained = psnr(risk), psnr(same.value)
        sem = DECIBEL * same.sem / same.value

        def decibels(head: str, name: str, values: FloatArray, form: str = "{:.2f}") -> Column:
            return Column("PSNR", head, name, form, values.tolist())

        table = [
            Column("", "N", "n_train", "{:d}", n_train),
            Column("", "floor", "floor", "{:.3e}", [self.floor] * len(n_train)),
            Column("risk", "theory", "theory", "{:.3e}", risk.tolist()),
            Column("risk", "trained", SAME, "{:.3e}", same.value.tolist()),
            Column("risk", "s.e.", "standard error", "{:.1e}", same.sem.tolist()),
            decibels("theory", "theory PSNR", predicted),
            decibels("trained", "trained PSNR", trained),
            decibels("s.e.", "PSNR s.e.", sem, "{:.3f}"),
            decibels("th.-tr.", "theory minus trained PSNR", predicted - trained, "{:+.2f}"),
        ]
        if MIXTURE in self.theory:
            mixture = psnr(self.theory[MIXTURE].at_n_train(n_train).value)
            away = mixture - trained
            table += [
                decibels("mixture", "scale mixture PSNR", mixture),
                decibels("mix.-tr.", "mixture minus trained PSNR", away, "{:+.2f}"),
            ]
        if DRAWN in self.simulated:
            drawn = psnr(self.simulated[DRAWN].value)
            away = predicted - drawn
            table += [
                decibels("Gaussian", "Gaussian data PSNR", drawn),
                decibels("th.-Gau.", "theory minus Gaussian data PSNR", away, "{:+.3f}"),
            ]
        if OTHER in self.simulated:
            other = psnr(self.simulated[OTHER].value)
            table.append(decibels("other im.", "trained PSNR, other images", other))
        return [*table, *self.early_columns(n_train, "iteration")]

    def headline(self) -> str:
        """The task, the patches, the noise, the draws and the seed."""
        meta, size = self.meta, self.meta["patch_size"]
        return (
            f"{self.label}: {size} x {size} patches at sigma = {255 * meta['sigma']:.4g}/255: "
            "risk per pixel, and PSNR of the mean risk in dB; "
            f"{meta['trials']} draws, seed {meta['seed']}"
        )

    def footnote(self) -> str:
        """Saturation, floor, which images, and what theory and training say of their values."""
        others = ", ".join(self.meta["held_out_images"])
        measured = (
            "'trained' is measured on patches of the same images, 'other im.' on images never "
            f"trained on: {others}."
            if others
            else "Measured on patches of the same images that it was trained on: one image alone "
            "leaves none to hold out."
        )
        lines = [
            self.saturates(),
            f"Trained on: {', '.join(self.meta['train_images'])}.",
            measured,
            "The theory takes patches as Gaussian. Their contrast varies, which acts like fewer "
            "samples: it is optimistic at small N.",
        ]
        return "\n".join(lines + self.remarks())


@renamed(draws="trials", seed="rng")
@one_thread()
def image_study(
    images: Sequence[Image],
    sigma: float | None,
    n_train: Sequence[int],
    trials: int = 200,
    rng: Any = 0,
    *,
    task: Any = "denoising",
    patch_size: int = 12,
    hold_out: bool = True,
    mixtures: bool = True,
    workers: int = 1,
    progress: Callable[[int], object] | None = None,
) -> TrainingStudy:
    r"""Risk per pixel of reconstruction by gradient descent: theory, Gaussian data, real patches.

    The Gaussian theory knows one thing, the covariance of the training pool. That of scale mixtures
    knows the law of the patches' contrast too; a second one has both from the held-out images, and
    shows what a prediction from other images is worth. "Gaussian data" are drawn with the pool's
    covariance. Training on patches draws N of them from the pool, independently, measures them,
    y = A x + z, and learns; each result is judged exactly (no test noise) by the second moments of
    all the pool's patches, and again of the patches of the held-out images. The step is small
    enough that no training set can diverge.

    Parameters
    ----------
    images : sequence of Image
        White is 1.
    sigma : float or None
        Standard deviation of the noise in every measurement; None is usual for the task.
    n_train : sequence of int
        In ascending order, at most as many as there are patches in the pool.
    trials : int
        Training sets for each of them.
    rng : None, int, SeedSequence or Generator
        Patches, masks, draws and noise depend on it alone.
    task : str, Task or operator
        As for :func:`linscale.operators.tasks.resolve`; what is random in it is drawn from
        ``rng``.
    patch_size : int
        Side of a patch in pixels.
    hold_out : bool
        Whether every third image is kept from training and from the theories.
    mixtures : bool
        Whether to compute the theories of scale mixtures, which take longer.
    workers : int
        Cores to use; the numbers do not depend on it.
    progress : function, optional
        ``progress(n_train)`` is called once for each finished draw.

    Returns
    -------
    TrainingStudy
        Risks per pixel, in units of white squared.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.
    InputError
        Images to train on that do not vary.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.studies.training import image_study
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> images = [Image(name, pixels) for name, pixels in zip("ab", pictures)]
    >>> study = image_study(images, 0.1, [30], trials=2, patch_size=2, mixtures=False)
    >>> theory, drawn = study.theory["early_stopped"], study.simulated["Gaussian data"]
    >>> print(f"{theory.value[0]:.4f} by theory, {drawn.value[0]:.4f} simulated")
    0.0042 by theory, 0.0042 simulated
    """
    rng = root_of(rng)
    if sigma is not None:
        sigma = validate.real("sigma", sigma)
    patch_size = validate.integer("patch_size", patch_size, at_least=2)
    task = tasks.resolve(task, (patch_size, patch_size), rng)
    sigma = task.noise(sigma)
    data = split_patches(images, patch_size, rng, hold_out)
    size = data.train.shape[1]
    if max(n_train) > size:
        raise InvalidArgument("n_train", max(n_train), f"at most {size}, the patches in the pool")
    bench = Bench.of(task, data, sigma)
    model, descent = bench.models[0], bench.descent
    risks = [bench.measured(N, trials, rng, workers, progress_at(progress, N)) for N in n_train]
    contrast = Contrast.from_patches(data.train, model.signal_cov, sigma)
    mixed = _mixed(bench.models, contrast, data.held_out) if mixtures else {}
    fine, coarse = theory_grid(n_train), theory_grid(n_train, points=MIXTURE_POINTS)
    return TrainingStudy(
        theory={
            GAUSSIAN: _theory(model, fine, descent),
            **{name: _theory(mixture, coarse, descent) for name, mixture in mixed.items()},
        },
        simulated={name: RiskCurve.of(n_train, [r[name] for r in risks]) for name in risks[0]},
        exponent=np.array([float(theory.local_exponent(model, N)) for N in n_train]),
        floor=bench.laws[0].floor,
        saturation=theory.saturation(model),
        meta={
            "task": task.name,
            "label": task.label,
            "patch_size": patch_size,
            "sigma": sigma,
            "zero_risk": model.spectral().zero_risk,
            "step": descent.step,
            "train_images": data.train_names,
            "held_out_images": data.held_out_names,
            "pool_patches": size,
            "contrast": [contrast.atoms.tolist(), contrast.weights.tolist()],
            "n_train": list(n_train),
            "trials": trials,
            "seed": recorded(rng),
            **environment(),
        },
    )


@dataclass(frozen=True, eq=False)
class Bench:
    """What all training sets share.

    Attributes
    ----------
    pool, clean : (p, M) and (n, M) arrays
        The patches to learn from, and A on each.
    models, laws : lists
        Of the pool, then of the held-out images: by whose second moments a result is judged, and
        how simulation knows them.
    descent : GradientDescent
        Steps that no training set can make diverge.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.operators import tasks
    >>> from linscale.studies.pool import split_patches
    >>> from linscale.studies.training import Bench
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> data = split_patches([Image(name, pixels) for name, pixels in zip("ab", pictures)], 2)
    >>> bench = Bench.of(tasks.resolve("denoising", (2, 2)), data, sigma=0.1)
    >>> risks = bench.measured(30, trials=2, rng=0, workers=1, progress=None)
    >>> list(risks)
    ['Gaussian data', 'trained, same images', 'trained, other images']
    """

    pool: FloatArray
    clean: FloatArray
    models: list[InverseProblem]
    laws: list[Any]
    descent: GradientDescent

    @classmethod
    def of(cls, task: tasks.Task, data: PatchData, sigma: float) -> Bench:
        """The bench of a ``task``, with ``data`` to train on and noise ``sigma``."""
        from linscale.montecarlo.laws import gaussian_law

        pool, others = data.train, data.held_out
        models = [InverseProblem(task.forward, pool @ pool.T / pool.shape[1], sigma)]
        if others is not None:
            cov = others @ others.T / others.shape[1]
            models.append(InverseProblem(models[0].forward, cov, sigma))
        clean = np.asarray(task.operator.matmat(pool))
        laws = [gaussian_law(model) for model in models]
        return cls(pool, clean, models, laws, _descent(models[0], clean))

    def measured(
        self, N: int, trials: int, rng: Any, workers: int, progress: Callable[[], object] | None
    ) -> dict[str, RiskPoint]:
        """The lowest risk on Gaussian data, and of training on patches, judged by each law.

        Of ``N`` examples; ``trials``, ``rng``, ``workers`` and ``progress`` as for
        :func:`linscale.montecarlo.risk`.
        """
        from linscale import montecarlo
        from linscale.montecarlo.engine import run

        results = run(partial(self._train, N=N), trials, stream(rng, 1, N), workers, progress)
        gaussian = montecarlo.risk(
            self.models[0], N, self.descent, trials=trials, rng=stream(rng, 2, N), workers=workers
        )
        trained = [
            _lowest(np.array([r[k] for r in results]), law.floor, self.descent, trials)
            for k, law in enumerate(self.laws)
        ]
        return {DRAWN: gaussian.best, **dict(zip((SAME, OTHER), trained, strict=False))}

    def _train(self, rng: np.random.Generator, N: int) -> list[FloatArray]:
        from linscale.montecarlo.draws import train

        chosen = rng.integers(self.pool.shape[1], size=N)  # independent, from the law of the pool
        model = self.models[0]
        y = self.clean[:, chosen] + model.sigma * rng.standard_normal((model.n, N))
        trained = train(self.laws[0], self.pool[:, chosen], y)
        return [trained.measured_by(law, self.descent) for law in self.laws]


def _mixed(
    models: list[InverseProblem], contrast: Contrast, held_out: FloatArray | None
) -> dict[str, InverseProblem]:
    """The scale mixtures of the pool, and of the held-out images."""
    contrasts = {MIXTURE: contrast}
    if held_out is not None:
        other = models[1]
        contrasts[ELSEWHERE] = Contrast.from_patches(held_out, other.signal_cov, other.sigma)
    return {
        name: InverseProblem(model.forward, model.signal_cov, model.sigma, law)
        for (name, law), model in zip(contrasts.items(), models, strict=True)
    }


def _theory(model: InverseProblem, n_train: list[int], descent: GradientDescent) -> RiskCurve:
    return RiskCurve.of(n_train, [theory.risk(model, N, descent).best for N in n_train])


def _lowest(risks: FloatArray, floor: float, descent: GradientDescent, trials: int) -> RiskPoint:
    """The lowest point of the mean path of risks, (draws, T)."""
    from linscale.montecarlo.summary import mean_sem_std

    mean, sem, std = mean_sem_std(risks)
    i = int(np.argmin(mean))
    return RiskPoint(
        value=float(mean[i]), floor=floor, bias=float(mean[i]) - floor, at=float(descent.at[i]),
        error=float(sem[i]), sem=float(sem[i]), std=float(std[i]),
        method=f"trained on patches, {trials} draws",
    )  # fmt: skip


def _descent(model: InverseProblem, clean: FloatArray) -> GradientDescent:
    """Steps that no training set can make diverge, for long enough to learn every direction.

    The largest eigenvalue of YY'/N is at most the largest |y_i|^2, and |y|^2 is at most
    2 |A x|^2 + 2 |z|^2; half of that is safe for step times eigenvalue below 2.
    """
    energy = float(np.max(np.sum(clean**2, axis=0)))
    step = 1.0 / (energy + 2.0 * model.n * model.sigma**2)
    last = 30.0 / (step * model.sigma**2)
    return GradientDescent(step, np.unique(np.round(np.geomspace(1.0, last, PATH_POINTS))))
