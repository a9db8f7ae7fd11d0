"""The ``linscale`` command. Each subcommand lives in a module of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from linscale import __version__
from linscale.cli import derive, imports, predict, risk, sweep
from linscale.cli.said import warnings_told
from linscale.cli.tools import guarded


class Parser(argparse.ArgumentParser):
    """Errors are one line on standard error, with exit status 2."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        sys.exit(2)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = Parser(
        "linscale", description="How much a learned reconstruction gains from more training data."
    )
    parser.add_argument("--version", action="version", version=f"linscale {__version__}")
    subcommands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=Parser
    )
    risk.add_to(subcommands)
    predict.add_to(subcommands)
    sweep.add_to(subcommands)
    derive.add_to(subcommands)
    imports.add_to(subcommands)
    options = parser.parse_args(argv)
    with warnings_told():
        return guarded(f"linscale {options.command}", lambda: options.run(options))
