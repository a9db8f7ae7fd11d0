"""What a learned linear estimator makes of an image: pictures beside the learning curve."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from linscale import theory
from linscale.errors import InputError, InvalidArgument
from linscale.filters import Converged, GradientFlow
from linscale.images import Image
from linscale.models import InverseProblem
from linscale.operators import Operator
from linscale.support import validate
from linscale.support.blas import one_thread
from linscale.support.seeds import stream
from linscale.support.validate import FloatArray

TILES = 12  # along each side of the picture


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Pictures of one image: what was measured, what N examples make of it, and the truth.

    Attributes
    ----------
    pictures : mapping from a title to a (height, width) array
        "measurement" is the back-projection A'y, divided by A'A 1; then "N = 30", ...; "floor", by
        the best linear estimator; "truth".
    psnr : mapping from a title to a float
        In dB over the picture (white is 1); inf for the truth.
    label, image : str
        The task, and which image is shown.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from linscale.studies.reconstruction import Reconstruction
    >>> ramp = np.linspace(0.0, 1.0, 12).reshape(3, 4)
    >>> found = Reconstruction(
    ...     pictures={"measurement": 0.5 * ramp, "truth": ramp},
    ...     psnr={"measurement": 11.0, "truth": np.inf}, label="denoising", image="ramp",
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ramp.npz")
    ...     _ = path.write_bytes(found.to_bytes())
    ...     again = Reconstruction.load(path)
    >>> bool(abs(again.pictures["truth"] - ramp).max() < 1 / 255)
    True
    """

    pictures: dict[str, FloatArray]
    psnr: dict[str, float]
    label: str
    image: str

    def to_bytes(self) -> bytes:
        """The content of an .npz file: pictures in 256 greys from black to white."""
        header = {"label": self.label, "image": self.image, "psnr": self.psnr}
        greys: dict[str, Any] = {
            title: np.round(255.0 * np.clip(picture, 0.0, 1.0)).astype(np.uint8)
            for title, picture in self.pictures.items()
        }
        buffer = BytesIO()
        np.savez_compressed(buffer, header=np.array(json.dumps(header)), **greys)
        return buffer.getvalue()

    @classmethod
    def load(cls, path: str | Path) -> Reconstruction:
        """Read what :meth:`to_bytes` gave from the file ``path``.

        Raises
        ------
        InputError
            A file that is missing, or is not such a file.
        """
        try:
            with np.load(BytesIO(Path(path).read_bytes()), allow_pickle=False) as data:
                header = json.loads(str(data["header"]))
                pictures = {title: data[title] / 255.0 for title in header["psnr"]}
                return cls(pictures, header["psnr"], header["label"], header["image"])
        except FileNotFoundError:
            raise InputError(f"no such file: {path}") from None
        except Exception as error:  # damage shows in many ways, and all mean the same
            raise InputError(f"{path} does not hold reconstructions ({error})") from None


@one_thread()
def reconstruct(
    model: InverseProblem,
    operator: Operator,
    mean: FloatArray,
    pool: FloatArray,
    image: Image,
    n_train: Sequence[int] = (30, 300, 3000),
    rng: Any = 0,
    tiles: int = TILES,
) -> Reconstruction:
    """Measure the middle of an image tile by tile, and reconstruct each tile by itself.

    Every estimator is learned from one draw of N patches of the pool, stopped at the time that the
    theory says is best: the image itself is not looked at.

    Parameters
    ----------
    model, operator
        The problem, and its A on tiles of ``operator.image_shape``.
    mean : (p,) array
        Mean patch, which all estimators know.
    pool : (p, M) array
        Centred patches to learn from.
    image : Image
        What is measured; at least as large as a tile.
    n_train : sequence of int
        N of each learned estimator.
    rng : None, int, SeedSequence or Generator
        Noise and draws depend on it alone.
    tiles : int
        Along each side of the picture, fewer if the image is smaller.

    Returns
    -------
    Reconstruction

    Raises
    ------
    InvalidArgument
        An image smaller than a tile, or an argument outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> from linscale.images import Image
    >>> from linscale.studies.pool import split_patches
    >>> from linscale.studies.reconstruction import reconstruct
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> learned, shown = (Image(name, pixels) for name, pixels in zip("ab", pictures))
    >>> data = split_patches([learned], 4, hold_out=False)
    >>> model = ls.InverseProblem(None, data.train @ data.train.T / data.train.shape[1], sigma=0.1)
    >>> operator = ls.forward.identity((4, 4))
    >>> found = reconstruct(model, operator, data.mean, data.train, shown, n_train=[30])
    >>> list(found.pictures), found.pictures["floor"].shape
    (['measurement', 'N = 30', 'floor', 'truth'], (16, 16))
    >>> found.psnr["measurement"] < found.psnr["N = 30"] < found.psnr["truth"]
    True
    """
    from linscale.montecarlo.draws import train
    from linscale.montecarlo.laws import gaussian_law

    height, width = operator.image_shape
    tiles = validate.integer("tiles", tiles, at_least=1)
    rows, columns = (
        min(tiles, side // edge)
        for side, edge in zip(image.pixels.shape, (height, width), strict=True)
    )
    if min(rows, columns) < 1:
        raise InvalidArgument(
            "image", f"{image.name}, {image.pixels.shape}", f"at least {operator.image_shape}"
        )
    truth = _middle(image.pixels, rows * height, columns * width)
    shape = (rows, height, columns, width)
    x = truth.reshape(shape).transpose(1, 3, 0, 2).reshape(height * width, -1)

    def picture(values: FloatArray) -> FloatArray:
        tiled = values.reshape(height, width, rows, columns).transpose(2, 0, 3, 1)
        return np.asarray(tiled.reshape(rows * height, columns * width))

    numbers = np.random.default_rng(stream(rng, 3))
    y = np.asarray(operator.matmat(x)) + model.sigma * numbers.standard_normal(
        (model.n, x.shape[1])
    )
    offset = np.asarray(operator.matmat(mean[:, None]))
    weight = np.asarray(operator.rmatmat(operator.matmat(np.ones((model.p, 1)))))
    back = np.asarray(operator.rmatmat(y))
    seen = np.abs(weight) > 1e-9 * np.abs(weight).max()
    back = np.where(seen, back / np.where(seen, weight, 1.0), 0.0)

    def decibels(values: FloatArray) -> float:
        with np.errstate(divide="ignore"):
            return float(-10.0 * np.log10(np.mean((values - x) ** 2)))

    law = gaussian_law(model)
    pictures, psnr = {"measurement": picture(back)}, {"measurement": decibels(back)}
    clean = np.asarray(operator.matmat(pool))
    for N in (*n_train, None):
        if N is None:
            title, estimator = "floor", law.best
        else:
            at = theory.early_stopped(model, N).at
            chosen = numbers.integers(pool.shape[1], size=N)
            noise = model.sigma * numbers.standard_normal((model.n, N))
            draw = train(law, pool[:, chosen], clean[:, chosen] + noise)
            gain = (Converged() if np.isinf(at) else GradientFlow(at)).gain(draw.eigenvalues)[0]
            title, estimator = f"N = {N:,}", draw.coefficients * gain @ draw.vectors.T
        guess = mean[:, None] + estimator @ (y - offset)
        pictures[title] = picture(guess)
        psnr[title] = decibels(guess)
    pictures["truth"], psnr["truth"] = truth, np.inf
    return Reconstruction(pictures, psnr, operator.name, image.name)


def _middle(pixels: FloatArray, height: int, width: int) -> FloatArray:
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]
