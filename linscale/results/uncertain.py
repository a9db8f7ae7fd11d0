"""Plain numbers that carry how sure they are: used as any float or int is.

Only ``repr`` differs from a plain number's, and shows the error: ``str``, ``format``, JSON, CSV and
arithmetic are those of the number alone.
"""

from __future__ import annotations

from typing import Self

from linscale.results.words import error_words, with_error


class UncertainFloat(float):
    """A float with an estimated ``error`` and a ``status``: "ok", or what to know first.

    Parameters
    ----------
    value : float
    error : float
        In units of the value; 0 for what is exact, inf or nan where nothing is known of it.
    status : str

    Examples
    --------
    >>> from linscale.results import UncertainFloat
    >>> share = UncertainFloat(0.91234, 0.0123)
    >>> share
    0.912 ± 0.012
    >>> print(share, share.error, share + 1.0 == 1.91234)
    0.91234 0.0123 True
    >>> UncertainFloat(0.5, 0.2, "few draws")
    0.50 ± 0.20 (few draws)
    """

    error: float
    status: str

    def __new__(cls, value: float, error: float = 0.0, status: str = "ok") -> Self:
        number = super().__new__(cls, value)
        number.error, number.status = float(error), status
        return number

    def __getnewargs__(self) -> tuple[float, float, str]:  # type: ignore[override]
        return float(self), self.error, self.status

    def __repr__(self) -> str:
        return with_error(float(self), self.error) + _remark(self.status)

    # Without it str, and format without a specification, would be repr.
    def __str__(self) -> str:
        return float.__repr__(self)


class UncertainInt(int):
    """An int with an estimated ``error`` and a ``status``: "ok", or what to know first.

    Parameters
    ----------
    value : int
    error : float
        In units of the value; 0 for what is exact, inf or nan where nothing is known of it.
    status : str

    Examples
    --------
    >>> from linscale.results import UncertainInt
    >>> enough = UncertainInt(353, 4.2)
    >>> enough
    353 ± 4.2
    >>> print(enough, f"{enough:,}", enough.error, enough // 2)
    353 353 4.2 176
    """

    error: float
    status: str

    def __new__(cls, value: int, error: float = 0.0, status: str = "ok") -> Self:
        number = super().__new__(cls, value)
        number.error, number.status = float(error), status
        return number

    def __getnewargs__(self) -> tuple[int, float, str]:  # type: ignore[override]
        return int(self), self.error, self.status

    def __repr__(self) -> str:
        return f"{int(self)} ± {error_words(self.error)}" + _remark(self.status)

    def __str__(self) -> str:
        return int.__repr__(self)


def _remark(status: str) -> str:
    return "" if status == "ok" else f" ({status})"
