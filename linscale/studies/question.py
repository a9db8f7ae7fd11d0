"""What a prediction is asked: images, task, noise and how to go about it, checked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from linscale.errors import InvalidArgument, ScaleWarning
from linscale.images import Image, Reading, covariances, read
from linscale.models.contrast import Contrast
from linscale.operators import tasks
from linscale.studies import doubts
from linscale.support import validate
from linscale.support.seeds import root_of
from linscale.support.share import share
from linscale.support.warned import warn

N_TRAIN = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
RESAMPLES = 40


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """Those arguments of :func:`linscale.predict` on which its numbers depend.

    Attributes
    ----------
    images : list of Image
        Made of whatever is given.
    white : float, "max", "percentile" or None
    magnitude : bool
        How ``images`` were to be read, as for :func:`linscale.images.read`.
    task : Task
        Made of a word or an operator, on signals of ``shape``.
    sigma : float, "estimate" or None
        The noise, a share of white, filled in where it is the task's usual one, or made of a text
        such as "25/255"; None where ``snr_db`` sets it.
    snr_db : float or None
    patch_size : int or None
        None: whole images are the signals.
    n_train : list of int
        In ascending order.
    shrinkage, contrast, mean, resamples, rng
        As for :func:`linscale.predict`.
    reading : Reading
        What was read.

    Raises
    ------
    InvalidArgument
        An argument that is wrong, its value and the allowed range; or InputError or Unsupported
        for images and operators that cannot be read.

    Warns
    -----
    ScaleWarning
        Pixels far from white, or a sigma above 1.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.question import Question
    >>> question = Question(
    ...     images=np.random.default_rng(0).random((2, 16, 16)), task="denoising", sigma=None,
    ...     snr_db=None, patch_size=4, n_train=[30, 300], shrinkage="none", contrast="patches",
    ...     mean="known", resamples=0, rng=0,
    ... )
    >>> question.shape, len(question.images), round(255 * question.sigma)
    ((4, 4), 2, 25)
    >>> question.doubt_floor(nmse=0.1)  # a tenth of the signal's energy is left: no warning
    """

    images: list[Image]
    task: tasks.Task
    sigma: float | str | None
    snr_db: float | None
    patch_size: int | None
    n_train: Sequence[int]
    shrinkage: str
    contrast: str | Contrast
    mean: str
    resamples: int
    rng: Any
    white: float | str | None = None
    magnitude: bool = False
    reading: Reading = field(init=False)

    def __post_init__(self) -> None:
        self._set("reading", read(self.images, white=self.white, magnitude=self.magnitude))
        self._set("images", self.reading.images)
        if not isinstance(self.contrast, Contrast):
            _one_of("contrast", self.contrast, ("patches", "constant"), " or a Contrast")
        _one_of("mean", self.mean, ("known", "learned"))
        self._set("resamples", validate.integer("resamples", self.resamples, at_least=0))
        if self.resamples == 1:
            raise InvalidArgument("resamples", 1, "0, or at least 2")
        asked = np.atleast_1d(np.asarray(self.n_train)).tolist()
        self._set("n_train", [validate.n_train(N) for N in asked])
        if not self.n_train or np.any(np.diff(self.n_train) <= 0):
            raise InvalidArgument("n_train", self.n_train, "a list of integers in ascending order")
        if self.mean == "learned" and self.n_train[0] < 2:
            raise InvalidArgument("n_train", 1, "at least 2 where the mean is learned too")
        _one_of("shrinkage", self.shrinkage, covariances.SHRINKAGES)
        self._set("rng", root_of(self.rng))
        if self.patch_size is not None:
            self._set("patch_size", _patch_size(self.patch_size, self.images))
        else:
            _check_whole(self.images)
        self._set("task", tasks.resolve(self.task, self.shape, self.rng))
        self._set("sigma", self._noise())
        if loud := self._loud():
            warn(loud, ScaleWarning)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of a signal."""
        if self.patch_size is not None:
            return self.patch_size, self.patch_size
        height, width = self.images[0].pixels.shape
        return int(height), int(width)

    def _noise(self) -> float | str | None:
        if self.snr_db is not None:
            if self.sigma is not None:
                raise InvalidArgument("snr_db", self.snr_db, "left out where sigma is given")
            covariances.sigma_for_snr(1.0, self.snr_db)  # in range, or an error
            return None
        if isinstance(self.sigma, str):
            if self.sigma == "estimate":
                return self.sigma
            allowed = "a number, two of them as '25/255', 'estimate' or None"
            return self.task.noise(share("sigma", self.sigma, allowed))
        return self.task.noise(self.sigma)

    @property
    def notes(self) -> list[str]:
        """What was left out or done to the images, and what a word for a task really measures."""
        return [*self.reading.summary.notes, *([self.task.note] if self.task.note else [])]

    @cached_property
    def understood(self) -> str:
        """What was read, and how strong its signal is: one line."""
        return f"{self.reading.summary}; {self._strength()}"

    def _strength(self) -> str:
        if self.snr_db is not None:
            return f"signal-to-noise {self.snr_db:g} dB, as asked for"
        if not isinstance(self.sigma, float):
            return "noise as estimated from them"
        decibels = doubts.signal_to_noise(self.images, self.patch_size, self.task, self.sigma)
        about = f"about {round(decibels)} dB" if np.isfinite(decibels) else "none"
        noise = f"{self.sigma:.4g} of white ({255 * self.sigma:.4g}/255)"
        return f"signal-to-noise {about} at sigma = {noise}"

    def _loud(self) -> str:
        told = self.reading.summary.white if self.white is not None else None
        return doubts.too_loud(self.sigma, told) if isinstance(self.sigma, float) else ""

    def doubt_floor(self, nmse: float) -> None:
        """Warn of a floor's ``nmse`` that is next to no gain, unless a doubt said explains it."""
        if (high := doubts.too_high(nmse, self.understood)) and not (
            self._loud() or self.reading.summary.doubts
        ):
            warn(high, ScaleWarning)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


def _one_of(name: str, value: Any, words: Sequence[str], more: str = "") -> None:
    if not isinstance(value, str) or value not in words:
        raise InvalidArgument(name, repr(value), ", ".join(map(repr, words)) + more)


def _patch_size(patch_size: Any, images: list[Image]) -> int:
    """A side that fits every image."""
    size = validate.integer("patch_size", patch_size, at_least=2)
    for image in images:
        least = min(image.pixels.shape)
        if least < size:
            raise InvalidArgument(
                "patch_size", size, f"at most {least}, to fit the image {image.name}"
            )
    return size


def _check_whole(images: list[Image]) -> None:
    """Several images of one size."""
    shapes = sorted({image.pixels.shape for image in images})
    if len(shapes) > 1:
        raise InvalidArgument(
            "images", f"of {len(shapes)} sizes, such as {shapes[0]} and {shapes[-1]}",
            "of one size where whole images are the signals; or give a patch_size",
        )  # fmt: skip
    if len(images) < 2:
        raise InvalidArgument("images", "one image", "at least 2, or give a patch_size")
