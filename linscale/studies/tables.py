"""A table: text to read, CSV to keep."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np

from linscale.results.decibels import psnr

__all__ = ["Column", "psnr", "text", "to_csv"]


@dataclass(frozen=True)
class Column:
    """A heading over two lines, the CSV name, a format and the values.

    Attributes
    ----------
    group, head : str
        The two lines.
    name : str
        The heading in CSV.
    form : str
        How a value is written in text, such as "{:.2f}".
    values : sequence
        One for each row; nan is written as "-".

    Examples
    --------
    >>> from linscale.studies.tables import Column
    >>> Column("PSNR", "theory", "theory PSNR", "{:.2f}", [27.5, 29.0]).form.format(27.5)
    '27.50'
    """

    group: str
    head: str
    name: str
    form: str
    values: Sequence[Any]


def text(table: list[Column]) -> str:
    """Right-aligned columns under two lines of headings.

    Parameters
    ----------
    table : list of Column
        Of one length.

    Returns
    -------
    str
        Lines without a newline at the end.

    Examples
    --------
    >>> from linscale.studies.tables import Column, text
    >>> table = [
    ...     Column("", "N", "n_train", "{:d}", [30, 300]),
    ...     Column("PSNR", "theory", "theory PSNR", "{:.2f}", [27.5, float("nan")]),
    ... ]
    >>> print(text(table))
           PSNR
      N  theory
    ---  ------
     30   27.50
    300       -
    """
    cells = [[_cell(c.form, v) for v in c.values] for c in table]
    widths = [
        max(len(c.group), len(c.head), *map(len, body))
        for c, body in zip(table, cells, strict=True)
    ]
    lines = [
        "  ".join(h.rjust(w) for h, w in zip([c.group for c in table], widths, strict=True)),
        "  ".join(h.rjust(w) for h, w in zip([c.head for c in table], widths, strict=True)),
    ]
    lines.append("  ".join("-" * w for w in widths))
    for row in zip(*cells, strict=True):
        lines.append("  ".join(v.rjust(w) for v, w in zip(row, widths, strict=True)))
    return "\n".join(lines)


def to_csv(table: list[Column]) -> str:
    """The same numbers to full precision.

    Parameters
    ----------
    table : list of Column
        As for :func:`text`.

    Returns
    -------
    str
        CSV, a line of headings first.

    Examples
    --------
    >>> from linscale.studies.tables import Column, to_csv
    >>> print(to_csv([Column("PSNR", "theory", "theory PSNR", "{:.2f}", [27.5, 1 / 3])]))
    theory PSNR
    27.5
    0.3333333333333333
    <BLANKLINE>
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([c.name for c in table])
    writer.writerows(zip(*[c.values for c in table], strict=True))
    return out.getvalue()


def _cell(form: str, value: Any) -> str:
    if isinstance(value, float) and np.isnan(value):
        return "-"
    if isinstance(value, float) and np.isinf(value):
        return "inf"
    return form.format(value)
