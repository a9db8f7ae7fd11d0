"""Risk against the number of training examples: theory beside simulation, as one saved value."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from linscale.answer.estimator import label_of
from linscale.errors import InputError
from linscale.results import display
from linscale.results.curve import columns_of
from linscale.results.risk import CURVE_COLUMNS, RiskCurve
from linscale.results.words import span
from linscale.studies.tables import Column
from linscale.support.files import write_together
from linscale.support.validate import FloatArray

FORMAT = 3  # 2: error estimates and methods of every value; 3: estimators by their words
OLDEST = 2
WORDS = {"early-stopped": "early_stopped", "PCA": "pca", "ridge": "best_ridge"}  # of format 2
META = {"draws": "trials"}
THEORY_POINTS = 80


@dataclass(frozen=True, eq=False)
class Study(ABC):
    """Learning curves by theory and by simulation.

    A kind of study is a class: ``class MyStudy(Study, kind="mine")`` says how its table reads, and
    ``kind`` is the word in its file. A module that holds one is imported by ``studies/__init__``.
    To be written: ``columns``, ``headline`` and ``footnote``.

    Attributes
    ----------
    theory, simulated : mapping from an estimator's word, or another name, to a RiskCurve
        Theory on a grid of n_train fine enough to draw, which holds every simulated n_train.
    exponent : (len(n_train),) array
        d log R / d log N of the first theory curve, at the simulated n_train.
    floor : float
        Risk of the best linear estimator.
    saturation : int
        n_train beyond which less than 1 % is left to gain by the first estimator.
    meta : dict
        Parameters, seed and versions; JSON.

    Raises
    ------
    ValueError
        Without any theory, or without simulation where ``simulates`` says that there is some.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import linscale as ls
    >>> from linscale.studies.study import Study
    >>> from linscale.studies.tables import Column, text
    >>> class EndsStudy(Study, kind="ends"):  # early stopping by theory, converging by simulation
    ...     def columns(self):
    ...         N = self.meta["n_train"]
    ...         return [Column("", "N", "n_train", "{:d}", N), *self.early_columns(N, "time")]
    ...     def headline(self):
    ...         return "Early-stopped descent"
    ...     def footnote(self):
    ...         return "\\n".join([self.saturates(), *self.remarks()])
    >>> model, N = ls.SubspaceModel(n=20, d=2, sigma=0.3), [20]
    >>> study = EndsStudy(
    ...     theory={"early_stopped": ls.curve(model, N, method="theory")},
    ...     simulated={"converged": ls.curve(model, N, "converged", method="montecarlo", trials=9)},
    ...     exponent=np.array([float(ls.theory.local_exponent(model, n)) for n in N]),
    ...     floor=ls.theory.floor(model),
    ...     saturation=ls.theory.saturation(model),
    ...     meta={"n_train": N},
    ... )
    >>> print(study.headline(), text(study.columns()[:1]), study.footnote(), sep="\\n")
    Early-stopped descent
    <BLANKLINE>
     N
    --
    20
    Beyond N = 525 less than 1 % is left to gain by early-stopped descent (floor 0.08257).
    converged (simulated), N = 20: the mean is infinite for |n_train - n| <= 1 (n = 20).

    A file holds it whole, and says of which kind it is:

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     study.save(Path(folder, "ends.npz"))
    ...     again = Study.load(Path(folder, "ends.npz"))
    >>> again.kind, text(again.columns()) == text(study.columns())
    ('ends', True)
    >>> again.to_bytes() == study.to_bytes()
    True
    """

    theory: Mapping[str, RiskCurve]
    simulated: Mapping[str, RiskCurve]
    exponent: FloatArray
    floor: float
    saturation: int
    meta: dict[str, Any]

    kind: ClassVar[str]
    simulates: ClassVar[bool] = True  # whether it holds more than theory

    def __init_subclass__(cls, *, kind: str) -> None:
        if kind in KINDS:
            raise TypeError(f"kind={kind!r} is that of {KINDS[kind].__name__}")
        cls.kind = kind
        KINDS[kind] = cls

    def __post_init__(self) -> None:
        if not self.theory or (self.simulates and not self.simulated):
            raise ValueError(f"{type(self).__name__}: curves are missing")

    @abstractmethod
    def columns(self) -> list[Column]:
        """Its table: a row for each n_train."""

    @abstractmethod
    def headline(self) -> str:
        """What the table shows, in a line above it."""

    @abstractmethod
    def footnote(self) -> str:
        """What to know before reading it, below it."""

    def save(self, path: str | Path) -> None:
        """Write one .npz file, ``path``, whole or not at all.

        Raises
        ------
        InputError
            A file that cannot be written.
        """
        write_together({Path(path): self.to_bytes()})

    def to_bytes(self) -> bytes:
        """The content of that .npz file."""
        arrays: dict[str, Any] = {"exponent": self.exponent}
        header: dict[str, Any] = {
            "format": FORMAT, "floor": self.floor, "saturation": self.saturation,
            "meta": {"kind": ""} | self.meta | {"kind": self.kind}, "curves": [],
        }  # fmt: skip
        for source in ("theory", "simulated"):
            for name, curve in getattr(self, source).items():
                entry = [source, name, curve.floor, list(curve.methods), list(curve.statuses)]
                header["curves"].append(entry)
                for column in ("n_train", *CURVE_COLUMNS):
                    arrays[f"{source}/{name}/{column}"] = getattr(curve, column)
        buffer = BytesIO()
        np.savez_compressed(buffer, header=np.array(json.dumps(header)), **arrays)
        return buffer.getvalue()

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` wrote: a study of the kind that it was.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        InputError
            If the file is missing, is not such a file, is of another kind than the class that is
            asked, or was written in another format.
        """
        try:
            study = _read(Path(path))
        except FileNotFoundError:
            raise InputError(f"no such file: {path}") from None
        except InputError:
            raise
        except Exception as error:  # damage shows in many ways, and all mean the same
            raise InputError(f"{path} is not a saved study ({type(error).__name__})") from None
        if not isinstance(study, cls):
            raise InputError(f"{path} holds a {type(study).__name__}, not a {cls.__name__}")
        return study

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for each n_train of each curve.

        Returns
        -------
        pandas.DataFrame
            Columns source ("theory" or "simulated"), estimator, and those of
            :meth:`linscale.results.RiskCurve.to_frame`.

        Raises
        ------
        InputError
            Where pandas is not installed.

        Examples
        --------
        >>> import linscale as ls
        >>> from linscale.studies.subspace import subspace_study
        >>> model = ls.SubspaceModel(n=12, d=3, sigma=0.3)
        >>> frame = subspace_study(model, [10], trials=5).to_frame()
        >>> frame[["source", "estimator", "n_train"]].tail(2)
              source  estimator  n_train
        4  simulated  converged       10
        5  simulated        pca       10
        """
        columns: dict[str, list[Any]] = {}
        for source in ("theory", "simulated"):
            for name, curve in getattr(self, source).items():
                size = curve.n_train.size
                named = {"source": source, "estimator": name} | columns_of(curve)
                for column, values in named.items():
                    cells = [values] * size if np.ndim(values) == 0 else list(values)
                    columns.setdefault(column, []).extend(cells)
        return display.frame(columns)

    def plot(self, ax: Any = None, **line: Any) -> Any:
        """Draw its curves against the number of training examples.

        Theory is lines, dotted where a status is not "ok"; simulated values are points with bars of
        one standard error, hollow where a status is not "ok". The floor is thin and dashed, a line
        marks the saturation.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Drawn into beside what is there, without a legend, which is the caller's to add; without
            one, a new figure of pyplot with a legend.
        line
            Keywords of all lines, such as ``color``; a ``label`` goes before each curve's name.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        InvalidArgument
            Where ax is not an Axes.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> import linscale as ls
        >>> from linscale.studies.subspace import subspace_study
        >>> model = ls.SubspaceModel(n=12, d=3, sigma=0.3)
        >>> ax = subspace_study(model, [10], trials=5).plot(Figure().subplots())
        >>> ax.get_ylabel()
        'risk per subspace dimension'
        """
        return display.plot(self, ax, line)

    def __repr__(self) -> str:
        sizes = np.concatenate([curve.n_train for curve in self.theory.values()])
        simulated = f"simulated={list(self.simulated)}, " if self.simulated else ""
        return (
            f"{type(self).__name__}(theory={list(self.theory)}, {simulated}"
            f"n_train={span(sizes)}, floor={self.floor:.4g}, saturation={self.saturation!r})"
        )

    def early_columns(self, n_train: list[int], parameter: str) -> list[Column]:
        """Best stopping, local exponent, and the share of the risk that is learning error.

        ``n_train`` are the rows, and ``parameter`` is what stopping counts: "time", "iteration".
        """
        early = self.theory["early_stopped"].at_n_train(n_train)
        share = 100.0 * (1.0 - self.floor / early.value)
        return [
            Column("best", parameter, f"best {parameter}", "{:.4g}", early.at.tolist()),
            Column("local", "exponent", "local exponent", "{:+.3f}", self.exponent.tolist()),
            Column("learning", "error %", "learning error %", "{:.1f}", share.tolist()),
        ]

    def saturates(self) -> str:
        """Where less than 1 % is left to gain, in a sentence."""
        return (
            f"Beyond N = {self.saturation:,} less than 1 % is left to gain by early-stopped "
            f"descent (floor {self.floor:.4g})."
        )

    def remarks(self) -> list[str]:
        """What simulation and theory have to say about their own values, each once."""
        n_train = next(iter(self.simulated.values())).n_train.tolist()
        asked = [(f"{label_of(name)} (simulated)", c) for name, c in self.simulated.items()]
        asked += [(label_of(name), c.at_n_train(n_train)) for name, c in self.theory.items()]
        said: dict[tuple[int, str], str] = {}
        for name, curve in asked:
            for N, status in zip(curve.n_train, curve.statuses, strict=True):
                if status != "ok":
                    said.setdefault((int(N), status), f"{name}, N = {N}: {status}.")
        return list(said.values())


KINDS: dict[str, type[Study]] = {}  # by the word in a file's header


def _read(path: Path) -> Study:
    with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as data:
        header = json.loads(str(data["header"]))
        if header["format"] > FORMAT:
            raise InputError(f"{path} was written by a newer linscale; update to read it")
        if header["format"] < OLDEST:
            raise InputError(
                f"{path} was written by an older linscale, which kept no error estimates; "
                "run the study again"
            )
        curves: dict[str, dict[str, RiskCurve]] = {"theory": {}, "simulated": {}}
        for source, name, floor, methods, statuses in header["curves"]:
            columns = {c: data[f"{source}/{name}/{c}"] for c in ("n_train", *CURVE_COLUMNS)}
            curves[source][WORDS.get(name, name)] = RiskCurve(
                **columns, methods=tuple(methods), statuses=tuple(statuses), floor=floor
            )
        meta = {META.get(name, name): value for name, value in header["meta"].items()}
        return KINDS[meta.pop("kind")](
            **curves,
            exponent=data["exponent"],
            floor=float(header["floor"]),
            saturation=int(header["saturation"]),
            meta=meta,
        )


def progress_at(
    progress: Callable[[int], object] | None, n_train: int
) -> Callable[[], object] | None:
    """The progress callback of one n_train.

    Parameters
    ----------
    progress : function of an int, or None
    n_train : int

    Returns
    -------
    function or None
        Of no argument: calls ``progress(n_train)``.

    Examples
    --------
    >>> from linscale.studies.study import progress_at
    >>> progress_at(print, 30)()
    30
    """
    return None if progress is None else partial(progress, n_train)


def theory_grid(
    n_train: Sequence[int], peak: int | None = None, points: int = THEORY_POINTS
) -> list[int]:
    """Integers spread evenly in log N over the range of n_train, holding every one of them.

    Parameters
    ----------
    n_train : sequence of int
    peak : int, optional
        An n_train at which a curve diverges: points close in on it from both sides.
    points : int
        How many, about.

    Returns
    -------
    list of int
        In ascending order, each once.

    Examples
    --------
    >>> from linscale.studies.study import theory_grid
    >>> theory_grid([1, 30, 1000], points=4)
    [1, 10, 30, 100, 1000]
    """
    low, high = min(n_train), max(n_train)
    grid = {*np.round(np.geomspace(low, high, points)).astype(int).tolist(), *n_train}
    if peak is not None:
        gaps = np.unique(np.round(np.geomspace(1, max(peak / 2, 1), 12)).astype(int)).tolist()
        near = {peak, *(peak + gap for gap in gaps), *(peak - gap for gap in gaps)}
        grid |= {N for N in near if low <= N <= high}
    return sorted(grid)
