"""What is odd about the noise that is asked for, beside the images that it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linscale.images import Image
from linscale.operators.tasks import Task
from linscale.support.validate import FloatArray

SIGNALS = 4000  # about as many as the ratio, which is for reading, is taken from
HOPELESS = 0.9  # NMSE of the floor: beyond it noise or white is probably not what was meant


def signal_to_noise(images: Sequence[Image], size: int | None, task: Task, sigma: float) -> float:
    """10 log10(E|A x|^2 / (n sigma^2)) with x centred, in dB, over patches of the images.

    Parameters
    ----------
    images : sequence of Image
    size : int or None
        Side of a signal; None where whole images are the signals.
    task : Task
        A, (n, p).
    sigma : float
        Above 0; white is 1.

    Returns
    -------
    float
        -inf for images of one value.

    Examples
    --------
    >>> import numpy as np
    >>> from linscale.images import Image
    >>> from linscale.operators import tasks
    >>> from linscale.studies.doubts import signal_to_noise
    >>> dark, light = (Image(f"{grey}", np.full((8, 8), grey)) for grey in (0.4, 0.6))
    >>> round(signal_to_noise([dark, light], 4, tasks.resolve("denoising", (4, 4)), 0.01), 6)
    20.0
    """
    signals = _signals(images, size)
    signals = signals - signals.mean(axis=1, keepdims=True)
    if not task.is_identity:
        signals = task.operator.matmat(signals)
    power = float(np.mean(signals**2))
    return 10.0 * float(np.log10(power / sigma**2)) if power > 0.0 else -np.inf


def _signals(images: Sequence[Image], size: int | None) -> FloatArray:
    """Signals side by side as columns: the images, or as many patches of each, evenly spread."""
    if size is None:
        return np.stack([image.pixels.ravel() for image in images], axis=1)
    each, parts = -(-SIGNALS // len(images)), []
    for image in images:
        windows = np.lib.stride_tricks.sliding_window_view(image.pixels, (size, size))
        places = windows.shape[0] * windows.shape[1]
        chosen = np.linspace(0, places - 1, min(each, places)).astype(int)
        rows, columns = np.unravel_index(chosen, windows.shape[:2])
        parts.append(windows[rows, columns].reshape(len(chosen), -1))
    return np.concatenate(parts).T


def too_loud(sigma: float, white: float | None = None) -> str:
    """What to say of a sigma above 1; nothing of one that is not.

    Parameters
    ----------
    sigma : float
        A share of white.
    white : float, optional
        What is white in the files, if that was told.

    Returns
    -------
    str

    Examples
    --------
    >>> from linscale.studies.doubts import too_loud
    >>> print(too_loud(25.0))
    sigma = 25 is a share of white, 25 times all that is between black and white; if 25 of 255 were\
 meant type --sigma 25/255 (in Python sigma='25/255')
    >>> too_loud(0.1)
    ''
    """
    if sigma <= 1.0:
        return ""
    if white is None or white <= 1.0:
        white = 255.0 if sigma <= 255.0 else 65535.0
    typed = f"{sigma:g}/{white:g}"
    return (
        f"sigma = {sigma:g} is a share of white, {sigma:g} times all that is between black and "
        f"white; if {sigma:g} of {white:g} were meant type --sigma {typed} "
        f"(in Python sigma='{typed}')"
    )


def too_high(nmse: float, understood: str) -> str:
    """What to say where the best linear estimator recovers next to nothing; else nothing.

    Parameters
    ----------
    nmse : float
        Of the floor: its risk over that of the mean image.
    understood : str
        What was read, in one line.

    Returns
    -------
    str

    Examples
    --------
    >>> from linscale.studies.doubts import too_high
    >>> print(too_high(0.97, "3 images of 64 x 64"))
    the floor's NMSE is 0.970: even the best linear estimator recovers next to nothing of what was\
 read, 3 images of 64 x 64; if noise or white was meant otherwise say so, as --sigma 5/255 or\
 --white max (in Python sigma='5/255', white='max')
    >>> too_high(0.5, "3 images of 64 x 64")
    ''
    """
    if nmse <= HOPELESS:
        return ""
    return (
        f"the floor's NMSE is {nmse:.3f}: even the best linear estimator recovers next to nothing "
        f"of what was read, {understood}; if noise or white was meant otherwise say so, as "
        "--sigma 5/255 or --white max (in Python sigma='5/255', white='max')"
    )
