"""``python -m derivations``: run them all and write the document."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from derivations import LABELS, derive
from derivations.derivation import Broken
from derivations.document import PATH, markdown, write


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m derivations", description="Derive every formula and write them up."
    )
    parser.add_argument(
        "--out", type=Path, default=PATH.parent, metavar="FOLDER", help="where to write it"
    )
    options = parser.parse_args()
    chapters = []
    try:
        for i, label in enumerate(LABELS, 1):
            start = time.perf_counter()
            print(f"{i:2d}/{len(LABELS)} {label:16s}", end="", flush=True)
            d = derive(label)
            chapters.append((label, d))
            checks = sum(line.kind == "check" for line in d.lines)
            seconds = time.perf_counter() - start
            print(f"{d.equations:3d} equations, {checks:2d} checks, {seconds:5.1f} s")
        for path in write(markdown(chapters), options.out):
            print(f"wrote {path}")
    except Broken as error:
        print(f"\nbroken: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"cannot write the document: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
