"""From images, a task and a noise level to the learning curve, the floor and where it saturates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from linscale.images import Image
from linscale.images.covariances import Interval
from linscale.images.resampling import checked_count
from linscale.models import InverseProblem
from linscale.models.contrast import Contrast
from linscale.operators import Operator
from linscale.results.risk import RiskCurve
from linscale.results.uncertain import UncertainInt
from linscale.results.words import counted
from linscale.studies.from_images import Evidence, learning_curves
from linscale.studies.intervals import intervals
from linscale.studies.prediction_study import PredictionStudy
from linscale.studies.question import N_TRAIN, RESAMPLES, Question
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.environment import environment
from linscale.support.renamed import renamed
from linscale.support.seeds import recorded
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False)
class Prediction:
    """What :func:`predict` found.

    Attributes
    ----------
    study : PredictionStudy
        Learning curves of early-stopped descent, ridge at its best penalty and least squares.
    model : InverseProblem
        The problem that the images make: covariance, operator, noise.
    operator : Operator
        A, matrix-free.
    mean : (p,) array
        Mean patch.
    pool : (p, M) array
        Centred patches, all images together.
    images : list of Image
    floor_interval, saturation_interval : Interval or None
        By a bootstrap over images (90 %); None for one image, or where it was not asked for.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> found = ls.predict(
    ...     pictures, sigma=0.1, patch_size=3, n_train=[100], contrast="constant", resamples=0
    ... )
    >>> list(found.study.theory), found.curve.n_train.tolist(), found.floor_interval
    (['early_stopped', 'best_ridge', 'converged'], [100], None)
    >>> found.model.p, found.pool.shape, found.mean.shape, len(found.images)
    (9, (9, 392), (9,), 2)
    """

    study: PredictionStudy
    model: InverseProblem
    operator: Operator
    mean: FloatArray
    pool: FloatArray
    images: list[Image]
    floor_interval: Interval | None
    saturation_interval: Interval | None

    @property
    def curve(self) -> RiskCurve:
        """Risk per pixel of early-stopped descent against the number of training examples."""
        return self.study.theory["early_stopped"]

    @property
    def floor(self) -> float:
        """Risk per pixel of the best linear estimator."""
        return self.study.floor

    @property
    def saturation(self) -> UncertainInt | int:
        """n_train beyond which less than 1 % is left to gain."""
        return self.study.saturation

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for each n_train of each estimator's curve.

        Returns
        -------
        pandas.DataFrame
            Columns as of :meth:`linscale.studies.study.Study.to_frame`; risks are per pixel, white
            being 1.

        Raises
        ------
        InputError
            Where pandas is not installed.

        Examples
        --------
        >>> import numpy as np
        >>> import linscale as ls
        >>> pixels = np.random.default_rng(0).random((40, 40))
        >>> asked = {"patch_size": 2, "n_train": [20], "contrast": "constant"}
        >>> frame = ls.predict(pixels, sigma=0.1, **asked).to_frame()
        >>> frame.estimator.unique().tolist()
        ['early_stopped', 'best_ridge', 'converged']
        """
        return self.study.to_frame()

    def plot(self, ax: Any = None, **line: Any) -> Any:
        """Draw PSNR of the three estimators against the number of training examples.

        With the floor, its interval, and where the first saturates: the figure of ``linscale
        predict``.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Drawn into beside what is there, without a legend, which is the caller's to add; without
            one, a new figure of pyplot with a legend.
        line
            Keywords of all lines, such as ``color``; a ``label`` goes before each curve's name.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        InvalidArgument
            Where ax is not an Axes.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> import numpy as np
        >>> import linscale as ls
        >>> pixels = np.random.default_rng(0).random((40, 40))
        >>> asked = {"patch_size": 2, "n_train": [20], "contrast": "constant"}
        >>> ax = ls.predict(pixels, sigma=0.1, **asked).plot(Figure().subplots())
        >>> ax.get_ylabel()
        'PSNR of the mean risk (dB)'
        """
        return self.study.plot(ax, **line)

    def __repr__(self) -> str:
        meta = self.study.meta
        height, width = meta["patch_shape"]
        return (
            f"Prediction({self.study.label}, {height} x {width} signals from "
            f"{counted(len(self.images), 'image')}, sigma={meta['sigma']:.4g}, "
            f"floor={self.floor:.4g}, saturation={self.saturation!r})"
        )


@renamed(seed="rng")
@one_thread()
def predict(
    images: Any,
    task: str | Any = "denoising",
    sigma: float | str | None = None,
    *,
    snr_db: float | None = None,
    patch_size: int | None = 12,
    n_train: Sequence[int] = N_TRAIN,
    shrinkage: str = "none",
    contrast: str | Contrast = "patches",
    mean: str = "known",
    resamples: int = RESAMPLES,
    rng: Any = 0,
    workers: int = 1,
    progress: Any = None,
    white: float | str | None = None,
    magnitude: bool = False,
    tell: Callable[[str], object] | None = None,
) -> Prediction:
    r"""Learning curve, floor and saturation of linear reconstruction, from a few images.

    The covariance S_x of the images' patches, the law of their contrast, the operator A and the
    noise are all that it takes: nothing is trained.

    Parameters
    ----------
    images : folder, files, "photographs", array (H, W) or (M, H, W), or a list of arrays
        See :func:`linscale.images.as_images`; or a :class:`linscale.images.Reading`.
    task : str or operator
        As for :func:`linscale.operators.tasks.operator`, or any operator on flattened patches.
    sigma : float, str or None
        Standard deviation of the noise in every measurement, a share of white, also as a text such
        as "25/255"; None is usual for the task.
        "estimate": the images are noisy, and their noise, as scikit-image estimates it, is the
        measurements'; its share is taken out of the covariance.
    snr_db : float, optional
        In place of sigma: 10 log10(E|A x|^2/(n sigma^2)) with x centred.
    patch_size : int or None
        Side of a patch; None takes whole images, which must then be of one size, as signals.
    n_train : sequence of int
        In ascending order.
    shrinkage : "none", "ledoit-wolf" or "oas"
        Of the covariance, for few images or large patches.
    contrast : "patches", "constant" or Contrast
        The law of the signals' contrast: measured from the patches, or Gaussian signals, which is
        faster and optimistic at small N. With whole images as signals there are too few to measure
        it: it is then constant unless given.
    mean : "known" or "learned"
        Whether the estimator knows the mean patch, or learns it from its N examples too:
        R_learned(N) = (1 + 1/N) R_known(N - 1), exactly so for Gaussian data.
    resamples : int
        Of the bootstrap over images, at least 20; 0 for none. Each image (or one of twenty blocks
        of them) is left out once besides.
    rng : None, int, SeedSequence or Generator
        Patches, masks and resamples depend on it alone.
    workers : int
        Threads for the curve, and processes for the resamples where these take long enough; the
        numbers do not depend on it.
    progress : callable, optional
        Called for each finished resample; or a :class:`linscale.support.progress.Progress`, which
        is told every stage by name, too.
    white : float, "max", "percentile" or None
        What becomes 1, in the unit of the files: see :func:`linscale.images.read`.
    magnitude : bool
        Whether complex pixels, or real and imaginary part in a last axis of 2, stand for their
        magnitude.
    tell : callable, optional
        Called before the work with each line of what was understood: first what was read and its
        signal-to-noise ratio, then notes.

    Returns
    -------
    Prediction
        ``.curve``, ``.floor``, ``.saturation``, and what they were found from. Risks are per pixel,
        in units of white squared.

    Raises
    ------
    InvalidArgument
        Naming the argument, its value and the allowed range.
    InputError
        Images that cannot be read, or that do not vary beyond their noise.
    Unsupported
        A task that is no operator, or one without an adjoint.

    Warns
    -----
    ScaleWarning
        The brightest pixel is below 0.1 of white, sigma is above 1, or the floor's NMSE above 0.9.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> found = ls.predict(
    ...     pictures, sigma=0.1, patch_size=3, n_train=[100], contrast="constant", resamples=0
    ... )
    >>> print(f"{found.curve.value[0]:.4f} from 100 examples; {found.floor:.4f} at best")
    0.0033 from 100 examples; 0.0031 at best
    >>> print(f"less than 1 % left to gain beyond N = {found.saturation}")
    less than 1 % left to gain beyond N = 820
    """
    if validate.integer("resamples", resamples, at_least=0):
        checked_count(resamples)
    question = Question(
        images=images, task=cast(Any, task), sigma=sigma, snr_db=snr_db, patch_size=patch_size,
        n_train=n_train, shrinkage=shrinkage, contrast=contrast, mean=mean, resamples=resamples,
        rng=rng, white=white, magnitude=magnitude,
    )  # fmt: skip
    if tell is not None:
        for line in question.lines:
            tell(line)
    workers = validate.integer("workers", workers, at_least=1)
    evidence = Evidence.of(question, progress)
    found = curves_of(evidence, workers=workers, progress=progress)
    return with_intervals(found, evidence, workers=workers, progress=progress)


