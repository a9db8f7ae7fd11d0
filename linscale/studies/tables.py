"""A study as a table: text to read, CSV to keep."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np

from linscale.studies.study import Study
from linscale.support.validate import FloatArray

SHORT = {"early-stopped": "early", "converged": "conv.", "PCA": "PCA", "ridge": "ridge"}


@dataclass(frozen=True)
class Column:
    """A heading over two lines, the CSV name, a format and the values."""

    group: str
    head: str
    name: str
    form: str
    values: Sequence[Any]


def columns(study: Study) -> list[Column]:
    """The table of a study, whichever its kind."""
    ask = {
        "images": _image_columns, "subspace": _subspace_columns, "prediction": _prediction_columns,
    }  # fmt: skip
    return ask[study.meta["kind"]](study)


def text(table: list[Column]) -> str:
    """Right-aligned columns under two lines of headings."""
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
    """The same numbers to full precision."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([c.name for c in table])
    writer.writerows(zip(*[c.values for c in table], strict=True))
    return out.getvalue()


def psnr(risk: FloatArray) -> FloatArray:
    """PSNR of a mean risk per pixel, in dB, for images whose white is 1: -10 log10(risk)."""
    return np.asarray(-10.0 * np.log10(risk))


def _subspace_columns(study: Study) -> list[Column]:
    n_train = [int(N) for N in next(iter(study.simulated.values())).n_train]
    table = [
        Column("", "N", "n_train", "{:d}", n_train),
        Column("", "floor", "floor", "{:#.4g}", [study.floor] * len(n_train)),
    ]
    for name, measured in study.simulated.items():
        predicted = study.theory[name].at_n_train(n_train)
        short = SHORT[name]
        # Where every draw gives the same value to rounding, there is no error to count in.
        sem = np.where(measured.sem > 1e-13 * measured.value, measured.sem, np.nan)
        with np.errstate(invalid="ignore"):
            z = (measured.value - predicted.value) / sem
        table += [
            Column(short, "theory", f"{name} theory", "{:#.4g}", _floats(predicted.value)),
            Column(short, "simul.", f"{name} simulated", "{:#.4g}", _floats(measured.value)),
            Column(short, "s.e.", f"{name} standard error", "{:.1e}", _floats(measured.sem)),
            Column(short, "diff/s.e.", f"{name} difference in s.e.", "{:+.1f}", _floats(z)),
        ]
    return [*table, *_early_columns(study, n_train, "time")]


def _image_columns(study: Study) -> list[Column]:
    same = study.simulated["trained, same images"]
    n_train = [int(N) for N in same.n_train]
    predicted = study.theory["early-stopped"].at_n_train(n_train)
    dB = 10.0 / np.log(10.0)
    table = [
        Column("", "N", "n_train", "{:d}", n_train),
        Column("", "floor", "floor", "{:.3e}", [study.floor] * len(n_train)),
        Column("risk", "theory", "theory", "{:.3e}", _floats(predicted.value)),
        Column("risk", "trained", "trained, same images", "{:.3e}", _floats(same.value)),
        Column("risk", "s.e.", "standard error", "{:.1e}", _floats(same.sem)),
        Column("PSNR", "theory", "theory PSNR", "{:.2f}", _floats(psnr(predicted.value))),
        Column("PSNR", "trained", "trained PSNR", "{:.2f}", _floats(psnr(same.value))),
        Column("PSNR", "s.e.", "PSNR s.e.", "{:.3f}", _floats(dB * same.sem / same.value)),
        Column(
            "PSNR", "th.-tr.", "theory minus trained PSNR", "{:+.2f}",
            _floats(psnr(predicted.value) - psnr(same.value)),
        ),
    ]  # fmt: skip
    if "scale mixture" in study.theory:
        mixture = psnr(study.theory["scale mixture"].at_n_train(n_train).value)
        away = mixture - psnr(same.value)
        table += [
            Column("PSNR", "mixture", "scale mixture PSNR", "{:.2f}", _floats(mixture)),
            Column("PSNR", "mix.-tr.", "mixture minus trained PSNR", "{:+.2f}", _floats(away)),
        ]
    if "Gaussian data" in study.simulated:
        gaussian = psnr(study.simulated["Gaussian data"].value)
        away = psnr(predicted.value) - gaussian
        table += [
            Column("PSNR", "Gaussian", "Gaussian data PSNR", "{:.2f}", _floats(gaussian)),
            Column("PSNR", "th.-Gau.", "theory minus Gaussian data PSNR", "{:+.3f}", _floats(away)),
        ]
    if "trained, other images" in study.simulated:
        other = study.simulated["trained, other images"].value
        table += [
            Column(
                "PSNR", "other im.", "trained PSNR, other images", "{:.2f}", _floats(psnr(other))
            )
        ]
    return [*table, *_early_columns(study, n_train, "iteration")]


def _prediction_columns(study: Study) -> list[Column]:
    n_train = [int(N) for N in study.meta["n_train"]]
    early = study.theory["early-stopped"].at_n_train(n_train)
    table = [Column("", "N", "n_train", "{:d}", n_train)]
    for name, curve in study.theory.items():
        value = curve.at_n_train(n_train).value
        table.append(Column("PSNR", SHORT[name], f"{name} PSNR", "{:.2f}", _floats(psnr(value))))
    best = float(psnr(np.array(study.floor)))
    nmse = early.value / study.meta["zero_risk"]
    table += [
        Column("PSNR", "floor", "floor PSNR", "{:.2f}", [best] * len(n_train)),
        Column("early", "risk", "early-stopped risk", "{:.3e}", _floats(early.value)),
        Column("early", "error", "estimated error of the risk", "{:.0e}", _floats(early.error)),
        Column("early", "NMSE", "early-stopped NMSE", "{:.4f}", _floats(nmse)),
    ]
    return [*table, *_early_columns(study, n_train, "time")]


def _early_columns(study: Study, n_train: list[int], parameter: str) -> list[Column]:
    """Best stopping, local exponent, and the share of the risk that is learning error."""
    early = study.theory["early-stopped"].at_n_train(n_train)
    share = 100.0 * (1.0 - study.floor / early.value)
    return [
        Column("best", parameter, f"best {parameter}", "{:.4g}", _floats(early.at)),
        Column("local", "exponent", "local exponent", "{:+.3f}", _floats(study.exponent)),
        Column("learning", "error %", "learning error %", "{:.1f}", _floats(share)),
    ]


def _floats(values: FloatArray) -> list[float]:
    return [float(v) for v in values]


def _cell(form: str, value: Any) -> str:
    if isinstance(value, float) and np.isnan(value):
        return "-"
    if isinstance(value, float) and np.isinf(value):
        return "inf"
    return form.format(value)
