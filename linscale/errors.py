"""Named exceptions and a warning: each carries its evidence and says what to do about it."""

from __future__ import annotations

from typing import Any


class LinscaleError(Exception):
    """Base of every error raised on purpose; its message is one clear line.

    Examples
    --------
    >>> import linscale as ls
    >>> try:
    ...     ls.SubspaceModel(n=10, d=20, sigma=0.1)
    ... except ls.errors.LinscaleError as error:
    ...     print(error)
    d = 20: must be at most n = 10 (a subspace of R^n)
    """


class InvalidArgument(LinscaleError, ValueError):
    """An argument is outside its allowed range.

    Attributes
    ----------
    argument, value, allowed
        Name of the argument, what was given, and the range it must lie in.

    Examples
    --------
    A ``ValueError`` too, so that nothing of linscale's need be imported to catch it:

    >>> import linscale as ls
    >>> try:
    ...     ls.theory.saturation(ls.SubspaceModel(n=100, d=10, sigma=0.1), tolerance=-1)
    ... except ValueError as error:
    ...     print(f"{error.argument}, {error.value}: {error.allowed}")
    tolerance, -1: a finite number above 0
    """

    def __init__(self, argument: str, value: Any, allowed: str) -> None:
        self.argument, self.value, self.allowed = argument, value, allowed
        super().__init__(f"{argument} = {value!s}: must be {allowed}")


class StepTooLarge(InvalidArgument):
    """Descent diverges: ``step`` times the largest sample eigenvalue is too large for the rule.

    ``largest_step`` is the supremum of the steps that converge.

    Examples
    --------
    >>> import linscale as ls
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.1)
    >>> try:
    ...     ls.theory.risk(model, 50, ls.GradientDescent(step=2, iterations=10))
    ... except ls.errors.StepTooLarge as error:
    ...     print(f"a step below {error.largest_step:.3f} converges")
    a step below 0.937 converges
    """

    def __init__(self, step: float, largest_step: float, where: str) -> None:
        self.largest_step = largest_step
        super().__init__("step", f"{step:.6g}", f"below {largest_step:.6g} {where}")


class NotConverged(LinscaleError, ArithmeticError):
    """A numerical method stopped before reaching its tolerance; no number is returned.

    ``residual`` is what was reached (nan: nothing to measure it by).

    Examples
    --------
    Under so much noise double precision does not tell the eigenvalues apart:

    >>> import linscale as ls
    >>> try:
    ...     ls.theory.pca(ls.SubspaceModel(n=50, d=5, sigma=1e5), 10**12)
    ... except ls.errors.NotConverged as error:
    ...     print(str(error).split("; ")[-1])
    use montecarlo.pca
    """

    def __init__(self, what: str, residual: float, remedy: str) -> None:
        self.residual = residual
        super().__init__(f"{what} did not converge (residual {residual:.2e}): {remedy}")


class Unsupported(LinscaleError, NotImplementedError):
    """The question is well posed, but this method, engine or order cannot answer it.

    Examples
    --------
    >>> import linscale as ls
    >>> bare = ls.SpectralProblem([2.0, 1.0], [10, 90], [1.0, 0.0], floor=0.5)
    >>> try:
    ...     ls.theory.pca(bare, 50)
    ... except ls.errors.Unsupported as error:
    ...     print(error)
    pca needs a SubspaceModel: only that says how many directions to keep
    """


class MissingDevice(Unsupported):
    """This machine lacks the device, driver or library that an engine runs on; another may not.

    Examples
    --------
    What catches :class:`Unsupported`, to go on with another engine, catches it too:

    >>> import linscale as ls
    >>> issubclass(ls.errors.MissingDevice, ls.errors.Unsupported)
    True
    """


class InputError(LinscaleError):
    """A file, folder or image cannot be read, or cannot be used as it is.

    Examples
    --------
    >>> import linscale as ls
    >>> try:
    ...     ls.empirical.read("no/such/folder")
    ... except ls.errors.InputError as error:
    ...     print(error)
    no such file or folder: no/such/folder
    """


class ScaleWarning(UserWarning):
    """Images, noise and white do not seem to belong to one scale; the message says what to type.

    Examples
    --------
    A program that would rather stop makes an error of it:

    >>> import warnings
    >>> import numpy as np
    >>> import linscale as ls
    >>> twelve_bits = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", ls.errors.ScaleWarning)
    ...     try:
    ...         ls.predict(twelve_bits, resamples=0)
    ...     except ls.errors.ScaleWarning as doubt:
    ...         print(str(doubt).partition("; ")[0])
    the brightest pixel is 4095, 0.062 of white (65535, as uint16 goes)
    """
