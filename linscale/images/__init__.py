"""Images: where they come from, their scale and noise, and the covariances that they make."""

from linscale.images.image import Image, patches
from linscale.images.load import Reading, as_images, load_images, read
from linscale.images.scale import Summary

__all__ = ["Image", "Reading", "Summary", "as_images", "load_images", "patches", "read"]
