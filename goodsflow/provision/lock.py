"""One apply at a time: command line and Dagster's runs hold the same file.

The kernel frees it however a process ends. Containers share it by a volume.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from goodsflow.provision.errors import ApplyLockedError, ProvisionError

_POLL_SECONDS = 0.2


@contextmanager
def apply_lock(
    path: Path,
    who: str,
    *,
    timeout_seconds: float,
    on_wait: Callable[[str], None] = lambda _: None,
) -> Iterator[None]:
    """Hold the right to change the platform.

    Args:
        path: The file; its folder is there.
        who: For whoever waits: "goodsflow apply".
        timeout_seconds: How long to wait for another to end.
        on_wait: Is told once who holds it, where somebody does.

    Raises:
        ApplyLockedError: Another did not end in time.
        ProvisionError: The file cannot be written.
    """
    try:
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise ProvisionError(
            f"Cannot hold {path} against a second apply: {error.strerror}."
        ) from error
    with file:
        _wait_for(file, path, timeout_seconds, on_wait)
        file.truncate(0)
        file.write(f"{who}, process {os.getpid()} on {os.uname().nodename}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _wait_for(
    file: TextIO, path: Path, timeout_seconds: float, on_wait: Callable[[str], None]
) -> None:
    deadline = time.monotonic() + timeout_seconds
    is_told = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "somebody"
            if not is_told:
                on_wait(holder)
                is_told = True
            if time.monotonic() > deadline:
                raise ApplyLockedError(
                    f"The platform is being changed by another ({holder}), who was not "
                    f"done within {timeout_seconds:.0f} s and holds {path}. Nothing "
                    "was changed. Try again when it has ended."
                ) from error
            time.sleep(_POLL_SECONDS)
        else:
            return
