"""Gaussian data: deterministic equivalents of the sample covariance and their 1/N term."""