@one_thread()
def curves_of(evidence: Evidence, *, workers: int = 1, progress: Any = None) -> Prediction:
    """The prediction without intervals: all that can be shown before the images are resampled.

    Parameters
    ----------
    evidence : Evidence
        What the images of a question say, ``Evidence.of(question)``.
    workers : int
        Threads; the numbers do not depend on it.
    progress : Progress, optional

    Returns
    -------
    Prediction

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import Evidence
    >>> from linscale.studies.prediction import curves_of
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((3, 16, 16)).cumsum(1).cumsum(2)
    >>> question = Question(
    ...     images=(walks - walks.min()) / np.ptp(walks), task="denoising", sigma=0.1,
    ...     snr_db=None, patch_size=3, n_train=[100], shrinkage="none", contrast="constant",
    ...     mean="known", resamples=0, rng=0,
    ... )
    >>> found = curves_of(Evidence.of(question))
    >>> found.curve.n_train.tolist(), found.floor_interval
    ([100], None)
    """
    question, model, signals = evidence.question, evidence.model, evidence.signals
    question.doubt_floor(model.spectral().floor / model.spectral().zero_risk)
    curves = learning_curves(question, model, workers, progress)
    study = PredictionStudy(
        theory=curves.risk,
        simulated={},
        exponent=curves.exponent,
        floor=model.spectral().floor,
        saturation=curves.saturation,
        meta={
            "n_train": list(question.n_train),
            **environment(),
            "task": question.task.name,
            "label": question.task.label,
            "patch_shape": list(question.shape),
            "sigma": model.sigma,
            "zero_risk": model.spectral().zero_risk,
            "mean": question.mean,
            "contrast": [model.contrast.atoms.tolist(), model.contrast.weights.tolist()],
            "shrinkage": question.shrinkage,
            "images": [image.name for image in question.images],
            "read": question.understood,
            "notes": question.notes,
            "white": question.reading.summary.white,
            "groups": signals.groups,
            "patches": signals.count,
            "floor_interval": None,
            "saturation_interval": None,
            "seed": recorded(question.rng),
        },
    )
    pool = signals.array()
    pool -= evidence.mean[:, None]
    return Prediction(
        study, model, question.task.operator, evidence.mean, pool, question.images, None, None
    )


@one_thread()
def with_intervals(
    prediction: Prediction, evidence: Evidence, *, workers: int = 1, progress: Any = None
) -> Prediction:
    """The same with intervals of floor and saturation, where there are images to resample.

    Parameters
    ----------
    prediction : Prediction
        What :func:`curves_of` made of the evidence.
    evidence : Evidence
    workers : int
        Processes; the numbers do not depend on it.
    progress : Progress or function, optional
        As for :func:`predict`.

    Returns
    -------
    Prediction

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.from_images import Evidence
    >>> from linscale.studies.prediction import curves_of, with_intervals
    >>> from linscale.studies.question import Question
    >>> walks = np.random.default_rng(0).standard_normal((3, 16, 16)).cumsum(1).cumsum(2)
    >>> question = Question(
    ...     images=(walks - walks.min()) / np.ptp(walks), task="denoising", sigma=0.1,
    ...     snr_db=None, patch_size=3, n_train=[100], shrinkage="none", contrast="constant",
    ...     mean="known", resamples=20, rng=0,
    ... )
    >>> evidence = Evidence.of(question)
    >>> found = with_intervals(curves_of(evidence), evidence)
    >>> found.floor_interval.value == found.floor
    True
    """
    study = prediction.study
    floor, saturation = intervals(evidence, study.floor, study.saturation, workers, progress)
    known = {
        "floor_interval": floor and list(floor),
        "saturation_interval": saturation and list(saturation),
    }
    return replace(
        prediction, study=replace(study, meta=study.meta | known),
        floor_interval=floor, saturation_interval=saturation,
    )  # fmt: skip
