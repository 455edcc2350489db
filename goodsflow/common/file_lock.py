"""A file that one process at a time may hold; the kernel frees it however that ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_POLL_SECONDS = 0.2


class HeldError(Exception):
    """Another process holds the file.

    Attributes:
        holder: What it wrote of itself; "unknown" where it has not yet.
    """

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@contextmanager
def held(
    path: Path,
    holder: str,
    *,
    timeout_seconds: float = 0.0,
    on_wait: Callable[[str], None] = lambda _: None,
) -> Iterator[None]:
    """Hold a file against all others who do so.

    Args:
        path: Is made where it is not there; its folder is.
        holder: Is written into it, for whoever finds it held.
        timeout_seconds: How long to wait for another to let go.
        on_wait: Is told once who holds it, where somebody does.

    Raises:
        HeldError: Another did not let go in time.
        OSError: The file cannot be written.
    """
    with path.open("a+", encoding="utf-8") as file:
        _wait_for(file, timeout_seconds, on_wait)
        file.truncate(0)
        file.write(holder)
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _wait_for(
    file: TextIO, timeout_seconds: float, on_wait: Callable[[str], None]
) -> None:
    deadline = time.monotonic() + timeout_seconds
    is_told = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            if time.monotonic() >= deadline:
                raise HeldError(holder) from error
            if not is_told:
                on_wait(holder)
                is_told = True
            time.sleep(_POLL_SECONDS)
        else:
            return
