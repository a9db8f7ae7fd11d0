"""Named exceptions: each carries its evidence and says what to do about it."""

from __future__ import annotations

from typing import Any


class LinscaleError(Exception):
    """Base of every error raised on purpose; its message is one clear line."""


class InvalidArgument(LinscaleError, ValueError):
    """An argument is outside its allowed range.

    Attributes
    ----------
    argument, value, allowed
        Name of the argument, what was given, and the range it must lie in.
    """

    def __init__(self, argument: str, value: Any, allowed: str) -> None:
        self.argument, self.value, self.allowed = argument, value, allowed
        super().__init__(f"{argument} = {value!s}: must be {allowed}")


class StepTooLarge(InvalidArgument):
    """Descent diverges: ``step`` times the largest sample eigenvalue is too large for the rule.

    ``largest_step`` is the supremum of the steps that converge.
    """

    def __init__(self, step: float, largest_step: float, where: str) -> None:
        self.largest_step = largest_step
        super().__init__("step", f"{step:.6g}", f"below {largest_step:.6g} {where}")


class NotConverged(LinscaleError, ArithmeticError):
    """A numerical method stopped before reaching its tolerance; no number is returned.

    ``residual`` is what was reached.
    """

    def __init__(self, what: str, residual: float, remedy: str) -> None:
        self.residual = residual
        super().__init__(f"{what} did not converge (residual {residual:.2e}): {remedy}")


class Unsupported(LinscaleError, NotImplementedError):
    """The question is well posed, but this method, engine or order cannot answer it."""


class MissingDevice(Unsupported):
    """This machine lacks the device, driver or library that an engine runs on; another may not."""


class InputError(LinscaleError):
    """A file, folder or image cannot be read, or cannot be used as it is."""
