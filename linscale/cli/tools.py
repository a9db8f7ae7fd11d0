"""What subcommands and experiments share: how they fail, progress bars, cores, writing a study."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from linscale.errors import InvalidArgument, LinscaleError
from linscale.studies.study import Study
from linscale.support.blas import one_thread
from linscale.support.files import write_together


def guarded(name: str, work: Callable[[], int | None], kept: str = "") -> int:
    """Do the work with small linear algebra on one thread; returns the exit status.

    What goes wrong is one line on standard error; after Ctrl-C it says what is ``kept``.
    """
    try:
        # Threads run draws; the matrices inside are too small for BLAS threads of their own.
        with one_thread():
            status = work() or 0
            sys.stdout.flush()
            return status
    except BrokenPipeError:  # the reader, head say, has seen enough; files are written by then
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except LinscaleError as error:
        message, status = str(error), 2
    except KeyboardInterrupt:
        message, status = f"interrupted; {kept}" if kept else "interrupted", 130
    except OSError as error:
        message, status = str(error), 1
    except MemoryError:
        message, status = "not enough memory for this size", 1
    print(f"{name}: {message}", file=sys.stderr)
    return status


def report(study: Study, out: Path, stem: str) -> None:
    """Write arrays, CSV and figure; then print the table."""
    from linscale.studies import tables

    names = written(study, out, stem)
    print(f"\n{study.headline()}\n\n{tables.text(study.columns())}\n\n{study.footnote()}\n")
    print(f"wrote {names} in {out}")


def written(study: Study, out: Path, stem: str) -> str:
    """Write arrays, CSV and figure; gives their names."""
    from linscale import plotting
    from linscale.studies import tables

    contents = {
        out / f"{stem}.npz": study.to_bytes(),
        out / f"{stem}.csv": tables.to_csv(study.columns()).encode(),
        **plotting.render(plotting.draw(study), out / stem),
    }
    write_together(contents)
    return ", ".join(path.name for path in contents)


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
