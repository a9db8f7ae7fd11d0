"""Every formula that the package uses, derived in SymPy.

``python -m derivations`` runs them all and writes derivations/derivations.md. Each module has a
``TITLE``, a docstring that states the result, and ``derive(d)``; its name is the label by which
docstrings of the package point to it.
"""

from __future__ import annotations

from importlib import import_module

from derivations.derivation import Derivation, Tamper

LABELS = (
    "wiener",
    "reduction",
    "filters",
    "moments",
    "one_step",
    "two_steps",
    "converged",
    "companion",
    "two_atoms",
    "two_resolvents",
    "finite_size",
    "mixtures",
    "mixtures_finite",
    "contours",
    "ridge",
    "large_n",
    "stopping",
    "pca",
    "exponents",
    "band",
    "rare",
)


def derive(label: str, tamper: Tamper | None = None) -> Derivation:
    """Run one derivation."""
    d = Derivation(tamper)
    import_module(f"derivations.{label}").derive(d)
    return d
