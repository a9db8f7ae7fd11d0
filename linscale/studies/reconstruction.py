"""What a learned linear estimator makes of an image: pictures beside the learning curve."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from linscale import theory
from linscale.errors import InputError, InvalidArgument
from linscale.filters import Converged, GradientFlow
from linscale.images import Image
from linscale.models import InverseProblem
from linscale.operators import as_operator
from linscale.studies.tiling import Tiling
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.seeds import root_of, seed_sequence, stream
from linscale.support.validate import FloatArray

TILES = 12  # along each side of the picture, were they to lie side by side
N_TRAIN = (30, 300, 3_000)


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Pictures of one image: what was measured, what N examples make of it, and the truth.

    Parameters
    ----------
    pictures : mapping from a title to a (height, width) array
        "measurement" is the back-projection A'y, divided by A'A 1; then "N = 30", ...; "floor", by
        the best linear estimator; "truth". Overlapping tiles are averaged, but for the measurement,
        which would look better than it is: there each pixel is of one tile.
    psnr : mapping from a title to a float
        In dB, of the pictures (white is 1); inf for the truth.
    label, image : str
        The task, and which image is shown.
    tile_psnr : mapping from a title to a float
        In dB, of the mean square error of tiles by themselves, which learning curves are about:
        averages of overlapping tiles are better. The same as ``psnr`` unless given.
    origin : str
        What was learned from: "held out: learned from 10 other images"; empty if nobody said.
    one_measurement : bool
        Whether all tiles are cut out of one noisy image; else each is a measurement of its own.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.studies.reconstruction import Reconstruction
    >>> truth = np.full((4, 4), 0.5)
    >>> found = Reconstruction(
    ...     {"N = 30": truth + 0.01, "truth": truth}, {"N = 30": 40.0, "truth": np.inf},
    ...     "denoising", "flat", {"N = 30": 38.0, "truth": np.inf}, "held out: learned from ...",
    ... )
    >>> found.shown
    'of flat, held out: learned from ...'
    >>> found.gain
    {'N = 30': 2.0}

    What a file keeps is rounded to greys:

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "pictures.npz"
    ...     written = path.write_bytes(found.to_bytes())
    ...     again = Reconstruction.load(path)
    >>> again.image, round(float(again.pictures["truth"][0, 0]), 4)
    ('flat', 0.502)
    """

    pictures: dict[str, FloatArray]
    psnr: dict[str, float]
    label: str
    image: str
    tile_psnr: dict[str, float] = field(default_factory=dict)
    origin: str = ""
    one_measurement: bool = False

    def __post_init__(self) -> None:
        if not self.tile_psnr:
            object.__setattr__(self, "tile_psnr", self.psnr)

    @property
    def shown(self) -> str:
        """Which image, and whether it was held out."""
        return f"of {self.image}, {self.origin}" if self.origin else f"of {self.image}"

    @property
    def gain(self) -> dict[str, float]:
        """What averaging overlapping tiles adds to each reconstruction, in dB."""
        learned = [title for title in self.psnr if title not in ("measurement", "truth")]
        return {title: self.psnr[title] - self.tile_psnr[title] for title in learned}

    def to_bytes(self) -> bytes:
        """The content of an .npz file for :meth:`load`: pictures in 256 greys."""
        names = ("label", "image", "psnr", "tile_psnr", "origin", "one_measurement")
        header = {name: getattr(self, name) for name in names}
        greys: dict[str, Any] = {
            title: np.round(255.0 * np.clip(picture, 0.0, 1.0)).astype(np.uint8)
            for title, picture in self.pictures.items()
        }
        buffer = BytesIO()
        np.savez_compressed(buffer, header=np.array(json.dumps(header)), **greys)
        return buffer.getvalue()

    @classmethod
    def load(cls, path: str | Path) -> Reconstruction:
        """Read what :meth:`to_bytes` gave from ``path``, now or when tiles lay side by side.

        Raises
        ------
        InputError
            No such file, or another one.
        """
        try:
            with np.load(BytesIO(Path(path).read_bytes()), allow_pickle=False) as data:
                header = json.loads(str(data["header"]))
                pictures = {title: data[title] / 255.0 for title in header["psnr"]}
                return cls(pictures, **header)
        except FileNotFoundError:
            raise InputError(f"no such file: {path}") from None
        except Exception as error:  # damage shows in many ways, and all mean the same
            raise InputError(f"{path} does not hold reconstructions ({error})") from None


