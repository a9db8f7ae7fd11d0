"""A benchmark's table: as CSV, and in its own section of README.md beside it."""

from __future__ import annotations

import csv
import os
import platform
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def write(name, title, text, table):
    """``table`` is a list of (what, value)."""
    with open(HERE / f"{name}.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["what", "value"])
        writer.writerows((what, f"{value:.3g}") for what, value in table)
    lines = [f"## {title}", "", text.strip(), "", "| what | value |", "| --- | --- |"]
    lines += [f"| {what} | {value:,.3g} |" for what, value in table]
    where = f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}."
    begin, end = f"<!-- by {name}.py -->\n", f"<!-- end of {name}.py -->\n"
    readme = HERE / "README.md"
    above, _, rest = readme.read_text().partition(begin)
    below = rest.partition(end)[2]
    section = "\n".join([*lines, "", where, ""])
    readme.write_text(f"{above.rstrip()}\n\n{begin}{section}{end}{below}")
    for what, value in table:
        print(f"{value:10.3g}  {what}")
    print(where)


def machine(before):
    """What else was running; ``before``: the load when it began."""
    return [
        ("cores", len(os.sched_getaffinity(0))),
        ("processes that wanted to run when it began, one minute's mean", before),
        ("and when it ended (its own among them)", os.getloadavg()[0]),
    ]
