"""Secrets: a text that is never shown by mistake, and files only its owner can read."""

from __future__ import annotations

import secrets
from pathlib import Path

from goodsflow.common.atomic_file import write_whole


class Secret:
    """A password that prints, logs and formats as asterisks.

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
        """Return asterisks."""
        return "Secret('**********')"

    def __str__(self) -> str:
        """Return asterisks."""
        return "**********"

    def __eq__(self, other: object) -> bool:
        """Whether both are the same password."""
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        """Follow equality."""
        return hash(self._text)


def write_secret(path: Path) -> None:
    """Write a new random password to a file of mode 0600, completely or not at all.

    Raises:
        OSError: The file cannot be written.
    """
    # URL-safe characters need no quoting in JAAS, properties or XML.
    write_whole(path, secrets.token_urlsafe(24).encode())
