"""A text that must not be shown by mistake."""

from __future__ import annotations


class Secret:
    """A password: whoever prints it, logs it or formats it gets asterisks.

    Args:
        text: The password itself.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the password itself."""
        return self._text

    def __repr__(self) -> str:
        """Hide it."""
        return "Secret('**********')"

    def __str__(self) -> str:
        """Hide it."""
        return "**********"

    def __eq__(self, other: object) -> bool:
        """Whether both are the same password."""
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        """Follow equality."""
        return hash(self._text)
