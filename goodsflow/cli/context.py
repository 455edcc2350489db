"""What every command is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Context:
    """The options that stand before the command.

    Attributes:
        home: The platform's folder.
        debug: Show a traceback for an expected failure too.
    """

    home: Path
    debug: bool
