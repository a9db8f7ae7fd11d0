"""A small U-Net that learns what to add to its input."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import interpolate, max_pool2d


class UNet(nn.Module):
    """Three scales, two 3 x 3 convolutions on each side of each; no normalisation.

    Parameters
    ----------
    width : int
        Channels at full resolution; doubled at each coarser scale. 4, 8 and 16 have 7,497, 29,681
        and 118,113 parameters.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        c = width
        self.fine, self.middle, self.coarse = _block(1, c), _block(c, 2 * c), _block(2 * c, 4 * c)
        self.up_middle, self.up_fine = _block(6 * c, 2 * c), _block(3 * c, c)
        self.last = nn.Conv2d(c, 1, 3, padding=1)
        # Starts as the identity, which is the estimate to improve on.
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(count, 1, height, width) to the same shape; sides divisible by 4."""
        fine = self.fine(image)
        middle = self.middle(max_pool2d(fine, 2))
        coarse = self.coarse(max_pool2d(middle, 2))
        middle = self.up_middle(torch.cat((interpolate(coarse, scale_factor=2), middle), dim=1))
        fine = self.up_fine(torch.cat((interpolate(middle, scale_factor=2), fine), dim=1))
        return image + self.last(fine)


def count_parameters(model: nn.Module) -> int:
    """How many numbers are learned."""
    return sum(p.numel() for p in model.parameters())


def _block(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
    )  # fmt: skip
