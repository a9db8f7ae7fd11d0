"""Seeds: whatever may stand for one (SPEC 7), as a sequence that spawns independent streams."""

from __future__ import annotations

from typing import Any

import numpy as np

from linscale.errors import InvalidArgument, Unsupported


def seed_sequence(rng: Any) -> np.random.SeedSequence:
    """``rng`` as SPEC 7 has it: None, an integer, a SeedSequence or a Generator."""
    if isinstance(rng, np.random.SeedSequence):
        # A copy: spawning counts children, and the same argument must give the same numbers.
        return np.random.SeedSequence(rng.entropy, spawn_key=rng.spawn_key, pool_size=rng.pool_size)
    try:
        sequence = np.random.default_rng(rng).bit_generator.seed_seq
    except (TypeError, ValueError):
        raise InvalidArgument(
            "rng", rng, "None, an integer >= 0, a SeedSequence or a Generator"
        ) from None
    if not isinstance(sequence, np.random.SeedSequence):
        raise Unsupported("rng: its bit generator cannot spawn independent streams")
    return sequence
