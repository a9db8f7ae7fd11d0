"""What the subcommands share: progress bars, cores, and writing a study."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from linscale.errors import InvalidArgument
from linscale.files import write_together
from linscale.study import Study


def write_study(study: Study, out: Path, stem: str) -> str:
    """Write arrays, CSV and figure; returns the table to print."""
    from linscale import plotting, tables

    table = tables.columns(study)
    contents = {
        out / f"{stem}.npz": study.to_bytes(),
        out / f"{stem}.csv": tables.to_csv(table).encode(),
        **plotting.render(plotting.draw(study), out / stem),
    }
    write_together(contents)
    return tables.text(table)


def written(out: Path, *stems: str) -> str:
    """The line that says what was written."""
    names = [f"{stem}{suffix}" for stem in stems for suffix in (".npz", ".csv", ".png", ".svg")]
    return f"wrote {', '.join(names)} in {out}"


@contextmanager
def progress_bar(total: int, unit: str) -> Iterator[Callable[..., None]]:
    """A bar with rate and time left, hidden where there is no terminal.

    Gives a function to call once for each finished unit, with N where it is known.
    """
    from tqdm import tqdm

    shape = "{desc} {percentage:3.0f}% |{bar}| {rate_fmt}, {remaining} left"
    with tqdm(
        total=total, unit=f" {unit}", bar_format=shape, disable=None, leave=False
    ) as progress:

        def step(N: int | None = None) -> None:
            if N is not None:
                progress.set_description_str(f"N = {N:,}", refresh=False)
            progress.update()

        yield step


def sizes(given: list[int] | None, default: tuple[int, ...]) -> list[int]:
    """--n-train, sorted and each once."""
    values = given or default
    if min(values) < 1:
        raise InvalidArgument("--n-train", min(values), "at least 1")
    return sorted(set(values))


def cores() -> int:
    """Those that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1
