"""Theory of the risk: deterministic equivalents, closed forms, early stopping, PCA.

Arrows: stieltjes -> contours -> equivalents -> limits -> risk -> stopping, pca.
"""

from linscale.theory.limits import converged, one_step
from linscale.theory.pca import pca
from linscale.theory.risk import risk
from linscale.theory.stieltjes import effective_penalty, sample_spectrum
from linscale.theory.stopping import early_stopped, local_exponent, saturation

__all__ = [
    "converged",
    "early_stopped",
    "effective_penalty",
    "local_exponent",
    "one_step",
    "pca",
    "risk",
    "sample_spectrum",
    "saturation",
]
