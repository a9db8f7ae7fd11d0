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


LOOKED_AT = 2**23  # numbers in signals from which a resample's contrast is measured


@dataclass(frozen=True, eq=False)
class Sample:
    """Some of the signals, as many of each image: what contrast is measured from in resamples.

    Its law needs every signal's energy in a metric that is the resample's own, and no sums do. All
    signals are here while they are few, as 58,000 patches of 12 x 12 are.

    Attributes
    ----------
    signals : (p, m) array
    group : (m,) array
        The group that each is of.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.models.contrast import Metric
    >>> from linscale.studies.signals import Signals, energies_and_sample
    >>> from linscale.support.progress import stage
    >>> images = [Image(name, np.random.default_rng(0).random((8, 8))) for name in "ab"]
    >>> signals = Signals(images, 3, rng=0)
    >>> k, v = np.linalg.eigh(np.cov(signals.array()))
    >>> mean, metric = signals.array().mean(axis=1), Metric.of(k, v, 0.1)
    >>> energies, sample = energies_and_sample(signals, mean, metric, stage(None, "images", 2))
    >>> energies.shape, sample.signals.shape
    ((72,), (9, 72))
    >>> law = sample.law(np.ones(2), mean, metric, metric.directions(v * np.sqrt(k)))
    >>> bool(np.isclose(law.weights.sum(), 1.0))
    True
    """

    signals: FloatArray
    group: NDArray[np.intp]

    def law(self, weights: FloatArray, mean: FloatArray, metric: Metric, d: float) -> Contrast:
        """Of groups that count as often as ``weights`` (G,) says, about ``mean``, by ``metric``;
        ``d`` is the number of its directions."""
        often = weights[self.group]
        seen = often > 0.0
        energies = metric.energies(self.signals[:, seen] - mean[:, None])
        return Contrast.from_energies(energies, d, often[seen])


def energies_and_sample(
    signals: Signals, mean: FloatArray, metric: Metric, step: Step
) -> tuple[FloatArray, Sample]:
    """The energy of every signal about the mean, and a sample of the signals.

    Parameters
    ----------
    signals : Signals
    mean : (p,) array
    metric : Metric
    step : callable
        Called for each image.

    Returns
    -------
    energies : (M,) array
    sample : Sample

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.models.contrast import Metric
    >>> from linscale.studies.signals import Signals, energies_and_sample
    >>> signals = Signals([Image("a", np.random.default_rng(0).random((8, 8)))], 3, rng=0)
    >>> k, v = np.linalg.eigh(np.cov(signals.array()))
    >>> mean, metric = signals.array().mean(axis=1), Metric.of(k, v, 0.1)
    >>> energies, _ = energies_and_sample(signals, mean, metric, lambda: None)
    >>> energies.shape
    (36,)
    """
    stride = -(-signals.count * signals.pixels // LOOKED_AT)
    energies, kept, group = [], [], []
    for of, part in signals:
        energies.append(metric.energies(part - mean[:, None]))
        kept.append(part[:, ::stride].copy())  # a view would keep them all
        group.append(np.full(kept[-1].shape[1], of))
        step()
    sample = Sample(np.concatenate(kept, axis=1), np.concatenate(group))
    return np.concatenate(energies), sample
