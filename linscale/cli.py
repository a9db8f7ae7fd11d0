"""The ``linscale`` command. Each subcommand lives in a module of its own."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from threadpoolctl import threadpool_limits

from linscale import __version__, cli_derive, cli_import, cli_predict, cli_risk
from linscale.errors import LinscaleError


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
    cli_risk.add_to(subcommands)
    cli_predict.add_to(subcommands)
    cli_derive.add_to(subcommands)
    cli_import.add_to(subcommands)
    options = parser.parse_args(argv)
    try:
        # Threads run draws; the matrices inside are too small for BLAS threads of their own.
        with threadpool_limits(limits=1):
            status = int(options.run(options))
            sys.stdout.flush()
            return status
    except BrokenPipeError:  # the reader, head say, has seen enough; files are written by then
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except LinscaleError as error:
        message, status = str(error), 2
    except KeyboardInterrupt:
        message, status = "interrupted", 130
    except OSError as error:
        message, status = str(error), 1
    except MemoryError:
        message, status = "not enough memory for this size", 1
    print(f"linscale {options.command}: {message}", file=sys.stderr)
    return status
