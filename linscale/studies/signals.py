"""Signals of images: cut out whenever they are asked for; what is kept are sums over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linscale.images import Image, patches
from linscale.images.moments import Moments
from linscale.models.contrast import Contrast, Metric
from linscale.studies.pool import per_image
from linscale.support.progress import Step
from linscale.support.seeds import stream
from linscale.support.validate import FloatArray


@dataclass(frozen=True, eq=False)
class Signals:
    """Patches of images at random places, the same each time; or whole images.

    Iteration gives, image by image, the number of its group and its signals as columns, (p, m).

    Attributes
    ----------
    images : list of Image
    size : int or None
        Side of a patch; None where the images are the signals.
    rng : None, int, SeedSequence or Generator
        The places depend on it alone.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.studies.signals import Signals
    >>> images = [Image(name, np.random.default_rng(0).random((8, 8))) for name in "ab"]
    >>> signals = Signals(images, 3, rng=0)
    >>> [(group, part.shape) for group, part in signals]
    [(0, (9, 36)), (1, (9, 36))]
    >>> signals.array().shape
    (9, 72)
    """

    images: list[Image]
    size: int | None
    rng: Any

    def __iter__(self) -> Iterator[tuple[int, FloatArray]]:
        places, count = np.random.default_rng(stream(self.rng, 0)), per_image(len(self.images))
        for group, image in zip(self.group_of, self.images, strict=True):
            if self.size is None:
                yield int(group), image.pixels.reshape(-1, 1)
            else:
                yield int(group), patches(image, self.size, count, places)

    @cached_property
    def group_of(self) -> NDArray[np.intp]:
        """The group of each image, (I,): groups are numbered as they come."""
        order = {name: k for k, name in enumerate(dict.fromkeys(i.group for i in self.images))}
        return np.array([order[image.group] for image in self.images])

    @property
    def groups(self) -> int:
        """How many groups."""
        return int(self.group_of.max()) + 1

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """Signals of each image, (I,)."""
        if self.size is None:
            return np.ones(len(self.images), dtype=np.intp)
        places = [np.prod(np.array(i.pixels.shape) - self.size + 1) for i in self.images]
        return np.minimum(per_image(len(self.images)), places)

    @property
    def pixels(self) -> int:
        """p."""
        return self.images[0].pixels.size if self.size is None else self.size**2

    @property
    def count(self) -> int:
        """M."""
        return int(self.sizes.sum())

    @cached_property
    def grey(self) -> float:
        """The mean pixel: near enough to the mean signal for sums about it to keep their digits."""
        total = sum(float(image.pixels.sum()) for image in self.images)
        return total / sum(image.pixels.size for image in self.images)

    def array(self) -> FloatArray:
        """All of them, (p, M), group after group."""
        found = np.empty((self.pixels, self.count))
        order = np.argsort(self.group_of, kind="stable")
        ends = np.empty(len(order), dtype=np.intp)
        ends[order] = np.cumsum(self.sizes[order])
        for (_, part), end in zip(self, ends, strict=True):
            found[:, end - part.shape[1] : end] = part
        return found


@dataclass(frozen=True, eq=False)
class Sums:
    """Moments of the signals for several weightings of their groups, from one look at each signal.

    Kept are those of every group, or of every weighting, whichever are fewer.

    Attributes
    ----------
    weights : (R, G) array
        How often each group counts.
    kept : list of Moments

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.studies.signals import Signals, Sums
    >>> from linscale.support.progress import stage
    >>> images = [Image(name, np.random.default_rng(0).random((8, 8))) for name in "ab"]
    >>> signals = Signals(images, 3, rng=0)
    >>> sums = Sums.of(signals, np.ones((1, 2)), stage(None, "images", 2))
    >>> mean, cov = sums[0].estimate("none")
    >>> bool(np.allclose(mean, signals.array().mean(axis=1)))
    True
    """

    weights: FloatArray
    kept: list[Moments]

    @classmethod
    def of(cls, signals: Signals, weights: FloatArray, step: Step) -> Sums:
        """Of ``signals`` for ``weights`` (R, G); ``step`` is called for each image."""
        rows, groups = weights.shape
        shares = weights if rows < groups else np.eye(groups)
        kept = [Moments.none(signals.pixels, signals.grey) for _ in shares]
        for group, part in signals:
            found = Moments.of(part, signals.grey)
            for k in np.flatnonzero(shares[:, group]):
                kept[k] = kept[k].plus(float(shares[k, group]), found)
            step()
        return cls(weights, kept)

    def __getitem__(self, row: int) -> Moments:
        """Of one weighting."""
        rows, groups = self.weights.shape
        if rows < groups:
            return self.kept[row]
        whole = Moments.none(len(self.kept[0].first), self.kept[0].origin)
        for weight, moments in zip(self.weights[row], self.kept, strict=True):
            if weight != 0.0:
                whole = whole.plus(float(weight), moments)
        return whole


@dataclass(frozen=True, eq=False)
class Energies:
    """The energy of every signal, from which contrast is measured.

    The metric is that of all images; a resample is another share of each group's signals, and
    another covariance in that metric.

    Attributes
    ----------
    metric : Metric
    values, group : (M,) arrays
        Energies, and the group that each signal is of.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.models.contrast import Metric
    >>> from linscale.studies.signals import Energies, Signals
    >>> from linscale.support.progress import stage
    >>> images = [Image(name, np.random.default_rng(0).random((8, 8))) for name in "ab"]
    >>> signals = Signals(images, 3, rng=0)
    >>> k, v = np.linalg.eigh(np.cov(signals.array()))
    >>> mean, metric = signals.array().mean(axis=1), Metric.of(k, v, 0.1)
    >>> energies = Energies.of(signals, mean, metric, stage(None, "images", 2))
    >>> energies.values.shape, energies.group.shape
    ((72,), (72,))
    >>> law = energies.law(np.ones(2), v * np.sqrt(k))
    >>> bool(np.isclose(law.weights.sum(), 1.0))
    True
    """

    metric: Metric
    values: FloatArray
    group: NDArray[np.intp]

    @classmethod
    def of(cls, signals: Signals, mean: FloatArray, metric: Metric, step: Step) -> Energies:
        """Of ``signals`` about their ``mean``, by ``metric``; ``step`` is called for each image."""
        values = []
        for _, part in signals:
            values.append(metric.energies(part - mean[:, None]))
            step()
        return cls(metric, np.concatenate(values), np.repeat(signals.group_of, signals.sizes))

    def law(self, weights: FloatArray, factor: FloatArray) -> Contrast:
        """Of groups that count as often as ``weights`` (G,) says; covariance F F', F ``factor``."""
        often = weights[self.group]
        return Contrast.from_energies(self.values, self.metric.directions(factor), often)
