"""A base for clients that are closed at the end of a ``with`` block."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self


class Closeable(ABC):
    """A context manager that returns itself and is closed at the end."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()
