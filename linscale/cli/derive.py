"""``linscale derive``: the closed forms, as LaTeX or SymPy, ready to paste."""

from __future__ import annotations

import argparse
from typing import Any

from linscale.errors import InvalidArgument


def add_to(subcommands: Any) -> None:
    """Add the subcommand and its options."""
    parser = subcommands.add_parser(
        "derive",
        help="print a closed form as LaTeX and SymPy",
        description="Print a closed form of the subspace model; without NAME, list them.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="such as two_steps")
    parser.add_argument(
        "--as", dest="form", choices=("latex", "sympy"), help="that alone, for a pipe or a file"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what was asked for; SymPy is loaded here and not before."""
    from linscale.symbolic import FORMS

    if options.name is None:
        width = max(map(len, FORMS))
        for form in FORMS.values():
            print(f"{form.name:{width}}  {form.says}")
        return 0
    if options.name not in FORMS:
        raise InvalidArgument("NAME", options.name, "one of " + ", ".join(FORMS))
    form = FORMS[options.name]
    if options.form == "latex":
        print(form.latex)
    elif options.form == "sympy":
        print(form.expr)
    else:
        print(f"{form.says}\n\nLaTeX\n{form.latex}\n\nSymPy\n{form.expr}\n")
        print(f"derived in derivations/{form.derivation}.py")
    return 0
