"""Name patterns in the declaration: a name, or a prefix followed by ``*``."""

from __future__ import annotations


def matches(name: str, pattern: str) -> bool:
    """Return whether a name matches a pattern, such as ``goods`` or ``goods*``."""
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return name == pattern
