"""The reconstruction tasks by name: ``denoising``, ``mri-4``, ``super-resolution-2``, ..."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse.linalg import LinearOperator

from linscale.errors import InvalidArgument
from linscale.operators import as_operator, forward
from linscale.operators.forward import Operator
from linscale.support import validate

Shape = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Task:
    """What is measured, y = A x + z: :func:`resolve` makes one of a word or of any operator.

    Parameters
    ----------
    name : str
        The word that it was asked for by; "operator" for one that was given.
    operator : LinearOperator, or what :func:`linscale.forward.as_operator` takes
        A, on flattened images, (n, p).
    sigma : float or None
        The noise (white is 1) that is usual for it, if any; above 0.
    label : str
        For titles and tables.
    is_identity : bool
        Whether A = I, so that nobody need fill a matrix.
    note : str
        What it really measures on images of this size, where a word says it only roughly.

    Raises
    ------
    InvalidArgument
        A sigma that is not above 0.
    Unsupported
        Something that is no operator, or one without an adjoint.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.operators.tasks import Task
    >>> task = Task("halves", np.kron(np.eye(2), [[0.5, 0.5]]), sigma=0.02, label="pairs of pixels")
    >>> task.operator @ np.array([1.0, 3.0, 5.0, 7.0])
    array([2., 6.])
    >>> task.noise(), task.noise(0.1)
    (0.02, 0.1)
    """

    name: str
    operator: LinearOperator
    sigma: float | None
    label: str
    is_identity: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "operator", as_operator(self.operator))
        if self.sigma is not None:
            object.__setattr__(self, "sigma", validate.real("sigma", self.sigma))

    @property
    def forward(self) -> LinearOperator | None:
        """A as :class:`linscale.InverseProblem` takes it: None where it is the identity."""
        return None if self.is_identity else self.operator

    def noise(self, sigma: float | None = None) -> float:
        """``sigma`` where it is given, else the usual noise.

        Parameters
        ----------
        sigma : float, optional
            Above 0; white is 1.

        Returns
        -------
        float

        Raises
        ------
        InvalidArgument
            A sigma that is not above 0, or none where no noise is usual.

        Examples
        --------
        >>> from linscale.operators.tasks import resolve
        >>> task = resolve("denoising", (8, 8))
        >>> round(255 * task.noise(), 6), task.noise(0.2)
        (25.0, 0.2)
        """
        if sigma is not None:
            return validate.real("sigma", sigma)
        if self.sigma is None:
            raise InvalidArgument("sigma", None, "given: an operator has no usual noise")
        return self.sigma


def resolve(task: str | Task | Any, image_shape: Shape, rng: Any = 0) -> Task:
    """A task by its word, or one that is there already, or any operator, as a :class:`Task`.

    Parameters
    ----------
    task : str, Task or operator
        A word as for :func:`operator`; or what :func:`linscale.forward.as_operator` takes.
    image_shape : (height, width)
        Of the images that it measures.
    rng : None, int, SeedSequence or Generator
        What a word leaves to chance depends on it alone.

    Returns
    -------
    Task

    Raises
    ------
    InvalidArgument
        An unknown word, a number that does not suit the image, or an operator on images of another
        size.
    Unsupported
        Something that is no operator, or one without an adjoint.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.operators.tasks import resolve
    >>> task = resolve("mri-4", (16, 16))
    >>> task.label, task.operator.shape, round(task.sigma, 4)
    ('MRI, 4 x accelerated', (128, 256), 0.0196)
    >>> print(resolve("mri-8", (12, 12)).note)
    mri-8 on 12 columns measures 2 of them, 6 times accelerated; exactly 8 times is had at a patch\
 size of 8 or 16
    >>> mine = resolve(np.ones((1, 4)), (2, 2))
    >>> mine.name, mine.sigma
    ('operator', None)
    """
    if isinstance(task, str):
        return _named(task, image_shape, rng)
    height, width = validate.image_shape(image_shape)
    if not isinstance(task, Task):
        given = as_operator(task)
        task = Task("operator", given, None, getattr(given, "name", "given operator"))
    if task.operator.shape[1] != height * width:
        raise InvalidArgument(
            "task", f"an operator of shape {task.operator.shape}", f"of shape (n, {height * width})"
        )
    return task


def operator(task: str, image_shape: Shape, rng: Any = 0) -> Operator:
    """The measurement operator of a task.

    Parameters
    ----------
    task : str
        ``denoising``, ``mri-A`` (A times accelerated), ``super-resolution-F`` (F times coarser),
        ``inpainting-P`` (P per cent of the pixels kept) or ``tomography-K`` (K angles); without
        its number: mri-4, super-resolution-2, inpainting-50, tomography-8.
    image_shape : (height, width)
        Of the images that it measures.
    rng : None, int, SeedSequence or Generator
        Which columns or pixels are kept depends on it alone.

    Returns
    -------
    Operator
        Shape (n, height * width).

    Raises
    ------
    InvalidArgument
        An unknown word, or a number that does not suit the image: A from 1 to the width, F a
        divisor of both sides, P from 1 to 100, K at least 1.

    Examples
    --------
    >>> from linscale.operators.tasks import operator
    >>> words = ("denoising", "mri", "super-resolution-4", "inpainting-25", "tomography")
    >>> for word in words:
    ...     A = operator(word, (8, 8))
    ...     print(f"{A.name}: {A.shape[0]} numbers for {A.shape[1]} pixels")
    denoising: 64 numbers for 64 pixels
    MRI, 4 x accelerated: 32 numbers for 64 pixels
    super-resolution x 4: 4 numbers for 64 pixels
    inpainting, 25% of the pixels: 16 numbers for 64 pixels
    tomography, 8 angles: 112 numbers for 64 pixels
    """
    made: Operator = _named(task, image_shape, rng).operator
    return made


def usual_sigma(task: str) -> float:
    """The noise that the examples take for a task: 25/255 for denoising, else 5/255.

    Parameters
    ----------
    task : str
        A word as for :func:`operator`.

    Returns
    -------
    float
        Standard deviation; white is 1.

    Raises
    ------
    InvalidArgument
        An unknown word.

    Examples
    --------
    >>> from linscale.operators.tasks import usual_sigma
    >>> [round(255 * usual_sigma(task), 6) for task in ("denoising", "mri-8")]
    [25.0, 5.0]
    """
    return _parse(task)[0].sigma


def _named(task: str, image_shape: Shape, rng: Any) -> Task:
    kind, number = _parse(task)
    made = kind.make(validate.image_shape(image_shape), number, rng)
    note = _mask_note(task, made, number) if kind.make is _mri else ""
    return Task(task, made, kind.sigma, made.name, kind.make is _denoising, note)


def _mask_note(task: str, made: Operator, number: int) -> str:
    """Which mask a number of columns really gets, as whole columns are measured."""
    height, width = made.image_shape
    kept = made.shape[0] // (2 * height)
    note = (
        f"{task} on {width} columns measures {kept} of them, {width / kept:.3g} times accelerated"
    )
    if kept * number == width:
        return note
    below, above = width // number * number, (width // number + 1) * number
    sizes = " or ".join(str(size) for size in (below, above) if size >= max(2, number))
    return f"{note}; exactly {number} times is had at a patch size of {sizes}"


def _denoising(shape: Shape, number: int, rng: Any) -> Operator:
    return forward.identity(shape)


def _mri(shape: Shape, number: int, rng: Any) -> Operator:
    return forward.masked_fourier(shape, forward.cartesian_mask(shape[1], number, rng=rng))


def _super_resolution(shape: Shape, number: int, rng: Any) -> Operator:
    return forward.super_resolution(shape, number)


def _inpainting(shape: Shape, number: int, rng: Any) -> Operator:
    if number > 100:
        raise InvalidArgument(
            "task", repr(f"inpainting-{number}"), "inpainting-P with P from 1 to 100 per cent"
        )
    pixels = shape[0] * shape[1]
    mask = np.zeros(pixels, dtype=bool)
    kept = max(1, round(pixels * number / 100))
    mask[np.random.default_rng(rng).choice(pixels, kept, replace=False)] = True
    return forward.inpainting(shape, mask.reshape(shape))


def _tomography(shape: Shape, number: int, rng: Any) -> Operator:
    return forward.radon(shape, 180.0 * np.arange(number) / number)


class Kind(NamedTuple):
    """What a word stands for.

    Attributes
    ----------
    number : int or None
        What the word takes if none follows; None where none may.
    sigma : float
        Usual noise; white is 1.
    make : callable
        The operator, of image shape, number and rng.

    Examples
    --------
    >>> from linscale.operators.tasks import KINDS
    >>> {word: kind.number for word, kind in KINDS.items()}
    {'denoising': None, 'mri': 4, 'super-resolution': 2, 'inpainting': 50, 'tomography': 8}
    """

    number: int | None
    sigma: float
    make: Callable[[Shape, int, Any], Operator]


KINDS = {
    "denoising": Kind(None, 25.0 / 255.0, _denoising),
    "mri": Kind(4, 5.0 / 255.0, _mri),  # acceleration
    "super-resolution": Kind(2, 5.0 / 255.0, _super_resolution),  # factor
    "inpainting": Kind(50, 5.0 / 255.0, _inpainting),  # per cent of the pixels that are kept
    "tomography": Kind(8, 5.0 / 255.0, _tomography),  # angles
}


def _parse(task: str) -> tuple[Kind, int]:
    """Kind and number, which is 0 where the kind takes none."""
    alone = task in KINDS
    word, _, number = (task, "", "") if alone else str(task).rpartition("-")
    known = KINDS.get(word) if isinstance(task, str) else None
    if known is None or not (alone or (known.number is not None and number.isdecimal())):
        names = ", ".join(k if v.number is None else f"{k}-{v.number}" for k, v in KINDS.items())
        raise InvalidArgument("task", repr(task), f"one of {names}, or with another number")
    value = int(number) if number else known.number or 0
    if known.number is not None and value < 1:
        raise InvalidArgument("task", repr(task), "followed by a number of at least 1")
    return known, value
