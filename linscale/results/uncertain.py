"""Plain numbers that carry how sure they are: used as any float or int is."""

from __future__ import annotations

from typing import Self


class UncertainFloat(float):
    """A float with an estimated ``error`` and a ``status``: "ok", or what to know first."""

    error: float
    status: str

    def __new__(cls, value: float, error: float = 0.0, status: str = "ok") -> Self:
        number = super().__new__(cls, value)
        number.error, number.status = float(error), status
        return number

    def __getnewargs__(self) -> tuple[float, float, str]:  # type: ignore[override]
        return float(self), self.error, self.status


class UncertainInt(int):
    """An int with an estimated ``error`` and a ``status``: "ok", or what to know first."""

    error: float
    status: str

    def __new__(cls, value: int, error: float = 0.0, status: str = "ok") -> Self:
        number = super().__new__(cls, value)
        number.error, number.status = float(error), status
        return number

    def __getnewargs__(self) -> tuple[int, float, str]:  # type: ignore[override]
        return int(self), self.error, self.status