def hold_out(images: Sequence[Image], shown: Image | None = None) -> tuple[Image, list[Image]]:
    """An image to show, and those to learn from: the other groups', if there are three or more.

    A group is an image, or the slices of one volume: they are alike, so that none of them teaches
    where one is held out. Of two groups one would be too few to learn from: there all images teach.

    Parameters
    ----------
    images : sequence of Image
        At least one.
    shown : Image, optional
        Which to show; the last unless given.

    Returns
    -------
    shown : Image
    others : list of Image
        To be told to :func:`reconstruct` as ``learned_from``.

    Raises
    ------
    InvalidArgument
        No image.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.studies.reconstruction import hold_out
    >>> images = [Image(name, np.zeros((8, 8)), name[0]) for name in ("a1", "b1", "c1", "c2")]
    >>> shown, others = hold_out(images)
    >>> shown.name, [image.name for image in others]
    ('c2', ['a1', 'b1'])
    >>> len(hold_out(images[2:])[1])
    2
    """
    if len(images) == 0:
        raise InvalidArgument("images", "none", "at least one")
    shown = images[-1] if shown is None else shown
    enough = len({image.group for image in images}) >= 3
    return shown, [image for image in images if not enough or image.group != shown.group]


@one_thread()
def reconstruct(
    model: InverseProblem,
    operator: Any,
    mean: FloatArray,
    pool: FloatArray,
    image: Image,
    n_train: Sequence[int] = N_TRAIN,
    rng: Any = 0,
    tiles: int = TILES,
    *,
    stride: int | None = None,
    image_shape: tuple[int, int] | None = None,
    label: str | None = None,
    learned_from: Sequence[Image] | None = None,
) -> Reconstruction:
    """Reconstruct the middle of an image by overlapping tiles, averaged.

    Every estimator is learned from one draw of N patches of the pool, stopped at the time that the
    theory says is best: the image itself is not looked at. It acts on one tile at a time.

    Where A is the identity one noisy image is measured, as a camera does, and tiles are cut out of
    it. With any other task each tile is a measurement of its own, with noise of its own, so that a
    pixel is measured as often as tiles overlap there. Such pictures are better than any single tile
    is, and than the learning curve says: ``tile_psnr`` is to be compared with it, ``psnr`` is not.

    Parameters
    ----------
    model : InverseProblem
        What the pool makes: covariance, A, noise.
    operator : operator
        A on flattened tiles, as :func:`linscale.forward.as_operator` takes it.
    mean : (p,) array
        Mean patch, which all estimators know.
    pool : (p, M) array
        Centred patches to learn from.
    image : Image
        At least as large as a tile.
    n_train : sequence of int
        Numbers of patches; those above M are left out, for want of so many.
    rng : None, int, SeedSequence or Generator
        Noise, and the patches that are learned from, depend on it alone; the latter are the same
        for any image and any tiles.
    tiles : int
        The picture is at most so many tiles high and wide; less if the image is smaller.
    stride : int, optional
        Pixels from one tile to the next, from 1 to its shorter side (side by side, where tiles are
        square); half a tile unless given.
    image_shape : (height, width), optional
        Of a tile; needed where the operator has no ``image_shape``, as of other libraries.
    label : str, optional
        The task; the operator's ``name`` unless given.
    learned_from : sequence of Image, optional
        The images behind ``pool``: says whether ``image``, or one of its group, is among them.

    Returns
    -------
    Reconstruction

    Raises
    ------
    InvalidArgument
        An image smaller than a tile, or another argument outside these ranges.

    Examples
    --------
    Denoising 8 x 8 tiles of an image that was held out:

    >>> import numpy as np
    >>> import linscale as ls
    >>> from linscale.images import Image, patches
    >>> from linscale.studies.reconstruction import hold_out, reconstruct
    >>> waves = [
    ...     np.outer(np.sin(np.arange(40) / k), np.cos(np.arange(32) / k)) for k in (2, 3, 4, 5)
    ... ]
    >>> images = [Image(f"waves {k}", 0.5 + 0.4 * x) for k, x in enumerate(waves)]
    >>> shown, others = hold_out(images)
    >>> rng = np.random.default_rng(0)
    >>> pool = np.concatenate([patches(image, 8, 200, rng) for image in others], axis=1)
    >>> mean, cov = ls.covariances.from_samples(pool)
    >>> model = ls.InverseProblem(None, cov, sigma=0.1)
    >>> found = reconstruct(
    ...     model, ls.forward.identity((8, 8)), mean, pool - mean[:, None], shown, (10, 100),
    ...     learned_from=others,
    ... )
    >>> found.shown
    'of waves 3, held out: learned from 3 other images'
    >>> list(found.pictures), found.pictures["floor"].shape
    (['measurement', 'N = 10', 'N = 100', 'floor', 'truth'], (40, 32))
    >>> found.psnr["N = 100"] > found.tile_psnr["N = 100"] > found.psnr["measurement"]
    True
    """
    from linscale.montecarlo.draws import train
    from linscale.montecarlo.laws import gaussian_law

    rng = root_of(rng)

    if image_shape is None:
        image_shape = getattr(operator, "image_shape", None)
    if label is None:
        label = getattr(operator, "name", None) or "given operator"
    operator = as_operator(operator)
    tile = _tile(image_shape, model.p)
    tiling = Tiling.over(image.pixels.shape, tile, stride, tiles)
    counts = [validate.n_train(N) for N in n_train]
    truth = tiling.middle(image.pixels)
    x = tiling.cut(truth)
    root = seed_sequence(rng)

    def measure(x: FloatArray, numbers: np.random.Generator) -> FloatArray:
        clean = np.asarray(operator.matmat(x))
        return clean + model.sigma * numbers.standard_normal(clean.shape)

    one_measurement, numbers = _is_identity(operator), np.random.default_rng(stream(root, 3, 0))
    if one_measurement:
        y = tiling.cut(truth + model.sigma * numbers.standard_normal(truth.shape))
    else:
        y = measure(x, numbers)

    pictures: dict[str, FloatArray] = {}
    psnr, tile_psnr = {}, {}

    def keep(title: str, picture: FloatArray, guess: FloatArray) -> None:
        pictures[title] = picture
        psnr[title], tile_psnr[title] = _decibels(picture - truth), _decibels(guess - x)

    back = _back_projected(operator, y)
    keep("measurement", tiling.nearest(back), back)
    law = gaussian_law(model)
    away = y - np.asarray(operator.matmat(mean[:, None]))
    for N in (N for N in counts if N <= pool.shape[1]):
        numbers = np.random.default_rng(stream(root, 3, N))
        x_train = pool[:, numbers.integers(pool.shape[1], size=N)]
        draw = train(law, x_train, measure(x_train, numbers))
        at = theory.early_stopped(model, N).at
        gain = (Converged() if np.isinf(at) else GradientFlow(at)).gain(draw.eigenvalues)[0]
        guess = mean[:, None] + draw.coefficients * gain @ (draw.vectors.T @ away)
        keep(f"N = {N:,}", tiling.average(guess), guess)
    guess = mean[:, None] + law.best @ away
    keep("floor", tiling.average(guess), guess)
    keep("truth", truth, x)
    origin = "" if learned_from is None else _origin(image, learned_from)
    return Reconstruction(pictures, psnr, label, image.name, tile_psnr, origin, one_measurement)


