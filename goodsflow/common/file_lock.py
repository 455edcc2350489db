"""Lock a file for one process; the kernel releases it however the process ends."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from goodsflow.common.errors import GoodsflowError
from goodsflow.common.waiting import wait_for

_POLL_SECONDS = 0.05


@contextmanager
def held(
    path: Path,
    holder: str,
    *,
    busy: Callable[[str], GoodsflowError],
    unusable: Callable[[str], GoodsflowError],
    timeout_seconds: float = 0.0,
    on_wait: Callable[[str], None] = lambda _: None,
    make_folder: bool = False,
) -> Iterator[None]:
    """Hold an exclusive lock on a file.

    Args:
        path: The file; it is created if it does not exist.
        holder: Who holds it; written into the file for those who find it held.
        busy: Makes the error for a file that another process does not let go in time,
            from what that process wrote; "unknown" if it has not written yet.
        unusable: Makes the error for a file that cannot be opened or written, from the
            system's reason.
        timeout_seconds: How long to wait for another process to let go.
        on_wait: Called once with the holder, before the wait.
        make_folder: Create the file's folder too.

    Raises:
        GoodsflowError: The one that ``busy`` or ``unusable`` made.
    """
    # Only errors of locking are converted, not those of the block.
    with ExitStack() as stack:
        try:
            if make_folder:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = stack.enter_context(path.open("a+", encoding="utf-8"))
            _acquire(file, busy, timeout_seconds, on_wait)
            file.truncate(0)
            file.write(holder)
            file.flush()
        except OSError as error:
            raise unusable(error.strerror or str(error)) from error
        try:
            yield
        finally:
            file.truncate(0)


def _acquire(
    file: TextIO,
    busy: Callable[[str], GoodsflowError],
    timeout_seconds: float,
    on_wait: Callable[[str], None],
) -> None:
    told: list[str] = []

    def tell_once(holder: str) -> None:
        if not told:
            told.append(holder)
            on_wait(holder)

    wait_for(
        lambda: _try_lock(file),
        lambda _seconds, holder: busy(holder),
        timeout_seconds=timeout_seconds,
        interval_seconds=_POLL_SECONDS,
        unmet=lambda holder: holder,
        on_wait=tell_once,
    )


def _try_lock(file: TextIO) -> str | None:
    """Return who holds the file; None if we hold it now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        return file.read().strip() or "unknown"
    return None
