"""results.csv and results.json: read, and grown by one finished run at a time."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from linscale.errors import InputError
from linscale.support.files import write_together

COLUMNS = (
    "task", "n_train", "n_params", "width", "seed", "metric", "value", "unit", "split", "source",
    "seconds", "steps", "best_step",
)  # fmt: skip
KEY = ("task", "width", "n_train", "seed")
Row = dict[str, Any]


class Table:
    """The two files of a folder.

    Each write replaces both files whole, so that a kill leaves every run in the table complete.

    Parameters
    ----------
    settings : dict
        How every run of the table is made: a table made otherwise is refused, not mixed with.
    versions : dict
        Of the packages; each set of versions that runs were made with is kept.
    curves : list
        What is meant to be in the table in the end; saved beside the settings, and free to grow.
    """

    def __init__(
        self,
        folder: Path,
        settings: dict[str, Any],
        versions: dict[str, str],
        curves: list[dict[str, Any]],
    ) -> None:
        self.csv, self.json = folder / "results.csv", folder / "results.json"
        # As JSON has it, so that what was saved compares equal.
        self.meta: dict[str, Any] = json.loads(
            json.dumps({"settings": settings, "versions": [versions], "curves": curves})
        )
        found = self._read_meta()
        if found is None and self.csv.exists():
            raise InputError(f"{self.csv} lies there without {self.json.name}: move it away")
        if found is not None:
            now = self.meta["settings"]
            other = [k for k in now if found["settings"].get(k) != now[k]]
            other += sorted(found["settings"].keys() - now.keys())
            if other:
                raise InputError(
                    f"{self.json} was made with other settings ({', '.join(other)}): move both "
                    "files away, or give another --out"
                )
        self.rows()  # a broken table is refused before anything is trained

    def rows(self) -> list[Row]:
        """All rows, as text."""
        if not self.csv.exists():
            return []
        with self.csv.open(newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise InputError(f"{self.csv}: columns {reader.fieldnames}, not {', '.join(COLUMNS)}")
        for number, row in enumerate(rows, 2):
            if None in row or None in row.values():
                raise InputError(f"{self.csv}, line {number}: not {len(COLUMNS)} cells")
        return rows

    def done(self) -> dict[tuple[str, ...], list[Row]]:
        """The rows of each run in the table, by task, width, n_train and seed (as text)."""
        runs: dict[tuple[str, ...], list[Row]] = {}
        for row in self.rows():
            runs.setdefault(tuple(row[name] for name in KEY), []).append(row)
        return runs

    def add(self, rows: list[Row]) -> None:
        """Append the rows of one run."""
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows())  # read again: another process may have added some
        writer.writerows(rows)
        found = self._read_meta()
        kept = found["versions"] if found else []
        new = [v for v in self.meta["versions"] if v not in kept]
        meta = self.meta | {"versions": kept + new}
        write_together({
            self.json: (json.dumps(meta, indent=2) + "\n").encode(),
            self.csv: out.getvalue().encode(),
        })  # fmt: skip

    def _read_meta(self) -> dict[str, Any] | None:
        if not self.json.exists():
            return None
        try:
            found: dict[str, Any] = json.loads(self.json.read_text())
            found["settings"].keys()
            list(found["versions"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError(f"cannot read {self.json}: move both result files away") from None
        return found
