"""Theory beside simulation or training, computed once and saved as one value."""

# Each registers the kind of study that it holds, which Study.load then knows.
import linscale.studies.prediction_study
import linscale.studies.subspace
import linscale.studies.training  # noqa: F401
