"""Estimators that give one risk for each N: what each is called, and who answers for it."""

from __future__ import annotations

from typing import Any, ClassVar

from linscale import theory
from linscale.errors import InvalidArgument, Unsupported
from linscale.filters import Filter
from linscale.models.problem import Model
from linscale.results.risk import RiskPoint


class Estimator:
    """A way to learn from N examples that leaves nothing to choose: one risk for each N.

    An estimator of your own says what it is called and what its risk is by theory, by simulation,
    or by both; :func:`linscale.curve`, sweeps, tables and figures then know it by its word.

    Class attributes
    ----------------
    word : str
        What it is called in Python, on the command line and in stores: "early_stopped". Without
        one it is an estimator as any other, but cannot be swept.
    label : str
        What it is called in tables and files: "early-stopped" (default: the word).
    title : str
        What it is called in a legend: "early-stopped gradient descent" (default: the label).
    short : str
        The same in at most six letters, above a column (default: the label's first six).
    parameter : str
        What ``at`` of its risk counts: "time", "iteration", "penalty".
    learns_targets : bool
        Whether it learns from the targets, so that simulation may draw or average their residual.

    Examples
    --------
    >>> import linscale as ls
    >>> class OneStep(ls.Estimator):
    ...     word, label, parameter = "one_step", "one step", "step"
    ...
    ...     def theory(self, model, n_train, *, order=1, complex_data=False):
    ...         return ls.theory.best_one_step(model, n_train, complex_data=complex_data)
    >>> model = ls.SubspaceModel(n=100, d=10, sigma=0.05)
    >>> one, many = (
    ...     ls.curve(model, [10, 1000], word, method="theory")
    ...     for word in ("one_step", "early_stopped")
    ... )
    >>> (one.value > many.value).tolist()
    [True, True]
    >>> try:
    ...     OneStep().simulation(model, 10)
    ... except ls.errors.Unsupported as error:
    ...     print(error)
    there is no simulation of one step
    """

    word: ClassVar[str] = ""
    label: ClassVar[str] = ""
    title: ClassVar[str] = ""
    short: ClassVar[str] = ""
    parameter: ClassVar[str] = "time"
    learns_targets: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = cls.__dict__
        word = own.get("word", "")
        cls.label = own.get("label", word or cls.__name__)
        cls.title, cls.short = own.get("title", cls.label), own.get("short", cls.label[:6])
        if not word:
            return
        if not word.isidentifier():
            what = "made of letters, digits and underscores"
            raise TypeError(f"{cls.__name__}: word = {word!r} must be {what}")
        if cls.theory is Estimator.theory and cls.simulation is Estimator.simulation:
            raise TypeError(f"{cls.__name__}: needs theory, simulation or both")
        register(cls)

    def theory(
        self, model: Model, n_train: int, *, order: int = 1, complex_data: bool = False
    ) -> RiskPoint:
        """The risk by theory; arguments as in :func:`linscale.theory.early_stopped`.

        Raises
        ------
        Unsupported
            Unless it is overridden: there is no theory.
        """
        raise Unsupported(f"there is no theory of {self.label}")

    def simulation(
        self,
        model: Model,
        n_train: int,
        *,
        trials: int = 1000,
        rng: Any = 0,
        engine: str = "auto",
        residual: str = "averaged",
        workers: int = 1,
    ) -> RiskPoint:
        """The risk by simulation; arguments as in :func:`linscale.montecarlo.early_stopped`.

        Raises
        ------
        Unsupported
            Unless it is overridden: there is no simulation.
        """
        raise Unsupported(f"there is no simulation of {self.label}")


ESTIMATORS: dict[str, type[Estimator]] = {}  # by word, in the order in which figures colour them


def register(cls: type[Estimator]) -> None:
    """Let ``cls.word`` stand for the estimator."""
    known = ESTIMATORS.get(cls.word)
    if known is not None and _name(known) != _name(cls):  # a notebook's cell may be run again
        raise TypeError(f"{cls.__name__}: word = {cls.word!r} is that of {_name(known)}")
    ESTIMATORS[cls.word] = cls


def label_of(name: str) -> str:
    """An estimator's label; another name as it is."""
    return ESTIMATORS[name].label if name in ESTIMATORS else name


def known() -> str:
    """Every word, as an error names them."""
    return ", ".join(map(repr, ESTIMATORS))


def estimator_of(given: Any) -> Estimator | Filter:
    """The estimator of a word; one that is given, and a filter, as it is.

    Parameters
    ----------
    given : str, Estimator, class of Estimator or Filter
        A word may have "-" for "_".

    Returns
    -------
    Estimator or Filter

    Raises
    ------
    InvalidArgument
        Anything else, naming what there is.

    Examples
    --------
    >>> from linscale.answer.estimator import estimator_of
    >>> estimator_of("early_stopped").title
    'early-stopped gradient descent'
    """
    if isinstance(given, type) and issubclass(given, Estimator):
        given = given()
    if isinstance(given, Filter) or (isinstance(given, Estimator) and type(given) is not Estimator):
        return given
    if isinstance(given, str) and given.replace("-", "_") in ESTIMATORS:
        return ESTIMATORS[given.replace("-", "_")]()
    raise InvalidArgument("estimator", repr(given)[:60], f"{known()} or a filter")


class EarlyStopped(Estimator):
    """Gradient flow, stopped where its expected risk is lowest."""

    word, label, short = "early_stopped", "early-stopped", "early"
    title = "early-stopped gradient descent"

    def theory(self, model: Model, n_train: int, **options: Any) -> RiskPoint:
        return theory.early_stopped(model, n_train, **options)

    def simulation(self, model: Model, n_train: int, **options: Any) -> RiskPoint:
        from linscale import montecarlo  # compiles its kernels, so only where it is asked

        return montecarlo.early_stopped(model, n_train, **options)


class LeastSquares(Estimator):
    """Gradient descent run to convergence."""

    word, label, short = "converged", "converged", "conv."
    title = "converged (least squares)"

    def theory(self, model: Model, n_train: int, **options: Any) -> RiskPoint:
        return theory.converged(model, n_train, **options)

    def simulation(self, model: Model, n_train: int, **options: Any) -> RiskPoint:
        from linscale import montecarlo

        return montecarlo.converged(model, n_train, **options)


class PlugInPCA(Estimator):
    """Projection on the sample covariance's leading eigenvectors, in the Wiener filter's place."""

    word, label, short, title = "pca", "PCA", "PCA", "plug-in PCA"
    learns_targets = False

    def theory(self, model: Model, n_train: int, **options: Any) -> RiskPoint:
        return theory.pca(model, n_train, **options)

    def simulation(
        self, model: Model, n_train: int, *, residual: str = "averaged", **options: Any
    ) -> RiskPoint:
        from linscale import montecarlo

        return montecarlo.pca(model, n_train, **options)


class BestRidge(Estimator):
    """Ridge regression at the penalty where its expected risk is lowest."""

    word, label, short = "best_ridge", "ridge", "ridge"
    title, parameter = "ridge, best penalty", "penalty"

    def theory(self, model: Model, n_train: int, **options: Any) -> RiskPoint:
        return theory.best_ridge(model, n_train, **options)

    def simulation(self, model: Model, n_train: int, **options: Any) -> RiskPoint:
        from linscale import montecarlo

        return montecarlo.best_ridge(model, n_train, **options)


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
