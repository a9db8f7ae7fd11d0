"""Results of trained networks, read from where they were logged into one kind of table."""

from linscale.empirical.columns import Columns
from linscale.empirical.csv_json import read_csv, read_json
from linscale.empirical.lightning import read_lightning
from linscale.empirical.paper import read_paper, unet_parameters
from linscale.empirical.select import Grid, best_by_validation, grid
from linscale.empirical.series import Series
from linscale.empirical.sources import FORMATS, detect, read
from linscale.empirical.table import COLUMNS, Result, ResultTable, concat
from linscale.empirical.tensorboard import Scalars, read_scalars, read_tensorboard
from linscale.empirical.tfrecord import DamagedFile
from linscale.empirical.wandb import read_wandb

__all__ = [
    "COLUMNS",
    "FORMATS",
    "Columns",
    "DamagedFile",
    "Grid",
    "Result",
    "ResultTable",
    "Scalars",
    "Series",
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
