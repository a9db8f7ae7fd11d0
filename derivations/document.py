"""The write-up: Markdown with LaTeX from what the derivations recorded, and HTML or PDF of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import sympy as sp

from derivations.derivation import Derivation, Line
from derivations.references import REFERENCES

LONGEST = 900  # characters of LaTeX that a reader can take in
PATH = Path(__file__).with_name("derivations.md")

INTRODUCTION = """\
# The formulas of linscale, derived

This file is written by `python -m derivations`, with SymPy {version}. The run that derives a
formula writes it down, and tests hold every result (boxed) against the code that uses it, and show
that they fail when a term of any equation below is spoiled. A *lemma* is a theorem taken from the
literature, or where it says so a formal extension of one; a *check* was carried out by the program,
large rational functions by exact arithmetic at three rational points.

Notation: N training pairs; S = Cov(y) with eigenvalues $l_j$ of multiplicity $n_j$, and
$n = \\sum_j n_j$; $\\hat S = YY'/N$; B the best linear estimator, $w_j$ its weight on the
eigenspace j (`target_weights`, a total); $\\rho$ a residual filter; m the companion Stieltjes
transform, $\\kappa = 1/m$ the effective penalty. The algebra is carried for two or
three atoms where sums over j appear; no step depends on their number.
"""


def markdown(chapters: Sequence[tuple[str, Derivation]]) -> str:
    """The whole document."""
    body = [chapter(i, label, d) for i, (label, d) in enumerate(chapters, 1)]
    contents = "\n".join(
        f"{i}. [{module(label).TITLE}](#{label.replace('_', '-')}) (`{label}`)"
        for i, (label, _) in enumerate(chapters, 1)
    )
    text = "\n".join(body)
    cited = [key for key in REFERENCES if f"[{key}]" in text]
    references = "\n".join(f"- **[{key}]** {REFERENCES[key]}" for key in cited)
    start = INTRODUCTION.format(version=sp.__version__)
    return f"{start}\n## Contents\n\n{contents}\n\n{text}\n## References\n\n{references}\n"


def module(label: str):  # type: ignore[no-untyped-def]
    """The module of a label."""
    return import_module(f"derivations.{label}")


def chapter(number: int, label: str, d: Derivation) -> str:
    """One derivation as a section with numbered equations."""
    anchor = f'<a id="{label.replace("_", "-")}"></a>\n\n'
    statement = (module(label).__doc__ or "").strip()
    out = [f"{anchor}## {number}. {module(label).TITLE}\n", f"```text\n{statement}\n```\n"]
    assumed = [line.text for line in d.lines if line.kind == "assume"]
    if assumed:
        out.append("**Assumed.** " + " ".join(assumed) + "\n")
    count = 0
    for line in d.lines:
        if line.expr is not None:
            count += 1
        if line.kind != "assume":
            out.append(written(line, f"{number}.{count}"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out))


def written(line: Line, tag: str) -> str:
    """One line of a derivation."""
    if line.kind == "say":
        return line.text + "\n"
    if line.kind == "check":
        return f"- *Check:* {line.text}.\n"
    text = line.text + "\n" if line.text else ""
    if line.kind == "lemma":
        text = f"*Lemma* [{line.source}]. {line.text}\n"
    return text if line.expr is None else f"{text}\n{equation(line, tag)}\n"


def equation(line: Line, tag: str) -> str:
    """A displayed equation, or what it is where it is too long to be read."""
    right = sp.latex(line.expr)
    if len(right) > LONGEST:
        what = f"`results[{line.name!r}]`" if line.name else "it"
        left = f"${line.lhs}$, " if line.lhs else ""
        return (
            f"{left}({tag}): {what} has {sp.count_ops(line.expr)} operations, too many to print; "
            "it is what the equations above make it.\n"
        )
    whole = f"{line.lhs} = {right}" if line.lhs else right
    if line.kind == "result":
        whole = f"\\boxed{{{whole}}}"
    return f"$$\n{whole} \\tag{{{tag}}}\n$$\n"


def write(text: str, folder: Path) -> list[Path]:
    """derivations.md, and HTML and PDF where pandoc and a LaTeX engine are installed."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / PATH.name
    source.write_text(text, encoding="utf-8")
    made = [source]
    if shutil.which("pandoc"):
        # The equations are numbered by hand: pandoc's own dollars must not swallow the tags.
        kinds = {"html": ["--standalone", "--mathjax", "--metadata", "title=linscale"]}
        engine = next((e for e in ("tectonic", "xelatex", "pdflatex") if shutil.which(e)), None)
        if engine:
            kinds["pdf"] = [f"--pdf-engine={engine}"]
        for kind, options in kinds.items():
            target = source.with_suffix(f".{kind}")
            done = subprocess.run(
                ["pandoc", source, "--from", "gfm+tex_math_dollars", *options, "-o", target],
                capture_output=True,
                check=False,
            )
            if done.returncode == 0:
                made.append(target)
    return made


def undefined_citations(text: str) -> set[str]:
    """Keys in brackets that look like a citation and are no reference."""
    return set(re.findall(r"\[([A-Z][A-Za-z]+)\]", text)) - set(REFERENCES)
