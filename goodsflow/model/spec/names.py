"""Patterns of names in the declaration: a name, or the start of names with ``*``."""

from __future__ import annotations


def matches(name: str, pattern: str) -> bool:
    """Say whether a name is the pattern's, or begins as it does before its ``*``."""
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return name == pattern
