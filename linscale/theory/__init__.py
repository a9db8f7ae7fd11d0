"""Theory of the risk: deterministic equivalents, closed forms, early stopping, PCA.

Arrows: contours -> terms -> the numbers of gaussian and mixture; spectrum -> rare -> trust,
outliers -> law -> assembly -> limits -> risk_path -> stopping -> exponents -> required_examples.
tuned_ridge, large_sample, principal_components and wishart are beside them. gaussian.law and
mixture.law say what the numbers mean, and register.
"""

# Each law registers the kind of problem that it answers for.
import linscale.theory.gaussian.law
import linscale.theory.mixture.law  # noqa: F401
from linscale.theory.exponents import local_exponent, power_law
from linscale.theory.gaussian.stieltjes import effective_penalty, sample_spectrum
from linscale.theory.large_sample import large_n
from linscale.theory.limits import (
    best_one_step,
    converged,
    floor,
    large_n_stopping_time,
    one_step,
    vanishing_noise,
)
from linscale.theory.principal_components import pca, subspace_overlap
from linscale.theory.required_examples import required_n_train, saturation
from linscale.theory.risk_path import risk
from linscale.theory.spectrum import density, support, transition
from linscale.theory.stopping import best_iteration, early_stopped, stopping_window
from linscale.theory.tuned_ridge import best_ridge
from linscale.theory.wishart import two_steps

__all__ = [
    "best_iteration",
    "best_one_step",
    "best_ridge",
    "converged",
    "density",
    "early_stopped",
    "effective_penalty",
    "floor",
    "large_n",
    "large_n_stopping_time",
    "local_exponent",
    "one_step",
    "pca",
    "power_law",
    "required_n_train",
    "risk",
    "sample_spectrum",
    "saturation",
    "stopping_window",
    "subspace_overlap",
    "support",
    "transition",
    "two_steps",
    "vanishing_noise",
]
