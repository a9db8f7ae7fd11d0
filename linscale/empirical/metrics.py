"""Metrics and splits: their units, which way is better, and how logs spell them."""

from __future__ import annotations

import re
from typing import Any

from linscale.errors import InvalidArgument

# Units of the metrics that readers know; "1" is dimensionless, or image values squared (or not)
# where white is 1.
UNITS = {
    "psnr": "dB", "snr": "dB", "ssim": "1", "mse": "1", "nmse": "1", "rmse": "1", "nrmse": "1",
    "mae": "1", "lpips": "1",
}  # fmt: skip
# Those whose unit follows from their definition, whatever the images are measured in.
FIXED = frozenset({"psnr", "snr", "ssim", "nmse", "nrmse"})
LARGER_IS_BETTER = frozenset({"psnr", "snr", "ssim"})
SPLITS = ("train", "val", "test")
_SPELLINGS = {
    "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val",
    "dev": "val", "test": "test", "testing": "test",
}  # fmt: skip
_FILLERS = frozenset({"epoch", "mean", "metric", "metrics"})
NAME = re.compile(r"[a-z][a-z0-9_]*")


def unit_of(metric: str) -> str:
    """The usual unit of a metric, or of its mean, difference or spread over images (psnr_std)."""
    for name in (metric, metric.split("_")[0]):
        if name in UNITS:
            return UNITS[name]
    raise InvalidArgument(
        "unit",
        f"none for the metric {metric!r}",
        f"given: only {', '.join(UNITS)} have a usual one",
    )


def larger_is_better(metric: str, given: bool | None = None) -> bool:
    """Which way a metric, or its mean over images, improves; else it must be ``given``."""
    if given is not None:
        return given
    metric = metric.removesuffix("_mean")
    if metric not in UNITS:
        raise InvalidArgument(
            "larger_is_better", None, f"True or False for the metric {metric!r}, which is not known"
        )
    return metric in LARGER_IS_BETTER


def split_of(text: Any) -> Any:
    """A split as tables spell it; what is not known stays, for the table to refuse."""
    return _SPELLINGS.get(text.strip().lower(), text) if isinstance(text, str) else text


def meaning(label: str) -> tuple[str, str | None] | None:
    """The metric and the split in a label such as ``psnr/valid`` or ``test_ssim_epoch``.

    None where a word is neither: ``psnr_delta`` is not the PSNR, nor ``val_psnr_step`` that of
    the whole set.
    """
    words = [w for w in re.split(r"[^a-z0-9]+", label.lower()) if w]
    metrics = [w for w in words if w in UNITS]
    splits = [w for w in words if w in _SPELLINGS]
    others = [w for w in words if w not in UNITS and w not in _SPELLINGS and w not in _FILLERS]
    if len(metrics) != 1 or len(splits) > 1 or others:
        return None
    return metrics[0], _SPELLINGS[splits[0]] if splits else None
