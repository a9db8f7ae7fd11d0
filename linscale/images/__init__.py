"""Images: where they come from, their noise, and the covariances that they make."""

from linscale.images.load import Image, as_images, load_images, patches

__all__ = ["Image", "as_images", "load_images", "patches"]
