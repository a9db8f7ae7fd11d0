"""One run: a network trained on fixed pairs, stopped early on validation images."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass

import torch
from model import UNet
from pairs import Pairs
from torch.nn.functional import mse_loss
from training import (
    BATCH,
    EVALUATE_EVERY,
    HALVINGS,
    LEARNING_RATE,
    PATIENCE,
    STEPS,
    WARM_UP,
)

from linscale.errors import InputError


@dataclass(frozen=True, eq=False)
class Fit:
    """The network at its best validation error, and how it came to be."""

    model: UNet
    steps: int
    best_step: int
    seconds: float


def fit(train: Pairs, val: Pairs, width: int, seed: int) -> Fit:
    """Train; what is random (start, order of batches) depends on ``seed`` alone."""
    start = time.perf_counter()
    torch.manual_seed(seed)
    model = UNet(width).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    batches = _Batches(train, torch.Generator().manual_seed(seed))
    best, best_step, best_state = math.inf, 0, copy.deepcopy(model.state_dict())
    halvings, waiting_since, due = 0, 0, EVALUATE_EVERY[0]
    step = 0
    while step < STEPS and halvings <= HALVINGS:
        step += 1
        rate = LEARNING_RATE * _schedule(step) * 0.5**halvings
        for group in optimiser.param_groups:
            group["lr"] = rate
        inputs, targets = batches.next()
        optimiser.zero_grad(set_to_none=True)
        mse_loss(model(inputs), targets).backward()
        optimiser.step()
        if step < due and step < STEPS:
            continue
        due = step + min(max(step // 10, EVALUATE_EVERY[0]), EVALUATE_EVERY[1])
        error = float(squared_errors(model, val).mean())
        if error < best:
            best, best_step, waiting_since = error, step, step
            best_state = copy.deepcopy(model.state_dict())
        elif step - waiting_since >= max(PATIENCE, waiting_since // 2):
            halvings, waiting_since = halvings + 1, step
    if best_step == 0:
        raise InputError(f"training diverged: no finite validation error in {step} steps")
    model.load_state_dict(best_state)
    return Fit(model, step, best_step, time.perf_counter() - start)


def squared_errors(model: UNet, pairs: Pairs, batch: int = 200) -> torch.Tensor:
    """Mean square error of each patch, white = 1, shape (count,)."""
    with torch.no_grad():
        parts = [
            (model(inputs) - targets).square().mean(dim=(1, 2, 3)).double()
            for inputs, targets in zip(
                pairs.inputs.split(batch), pairs.targets.split(batch), strict=True
            )
        ]
    return torch.cat(parts)


def _schedule(step: int) -> float:
    """A short rise, then half a cosine down to 0 at the last step."""
    if step < WARM_UP:
        return step / WARM_UP
    return 0.5 * (1.0 + math.cos(math.pi * (step - WARM_UP) / (STEPS - WARM_UP)))


class _Batches:
    """All pairs in a random order, then again in another; the last few of each are left over."""

    def __init__(self, pairs: Pairs, generator: torch.Generator) -> None:
        self.pairs, self.generator = pairs, generator
        self.size = min(BATCH, len(pairs.inputs))
        self.order, self.at = torch.empty(0, dtype=torch.long), 0

    def next(self) -> tuple[torch.Tensor, torch.Tensor]:
        if self.at + self.size > len(self.order):
            self.order = torch.randperm(len(self.pairs.inputs), generator=self.generator)
            self.at = 0
        chosen = self.order[self.at : self.at + self.size]
        self.at += self.size
        return self.pairs.inputs[chosen], self.pairs.targets[chosen]
