"""Theory beside simulation or training, computed once and saved as one value."""
