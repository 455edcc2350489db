"""Ctrl-C while native libraries run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_DUCKDB_INTERRUPTED = "Query interrupted"


@contextmanager
def keyboard_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt for Ctrl-C, whatever it interrupts.

    While librdkafka creates a client, Python wraps the exception in a
    ``SystemError``. DuckDB cancels its query and raises a ``RuntimeError``.

    Raises:
        KeyboardInterrupt: The user pressed Ctrl-C.
    """
    try:
        yield
    except RuntimeError as error:
        if str(error) == _DUCKDB_INTERRUPTED:
            raise KeyboardInterrupt from error
        raise
    except SystemError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise
