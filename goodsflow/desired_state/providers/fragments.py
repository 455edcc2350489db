"""What a provider gives of the live state, for it to become a declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class DeclarationFragment:
    """A part of ``platform.yaml`` that declares what is there.

    Attributes:
        fragment: Of plain types, from the root of the declaration.
        files: The files that it names, their content by their path beside it.
        secret_files: Those that hold what looks like a secret.
        notes: What it cannot declare, a sentence each.
    """

    fragment: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_files: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
