"""What is worth a line and no warning: what was left out, or done before the pixels were seen."""

from __future__ import annotations


class Notes:
    """Notes with the names that they are about: each is said once, however many names there are.

    Examples
    --------
    >>> from linscale.images.notes import Notes
    >>> notes = Notes()
    >>> for name in ("._0.png", "._1.png", "._2.png"):
    ...     notes.add("hidden files skipped", name)
    >>> notes.lines()
    ['hidden files skipped: 3 (._0.png, ._1.png, ...)']
    """

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {}

    def add(self, text: str, name: str) -> None:
        """One more name that a note is about.

        Parameters
        ----------
        text : str
            The note.
        name : str
            Of a file or an image.

        Examples
        --------
        >>> from linscale.images.notes import Notes
        >>> notes = Notes()
        >>> notes.add("hidden files skipped", ".DS_Store")
        >>> notes.lines()
        ['hidden files skipped: 1 (.DS_Store)']
        """
        self._names.setdefault(text, []).append(name)

    def lines(self) -> list[str]:
        """A line for each note, with the number of names and the first two.

        Returns
        -------
        list of str

        Examples
        --------
        >>> from linscale.images.notes import Notes
        >>> Notes().lines()
        []
        """
        return [
            f"{text}: {len(names):,} ({', '.join([*names[:2], *(['...'] if names[2:] else [])])})"
            for text, names in self._names.items()
        ]
