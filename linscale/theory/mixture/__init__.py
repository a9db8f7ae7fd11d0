"""Scale mixtures: signals whose contrast varies."""