def _tile(image_shape: Any, pixels: int) -> tuple[int, int]:
    if image_shape is None:
        raise InvalidArgument("image_shape", None, "(height, width): the operator does not say it")
    height, width = validate.image_shape(image_shape)
    if height * width != pixels:
        raise InvalidArgument("image_shape", (height, width), f"of the model's {pixels} pixels")
    return height, width


def _is_identity(operator: Any) -> bool:
    """Whether a vector at random stays as it is, to single precision, as some operators have it."""
    n, p = operator.shape
    probe = np.random.default_rng(0).standard_normal(p)
    return n == p and bool(np.allclose(operator.matvec(probe), probe, rtol=1e-6, atol=1e-6))


def _back_projected(operator: Any, y: FloatArray) -> FloatArray:
    """A'y, divided by A'A 1; zero where nothing is measured."""
    ones = np.ones((operator.shape[1], 1))
    weight = np.asarray(operator.rmatmat(operator.matmat(ones)))
    seen = np.abs(weight) > 1e-9 * np.abs(weight).max()
    return np.where(seen, np.asarray(operator.rmatmat(y)) / np.where(seen, weight, 1.0), 0.0)


def _decibels(error: FloatArray) -> float:
    with np.errstate(divide="ignore"):
        return float(-10.0 * np.log10(np.mean(error**2)))


def _origin(image: Image, learned_from: Sequence[Image]) -> str:
    """Whether the image is among those that were learned from, in words."""
    if any((one.name, one.group) == (image.name, image.group) for one in learned_from):
        return "whose patches are among those that were learned from"
    if any(one.group == image.group for one in learned_from):
        return "whose group is among those that were learned from"
    count = len(learned_from)
    return f"held out: learned from {count:,} other image{'s' if count != 1 else ''}"
