"""Ctrl-C where it meets code that is not Python's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_DUCKDB_WAS_INTERRUPTED = "Query interrupted"


@contextmanager
def interrupts() -> Iterator[None]:
    """Let Ctrl-C be Ctrl-C, whatever it interrupts.

    While librdkafka makes a client, Python wraps what is raised in a ``SystemError``;
    DuckDB ends its query and tells it by a ``RuntimeError`` of its own.

    Raises:
        KeyboardInterrupt: It was pressed.
    """
    try:
        yield
    except RuntimeError as error:
        if str(error) == _DUCKDB_WAS_INTERRUPTED:
            raise KeyboardInterrupt from error
        raise
    except SystemError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise
