"""Processes that another one started, read from /proc."""

from dataclasses import dataclass
from pathlib import Path

import pytest

if not Path("/proc/self/stat").exists():
    pytest.skip("processes are found in /proc, which is not here", allow_module_level=True)


@dataclass(frozen=True)
class Process:
    pid: int
    command: str
    started: str  # a number may be used again by another process, but not with the same start

    @property
    def alive(self):
        fields = _fields(self.pid)
        return fields is not None and fields[0] != "Z" and fields[19] == self.started


def _fields(pid):
    """Those of /proc/PID/stat from the third on: state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def descendants(pid):
    """All of them, whatever they do."""
    known = {}
    for entry in Path("/proc").glob("[0-9]*"):
        fields = _fields(entry.name)
        if fields is not None:
            known[int(entry.name)] = fields
    found, parents = [], {pid}
    while parents:
        children = {child for child, fields in known.items() if int(fields[1]) in parents}
        for child in sorted(children):
            try:
                command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            found.append(Process(child, command, known[child][19]))
        parents = children
    return found
