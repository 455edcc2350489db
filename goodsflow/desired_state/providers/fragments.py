"""Parts of a declaration that providers make from the actual state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class DeclarationFragment:
    """A part of ``platform.yaml`` that declares what exists.

    Attributes:
        fragment: The declaration's data, from its root.
        files: The content of the files that it names, by path relative to it.
        secret_files: Those of the files that may contain a secret.
        notes: What can't be declared and is left out, a phrase each.
    """

    fragment: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_files: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
