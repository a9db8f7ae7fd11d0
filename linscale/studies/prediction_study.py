"""What is written of a prediction: table, headline and footnote."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from linscale.answer.estimator import ESTIMATORS
from linscale.models.contrast import Contrast
from linscale.studies.study import Study
from linscale.studies.tables import Column, psnr


class PredictionStudy(Study, kind="prediction"):
    """Learning curves by theory alone; see :func:`linscale.predict`.

    Examples
    --------
    >>> import numpy as np
    >>> import linscale as ls
    >>> walks = np.random.default_rng(0).standard_normal((2, 16, 16)).cumsum(1).cumsum(2)
    >>> pictures = (walks - walks.min()) / np.ptp(walks)
    >>> study = ls.predict(
    ...     pictures, sigma=0.1, patch_size=3, n_train=[100], contrast="constant", resamples=0
    ... ).study
    >>> print(study.headline())  # doctest: +NORMALIZE_WHITESPACE
    denoising: 3 x 3 signals at sigma = 25.5/255, from 392 patches of 2 images. PSNR of the mean
    risk in dB, white being 1
    >>> [column.name for column in study.columns()][:4]
    ['n_train', 'early-stopped PSNR', 'ridge PSNR', 'converged PSNR']
    """

    simulates: ClassVar[bool] = False

    @property
    def label(self) -> str:
        """The task, as people call it."""
        return str(self.meta["label"])

    def columns(self) -> list[Column]:
        """PSNR of each estimator and of the floor; risk, its error and NMSE of the first."""
        n_train = [int(N) for N in self.meta["n_train"]]
        table = [Column("", "N", "n_train", "{:d}", n_train)]
        for name, curve in self.theory.items():
            decibels = psnr(curve.at_n_train(n_train).value)
            said = ESTIMATORS[name]
            column = Column("PSNR", said.short, f"{said.label} PSNR", "{:.2f}", decibels.tolist())
            table.append(column)
        early = self.theory["early_stopped"].at_n_train(n_train)
        best = float(psnr(np.array(self.floor)))
        nmse = (early.value / self.meta["zero_risk"]).tolist()
        error = "estimated error of the risk"
        table += [
            Column("PSNR", "floor", "floor PSNR", "{:.2f}", [best] * len(n_train)),
            Column("early", "risk", "early-stopped risk", "{:.3e}", early.value.tolist()),
            Column("early", "error", error, "{:.0e}", early.error.tolist()),
            Column("early", "NMSE", "early-stopped NMSE", "{:.4f}", nmse),
        ]
        return [*table, *self.early_columns(n_train, "time")]

    def headline(self) -> str:
        """The task, the signals, the noise and the images."""
        meta = self.meta
        height, width = meta["patch_shape"]
        return (
            f"{self.label}: {height} x {width} signals at sigma = {255 * meta['sigma']:.4g}/255, "
            f"from {meta['patches']:,} patches of {len(meta['images'])} images. PSNR of the mean "
            "risk in dB, white being 1"
        )

    def footnote(self) -> str:
        """Saturation and floor with their intervals, contrast, and what is doubtful."""
        meta = self.meta
        enough = f"Less than 1 % is left to gain beyond N = {self.saturation:,}"
        floor = f"Floor, the best linear estimator: {self.floor:.3e} per pixel"
        if meta["floor_interval"]:
            first, last = (f"{v:,.0f}" for v in meta["saturation_interval"][1:])
            enough += f" (90 % interval over images: {first} to {last})"
            low, high = (f"{v:.3e}" for v in meta["floor_interval"][1:])
            floor += f" ({low} to {high})"
        contrast = Contrast(*meta.get("contrast", ([1.0], [1.0])))
        lines = [
            f"{enough}.",
            f"{floor}.",
            f"{meta['groups']} images stand behind the patches, and patches of one image are "
            "alike: other images have another floor.",
            "Signals are taken as Gaussian. Where contrast varies, which acts like fewer samples, "
            "the curve is optimistic at small N."
            if contrast.is_constant
            else f"Patches vary in contrast (tau of variance {contrast.spread:.2f}), which acts "
            "like fewer samples; the curves hold it.",
        ]
        early = self.theory["early_stopped"].at_n_train(meta["n_train"])
        for N, status in zip(early.n_train, early.statuses, strict=True):
            if status != "ok":
                lines.append(f"N = {N}: {status}.")
        return "\n".join(lines)
