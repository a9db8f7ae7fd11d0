"""What may stand for a seed (SPEC 7), as a sequence that spawns independent streams."""

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


def root_of(rng: Any) -> np.random.SeedSequence:
    """What streams of several keys hang from: a child of a Generator's own, anew with each call."""
    if isinstance(rng, np.random.Generator):
        seed_sequence(rng)  # or an error
        return rng.bit_generator.seed_seq.spawn(1)[0]  # type: ignore[attr-defined, no-any-return]
    return seed_sequence(rng)


def stream(rng: Any, *key: int) -> np.random.SeedSequence:
    """The stream of that key: the same whatever else is drawn from ``rng``."""
    root = seed_sequence(rng)
    return np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key))


def recorded(rng: Any) -> Any:
    """What a file keeps of it: an integer, from which the same numbers come, where there is one."""
    root = seed_sequence(rng)
    if isinstance(root.entropy, int) and not root.spawn_key:
        return root.entropy
    return {"entropy": root.entropy, "spawn_key": list(root.spawn_key)}
