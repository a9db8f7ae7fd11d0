"""Results of trained networks, read from where they were logged into one kind of table.

Arrows: metrics -> table -> columns -> records -> reader; columns -> series; all of these -> a
module for each format -> sources. select is beside them.
"""

# Each registers the formats that it reads, in the order in which they are listed.
# isort: off
import linscale.empirical.csv_json
import linscale.empirical.tensorboard
import linscale.empirical.lightning
import linscale.empirical.wandb
import linscale.empirical.paper  # noqa: F401

# isort: on
from linscale.empirical.columns import Columns
from linscale.empirical.csv_json import read_csv, read_json
from linscale.empirical.lightning import read_lightning
from linscale.empirical.paper import read_paper, unet_parameters
from linscale.empirical.reader import READERS, Reader, Source
from linscale.empirical.select import Grid, best_by_validation, grid
from linscale.empirical.series import Series
from linscale.empirical.sources import detect, read
from linscale.empirical.table import COLUMNS, Result, ResultTable, concat
from linscale.empirical.tensorboard import Scalars, read_scalars, read_tensorboard
from linscale.empirical.tfrecord import DamagedFile
from linscale.empirical.wandb import read_wandb

FORMATS = tuple(READERS)  # of the package itself

__all__ = [
    "COLUMNS",
    "FORMATS",
    "READERS",
    "Columns",
    "DamagedFile",
    "Grid",
    "Reader",
    "Result",
    "ResultTable",
    "Scalars",
    "Series",
    "Source",
    "best_by_validation",
    "concat",
    "detect",
    "grid",
    "read",
    "read_csv",
    "read_json",
    "read_lightning",
    "read_paper",
    "read_scalars",
    "read_tensorboard",
    "read_wandb",
    "unet_parameters",
]
