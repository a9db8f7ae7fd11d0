"""Sweeps: many questions at once, computed on many cores, kept in a store that survives.

Arrows: ranges -> estimators -> cells -> grid; cells -> outcome -> rows, connection -> store;
outcome -> cluster, pool; all of them -> runner, forecast, exports. Phase diagrams ask questions
that are Python functions: fingerprint -> phase_cells -> phase_store; parallel; these -> phases.
"""

from linscale.sweep.cells import Cell
from linscale.sweep.exports import export, to_xarray
from linscale.sweep.grid import Grid
from linscale.sweep.outcome import Outcome, compute
from linscale.sweep.phases import Phase, phase
from linscale.sweep.runner import Report, run
from linscale.sweep.store import Store

__all__ = [
    "Cell",
    "Grid",
    "Outcome",
    "Phase",
    "Report",
    "Store",
    "compute",
    "export",
    "phase",
    "run",
    "to_xarray",
]
