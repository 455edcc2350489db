"""The options that every command receives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Context:
    """The options before the command's name.

    Attributes:
        home: The platform's folder.
        debug: Show a traceback for expected failures, too.
    """

    home: Path
    debug: bool
