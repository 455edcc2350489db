"""Text that is safe to print on a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Replace each control character, with which a shop could move the cursor."""
    return "".join(char if char.isprintable() else " " for char in text)
